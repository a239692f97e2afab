"""Order: sorted elements, the k largest, the most frequent, the distinct ones, and places in sorted sequences.

Values are elements of the operand, and their gradients go to where they came from; indices carry none.
NaN counts as larger than everything. Equal elements keep their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tinygrad_edu import lazy
from tinygrad_edu.dtypes import int32, refuse_complex
from tinygrad_edu.functions.axes import ValuesAndIndices, at, lines, nonempty, whole
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.shaping import lifted, one_axis
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import indexing as rules
from tinygrad_edu.rules import shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "argsort", "bucketize", "kthvalue", "mode", "msort", "searchsorted", "sort", "topk", "unique",
    "unique_consecutive",
]  # fmt: skip


# -- along one dimension ------------------------------------------------------------------------------------


def order(a: Any, axis: int, descending: bool = False) -> Any:
    """The indices that sort an array along `axis`; equal elements keep their order."""
    if type(a) is not np.ndarray:
        raise lazy.no_counterpart("sort", a)
    refuse_complex("sort", a)
    if not descending:
        return np.argsort(a, axis, kind="stable")
    # of what lies backwards, the largest comes last, and the first of equal ones after the others
    return np.flip(a.shape[axis] - 1 - np.argsort(np.flip(a, axis), axis, kind="stable"), axis)


@numpy_names
@lines
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> ValuesAndIndices:
    """The elements in order along `dim`, and where they were.

    >>> import tinygrad_edu as tg
    >>> tg.sort(tg.tensor([3., 1., 2.]))
    ValuesAndIndices(values=tensor([1., 2., 3.]), indices=tensor([1, 2, 0]))
    """
    axis = one_axis(dim, input._array.ndim, "sort")
    found = order(input._array, axis, descending)
    return ValuesAndIndices(rules.take_along_axis(input, found, axis=axis), wrap(found))


@numpy_names
@lines
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """The indices that sort along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.argsort(tg.tensor([3., 1., 2.]), descending=True)
    tensor([0, 2, 1])
    """
    return wrap(order(input._array, one_axis(dim, input._array.ndim, "argsort"), descending))


def msort(input: Any) -> Tensor:
    """The elements in order along the first dimension.

    >>> import tinygrad_edu as tg
    >>> tg.msort(tg.tensor([[3., 1.], [2., 4.]]))
    tensor([[2., 1.],
            [3., 4.]])
    """
    values: Tensor = sort(input, 0).values
    return values


@numpy_names
@lines
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> ValuesAndIndices:
    """The k largest (or smallest) elements along `dim`, in order, and where they were.

    Raises RuntimeError if there are fewer than k.

    >>> import tinygrad_edu as tg
    >>> tg.topk(tg.tensor([3., 1., 4., 2.]), 2)
    ValuesAndIndices(values=tensor([4., 3.]), indices=tensor([2, 0]))
    """
    axis, k = one_axis(dim, input._array.ndim, "topk"), int(k)
    if not 0 <= k <= input._array.shape[axis]:
        raise RuntimeError(f"topk: selected index k out of range: k={k} of {input._array.shape[axis]} along dim {dim}")
    found = order(input._array, axis, largest)[(*(slice(None),) * axis, slice(k))]
    return ValuesAndIndices(rules.take_along_axis(input, found, axis=axis), wrap(np.array(found)))


@numpy_names
@lines
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The k-th smallest element along `dim` (k = 1: the smallest), and where it is.

    Raises RuntimeError if there are fewer than k.

    >>> import tinygrad_edu as tg
    >>> tg.kthvalue(tg.tensor([3., 1., 4., 2.]), 2)
    ValuesAndIndices(values=tensor(2.), indices=tensor(3))
    """
    axis, k = one_axis(dim, input._array.ndim, "kthvalue"), int(k)
    if not 1 <= k <= input._array.shape[axis]:
        raise RuntimeError(
            f"kthvalue: selected number k out of range: k={k} of {input._array.shape[axis]} along dim {dim} "
            f"(the smallest is k=1)"
        )
    found = order(input._array, axis)[(*(slice(None),) * axis, slice(k - 1, k))]
    return at(input, found, axis, keepdim)


@numpy_names
@lines
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> ValuesAndIndices:
    """The most frequent element along `dim` (the smallest of several), and where it is for the last time.

    >>> import tinygrad_edu as tg
    >>> tg.mode(tg.tensor([2., 1., 2.]))
    ValuesAndIndices(values=tensor(2.), indices=tensor(2))
    """
    a, axis = input._array, one_axis(dim, input._array.ndim, "mode")
    refuse_complex("mode", a)
    nonempty("mode", a.shape, axis)

    def last(line: Any) -> Any:
        values, counts = np.unique(line, return_counts=True)
        common = values[np.argmax(counts)]
        return np.flatnonzero((line == common) | ((common != common) & (line != line)))[-1:]

    if a.size == 0:
        return at(input, np.zeros((*a.shape[:axis], 1, *a.shape[axis + 1 :]), np.int64), axis, keepdim)
    return at(input, np.apply_along_axis(last, axis, a), axis, keepdim)


# -- distinct elements --------------------------------------------------------------------------------------


def _results(values: Any, extras: Any) -> Any:
    chosen = tuple(whole(a) for wanted, a in extras if wanted)
    return (values, *chosen) if chosen else values


@numpy_names
def unique(
    input: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """The distinct elements in order, or the distinct slices along `dim`.

    Returns:
        The elements; with `return_inverse` also where each element of the input is among them, with
        `return_counts` how often each occurs. The gradient goes to the first of equal ones.

    >>> import tinygrad_edu as tg
    >>> tg.unique(tg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x = lifted(input, "unique")
    refuse_complex("unique", x._array)
    axis = None if dim is None else one_axis(dim, x._array.ndim, "unique")
    _, first, inverse, counts = np.unique(
        x._array, return_index=True, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
    )
    if axis is None:
        x, inverse = shaping.reshape(x, shape=(-1,)), inverse.reshape(x._array.shape)
    values = rules.take(x, first, axis=axis or 0)
    return _results(
        values, ((return_inverse, inverse if axis is None else inverse.reshape(-1)), (return_counts, counts))
    )


@numpy_names
def unique_consecutive(input: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None) -> Any:
    """The elements (or the slices along `dim`) without those that equal the one before. Returns as `unique`.

    >>> import tinygrad_edu as tg
    >>> tg.unique_consecutive(tg.tensor([1, 1, 2, 1]), return_counts=True)
    (tensor([1, 2, 1]), tensor([2, 1, 1]))
    """
    x = lifted(input, "unique_consecutive")
    shape = x._array.shape
    axis = 0 if dim is None else one_axis(dim, len(shape), "unique_consecutive")
    if dim is None:
        x = shaping.reshape(x, shape=(-1,))
    slices = np.moveaxis(x._array, axis, 0)
    new = np.ones(len(slices), bool)
    new[1:] = np.any(slices[1:] != slices[:-1], axis=tuple(range(1, slices.ndim)))
    first = np.flatnonzero(new)
    values = rules.take(x, first, axis=axis)
    inverse = np.cumsum(new) - 1
    counts = np.diff(first, append=len(slices))
    return _results(
        values, ((return_inverse, inverse.reshape(shape) if dim is None else inverse), (return_counts, counts))
    )


# -- places in sorted sequences -----------------------------------------------------------------------------


def searchsorted(
    sorted_sequence: Any,
    input: Any,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Any = None,
) -> Tensor:
    """Where each element would be inserted into an ascending sequence: before equal elements, or after if `right`.

    Args:
        sorted_sequence: one line for all, or one for each line of the input (in the last dimension).
        side: "left" or "right", instead of `right`.
        sorter: the indices that sort the sequence, if it is not sorted.

    >>> import tinygrad_edu as tg
    >>> tg.searchsorted(tg.tensor([1., 3., 5.]), tg.tensor([3., 4.]))
    tensor([1, 2])
    """
    if side not in (None, "left", "right") or (side == "left" and right):
        raise RuntimeError(f"searchsorted: side must be 'left' or 'right' and agree with right={right}, got {side!r}")
    where: Literal["left", "right"] = "right" if right or side == "right" else "left"
    sequence, a = raw(sorted_sequence, "searchsorted"), np.asarray(raw(input, "searchsorted"))
    refuse_complex("searchsorted", sequence, a)
    if sorter is not None:
        sequence = np.take_along_axis(sequence, raw(sorter, "searchsorted"), -1)
    if sequence.ndim == 1:
        found = np.asarray(np.searchsorted(sequence, a, where))
    elif sequence.ndim == 0 or sequence.shape[:-1] != a.shape[:-1]:
        raise RuntimeError(
            f"searchsorted: the sorted sequence must have 1 dimension, or all dimensions but the last of the input's "
            f"shape; the shapes are {tuple(sequence.shape)} and {tuple(a.shape)}"
        )
    else:
        found = np.empty(a.shape, np.int64)
        for k in np.ndindex(a.shape[:-1]):
            found[k] = np.searchsorted(sequence[k], a[k], where)
    return wrap(found.astype(int32) if out_int32 else found)


def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the bucket, between ascending boundaries, that each element falls into.

    >>> import tinygrad_edu as tg
    >>> tg.bucketize(tg.tensor([0., 1., 2.5]), tg.tensor([1., 2.]))
    tensor([0, 0, 2])
    """
    limits = raw(boundaries, "bucketize")
    if getattr(limits, "ndim", 0) != 1:
        raise RuntimeError(f"bucketize: boundaries must be a line, but their shape is {tuple(np.shape(limits))}")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)
