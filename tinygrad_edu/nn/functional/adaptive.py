"""Pooling into as many parts as are asked for, of whatever size the input is. (N, C, *D) → (N, C, *D_out)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.nn.functional.pooling import planes_of, unbatched
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, indexing, linalg, reductions, shaping
from tinygrad_edu.rules import windows as rules
from tinygrad_edu.rules.windows import Grid

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "adaptive_max_pool3d",
]  # fmt: skip


def _output(name: str, d: int, output_size: Any, sizes: Any) -> tuple[int, ...]:
    given = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * d
    if len(given) != d:
        raise RuntimeError(f"{name}: output_size must be {d} numbers (an int stands for all), but is {output_size}")
    sides = tuple(n if m is None else int(m) for m, n in zip(given, sizes, strict=True))
    if min(sides) < 0:
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {output_size}"
        )
    if 0 in sizes:
        raise RuntimeError(
            f"{name}: Expected input to have non-zero size for non-batch dimensions, but its sides are {tuple(sizes)}"
        )
    return sides


def _borders(n: int, parts: int) -> list[tuple[int, int]]:
    """`n` elements in so many parts, as equal as may be; neighbours overlap where they cannot be."""
    return [(k * n // parts, -(-(k + 1) * n // parts)) for k in range(parts)]


def _even(sizes: Any, sides: Any) -> Grid | None:
    """The windows, if all are of one size and do not overlap."""
    if 0 in sides or any(n % m for n, m in zip(sizes, sides, strict=True)):
        return None
    return rules.grid(tuple(n // m for n, m in zip(sizes, sides, strict=True)))


def mapped(x: Any, matrix: Any, axis: int) -> Any:
    """`x` with its numbers along an axis multiplied by a matrix."""
    ndim = x._array.ndim
    if axis == ndim - 2:
        return linalg.matmul(matrix, x)
    if axis == ndim - 1:
        return linalg.matmul(x, np.ascontiguousarray(matrix.T))
    order = [*range(ndim)]
    order[axis], order[-1] = order[-1], order[axis]
    return shaping.transpose(mapped(shaping.transpose(x, axes=tuple(order)), matrix, ndim - 1), axes=tuple(order))


def _adaptive_avg_pool(name: str, d: int, input: Any, output_size: Any) -> Any:
    x = planes_of(name, input, d)
    if x.ndim != d + 2:
        return unbatched(lambda x: _adaptive_avg_pool(name, d, x, output_size), input)
    sizes = x.shape[2:]
    sides = _output(name, d, output_size, sizes)
    if sides == (1,) * d:
        return reductions.mean(input, axis=tuple(range(2, d + 2)), keepdims=True)
    grid = _even(sizes, sides)
    if grid is not None:
        return elementwise.multiply(rules.window_sum(input, grid=grid), 1 / math.prod(grid.kernel))
    y = input
    for axis, (n, m) in enumerate(zip(sizes, sides, strict=True)):
        means = np.zeros((m, n), x.dtype)
        for row, (a, b) in zip(means, _borders(n, m), strict=True):
            row[a:b] = 1 / (b - a)
        y = mapped(y, means, axis + 2)
    return y


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Tensor:
    """The mean of each of `output_size` parts: (N, C, L) → (N, C, output_size), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.adaptive_avg_pool1d(tg.tensor([[[1.0, 2.0, 6.0]]]), 2)
    tensor([[[1.5000, 4.0000]]])
    """
    y: Tensor = _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)
    return y


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Tensor:
    """The mean of each of output_size × output_size parts: (N, C, H, W) → (N, C, *output_size), or without N.

    output_size: an int, or one for each dimension (None: as many as there are). Part k of m runs from ⌊k·H/m⌋ to
    ⌈(k + 1)·H/m⌉. Raises RuntimeError for shapes or sizes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.adaptive_avg_pool2d(tg.arange(16.0).view(1, 1, 4, 4), 1)
    tensor([[[[7.5000]]]])
    """
    y: Tensor = _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)
    return y


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Tensor:
    """The mean of each part: (N, C, D, H, W) → (N, C, *output_size), or without N. As `adaptive_avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.adaptive_avg_pool3d(tg.arange(8.0).view(1, 1, 2, 2, 2), 1)
    tensor([[[[[3.5000]]]]])
    """
    y: Tensor = _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)
    return y


def _largest_of_parts(x: Any, sides: Any) -> Any:
    """The number in its plane of the largest element of each part."""
    n, c, *sizes = x.shape
    d = len(sizes)
    numbers: Any = 0
    for k, (length, m) in enumerate(zip(sizes, sides, strict=True)):
        borders = _borders(length, m)
        longest = max((b - a for a, b in borders), default=1)
        # shorter parts name their last element again, which changes no maximum
        at = [[min(i, b - 1) for i in range(a, a + longest)] for a, b in borders]
        along = np.array(at, int).reshape(m, longest) * math.prod(sizes[k + 1 :])
        numbers = numbers + np.expand_dims(along, tuple(a for a in range(2 * d) if a not in (k, d + k)))
    numbers = numbers.reshape(*sides, -1)
    parts = x.reshape(n, c, -1)[:, :, numbers]
    first = np.argmax(parts, axis=-1)
    return np.take_along_axis(np.broadcast_to(numbers, parts.shape), first[..., None], -1)[..., 0]


def _adaptive_max_pool(name: str, d: int, input: Any, output_size: Any, indices: bool) -> Any:
    x = planes_of(name, input, d)
    refuse_complex(name, x)
    if x.ndim != d + 2:
        return unbatched(lambda x: _adaptive_max_pool(name, d, x, output_size, indices), input)
    n, c, *sizes = x.shape
    sides = _output(name, d, output_size, sizes)
    grid = _even(sizes, sides)
    if grid is not None:
        y, at = rules.max_pool(input, grid=grid), None
        if indices:
            at = rules.numbers_in_planes(rules.where_largest(x, grid), sizes, grid)
    else:
        at = _largest_of_parts(x, sides)
        flat = shaping.reshape(input, shape=(n, c, math.prod(sizes)))
        y = indexing.take_along_axis(flat, at.reshape(n, c, math.prod(sides)), axis=2)
        y = shaping.reshape(y, shape=(n, c, *sides))
    return (y, wrap(at)) if indices else y


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each of `output_size` parts: (N, C, L) → (N, C, output_size), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.adaptive_max_pool1d(tg.tensor([[[1.0, 2.0, 6.0]]]), 2)
    tensor([[[2., 6.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each part: (N, C, H, W) → (N, C, *output_size), or without N. See `adaptive_avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.adaptive_max_pool2d(tg.arange(16.0).view(1, 1, 4, 4), (2, 1))
    tensor([[[[ 7.],
              [15.]]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest number of each part: (N, C, D, H, W) → (N, C, *output_size), or without N."""
    return _adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)
