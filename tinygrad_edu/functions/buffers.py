"""Tensors over the bytes of other objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import as_dtype
from tinygrad_edu.functions.creation import made

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["frombuffer"]


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """The numbers that the bytes of a bytearray, a memoryview or the like mean, in the same memory.

    Args:
        count: how many numbers (default: all).
        offset: how many bytes to skip first.

    Read-only bytes give a tensor that cannot be changed in place. Raises ValueError where there are not as many bytes.

    >>> import tinygrad_edu as tg
    >>> tg.frombuffer(bytearray([1, 0, 2, 0]), dtype=tg.int16)
    tensor([1, 2], dtype=int16)
    """
    kind = as_dtype(dtype)
    try:
        total = memoryview(buffer).nbytes
    except TypeError:
        raise ValueError(
            f"object does not implement Python buffer protocol.: {type(buffer).__name__}. Write tensor(data)."
        ) from None
    size, here = kind.itemsize, f"the dtype is {kind}"
    if total == 0 or count == 0:
        raise ValueError(f"both buffer length ({total}) and count ({count}) must not be 0 ({here})")
    if not 0 <= offset < total:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({total} bytes) minus 1"
        )
    if count < 0 and (total - offset) % size:
        raise ValueError(
            f"buffer length ({total - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({size}): {here}"
        )
    if count * size > total - offset:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({total} bytes): {here}"
        )
    return made(np.frombuffer(buffer, kind, max(count, -1), offset), requires_grad)
