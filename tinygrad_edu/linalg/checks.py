"""What every function of linear algebra checks first."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.rules import shaping

__all__ = ["matrices", "square", "transposed"]


def matrices(name: str, x: Any, which: str = "A", kinds: str = "f") -> tuple[int, ...]:
    """The shape of `x`, if it is a matrix of floats (of complex numbers, too, if kinds="fc"), or a batch of them."""
    if not hasattr(x, "dtype"):
        raise TypeError(f"linalg.{name}: expected a Tensor or an array, got {type(x).__name__}")
    shape = tuple(x.shape)
    if len(shape) < 2:
        raise RuntimeError(
            f"linalg.{name}: {which} must have at least 2 dimensions, (…, m, n), but its shape is {shape}. "
            f"Make a vector a column with x.unsqueeze(-1)."
        )
    if x.dtype.kind not in kinds or x.dtype.itemsize < 4:
        raise RuntimeError(
            f"linalg.{name}: expected a floating point tensor, float32 or float64, but {which} is {x.dtype}. "
            f"Convert it first: x.float()."
        )
    return shape


def square(name: str, x: Any, kinds: str = "f") -> tuple[int, ...]:
    """The shape of `x`, if its matrices are square."""
    shape = matrices(name, x, kinds=kinds)
    if shape[-1] != shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices "
            f"(shape {shape}). For others there are pinv, lstsq, svd and qr."
        )
    return shape


def transposed(x: Any) -> Any:
    """The matrices, each transposed."""
    n = len(x.shape)
    return shaping.transpose(x, axes=(*range(n - 2), n - 1, n - 2))
