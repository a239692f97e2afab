"""Joining tensors, and taking them apart, under PyTorch's names. What is taken apart are views."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.broadcasting import atleast_1d, atleast_2d, atleast_3d
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import as_ints, lifted, listed, one_axis
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import indexing, shaping
from tinygrad_edu.rules import joining as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "block_diag", "cartesian_prod", "cat", "chunk", "column_stack", "combinations", "concat", "concatenate", "dsplit",
    "dstack", "hsplit", "hstack", "meshgrid", "row_stack", "split", "split_with_sizes", "stack", "tensor_split",
    "unbind", "vsplit", "vstack",
]  # fmt: skip


def _several(tensors: Any, name: str, dim: Any = None) -> list[Any]:
    """The tensors of a sequence. Raises TypeError if it is none; ValueError (`cat`) or RuntimeError if it is empty."""
    if isinstance(tensors, TensorBase) and isinstance(dim, TensorBase):
        raise TypeError(
            f"{name}: expected a tuple or list of tensors, and their dimension: write {name}([a, b], dim=…)"
        )
    if isinstance(tensors, TensorBase):
        tensors = unbind(tensors) if tensors._array.ndim else [tensors]
    elif not isinstance(tensors, Sequence) and not hasattr(tensors, "__iter__"):
        raise TypeError(f"{name}: expected a tuple or list of tensors, got {type(tensors).__name__}")
    xs = [lifted(x, name) for x in tensors]
    if not xs and name == "cat":
        raise ValueError("torch.cat(): expected a non-empty list of Tensors, at least one, but it is empty")
    if not xs:
        raise RuntimeError(f"{name} expects a non-empty TensorList: at least one tensor, but the list is empty")
    return xs


def _shapes(xs: Sequence[Any]) -> str:
    return ", ".join(str(tuple(x._array.shape)) for x in xs)


# -- joining ------------------------------------------------------------------------------------------------


@numpy_names
def cat(tensors: Any, dim: int = 0) -> Tensor:
    """The tensors one after the other along `dim`. (Tensors of shape (0,) are left out, as in PyTorch.)

    Raises RuntimeError unless the other sides are equal, ValueError if there are no tensors.

    >>> import tinygrad_edu as tg
    >>> tg.cat([tg.tensor([[1, 2]]), tg.tensor([[3, 4]])], dim=1)
    tensor([[1, 2, 3, 4]])
    """
    xs = _several(tensors, "cat", dim)
    if len(some := [x for x in xs if x._array.shape != (0,)]) < len(xs):
        xs = some or xs[:1]
    shape = xs[0]._array.shape
    axis = one_axis(dim, len(shape), "cat")
    rest = (*shape[:axis], *shape[axis + 1 :])
    for x in xs:
        s = x._array.shape
        if not s:
            raise RuntimeError("cat: tensors without dimensions cannot be joined end to end. Use stack.")
        if len(s) != len(shape) or (*s[:axis], *s[axis + 1 :]) != rest:
            raise RuntimeError(
                f"cat: Sizes of tensors must match except in dimension {axis}, but the shapes are {_shapes(xs)}. (A "
                f"new dimension is made by stack.)"
            )
    return rules.concatenate(*xs, axis=axis)


def concat(tensors: Any, dim: int = 0) -> Tensor:
    """Another name of `cat`."""
    return cat(tensors, dim)


def concatenate(tensors: Any, axis: int = 0) -> Tensor:
    """Another name of `cat`."""
    return cat(tensors, axis)


@numpy_names
def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Tensors of one shape, side by side along a new dimension `dim`.

    Raises RuntimeError if the shapes differ.

    >>> import tinygrad_edu as tg
    >>> tg.stack([tg.tensor([1, 2]), tg.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
    xs = _several(tensors, "stack", dim)
    shape = xs[0]._array.shape
    axis = one_axis(dim, len(shape) + 1, "stack")
    if any(x._array.shape != shape for x in xs):
        raise RuntimeError(
            f"stack expects each tensor to be equal size, but got {_shapes(xs)}. (To join end to end: cat.)"
        )
    return rules.stack(*xs, axis=axis)


def hstack(tensors: Any) -> Tensor:
    """Side by side: joined along dimension 1, vectors along 0.

    >>> import tinygrad_edu as tg
    >>> tg.hstack([tg.tensor([[1], [2]]), tg.tensor([[3], [4]])])
    tensor([[1, 3],
            [2, 4]])
    """
    xs = [atleast_1d(x) for x in _several(tensors, "hstack")]
    return cat(xs, 0 if xs[0]._array.ndim == 1 else 1)


def vstack(tensors: Any) -> Tensor:
    """One under the other: joined along dimension 0, vectors as rows.

    >>> import tinygrad_edu as tg
    >>> tg.vstack([tg.tensor([1, 2]), tg.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return cat([atleast_2d(x) for x in _several(tensors, "vstack")], 0)


def row_stack(tensors: Any) -> Tensor:
    """Another name of `vstack`."""
    return vstack(tensors)


def dstack(tensors: Any) -> Tensor:
    """One behind the other: joined along dimension 2.

    >>> import tinygrad_edu as tg
    >>> tg.dstack([tg.tensor([1, 2]), tg.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return cat([atleast_3d(x) for x in _several(tensors, "dstack")], 2)


def column_stack(tensors: Any) -> Tensor:
    """Side by side, vectors as columns.

    >>> import tinygrad_edu as tg
    >>> tg.column_stack([tg.tensor([1, 2]), tg.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    xs = _several(tensors, "column_stack")
    return cat([x if x._array.ndim > 1 else shaping.reshape(x, shape=(-1, 1)) for x in xs], 1)


def block_diag(*tensors: Any) -> Tensor:
    """The matrices along the diagonal of a larger one, zeros elsewhere; vectors count as rows.

    >>> import tinygrad_edu as tg
    >>> tg.block_diag(tg.tensor([[1, 2]]), tg.tensor([[3]]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    xs = [atleast_2d(x) for x in _several(listed(tensors), "block_diag")]
    if any(x._array.ndim > 2 for x in xs):
        raise RuntimeError(f"block_diag: tensors must have at most two dimensions, got {_shapes(xs)}")
    ends = list(itertools.accumulate(x._array.shape[1] for x in xs))
    margins = [(end - x._array.shape[1], ends[-1] - end) for x, end in zip(xs, ends, strict=True)]
    return cat([shaping.pad(x, widths=((0, 0), m), value=0) for x, m in zip(xs, margins, strict=True)])


# -- taking apart -------------------------------------------------------------------------------------------


def _cut(x: Any, seams: Sequence[int], axis: int) -> tuple[Tensor, ...]:
    """The parts of `x` between the seams: views made by one call."""
    return tuple(rules.split(x, seams=tuple(seams), axis=axis))


@numpy_names
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Parts of the given size along `dim` (the last may be smaller), or of the given sizes.

    Raises RuntimeError if sizes do not add up to the side.

    >>> import tinygrad_edu as tg
    >>> tg.split(tg.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    x = lifted(tensor, "split")
    axis = one_axis(dim, x._array.ndim, "split")
    if not x._array.ndim:
        raise RuntimeError("split: a tensor without dimensions cannot be split")
    n = x._array.shape[axis]
    if isinstance(split_size_or_sections, (tuple, list)):
        sizes = as_ints(split_size_or_sections, (), "split")
        if sum(sizes) != n or any(s < 0 for s in sizes):
            raise RuntimeError(
                f"split: the sizes {sizes} add up to {sum(sizes)}, but dimension {axis} has {n} elements"
            )
        return _cut(x, list(itertools.accumulate(sizes))[:-1], axis)
    size = as_int(split_size_or_sections)
    if size < 0 or (size == 0 and n):
        raise RuntimeError(f"split: parts have at least one element, got a size of {size}")
    return _cut(x, range(size, n, size) if size else (), axis)


@numpy_names
def split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """`split` into parts of the given sizes."""
    return split(input, list(split_sizes), dim)


def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most `chunks` parts of equal size along `dim` (the last may be smaller).

    >>> import tinygrad_edu as tg
    >>> tg.chunk(tg.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    if chunks < 1:
        raise RuntimeError(f"chunk: there is at least one part, got chunks={chunks}")
    x = lifted(input, "chunk")
    if not x._array.ndim:
        raise RuntimeError("chunk: a tensor without dimensions cannot be cut into parts")
    axis = one_axis(dim, x._array.ndim, "chunk")
    n = x._array.shape[axis]
    return split(x, -(-n // chunks), axis) if n else _cut(x, (0,) * (chunks - 1), axis)


@numpy_names
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """So many parts of nearly equal size along `dim`, or the parts between the given indices.

    >>> import tinygrad_edu as tg
    >>> tg.tensor_split(tg.tensor([1, 2, 3, 4]), (1, 3))
    (tensor([1]), tensor([2, 3]), tensor([4]))
    """
    x = lifted(input, "tensor_split")
    if not x._array.ndim:
        raise RuntimeError("tensor_split: a tensor without dimensions cannot be split")
    axis = one_axis(dim, x._array.ndim, "tensor_split")
    n = x._array.shape[axis]
    at = indices_or_sections
    if isinstance(at, TensorBase):
        at = at._array.tolist()
    if not isinstance(at, (tuple, list)):
        parts = as_int(at)
        if parts < 1:
            raise RuntimeError(f"tensor_split: there is at least one part, got {parts}")
        return _cut(x, list(itertools.accumulate(n // parts + (k < n % parts) for k in range(parts - 1))), axis)
    seams = [min(max(k + n if k < 0 else k, 0), n) for k in as_ints(tuple(at), (), "tensor_split")]
    if seams == sorted(seams):
        return _cut(x, seams, axis)
    before = (slice(None),) * axis  # parts that overlap
    return tuple(indexing.getitem(x, index=(*before, slice(a, b))) for a, b in itertools.pairwise((0, *seams, n)))


def _split_at(input: Any, at: Any, dim: int, name: str) -> tuple[Tensor, ...]:
    x = lifted(input, name)
    ndim = x._array.ndim
    if ndim <= (dim if name != "hsplit" else 0):
        raise RuntimeError(f"{name}: the tensor has only {ndim} dimensions (shape {tuple(x._array.shape)})")
    dim = min(dim, ndim - 1)
    if isinstance(at, int) and (at < 1 or x._array.shape[dim] % at):
        raise RuntimeError(
            f"{name}: {x._array.shape[dim]} elements along dimension {dim} do not make {at} equal parts. "
            f"tensor_split makes nearly equal ones."
        )
    return tensor_split(x, at, dim)


def hsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal parts side by side (dimension 1, of vectors 0), or the parts between the given indices.

    >>> import tinygrad_edu as tg
    >>> tg.hsplit(tg.tensor([1, 2, 3, 4]), 2)
    (tensor([1, 2]), tensor([3, 4]))
    """
    return _split_at(input, indices_or_sections, 1, "hsplit")


def vsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal parts one under the other (dimension 0, of at least two), or the parts between the given indices.

    >>> import tinygrad_edu as tg
    >>> tg.vsplit(tg.tensor([[1], [2]]), 2)
    (tensor([[1]]), tensor([[2]]))
    """
    if lifted(input, "vsplit")._array.ndim < 2:
        raise RuntimeError("vsplit: expected at least two dimensions; a vector is split by hsplit")
    return _split_at(input, indices_or_sections, 0, "vsplit")


def dsplit(input: Any, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Equal parts one behind the other (dimension 2), or the parts between the given indices.

    >>> import tinygrad_edu as tg
    >>> tg.dsplit(tg.tensor([[[1, 2]]]), 2)
    (tensor([[[1]]]), tensor([[[2]]]))
    """
    return _split_at(input, indices_or_sections, 2, "dsplit")


@numpy_names
def unbind(input: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along `dim`, without that dimension.

    >>> import tinygrad_edu as tg
    >>> tg.unbind(tg.tensor([[1, 2], [3, 4]]))
    (tensor([1, 2]), tensor([3, 4]))
    """
    x = lifted(input, "unbind")
    if not x._array.ndim:
        raise RuntimeError("unbind: a tensor without dimensions has no slices")
    return tuple(rules.unbind(x, axis=one_axis(dim, x._array.ndim, "unbind")))


# -- grids --------------------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Coordinates of a grid, from one vector for each dimension.

    indexing: "ij" (default, as in PyTorch: the k-th vector runs along dimension k) or "xy" (NumPy's default: the
    first two exchanged).

    >>> import tinygrad_edu as tg
    >>> x, y = tg.meshgrid(tg.tensor([1, 2]), tg.tensor([3, 4]), indexing="xy")
    >>> x
    tensor([[1, 2],
            [1, 2]])
    """
    if indexing not in (None, "ij", "xy"):
        raise RuntimeError(f"meshgrid: indexing must be 'ij' or 'xy', not {indexing!r}")
    xs = [atleast_1d(x) for x in _several(listed(tensors), "meshgrid")]
    if any(x._array.ndim > 1 for x in xs):
        raise RuntimeError(f"meshgrid: expected vectors, got shapes {_shapes(xs)}")
    places = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        places[:2] = 1, 0
    full = [0] * len(xs)
    for x, k in zip(xs, places, strict=True):
        full[k] = x._array.size
    return tuple(
        shaping.broadcast_to(
            shaping.reshape(x, shape=tuple(-1 if j == k else 1 for j in range(len(xs)))), shape=tuple(full)
        )
        for x, k in zip(xs, places, strict=True)
    )


def cartesian_prod(*tensors: Any) -> Tensor:
    """All ways of taking one element of each vector, one way a row.

    >>> import tinygrad_edu as tg
    >>> tg.cartesian_prod(tg.tensor([1, 2]), tg.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    grids = meshgrid(*tensors)
    flat = [shaping.reshape(x, shape=(-1,)) for x in grids]
    return stack(flat, 1) if len(flat) > 1 else flat[0]


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All ways of taking r elements of a vector in order, one way a row.

    >>> import tinygrad_edu as tg
    >>> tg.combinations(tg.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    x = lifted(input, "combinations")
    if x._array.ndim != 1:
        raise RuntimeError(f"combinations: expected a vector, got shape {tuple(x._array.shape)}")
    pick = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(pick(range(x._array.size), r)), np.intp)
    return indexing.take(x, chosen.reshape(-1, r) if math.prod(chosen.shape) else np.empty((0, r), np.intp), axis=0)
