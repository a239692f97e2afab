"""NumPy's functions on tensors, as under PyTorch: ``np.linspace(t.min(), t.max(), 50)`` gives an array.

The library records such calls. PyTorch knows nothing of them: NumPy asks the tensor for its array, and computes with
that. A program that was written for PyTorch hands the result on to what takes arrays only, ``torch.from_numpy`` say.
Sums and means are an exception: NumPy asks the tensor's own methods for them.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu import numpy_api
from tinygrad_edu.tensor import Tensor

__all__ = ["array_function"]

_PACKAGE = str(Path(__file__).parents[1])
_BY_METHOD = {np.sum, np.mean, np.prod, np.shape, np.ndim, np.size}


def array_function(self: Any, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """`Tensor.__array_function__` of a program's calls. The library's own, in its rules, are recorded as ever."""
    caller = sys._getframe(1).f_code.co_filename
    if caller.startswith(_PACKAGE) or func in _BY_METHOD:
        return numpy_api.array_function(self, func, types, args, kwargs)
    return func(*_arrays(args), **_arrays(kwargs))


def _arrays(x: Any) -> Any:
    """Arrays in place of tensors. Raises RuntimeError, as `Tensor.numpy`, for those that require grad."""
    if isinstance(x, Tensor):
        return x.numpy()
    if type(x) in (tuple, list):
        return type(x)(map(_arrays, x))
    if type(x) is dict:
        return {k: _arrays(v) for k, v in x.items()}
    return x
