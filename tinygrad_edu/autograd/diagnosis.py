"""What is wrong with a wrong gradient: a table of hypotheses, each tried on the numbers.

A hypothesis looks at what was claimed and at what differences of the function's values say, and returns
a sentence if it explains all of the deviation. They are tried in order; the first that fit are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["HYPOTHESES", "Evidence", "close", "explanations", "report", "worst"]


@dataclass
class Evidence:
    """A claimed gradient next to the numeric one, and what else may be known."""

    claimed: Any
    numeric: Any
    x: Any = None  # where: the operand
    atol: float = 1e-5
    rtol: float = 1e-3
    sizes: Sequence[int] = ()  # numbers of elements that a forgotten factor may be
    others: Sequence[tuple[str, Any]] = ()  # names and numeric gradients of the other operands
    sides: tuple[float, float] | None = None  # at the worst entry: the slopes to the left and to the right
    steps: tuple[float, float] | None = None  # at the worst entry: the quotients over a step, and over ten of it
    slices: Sequence[tuple[int, Any]] = ()  # axis, and the numeric gradient that its first slice alone gives
    elsewhere: tuple[Any, Any] | None = None  # claimed and numeric gradient at another point


def close(a: Any, b: Any, e: Evidence) -> bool:
    """Whether two gradients agree within the tolerances."""
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= e.atol + e.rtol * np.abs(b)))


def worst(e: Evidence) -> tuple[int, ...]:
    """The index of the entry that is most wrong."""
    excess = np.abs(e.claimed - e.numeric) / (e.atol + e.rtol * np.abs(e.numeric))
    return tuple(map(int, np.unravel_index(int(np.argmax(np.where(np.isnan(excess), np.inf, excess))), excess.shape)))


def _kink(e: Evidence) -> str | None:
    if e.sides is None:
        return None
    left, right = e.sides
    if abs(right - left) <= 100 * e.atol + 10 * e.rtol * max(abs(left), abs(right)):
        return None
    return (
        f"a kink at this point: the slope is {left:.6g} on the left and {right:.6g} on the right, so that there is no "
        f"derivative to compare with. Check at another point"
    )


def _jump(e: Evidence) -> str | None:
    if e.steps is None or abs(e.steps[0]) < 1e3 or abs(e.steps[0] - 10 * e.steps[1]) > 0.1 * abs(e.steps[0]):
        return None
    return "a jump at this point: the smaller the step, the steeper; there is no derivative. Check at another point"


def _zero(e: Evidence) -> str | None:
    if np.any(e.claimed) or not np.any(np.abs(e.numeric) > e.atol):
        return None
    second = e.elsewhere
    where = "zero at this point" if second is not None and np.any(second[0]) else "zero"
    return (
        f"{where}, though the result does depend on it. Was it cut off from the graph (detach(), item(), numpy(), "
        f"no_grad()), or did the terms cancel out?"
    )


def _sign(e: Evidence) -> str | None:
    return "wrong sign: minus this is right" if close(-e.claimed, e.numeric, e) and np.any(e.numeric) else None


def _factor(e: Evidence) -> str | None:
    big = np.abs(e.numeric) > 10 * e.atol
    if not big.any() or np.any(e.claimed[big] == 0):
        return None
    k = float(np.median(e.numeric[big] / e.claimed[big]))
    second = e.elsewhere
    if (
        abs(k + 1) < 1e-3
        or not close(k * e.claimed, e.numeric, e)
        or (second is not None and not close(k * second[0], second[1], e))
    ):
        return None
    if big.sum() == 1 and second is None and not e.sizes:
        return None  # one number is always a multiple of another
    name = _named(k, e.sizes)
    if e.claimed.size == 1 and second is None and "/" not in name and name != "2":
        return None
    return f"a constant factor: {name} times this is right"


def _named(k: float, sizes: Sequence[int]) -> str:
    """A number as a simple fraction, and what that may mean."""
    sign, k = ("-" if k < 0 else ""), abs(k)

    def near(value: float) -> bool:
        return abs(value - k) <= 1e-4 * k

    for lower in range(1, 13):
        upper = round(k * lower)
        if 0 < upper <= 12 and near(upper / lower):
            text = f"{sign}{upper}/{lower}" if lower > 1 else f"{sign}{upper}"
            if lower > 2 and upper <= 2:
                text += f" (the 2/n of a mean of squares, n = {2 * lower // upper}?)"
            return text
    if near(round(k)):
        return f"{sign}{round(k)}" + (
            " (the number of elements: a sum where a mean was taken?)" if round(k) in sizes else ""
        )
    if near(2 / round(2 / k)):
        return f"{sign}2/{round(2 / k)} (the 2/n of a mean of squares, n = {round(2 / k)}?)"
    return f"{sign}{k:.6g}"


def _transposed(e: Evidence) -> str | None:
    if e.claimed.ndim < 2 or e.claimed.shape[-1:] == (1,):
        return None
    return "transposed: its transpose is right" if close(np.swapaxes(e.claimed, -1, -2), e.numeric, e) else None


def _unsummed(e: Evidence) -> str | None:
    c, n = e.claimed, e.numeric
    if c.shape != n.shape:
        extra = c.ndim - n.ndim
        if extra < 0:
            return None
        axes = (*range(extra), *(i + extra for i, s in enumerate(n.shape) if s == 1 and c.shape[i + extra] != 1))
        for missing, reduce in (("summed", np.sum), ("averaged", np.mean)):
            reduced = reduce(c, axis=axes) if axes and c.size else c
            if reduced.size == n.size and close(np.reshape(reduced, n.shape), n, e):
                return (
                    f"not {missing} over a broadcast axis: its shape is {c.shape}, the operand's {n.shape}; "
                    f"{missing} over axis {', '.join(map(str, axes))} it is right"
                )
    for axis, part in e.slices:
        if close(c, part, e):
            return f"not summed over a broadcast axis: only the first slice along axis {axis} of the result is counted"
    return None


def _swapped(e: Evidence) -> str | None:
    for name, n in e.others:
        if close(e.claimed, n, e):
            return f"in the wrong place: this is the gradient with respect to {name}"
    return None


def _missing_term(e: Evidence) -> str | None:
    second = e.elsewhere
    if second is None or e.x is None:
        return None
    difference, there = e.claimed - e.numeric, second[0] - second[1]
    if close(difference, there, e):
        return (
            "off by the same amount at every point: a term without x is missing, or is one too much "
            "(do the targets cancel out, as in error = y - y_pred - y?)"
        )
    return None


def _weight_decay(e: Evidence) -> str | None:
    if e.x is None or np.count_nonzero(e.x) < 2 or e.x.shape != e.claimed.shape:
        return None
    difference = e.claimed - e.numeric
    k = float(np.vdot(difference, e.x) / np.vdot(e.x, e.x))
    if not close(difference, k * e.x, e):
        return None
    return f"off by {k:.6g} times x: is the derivative of a penalty on x² missing, or counted where there is none?"


def _in_parts(e: Evidence) -> str | None:
    good = np.abs(e.claimed - e.numeric) <= e.atol + e.rtol * np.abs(e.numeric)
    if not good.any() or good.all() or good.size < 2:
        return None
    bad = [list(map(int, i)) for i in np.argwhere(~good)]
    shown = ", ".join(map(str, bad[:4])) + (" …" if len(bad) > 4 else "")
    return f"right in {int(good.sum())} of {good.size} entries; wrong at {shown} only"


HYPOTHESES: tuple[Callable[[Evidence], str | None], ...] = (
    _jump, _kink, _unsummed, _zero, _sign, _swapped, _transposed, _factor, _missing_term, _weight_decay, _in_parts,
)  # fmt: skip
"""What is tried, in this order."""

_ANY_SHAPE = {_kink, _transposed, _unsummed}


def explanations(e: Evidence) -> list[str]:
    """What fits, the most telling first (two at most)."""
    same = e.claimed.shape == e.numeric.shape
    found = (h(e) for h in HYPOTHESES if same or h in _ANY_SHAPE)
    return [text for text in found if text][:2]


_NEWLINE = "\n"


def report(rows: Sequence[tuple[str, str]], fits: Sequence[str], indent: str = "  ") -> str:
    """Aligned lines, and below them what fits."""
    width = max(len(k) for k, _ in rows)
    gap = "\n" + " " * (len(indent) + width + 2)  # continued lines stand below the first
    lines = [f"{indent}{k.ljust(width)}  {v.replace(_NEWLINE, gap)}" for k, v in rows]
    return "\n".join([*lines, *(f"{indent}It fits: {text}" + "." * (text[-1] not in "?)") for text in fits)])
