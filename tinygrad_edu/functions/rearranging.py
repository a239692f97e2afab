"""Elements in another order, repeated, padded; diagonals and triangles. Copies, except `diagonal` and `unfold`."""

from __future__ import annotations

from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import as_dtype
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import as_ints, lifted, many_axes, one_axis, spread_out
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import indexing as reads
from tinygrad_edu.rules import reductions
from tinygrad_edu.rules import shaping as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "diag", "diag_embed", "diagflat", "diagonal", "flip", "fliplr", "flipud", "repeat_interleave", "roll", "rot90",
    "tile", "trace", "tril", "tril_indices", "triu", "triu_indices"
]  # fmt: skip


# -- order --------------------------------------------------------------------------------------------------


@numpy_names
def flip(input: Any, dims: Any, *more: Any) -> Tensor:
    """Backwards along `dims` (ints or a tuple).

    >>> import tinygrad_edu as tg
    >>> tg.flip(tg.tensor([[1, 2], [3, 4]]), (0, 1))
    tensor([[4, 3],
            [2, 1]])
    """
    x = lifted(input, "flip")
    axis = many_axes(spread_out(dims, more), x._array.ndim, "flip")
    return rules.flip(x, axis=axis) if x._array.ndim else rules.clone(x)


def fliplr(input: Any) -> Tensor:
    """Left and right exchanged (dimension 1).

    >>> import tinygrad_edu as tg
    >>> tg.fliplr(tg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    return flip(input, 1)


def flipud(input: Any) -> Tensor:
    """Up and down exchanged (dimension 0).

    >>> import tinygrad_edu as tg
    >>> tg.flipud(tg.tensor([[1, 2], [3, 4]]))
    tensor([[3, 4],
            [1, 2]])
    """
    return flip(input, 0)


@numpy_names
def rot90(input: Any, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Turned by k right angles, from the first towards the second of `dims`.

    >>> import tinygrad_edu as tg
    >>> tg.rot90(tg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    x = lifted(input, "rot90")
    ndim = x._array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"rot90: a plane has two dimensions, got dims={tuple(dims)}")
    a, b = many_axes(dims, ndim, "rot90")
    order = list(range(ndim))
    order[a], order[b] = b, a
    if k % 4 == 1:
        return rules.transpose(rules.flip(x, axis=b), axes=tuple(order))
    if k % 4 == 2:
        return rules.flip(x, axis=(a, b))
    return rules.flip(rules.transpose(x, axes=tuple(order)), axis=b) if k % 4 else rules.clone(x)


@numpy_names
def roll(input: Any, shifts: Any, dims: Any = None) -> Tensor:
    """Elements shifted along `dims` (over the flat tensor if None); what falls out comes in again.

    >>> import tinygrad_edu as tg
    >>> tg.roll(tg.tensor([1, 2, 3, 4]), 1)
    tensor([4, 1, 2, 3])
    """
    x = lifted(input, "roll")
    many = shifts if isinstance(shifts, (tuple, list)) else (shifts,)
    if dims is None or (isinstance(dims, (tuple, list)) and not dims):
        if len(many) != 1:
            raise RuntimeError(f"roll: {len(many)} shifts need as many dims")
        return rules.roll(x, shift=as_int(many[0]), axis=None)
    at = dims if isinstance(dims, (tuple, list)) else (dims,)
    if len(many) != len(at):
        raise RuntimeError(f"roll: {len(many)} shifts {tuple(many)} for {len(at)} dims {tuple(at)}")
    axis = tuple(one_axis(d, x._array.ndim, "roll") for d in at)
    return rules.roll(x, shift=tuple(map(as_int, many)), axis=axis) if x._array.ndim else rules.clone(x)


# -- repetition ---------------------------------------------------------------------------------------------


def tile(input: Any, dims: Any = (), *more: Any) -> Tensor:
    """The whole laid side by side, dims[k] times along dimension k; missing ones in front count 1.

    >>> import tinygrad_edu as tg
    >>> tg.tile(tg.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    reps = as_ints(dims, more, "tile")
    if any(n < 0 for n in reps):
        raise RuntimeError(f"tile: numbers of repetitions are at least 0, got {reps}")
    return rules.tile(lifted(input, "tile"), reps=reps)


def repeat(input: Any, repeats: Any = (), *more: Any) -> Tensor:
    """`tile`, with a number for every dimension. (NumPy's repeat is `repeat_interleave`.)

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1, 2]).repeat(2, 1)
    tensor([[1, 2],
            [1, 2]])
    """
    x = lifted(input, "repeat")
    reps = as_ints(repeats, more, "repeat")
    if len(reps) < x._array.ndim:
        raise RuntimeError(
            f"repeat: give a number for each of the {x._array.ndim} dimensions, got {reps}. (To repeat each element: "
            f"repeat_interleave.)"
        )
    return tile(x, reps)


@numpy_names
def repeat_interleave(input: Any, repeats: Any = None, dim: Any = None, *, output_size: Any = None) -> Tensor:
    """Each element (or each slice along `dim`) `repeats` times in succession; an int, or one for each.

    With one argument: 0 … n−1, each as often as it says.

    >>> import tinygrad_edu as tg
    >>> tg.repeat_interleave(tg.tensor([1, 2, 3]), tg.tensor([2, 0, 1]))
    tensor([1, 1, 3])
    """
    if repeats is None:
        counts = input._array if isinstance(input, TensorBase) else np.asarray(input)
        return wrap(np.repeat(np.arange(len(counts)), counts))
    x = lifted(input, "repeat_interleave")
    if dim is None:
        x, dim = rules.reshape(x, shape=(-1,)), 0
    axis = one_axis(dim, x._array.ndim, "repeat_interleave")
    x = x if x._array.ndim else rules.reshape(x, shape=(1,))
    counts = np.asarray(repeats._array if isinstance(repeats, TensorBase) else repeats)
    n = x._array.shape[axis]
    if counts.dtype.kind not in "iu" or np.any(counts < 0):
        raise RuntimeError("repeat_interleave: repeats are integers, at least 0")
    if counts.size not in (1, n):
        raise RuntimeError(f"repeat_interleave: {counts.size} repeats for {n} elements along dimension {axis}")
    return reads.take(x, np.repeat(np.arange(n), np.reshape(counts, -1)), axis=axis)


def unfold(input: Any, dimension: int, size: int, step: int) -> Tensor:
    """Every `step`-th window of `size` along a dimension; a new last dimension runs through the window. A view.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1, 2, 3, 4]).unfold(0, 2, 1)
    tensor([[1, 2],
            [2, 3],
            [3, 4]])
    """
    x = lifted(input, "unfold")
    axis = one_axis(dimension, x._array.ndim, "unfold")
    if not x._array.ndim:
        return reads.getitem(unfold(rules.reshape(x, shape=(1,)), 0, size, step), index=(0, Ellipsis))
    n = x._array.shape[axis]
    if not 0 <= size <= n or step < 1:
        raise RuntimeError(
            f"unfold: windows of size {size} with step {step} do not fit into {n} elements (dimension {axis} of shape "
            f"{tuple(x._array.shape)}); the size is at most {n} and the step at least 1."
        )
    return rules.unfold(x, axis=axis, size=as_int(size), step=as_int(step))


# -- padding ------------------------------------------------------------------------------------------------

_MODES: Any = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


@numpy_names
def pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> Tensor:
    """Margins: (left, right) of the last dimension, then those of the one before it, …; negative ones cut off.

    mode: "constant" (filled with `value`, default 0), "reflect", "replicate" (the edge) or "circular".
    Raises RuntimeError for margins that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.pad(tg.tensor([1., 2., 3.]), (1, 2), value=9.)
    tensor([9., 1., 2., 3., 9., 9.])
    """
    x = lifted(input, "pad")
    shape, margins = x._array.shape, as_ints(tuple(pad), (), "pad")
    if len(margins) % 2 or len(margins) > 2 * len(shape):
        raise RuntimeError(
            f"pad: give two margins for each dimension, from the last one backwards, for at most {len(shape)} of them "
            f"(shape {tuple(shape)}); got {margins}"
        )
    widths = [(0, 0)] * (len(shape) - len(margins) // 2) + [*zip(margins[::2], margins[1::2], strict=True)][::-1]
    for n, (a, b) in zip(shape, widths, strict=True):
        if n + a + b < 0:
            raise RuntimeError(f"pad: the margins {(a, b)} cut off more than the {n} elements of shape {tuple(shape)}")
    outer = tuple((max(a, 0), max(b, 0)) for a, b in widths)
    cut = tuple((max(-a, 0), max(-b, 0)) for a, b in widths)
    if mode in ("constant", "circular") and any(map(any, cut)):
        x = reads.getitem(x, index=tuple(slice(a, n - b) for n, (a, b) in zip(shape, cut, strict=True)))
        shape, cut = x._array.shape, ((0, 0),) * len(shape)
    if mode == "constant":
        return rules.pad(x, widths=outer, value=0 if value is None else value)
    if mode not in _MODES:
        raise NotImplementedError(f"pad: mode must be constant, reflect, replicate or circular, not {mode!r}")
    for axis, (n, (a, b)) in enumerate(zip(shape, outer, strict=True)):
        if a or b or any(cut[axis]):
            most = {"reflect": n - 1, "circular": n}.get(mode, max(a, b) if n else 0)
            if max(a, b) > most:
                raise RuntimeError(
                    f"pad: mode {mode!r} takes margins of at most {most} from {n} elements (dimension {axis}), "
                    f"not {(a, b)}"
                )
            where = np.pad(np.arange(n), (a, b), _MODES[mode])
            x = reads.take(x, where[cut[axis][0] : len(where) - cut[axis][1]], axis=axis)
    return x


# -- diagonals and triangles --------------------------------------------------------------------------------


@numpy_names
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """The diagonals of the matrices that two dimensions span, as a new last dimension. A view.

    offset: which diagonal; positive ones lie above the main one.

    >>> import tinygrad_edu as tg
    >>> tg.diagonal(tg.tensor([[1, 2], [3, 4]]))
    tensor([1, 4])
    """
    x = lifted(input, "diagonal")
    a, b = _plane(dim1, dim2, x._array.ndim, "diagonal")
    return rules.diagonal(x, offset=offset, axis1=a, axis2=b)


def _plane(dim1: int, dim2: int, ndim: int, name: str) -> tuple[int, int]:
    a, b = one_axis(dim1, ndim, name), one_axis(dim2, ndim, name)
    if a == b:
        raise RuntimeError(f"{name}: two different dimensions span a matrix, got {dim1} and {dim2} (both are {a})")
    return a, b


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the vectors in the last dimension on the diagonals of new dimensions `dim1` and `dim2`.

    >>> import tinygrad_edu as tg
    >>> tg.diag_embed(tg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    x = lifted(input, "diag_embed")
    *rest, n = x._array.shape
    a, b = _plane(dim1, dim2, len(rest) + 2, "diag_embed")
    side = n + abs(offset)
    shape = list(rest)
    for k in sorted((a, b)):
        shape.insert(k, side)
    return rules.scatter_diagonal(x, shape=tuple(shape), offset=offset, axis1=a, axis2=b)


def diag(input: Any, diagonal: int = 0) -> Tensor:
    """Of a matrix its diagonal; of a vector the matrix with that diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.diag(tg.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
    x = lifted(input, "diag")
    if x._array.ndim == 1:
        return diag_embed(x, diagonal)
    if x._array.ndim != 2:
        raise RuntimeError(f"diag: expected a vector or a matrix, got shape {tuple(x._array.shape)}; see diagonal()")
    return rules.clone(rules.diagonal(x, offset=diagonal, axis1=0, axis2=1))


def diagflat(input: Any, offset: int = 0) -> Tensor:
    """The matrix with all elements of `input` on a diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.diagflat(tg.tensor([[1], [2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(rules.reshape(lifted(input, "diagflat"), shape=(-1,)), offset)


def trace(input: Any) -> Tensor:
    """The sum of a matrix's diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.trace(tg.tensor([[1., 2.], [3., 4.]]))
    tensor(5.)
    """
    x = lifted(input, "trace")
    if x._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, got shape {tuple(x._array.shape)}")
    return reductions.sum(rules.diagonal(x, offset=0, axis1=0, axis2=1))


def tril(input: Any, diagonal: int = 0) -> Tensor:
    """Matrices with zeros above a diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.tril(tg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 0],
            [3, 4]])
    """
    return rules.tril(_matrices(input, "tril"), k=diagonal)


def triu(input: Any, diagonal: int = 0) -> Tensor:
    """Matrices with zeros below a diagonal.

    >>> import tinygrad_edu as tg
    >>> tg.triu(tg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 2],
            [0, 4]])
    """
    return rules.triu(_matrices(input, "triu"), k=diagonal)


def _matrices(input: Any, name: str) -> Any:
    x = lifted(input, name)
    if x._array.ndim < 2:
        raise RuntimeError(f"{name}: matrices have two dimensions, but the shape is {tuple(x._array.shape)}")
    return x


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64, device: Any = None) -> Tensor:
    """The positions below and on a diagonal of a (row, col) matrix: rows, then columns.

    >>> import tinygrad_edu as tg
    >>> tg.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return wrap(np.stack(np.tril_indices(row, offset, col)).astype(as_dtype(dtype)))


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = np.int64, device: Any = None) -> Tensor:
    """The positions above and on a diagonal of a (row, col) matrix: rows, then columns.

    >>> import tinygrad_edu as tg
    >>> tg.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return wrap(np.stack(np.triu_indices(row, offset, col)).astype(as_dtype(dtype)))
