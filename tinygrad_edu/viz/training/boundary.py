"""Decision boundaries: what a classifier of points in the plane says everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.viz.tracing import undisturbed
from tinygrad_edu.viz.training.style import COLORS, MARKERS, Figure, figure, numbers

__all__ = ["decision_boundary"]


def decision_boundary(
    model: Callable[..., Any], points: Any, labels: Any = None, *, classes: Sequence[str] | None = None,
    threshold: float = 0.0, resolution: int = 160, margin: float = 0.15, title: str | None = None,
) -> Figure:  # fmt: skip
    """The plane in the colours of the classes that `model` chooses, darker where it is surer, and the points on it.

    Args:
        model: takes points, (N, 2), and returns one score for each, (N,) or (N, 1), or one for each class, (N, C).
            A module is called in evaluation mode, and left as it was.
        points: (N, 2); the picture covers them.
        labels: the numbers of their true classes, (N,); points that the model gets wrong have a red ring.
        threshold: with one score: class 1 begins here (0 for logits, 0.5 for probabilities).
        resolution: points of the plane along each side.

    Raises ValueError for points or scores of another shape.

    >>> import tinygrad_edu as tg
    >>> figure = decision_boundary(lambda x: x[:, 0] * x[:, 1], tg.randn(20, 2), resolution=20)
    """
    x = numbers(points, "decision_boundary: points")
    if x.ndim != 2 or x.shape[1] != 2 or not len(x):
        raise ValueError(f"decision_boundary: points have the shape (N, 2), not {x.shape}")
    y = None if labels is None else numbers(labels, "decision_boundary: labels").ravel().astype(int)
    if y is not None and len(y) != len(x):
        raise ValueError(f"decision_boundary: {len(x)} points and {len(y)} labels")
    low, high = x.min(0), x.max(0)
    pad = margin * np.where(high > low, high - low, 1)
    axes = [np.linspace(a, b, resolution) for a, b in zip(low - pad, high + pad, strict=True)]
    grid = np.stack(np.meshgrid(*axes), -1)
    scores = _scores(model, np.concatenate([grid.reshape(-1, 2), x]).astype(x.dtype if x.dtype.kind == "f" else float))
    margins = _margins(scores, threshold)
    chosen = margins.argmax(1)
    gap = margins.max(1)
    usual = np.quantile(gap[np.isfinite(gap)], 0.9) if np.isfinite(gap).any() else 1.0
    sure = np.clip(np.nan_to_num(gap) / (usual or 1.0), 0, 1)
    plane = chosen[: resolution**2].reshape(resolution, resolution)
    strength = sure[: resolution**2].reshape(resolution, resolution)
    made, ax = figure(size=(6.2, 5.4))
    count = int(max(chosen.max(), 0 if y is None else y.max())) + 1
    tints = np.array([[int(COLORS[k % len(COLORS)][i : i + 2], 16) for i in (1, 3, 5)] for k in range(count)])
    weight = (0.12 + 0.38 * strength)[..., None]
    ax.imshow((255 * (1 - weight) + tints[plane] * weight).astype(np.uint8), origin="lower", aspect="auto",
              extent=(*axes[0][[0, -1]], *axes[1][[0, -1]]), interpolation="bilinear")  # fmt: skip
    for k in range(count if count > 2 else 1):  # where one class begins
        side = margins[: resolution**2, k].reshape(plane.shape) if k < margins.shape[1] else np.ones(1)
        if side.min() < 0 < side.max():
            ax.contour(*axes, side, levels=[0.0], colors="#1b2230", linewidths=1.1)
    for k in range(count) if y is not None else ():
        mine = y == k
        name = classes[k] if classes is not None else f"class {k}"
        ax.scatter(*x[mine].T, s=30, marker=MARKERS[k % len(MARKERS)], color=COLORS[k % len(COLORS)],
                   edgecolors="white", linewidths=0.7, label=name)  # fmt: skip
    if y is None:
        ax.scatter(*x.T, s=24, color="#1b2230", edgecolors="white", linewidths=0.7)
    else:
        wrong = chosen[resolution**2 :] != y
        if wrong.any():
            ax.scatter(*x[wrong].T, s=95, facecolors="none", edgecolors="#c4161c", linewidths=1.4, label="wrong")
        ax.legend(frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)
        title = f"{title or 'decision boundary'}: {1 - wrong.mean():.1%} of {len(y)} right"
    ax.set_title(title or "decision boundary", loc="left")
    ax.set(xlabel="x₁", ylabel="x₂")
    return made


def _scores(model: Callable[..., Any], x: Any) -> Any:
    module = hasattr(model, "modules")
    with no_grad(), undisturbed(model) if module else nullcontext():
        if module:
            model.eval()  # type: ignore[attr-defined]
        out = model(wrap(x))
    scores = np.asarray(out._array if isinstance(out, TensorBase) else out)
    if scores.ndim not in (1, 2) or len(scores) != len(x):
        raise ValueError(
            f"decision_boundary: for {len(x)} points the model returned the shape {scores.shape}; expected (N,), "
            f"(N, 1) or (N, C)"
        )
    return scores.astype(float)


def _margins(scores: Any, threshold: float) -> Any:
    """For each class how far it is ahead of all others: positive where it is chosen, 0 at its boundary."""
    if scores.ndim == 1 or scores.shape[1] == 1:
        ahead = scores.ravel() - threshold
        return np.stack([-ahead, ahead], 1)
    top = np.sort(scores, 1)[:, -2:]
    return scores - np.where(scores == top[:, 1:], top[:, :1], top[:, 1:])
