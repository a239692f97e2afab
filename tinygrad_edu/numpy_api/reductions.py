"""NumPy's reductions on Tensors, with NumPy's signatures."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.rules import reductions


@stands_for(np.sum)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return reductions.sum(a, axis=axis, keepdims=keepdims)


@stands_for(np.mean)
def _(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    return reductions.mean(a, axis=axis, keepdims=keepdims)
