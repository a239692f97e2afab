"""NumPy's elementwise functions on Tensors, with NumPy's signatures. (Ufuncs that have a rule register themselves.)"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.functions import comparison, pointwise, rounding
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.primitive import NUMPY
from tinygrad_edu.rules import elementwise, special

# -- ufuncs: the other names of rules, and those whose results carry no gradient --------------------------

NUMPY.update(
    {
        np.radians: elementwise.deg2rad,
        np.degrees: elementwise.rad2deg,
        np.reciprocal: pointwise.reciprocal,
        np.positive: pointwise.positive,
        np.fabs: elementwise.absolute,
        np.float_power: pointwise.float_power,
        np.rint: rounding.round,
        np.equal: comparison.eq,
        np.not_equal: comparison.ne,
        np.less: comparison.lt,
        np.less_equal: comparison.le,
        np.greater: comparison.gt,
        np.greater_equal: comparison.ge,
        np.isnan: comparison.isnan,
        np.isinf: comparison.isinf,
        np.isfinite: comparison.isfinite,
        np.logical_and: comparison.logical_and,
        np.logical_or: comparison.logical_or,
        np.logical_xor: comparison.logical_xor,
        np.logical_not: comparison.logical_not,
        np.bitwise_and: comparison.bitwise_and,
        np.bitwise_or: comparison.bitwise_or,
        np.bitwise_xor: comparison.bitwise_xor,
        np.bitwise_not: comparison.bitwise_not,
        np.left_shift: comparison.bitwise_left_shift,
        np.right_shift: comparison.bitwise_right_shift,
    }
)


# -- functions --------------------------------------------------------------------------------------------


@stands_for(np.where)
def _(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    if x is None and y is None:
        return comparison.where(condition)
    return elementwise.where(condition, x, y)


@stands_for(np.clip)
def _(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    return pointwise.add(a, 0) if low is None and high is None else rounding.clamp(a, low, high)


@stands_for(np.round, np.around)
def _(a: Any, decimals: int = 0) -> Any:
    return rounding.round(a, decimals=decimals)


@stands_for(np.fix)
def _(x: Any) -> Any:
    return rounding.trunc(x)


@stands_for(np.nan_to_num)
def _(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return rounding.nan_to_num(x, nan, posinf, neginf)


@stands_for(np.sinc)
def _(x: Any) -> Any:
    return special.sinc(pointwise.floating(x))


@stands_for(np.isclose)
def _(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    return comparison.isclose(a, b, rtol, atol, equal_nan)


@stands_for(np.allclose)
def _(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    return comparison.allclose(a, b, rtol, atol, equal_nan)


@stands_for(np.array_equal)
def _(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    a, b = pointwise.raw(a1, "array_equal"), pointwise.raw(a2, "array_equal")
    return bool(np.array_equal(a, b, equal_nan))


@stands_for(np.isposinf)
def _(x: Any) -> Any:
    return comparison.isposinf(x)


@stands_for(np.isneginf)
def _(x: Any) -> Any:
    return comparison.isneginf(x)
