"""Arrays in few words: a number, a few numbers, or the range and mean of many."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

__all__ = ["bad", "number", "short"]

_FEW = 6
_MANY = 1_000_000  # of more numbers than that every k-th is looked at


def number(x: Any) -> str:
    """A number in four digits, with a real minus sign.

    >>> number(-0.123456), number(3.0), number(True)
    ('−0.1235', '3', 'True')
    """
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    text = f"{x:.4g}" if isinstance(x, (float, np.floating)) else str(int(x))
    return text.replace("-", "−").replace("inf", "∞").replace("nan", "NaN")


def short(a: Any) -> str | None:
    """`a` in few words; None for what is no array in memory (it is not computed for that).

    >>> short(np.array([1.0, 2.5])), short(np.arange(100.0))
    ('[1, 2.5]', '0 … 99, mean 49.5')
    """
    if isinstance(a, (bool, int, float, np.generic)):
        return number(a) if np.asarray(a).dtype.kind in "bifu" else None
    if type(a) is not np.ndarray or a.dtype.kind not in "bifu":
        return None
    if a.size == 0:
        return "empty"
    if a.size == 1:
        return number(a.item())
    if a.size <= _FEW:
        return _nested(a)
    about = "" if a.size <= _MANY else "about "
    a = a.ravel()[:: -(-a.size // _MANY)]
    finite = a[np.isfinite(a)] if a.dtype.kind == "f" else a
    words = []
    if finite.size:
        low, high = finite.min(), finite.max()
        same = low == high
        mean = np.mean(finite, dtype=np.float64)
        words.append(f"all {number(low)}" if same else f"{about}{number(low)} … {number(high)}, mean {number(mean)}")
    if a.dtype.kind == "f" and finite.size < a.size:
        nans = int(np.isnan(a).sum())
        words += [f"{nans} NaN"] if nans else []
        words += [f"{a.size - finite.size - nans} infinite"] if nans < a.size - finite.size else []
    return ", ".join(words)


def _nested(a: Any) -> str:
    """Of at most a few elements. (It calls itself once a dimension.)"""
    return "[" + ", ".join(map(_nested, a)) + "]" if a.ndim else number(a.item())


def bad(a: Any) -> Literal["nan", "inf"] | None:
    """Whether `a` holds a NaN, or else an infinity. (−inf that masks attention scores is an infinity, too.)"""
    if isinstance(a, float) or (isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind == "f"):
        with np.errstate(all="ignore"):
            if np.isfinite(np.sum(a, dtype=np.float64)):  # one fast pass, in nearly every case
                return None
        if np.isnan(a).any():
            return "nan"
        if np.isinf(a).any():
            return "inf"
    return None
