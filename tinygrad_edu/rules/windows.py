"""Windows that slide over images, signals and volumes: cutting them out, and adding them up where they came from.

Every convolution and pooling is one of these rules and a product or a sum. They come in adjoint pairs, each
the derivative of the other: `patches` and `overlap`, `planes` and `rows`, `window_sum` and `window_spread`,
`window_pick` and `window_put`.

Arrays are (N, C, *D): a batch of N, channels, and any number of spatial dimensions.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from tinygrad_edu.primitive import TensorBase, rule
from tinygrad_edu.rules.cumulative import numpy_only
from tinygrad_edu.rules.normalization import per_channel

ALL = slice(None)


@dataclass(frozen=True, eq=False)
class Grid:
    """Where the windows lie. For each spatial dimension: how long a window is, how far it moves on from one
    place to the next, the margins before and behind the data, and how far apart a window's elements are."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def __repr__(self) -> str:
        """In short, as pictures of graphs show it.

        >>> Grid((3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
        3×3, stride 1×1, padding 1×1
        """
        parts = [self.kernel, self.stride, [a if a == b else f"({a}+{b})" for a, b in self.padding], self.dilation]
        words = ["×".join(map(str, p)) for p in parts]
        padding = f", padding {words[2]}" if any(map(any, self.padding)) else ""
        dilation = f", dilation {words[3]}" if max(self.dilation, default=1) > 1 else ""
        return f"{words[0]}, stride {words[1]}{padding}{dilation}"

    def framed(self, sizes: Any) -> tuple[int, ...]:
        """The sides with their margins."""
        return tuple([n + a + b for n, (a, b) in zip(sizes, self.padding, strict=True)])

    def counts(self, sizes: Any) -> tuple[int, ...]:
        """The number of windows along each side."""
        return counted(self, tuple(sizes))

    @cached_property
    def apart(self) -> bool:
        """Whether each window begins behind the one before it: no element is in two."""
        each = zip(self.kernel, self.stride, self.dilation, strict=True)
        return all(s > d * (k - 1) for k, s, d in each)

    @cached_property
    def inner(self) -> tuple[slice, ...]:
        """The index of the data between the margins."""
        return tuple(slice(a, -b or None) for a, b in self.padding)


@lru_cache(maxsize=1024)
def grid(kernel: tuple[int, ...], stride: Any = None, padding: Any = None, dilation: Any = None) -> Grid:
    """The same object for the same windows; side by side (stride = kernel) unless told otherwise."""
    d = len(kernel)
    return Grid(kernel, stride or kernel, padding or ((0, 0),) * d, dilation or (1,) * d)


@lru_cache(maxsize=1024)
def counted(grid: Grid, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The number of windows along each side."""
    each = zip(grid.framed(sizes), grid.kernel, grid.stride, grid.dilation, strict=True)
    return tuple((n - d * (k - 1) - 1) // s + 1 for n, k, s, d in each)


@lru_cache(maxsize=256)
def places(grid: Grid, counts: tuple[int, ...]) -> tuple[Any, ...]:
    """For each position in a window: the position, and the index of the elements that all windows have there."""

    def index(k: int, n: int, s: int, d: int) -> slice:
        return slice(k * d, k * d + (n - 1) * s + 1, s)

    every = itertools.product(*map(range, grid.kernel))
    return tuple((k, tuple(map(index, k, counts, grid.stride, grid.dilation))) for k in every)


def with_margins(x: Any, grid: Grid, value: float = 0) -> Any:
    """`x` with `value` around the data."""
    if not any(map(any, grid.padding)):
        return x
    z = np.full((*x.shape[:2], *grid.framed(x.shape[2:])), value, x.dtype)
    z[(ALL, ALL, *grid.inner)] = x
    return z


def views(x: Any, grid: Grid, value: float = 0) -> Iterator[Any]:
    """For each position in a window: the elements that all windows have there, (N, C, *counts)."""
    counts = grid.counts(x.shape[2:])
    z = with_margins(numpy_only(x, "pooling"), grid, value)
    return (z[(Ellipsis, *index)] for _, index in places(grid, counts))


# -- windows as the columns of a matrix -------------------------------------------------------------------


def batch_last(n: int, counts: tuple[int, ...]) -> bool:
    """Whether the columns run through the batch fastest, rather than through the image.

    NumPy's innermost loop goes along the last axis: the batch is the better one where rows are short.
    """
    return n > 8 * counts[-1]


@lru_cache(maxsize=64)
def channels_first(ndim: int, last: bool) -> tuple[int, ...]:
    """The order of axes (C, N, *D), or (C, *D, N), from (N, C, *D)."""
    return (1, *range(2, ndim), 0) if last else (1, 0, *range(2, ndim))


def undone(order: tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes that undoes `order`."""
    return tuple(map(order.index, range(len(order))))


def canvas(shape: Any, grid: Grid, dtype: Any, last: bool) -> tuple[Any, Any]:
    """Zeros for the data of `shape` and their margins, channels first; and the part of it that is the data."""
    n, c, *sizes = shape
    z = np.zeros((c, *grid.framed(sizes), n) if last else (c, n, *grid.framed(sizes)), dtype)
    return z, z[(ALL, *grid.inner)] if last else z[(ALL, ALL, *grid.inner)]


def cut(x: Any, grid: Grid, groups: int = 1) -> Any:
    """Every window as a column: (N, C, *D) → (groups, C / groups · kernel, N · windows)."""
    if isinstance(x, TensorBase):
        return patches(x, grid=grid, groups=groups)
    n, c, *sizes = numpy_only(x, "convolution").shape
    counts = grid.counts(sizes)
    last, d = batch_last(n, counts), len(sizes)
    z, data = canvas(x.shape, grid, x.dtype, last)
    data[...] = np.transpose(x, channels_first(d + 2, last))
    channel, *strides = z.strides
    batch, sides = (strides[-1], strides[:-1]) if last else (strides[0], strides[1:])
    within = [a * b for a, b in zip(sides, grid.dilation, strict=True)]
    between = [a * b for a, b in zip(sides, grid.stride, strict=True)]
    columns = np.empty((c, *grid.kernel, *((*counts, n) if last else (n, *counts))), x.dtype)
    if columns.size:
        between = [*between, batch] if last else [batch, *between]
        # the windows where they lie, as one strided view, copied in one go
        columns[...] = np.ndarray(columns.shape, x.dtype, z, strides=(channel, *within, *between))
    return columns.reshape(groups, c // groups * math.prod(grid.kernel), n * math.prod(counts))


def add_up(columns: Any, shape: Any, grid: Grid, groups: int = 1) -> Any:
    """Columns added up where `cut` took them from: its adjoint. shape: (N, C, *D)."""
    if isinstance(columns, TensorBase):
        return overlap(columns, shape=shape, grid=grid, groups=groups)
    n, c, *sizes = shape
    counts = grid.counts(sizes)
    last = batch_last(n, counts)
    z, data = canvas(shape, grid, columns.dtype, last)
    columns = np.reshape(columns, (c, *grid.kernel, *((*counts, n) if last else (n, *counts))))
    before = (ALL,) if last else (ALL, ALL)
    for k, index in places(grid, counts):
        z[(*before, *index)] += columns[(ALL, *k)]
    return np.ascontiguousarray(np.transpose(data, undone(channels_first(len(shape), last))))


patches = rule(
    lambda x, *, grid, groups=1: cut(x, grid, groups),
    lambda g, _x, grid, groups=1: add_up(g, _x.shape, grid, groups),
    name="patches",
)
overlap = rule(
    lambda columns, *, shape, grid, groups=1: add_up(columns, shape, grid, groups),
    lambda g, grid, groups=1: cut(g, grid, groups),
    name="overlap",
)


def as_rows(x: Any, groups: int = 1) -> Any:
    """Channels as the rows of a matrix, in the order of `cut`: (N, C, *D) → (groups, C / groups, N · D)."""
    if isinstance(x, TensorBase):
        return rows(x, groups=groups)
    n, c, *counts = x.shape
    order = channels_first(x.ndim, batch_last(n, counts))
    return np.reshape(np.transpose(x, order), (groups, c // groups, n * math.prod(counts)))


def as_planes(h: Any, bias: Any, n: int, counts: Any) -> Any:
    """Rows as planes, plus one number for each channel: (groups, C / groups, N · D) → (N, C, *D)."""
    if isinstance(h, TensorBase):
        return planes(h, bias, n=n, counts=counts)
    c, size = h.shape[0] * h.shape[1], math.prod(counts)
    last = batch_last(n, counts)
    h = np.reshape(h, (c, size, n) if last else (c, n, size))
    h = np.transpose(h, (2, 0, 1) if last else (1, 0, 2))
    y = np.empty((n, c, *counts), h.dtype)
    if bias is None:
        y.reshape(n, c, size)[...] = h
    else:
        np.add(h, np.reshape(bias, (c, 1)), out=y.reshape(n, c, size))
    return y


rows = rule(
    lambda x, *, groups=1: as_rows(x, groups),
    lambda g, _x: as_planes(g, None, _x.shape[0], _x.shape[2:]),
    name="rows",
)
planes = rule(
    lambda h, bias=None, *, n, counts: as_planes(h, bias, n, counts),
    lambda g, _h: as_rows(g, _h.shape[0]),
    lambda g: np.reshape(per_channel(g), (g.shape[1],)),
    name="planes",
)


# -- pooling ----------------------------------------------------------------------------------------------


def summed(x: Any, grid: Grid) -> Any:
    """The sum of every window: (N, C, *D) → (N, C, *counts)."""
    if isinstance(x, TensorBase):
        return window_sum(x, grid=grid)
    first, *others = views(x, grid)
    y = np.array(first)
    for each in others:
        y += each
    return y


def spread(g: Any, shape: Any, grid: Grid) -> Any:
    """What belongs to a window added to all of its elements: the adjoint of `summed`."""
    if isinstance(g, TensorBase):
        return window_spread(g, shape=shape, grid=grid)
    z = np.zeros((*shape[:2], *grid.framed(shape[2:])), g.dtype)
    for _, index in places(grid, tuple(g.shape[2:])):
        if grid.apart:
            z[(Ellipsis, *index)] = g
        else:
            z[(Ellipsis, *index)] += g
    return np.ascontiguousarray(z[(ALL, ALL, *grid.inner)])


window_sum = rule(lambda x, *, grid: summed(x, grid), lambda g, _x, grid: spread(g, _x.shape, grid), name="window_sum")
window_spread = rule(
    lambda x, *, shape, grid: spread(x, shape, grid), lambda g, grid: summed(g, grid), name="window_spread"
)


def largest(x: Any, grid: Grid) -> tuple[Any, Any]:
    """The largest element of every window, and which of the positions in the window it has (the first of equals)."""
    number = np.min_scalar_type(math.prod(grid.kernel)).type
    first, *others = views(x, grid, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
    y, at = np.array(first, order="C"), np.zeros(first.shape, number)
    for k, each in enumerate(others, start=1):
        z = np.ascontiguousarray(each)  # it is read twice
        np.maximum(at, (z > y) * number(k), out=at)
        np.maximum(y, z, out=y)
    return y, at


def where_largest(x: Any, grid: Grid) -> Any:
    """The positions that `largest` finds."""
    return largest(x._array if isinstance(x, TensorBase) else x, grid)[1]


def numbers_in_planes(at: Any, sizes: Any, grid: Grid) -> Any:
    """Positions in windows as numbers of elements in a plane, counted row by row."""
    steps = [math.prod(sizes[k + 1 :]) for k in range(len(sizes))]

    def number(k: Any) -> Any:
        return sum(i * d * step for i, d, step in zip(k, grid.dilation, steps, strict=True))

    numbers = np.array([number(k) for k in itertools.product(*map(range, grid.kernel))], np.int64)[at]
    for axis, (s, (a, _), step) in enumerate(zip(grid.stride, grid.padding, steps, strict=True), start=2):
        first = (np.arange(at.shape[axis]) * s - a) * step
        numbers += first.reshape(-1, *(1,) * (at.ndim - axis - 1))
    return numbers


def put(g: Any, at: Any, shape: Any, grid: Grid) -> Any:
    """What belongs to a window added to the element at one position in it."""
    if isinstance(g, TensorBase):
        return window_put(g, at, shape=shape, grid=grid)
    z = np.zeros((*shape[:2], *grid.framed(shape[2:])), g.dtype)
    for k, (_, index) in enumerate(places(grid, tuple(g.shape[2:]))):
        part = z[(Ellipsis, *index)]
        if grid.apart:
            np.multiply(g, at == k, out=part)
        else:
            part += g * (at == k)
    return np.ascontiguousarray(z[(ALL, ALL, *grid.inner)])


def picked(x: Any, at: Any, grid: Grid) -> Any:
    """The element of every window at one position in it: the adjoint of `put`."""
    if isinstance(x, TensorBase):
        return window_pick(x, at, grid=grid)
    return sum(each * (at == k) for k, each in enumerate(views(x, grid)))


window_put = rule(
    lambda x, at, *, shape, grid: put(x, at, shape, grid),
    lambda g, at, grid: picked(g, at, grid),
    None,
    name="window_put",
)
window_pick = rule(
    lambda x, at, *, grid: picked(x, at, grid),
    lambda g, _x, at, grid: put(g, at, _x.shape, grid),
    None,
    name="window_pick",
)
max_pool = rule(
    lambda x, *, grid: largest(x, grid),
    lambda g, _x, at, grid: put(g, at, _x.shape, grid),
    saves={"at": lambda x, *, grid: where_largest(x, grid)},
    name="max_pool",
)
