"""Changes of shape under PyTorch's names: the same elements, seen otherwise. Views, unless it says a copy."""

from __future__ import annotations

import math
from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.functions.complex_numbers import conj
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import shaping as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "adjoint", "clone", "flatten", "movedim", "moveaxis", "permute", "ravel", "reshape", "squeeze", "swapaxes",
    "swapdims", "t", "transpose", "unflatten", "unsqueeze", "view", "view_as"
]  # fmt: skip


# -- what other functions need, too -----------------------------------------------------------------------


def lifted(x: Any, name: str) -> Any:
    """A Tensor as it is; an array or a number as a Tensor. Raises TypeError for others."""
    if isinstance(x, TensorBase):
        return x
    a = as_operand(x, name)
    if a is None:
        raise TypeError(f"{name}: expected a Tensor, an array or a number, got None")
    return wrap(a if hasattr(a, "dtype") else np.asarray(a, np.float32 if isinstance(a, float) else None))


def one_axis(dim: Any, ndim: int, name: str) -> int:
    """The dimension that `dim` means, counted from the front. Raises IndexError if there is none."""
    d = as_int(dim)
    n = max(ndim, 1)  # PyTorch lets 0-d tensors pass for 1-d ones here
    if not -n <= d < n:
        raise IndexError(
            f"{name}: Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {d}): the tensor has "
            f"{ndim} {'dimension' if ndim == 1 else 'dimensions'}."
        )
    return d % n


def many_axes(dims: Any, ndim: int, name: str) -> tuple[int, ...]:
    """The dimensions that an int or a sequence means. Raises RuntimeError if one is named twice."""
    found = tuple(one_axis(d, ndim, name) for d in (dims if isinstance(dims, (tuple, list)) else (dims,)))
    if len(set(found)) < len(found):
        raise RuntimeError(f"{name}: a dimension is named twice in {tuple(dims)}")
    return found


def spread_out(first: Any, more: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    """What ``f((2, 3))`` and ``f(2, 3)`` both mean: (2, 3)."""
    return tuple(first) if isinstance(first, (tuple, list)) and not more else (first, *more)


def listed(tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    """What ``f(a, b)`` and ``f([a, b])`` both mean: (a, b)."""
    return tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors


def as_ints(first: Any, more: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """The ints that were given one by one or as a sequence. Raises TypeError for anything that is no int."""
    try:
        return tuple(map(as_int, spread_out(first, more)))
    except TypeError:
        raise TypeError(f"{name}: expected ints, one by one or in a tuple, got {spread_out(first, more)}") from None


def _resolved(shape: tuple[int, ...], size: int, old: tuple[int, ...], name: str) -> tuple[int, ...]:
    """The shape with its -1 worked out. Raises RuntimeError if the elements do not fit into it."""
    known = math.prod(n for n in shape if n != -1)
    holes = shape.count(-1)
    if holes > 1 or any(n < -1 for n in shape):
        raise RuntimeError(f"{name}: {shape} is no shape: sides are at least 0, and one of them may be -1")
    if holes and known == 0:
        raise RuntimeError(f"{name}: the -1 in {shape} can mean anything where another side is 0; write it out")
    if size != known if not holes else size % known:
        raise RuntimeError(
            f"{name}: shape '{list(shape)}' is invalid for input of size {size} (its shape is {tuple(old)}): "
            + (f"it has {known} elements." if not holes else f"{size} is no multiple of {known}.")
        )
    return tuple(size // known if n == -1 else n for n in shape)


# -- the same elements in another shape ---------------------------------------------------------------------


def reshape(input: Any, shape: Any = (), *more: Any) -> Tensor:
    """The same elements in another shape; one side may be -1. A view where the layout allows it, else a copy.

    Raises RuntimeError if the number of elements differs.

    >>> import tinygrad_edu as tg
    >>> tg.reshape(tg.tensor([[1, 2, 3], [4, 5, 6]]), (3, -1))
    tensor([[1, 2],
            [3, 4],
            [5, 6]])
    """
    x = lifted(input, "reshape")
    a, sides = x._array, as_ints(shape, more, "reshape")
    return rules.reshape(x, shape=_resolved(sides, a.size, a.shape, "reshape") if type(a) is ndarray else sides)


def view(input: Any, size: Any = (), *more: Any) -> Tensor:
    """`reshape` that never copies.

    Raises RuntimeError where the layout in memory does not allow it, and if the number of elements differs.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([1, 2, 3, 4])
    >>> x.view(2, 2)[0, 1] = 20
    >>> x
    tensor([ 1, 20,  3,  4])
    """
    if not isinstance(size, (tuple, list)) and not hasattr(size, "__index__"):
        raise TypeError("view: give a shape. Another dtype is given by x.to(dtype), which converts the numbers.")
    x = lifted(input, "view")
    a, sides = x._array, as_ints(size, more, "view")
    y = rules.reshape(x, shape=_resolved(sides, a.size, a.shape, "view") if type(a) is ndarray else sides)
    if type(a) is ndarray and a.size and y._view is None:
        raise RuntimeError(
            f"view size is not compatible with input tensor's size and stride: the elements of shape {a.shape} and "
            f"stride {tuple(s // a.itemsize for s in a.strides)} do not lie in memory so that shape {sides} can be "
            f"seen without a copy; it was probably transposed, expanded or sliced. Use "
            f"reshape({', '.join(map(str, sides))}), or .contiguous() first."
        )
    return y


def view_as(input: Any, other: Any) -> Tensor:
    """`view` in the shape of `other`.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1, 2]).view_as(tg.tensor([[0], [0]]))
    tensor([[1],
            [2]])
    """
    return view(input, tuple(other.shape))


def reshape_as(input: Any, other: Any) -> Tensor:
    """`reshape` to the shape of `other`."""
    return reshape(input, tuple(other.shape))


@numpy_names
def ravel(input: Any) -> Tensor:
    """All elements in one dimension.

    >>> import tinygrad_edu as tg
    >>> tg.ravel(tg.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return rules.reshape(lifted(input, "ravel"), shape=(-1,))


@numpy_names
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` (included) in one.

    >>> import tinygrad_edu as tg
    >>> tg.flatten(tg.tensor([[[1, 2]], [[3, 4]]]), start_dim=1)
    tensor([[1, 2],
            [3, 4]])
    """
    x = lifted(input, "flatten")
    shape = x._array.shape
    first, last = (one_axis(d, len(shape), "flatten") for d in (start_dim, end_dim))
    if first > last:
        raise RuntimeError(f"flatten: start_dim {start_dim} lies behind end_dim {end_dim} (shape {tuple(shape)})")
    merged = math.prod(shape[first : last + 1])
    return rules.reshape(x, shape=(*shape[:first], merged, *shape[last + 1 :]))


def unflatten(input: Any, dim: int, sizes: Any) -> Tensor:
    """The dimension `dim` divided into several; one size may be -1.

    >>> import tinygrad_edu as tg
    >>> tg.unflatten(tg.tensor([1, 2, 3, 4]), 0, (2, -1))
    tensor([[1, 2],
            [3, 4]])
    """
    x = lifted(input, "unflatten")
    shape = x._array.shape
    d = one_axis(dim, len(shape), "unflatten")
    sides = as_ints(sizes, (), "unflatten")
    if not sides:
        raise RuntimeError("unflatten: sizes must not be empty")
    inner = _resolved(sides, shape[d], shape[d : d + 1], "unflatten")
    return rules.reshape(x, shape=(*shape[:d], *inner, *shape[d + 1 :]))


@numpy_names
def squeeze(input: Any, dim: Any = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those among `dim` (others stay).

    >>> import tinygrad_edu as tg
    >>> tg.squeeze(tg.tensor([[[1], [2]]]), dim=0).shape
    Size([2, 1])
    """
    x = lifted(input, "squeeze")
    shape = x._array.shape
    among = range(len(shape)) if dim is None else many_axes(dim, len(shape), "squeeze")
    return rules.reshape(x, shape=tuple(n for k, n in enumerate(shape) if n != 1 or k not in among))


@numpy_names
def unsqueeze(input: Any, dim: int) -> Tensor:
    """With a new dimension of size 1 at `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.unsqueeze(tg.tensor([1, 2]), -1)
    tensor([[1],
            [2]])
    """
    x = lifted(input, "unsqueeze")
    shape = x._array.shape
    d = one_axis(dim, len(shape) + 1, "unsqueeze")
    return rules.reshape(x, shape=(*shape[:d], 1, *shape[d:]))


# -- the order of dimensions --------------------------------------------------------------------------------


def permute(input: Any, dims: Any = (), *more: Any) -> Tensor:
    """The dimensions in another order.

    Raises RuntimeError unless every dimension is named once.

    >>> import tinygrad_edu as tg
    >>> tg.permute(tg.tensor([[[1, 2, 3]]]), (2, 0, 1)).shape
    Size([3, 1, 1])
    """
    x = lifted(input, "permute")
    ndim, order = x._array.ndim, spread_out(dims, more)
    if len(order) != ndim:
        raise RuntimeError(f"permute: a tensor of {ndim} dimensions needs {ndim} numbers, got {tuple(order)}")
    return rules.transpose(x, axes=many_axes(order, ndim, "permute"))


@numpy_names
def transpose(input: Any, dim0: int, dim1: int) -> Tensor:
    """Two dimensions exchanged. (NumPy's transpose is `permute`.)

    >>> import tinygrad_edu as tg
    >>> tg.transpose(tg.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
    """
    x = lifted(input, "transpose")
    ndim = x._array.ndim
    a, b = one_axis(dim0, ndim, "transpose"), one_axis(dim1, ndim, "transpose")
    order = list(range(ndim))
    if order:
        order[a], order[b] = b, a
    return rules.transpose(x, axes=tuple(order))


def swapaxes(input: Any, axis0: int, axis1: int) -> Tensor:
    """Another name of `transpose`."""
    return transpose(input, axis0, axis1)


def swapdims(input: Any, dim0: int, dim1: int) -> Tensor:
    """Another name of `transpose`."""
    return transpose(input, dim0, dim1)


def t(input: Any) -> Tensor:
    """The transpose of a matrix; vectors and numbers stay as they are.

    Raises RuntimeError for more than two dimensions.

    >>> import tinygrad_edu as tg
    >>> tg.t(tg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    x = lifted(input, "t")
    ndim = x._array.ndim
    if ndim > 2:
        raise RuntimeError(
            f"t: the transpose of a matrix, but the tensor has {ndim} dimensions (shape {tuple(x._array.shape)}). Use "
            f".mT for matrices in a batch, or transpose(dim0, dim1)."
        )
    return rules.transpose(x, axes=tuple(range(ndim))[::-1])


def adjoint(input: Any) -> Tensor:
    """The matrices (the last two dimensions) transposed, and conjugated: real numbers are their own conjugates.

    >>> import tinygrad_edu as tg
    >>> tg.adjoint(tg.tensor([[[1, 2, 3]]])).shape
    Size([1, 3, 1])
    """
    return conj(transpose(input, -2, -1))


def all_reversed(input: Any) -> Tensor:
    """All dimensions in the opposite order: ``x.T``."""
    return rules.transpose(input, axes=tuple(range(input._array.ndim))[::-1])


def conjugate_t(input: Any) -> Tensor:
    """`t`, conjugated: ``x.H``."""
    return conj(t(input))


def conjugate_transposed(input: Any) -> Tensor:
    """The matrices transposed and conjugated: ``x.mH``. Raises as ``x.mT``."""
    return conj(matrix_transposed(input))


def matrix_transposed(input: Any) -> Tensor:
    """The matrices transposed: ``x.mT``. Raises RuntimeError for less than two dimensions."""
    if input._array.ndim < 2:
        raise RuntimeError(f"mT: matrices have two dimensions, but the shape is {tuple(input._array.shape)}")
    return transpose(input, -2, -1)


@numpy_names
def movedim(input: Any, source: Any, destination: Any) -> Tensor:
    """The dimensions `source` (int or tuple) moved to the places `destination`; the others keep their order.

    >>> import tinygrad_edu as tg
    >>> tg.movedim(tg.tensor([[[1, 2, 3]]]), -1, 0).shape
    Size([3, 1, 1])
    """
    x = lifted(input, "movedim")
    ndim = x._array.ndim
    old, new = many_axes(source, ndim, "movedim"), many_axes(destination, ndim, "movedim")
    if len(old) != len(new):
        raise RuntimeError(f"movedim: {len(old)} dimensions {old} cannot be moved to {len(new)} places {new}")
    if not ndim:
        return rules.transpose(x, axes=())
    order = [k for k in range(ndim) if k not in old]
    for place, k in sorted(zip(new, old, strict=True)):
        order.insert(place, k)
    return rules.transpose(x, axes=tuple(order))


def moveaxis(input: Any, source: Any, destination: Any) -> Tensor:
    """Another name of `movedim`."""
    return movedim(input, source, destination)


# -- copies -------------------------------------------------------------------------------------------------


def clone(input: Any, *, memory_format: Any = None) -> Tensor:
    """A copy, through which gradients flow. Changing it in place leaves the original alone.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([1., 2.], requires_grad=True)
    >>> y = x.clone()
    >>> y[0] = 5.
    >>> y.sum().backward()
    >>> x.grad
    tensor([0., 1.])
    """
    return rules.clone(input)


def contiguous(input: Any, memory_format: Any = None) -> Tensor:
    """The tensor itself if its elements lie in memory row by row, else a copy of which that is true."""
    a = input._array
    return rules.clone(input) if type(a) is ndarray and not a.flags.c_contiguous else input
