"""Normalisation as layers: activations shifted and scaled to mean 0 and variance 1, then by learned numbers."""

from __future__ import annotations

from typing import Any

from tinygrad_edu import memory
from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import int64
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional import normalization as F
from tinygrad_edu.nn.linear import count
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.rules import shaping
from tinygrad_edu.tensor import Tensor
from tinygrad_edu.warning import warn

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "GroupNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d",
    "LayerNorm", "LocalResponseNorm", "RMSNorm",
]  # fmt: skip


class Norm(Module):
    """What all have: a weight, which starts from ones, and a bias, which starts from zeros; or neither."""

    weight: Parameter | None
    bias: Parameter | None

    def scale(self, shape: tuple[int, ...], weight: bool, bias: bool, dtype: Any) -> None:
        """Make weight and bias, as far as they are wanted."""
        self.register_parameter("weight", Parameter(creation.ones(*shape, dtype=dtype)) if weight else None)
        self.register_parameter("bias", Parameter(creation.zeros(*shape, dtype=dtype)) if bias else None)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        if self.weight is not None:
            self.weight.data.fill_(1.0)
        if self.bias is not None:
            self.bias.data.fill_(0.0)


# -- each channel, with running statistics ----------------------------------------------------------------


class ChannelNorm(Norm):
    """A weight and a bias for each channel, and the running mean and variance that evaluation mode may use."""

    dimensions: tuple[int, ...]  # that an input may have
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool,
    ) -> None:
        super().__init__()
        check_device(device)
        self.num_features = count(type(self).__name__, "num_features", num_features)
        self.eps, self.momentum, self.affine, self.track_running_stats = eps, momentum, affine, track_running_stats
        self.scale((self.num_features,), affine, affine and bias, dtype)
        track = track_running_stats
        self.register_buffer("running_mean", creation.zeros(self.num_features, dtype=dtype) if track else None)
        self.register_buffer("running_var", creation.ones(self.num_features, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", creation.tensor(0, dtype=int64) if track else None)

    def reset_running_stats(self) -> None:
        """Mean 0, variance 1, no batch seen."""
        if self.running_mean is not None and self.running_var is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1.0)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, and the running statistics as at the start."""
        self.reset_running_stats()
        super().reset_parameters()

    def check(self, input: Any) -> None:
        """Raise ValueError for an input of the wrong number of dimensions."""
        if input.ndim not in self.dimensions:
            expected = " or ".join(f"{d}D" for d in self.dimensions)
            sides = {2: "", 3: ", L", 4: ", H, W", 5: ", D, H, W"}[self.dimensions[-1]]
            raise ValueError(
                f"{type(self).__name__}: expected {expected} input (got {input.ndim}D input of size "
                f"{list(input.shape)}): it is (N, {self.num_features}{sides})"
            )

    def axis(self, input: Any) -> int:
        """The dimension of the channels."""
        return 1

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm(ChannelNorm):
    """Each channel to mean 0 and variance 1 over the batch."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def forward(self, input: Tensor) -> Tensor:
        self.check(input)
        mean, var, seen = self.running_mean, self.running_var, self.num_batches_tracked
        if not self.training:
            whole = mean is None and var is None  # nothing has been gathered: the batch's own statistics
            return F.batch_norm(input, mean, var, self.weight, self.bias, whole, 0.0, self.eps)
        if not self.track_running_stats:
            mean = var = seen = None
        momentum = self.momentum
        if momentum is None:  # the mean of all batches counts each alike
            momentum = 1 / (1 + seen.item()) if seen is not None else 0.0
        y = F.batch_norm(input, mean, var, self.weight, self.bias, True, momentum, self.eps)
        if seen is not None:
            seen._array[...] += 1
            memory.changed(seen._array, "batch_norm")
        return y


class BatchNorm1d(BatchNorm):
    """Each feature to mean 0 and variance 1 over the batch: (N, C) or (N, C, L), shape kept. As `BatchNorm2d`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.BatchNorm1d(1)(tg.tensor([[1.0], [3.0]])).tolist()
    [[-0.9999949932098389], [0.9999949932098389]]
    """

    dimensions = (2, 3)


class BatchNorm2d(BatchNorm):
    """Each channel to mean 0 and variance 1 over batch and image, then times weight plus bias: (N, C, H, W).

    While training the batch's own statistics are used, and the running ones follow them; in evaluation mode the
    running ones are used. (Ioffe & Szegedy, "Batch Normalization", 2015.)

    Args:
        num_features: C.
        eps: added to the variance.
        momentum: how far the running statistics move towards a batch's; None: they become the mean of all batches.
        affine: whether there are weight and bias.
        track_running_stats: whether there are running statistics; without them every batch uses its own.

    Raises ValueError for a wrong number of dimensions, and for one value per channel while training.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.BatchNorm2d(3)
    >>> layer(tg.ones(2, 3, 4, 4)).shape, layer.num_batches_tracked
    (Size([2, 3, 4, 4]), tensor(1))
    """

    dimensions = (4,)


class BatchNorm3d(BatchNorm):
    """Each channel to mean 0 and variance 1 over batch and volume: (N, C, D, H, W), shape kept. As `BatchNorm2d`."""

    dimensions = (5,)


class InstanceNorm(ChannelNorm):
    """Each channel of each sample to mean 0 and variance 1."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias)

    def axis(self, input: Any) -> int:
        return 0 if input.ndim == self.dimensions[0] else 1  # without a batch, or with one

    def forward(self, input: Tensor) -> Tensor:
        self.check(input)
        shape, axis = tuple(input.shape), self.axis(input)
        alone = axis == 0
        if shape[axis] != self.num_features:
            text = (
                f"{type(self).__name__}: expected input's size at dim={axis} to match num_features "
                f"({self.num_features}), but got: {shape[axis]}."
            )
            if self.affine:
                raise ValueError(text)
            warn(text + " Without affine it is not used: leave it out.")
        y = F.instance_norm(
            shaping.reshape(input, shape=(1, *shape)) if alone else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return shaping.reshape(y, shape=shape) if alone else y


class InstanceNorm1d(InstanceNorm):
    """Each channel of each sample to mean 0 and variance 1: (N, C, L) or (C, L), shape kept."""

    dimensions = (2, 3)


class InstanceNorm2d(InstanceNorm):
    """Each channel of each sample to mean 0 and variance 1: (N, C, H, W) or (C, H, W), shape kept.

    Args: as `BatchNorm2d`'s; without weight, bias and running statistics unless asked for. (Ulyanov et al., 2016.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.InstanceNorm2d(3)(tg.randn(2, 3, 4, 4)).shape
    Size([2, 3, 4, 4])
    """

    dimensions = (3, 4)


class InstanceNorm3d(InstanceNorm):
    """Each channel of each sample to mean 0 and variance 1: (N, C, D, H, W) or (C, D, H, W), shape kept."""

    dimensions = (4, 5)


# -- within a sample --------------------------------------------------------------------------------------


class GroupNorm(Norm):
    """Each group of channels of each sample to mean 0 and variance 1: (N, C, …), shape kept.

    Args: num_groups, which divides num_channels (ValueError otherwise); eps; affine: whether there are weight and
    bias (C,). (Wu & He, "Group Normalization", 2018.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.GroupNorm(2, 6)(tg.randn(5, 6, 4, 4)).shape
    Size([5, 6, 4, 4])
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_device(device)
        self.num_groups = count("GroupNorm", "num_groups", num_groups, 1)
        self.num_channels = count("GroupNorm", "num_channels", num_channels)
        if self.num_channels % self.num_groups:
            raise ValueError(
                f"GroupNorm: num_channels ({num_channels}) must be divisible by num_groups ({num_groups}). The number "
                f"of groups comes first: GroupNorm(num_groups, num_channels)."
            )
        self.eps, self.affine = eps, affine
        self.scale((self.num_channels,), affine, affine and bias, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    return (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)


class LayerNorm(Norm):
    """Each sample to mean 0 and variance 1 over its last dimensions: (…, *normalized_shape), shape kept.

    Args: normalized_shape: the lengths of those dimensions (an int for the last one); eps; elementwise_affine:
    whether there is a weight of that shape; bias: and a bias. (Ba et al., "Layer Normalization", 2016.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.LayerNorm(4)(tg.randn(2, 3, 4)).shape
    Size([2, 3, 4])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        self.scale(self.normalized_shape, elementwise_affine, elementwise_affine and bias, dtype)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Norm):
    """Each sample divided by the root of the mean of its squares: (…, *normalized_shape), shape kept.

    Args: as `LayerNorm`'s; eps: by default the dtype's resolution; no bias. (Zhang & Sennrich, 2019.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.RMSNorm(2)(tg.tensor([1.0, 7.0])).detach()
    tensor([0.2000, 1.4000])
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        self.normalized_shape, self.eps = _shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        ones = creation.ones(*self.normalized_shape, dtype=dtype) if elementwise_affine else None
        self.register_parameter("weight", None if ones is None else Parameter(ones))

    def reset_parameters(self) -> None:
        """Weight 1."""
        if self.weight is not None:
            self.weight.data.fill_(1.0)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class LocalResponseNorm(Module):
    """Each channel divided by a measure of its neighbours: (N, C, …), shape kept. (Krizhevsky et al., 2012.)

    Args: size: the number of neighbouring channels, itself included; alpha, beta, k: as in
    `functional.local_response_norm`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.LocalResponseNorm(2)(tg.ones(1, 4, 3)).shape
    Size([1, 4, 3])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
