"""Rounding, signs, bounds, the larger and the smaller, under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import promote, refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.operands import mismatch
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "ceil", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "fix", "floor", "fmax", "fmin", "frac",
    "heaviside", "maximum", "minimum", "nan_to_num", "round", "sgn", "sign", "signbit", "trunc",
]  # fmt: skip


def _is_whole(x: Any, name: str) -> bool:
    """Whether it consists of integers or bools, so that rounding leaves it as it is."""
    a = raw(x, name)
    return hasattr(a, "dtype") and a.dtype.kind not in "fc"


def floor(input: Any) -> Tensor:
    """The greatest whole number that is not above it. Its slope is 0.

    >>> import tinygrad_edu as tg
    >>> tg.floor(tg.tensor([-1.5, 1.5]))
    tensor([-2.,  1.])
    """
    return wrap(np.array(raw(input, "floor"))) if _is_whole(input, "floor") else rules.floor(input)


def ceil(input: Any) -> Tensor:
    """The least whole number that is not below it. Its slope is 0.

    >>> import tinygrad_edu as tg
    >>> tg.ceil(tg.tensor([-1.5, 1.5]))
    tensor([-1.,  2.])
    """
    return wrap(np.array(raw(input, "ceil"))) if _is_whole(input, "ceil") else rules.ceil(input)


def trunc(input: Any) -> Tensor:
    """The whole number next to it towards 0. Its slope is 0.

    >>> import tinygrad_edu as tg
    >>> tg.trunc(tg.tensor([-1.5, 1.5]))
    tensor([-1.,  1.])
    """
    return wrap(np.array(raw(input, "trunc"))) if _is_whole(input, "trunc") else rules.trunc(input)


def round(input: Any, *, decimals: int = 0) -> Tensor:
    """The nearest whole number (halves to the even one), or number of `decimals` digits. Its slope is 0.

    >>> import tinygrad_edu as tg
    >>> tg.round(tg.tensor([0.5, 1.5, 2.4]))
    tensor([0., 2., 2.])
    """
    if _is_whole(input, "round") and decimals >= 0:
        return wrap(np.array(raw(input, "round")))
    return rules.round(input, decimals=decimals)


def frac(input: Any) -> Tensor:
    """What is behind the decimal point, with the sign of `input`.

    >>> import tinygrad_edu as tg
    >>> tg.frac(tg.tensor([1.5, -2.25]))
    tensor([ 0.5000, -0.2500])
    """
    return rules.frac(input)


def sign(input: Any) -> Tensor:
    """−1, 0 or 1. Its slope is 0.

    >>> import tinygrad_edu as tg
    >>> tg.sign(tg.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    a = raw(input, "sign")
    return wrap(np.array(a)) if hasattr(a, "dtype") and a.dtype.kind == "b" else rules.sign(input)


def sgn(input: Any) -> Tensor:
    """`sign`; of a complex number z it is z / |z|, the point in the same direction at distance 1 (of 0: 0).

    >>> import tinygrad_edu as tg
    >>> tg.sgn(tg.tensor([3 + 4j, 0]))
    tensor([0.6000+0.8000j, 0.0000+0.0000j])
    """
    a = raw(input, "sgn")
    return wrap(np.asarray(np.sign(a))) if hasattr(a, "dtype") and a.dtype.kind == "c" else sign(input)


def copysign(input: Any, other: Any) -> Tensor:
    """|input| with the sign of `other` (that of −0.0 is minus).

    >>> import tinygrad_edu as tg
    >>> tg.copysign(tg.tensor([1.0, -2.0]), tg.tensor([-0.0, 3.0]))
    tensor([-1.,  2.])
    """
    return rules.copysign(input, other)


def maximum(input: Any, other: Any) -> Tensor:
    """The larger of the two; NaN if one is. Equal ones share the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.maximum(tg.tensor([1.0, 5.0]), tg.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """
    return rules.maximum(input, other)


def minimum(input: Any, other: Any) -> Tensor:
    """The smaller of the two; NaN if one is. Equal ones share the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.minimum(tg.tensor([1.0, 5.0]), tg.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return rules.minimum(input, other)


def fmax(input: Any, other: Any) -> Tensor:
    """The larger of the two, the other one where one is NaN. Of equal ones the first has the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.fmax(tg.tensor([1.0, float('nan')]), tg.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """
    return rules.fmax(input, other)


def fmin(input: Any, other: Any) -> Tensor:
    """The smaller of the two, the other one where one is NaN. Of equal ones the first has the gradient.

    >>> import tinygrad_edu as tg
    >>> tg.fmin(tg.tensor([1.0, float('nan')]), tg.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """
    return rules.fmin(input, other)


def clamp(input: Any, min: Any = None, max: Any = None) -> Tensor:
    """`input` between `min` and `max`, numbers or tensors, either of which may be left out; `max` where min > max.

    The slope at a bound that is a number is 0; where `input` equals a tensor bound, both share the gradient.
    Raises RuntimeError without any bound.

    >>> import tinygrad_edu as tg
    >>> tg.clamp(tg.tensor([-1.0, 0.5, 2.0]), 0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: at least one of min and max must be given")
    low, high = _number(min), _number(max)
    if low is not None and high is not None:
        return rules.clip(input, min=low, max=high)
    if min is not None:
        input = rules.maximum(input, min) if low is None else rules.clip(input, min=low)
    if max is not None:
        input = rules.minimum(input, max) if high is None else rules.clip(input, max=high)
    return input


def _number(bound: Any) -> Any:
    """A bound that is a number, as Python's; None for others."""
    if isinstance(bound, np.generic):
        bound = bound.item()
    return bound if isinstance(bound, (int, float)) else None


def clamp_min(input: Any, min: Any) -> Tensor:
    """`input`, but at least `min`.

    >>> import tinygrad_edu as tg
    >>> tg.clamp_min(tg.tensor([-1.0, 0.5]), 0)
    tensor([0.0000, 0.5000])
    """
    return clamp(input, min)


def clamp_max(input: Any, max: Any) -> Tensor:
    """`input`, but at most `max`.

    >>> import tinygrad_edu as tg
    >>> tg.clamp_max(tg.tensor([-1.0, 0.5]), 0)
    tensor([-1.,  0.])
    """
    return clamp(input, None, max)


def nan_to_num(
    input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """NaN replaced by `nan` (0), ∞ and −∞ by `posinf` and `neginf` (the largest and the smallest finite number).

    >>> import tinygrad_edu as tg
    >>> tg.nan_to_num(tg.tensor([float('nan'), 1.0, float('inf')]), 0.0, 9.0)
    tensor([0., 1., 9.])
    """
    if _is_whole(input, "nan_to_num"):
        return wrap(np.array(raw(input, "nan_to_num")))
    return rules.nan_to_num(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def heaviside(input: Any, values: Any) -> Tensor:
    """0 where `input` is negative, 1 where it is positive, `values` (of the same dtype) where it is 0. No gradient.

    >>> import tinygrad_edu as tg
    >>> tg.heaviside(tg.tensor([-1.5, 0.0, 2.0]), tg.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    x, v = raw(input, "heaviside"), raw(values, "heaviside")
    if getattr(x, "dtype", None) != getattr(v, "dtype", None):
        raise RuntimeError(
            f"heaviside is not yet implemented for tensors with different dtypes: {getattr(x, 'dtype', type(x))} and "
            f"{getattr(v, 'dtype', type(v))}. Write values.to(input.dtype)."
        )
    x, v = promote(np.asarray(x), np.asarray(v))
    refuse_complex("heaviside", x)
    try:
        y = np.heaviside(x, v)
    except ValueError as error:
        raise mismatch("heaviside", (x, v), error) from None
    return wrap(y.astype(x.dtype))


def signbit(input: Any) -> Tensor:
    """Whether it has a minus sign (−0.0 has one, too).

    >>> import tinygrad_edu as tg
    >>> tg.signbit(tg.tensor([-1.5, 0.0, 2.0]))
    tensor([ True, False, False])
    """
    a = np.asarray(raw(input, "signbit"))
    refuse_complex("signbit", a)
    return wrap(np.signbit(a) if a.dtype.kind == "f" else a < 0)


clip, fix = clamp, trunc  # the other names of the same functions
