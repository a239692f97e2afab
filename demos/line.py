"""Lesson 1, line: gradient descent finds the line through five points, by hand and by the engine.

The points (1, 3), (2, 5), … (5, 11) lie on y = 1 + 2·x. We start at intercept 0 and slope 0, and go
downhill on the mean squared error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu import viz

x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
y = np.array([3.0, 5.0, 7.0, 9.0, 11.0])
RATE = 0.05
STEPS = 1000
NOTES = """\
Look: the line fits after ten steps, then the path creeps along the valley of the loss surface: there, a
      wrong intercept is made up for by the slope, and the loss hardly changes.
Next: set RATE to 0.09 in demos/line.py: each step overshoots more than the last, and the loss explodes.
      Subtract 3 from x: the valley becomes a bowl, and 150 steps are enough (the intercept is then 7)."""


# (a) by hand: the loss, and its gradient as calculus gives it


def loss_at(p: Any) -> Any:
    """The mean squared error of the line p = (intercept, slope)."""
    return np.mean((p[0] + p[1] * x - y) ** 2)


def gradient_at(p: Any) -> Any:
    error = p[0] + p[1] * x - y
    return np.array([2 * np.mean(error), 2 * np.mean(error * x)])


def by_hand() -> Any:
    """All the (intercept, slope) on the way down, one row for each step."""
    path = [np.array([0.0, 0.0])]
    for _ in range(STEPS):
        path.append(path[-1] - RATE * gradient_at(path[-1]))
    return np.array(path)


# (b) with the engine: write the loss only


def by_engine(pictures: Pictures) -> Any:
    """The same path; the graph of the first step is drawn."""
    inputs, targets = tg.from_numpy(x), tg.from_numpy(y)
    intercept = tg.tensor(0.0, dtype=tg.float64, requires_grad=True)
    slope = tg.tensor(0.0, dtype=tg.float64, requires_grad=True)
    path = [(0.0, 0.0)]
    for step in range(STEPS):
        prediction = intercept + slope * inputs
        loss = ((prediction - targets) ** 2).mean()
        if step == 0:
            pictures.graph(viz.graph(loss, formulas=True), "line_graph")
        loss.backward()
        with tg.no_grad():
            intercept -= RATE * intercept.grad
            slope -= RATE * slope.grad
        intercept.grad = slope.grad = None
        path.append((intercept.item(), slope.item()))
    return np.array(path)


def run(pictures: Pictures) -> dict[str, Any]:
    tg.autograd.check_gradient(loss_at, gradient_at, np.array([0.5, -1.0]))
    print("(a) The gradient written by hand agrees with the measured one (check_gradient).")
    hand = by_hand()
    print(f"    After {STEPS} steps: intercept {hand[-1, 0]:#.7g}, slope {hand[-1, 1]:#.7g}")
    engine = by_engine(pictures)
    print(f"(b) The engine's:      intercept {engine[-1, 0]:#.7g}, slope {engine[-1, 1]:#.7g}")
    print(f"    Nowhere on the way do the two differ by more than {np.abs(hand - engine).max():.0e}.")
    draw(pictures, hand)
    print(NOTES)
    return {"hand": hand[-1], "engine": engine[-1], "path": hand}


def draw(pictures: Pictures, path: Any) -> None:
    figure, (fit, curve, surface) = pictures.panels(3)
    fit.scatter(x, y, color=ORANGE, zorder=3, label="the points")
    for step, style in ((0, ":"), (1, "-."), (10, "--"), (STEPS, "-")):
        fit.plot(x, path[step, 0] + path[step, 1] * x, style, color=BLUE, label=f"step {step}")
    fit.set(title="The line turns into place", xlabel="x", ylabel="y")
    fit.legend(frameon=False)

    curve.semilogy([loss_at(p) for p in path], color=BLUE)
    curve.set(title="The loss: fast, then slow", xlabel="step", ylabel="mean squared error (log)")

    slope, intercept = np.polyfit(x, y, 1)  # the lowest point, by formula
    a, b = np.meshgrid(np.linspace(-1, max(3, intercept + 2), 160), np.linspace(-0.5, 3, 160))
    heights = np.mean((a[..., None] + b[..., None] * x - y) ** 2, axis=-1)
    levels = np.geomspace(0.01, heights.max(), 14)
    surface.contour(a, b, heights, levels=levels, colors=GREY, linewidths=0.7)
    surface.plot(path[:, 0], path[:, 1], ".-", color=BLUE, markersize=4, linewidth=1, label="steps")
    surface.plot(intercept, slope, "*", color=ORANGE, markersize=13, label="the lowest point")
    surface.set(title="The path over the loss surface", xlabel="intercept", ylabel="slope")
    surface.set(xlim=(a.min(), a.max()), ylim=(b.min(), b.max()))  # also where the steps explode
    surface.legend(frameon=False, loc="lower right")
    pictures.plot(figure, "line")
