"""Images cut into windows, and put together again."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.convolution import each, grid_of, times
from tinygrad_edu.rules import shaping
from tinygrad_edu.rules import windows as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["fold", "unfold"]


def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Every window of an image as a column: (N, C, H, W) → (N, C·k·k, windows), or without N.

    Raises RuntimeError for options that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.unfold(tg.arange(6.0).view(1, 1, 2, 3), 2)
    tensor([[[0., 1.],
             [1., 2.],
             [3., 4.],
             [4., 5.]]])
    """
    x = raw(input, "unfold")
    if x.ndim not in (3, 4):
        raise RuntimeError(
            f"unfold: Expected 3D or 4D (batch mode) tensor (N, C, H, W) for input, but got: {list(x.shape)}"
        )
    if x.ndim == 3:
        y = unfold(shaping.reshape(input, shape=(1, *x.shape)), kernel_size, dilation, padding, stride)
        return shaping.reshape(y, shape=y._array.shape[1:])
    kernel = each(kernel_size, 2, "unfold", "kernel_size", 1)
    grid = grid_of("unfold", kernel, stride, padding, dilation)
    n, c, *sizes = x.shape
    counts = grid.counts(sizes)
    if min(counts) < 1:
        raise RuntimeError(
            f"unfold: Given input with spatial size ({times(sizes)}), kernel_size={kernel}, dilation={grid.dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as ({times(counts)}), but its "
            f"components must be at least one."
        )
    # each row of the matrix is a channel of planes of `counts`
    y = rules.planes(rules.patches(input, grid=grid), None, n=n, counts=counts)
    return shaping.reshape(y, shape=(n, c * math.prod(kernel), math.prod(counts)))


def fold(
    input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Windows added up to an image, the counterpart of `unfold`: (N, C·k·k, windows) → (N, C, H, W), or without N.

    Raises RuntimeError for options that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.fold(tg.ones(1, 4, 2), (2, 3), 2)
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """
    x = raw(input, "fold")
    if x.ndim not in (2, 3):
        raise RuntimeError(f"fold: Expected 2D or 3D (batch mode) tensor for input, but got: {list(x.shape)}")
    if x.ndim == 2:
        y = fold(shaping.reshape(input, shape=(1, *x.shape)), output_size, kernel_size, dilation, padding, stride)
        return shaping.reshape(y, shape=y._array.shape[1:])
    kernel = each(kernel_size, 2, "fold", "kernel_size", 1)
    sizes = each(output_size, 2, "fold", "output_size", 1)
    grid = grid_of("fold", kernel, stride, padding, dilation)
    counts, (n, rows, number) = grid.counts(sizes), x.shape
    if rows % math.prod(kernel):
        raise RuntimeError(
            f"fold: Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={rows} and kernel_size={kernel}"
        )
    if min(counts) < 1 or number != math.prod(counts):
        raise RuntimeError(
            f"fold: Given output_size={sizes}, kernel_size={kernel}, dilation={grid.dilation}, padding={padding}, "
            f"stride={grid.stride}, expected size of input's dimension 2 to match the calculated number of sliding "
            f"blocks {times(counts)} = {math.prod(counts)}, but got input.size(2)={number}."
        )
    columns = rules.rows(shaping.reshape(input, shape=(n, rows, *counts)))
    return rules.overlap(columns, shape=(n, rows // math.prod(kernel), *sizes), grid=grid)
