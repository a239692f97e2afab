"""Pooling: one number for every window of a plane. (N, C, *D) → (N, C, *D_out), or without N."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.convolution import each, grid_of
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import activations, elementwise, indexing, shaping
from tinygrad_edu.rules import windows as rules
from tinygrad_edu.rules.windows import Grid

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d", "max_pool2d",
    "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip


# -- what all of them do ----------------------------------------------------------------------------------


def planes_of(name: str, input: Any, d: int) -> Any:
    """The array of the input. Raises RuntimeError for a wrong number of dimensions."""
    x = raw(input, name)
    if np.ndim(x) not in (d + 1, d + 2):
        dims = ", ".join("DHW"[-d:] if d > 1 else "L")
        raise RuntimeError(
            f"{name}: Expected {d + 1}D or {d + 2}D (batch mode) tensor for input, but got: {list(np.shape(x))}. "
            f"Images are (N, C, {dims}), or (C, {dims}) without a batch."
        )
    return x


def unbatched(f: Callable[[Any], Any], input: Any) -> Any:
    """`f` of the input as a batch of one, and the only element of what comes out."""
    y = f(shaping.reshape(input, shape=(1, *input.shape)))
    ys = y if isinstance(y, tuple) else (y,)
    out = tuple(shaping.reshape(t, shape=t._array.shape[1:]) for t in ys)
    return out if isinstance(y, tuple) else out[0]


@lru_cache(maxsize=1024)
def _windows(
    name: str, sizes: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> tuple[Grid, tuple[int, ...]]:
    """The windows that the options describe, and their number along each side."""
    d = len(sizes)
    kernel = each(kernel_size, d, name, "kernel_size", 1)
    grid = grid_of(name, kernel, kernel if stride is None or stride == () else stride, padding, dilation)
    margins = [a for a, _ in grid.padding]
    reach = [e * (k - 1) + 1 for k, e in zip(kernel, grid.dilation, strict=True)]
    if any(a > r // 2 for a, r in zip(margins, reach, strict=True)):
        raise RuntimeError(
            f"{name}: pad should be at most half of effective kernel size, but got pad={padding}, "
            f"kernel_size={kernel_size} and dilation={dilation}"
        )
    if ceil_mode:  # the last window may reach beyond the margin, but starts before it
        behind = []
        for n, r, s, a in zip(sizes, reach, grid.stride, margins, strict=True):
            count = -((r - n - 2 * a) // s) + 1
            count -= (count - 1) * s >= n + a
            behind.append(a + max((count - 1) * s + r - n - 2 * a, 0))
        grid = rules.grid(kernel, grid.stride, tuple(zip(margins, behind, strict=True)), grid.dilation)
    counts = grid.counts(sizes)
    if min(counts) < 1:
        raise RuntimeError(
            f"{name}: Given input size: ({'x'.join(map(str, sizes))}). Calculated output size: "
            f"({'x'.join(map(str, counts))}). Output size is too small: kernel_size={kernel_size} does not fit. Use "
            f"fewer pooling layers, smaller windows or ceil_mode=True."
        )
    return grid, counts


def _windows_of(name: str, x: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool) -> Any:
    kernel, stride, padding, dilation = (
        tuple(v) if isinstance(v, list) else v for v in (kernel, stride, padding, dilation)
    )
    return _windows(name, tuple(x.shape[2:]), kernel, stride, padding, dilation, bool(ceil))


# -- the largest ------------------------------------------------------------------------------------------


def _max_pool(
    name: str, d: int, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil: bool, indices: bool
) -> Any:
    x = planes_of(name, input, d)
    refuse_complex(name, x)
    if x.ndim != d + 2:
        return unbatched(lambda x: _max_pool(name, d, x, kernel, stride, padding, dilation, ceil, indices), input)
    grid, _ = _windows_of(name, x, kernel, stride, padding, dilation, ceil)
    y = rules.max_pool(input, grid=grid)
    return (y, wrap(rules.numbers_in_planes(rules.where_largest(x, grid), x.shape[2:], grid))) if indices else y


def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of every window: (N, C, L) → (N, C, L_out), or without N. As `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.max_pool1d(tg.tensor([[[1.0, 2.0, 4.0, 3.0]]]), 2)
    tensor([[[2., 4.]]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of every window: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    The gradient goes to the first of equal ones. stride: kernel_size by default. ceil_mode: a last window that
    reaches beyond the input counts, too. return_indices: also where each was found, as a number in its plane.
    Raises RuntimeError for shapes or options that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.max_pool2d(tg.arange(16.0).view(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest number of every window: (N, C, D, H, W) → (N, C, …), or without N. As `max_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.max_pool3d(tg.arange(8.0).view(1, 1, 2, 2, 2), 2)
    tensor([[[[[7.]]]]])
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_unpool(
    name: str, d: int, input: Any, indices: Any, kernel: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    x, at = planes_of(name, input, d), np.asarray(raw(indices, name))
    if x.shape != at.shape:
        raise RuntimeError(
            f"{name}: Expected shape of indices to be same as that of the input tensor ({list(x.shape)}), but got "
            f"indices tensor with shape: {list(at.shape)}"
        )
    if at.dtype.kind not in "iu":
        raise RuntimeError(f"{name}: elements in indices should be type int64 but got: {at.dtype}")
    kernel = each(kernel, d, name, "kernel_size", 1)
    strides = kernel if stride is None else each(stride, d, name, "stride", 1)
    margins = each(padding, d, name, "padding")
    lead, sizes = x.shape[:-d], x.shape[-d:]
    default = [(n - 1) * s - 2 * a + k for n, s, a, k in zip(sizes, strides, margins, kernel, strict=True)]
    sides = default if output_size is None else [int(n) for n in tuple(output_size)[-d:]]
    for k, (n, expected, s) in enumerate(zip(sides, default, strides, strict=True)):
        if not expected - s < n < expected + s:
            raise ValueError(
                f'{name}: invalid output_size "{tuple(sides)}" (dim {k} must be between {expected - s + 1} and '
                f"{expected + s - 1})"
            )
    size = math.prod(sides)
    if at.size and (at.min() < 0 or at.max() >= size):
        worst = at.min() if at.min() < 0 else at.max()
        raise RuntimeError(
            f"{name}: Found an invalid max index: {worst} (output volumes are of size {'x'.join(map(str, sides))})"
        )
    planes, number = math.prod(lead), math.prod(sizes)
    flat = shaping.reshape(input, shape=(planes, number))
    index = (np.arange(planes)[:, None], at.reshape(planes, number))
    y = indexing.setitem(np.zeros((planes, size), x.dtype), flat, index=index)
    return shaping.reshape(y, shape=(*lead, *sides))


def max_unpool1d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """The numbers where `max_pool1d` found them, zeros elsewhere: (N, C, L) → (N, C, L_out), or without N.

    >>> import tinygrad_edu as tg
    >>> y, at = tg.nn.functional.max_pool1d(tg.tensor([[[1.0, 2.0, 4.0, 3.0]]]), 2, return_indices=True)
    >>> tg.nn.functional.max_unpool1d(y, at, 2)
    tensor([[[0., 2., 4., 0.]]])
    """
    y: Tensor = _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)
    return y


def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """The numbers where `max_pool2d` found them, zeros elsewhere: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    output_size: which of the sizes that pooling may have come from; by default the smallest.
    Raises RuntimeError or ValueError for shapes and indices that do not fit.

    >>> import tinygrad_edu as tg
    >>> y, at = tg.nn.functional.max_pool2d(tg.arange(4.0).view(1, 1, 2, 2), 2, return_indices=True)
    >>> tg.nn.functional.max_unpool2d(y, at, 2)
    tensor([[[[0., 0.],
              [0., 3.]]]])
    """
    y: Tensor = _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)
    return y


def max_unpool3d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Tensor:
    """The numbers where `max_pool3d` found them, zeros elsewhere: (N, C, D, H, W) → (N, C, …), or without N."""
    y: Tensor = _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)
    return y


# -- the mean ---------------------------------------------------------------------------------------------


def _sizes_of_windows(grid: Grid, sizes: Any, counts: Any, margin: bool, dtype: Any) -> Any:
    """How many elements each window has, with or without those in the margin before and its like behind."""
    total: Any = np.ones((), dtype)
    for n, count, k, s, (a, _) in zip(sizes, counts, grid.kernel, grid.stride, grid.padding, strict=True):
        first = np.arange(count) * s - a
        inside = np.minimum(first + k, n + a) - first if margin else np.minimum(first + k, n) - np.maximum(first, 0)
        total = total[..., None] * inside.astype(dtype)
    return total


def _avg_pool(
    name: str, d: int, input: Any, kernel: Any, stride: Any, padding: Any, ceil: bool, margin: bool, divisor: Any
) -> Any:
    x = planes_of(name, input, d)
    if x.ndim != d + 2:
        return unbatched(lambda x: _avg_pool(name, d, x, kernel, stride, padding, ceil, margin, divisor), input)
    if divisor is not None and int(divisor) == 0:
        raise RuntimeError(f"{name}: divisor must be not zero")
    grid, counts = _windows_of(name, x, kernel, stride, padding, 1, ceil)
    total = rules.window_sum(input, grid=grid)
    if divisor is None and any(map(any, grid.padding)) and not (margin and not ceil):
        sizes = _sizes_of_windows(grid, x.shape[2:], counts, margin, x.dtype if x.dtype.kind == "f" else np.float64)
        return elementwise.divide(total, sizes)
    return elementwise.multiply(total, 1 / (math.prod(grid.kernel) if divisor is None else int(divisor)))


def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:  # fmt: skip
    """The mean of every window: (N, C, L) → (N, C, L_out), or without N. As `avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.avg_pool1d(tg.tensor([[[1.0, 2.0, 4.0, 2.0]]]), 2)
    tensor([[[1.5000, 3.0000]]])
    """
    y: Tensor = _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)
    return y


def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of every window: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    stride: kernel_size by default. count_include_pad: whether the zeros in the margins count.
    divisor_override: what to divide the sum by instead of the number of elements.
    Raises RuntimeError for shapes or options that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.avg_pool2d(tg.arange(16.0).view(1, 1, 4, 4), 2)
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """
    y: Tensor = _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    return y


def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean of every window: (N, C, D, H, W) → (N, C, …), or without N. As `avg_pool2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.avg_pool3d(tg.arange(8.0).view(1, 1, 2, 2, 2), 2)
    tensor([[[[[3.5000]]]]])
    """
    y: Tensor = _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )
    return y


def _lp_pool(name: str, d: int, input: Any, p: float, kernel: Any, stride: Any, ceil: bool) -> Any:
    if not p:
        raise RuntimeError(f"{name}: norm_type must not be 0")
    powers = elementwise.power(input, float(p))
    mean = _avg_pool(name, d, powers, kernel, stride, 0, ceil, True, None)
    positive = elementwise.multiply(elementwise.sign(mean), activations.relu(elementwise.absolute(mean)))
    total = elementwise.multiply(positive, math.prod(each(kernel, d, name, "kernel_size", 1)))
    return elementwise.power(total, 1 / p)


def lp_pool1d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, L) → (N, C, L_out), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.lp_pool1d(tg.tensor([[[3.0, 4.0, 6.0, 8.0]]]), 2, 2)
    tensor([[[ 5., 10.]]])
    """
    y: Tensor = _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)
    return y


def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.lp_pool2d(tg.tensor([[[[1.0, 5.0], [1.0, 3.0]]]]), 2, 2)
    tensor([[[[6.]]]])
    """
    y: Tensor = _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)
    return y


def lp_pool3d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, D, H, W) → (N, C, …), or without N."""
    y: Tensor = _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)
    return y
