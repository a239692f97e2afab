"""Another shape for the same memory, or for as much of it as there is: an old form of `reshape`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.size import sides

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__: list[str] = []


def resize_(self: Any, *size: Any, memory_format: Any = None) -> Tensor:
    """Give this tensor another shape, in place: its elements in order, the first ones if there are too many.

    If there are too few, the others are 0 (in PyTorch, anything). Raises RuntimeError for a tensor that requires grad:
    use `reshape`.

    >>> from tinygrad_edu import arange
    >>> arange(6).resize_(2, 3)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    shape = sides(size, "resize_")
    if self._edge() is not None:
        raise RuntimeError("cannot resize variables that require grad: write x.reshape(…), which is recorded")
    flat, n = self._array.reshape(-1), math.prod(shape)
    if n > flat.size:
        flat = np.concatenate([flat, np.zeros(n - flat.size, flat.dtype)])
    self._array, self._view = flat[:n].reshape(shape), None
    return self


def resize_as_(self: Any, the_template: Any, *, memory_format: Any = None) -> Tensor:
    """Give this tensor the shape of another one, in place; see `resize_`."""
    return resize_(self, the_template._array.shape)


def resize(self: Any, *size: Any) -> Tensor:
    """What `resize_` would make of the tensor, which stays as it is: an old form of `reshape`."""
    if self._edge() is not None:
        reshaped: Tensor = self.reshape(*size)
        return reshaped
    return resize_(self.detach(), *size)
