"""Convolutions: every window of the input times the same weights, as one product of matrices.

A convolution is three rules: the windows become the columns of a matrix (`patches`), the weights are multiplied
with it, the rows of the product become planes again (`planes`). A transposed convolution is the same backwards.
"""

from __future__ import annotations

import math
from functools import lru_cache
from operator import index as as_int
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.shaping import lifted
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise, indexing, joining, linalg, shaping
from tinygrad_edu.rules import windows as rules
from tinygrad_edu.rules.windows import Grid

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

_MOST = 1 << 22  # numbers in a matrix of columns that nobody needs afterwards; the batch is then taken in parts


# -- options ----------------------------------------------------------------------------------------------


def each(value: Any, d: int, name: str, what: str, least: int = 0) -> tuple[int, ...]:
    """One int for each of `d` dimensions, from an int or a sequence. Raises RuntimeError if one is too small."""
    try:
        found = tuple(map(as_int, value)) if isinstance(value, (tuple, list)) else (as_int(value),)
    except TypeError:
        raise TypeError(f"{name}: {what} must be an int or {d} ints, not {value!r}") from None
    if len(found) not in (1, d):
        raise RuntimeError(f"{name}: expected {what} to be a single integer value or a list of {d} values, got {value}")
    found = found * d if len(found) == 1 else found
    if min(found) < least:
        least_words = {"stride": "non-positive stride is not supported", "padding": "negative padding is not supported"}
        why = least_words.get(what, f"{what} should be greater than {least - 1}")
        raise RuntimeError(f"{name}: {why}, got {what}={value}")
    return found


@lru_cache(maxsize=1024)
def _grid(name: str, kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Grid:
    d = len(kernel)
    strides = each(stride, d, name, "stride", 1)
    spacing = each(dilation, d, name, "dilation", 1)
    if min(kernel) < 1:
        raise RuntimeError(f"{name}: Kernel size should be greater than zero, got {kernel}")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"{name}: Invalid padding string {padding!r}, should be one of 'valid', 'same'")
        if padding == "same" and max(strides) > 1:
            raise ValueError(f"{name}: padding='same' is not supported for strided convolutions (stride={stride})")
        total = [a * (k - 1) if padding == "same" else 0 for k, a in zip(kernel, spacing, strict=True)]
        return rules.grid(kernel, strides, tuple((n // 2, n - n // 2) for n in total), spacing)
    margins = each(padding, d, name, "padding")
    return rules.grid(kernel, strides, tuple((n, n) for n in margins), spacing)


def grid_of(name: str, kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Grid:
    """The windows that the options describe."""
    lists = (tuple(v) if isinstance(v, list) else v for v in (stride, padding, dilation))
    return _grid(name, kernel, *lists)


def times(sizes: Any) -> str:
    """28 x 28."""
    return " x ".join(map(str, sizes))


# -- convolution ------------------------------------------------------------------------------------------


def _check(name: str, x: Any, w: Any, b: Any, groups: int, transposed: bool = False) -> None:
    """Raise RuntimeError for operands that do not fit together."""
    d = int(name[-2])
    shape = w.shape
    if w.ndim != d + 2:
        raise RuntimeError(
            f"{name}: the weight must have {d + 2} dimensions, "
            f"({'in_channels, out' if transposed else 'out_channels, in'}_channels / groups, *kernel), "
            f"but its shape is {tuple(shape)}"
        )
    for what, a in (("Input", x), ("bias", b)):
        if a is not None and a.dtype != w.dtype:
            raise RuntimeError(
                f"{name}: {what} type ({a.dtype}) and weight type ({w.dtype}) should be the same. Convert one: "
                f"x.float() for float32, or the model with .to(x.dtype)."
            )
    if groups < 1:
        raise RuntimeError(f"{name}: non-positive groups is not supported, got groups={groups}")
    if w.shape[0] % groups or w.shape[0] < groups:
        raise RuntimeError(
            f"{name}: {_given(w, groups, transposed)}, expected weight to be at least {groups} at dimension 0 and "
            f"divisible by groups={groups}"
        )
    channels = w.shape[0] if transposed else w.shape[1] * groups
    if x.shape[1] != channels:
        raise RuntimeError(
            f"{name}: {_given(w, groups, transposed)}, expected input{list(x.shape)} to have {channels} channels, but "
            f"got {x.shape[1]} channels instead.{_wrong_channels(x.shape, channels)}"
        )
    out = w.shape[1] * groups if transposed else w.shape[0]
    if b is not None and b.shape != (out,):
        raise RuntimeError(
            f"{name}: Given weight of size {list(shape)}, expected bias to be 1-dimensional with {out} elements, but "
            f"got bias of size {list(b.shape)} instead"
        )


def _given(w: Any, groups: int, transposed: bool) -> str:
    return f"Given {'transposed=1' if transposed else f'groups={groups}'}, weight of size {list(w.shape)}"


def _wrong_channels(shape: Any, channels: int) -> str:
    """What probably happened, if it can be seen from the shape."""
    if shape[-1] == channels:
        order = ", ".join(map(str, (0, len(shape) - 1, *range(1, len(shape) - 1))))
        return f" The channels seem to come last: x.permute({order})."
    if channels == 1:
        return " A batch of images without channels becomes one by x.unsqueeze(1)."
    return " in_channels of a layer is the number of channels that the layer before it gives."


def _batched(name: str, input: Any, d: int) -> Any:
    """The input with a batch of one, if it had none. Raises RuntimeError for a wrong number of dimensions."""
    x = raw(input, name)
    ndim = getattr(x, "ndim", 0)
    if ndim not in (d + 1, d + 2):
        missing = f" Missing dimensions are added by x[None], or x.view(N, C, {', '.join('HW'[-d:])})." if d < 3 else ""
        raise RuntimeError(
            f"Expected {d + 1}D (unbatched) or {d + 2}D (batched) input to {name}, but got input of size: "
            f"{list(np.shape(x))}.{missing}"
        )
    return shaping.reshape(input, shape=(1, *x.shape))


def _convolution(
    name: str, d: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    x, w = raw(input, name), raw(weight, name)
    b = None if bias is None else raw(bias, name)
    if x.ndim != d + 2:
        y = _convolution(name, d, _batched(name, input, d), weight, bias, stride, padding, dilation, groups)
        return shaping.reshape(y, shape=y._array.shape[1:])
    _check(name, x, w, b, groups)
    (n, c, *sizes), (out, _, *kernel) = x.shape, w.shape
    grid = grid_of(name, tuple(kernel), stride, padding, dilation)
    counts = grid.counts(sizes)
    if min(counts) < 1:
        reach = [a * (k - 1) + 1 for k, a in zip(kernel, grid.dilation, strict=True)]
        raise RuntimeError(
            f"{name}: Calculated padded input size per channel: ({times(grid.framed(sizes))}). Kernel size: "
            f"({times(reach)}). Kernel size can't be greater than actual input size. Use fewer or smaller layers "
            f"before this one, or padding."
        )
    matrix = shaping.reshape(weight, shape=(groups, out // groups, math.prod(w.shape[1:])))

    def product(part: Any, n: int) -> Any:
        columns = rules.patches(part, grid=grid, groups=groups)
        return rules.planes(linalg.matmul(matrix, columns), bias, n=n, counts=counts)

    one = c * math.prod(kernel) * math.prod(counts)
    if n * one <= _MOST or n == 1 or (recording.get() and any(map(_connected, (input, weight, bias)))):
        return product(input, n)
    step = max(_MOST // one, 1)
    parts = ((slice(k, min(k + step, n))) for k in range(0, n, step))
    return joining.concatenate(
        *[product(indexing.getitem(lifted(input, name), index=(p,)), p.stop - p.start) for p in parts], axis=0
    )


def _connected(x: Any) -> bool:
    return isinstance(x, TensorBase) and x._edge() is not None


def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The weights at every place of a signal: (N, C_in, L) → (N, C_out, L_out), or without N. As `conv2d`.

    weight: (C_out, C_in / groups, k); bias: (C_out,).

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[[1.0, 2.0, 4.0, 8.0]]])
    >>> tg.nn.functional.conv1d(x, tg.tensor([[[-1.0, 1.0]]]))
    tensor([[[1., 2., 4.]]])
    """
    return _convolution("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The weights at every place of an image: (N, C_in, H, W) → (N, C_out, H_out, W_out), or without N.

    y[n, o, i, j] = bias[o] + Σ weight[o, c, a, b] · x[n, c, stride·i + dilation·a − padding, …] over c, a and b,
    and H_out = ⌊(H + 2·padding − dilation·(k − 1) − 1) / stride⌋ + 1.

    weight: (C_out, C_in / groups, k, k); bias: (C_out,). stride, padding, dilation: an int, or one for each
    dimension; padding also "valid" (none) or "same" (the output is as large as the input). groups: the channels
    fall into so many parts, each with weights of its own.
    Raises RuntimeError for shapes, dtypes or options that do not fit.

    >>> import tinygrad_edu as tg
    >>> x = tg.arange(9.0).view(1, 1, 3, 3)
    >>> tg.nn.functional.conv2d(x, tg.ones(1, 1, 2, 2))
    tensor([[[[ 8., 12.],
              [20., 24.]]]])
    """
    return _convolution("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> Tensor:
    """The weights at every place of a volume: (N, C_in, D, H, W) → (N, C_out, …), or without N. As `conv2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.conv3d(tg.ones(1, 1, 3, 3, 3), tg.ones(1, 1, 2, 2, 3)).shape
    Size([1, 1, 2, 2, 1])
    """
    return _convolution("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


# -- transposed convolution -------------------------------------------------------------------------------


def _transposed(
    name: str,
    d: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    extra: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    x, w = raw(input, name), raw(weight, name)
    b = None if bias is None else raw(bias, name)
    if x.ndim != d + 2:
        y = _transposed(name, d, _batched(name, input, d), weight, bias, stride, padding, extra, groups, dilation)
        return shaping.reshape(y, shape=y._array.shape[1:])
    _check(name, x, w, b, groups, transposed=True)
    (n, c, *sizes), (_, out, *kernel) = x.shape, w.shape
    if isinstance(padding, str):
        raise TypeError(f"{name}: padding must be an int or {d} ints, not {padding!r}")
    grid = grid_of(name, tuple(kernel), stride, padding, dilation)
    more = each(extra, d, name, "output_padding")
    if any(m >= max(s, a) for m, s, a in zip(more, grid.stride, grid.dilation, strict=True)):
        raise RuntimeError(
            f"{name}: output padding must be smaller than either stride or dilation, but got output_padding={more}, "
            f"stride={grid.stride} and dilation={grid.dilation}"
        )
    # less than a stride more changes no window; what is more than that comes off the margin, and then lies beyond it
    far = [m if m >= s else 0 for m, s in zip(more, grid.stride, strict=True)]
    beyond = [max(m - a, 0) for m, (a, _) in zip(far, grid.padding, strict=True)]
    margins = tuple((a, max(a - m, 0)) for m, (a, _) in zip(far, grid.padding, strict=True))
    reach = zip(sizes, kernel, grid.stride, grid.padding, grid.dilation, more, beyond, strict=True)
    sides = [(m - 1) * s - 2 * a + e * (k - 1) + 1 + o - rest for m, k, s, (a, _), e, o, rest in reach]
    grid = rules.grid(grid.kernel, grid.stride, margins, grid.dilation)
    if min(sides) < 1:
        raise RuntimeError(
            f"{name}: Given input size per channel: ({times(sizes)}). Calculated output size per channel: "
            f"({times(sides)}). Output size is too small"
        )
    matrix = shaping.reshape(weight, shape=(groups, c // groups, math.prod(w.shape[1:])))
    columns = linalg.matmul(shaping.transpose(matrix, axes=(0, 2, 1)), rules.rows(input, groups=groups))
    y = rules.overlap(columns, shape=(n, out * groups, *sides), grid=grid, groups=groups)
    if any(beyond):
        y = shaping.pad(y, widths=((0, 0), (0, 0), *((0, m) for m in beyond)), value=0)
    return y if bias is None else elementwise.add(y, shaping.reshape(bias, shape=(out * groups, *(1,) * d)))


def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """`conv1d` backwards: (N, C_in, L) → (N, C_out, L_out), or without N. As `conv_transpose2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.conv_transpose1d(tg.tensor([[[1.0, 2.0]]]), tg.tensor([[[1.0, 1.0, 1.0]]]), stride=2)
    tensor([[[1., 1., 3., 2., 2.]]])
    """
    return _transposed("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """`conv2d` backwards: each pixel paints the weights, times its value, into a window of the output.

    (N, C_in, H, W) → (N, C_out, H_out, W_out), or without N, with
    H_out = (H − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1: the sizes that a `conv2d` with the
    same options brings back to H. (It is the derivative of `conv2d` in its input, and no inverse.)

    weight: (C_in, C_out / groups, k, k); bias: (C_out,). output_padding: rows and columns added at the end.
    Raises RuntimeError for shapes, dtypes or options that do not fit.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> tg.nn.functional.conv_transpose2d(x, tg.ones(1, 1, 2, 2))
    tensor([[[[ 1.,  3.,  2.],
              [ 4., 10.,  6.],
              [ 3.,  7.,  4.]]]])
    """
    return _transposed("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: int = 1, dilation: Any = 1,
) -> Tensor:  # fmt: skip
    """`conv3d` backwards: (N, C_in, D, H, W) → (N, C_out, …), or without N. As `conv_transpose2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.conv_transpose3d(tg.ones(1, 1, 1, 1, 1), tg.ones(1, 2, 2, 2, 3)).shape
    Size([1, 2, 2, 2, 3])
    """
    return _transposed("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)
