"""Comparisons, logic and bits: bools and integers, without gradient; and the choice between two."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import float32, promote, promoted, refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.operands import mismatch
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "allclose", "bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "eq", "equal", "ge", "greater", "greater_equal", "gt", "isclose", "isfinite", "isin", "isinf",
    "isnan", "isneginf", "isposinf", "le", "less", "less_equal", "logical_and", "logical_not", "logical_or",
    "logical_xor", "lt", "ne", "not_equal", "where"
]  # fmt: skip


_ORDER = {np.less: "lt", np.less_equal: "le", np.greater: "gt", np.greater_equal: "ge"}  # complex numbers have none


def _on_arrays(ufunc: Any, *operands: Any) -> Tensor:
    """The ufunc of the operands in their common dtype; its result carries no gradient."""
    arrays = [x._array if isinstance(x, TensorBase) else raw(x, ufunc.__name__) for x in operands]
    if len(arrays) > 1:
        arrays = promote(*arrays)
        if ufunc in _ORDER and getattr(arrays[0], "dtype", None) is not float32:
            refuse_complex(_ORDER[ufunc], *arrays)
    try:
        y = ufunc(*arrays)
    except ValueError as error:
        raise mismatch(ufunc.__name__, arrays, error) from None
    return wrap(np.asarray(y) if isinstance(y, (np.generic, bool)) else y)


def eq(input: Any, other: Any) -> Tensor:
    """Whether input = other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.eq(tg.tensor([1, 2, 3]), 2)
    tensor([False,  True, False])
    """
    return _on_arrays(np.equal, input, other)


def ne(input: Any, other: Any) -> Tensor:
    """Whether input ≠ other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.ne(tg.tensor([1, 2, 3]), 2)
    tensor([ True, False,  True])
    """
    return _on_arrays(np.not_equal, input, other)


def lt(input: Any, other: Any) -> Tensor:
    """Whether input < other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.lt(tg.tensor([1, 2, 3]), 2)
    tensor([ True, False, False])
    """
    return _on_arrays(np.less, input, other)


def le(input: Any, other: Any) -> Tensor:
    """Whether input ≤ other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.le(tg.tensor([1, 2, 3]), 2)
    tensor([ True,  True, False])
    """
    return _on_arrays(np.less_equal, input, other)


def gt(input: Any, other: Any) -> Tensor:
    """Whether input > other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.gt(tg.tensor([1, 2, 3]), 2)
    tensor([False, False,  True])
    """
    return _on_arrays(np.greater, input, other)


def ge(input: Any, other: Any) -> Tensor:
    """Whether input ≥ other, elementwise: bools, without gradient.

    >>> import tinygrad_edu as tg
    >>> tg.ge(tg.tensor([1, 2, 3]), 2)
    tensor([False,  True,  True])
    """
    return _on_arrays(np.greater_equal, input, other)


def isnan(input: Any) -> Tensor:
    """Where it is NaN.

    >>> import tinygrad_edu as tg
    >>> tg.isnan(tg.tensor([1.0, float('nan')]))
    tensor([False,  True])
    """
    return _on_arrays(np.isnan, input)


def isinf(input: Any) -> Tensor:
    """Where it is ∞ or −∞.

    >>> import tinygrad_edu as tg
    >>> tg.isinf(tg.tensor([1.0, float('-inf')]))
    tensor([False,  True])
    """
    return _on_arrays(np.isinf, input)


def isfinite(input: Any) -> Tensor:
    """Where it is neither NaN nor infinite.

    >>> import tinygrad_edu as tg
    >>> tg.isfinite(tg.tensor([1.0, float('inf')]))
    tensor([ True, False])
    """
    return _on_arrays(np.isfinite, input)


def isposinf(input: Any) -> Tensor:
    """Where it is ∞.

    >>> import tinygrad_edu as tg
    >>> tg.isposinf(tg.tensor([1.0, float('inf')]))
    tensor([False,  True])
    """
    return eq(input, math.inf)


def isneginf(input: Any) -> Tensor:
    """Where it is −∞.

    >>> import tinygrad_edu as tg
    >>> tg.isneginf(tg.tensor([1.0, float('-inf')]))
    tensor([False,  True])
    """
    return eq(input, -math.inf)


def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Tensor:
    """Where |input − other| ≤ atol + rtol · |other|; NaN is close to NaN only if `equal_nan`.

    >>> import tinygrad_edu as tg
    >>> tg.isclose(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    a, b = promote(raw(input, "isclose"), raw(other, "isclose"))
    try:
        return wrap(np.asarray(np.isclose(a, b, raw(rtol, "isclose"), raw(atol, "isclose"), equal_nan)))
    except ValueError as error:
        raise mismatch("isclose", (a, b), error) from None


def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether `isclose` holds everywhere, as Python's bool.

    >>> import tinygrad_edu as tg
    >>> tg.allclose(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.1]))
    False
    """
    return bool(np.all(isclose(input, other, rtol, atol, equal_nan)._array))


def equal(input: Any, other: Any) -> bool:
    """Whether shapes and elements are equal, as Python's bool.

    >>> import tinygrad_edu as tg
    >>> tg.equal(tg.tensor([1, 2]), tg.tensor([1, 2]))
    True
    """
    return bool(np.array_equal(raw(input, "equal"), raw(other, "equal")))


def logical_and(input: Any, other: Any) -> Tensor:
    """Whether both are true (not 0).

    >>> import tinygrad_edu as tg
    >>> tg.logical_and(tg.tensor([True, False]), tg.tensor([True, True]))
    tensor([ True, False])
    """
    return _on_arrays(np.logical_and, input, other)


def logical_or(input: Any, other: Any) -> Tensor:
    """Whether one of the two is true (not 0).

    >>> import tinygrad_edu as tg
    >>> tg.logical_or(tg.tensor([True, False]), tg.tensor([True, True]))
    tensor([True, True])
    """
    return _on_arrays(np.logical_or, input, other)


def logical_xor(input: Any, other: Any) -> Tensor:
    """Whether exactly one of the two is true (not 0).

    >>> import tinygrad_edu as tg
    >>> tg.logical_xor(tg.tensor([True, False]), tg.tensor([True, True]))
    tensor([False,  True])
    """
    return _on_arrays(np.logical_xor, input, other)


def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Whether each element is among `test_elements` (with invert: is not).

    >>> import tinygrad_edu as tg
    >>> tg.isin(tg.tensor([1, 2, 3]), tg.tensor([3, 1]))
    tensor([ True, False,  True])
    """
    among = np.isin(raw(elements, "isin"), raw(test_elements, "isin"), assume_unique=assume_unique, invert=invert)
    return wrap(np.asarray(among))


def logical_not(input: Any) -> Tensor:
    """Whether it is false (0).

    >>> import tinygrad_edu as tg
    >>> tg.logical_not(tg.tensor([0, 2]))
    tensor([ True, False])
    """
    return _on_arrays(np.logical_not, input)


def _bits(ufunc: Any, *operands: Any) -> Tensor:
    for x in operands:
        if promoted((raw(x, ufunc.__name__),)).kind in "fc":
            raise RuntimeError(
                f"{ufunc.__name__} works on integers and bools, not on floats. Compare first ((a > 0) & (b > 0), in "
                f"parentheses), or convert: x.long()."
            )
    return _on_arrays(ufunc, *operands)


def bitwise_and(input: Any, other: Any) -> Tensor:
    """The bits that both have; for bools: both.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_and(tg.tensor([6, 5]), tg.tensor([3, 4]))
    tensor([2, 4])
    """
    return _bits(np.bitwise_and, input, other)


def bitwise_or(input: Any, other: Any) -> Tensor:
    """The bits that one of the two has; for bools: either.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_or(tg.tensor([6, 5]), tg.tensor([3, 4]))
    tensor([7, 5])
    """
    return _bits(np.bitwise_or, input, other)


def bitwise_xor(input: Any, other: Any) -> Tensor:
    """The bits that exactly one of the two has; for bools: one, not both.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_xor(tg.tensor([6, 5]), tg.tensor([3, 4]))
    tensor([5, 1])
    """
    return _bits(np.bitwise_xor, input, other)


def bitwise_not(input: Any) -> Tensor:
    """All bits turned around; for bools: not.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_not(tg.tensor([True, False]))
    tensor([False,  True])
    """
    return _bits(np.bitwise_not, input)


def bitwise_left_shift(input: Any, other: Any) -> Tensor:
    """input · 2^other, on integers.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_left_shift(tg.tensor([1, 2]), tg.tensor([3, 1]))
    tensor([8, 4])
    """
    return _bits(np.left_shift, input, other)


def bitwise_right_shift(input: Any, other: Any) -> Tensor:
    """input / 2^other rounded down, on integers.

    Raises RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.bitwise_right_shift(tg.tensor([8, 7]), tg.tensor([3, 1]))
    tensor([1, 3])
    """
    return _bits(np.right_shift, input, other)


def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """`input` where the condition is true, `other` elsewhere, with broadcasting; with the condition alone: its indices.

    Both sides are computed everywhere: NaN in the side that is not taken makes its gradient NaN.
    Raises RuntimeError for a condition that is not bool, and for shapes that do not fit together.

    >>> import tinygrad_edu as tg
    >>> tg.where(tg.tensor([True, False]), tg.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    >>> tg.where(tg.tensor([0, 3, 4]))
    (tensor([1, 2]),)
    """
    mask = raw(condition, "where")
    if input is None and other is None:
        return tuple(wrap(i) for i in np.nonzero(mask))
    if not hasattr(mask, "dtype") or mask.dtype.kind != "b":
        kind = mask.dtype if hasattr(mask, "dtype") else type(mask).__name__
        raise RuntimeError(f"where: the condition must be a tensor of bools, not {kind}. Write where(x != 0, a, b).")
    arrays = [mask, raw(input, "where"), raw(other, "where")]
    try:
        return rules.where(condition, input, other)
    except ValueError as error:
        raise mismatch("where", arrays, error) from None


def compared(function: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Any]:
    """The operator of a comparison: what cannot be compared (None, text) is left to Python, for which it is unequal."""

    @wraps(function)
    def operator(self: Any, other: Any) -> Any:
        try:
            return function(self, other)
        except TypeError:
            return NotImplemented

    return operator


greater, greater_equal, less, less_equal, not_equal = gt, ge, lt, le, ne  # NumPy's names
