"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.functions import joining
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of the parameters in one vector, in order; recorded.

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.parameters_to_vector([tg.tensor([1.0, 2.0]), tg.tensor([[3.0]])])
    tensor([1., 2., 3.])
    """
    parts = [p.reshape(-1) for p in parameters]
    if not parts:
        raise ValueError("parameters_to_vector: expected a non-empty list of Tensors")
    return joining.cat(parts)


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write a vector's elements into the parameters, in order; nothing is recorded.

    Raises TypeError for what is no Tensor, RuntimeError for a vector that is not as long as all parameters together.

    >>> import tinygrad_edu as tg
    >>> w, b = tg.zeros(2), tg.zeros(1, 1)
    >>> tg.nn.utils.vector_to_parameters(tg.tensor([1.0, 2.0, 3.0]), [w, b])
    >>> w, b
    (tensor([1., 2.]), tensor([[3.]]))
    """
    if not isinstance(vec, TensorBase):
        raise TypeError(f"expected Tensor, but got: {type(vec).__name__}")
    params: list[Any] = list(parameters)
    wanted, given = sum(p._array.size for p in params), vec._array.size
    if vec._array.ndim != 1 or wanted != given:
        raise RuntimeError(
            f"vector_to_parameters: the parameters have {wanted} elements, and the shape of the vector must be "
            f"({wanted},), not {tuple(vec._array.shape)}"
        )
    start = 0
    for p in params:
        size = p._array.size
        p.data.copy_(vec._array[start : start + size].reshape(p._array.shape))
        start += size
