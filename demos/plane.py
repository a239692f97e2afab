"""Lesson 2, plane: two features at once, against the exact least-squares solution.

The first feature runs 1 … 5, the second alternates 0, 1, 0, 1, 0, so that no line through the first can
explain it away. The targets are a plane with a little noise: gradient descent must find the same weights
as the formula of least squares.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu import optim, viz
from tinygrad_edu.nn import functional as F

features = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0], [5.0, 0.0]])
targets = np.array([3.1, 1.8, 7.2, 6.1, 10.9])  # 1 + 2·x₁ − 3·x₂, and what a ruler gets wrong
STEPS = 3000
NOTES = """\
Look: the weight of the first feature is nearly right at once, since most of the loss is its doing; the
      intercept and the weight of the second feature come late.
Next: let the second feature be 0, 0, 0, 0, 1 in demos/plane.py: one point decides about its weight alone,
      and is predicted to the last digit, whatever it is."""


def least_squares(features: Any, targets: Any) -> Any:
    """(intercept, weight 1, weight 2, …) with the smallest squared error, by linear algebra."""
    table = np.column_stack([np.ones(len(features)), features])
    return np.linalg.lstsq(table, targets, rcond=None)[0]


def descend(features: Any, start: Any, rate: float, pictures: Pictures | None = None) -> Any:
    """All the (intercept, weight 1, weight 2) on the way down from `start`; the first step can be drawn."""
    inputs, wanted = tg.from_numpy(features), tg.from_numpy(targets)
    bias = tg.tensor(start[0], dtype=tg.float64, requires_grad=True)
    weights = tg.tensor(start[1:], dtype=tg.float64, requires_grad=True)
    optimizer = optim.SGD([bias, weights], lr=rate)
    path = [start]
    for step in range(STEPS):
        prediction = inputs @ weights + bias
        loss = F.mse_loss(prediction, wanted)
        if step == 0 and pictures:
            pictures.graph(viz.graph(loss, formulas=True), "plane_graph")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        path.append([bias.item(), *weights.tolist()])
    return np.array(path)


def settled(values: Any, exact: float) -> int:
    """The step from which on the values stay within a tenth of the exact one."""
    far = np.abs(values - exact) > 0.1 * abs(exact)
    return int(np.flatnonzero(far)[-1]) + 1


def run(pictures: Pictures) -> dict[str, Any]:
    exact = least_squares(features, targets)
    path = descend(features, [0.0, 0.0, 0.0], 0.05, pictures)
    print("                   intercept   weight 1   weight 2")
    print("  least squares   " + "".join(f"{v:11.6f}" for v in exact))
    print("  gradient descent" + "".join(f"{v:11.6f}" for v in path[-1]))

    late = [settled(path[:, k], exact[k]) for k in range(3)]
    print("Within a tenth of its value for good:", end=" ")
    print(f"intercept after {late[0]} steps, weight 1 after {late[1]}, weight 2 after {late[2]}.\n")

    twice = np.column_stack([features[:, 0], 2 * features[:, 0]])  # the second feature says nothing new
    twins = [descend(twice, start, 0.015)[-1] for start in ([0.0, 0.0, 0.0], [0.0, 3.0, 0.0])]
    print("Collinear features: let the second feature be twice the first. Two starts, two answers:")
    for end in twins:
        error = np.mean((end[0] + twice @ end[1:] - targets) ** 2)
        print("  gradient descent" + "".join(f"{v:11.6f}" for v in end) + f"   with loss {error:.6f}")
    print("  Only weight 1 + 2 · weight 2 is determined, and it is the same. Predictions are as good as they can be;")
    print("  the single weights mean nothing. Least squares by formula would divide by zero there.")

    draw(pictures, path, exact)
    print(NOTES)
    return {"path": path, "exact": exact, "twins": twins, "late": late}


def draw(pictures: Pictures, path: Any, exact: Any) -> None:
    figure, (ways, curve, points) = pictures.panels(3)
    for k, (name, color) in enumerate((("intercept", GREY), ("weight 1", BLUE), ("weight 2", ORANGE))):
        ways.plot(path[:, k], color=color, label=name)
        ways.axhline(exact[k], color=color, linestyle=":", linewidth=1)
    ways.set(title="Each value finds its exact one (dotted)", xlabel="step", ylabel="value", xlim=(-10, 500))
    ways.legend(frameon=False)

    def loss_at(p: Any) -> Any:
        return np.mean((p[0] + features @ p[1:] - targets) ** 2)

    curve.semilogy([loss_at(p) for p in path[:500]], color=BLUE, label="gradient descent")
    curve.axhline(loss_at(exact), color=ORANGE, linestyle=":", label="least squares")
    curve.set(title="The loss ends where it must: above zero", xlabel="step", ylabel="mean squared error (log)")
    curve.legend(frameon=False)

    prediction = path[-1, 0] + features @ path[-1, 1:]
    points.axline((0, 0), slope=1, color=GREY, linewidth=1)
    points.scatter(targets, prediction, color=BLUE, zorder=3)
    points.set(title="Predicted against actual", xlabel="actual", ylabel="predicted", xlim=(0, 12), ylim=(0, 12))
    pictures.plot(figure, "plane")
