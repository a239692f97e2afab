"""What the pictures of training have in common: colours that the colour-blind tell apart, and quiet axes.

Lines differ in their dashes and points in their shapes, too, so that pictures hold in greyscale.
"""

from __future__ import annotations

from typing import Any

import numpy as np

try:
    from matplotlib.figure import Figure
except ImportError as missing:  # an extra: the rest of the library does without it
    raise ImportError("pictures of training need matplotlib: pip install matplotlib") from missing

__all__ = ["COLORS", "DASHES", "FAINT", "INK", "MARKERS", "Figure", "figure", "numbers", "quiet"]

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f4f24", "#000000")  # Okabe and Ito's
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)), (0, (3, 3)))
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "*")
INK, FAINT = "#1b2230", "#667085"


def figure(rows: int = 1, columns: int = 1, size: tuple[float, float] = (6.4, 4.2), **options: Any) -> tuple[Any, Any]:
    """A figure of `size` inches and its axes (an array of them if there are several)."""
    made = Figure(figsize=size, layout="constrained", facecolor="white")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    for ax in axes.flat:
        quiet(ax)
    return made, axes[0, 0] if rows == columns == 1 else axes


def quiet(ax: Any) -> None:
    """Axes in the background."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(FAINT)
    ax.tick_params(colors=FAINT, labelcolor=INK, labelsize=9)
    ax.title.set_size(11)
    ax.title.set_color(INK)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_color(INK)
        label.set_size(10)


def numbers(x: Any, what: str) -> Any:
    """`x` (a tensor, an array, a list of numbers or of tensors of one element) as an array.

    Raises TypeError for anything else.
    """
    if hasattr(x, "_array"):
        return np.asarray(x._array)
    if isinstance(x, (list, tuple)):
        x = [np.asarray(v._array) if hasattr(v, "_array") else v for v in x]
    try:
        a = np.asarray(x)
    except ValueError:
        a = np.array(None)
    if a.dtype.kind not in "bifu":
        raise TypeError(f"{what}: expected numbers, got {type(x).__name__}")
    return a
