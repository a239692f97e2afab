"""Trigonometric and hyperbolic functions under PyTorch's and NumPy's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.pointwise import floating
from tinygrad_edu.rules import elementwise as rules
from tinygrad_edu.rules import special

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh",
    "atan", "atan2", "atanh", "cos", "cosh", "deg2rad", "rad2deg", "sin", "sinc", "sinh", "tan", "tanh"
]  # fmt: skip


def sin(input: Any) -> Tensor:
    """The sine of angles in radians.

    >>> import tinygrad_edu as tg
    >>> tg.sin(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return rules.sin(input)


def cos(input: Any) -> Tensor:
    """The cosine of angles in radians.

    >>> import tinygrad_edu as tg
    >>> tg.cos(tg.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return rules.cos(input)


def tan(input: Any) -> Tensor:
    """The tangent of angles in radians.

    >>> import tinygrad_edu as tg
    >>> tg.tan(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return rules.tan(input)


def asin(input: Any) -> Tensor:
    """The angle in [−π/2, π/2] whose sine it is; NaN outside of [−1, 1].

    >>> import tinygrad_edu as tg
    >>> tg.asin(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return rules.arcsin(input)


def acos(input: Any) -> Tensor:
    """The angle in [0, π] whose cosine it is; NaN outside of [−1, 1].

    >>> import tinygrad_edu as tg
    >>> tg.acos(tg.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
    return rules.arccos(input)


def atan(input: Any) -> Tensor:
    """The angle in (−π/2, π/2) whose tangent it is.

    >>> import tinygrad_edu as tg
    >>> tg.atan(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return rules.arctan(input)


def sinh(input: Any) -> Tensor:
    """The hyperbolic sine.

    >>> import tinygrad_edu as tg
    >>> tg.sinh(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return rules.sinh(input)


def cosh(input: Any) -> Tensor:
    """The hyperbolic cosine.

    >>> import tinygrad_edu as tg
    >>> tg.cosh(tg.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return rules.cosh(input)


def tanh(input: Any) -> Tensor:
    """The hyperbolic tangent, in (−1, 1).

    >>> import tinygrad_edu as tg
    >>> tg.tanh(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return rules.tanh(input)


def asinh(input: Any) -> Tensor:
    """The inverse of sinh.

    >>> import tinygrad_edu as tg
    >>> tg.asinh(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
    return rules.arcsinh(input)


def acosh(input: Any) -> Tensor:
    """The inverse of cosh; NaN below 1.

    >>> import tinygrad_edu as tg
    >>> tg.acosh(tg.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
    return rules.arccosh(input)


def atanh(input: Any) -> Tensor:
    """The inverse of tanh; NaN outside of [−1, 1].

    >>> import tinygrad_edu as tg
    >>> tg.atanh(tg.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
    return rules.arctanh(input)


def deg2rad(input: Any) -> Tensor:
    """Degrees as radians.

    >>> import tinygrad_edu as tg
    >>> tg.deg2rad(tg.tensor([0.0, 180.0]))
    tensor([0.0000, 3.1416])
    """
    return rules.deg2rad(input)


def rad2deg(input: Any) -> Tensor:
    """Radians as degrees.

    >>> import tinygrad_edu as tg
    >>> tg.rad2deg(tg.tensor([0.0, 1.0]))
    tensor([ 0.0000, 57.2958])
    """
    return rules.rad2deg(input)


def atan2(input: Any, other: Any) -> Tensor:
    """The angle in [−π, π] of the point (other, input). Its slopes at the origin are 0.

    >>> import tinygrad_edu as tg
    >>> tg.atan2(tg.tensor([1.0, -1.0]), tg.tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """
    return rules.arctan2(input, other)


def sinc(input: Any) -> Tensor:
    """sin(πx) / (πx), which is 1 at 0.

    >>> import tinygrad_edu as tg
    >>> tg.sinc(tg.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
    return special.sinc(floating(input))


# NumPy's names
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
