"""Windows that are laid over memory by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.shaping import lifted
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import indexing, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["as_strided", "unravel_index"]


def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Element (i, j, …) of the result is the input's number `storage_offset` + i · stride[0] + j · stride[1] + ….

    The result is a copy that cannot be changed in place (in PyTorch it shares the input's memory, so that a change
    would reach it). Raises RuntimeError for an input that does not lie in memory in order, and for positions outside.

    >>> import tinygrad_edu as tg
    >>> tg.as_strided(tg.arange(5), (3, 3), (1, 1))
    tensor([[0, 1, 2],
            [1, 2, 3],
            [2, 3, 4]])
    """
    x = lifted(input, "as_strided")
    sides, steps = tuple(size), tuple(stride)
    if len(sides) != len(steps):
        raise RuntimeError(f"as_strided: mismatch in length of strides and shape: {list(steps)} and {list(sides)}")
    if min(sides, default=0) < 0 or min(steps, default=0) < 0:
        raise RuntimeError(
            f"as_strided: Negative sizes and strides are not supported, got {list(sides)}, {list(steps)}"
        )
    if not x._array.flags.c_contiguous:
        raise RuntimeError("as_strided: the input does not lie in memory in order. Write x.contiguous() first.")
    at = np.full(sides, storage_offset or 0)
    for axis, (n, step) in enumerate(zip(sides, steps, strict=True)):
        at += (np.arange(n) * step).reshape(n, *(1,) * (len(sides) - axis - 1))
    if at.size and not 0 <= at.min() <= at.max() < x._array.size:
        raise RuntimeError(
            f"as_strided: sizes {list(sides)}, strides {list(steps)} and storage offset {storage_offset or 0} reach "
            f"element {at.max()}, which is out of bounds for an input of {x._array.size}"
        )
    flat: Any = shaping.reshape(x, shape=(-1,))
    out: Any = indexing.take(flat, at, axis=0)
    out._array.flags.writeable = False
    return out


def unravel_index(indices: Any, shape: Any) -> tuple[Tensor, ...]:
    """Positions in the flattened tensor as indices into one of that shape: one tensor for each dimension.

    Raises ValueError for a position that is not there.

    >>> import tinygrad_edu as tg
    >>> tg.unravel_index(tg.tensor(5), (2, 3))
    (tensor(1), tensor(2))
    """
    at, sides = lifted(indices, "unravel_index")._array, (shape,) if isinstance(shape, int) else tuple(shape)
    if at.dtype.kind not in "iu":
        raise ValueError(f"expected 'indices' to be integer dtype, but got {at.dtype}")
    try:
        found = np.unravel_index(at, sides)
    except ValueError as error:
        raise ValueError(f"unravel_index: {error}") from None
    return tuple(wrap(np.asarray(k)) for k in found)
