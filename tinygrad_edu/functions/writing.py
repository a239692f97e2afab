"""Writing into a tensor's own memory: item assignment, and in-place methods without an out-of-place form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions import scattering
from tinygrad_edu.functions.indexing import parsed
from tinygrad_edu.functions.joining import unbind
from tinygrad_edu.inplace import assign, write
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import indexing

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__: list[str] = []

_ALL = (Ellipsis,)


def setitem(self: Any, index: Any, value: Any) -> None:
    """``self[index] = value``: the value broadcasts, is converted to the tensor's dtype, and keeps its gradient.

    Where an index is repeated, one of the values remains, and only that one has a gradient.
    Raises RuntimeError for a leaf that requires grad (while grad mode is on) and for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> out, h = tg.zeros(2, 2), tg.tensor([1., 2.], requires_grad=True)
    >>> out[:, 1] = h
    >>> out.sum().backward()
    >>> h.grad
    tensor([1., 1.])
    """
    basic, arrays = parsed(index, self._array.shape)
    try:
        region = indexing.getitem(self, index=basic) if arrays is not None and basic is not None else self
        write(region, arrays or basic or _ALL, value, "__setitem__")
    except IndexError:
        parsed(index, self._array.shape, explain=True)
        raise


def copy_(self: Any, src: Any, non_blocking: bool = False) -> Tensor:
    """Let this tensor have the numbers of `src`, which broadcasts; their gradient flows to `src`."""
    if len(getattr(src, "shape", ())) > self._array.ndim:
        raise RuntimeError(
            f"copy_: src has more dimensions (shape {tuple(src.shape)}) than the tensor ({tuple(self._array.shape)})"
        )
    write(self, _ALL, src, "copy_")
    return self


def fill_(self: Any, value: Any) -> Tensor:
    """Let every element be `value`, a number or a tensor without dimensions."""
    if isinstance(value, TensorBase) and value._array.ndim:
        raise RuntimeError(f"fill_: the value must be one number, not a tensor of shape {tuple(value._array.shape)}")
    write(self, _ALL, value, "fill_")
    return self


def zero_(self: Any) -> Tensor:
    """Let every element be 0."""
    write(self, _ALL, 0, "zero_")
    return self


def fill_diagonal_(self: Any, fill_value: Any, wrap: bool = False) -> Tensor:
    """Let the elements whose indices are all equal be `fill_value`; with `wrap`, start anew below a square."""
    shape = self._array.shape
    if len(shape) < 2 or (len(shape) > 2 and len(set(shape)) > 1):
        raise RuntimeError(
            f"fill_diagonal_: expected a matrix, or more dimensions that are all equal, got shape {tuple(shape)}"
        )
    n = min(shape)
    rows = np.arange(n)
    if wrap and len(shape) == 2 and shape[0] > shape[1]:
        rows = np.flatnonzero(np.arange(shape[0]) % (n + 1) < n)
        write(self, (rows, np.arange(shape[0])[rows] % (n + 1)), fill_value, "fill_diagonal_")
    else:
        write(self, (rows,) * len(shape), fill_value, "fill_diagonal_")
    return self


def apply_(self: Any, callable: Callable[[Any], Any]) -> Tensor:
    """Let every element be ``callable(element)``, a function from a Python number to one. For small tensors.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1.0, 2.0]).apply_(lambda v: v * 10)
    tensor([10., 20.])
    """
    return _by_elements("apply_", callable, self)


def map_(self: Any, tensor: Any, callable: Callable[[Any, Any], Any]) -> Tensor:
    """Let every element be ``callable(element, of_the_other_tensor)``; the other broadcasts. For small tensors.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1.0, 2.0]).map_(tg.tensor([3.0, 4.0]), lambda a, b: a * b)
    tensor([3., 8.])
    """
    return _by_elements("map_", callable, self, tensor)


def _by_elements(name: str, function: Callable[..., Any], self: Any, *others: Any) -> Tensor:
    if self._edge() is not None or any(t._edge() is not None for t in others):
        raise TypeError(
            f"can't call {name}() on Variable that requires grad, since what Python's function does would not be "
            f"recorded. Use detach() for the numbers alone, or functions of tensors."
        )
    shape = self._array.shape
    arrays = [self._array, *(np.broadcast_to(t._array, shape) for t in others)]
    values = [function(*numbers) for numbers in zip(*(a.ravel().tolist() for a in arrays), strict=True)]
    write(self, _ALL, np.array(values, self._array.dtype).reshape(shape), name)
    return self


def put_(self: Any, index: Any, source: Any, accumulate: bool = False) -> Tensor:
    """Let the elements at flat positions be those of `source`, or (with `accumulate`) be increased by them.

    >>> import tinygrad_edu as tg
    >>> tg.zeros(2, 2).put_(tg.tensor([0, 3]), tg.tensor([5.0, 7.0]))
    tensor([[5., 0.],
            [0., 7.]])
    """
    at, values = index._array, source
    if at.dtype.kind not in "iu":
        raise RuntimeError(f"put_: Expected a long tensor for index, but got {at.dtype}: write index.long()")
    if at.size != source._array.size:
        raise RuntimeError(
            f"put_: source should have the same number of elements as index, but got {source._array.size} and {at.size}"
        )
    size = self._array.size
    if at.size and not -size <= at.min() <= at.max() < size:
        raise IndexError(f"put_: an index is out of range for a tensor with {size} elements")
    places = np.unravel_index(at.ravel() % max(size, 1), self._array.shape)
    index_put = scattering.index_put
    return assign(self, lambda x: index_put(x, tuple(wrap(p) for p in places), values.reshape(-1), accumulate), "put_")


def contains(self: Any, element: Any) -> bool:
    """Whether some element equals `element`, a number or a tensor that broadcasts."""
    other = element._array if isinstance(element, TensorBase) else element
    if not isinstance(other, (int, float)) and not hasattr(other, "dtype"):
        raise RuntimeError(f"`in` on a tensor takes a number or a tensor, not {type(element).__name__}")
    return bool(np.any(self._array == other))


def length(self: Any) -> int:
    """The length of the first dimension. Raises TypeError for a tensor without dimensions."""
    if not self._array.ndim:
        raise TypeError("len() of a 0-d tensor, which has no dimensions: it is one number, x.item()")
    return int(self._array.shape[0])


def iterate(self: Any) -> Iterator[Tensor]:
    """Its slices along the first dimension. Raises TypeError for a tensor without dimensions."""
    if not self._array.ndim:
        raise TypeError("iteration over a 0-d tensor, which has no dimensions: it is one number, x.item()")
    return iter(unbind(self))
