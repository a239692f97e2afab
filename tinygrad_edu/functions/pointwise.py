"""Arithmetic and powers, elementwise with broadcasting, under PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import check_fits, complex128, float64, get_default_dtype, promote, promoted
from tinygrad_edu.operands import as_operand, mismatch
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import elementwise as rules
from tinygrad_edu.rules.shaping import cast

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "abs", "absolute", "add", "addcdiv", "addcmul", "div", "divide", "fill", "float_power", "floor_divide",
    "fmod", "gcd", "hypot", "lcm", "lerp", "mul", "multiply", "neg", "negative", "positive", "pow",
    "reciprocal", "remainder", "rsqrt", "rsub", "sqrt", "square", "sub", "subtract", "true_divide"
]  # fmt: skip


def floating(x: Any) -> Any:
    """`x`, integers and bools in the default dtype."""
    a = x._array if isinstance(x, TensorBase) else x
    if not hasattr(a, "dtype"):
        return float(a) if isinstance(a, int) else a
    return x if a.dtype.kind in "fc" else wrap(a.astype(get_default_dtype()))


def raw(x: Any, name: str) -> Any:
    """The array of a Tensor; an array or a number as it is. Raises TypeError for others, None included."""
    if isinstance(x, TensorBase):
        return x._array
    if x is None:
        raise TypeError(f"{name}: expected a Tensor, an array or a number, got None")
    return as_operand(x, name)


def _whole_division(name: str, input: Any, other: Any) -> bool:
    """Whether both are integers. Raises RuntimeError if then a divisor is 0."""
    a, b = raw(input, name), raw(other, name)
    if promoted((a, b)).kind in "fc":
        return False
    if np.any(np.equal(b, 0)):
        raise RuntimeError(
            f"{name}: division of integers by zero. Convert to floats first (x.float()) to get inf or nan."
        )
    return True


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha · other, with broadcasting.

    >>> import tinygrad_edu as tg
    >>> tg.add(tg.tensor([1.0, 2.0]), 10, alpha=2)
    tensor([21., 22.])
    """
    return rules.add(input, other if alpha == 1 else rules.multiply(other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input − alpha · other, with broadcasting.

    Raises RuntimeError for two bools: use ``^`` or `logical_xor`.

    >>> import tinygrad_edu as tg
    >>> tg.sub(tg.tensor([1.0, 2.0]), 10)
    tensor([-9., -8.])
    """
    return rules.subtract(input, other if alpha == 1 else rules.multiply(other, alpha))


def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """other − alpha · input.

    >>> import tinygrad_edu as tg
    >>> tg.rsub(tg.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
    return sub(other, input, alpha=alpha)


def mul(input: Any, other: Any) -> Tensor:
    """input · other, with broadcasting.

    >>> import tinygrad_edu as tg
    >>> tg.mul(tg.tensor([1.0, 2.0]), tg.tensor([[1.0], [10.0]]))
    tensor([[ 1.,  2.],
            [10., 20.]])
    """
    return rules.multiply(input, other)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Tensor:
    """input / other; integers give floats, unless rounded.

    rounding_mode: None, "trunc" (towards 0, as C) or "floor" (as Python's ``//``).
    Raises RuntimeError for another mode, and for integers rounded and divided by 0.

    >>> import tinygrad_edu as tg
    >>> tg.div(tg.tensor([-7, 7]), 2, rounding_mode='trunc')
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return rules.divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    if rounding_mode != "trunc":
        raise RuntimeError(f"div: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")
    if _whole_division("div", input, other):
        return rules.floor_divide(rules.subtract(input, rules.fmod(input, other)), other)
    return rules.trunc(rules.divide(input, other))


def floor_divide(input: Any, other: Any) -> Tensor:
    """input / other rounded down, as Python's ``//``.

    Raises RuntimeError for integers divided by 0.

    >>> import tinygrad_edu as tg
    >>> tg.floor_divide(tg.tensor([-7.0, 7.0]), 2)
    tensor([-4.,  3.])
    """
    _whole_division("floor_divide", input, other)
    return rules.floor_divide(input, other)


def remainder(input: Any, other: Any) -> Tensor:
    """input − other · ⌊input / other⌋, of the sign of `other`, as Python's ``%``.

    Raises RuntimeError for integers divided by 0.

    >>> import tinygrad_edu as tg
    >>> tg.remainder(tg.tensor([-7.0, 7.0]), 3)
    tensor([2., 1.])
    """
    _whole_division("remainder", input, other)
    return rules.remainder(input, other)


def fmod(input: Any, other: Any) -> Tensor:
    """What is left of `input` after whole steps of `other` towards 0; of the sign of `input`.

    Raises RuntimeError for integers divided by 0.

    >>> import tinygrad_edu as tg
    >>> tg.fmod(tg.tensor([-7.0, 7.0]), 3)
    tensor([-1.,  1.])
    """
    _whole_division("fmod", input, other)
    return rules.fmod(input, other)


def neg(input: Any) -> Tensor:
    """−input.

    >>> import tinygrad_edu as tg
    >>> tg.neg(tg.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
    return rules.negative(input)


def positive(input: Any) -> Tensor:
    """`input` itself.

    Raises RuntimeError for bools.

    >>> import tinygrad_edu as tg
    >>> tg.positive(tg.tensor([1.0, -2.0]))
    tensor([ 1., -2.])
    """
    if raw(input, "positive").dtype.kind == "b":
        raise RuntimeError("positive: a bool has no sign. Convert it first: x.int()")
    return input


def abs(input: Any) -> Tensor:
    """|input|. Its slope at 0 is 0.

    >>> import tinygrad_edu as tg
    >>> tg.abs(tg.tensor([1.0, -2.0]))
    tensor([1., 2.])
    """
    return rules.absolute(input)


def reciprocal(input: Any) -> Tensor:
    """1 / input.

    >>> import tinygrad_edu as tg
    >>> tg.reciprocal(tg.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
    return rules.reciprocal(input)


def square(input: Any) -> Tensor:
    """input².

    >>> import tinygrad_edu as tg
    >>> tg.square(tg.tensor([1.0, -2.0]))
    tensor([1., 4.])
    """
    return rules.square(input)


def sqrt(input: Any) -> Tensor:
    """√input; NaN below 0. Its slope at 0 is ∞.

    >>> import tinygrad_edu as tg
    >>> tg.sqrt(tg.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return rules.sqrt(input)


def rsqrt(input: Any) -> Tensor:
    """1 / √input.

    >>> import tinygrad_edu as tg
    >>> tg.rsqrt(tg.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return rules.rsqrt(input)


_POWERS: dict[float, Any] = {2: rules.square, 0.5: rules.sqrt, -1: rules.reciprocal, -0.5: rules.rsqrt}


def pow(input: Any, exponent: Any) -> Tensor:
    """input to the power `exponent`, with broadcasting; either may be a number.

    The slope of x⁰ is 0 everywhere, that of x¹ is 1 everywhere, 0 included.
    Raises RuntimeError for integers to a negative power.

    >>> import tinygrad_edu as tg
    >>> tg.pow(tg.tensor([2.0, 3.0]), 2)
    tensor([4., 9.])
    >>> tg.pow(2, tg.tensor([2.0, 3.0]))
    tensor([4., 8.])
    """
    kind = type(exponent)
    if (kind is int or kind is float) and isinstance(input, TensorBase) and input._array.dtype.kind in "fc":
        shortcut = _POWERS.get(exponent)
        return rules.power(input, float(exponent)) if shortcut is None else shortcut(input)
    try:
        return rules.power(input, exponent)
    except ValueError:
        raise RuntimeError(
            "pow: integers have no negative integer powers. Convert to floats first: x.float()"
        ) from None


def float_power(input: Any, exponent: Any) -> Tensor:
    """input to the power `exponent`, computed in float64 (or complex128).

    >>> import tinygrad_edu as tg
    >>> tg.float_power(tg.tensor([2, 3]), 2)
    tensor([4., 9.], dtype=float64)
    """
    return pow(_double(input), _double(exponent))


def _double(x: Any) -> Any:
    a = x._array if isinstance(x, TensorBase) else x
    if not hasattr(a, "astype"):
        return x
    dtype = complex128 if a.dtype.kind == "c" else float64
    return cast(x, dtype=dtype) if a is not x else a.astype(dtype)


def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """input + value · tensor1 · tensor2, with broadcasting.

    >>> import tinygrad_edu as tg
    >>> tg.addcmul(tg.zeros(2), tg.tensor([1.0, 2.0]), tg.tensor([3.0, 4.0]), value=10)
    tensor([30., 80.])
    """
    return add(input, rules.multiply(tensor1, tensor2), alpha=value)


def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Tensor:
    """input + value · tensor1 / tensor2, with broadcasting.

    >>> import tinygrad_edu as tg
    >>> tg.addcdiv(tg.zeros(2), tg.tensor([1.0, 2.0]), tg.tensor([2.0, 4.0]), value=10)
    tensor([5., 5.])
    """
    return add(input, rules.divide(tensor1, tensor2), alpha=value)


def lerp(input: Any, end: Any, weight: Any) -> Tensor:
    """input + weight · (end − input): the point between two points.

    >>> import tinygrad_edu as tg
    >>> tg.lerp(tg.tensor([0.0, 10.0]), tg.tensor([1.0, 20.0]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
    return rules.lerp(input, end, weight)


def fill(input: Any, value: Any) -> Tensor:
    """A tensor like `input`, with `value` (a number or a 0-d tensor) everywhere.

    >>> import tinygrad_edu as tg
    >>> tg.fill(tg.zeros(2), 3.0)
    tensor([3., 3.])
    """
    check_fits("fill", raw(value, "fill"), np.asarray(raw(input, "fill")).dtype)
    if np.ndim(raw(value, "fill")):
        raise RuntimeError(f"fill: the value must be a number or a 0-d tensor, not of shape {tuple(value.shape)}")
    return rules.fill(input, value)


def hypot(input: Any, other: Any) -> Tensor:
    """√(input² + other²), without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.hypot(tg.tensor([3.0]), tg.tensor([4.0]))
    tensor([5.])
    """
    return rules.hypot(input, other)


def gcd(input: Any, other: Any) -> Tensor:
    """The greatest common divisor of integers.

    >>> import tinygrad_edu as tg
    >>> tg.gcd(tg.tensor([4, 6]), tg.tensor(6))
    tensor([2, 6])
    """
    return _of_integers("gcd", np.gcd, input, other)


def lcm(input: Any, other: Any) -> Tensor:
    """The least common multiple of integers.

    >>> import tinygrad_edu as tg
    >>> tg.lcm(tg.tensor([4, 6]), tg.tensor(6))
    tensor([12,  6])
    """
    return _of_integers("lcm", np.lcm, input, other)


def _of_integers(name: str, function: Callable[..., Any], *operands: Any) -> Tensor:
    arrays = [np.asarray(raw(x, name)) for x in operands]
    if any(a.dtype.kind not in "iu" for a in arrays):
        kinds = " and ".join(str(a.dtype) for a in arrays)
        raise NotImplementedError(f"{name} is not implemented for {kinds}: it takes integers (x.long())")
    arrays = promote(*arrays)
    try:
        return wrap(np.asarray(function(*arrays)))
    except ValueError as error:
        raise mismatch(name, arrays, error) from None


def swapped(function: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    """The reflected operator: ``2 - x`` is ``swapped(sub)(x, 2)``."""
    return lambda self, other: function(other, self)


def repeating(function: Callable[[Any, Any], Tensor]) -> Callable[[Any, Any], Tensor]:
    """The reflected product: ``2 * x``. ``[0] * x`` with a whole number x is Python's list of so many zeros."""

    def product(self: Any, other: Any) -> Any:
        try:
            return function(self, other)
        except TypeError:
            if isinstance(other, (list, tuple, str)):
                return NotImplemented
            raise

    return product


# the other names of the same functions
subtract, multiply, negative, absolute = sub, mul, neg, abs
divide = true_divide = div
