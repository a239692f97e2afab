"""The confusion matrix of a classifier: which classes it takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.viz.training.style import INK, Figure, figure, numbers

__all__ = ["confusion_matrix"]


def confusion_matrix(
    true: Any, predicted: Any, classes: Sequence[str] | None = None, *, normalize: bool = False,
    title: str | None = None,
) -> Figure:  # fmt: skip
    """How often each class (row) was predicted as each class (column).

    Args:
        true: numbers of classes, (N,).
        predicted: numbers of classes, (N,), or scores, (N, C), of which the largest counts.
        classes: their names, by number.
        normalize: fractions of each row instead of counts.

    Raises ValueError where the lengths differ or numbers are no classes, TypeError for what are no numbers.

    >>> figure = confusion_matrix([0, 1, 1], [0, 1, 0], ["cat", "dog"])
    """
    t = numbers(true, "confusion_matrix: true").ravel()
    p = numbers(predicted, "confusion_matrix: predicted")
    p = p.argmax(1) if p.ndim == 2 and p.shape[1] > 1 else p.ravel()
    if len(t) != len(p) or not len(t):
        raise ValueError(f"confusion_matrix: {len(t)} true classes and {len(p)} predictions")
    if any((a != a.astype(int)).any() or (a < 0).any() for a in (t, p)):
        raise ValueError("confusion_matrix: classes are whole numbers from 0 on; scores have the shape (N, C)")
    n = max(int(max(t.max(), p.max())) + 1, len(classes or ()))
    if classes is not None and len(classes) < n:
        raise ValueError(f"confusion_matrix: {len(classes)} names for {n} classes")
    counts = np.zeros((n, n), int)
    np.add.at(counts, (t.astype(int), p.astype(int)), 1)
    rows = counts.sum(1, keepdims=True)
    shares = counts / np.maximum(rows, 1)
    side = min(max(3.6, 0.62 * n + 1.8), 14)
    made, ax = figure(size=(side + 0.6, side))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    size = 10 if n <= 12 else max(5, 130 / n)
    for i in range(n):
        for j in range(n):
            if counts[i, j] or n <= 12:
                text = f"{shares[i, j]:.2f}" if normalize else f"{counts[i, j]:,}"
                ax.text(j, i, text, ha="center", va="center", fontsize=size,
                        fontweight="bold" if i == j else "normal",
                        color="white" if shares[i, j] > 0.55 else INK if counts[i, j] else "#9aa3b2")  # fmt: skip
    names = [str(c) for c in (classes or range(n))]
    ax.set_xticks(range(n), names, rotation=45 if max(map(len, names)) > 3 else 0,
                  ha="right" if max(map(len, names)) > 3 else "center", rotation_mode="anchor")  # fmt: skip
    ax.set_yticks(range(n), names)
    ax.set(xlabel="predicted", ylabel="true")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    right = np.trace(counts) / len(t)
    ax.set_title(f"{title or 'confusion matrix'}: {right:.1%} of {len(t):,} right", loc="left")
    return made
