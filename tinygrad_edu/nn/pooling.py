"""Pooling as layers: one number for every window, or for each of so many parts. (N, C, *D), or without N."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.nn.functional import adaptive
from tinygrad_edu.nn.functional import pooling as F
from tinygrad_edu.nn.functional.convolution import each
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = [
    "AdaptiveAvgPool1d", "AdaptiveAvgPool2d", "AdaptiveAvgPool3d", "AdaptiveMaxPool1d", "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d", "AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d",
]  # fmt: skip


# -- the largest ------------------------------------------------------------------------------------------


class MaxPool(Module):
    """The largest number of every window."""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )

    def options(self) -> tuple[Any, ...]:
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices


class MaxPool1d(MaxPool):
    """The largest number of every window: (N, C, L) → (N, C, L_out), or without N. Options as `MaxPool2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.MaxPool1d(2)(tg.ones(1, 2, 6)).shape
    Size([1, 2, 3])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(input, *self.options())


class MaxPool2d(MaxPool):
    """The largest number of every window: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    Args:
        kernel_size, stride, padding, dilation: an int, or one for each dimension. The stride is kernel_size unless
            given; the margins of `padding` never win.
        return_indices: give also where each was found, for `MaxUnpool2d`.
        ceil_mode: a last window that reaches beyond the input counts, too.

    >>> import tinygrad_edu as tg
    >>> tg.nn.MaxPool2d(2)(tg.arange(16.0).view(1, 1, 4, 4))
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(input, *self.options())


class MaxPool3d(MaxPool):
    """The largest number of every window: (N, C, D, H, W) → (N, C, …), or without N. Options as `MaxPool2d`'s."""

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(input, *self.options())


class MaxUnpool(Module):
    """The numbers where pooling found them, zeros elsewhere."""

    dimensions: int

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        d, name = self.dimensions, type(self).__name__
        self.kernel_size = each(kernel_size, d, name, "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else each(stride, d, name, "stride", 1)
        self.padding = each(padding, d, name, "padding")

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(MaxUnpool):
    """The counterpart of `MaxPool1d`: (N, C, L) and indices → (N, C, L_out), or without N."""

    dimensions = 1

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(MaxUnpool):
    """The counterpart of `MaxPool2d`: (N, C, H, W) and indices → (N, C, H_out, W_out), or without N.

    >>> import tinygrad_edu as tg
    >>> y, indices = tg.nn.MaxPool2d(2, return_indices=True)(tg.arange(4.0).view(1, 1, 2, 2))
    >>> tg.nn.MaxUnpool2d(2)(y, indices)
    tensor([[[[0., 0.],
              [0., 3.]]]])
    """

    dimensions = 2

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(MaxUnpool):
    """The counterpart of `MaxPool3d`: (N, C, D, H, W) and indices → (N, C, …), or without N."""

    dimensions = 3

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


# -- the mean ---------------------------------------------------------------------------------------------


class AvgPool1d(Module):
    """The mean of every window: (N, C, L) → (N, C, L_out), or without N. Options as `AvgPool2d`'s.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AvgPool1d(2)(tg.arange(4.0).view(1, 1, 4))
    tensor([[[0.5000, 2.5000]]])
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = each(kernel_size, 1, "AvgPool1d", "kernel_size", 1)
        self.stride = self.kernel_size if stride is None else each(stride, 1, "AvgPool1d", "stride", 1)
        self.padding = each(padding, 1, "AvgPool1d", "padding")
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool(Module):
    """The mean of every window."""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"

    def options(self) -> tuple[Any, ...]:
        return (
            self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad, self.divisor_override
        )  # fmt: skip


class AvgPool2d(AvgPool):
    """The mean of every window: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    Args:
        kernel_size, stride, padding: an int, or one for each dimension. The stride is kernel_size unless given.
        ceil_mode: a last window that reaches beyond the input counts, too.
        count_include_pad: whether the zeros in the margins count.
        divisor_override: what to divide the sum by instead of the number of elements.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AvgPool2d(2)(tg.arange(16.0).view(1, 1, 4, 4))
    tensor([[[[ 2.5000,  4.5000],
              [10.5000, 12.5000]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(input, *self.options())


class AvgPool3d(AvgPool):
    """The mean of every window: (N, C, D, H, W) → (N, C, …), or without N. Options as `AvgPool2d`'s."""

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(input, *self.options())


class LPPool(Module):
    """(Σ xᵖ)^(1/p) of every window."""

    def __init__(self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> None:
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = norm_type, kernel_size, stride, ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(LPPool):
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, L) → (N, C, L_out), or without N."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(LPPool):
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, H, W) → (N, C, H_out, W_out), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.LPPool2d(2, 2)(tg.tensor([[[[1.0, 5.0], [1.0, 3.0]]]]))
    tensor([[[[6.]]]])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(LPPool):
    """(Σ xᵖ)^(1/p) of every window, p being `norm_type`: (N, C, D, H, W) → (N, C, …), or without N."""

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, self.norm_type, self.kernel_size, self.stride, self.ceil_mode)


# -- as many windows as are asked for ---------------------------------------------------------------------


class AdaptivePool(Module):
    """One number for each of `output_size` parts (an int, or one for each dimension; None: all)."""

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(AdaptivePool):
    """The mean of each part: (N, C, L) → (N, C, output_size), or without N."""

    def forward(self, input: Tensor) -> Tensor:
        return adaptive.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(AdaptivePool):
    """The mean of each part: (N, C, H, W) → (N, C, *output_size), or without N.

    >>> import tinygrad_edu as tg
    >>> tg.nn.AdaptiveAvgPool2d(1)(tg.ones(5, 16, 7, 7)).shape
    Size([5, 16, 1, 1])
    """

    def forward(self, input: Tensor) -> Tensor:
        return adaptive.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(AdaptivePool):
    """The mean of each part: (N, C, D, H, W) → (N, C, *output_size), or without N."""

    def forward(self, input: Tensor) -> Tensor:
        return adaptive.adaptive_avg_pool3d(input, self.output_size)


class AdaptiveMaxPool(AdaptivePool):
    """The largest number of each of `output_size` parts."""

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    """The largest number of each part: (N, C, L) → (N, C, output_size), or without N."""

    def forward(self, input: Tensor) -> Any:
        return adaptive.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    """The largest number of each part: (N, C, H, W) → (N, C, *output_size), or without N."""

    def forward(self, input: Tensor) -> Any:
        return adaptive.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    """The largest number of each part: (N, C, D, H, W) → (N, C, *output_size), or without N."""

    def forward(self, input: Tensor) -> Any:
        return adaptive.adaptive_max_pool3d(input, self.output_size, self.return_indices)
