"""NumPy's functions on Tensors: ``np.exp(t)``, ``np.sum(t, axis=0)``, ``array @ t``."""

from tinygrad_edu.numpy_api import conversion, indexing, linalg, pointwise, reductions, shaping, sorting
from tinygrad_edu.numpy_api.dispatch import array_function, array_ufunc

__all__ = [
    "array_function", "array_ufunc", "conversion", "indexing", "linalg", "pointwise", "reductions", "shaping",
    "sorting",
]  # fmt: skip
