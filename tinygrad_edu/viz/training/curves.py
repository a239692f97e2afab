"""Learning curves: how loss and accuracy went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinygrad_edu.viz.training.style import COLORS, DASHES, FAINT, INK, Figure, figure, numbers

__all__ = ["learning_curves"]


def learning_curves(
    curves: Mapping[str, Any], *, ylabel: str = "loss", xlabel: str = "epoch", log: bool | None = None,
    smooth: float = 0.0, best: str | None = "min", title: str | None = None,
) -> Figure:  # fmt: skip
    """One line for each curve, labelled where it ends; the best point of validation is marked.

    Args:
        curves: numbers by name, one for each epoch or step; or pairs ``(x, y)`` of them.
        log: a logarithmic scale (default: where positive numbers differ more than a hundredfold).
        smooth: in [0, 1): how much of the running mean before is kept at each point; what was given stays, faintly.
        best: which point is marked, on curves that are called validation or test: "min", "max" or None.

    Raises ValueError for no curves, empty ones, and `smooth` outside of [0, 1); TypeError for what are no numbers.

    >>> figure = learning_curves({"training": [2.0, 1.0, 0.5], "validation": [2.1, 1.3, 1.1]})
    """
    if not curves:
        raise ValueError('learning_curves: give the curves by name: {"training": losses}')
    if not 0 <= smooth < 1:
        raise ValueError(f"learning_curves: smooth must be in [0, 1), not {smooth}")
    if best not in ("min", "max", None):
        raise ValueError(f'learning_curves: best must be "min", "max" or None, not {best!r}')
    given = {name: _points(name, values) for name, values in curves.items()}
    made, ax = figure()
    ends = []
    for k, (name, (x, y)) in enumerate(given.items()):
        color, dash = COLORS[k % len(COLORS)], DASHES[k % len(DASHES)]
        shown = _smoothed(y, smooth)
        if smooth:
            ax.plot(x, y, color=color, alpha=0.25, linewidth=1)
        ax.plot(x, shown, color=color, linestyle=dash, linewidth=2, label=name, marker="o" if len(x) == 1 else None)
        if np.isfinite(shown).any():
            last = np.flatnonzero(np.isfinite(shown))[-1]
            ends.append((float(shown[last]), name, color, float(x[last])))
        for at in x[~np.isfinite(y)][:1]:
            ax.axvline(at, color=color, linewidth=1, linestyle=":")
            ax.annotate(f"{name}: not finite", (at, 0.98), xycoords=("data", "axes fraction"), fontsize=8, color=color,
                        rotation=90, va="top", ha="right")  # fmt: skip
    finite = np.concatenate([y[np.isfinite(y)] for _, y in given.values()])
    positive = finite.size > 0 and finite.min() > 0
    if log if log is not None else (positive and finite.max() > 100 * finite.min()):
        ax.set_yscale("log" if positive else "symlog")
    ax.margins(y=0.12)  # room for what is written beside the best point
    for name, (x, y) in given.items():
        if best and any(word in name.lower() for word in ("val", "test", "dev")):
            _mark(ax, x, _smoothed(y, smooth), best)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.grid(axis="y", color="#e3e6ec", linewidth=0.8)
    ax.set_axisbelow(True)
    _label(ax, ends)
    if title:
        ax.set_title(title, loc="left")
    return made


def _points(name: str, values: Any) -> tuple[Any, Any]:
    if isinstance(values, tuple) and len(values) == 2 and not np.isscalar(values[0]):
        x, y = (numbers(v, f"learning_curves: {name}").astype(float).ravel() for v in values)
    else:
        y = numbers(values, f"learning_curves: {name}").astype(float).ravel()
        x = np.arange(1, len(y) + 1, dtype=float)
    if len(x) != len(y) or not len(y):
        raise ValueError(f"learning_curves: {name} has {len(x)} places and {len(y)} numbers")
    return x, y


def _smoothed(y: Any, keep: float) -> Any:
    """The running mean, corrected for its start; NaN and infinity are left out of it."""
    if not keep:
        return y
    out, mean, weight = np.full(len(y), np.nan), 0.0, 0.0
    for k, v in enumerate(y):
        if np.isfinite(v):
            mean, weight = keep * mean + (1 - keep) * v, keep * weight + (1 - keep)
            out[k] = mean / weight
    return out


def _mark(ax: Any, x: Any, y: Any, best: str) -> None:
    if not np.isfinite(y).any():
        return
    k = int(np.nanargmin(np.where(np.isfinite(y), y, np.nan)) if best == "min" else
            np.nanargmax(np.where(np.isfinite(y), y, np.nan)))  # fmt: skip
    ax.plot(x[k], y[k], "o", markersize=9, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.4)
    ax.annotate(f"best {y[k]:.3g} at {x[k]:g}", (x[k], y[k]), xytext=(0, -14 if best == "min" else 8),
                textcoords="offset points", ha="center", va="top" if best == "min" else "bottom", fontsize=8.5,
                color=FAINT)  # fmt: skip


def _label(ax: Any, ends: list[tuple[float, str, str, float]]) -> None:
    """Names at the ends of the lines, pushed apart where they would overlap."""
    if not ends:
        return
    right = ax.get_xlim()[1]
    low, high = ax.transData.transform([(0, v) for v in ax.get_ylim()])[:, 1]
    gap = 0.055 * (high - low)
    place = -np.inf
    for y, name, color, _ in sorted(ends):
        place = max(float(ax.transData.transform((right, y))[1]), place + gap)
        at = ax.transAxes.inverted().transform((0, place))[1]
        ax.annotate(name, (1.01, at), xycoords="axes fraction", color=color, fontsize=9.5, va="center",
                    annotation_clip=False)  # fmt: skip
