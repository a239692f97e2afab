"""Changes of shape under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.rules import shaping as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["permute", "reshape", "t"]


def reshape(input: Any, *shape: Any) -> Tensor:
    """The same elements in another shape; one side may be -1. A view where the layout allows it."""
    return rules.reshape(
        input, shape=tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
    )


def permute(input: Any, *dims: Any) -> Tensor:
    """The dimensions in another order. A view."""
    order = tuple(dims[0]) if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    return rules.transpose(input, axes=order)


def t(input: Any) -> Tensor:
    """The transpose of a matrix."""
    return rules.transpose(input, axes=tuple(reversed(range(input.ndim))))
