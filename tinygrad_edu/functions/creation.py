"""Making tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import as_dtype, get_default_dtype, plain_array
from tinygrad_edu.primitive import TensorBase, wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["tensor"]


def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor with a copy of `data`."""
    if isinstance(data, TensorBase):
        data = data._array
    a = plain_array(np.array(data))
    if dtype is not None:
        a = a.astype(as_dtype(dtype))
    elif a.dtype == np.float64 and not hasattr(data, "dtype"):
        a = a.astype(get_default_dtype())
    return wrap(a, leaf=requires_grad)
