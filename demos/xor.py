"""Lesson 7, xor: what no line can separate, a hidden layer can.

XOR is true where exactly one of two inputs is: (0, 1) and (1, 0). No line has these two points on one side and
(0, 0) and (1, 1) on the other, so that logistic regression stays at chance; four hidden units bend the plane.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu import nn, optim, viz

POINTS = tg.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = tg.tensor([[0.0], [1.0], [1.0], [0.0]])
STEPS = 400
SHOWN = (0, 20, 60, STEPS)
NOTES = """\
Look: after 20 steps the boundary is hardly bent, and has three of the four points on their sides, as a line could.
      Then the hidden units turn apart from each other, and the boundary becomes two.
Next: start all weights at 0.5 (nn.init.constant_) in demos/xor.py: every hidden unit then has the same gradient,
      and the four stay one for ever. At 0 no gradient reaches any weight at all."""


def learn(model: Any) -> tuple[list[float], dict[int, Any]]:
    """The losses, and the model as it was after some steps."""
    criterion = nn.BCEWithLogitsLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    losses, seen = [], {0: copy.deepcopy(model)}
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        loss = criterion(model(POINTS), XOR)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step in SHOWN:
            seen[step] = copy.deepcopy(model)
    return losses, seen


def run(pictures: Pictures) -> dict[str, Any]:
    tg.manual_seed(1)
    line, _ = learn(nn.Linear(2, 1))
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    pictures.graph(viz.graph(nn.BCEWithLogitsLoss()(model(POINTS), XOR), params=model), "xor_graph")
    losses, seen = learn(model)
    print(f"A line: loss {line[-1]:.4f} after {STEPS} steps (log 2 = {np.log(2):.4f}: no idea).")
    print(f"A hidden layer of four: loss {losses[-1]:.4f}, and the probabilities of true are")
    with tg.no_grad():
        probabilities = tg.sigmoid(model(POINTS))[:, 0].tolist()
    for (a, b), p in zip(POINTS.tolist(), probabilities, strict=True):
        print(f"  {a:.0f} xor {b:.0f}: {p:.3f}")
    draw(pictures, losses, line, seen)
    print(NOTES)
    return {"line": line, "losses": losses, "probabilities": probabilities, "seen": seen}


def draw(pictures: Pictures, losses: list[float], line: list[float], seen: dict[int, Any]) -> None:
    figure, panels = pictures.panels(len(seen) + 1, size=(3.0, 3.2))
    a, b = np.meshgrid(np.linspace(-0.5, 1.5, 80), np.linspace(-0.5, 1.5, 80))
    plane = tg.from_numpy(np.stack([a.ravel(), b.ravel()], axis=1).astype(np.float32))
    for panel, (step, model) in zip(panels, seen.items(), strict=False):
        with tg.no_grad():
            p = tg.sigmoid(model(plane)).numpy().reshape(a.shape)
        panel.imshow(p, extent=(-0.5, 1.5, -0.5, 1.5), origin="lower", cmap="RdBu_r", vmin=0, vmax=1, alpha=0.6)
        panel.contour(a, b, p, levels=[0.5], colors=GREY)
        true = XOR.numpy()[:, 0] == 1
        panel.scatter(*POINTS.numpy()[true].T, marker="^", color=ORANGE, edgecolor="white", s=70, label="true")
        panel.scatter(*POINTS.numpy()[~true].T, marker="o", color=BLUE, edgecolor="white", s=70, label="false")
        panel.set(title=f"step {step}", xticks=[0, 1], yticks=[0, 1])
    panels[0].legend(frameon=False, loc="center")
    panels[-1].plot(line, color=GREY, linestyle="--", label="a line")
    panels[-1].plot(losses, color=BLUE, label="hidden layer")
    panels[-1].set(title="Binary cross-entropy", xlabel="step", ylim=(0, None))
    panels[-1].legend(frameon=False)
    pictures.plot(figure, "xor", "The probability of true over the plane as the network learns, and its loss")
