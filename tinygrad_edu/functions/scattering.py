"""Writing by index, out of place: a changed copy of `input`. The in-place forms are the tensor's methods with ``_``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.broadcasting import broadcast_shapes
from tinygrad_edu.functions.indexing import FULL, along, as_mask, corner, parsed, positions
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import lifted, many_axes, one_axis
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise, shaping
from tinygrad_edu.rules import indexing as rules
from tinygrad_edu.rules import scattering as combining

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "diagonal_scatter", "index_add", "index_copy", "index_fill", "index_put", "masked_fill", "masked_scatter",
    "scatter", "scatter_add", "scatter_reduce", "select_scatter", "slice_scatter"
]  # fmt: skip


# -- along one dimension, element by element ------------------------------------------------------------------


def _places(x: Any, dim: int, index: Any, src: Any, name: str) -> tuple[Any, int, Any, Any]:
    """What scatter works on: tensor, axis, index and the part of `src` that is used, all of one dimension or more."""
    axis, at = along(name, x, dim, index)
    have = src._array.shape if isinstance(src, TensorBase) else ()
    if have and (len(have) != max(len(at.shape), 1) or any(m > n for m, n in zip(at.shape, have, strict=False))):
        raise RuntimeError(
            f"{name}: the index (shape {tuple(at.shape)}) must not be larger than src (shape {tuple(have)}) in any "
            f"dimension"
        )
    if not x._array.ndim:
        x, axis = shaping.reshape(x, shape=(1,)), 0
    if not at.ndim:
        at = shaping.reshape(at, shape=(1,))
    if isinstance(src, TensorBase):
        src = corner(src, at.shape) if src._array.ndim else shaping.broadcast_to(src, shape=tuple(at.shape))
    return x, axis, at, src


def _grid(at: Any, axis: int) -> tuple[Any, ...]:
    """The index arrays of all dimensions: `at` along `axis`, where it stands along the others."""
    i = at._array if isinstance(at, TensorBase) else at
    grid = [np.arange(n).reshape(-1, *(1,) * (i.ndim - k - 1)) for k, n in enumerate(i.shape)]
    grid[axis] = np.array(i)
    return tuple(np.broadcast_arrays(*grid))


@numpy_names
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """A copy with out[index[i][j]][j] = src[i][j] for dim 0, out[i][index[i][j]] = src[i][j] for dim 1, and so on.

    src: a tensor at least as large as `index`, or a number. reduce: "add" or "multiply" instead of writing.
    Where `index` repeats a position, one of the writes remains, and only that one has a gradient.
    Raises IndexError for positions out of range, RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.scatter(tg.zeros(2, 3), 1, tg.tensor([[2], [0]]), 5.)
    tensor([[0., 0., 5.],
            [5., 0., 0.]])
    """
    x, src = lifted(input, "scatter"), value if src is None else src
    if reduce not in (None, "add", "multiply"):
        raise RuntimeError(f"scatter: reduce must be 'add' or 'multiply', not {reduce!r}")
    if src is None:
        raise TypeError("scatter: give src (a tensor) or value (a number)")
    shape = x._array.shape
    if reduce is not None:
        full = src if isinstance(src, TensorBase) else lifted(np.full(index.shape, src, x._array.dtype), "scatter")
        return scatter_reduce(x, dim, index, full, "sum" if reduce == "add" else "prod")
    _same_dtype("scatter", x, src)
    x, axis, at, src = _places(x, dim, index, src, "scatter")
    return shaping.reshape(rules.setitem(x, src, index=_grid(at, axis)), shape=shape)


def _same_dtype(name: str, x: Any, src: Any) -> None:
    if isinstance(src, TensorBase) and src._array.dtype != x._array.dtype and src._array.ndim:
        raise RuntimeError(
            f"{name}: the tensors' dtypes differ, {x._array.dtype} and {src._array.dtype}. Convert one: x.to(y.dtype)."
        )


@numpy_names
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Tensor:
    """A copy to which src[i][j] is added at [index[i][j]][j] for dim 0, [i][index[i][j]] for dim 1, and so on.

    >>> import tinygrad_edu as tg
    >>> tg.scatter_add(tg.zeros(3), 0, tg.tensor([0, 2, 2]), tg.tensor([1., 2., 3.]))
    tensor([1., 0., 5.])
    """
    x, src = lifted(input, "scatter_add"), lifted(src, "scatter_add")
    _same_dtype("scatter_add", x, src)
    shape = x._array.shape
    x, axis, at, src = _places(x, dim, index, src, "scatter_add")
    added = rules.scatter_along_axis(src, at, shape=x._array.shape, axis=axis)
    return shaping.reshape(elementwise.add(x, added), shape=shape)


@numpy_names
def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Tensor:
    """A copy in which what `scatter_add` would add is combined by `reduce` instead.

    reduce: "sum", "prod", "mean", "amax" or "amin". include_self: the element that was there takes part, too.
    Where several elements are the largest (smallest), they share the gradient evenly.

    >>> import tinygrad_edu as tg
    >>> tg.scatter_reduce(tg.ones(2), 0, tg.tensor([0, 0]), tg.tensor([2., 4.]), "mean", include_self=False)
    tensor([3., 1.])
    """
    x, src = lifted(input, "scatter_reduce"), lifted(src, "scatter_reduce")
    _same_dtype("scatter_reduce", x, src)
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"scatter_reduce: reduce must be sum, prod, mean, amax or amin, not {reduce!r}")
    shape = x._array.shape
    x, axis, at, src = _places(x, dim, index, src, "scatter_reduce")
    if not include_self:  # the neutral element takes the place of what is combined
        kind = x._array.dtype
        low, high = (-np.inf, np.inf) if kind.kind == "f" else (np.iinfo(kind).min, np.iinfo(kind).max)
        neutral = {"sum": 0, "mean": 0, "prod": 1, "amax": low, "amin": high}[reduce]
        x = rules.setitem(x, neutral, index=_grid(at, axis))
    if reduce in ("sum", "mean"):
        out = elementwise.add(x, rules.scatter_along_axis(src, at, shape=x._array.shape, axis=axis))
        if reduce == "mean":
            i = at._array if isinstance(at, TensorBase) else at
            count = rules.put_along_axis(np.ones(i.shape, src._array.dtype), i, x._array.shape, axis)
            count = np.maximum(count + 1 if include_self else count, 1)
            out = (
                elementwise.divide(out, count) if out._array.dtype.kind == "f" else elementwise.floor_divide(out, count)
            )
    elif reduce == "prod":
        out = combining.scatter_prod(x, src, at, axis=axis)
    else:
        out = combining.scatter_extreme(x, src, at, axis=axis, largest=reduce == "amax")
    return shaping.reshape(out, shape=shape)


# -- along one dimension, slice by slice ----------------------------------------------------------------------


def _slices(name: str, x: Any, dim: int, index: Any, source: Any = None) -> tuple[Any, int, Any, Any]:
    """What index_add and its like work on; a tensor without dimensions passes for one of length 1."""
    shape = x._array.shape
    axis = one_axis(dim, len(shape), name)
    if not shape:
        x = shaping.reshape(x, shape=(1,))
    at = positions(index, x._array.shape[axis], name)
    if at.ndim > 1:
        raise IndexError(f"{name}: the index must be a vector, got shape {tuple(at.shape)}")
    if not at.ndim:
        at = shaping.reshape(at, shape=(1,))
    if source is not None:
        if not source._array.ndim:
            source = shaping.reshape(source, shape=(1,) * x._array.ndim)
        want = (*x._array.shape[:axis], at.shape[0], *x._array.shape[axis + 1 :])
        if tuple(source._array.shape) != want:
            raise RuntimeError(
                f"{name}: source must have shape {want} ({at.shape[0]} slices along dimension {axis}), "
                f"not {tuple(source._array.shape)}"
            )
        _same_dtype(name, x, source)
    return x, axis, at, source


def _at(at: Any, axis: int) -> tuple[Any, ...]:
    return (*(FULL,) * axis, np.array(at._array if isinstance(at, TensorBase) else at))


@numpy_names
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Tensor:
    """A copy to which alpha · `source`'s slices are added at the positions `index` along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.index_add(tg.zeros(3), 0, tg.tensor([1, 1]), tg.tensor([1., 2.]))
    tensor([0., 3., 0.])
    """
    shape = (x := lifted(input, "index_add"))._array.shape
    x, axis, at, source = _slices("index_add", x, dim, index, lifted(source, "index_add"))
    source = source if alpha == 1 else elementwise.multiply(source, alpha)
    added = rules.scatter_rows(source, at, shape=x._array.shape, axis=axis)
    return shaping.reshape(elementwise.add(x, added), shape=shape)


@numpy_names
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Tensor:
    """A copy with `source`'s slices written at the positions `index` along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.index_copy(tg.zeros(3), 0, tg.tensor([2, 0]), tg.tensor([1., 2.]))
    tensor([2., 0., 1.])
    """
    shape = (x := lifted(input, "index_copy"))._array.shape
    x, axis, at, source = _slices("index_copy", x, dim, index, lifted(source, "index_copy"))
    return shaping.reshape(rules.setitem(x, source, index=_at(at, axis)), shape=shape)


@numpy_names
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Tensor:
    """A copy with the number `value` in the slices at the positions `index` along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.index_fill(tg.zeros(3), 0, tg.tensor([2, 0]), 7.)
    tensor([7., 0., 7.])
    """
    shape = (x := lifted(input, "index_fill"))._array.shape
    x, axis, at, _ = _slices("index_fill", x, dim, index)
    return shaping.reshape(rules.setitem(x, _number("index_fill", value), index=_at(at, axis)), shape=shape)


def _number(name: str, value: Any) -> Any:
    """A number or a tensor without dimensions. Raises RuntimeError for other tensors."""
    if isinstance(value, TensorBase) and value._array.ndim:
        raise RuntimeError(f"{name}: value must be a number, not a tensor of shape {tuple(value._array.shape)}")
    return value


# -- where a mask or an index says ----------------------------------------------------------------------------


def masked_fill(input: Any, mask: Any, value: Any) -> Tensor:
    """A copy with the number `value` where `mask` (bools, which broadcast with `input`) is true.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([1., -2.])
    >>> tg.masked_fill(x, x < 0, 0.)
    tensor([1., 0.])
    """
    x, m = lifted(input, "masked_fill"), as_mask(mask, "masked_fill")
    dtype, value = x._array.dtype, _number("masked_fill", value)
    out = elementwise.where(m, value, x)
    if out._array.dtype == dtype:
        return out
    if out._array.dtype.kind != dtype.kind:
        to = "cfloat" if np.iscomplexobj(value) else "float"
        raise RuntimeError(f"masked_fill: {value} does not fit into a {dtype} tensor. Convert it first: x.{to}().")
    return shaping.cast(out, dtype=dtype)


def masked_scatter(input: Any, mask: Any, source: Any) -> Tensor:
    """A copy with the elements of `source`, in order, where `mask` (bools, which broadcast with `input`) is true.

    Raises RuntimeError if `source` has too few.

    >>> import tinygrad_edu as tg
    >>> tg.masked_scatter(tg.zeros(3), tg.tensor([True, False, True]), tg.tensor([1., 2., 3.]))
    tensor([1., 0., 2.])
    """
    x, m, source = lifted(input, "masked_scatter"), as_mask(mask, "masked_scatter"), lifted(source, "masked_scatter")
    _same_dtype("masked_scatter", x, source)
    shape = broadcast_shapes(tuple(x._array.shape), tuple(m.shape))
    if tuple(x._array.shape) != shape:
        x = shaping.broadcast_to(x, shape=shape)
    m = np.array(np.broadcast_to(m, shape))
    n = int(np.count_nonzero(m))
    if source._array.size < n:
        raise RuntimeError(f"masked_scatter: the mask is true {n} times, but source has {source._array.size} elements")
    values = rules.getitem(shaping.reshape(source, shape=(-1,)), index=(slice(n),))
    return rules.setitem(x, values, index=(m,))


def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Tensor:
    """A copy with ``out[indices] = values``, or ``out[indices] += values`` if they are to accumulate.

    indices: a tuple of tensors of ints or bools, as between brackets.

    >>> import tinygrad_edu as tg
    >>> tg.index_put(tg.zeros(2, 2), (tg.tensor([0, 0]), tg.tensor([1, 1])), tg.tensor(1.), accumulate=True)
    tensor([[0., 2.],
            [0., 0.]])
    """
    x, values = lifted(input, "index_put"), lifted(values, "index_put")
    _same_dtype("index_put", x, values)
    basic, arrays = parsed(tuple(indices), x._array.shape, explain=True)
    index = arrays or basic or (Ellipsis,)
    if arrays and basic:
        raise IndexError("index_put: indices are tensors (or None for all of a dimension)")
    if not accumulate:
        return rules.setitem(x, values, index=index)
    shape = x._array[index].shape
    added = rules.scatter(shaping.broadcast_to(values, shape=shape), index=index, shape=x._array.shape)
    return elementwise.add(x, added)


# -- where a view would be --------------------------------------------------------------------------------------


def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with `src` on the diagonal: what ``x.diagonal().copy_(src)`` does in place.

    >>> import tinygrad_edu as tg
    >>> tg.diagonal_scatter(tg.zeros(2, 2), tg.tensor([1., 2.]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    x, src = lifted(input, "diagonal_scatter"), lifted(src, "diagonal_scatter")
    a, b = many_axes((dim1, dim2), x._array.ndim, "diagonal_scatter")
    order = (*(k for k in range(x._array.ndim) if k not in (a, b)), a, b)
    m, n = (x._array.shape[k] for k in (a, b))
    i = np.arange(max(min(m + min(offset, 0), n - max(offset, 0)), 0))
    _written_shape("diagonal_scatter", src, (*(x._array.shape[k] for k in order[:-2]), i.size))
    y = rules.setitem(shaping.transpose(x, axes=order), src, index=(Ellipsis, i - min(offset, 0), i + max(offset, 0)))
    return shaping.transpose(y, axes=shaping.inverse(order))


def _written_shape(name: str, src: Any, shape: tuple[int, ...]) -> None:
    if tuple(src._array.shape) != shape:
        raise RuntimeError(
            f"{name}: src must have the shape {shape} of what it replaces, not {tuple(src._array.shape)}"
        )


def select_scatter(input: Any, src: Any, dim: int, index: int) -> Tensor:
    """A copy with `src` as the slice at one position along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.select_scatter(tg.zeros(2, 2), tg.tensor([1., 2.]), 0, 1)
    tensor([[0., 0.],
            [1., 2.]])
    """
    x, src = lifted(input, "select_scatter"), lifted(src, "select_scatter")
    at, _ = parsed((*(FULL,) * one_axis(dim, x._array.ndim, "select_scatter"), index), x._array.shape)
    assert at is not None
    _written_shape("select_scatter", src, x._array[at].shape)
    return rules.setitem(x, src, index=at)


def slice_scatter(input: Any, src: Any, dim: int = 0, start: Any = None, end: Any = None, step: int = 1) -> Tensor:
    """A copy with `src` in the place of a slice along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.slice_scatter(tg.zeros(3), tg.tensor([1., 2.]), start=1)
    tensor([0., 1., 2.])
    """
    x, src = lifted(input, "slice_scatter"), lifted(src, "slice_scatter")
    axis = one_axis(dim, x._array.ndim, "slice_scatter")
    at, _ = parsed((*(FULL,) * axis, slice(start, end, step)), x._array.shape)
    assert at is not None
    _written_shape("slice_scatter", src, x._array[at].shape)
    return rules.setitem(x, src, index=at)
