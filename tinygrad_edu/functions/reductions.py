"""Reductions under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.rules import reductions as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["mean", "sum"]


@numpy_names
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over all elements, or over the dimensions `dim` (int, tuple or list, negative from the end)."""
    return rules.sum(input, axis=tuple(dim) if isinstance(dim, list) else dim, keepdims=keepdim)


@numpy_names
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over all elements, or over the dimensions `dim`."""
    return rules.mean(input, axis=tuple(dim) if isinstance(dim, list) else dim, keepdims=keepdim)
