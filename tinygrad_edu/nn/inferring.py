"""Layers that learn their number of channels from their first input, and are ordinary layers from then on.

Until then parameters are empty, so the first input must come before anything looks at their shapes.
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.functions import creation
from tinygrad_edu.nn import convolution, normalization
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = [
    "LazyBatchNorm1d", "LazyBatchNorm2d", "LazyBatchNorm3d", "LazyConv1d", "LazyConv2d", "LazyConv3d",
    "LazyConvTranspose1d", "LazyConvTranspose2d", "LazyConvTranspose3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]  # fmt: skip


class Inferring(Module):
    """Becomes the class that it stands for, the second of its bases, when the first input comes."""

    def infer(self: Any, input: Tensor) -> None:
        """Make the parameters for the input's channels."""
        raise NotImplementedError

    def forward(self: Any, input: Tensor, *args: Any) -> Tensor:
        self.infer(input)
        self.__class__ = type(self).__bases__[1]
        self.reset_parameters()
        y: Tensor = self.forward(input, *args)
        return y


class InferringConvolution(Inferring):
    def __init__(self, out_channels: int, kernel_size: Any, *args: Any, **options: Any) -> None:
        super().__init__(0, out_channels, kernel_size, *args, **options)  # type: ignore[call-arg]

    def infer(self: Any, input: Tensor) -> None:
        d, name = len(self.kernel_size), type(self).__name__
        if input.ndim not in (d + 1, d + 2):
            raise RuntimeError(
                f"{name}: Expected {d + 1}D (unbatched) or {d + 2}D (batched) input, but got input of size: "
                f"{list(input.shape)}"
            )
        channels, out, groups = input.shape[-d - 1], self.out_channels, self.groups
        if channels % groups:
            raise ValueError(
                f"{name}: in_channels must be divisible by groups, but in_channels={channels} and groups={groups}"
            )
        self.in_channels = channels
        shape = (channels, out // groups) if self.transposed else (out, channels // groups)
        self.weight.data = creation.empty(*shape, *self.kernel_size, dtype=self.weight.dtype)


class LazyConv1d(InferringConvolution, convolution.Conv1d):
    """`Conv1d` without in_channels: LazyConv1d(out_channels, kernel_size, …)."""


class LazyConv2d(InferringConvolution, convolution.Conv2d):
    """`Conv2d` without in_channels: LazyConv2d(out_channels, kernel_size, …).

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.LazyConv2d(8, 3)
    >>> layer(tg.ones(1, 3, 5, 5)).shape
    Size([1, 8, 3, 3])
    >>> layer
    Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """


class LazyConv3d(InferringConvolution, convolution.Conv3d):
    """`Conv3d` without in_channels: LazyConv3d(out_channels, kernel_size, …)."""


class LazyConvTranspose1d(InferringConvolution, convolution.ConvTranspose1d):
    """`ConvTranspose1d` without in_channels: LazyConvTranspose1d(out_channels, kernel_size, …)."""


class LazyConvTranspose2d(InferringConvolution, convolution.ConvTranspose2d):
    """`ConvTranspose2d` without in_channels: LazyConvTranspose2d(out_channels, kernel_size, …)."""


class LazyConvTranspose3d(InferringConvolution, convolution.ConvTranspose3d):
    """`ConvTranspose3d` without in_channels: LazyConvTranspose3d(out_channels, kernel_size, …)."""


class InferringNorm(Inferring):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(0, *args, **options)  # type: ignore[call-arg]

    def infer(self: Any, input: Tensor) -> None:
        self.check(input)
        channels = self.num_features = input.shape[self.axis(input)]
        for name in ("weight", "bias"):
            p = getattr(self, name)
            if p is not None:
                p.data = creation.empty(channels, dtype=p.dtype)
        for name in ("running_mean", "running_var"):
            t = getattr(self, name)
            if t is not None:
                setattr(self, name, creation.empty(channels, dtype=t.dtype))


class LazyBatchNorm1d(InferringNorm, normalization.BatchNorm1d):
    """`BatchNorm1d` without num_features: LazyBatchNorm1d(eps, momentum, …)."""


class LazyBatchNorm2d(InferringNorm, normalization.BatchNorm2d):
    """`BatchNorm2d` without num_features: LazyBatchNorm2d(eps, momentum, …).

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.LazyBatchNorm2d()
    >>> layer(tg.ones(2, 3, 4, 4)).shape, layer.num_features
    (Size([2, 3, 4, 4]), 3)
    """


class LazyBatchNorm3d(InferringNorm, normalization.BatchNorm3d):
    """`BatchNorm3d` without num_features: LazyBatchNorm3d(eps, momentum, …)."""


class LazyInstanceNorm1d(InferringNorm, normalization.InstanceNorm1d):
    """`InstanceNorm1d` without num_features: LazyInstanceNorm1d(eps, momentum, …)."""


class LazyInstanceNorm2d(InferringNorm, normalization.InstanceNorm2d):
    """`InstanceNorm2d` without num_features: LazyInstanceNorm2d(eps, momentum, …)."""


class LazyInstanceNorm3d(InferringNorm, normalization.InstanceNorm3d):
    """`InstanceNorm3d` without num_features: LazyInstanceNorm3d(eps, momentum, …)."""
