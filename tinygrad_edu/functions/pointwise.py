"""Elementwise functions under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["abs", "add", "div", "exp", "log", "mul", "neg", "pow", "sqrt", "square", "sub", "tanh"]


def add(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input + alpha * other, elementwise with broadcasting."""
    return rules.add(input, other) if alpha == 1 else rules.add(input, rules.multiply(other, alpha))


def sub(input: Any, other: Any, *, alpha: Any = 1) -> Tensor:
    """input - alpha * other, elementwise with broadcasting."""
    return rules.subtract(input, other) if alpha == 1 else rules.subtract(input, rules.multiply(other, alpha))


def mul(input: Any, other: Any) -> Tensor:
    """input * other, elementwise with broadcasting."""
    return rules.multiply(input, other)


def div(input: Any, other: Any) -> Tensor:
    """input / other."""
    return rules.divide(input, other)


def neg(input: Any) -> Tensor:
    """-input."""
    return rules.negative(input)


def abs(input: Any) -> Tensor:
    """|input|."""
    return rules.absolute(input)


def square(input: Any) -> Tensor:
    """input²."""
    return rules.square(input)


def sqrt(input: Any) -> Tensor:
    """√input."""
    return rules.sqrt(input)


def exp(input: Any) -> Tensor:
    """e^input."""
    return rules.exp(input)


def log(input: Any) -> Tensor:
    """Natural logarithm."""
    return rules.log(input)


def tanh(input: Any) -> Tensor:
    """Hyperbolic tangent."""
    return rules.tanh(input)


def pow(input: Any, exponent: Any) -> Tensor:
    """input ** exponent."""
    return rules.square(input)
