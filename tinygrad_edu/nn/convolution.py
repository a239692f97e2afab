"""Convolutions, and transposed ones, as layers: the weights slide over signals, images or volumes."""

from __future__ import annotations

import math
from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.functions.rearranging import pad
from tinygrad_edu.nn.functional import convolution as F
from tinygrad_edu.nn.functional.convolution import each
from tinygrad_edu.nn.linear import count, uniform_
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensor import Tensor

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Convolution(Module):
    """What all of them have: options, a weight (out, in / groups, *kernel), a bias (out,).

    Both start from U(−1/√n, 1/√n), n = in / groups · kernel being the numbers that one output is made of.
    """

    dimensions: int
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        name, d = type(self).__name__, self.dimensions
        self.in_channels = count(name, "in_channels", in_channels)
        self.out_channels = count(name, "out_channels", out_channels)
        self.kernel_size = each(kernel_size, d, name, "kernel_size", 1)
        self.stride = each(stride, d, name, "stride", 1)
        self.dilation = each(dilation, d, name, "dilation", 1)
        self.output_padding = (0,) * d
        self.groups, self.padding_mode = groups, padding_mode
        if groups < 1:
            raise ValueError(f"{name}: groups must be a positive integer, not {groups}")
        for what, n in (("in_channels", in_channels), ("out_channels", out_channels)):
            if n % groups:
                raise ValueError(f"{name}: {what} must be divisible by groups, but {what}={n} and groups={groups}")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"{name}: Invalid padding string {padding!r}, should be one of 'same', 'valid'")
            if padding == "same" and max(self.stride) > 1:
                raise ValueError(
                    f"{name}: padding='same' is not supported for strided convolutions, but stride={stride}"
                )
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"{name}: padding_mode must be one of {', '.join(_PADDING_MODES)}, but got "
                f"padding_mode={padding_mode!r}"
            )
        self.padding: Any = padding if isinstance(padding, str) else each(padding, d, name, "padding")
        shape = (in_channels, out_channels // groups) if self.transposed else (out_channels, in_channels // groups)
        self.weight = Parameter(creation.empty(*shape, *self.kernel_size, dtype=dtype))
        self.register_parameter("bias", Parameter(creation.empty(out_channels, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        fan_in = math.prod(self.weight.shape[1:])
        uniform_(self.weight, fan_in)
        uniform_(self.bias, fan_in)

    def margins(self) -> tuple[int, ...]:
        """The padding as `functional.pad` takes it: before and behind, from the last dimension backwards."""
        if self.padding == "same":
            total = [a * (k - 1) for k, a in zip(self.kernel_size, self.dilation, strict=True)]
            pairs = [(n // 2, n - n // 2) for n in total]
        else:
            pairs = [(0, 0) if isinstance(n, str) else (n, n) for n in self.padding[: self.dimensions]]
        return tuple(n for pair in reversed(pairs) for n in pair)

    def convolve(self, function: Any, input: Any) -> Tensor:
        """`function` of the input, with margins of the layer's kind."""
        padding: Any = self.padding
        if self.padding_mode != "zeros" and padding != "valid":
            input, padding = pad(input, self.margins(), mode=self.padding_mode), 0
        y: Tensor = function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)
        return y

    def extra_repr(self) -> str:
        d = self.dimensions
        parts = [f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"]
        if self.padding != (0,) * d:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * d:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * d:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


class Conv1d(Convolution):
    """Weights at every place of a signal: (N, C_in, L) → (N, C_out, L_out), or without N. Options as `Conv2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Conv1d(2, 4, 3)(tg.ones(5, 2, 10)).shape
    Size([5, 4, 8])
    """

    dimensions = 1

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv1d, input)


class Conv2d(Convolution):
    """Weights at every place of an image: (N, C_in, H, W) → (N, C_out, H_out, W_out), or without N.

    H_out = ⌊(H + 2·padding − dilation·(kernel_size − 1) − 1) / stride⌋ + 1, and W_out likewise.

    Args:
        in_channels, out_channels: C_in and C_out.
        kernel_size, stride, padding, dilation: an int, or one for each dimension. padding may be "valid" (none) or
            "same" (the output is as large as the input).
        groups: the channels fall into so many parts, each with weights of its own.
        padding_mode: what the margins hold: "zeros", "reflect", "replicate" (the edge) or "circular".

    weight is (C_out, C_in / groups, kernel_size, kernel_size), bias (C_out,). Raises ValueError for options that do
    not fit, RuntimeError for an input that does not.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Conv2d(3, 16, 3, padding=1)
    >>> layer(tg.ones(5, 3, 8, 8)).shape
    Size([5, 16, 8, 8])
    >>> layer
    Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """

    dimensions = 2

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv2d, input)


class Conv3d(Convolution):
    """Weights at every place of a volume: (N, C_in, D, H, W) → (N, C_out, …), or without N. Options as `Conv2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Conv3d(1, 2, 3)(tg.ones(1, 1, 4, 4, 4)).shape
    Size([1, 2, 2, 2, 2])
    """

    dimensions = 3

    def forward(self, input: Tensor) -> Tensor:
        return self.convolve(F.conv3d, input)


class ConvolutionTransposed(Convolution):
    """What the transposed ones have besides: output_padding, an output size, a weight (in, out / groups, *kernel)."""

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        name = type(self).__name__
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {name}, not {padding_mode!r}')
        if isinstance(padding, str):
            raise TypeError(f"{name}: padding must be an int or {self.dimensions} ints, not {padding!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias, padding_mode, device, dtype
        )
        self.output_padding = each(output_padding, self.dimensions, name, "output_padding")

    def padding_for(self, input: Any, output_size: Any) -> tuple[int, ...]:
        """The output_padding that gives `output_size`. Raises ValueError if none does."""
        if output_size is None:
            return self.output_padding
        d = self.dimensions
        sizes, wanted = tuple(input.shape)[-d:], tuple(output_size)
        if len(wanted) not in (d, d + 2, input.ndim):
            raise ValueError(
                f"{type(self).__name__}: for {input.ndim}D input, output_size must have {d} or {d + 2} elements "
                f"(got {len(wanted)})"
            )
        every = zip(sizes, self.stride, self.padding, self.dilation, self.kernel_size, strict=True)
        least = [(n - 1) * s - 2 * a + e * (k - 1) + 1 for n, s, a, e, k in every]
        most = [n + s - 1 for n, s in zip(least, self.stride, strict=True)]
        more = tuple(w - n for w, n in zip(wanted[-d:], least, strict=True))
        if any(m < 0 or m >= s for m, s in zip(more, self.stride, strict=True)):
            raise ValueError(
                f"{type(self).__name__}: requested an output size of {wanted[-d:]}, but valid sizes range from {least} "
                f"to {most} (for an input of {sizes})"
            )
        return more

    def paint(self, function: Any, input: Any, output_size: Any) -> Tensor:
        more = self.padding_for(input, output_size)
        y: Tensor = function(input, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)
        return y


class ConvTranspose1d(ConvolutionTransposed):
    """`Conv1d` backwards: (N, C_in, L) → (N, C_out, L_out), or without N. Options as `ConvTranspose2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose1d(4, 2, 3)(tg.ones(5, 4, 8)).shape
    Size([5, 2, 10])
    """

    dimensions = 1

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self.paint(F.conv_transpose1d, input, output_size)


class ConvTranspose2d(ConvolutionTransposed):
    """`Conv2d` backwards, to enlarge: (N, C_in, H, W) → (N, C_out, H_out, W_out), or without N.

    H_out = (H − 1)·stride − 2·padding + dilation·(kernel_size − 1) + output_padding + 1, and W_out likewise.

    Args: as `Conv2d`'s, and output_padding: rows and columns added at the end. Called with output_size (two ints),
    the layer finds the output_padding that gives it.

    weight is (C_in, C_out / groups, kernel_size, kernel_size), bias (C_out,). Raises ValueError for options that do
    not fit, RuntimeError for an input that does not.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose2d(16, 3, 2, stride=2)(tg.ones(5, 16, 4, 4)).shape
    Size([5, 3, 8, 8])
    """

    dimensions = 2

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self.paint(F.conv_transpose2d, input, output_size)


class ConvTranspose3d(ConvolutionTransposed):
    """`Conv3d` backwards: (N, C_in, D, H, W) → (N, C_out, …), or without N. Options as `ConvTranspose2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConvTranspose3d(2, 1, 2, stride=2)(tg.ones(1, 2, 2, 2, 2)).shape
    Size([1, 1, 4, 4, 4])
    """

    dimensions = 3

    def forward(self, input: Tensor, output_size: Any = None) -> Tensor:
        return self.paint(F.conv_transpose3d, input, output_size)
