"""Reading by index: what goes between the brackets, and its relatives under PyTorch's names."""

from __future__ import annotations

from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.functions.broadcasting import broadcast_shapes
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import lifted, one_axis
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import indexing as rules
from tinygrad_edu.rules import shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "argwhere", "gather", "index_select", "masked_select", "narrow", "nonzero", "select", "take", "take_along_dim"
]  # fmt: skip

FULL = slice(None)


# -- between the brackets -----------------------------------------------------------------------------------


def getitem(input: Any, index: Any) -> Tensor:
    """``input[index]``: ints, slices, None and an ellipsis give a view; arrays of ints or bools a copy.

    Raises IndexError for what is no index or out of range, ValueError for slices that run backwards.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1, 2, 3], [4, 5, 6]])
    >>> x[:, [0, -1]]
    tensor([[1, 3],
            [4, 6]])
    """
    basic, arrays = parsed(index, input._array.shape)
    try:
        x = input if basic is None else rules.getitem(input, index=basic)
        return x if arrays is None else rules.getitem(x, index=arrays)
    except IndexError:
        parsed(index, input._array.shape, explain=True)
        raise


def parsed(index: Any, shape: Any, explain: bool = False) -> tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]:
    """What an index means, in two steps: first ints, slices and new axes, then arrays (as in PyTorch; NumPy counts
    ints as arrays where arrays stand, too). Each step is a tuple for NumPy's brackets, or None: nothing to do.

    Arrays are copied, so that they may be changed afterwards. NumPy itself checks what they hold (to `explain` what it
    found wrong, IndexError is raised here).
    """
    parts = index if type(index) is tuple else (index,)
    parts = tuple(part if type(part) in _BASIC else _converted(part) for part in parts)
    used = sum(_dimensions(part) for part in parts)
    if used > len(shape):
        if not shape and used == 1:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}: {used} (its shape is {tuple(shape)})")
    dots = [k for k, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can have one ellipsis (...) only")
    basic: list[Any] = []
    arrays: list[Any] = []
    axis, trivial = 0, True
    for part in parts:
        if part is Ellipsis:
            basic.append(part)
            arrays += [FULL] * (len(shape) - used)
            axis += len(shape) - used
        elif part is None:
            basic.append(part)
            arrays.append(FULL)
            trivial = False
        elif type(part) is slice:
            if part.step is not None and part.step < 1:
                raise ValueError(f"a slice's step must be greater than zero, not {part.step}. Use x.flip({axis}).")
            basic.append(part)
            arrays.append(FULL)
            axis += 1
            trivial = trivial and part == FULL
        elif type(part) is int:
            if not -shape[axis] <= part < shape[axis]:
                raise IndexError(_out_of_range(part, axis, shape))
            basic.append(part)
            axis += 1
            trivial = False
        elif part.ndim == 0:  # one bool: a new axis, of length 1 or 0
            basic.append(None)
            arrays.append(np.zeros(int(part), np.intp))
            trivial = False
        else:
            if explain:
                _check(part, axis, shape)
            basic += [FULL] * _dimensions(part)
            arrays.append(part)
            axis += _dimensions(part)
    while arrays and arrays[-1] is FULL:
        arrays.pop()
    if not arrays:
        return (tuple(basic) if dots else (*basic, Ellipsis)), None  # with an ellipsis, 0-d results are views, too
    return None if trivial else tuple(basic), tuple(arrays)


_BASIC = {int, slice, type(None), type(Ellipsis)}


def _converted(part: Any) -> Any:
    """One element of an index as an int, or an array (a copy) of ints or bools."""
    if isinstance(part, TensorBase):
        part = part._array
    if isinstance(part, (bool, np.bool_)):
        return np.array(bool(part))
    if isinstance(part, (list, tuple, range)):
        part = _from_list(part)
    if not hasattr(part, "dtype") and hasattr(part, "__index__"):
        return as_int(part)
    if not hasattr(part, "dtype"):
        raise IndexError(
            f"an index consists of ints, slices, None, ... and tensors, arrays or lists of ints or bools; got "
            f"{part!r} ({type(part).__name__})"
        )
    if part.dtype.kind not in "iub" or (part.dtype == np.uint8 and part.ndim):
        raise IndexError(
            "a uint8 tensor as index is a mask in PyTorch and positions in NumPy. Say which: .bool() or .long()."
            if part.dtype == np.uint8
            else f"a tensor as index holds ints or bools, not {part.dtype}. Convert it: i.long(), or mask = x > 0."
        )
    return int(part) if part.ndim == 0 and part.dtype.kind != "b" else np.array(part)


def _from_list(part: Any) -> Any:
    plain = [p._array if isinstance(p, TensorBase) else p for p in part]
    try:
        a = np.array(plain)
    except ValueError:
        a = np.empty(0, object)
    return a.astype(np.intp) if a.size == 0 and a.dtype.kind == "f" else a


def _dimensions(part: Any) -> int:
    """How many dimensions of the tensor an element of an index stands for."""
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if type(part) is ndarray and part.dtype.kind == "b" else 1


def _out_of_range(i: Any, axis: int, shape: Any) -> str:
    n = shape[axis]
    valid = f"valid are {-n} … {n - 1}" if n else "it is empty"
    return f"index {i} is out of bounds for dimension {axis} with size {n} (shape {tuple(shape)}): {valid}"


def _check(part: Any, axis: int, shape: Any) -> None:
    if part.dtype.kind == "b":
        if part.shape != tuple(shape[axis : axis + part.ndim]):
            raise IndexError(
                f"a mask of shape {part.shape} does not fit dimensions {axis} … {axis + part.ndim - 1} of shape "
                f"{tuple(shape)}"
            )
    elif part.size and ((low := part.min()) < -shape[axis] or (high := part.max()) >= shape[axis]):
        raise IndexError(_out_of_range(low if low < -shape[axis] else high, axis, shape))


# -- along one dimension ------------------------------------------------------------------------------------


def positions(index: Any, n: int, name: str, negative: bool = False) -> Any:
    """An index tensor, checked against a side of length n. Raises TypeError, or IndexError if out of range."""
    i = index._array if isinstance(index, TensorBase) else np.asarray(index)
    if i.dtype.kind not in "iu":
        if i.size:
            raise TypeError(f"{name}: the index must hold ints, not {i.dtype}. Convert it: index.long().")
        return i.astype(np.intp)
    if type(i) is ndarray and i.size:
        low, high = i.min(), i.max()
        if low < (-n if negative else 0) or high >= n:
            raise IndexError(
                f"{name}: index {high if high >= n else low} is out of range: the dimension has {n} elements, "
                f"so {f'{-n} … ' if negative else '0 … '}{n - 1} are valid"
            )
    return index if isinstance(index, TensorBase) else i


def rows(input: Any, index: Any, axis: Any) -> Tensor:
    """The slices at the positions `index` (of any shape) along `axis`, as `np.take` gives them."""
    axis = one_axis(axis, input._array.ndim, "take")
    return rules.take(input, positions(index, input._array.shape[axis], "take", negative=True), axis=axis)


@numpy_names
def index_select(input: Any, dim: int, index: Any) -> Tensor:
    """The slices at the positions in the vector `index` along `dim`.

    Raises IndexError if a position is out of range (negative ones are).

    >>> import tinygrad_edu as tg
    >>> tg.index_select(tg.tensor([[1, 2], [3, 4]]), 0, tg.tensor([1, 1]))
    tensor([[3, 4],
            [3, 4]])
    """
    x = lifted(input, "index_select")
    axis = one_axis(dim, x._array.ndim, "index_select")
    if not x._array.ndim:
        one = positions(index, 1, "index_select")
        n = lifted(one, "index_select")._array.size
        if n != 1:
            raise RuntimeError(f"index_select: a tensor without dimensions has one element, not {n} to choose")
        return shaping.reshape(rules.take(shaping.reshape(x, shape=(1,)), one, axis=0), shape=())
    at = positions(index, x._array.shape[axis], "index_select")
    if at.ndim > 1:
        raise IndexError(f"index_select: the index must be a vector, got shape {tuple(at.shape)}")
    return rules.take(x, at if at.ndim else shaping.reshape(at, shape=(1,)), axis=axis)


@numpy_names
def select(input: Any, dim: int, index: int) -> Tensor:
    """The slice at one position along `dim`, without that dimension. A view.

    >>> import tinygrad_edu as tg
    >>> tg.select(tg.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    x = lifted(input, "select")
    if not x._array.ndim:
        raise IndexError("select: a tensor without dimensions has no slices")
    axis = one_axis(dim, x._array.ndim, "select")
    return getitem(x, (*(FULL,) * axis, as_int(index)))


@numpy_names
def narrow(input: Any, dim: int, start: Any, length: int) -> Tensor:
    """The `length` slices from `start` on along `dim`. A view.

    Raises IndexError or RuntimeError if there are not so many.

    >>> import tinygrad_edu as tg
    >>> tg.narrow(tg.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    x = lifted(input, "narrow")
    if not x._array.ndim:
        raise RuntimeError("narrow: a tensor without dimensions has no slices")
    axis = one_axis(dim, x._array.ndim, "narrow")
    n, first = x._array.shape[axis], int(start)
    if not -n <= first <= n:
        raise IndexError(f"narrow: start {first} is out of range for dimension {axis} of length {n}")
    first = first + n if first < 0 else first
    if length < 0 or first + length > n:
        raise RuntimeError(f"narrow: {length} slices from {first} on do not fit into dimension {axis} of length {n}")
    return rules.getitem(x, index=(*(FULL,) * axis, slice(first, first + length), Ellipsis))


@numpy_names
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Tensor:
    """out[i][j] = input[index[i][j]][j] for dim 0, input[i][index[i][j]] for dim 1, and so on.

    index: ints, of as many dimensions as `input`, and no larger than it in the other dimensions.
    Raises IndexError for positions out of range, RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.gather(tg.tensor([[1, 2], [3, 4]]), 1, tg.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
    x = lifted(input, "gather")
    axis, at = along("gather", x, dim, index)
    if not x._array.ndim or not at.ndim or 0 in at.shape:
        return rules.take(shaping.reshape(x, shape=(-1,)), at, axis=0)
    return rules.take_along_axis(corner(x, at.shape, axis), at, axis=axis)


def corner(x: Any, shape: Any, axis: int | None = None) -> Any:
    """The first `shape` elements of `x` in each dimension (but `axis`)."""
    have = tuple(x._array.shape)
    want = tuple(n if k == axis else m for k, (n, m) in enumerate(zip(have, shape, strict=True)))
    return x if want == have else rules.getitem(x, index=tuple(slice(n) for n in want))


def along(name: str, x: Any, dim: int, index: Any) -> tuple[int, Any]:
    """The axis and the checked index of gather and scatter."""
    shape = x._array.shape
    axis = one_axis(dim, len(shape), name)
    at = positions(index, shape[axis] if shape else 1, name)
    if 0 in at.shape:
        return axis, at
    if max(len(at.shape), 1) != max(len(shape), 1):
        raise RuntimeError(
            f"{name}: the index must have as many dimensions as the tensor, but the shapes are {tuple(at.shape)} and "
            f"{tuple(shape)}. (To choose one element per row: index.unsqueeze(1).)"
        )
    small = all(m <= n for k, (m, n) in enumerate(zip(at.shape, shape, strict=False)) if k != axis)
    if not small:
        raise RuntimeError(
            f"{name}: the index (shape {tuple(at.shape)}) is larger than the tensor (shape {tuple(shape)}) in another "
            f"dimension than {axis}"
        )
    return axis, at


@numpy_names
def take_along_dim(input: Any, indices: Any, dim: Any = None) -> Tensor:
    """`gather` whose operands broadcast in the other dimensions; over the flat tensor if `dim` is None.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1, 3, 2]])
    >>> tg.take_along_dim(x, tg.tensor([[1, 2]]), dim=1)
    tensor([[3, 2]])
    """
    x = lifted(input, "take_along_dim")
    if dim is None:
        x, dim = shaping.reshape(x, shape=(-1,)), 0
        indices = shaping.reshape(lifted(indices, "take_along_dim"), shape=(-1,))
    axis = one_axis(dim, x._array.ndim, "take_along_dim")
    at = positions(indices, x._array.shape[axis], "take_along_dim", negative=True)
    if at.ndim != x._array.ndim:
        raise RuntimeError(
            f"take_along_dim: indices and tensor must have as many dimensions as each other, but the shapes are "
            f"{tuple(at.shape)} and {tuple(x._array.shape)}"
        )

    def but(shape: Any, n: int) -> tuple[int, ...]:
        return (*shape[:axis], n, *shape[axis + 1 :])

    full = broadcast_shapes(but(x._array.shape, 1), but(at.shape, 1))
    if but(x._array.shape, 1) != full:
        x = shaping.broadcast_to(x, shape=but(full, x._array.shape[axis]))
    if but(at.shape, 1) != full:
        at = shaping.broadcast_to(at, shape=but(full, at.shape[axis]))
    return rules.take_along_axis(x, at, axis=axis)


# -- over the flat tensor -----------------------------------------------------------------------------------


def take(input: Any, index: Any) -> Tensor:
    """The elements at the positions `index` (of any shape) in the flat tensor. (np.take's `axis` is index_select.)

    >>> import tinygrad_edu as tg
    >>> tg.take(tg.tensor([[1, 2], [3, 4]]), tg.tensor([0, -1]))
    tensor([1, 4])
    """
    x = lifted(input, "take")
    at = positions(index, x._array.size, "take", negative=True)
    return rules.take(shaping.reshape(x, shape=(-1,)), at, axis=0)


def masked_select(input: Any, mask: Any) -> Tensor:
    """The elements where `mask` (bools, which broadcast with `input`) is true, in one dimension.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1, 2], [3, 4]])
    >>> tg.masked_select(x, x > 2)
    tensor([3, 4])
    """
    x, m = lifted(input, "masked_select"), as_mask(mask, "masked_select")
    shape: tuple[int, ...] = broadcast_shapes(tuple(x._array.shape), tuple(m.shape))
    if tuple(x._array.shape) != shape:
        x = shaping.broadcast_to(x, shape=shape)
    if not shape:
        x, shape = shaping.reshape(x, shape=(1,)), (1,)
    return rules.getitem(x, index=(np.array(np.broadcast_to(m, shape)),))


def as_mask(mask: Any, name: str) -> Any:
    """The array of a mask. Raises RuntimeError unless it holds bools."""
    m = mask._array if isinstance(mask, TensorBase) else np.asarray(mask)
    if m.dtype != bool:
        raise RuntimeError(f"{name}: a mask holds bools, not {m.dtype}. Write a condition (x > 0), or mask.bool().")
    return m


def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """The positions of the elements that are not 0: one a row, or as one vector for each dimension.

    >>> import tinygrad_edu as tg
    >>> tg.nonzero(tg.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    a = lifted(input, "nonzero")._array
    if as_tuple:
        return tuple(map(wrap, np.nonzero(np.atleast_1d(a))))
    return wrap(np.argwhere(a))


def argwhere(input: Any) -> Tensor:
    """The positions of the elements that are not 0, one a row.

    >>> import tinygrad_edu as tg
    >>> tg.argwhere(tg.tensor([0, 1, 1]))
    tensor([[1],
            [2]])
    """
    return wrap(np.argwhere(lifted(input, "argwhere")._array))


def one_hot(tensor: Any, num_classes: int = -1) -> Tensor:
    """For each class index a row of zeros with a 1 at it; −1 stands for as many classes as the largest index tells.

    Raises RuntimeError for negative or too large class indices.

    >>> from tinygrad_edu.functions.indexing import one_hot
    >>> import tinygrad_edu as tg
    >>> one_hot(tg.tensor([0, 2]), 3)
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    i = lifted(tensor, "one_hot")._array
    if i.dtype.kind not in "iu":
        raise RuntimeError(f"one_hot: class indices are ints, not {i.dtype}. Convert them: labels.long().")
    if not i.size and num_classes <= 0:
        raise RuntimeError("one_hot: an empty tensor does not tell the number of classes; give num_classes")
    low, high = (int(i.min()), int(i.max())) if i.size else (0, 0)
    classes = high + 1 if num_classes == -1 else num_classes
    if low < 0 or high >= classes:
        why = "non-negative" if low < 0 else "smaller than num_classes"
        raise RuntimeError(
            f"one_hot: Class values must be {why}: {low if low < 0 else high} is not among 0 … {classes - 1}"
        )
    return wrap((i[..., None] == np.arange(classes)).astype(np.int64, order="C"))
