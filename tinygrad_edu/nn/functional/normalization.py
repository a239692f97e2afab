"""Normalisation: activations shifted and scaled to mean 0 and variance 1, over the batch or within a sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu import lazy, memory
from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.rules import elementwise, normalization, reductions, shaping, windows
from tinygrad_edu.rules import neural as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "rms_norm"]


def _scaled(x: Any, weight: Any, bias: Any, shape: tuple[int, ...]) -> Tensor:
    """x · weight + bias, both seen with `shape`."""
    if weight is not None:
        x = elementwise.multiply(x, shaping.reshape(weight, shape=shape))
    return x if bias is None else elementwise.add(x, shaping.reshape(bias, shape=shape))


def _check_channels(name: str, channels: int, **given: Any) -> None:
    for what, t in given.items():
        if t is not None and tuple(raw(t, name).shape) != (channels,):
            raise RuntimeError(
                f"{name}: {what} should contain {channels} elements not {raw(t, name).size}: one for each channel "
                f"(dimension 1 of the input), but its shape is {tuple(raw(t, name).shape)}"
            )


def _update(running: Any, batch: Any, momentum: float) -> None:
    """running ← (1 − momentum) · running + momentum · batch, in its own memory."""
    if running is not None:
        a = running._array
        np.copyto(a, (1 - momentum) * a + momentum * lazy.realise([batch])[0], casting="same_kind")
        memory.changed(a, "batch_norm")


def _from_statistics(x: Any, mean: Any, var: Any, eps: float, shape: tuple[int, ...]) -> Tensor:
    """(x − mean) / √(var + eps), with statistics that were gathered before."""
    centred = elementwise.subtract(x, shaping.reshape(mean, shape=shape))
    return elementwise.multiply(centred, elementwise.rsqrt(elementwise.add(shaping.reshape(var, shape=shape), eps)))


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel to mean 0 and variance 1, then times weight plus bias: (N, C, …) → (N, C, …).

    training: with the batch's own statistics, and the running ones (C,) move towards them by `momentum` (the
    variance with n − 1); otherwise with the running ones. (Ioffe & Szegedy, "Batch Normalization", 2015.)
    Raises ValueError for one value per channel while training, RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.batch_norm(tg.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    x = raw(input, "batch_norm")
    if x.shape == (0,):  # nothing to do, says PyTorch
        return elementwise.multiply(input, 1)
    if x.ndim < 2:
        raise ValueError(f"batch_norm: expected an input (N, C, …), but its shape is {tuple(x.shape)}")
    channels = x.shape[1]
    _check_channels(
        "batch_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    shape = (1, channels, *(1,) * (x.ndim - 2))
    axes = (0, *range(2, x.ndim))
    if not training:
        if running_mean is None or running_var is None:
            raise RuntimeError("batch_norm: running_mean and running_var must be given when training is False")
        return _scaled(_from_statistics(input, running_mean, running_var, eps, shape), weight, bias, shape)
    n = math.prod(x.shape[k] for k in axes)
    if n == 1:
        raise ValueError(
            f"batch_norm: Expected more than 1 value per channel when training, got input size {tuple(x.shape)}: one "
            f"value has no variance. Use larger batches (DataLoader(drop_last=True)), or call model.eval() first."
        )
    columns = (None if t is None else shaping.reshape(t, shape=shape) for t in (weight, bias))
    y, mean, var = normalization.batch_norm(input, *columns, eps=eps)
    if n and (running_mean is not None or running_var is not None):
        _update(running_mean, mean._array.reshape(-1), momentum)
        _update(running_var, var._array.reshape(-1) * (n / (n - 1)), momentum)
    return y


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Each channel of each sample to mean 0 and variance 1, then times weight plus bias: (N, C, …) → (N, C, …).

    With ``use_input_stats=False`` the running statistics are used. (Ulyanov et al., 2016.)
    Raises ValueError for one value per channel, RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.instance_norm(tg.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    x = raw(input, "instance_norm")
    if x.ndim < 2:
        raise ValueError(f"instance_norm: expected an input (N, C, …), but its shape is {tuple(x.shape)}")
    channels = x.shape[1]
    _check_channels(
        "instance_norm", channels, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias
    )
    shape = (1, channels, *(1,) * (x.ndim - 2))
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError("instance_norm: Expected running_mean and running_var when use_input_stats is False")
        return _scaled(_from_statistics(input, running_mean, running_var, eps, shape), weight, bias, shape)
    axes = tuple(range(2, x.ndim))
    if math.prod(x.shape[2:]) == 1:
        raise ValueError(
            f"instance_norm: Expected more than 1 spatial element when training, got input size {tuple(x.shape)}"
        )
    y = _scaled(rules.standardize(input, axis=axes, eps=eps), weight, bias, shape)
    if x.size and (running_mean is not None or running_var is not None):
        _update(running_mean, np.mean(x, axis=(0, *axes)), momentum)
        _update(running_var, np.mean(np.var(x, axis=axes, ddof=1), axis=0), momentum)
    return y


def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """Each group of C / num_groups channels of each sample to mean 0 and variance 1: (N, C, …) → (N, C, …).

    (Wu & He, "Group Normalization", 2018.) Raises RuntimeError where num_groups does not divide C.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.group_norm(tg.tensor([[1.0, 3.0, 0.0, 4.0]]), 2)
    tensor([[-1.0000,  1.0000, -1.0000,  1.0000]])
    """
    x = raw(input, "group_norm")
    if x.ndim < 2:
        raise RuntimeError(f"group_norm: expected an input (N, C, …), but its shape is {tuple(x.shape)}")
    n, channels, *rest = x.shape
    if num_groups < 1 or channels % num_groups:
        raise RuntimeError(
            f"group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{tuple(x.shape)} and num_groups={num_groups}"
        )
    _check_channels("group_norm", channels, weight=weight, bias=bias)
    groups = shaping.reshape(input, shape=(n, num_groups, math.prod(rest) * channels // num_groups))
    y = shaping.reshape(rules.standardize(groups, axis=(2,), eps=eps), shape=tuple(x.shape))
    return _scaled(y, weight, bias, (1, channels, *(1,) * len(rest)))


def _last_axes(name: str, input: Any, normalized_shape: Any, **given: Any) -> tuple[int, ...]:
    """The axes that `normalized_shape` means, after a check of everything that must have this shape."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    x = raw(input, name)
    if not shape or tuple(x.shape[max(x.ndim - len(shape), 0) :]) != shape:
        raise RuntimeError(
            f"{name}: Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size {tuple(x.shape)}. "
            f"normalized_shape is the shape of one sample: x.shape[1:]."
        )
    for what, t in given.items():
        if t is not None and tuple(raw(t, name).shape) != shape:
            raise RuntimeError(
                f"{name}: Expected {what} to be of same shape as normalized_shape {list(shape)}, but its shape is "
                f"{tuple(raw(t, name).shape)}"
            )
    return tuple(range(x.ndim - len(shape), x.ndim))


def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Tensor:
    """Each sample to mean 0 and variance 1 over its last dimensions, then times weight plus bias.

    normalized_shape: the lengths of those dimensions, which weight and bias have too. (Ba et al., 2016.)
    Raises RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.layer_norm(tg.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    axes = _last_axes("layer_norm", input, normalized_shape, weight=weight, bias=bias)
    y = rules.standardize(input, axis=axes, eps=eps)
    if weight is not None:
        y = elementwise.multiply(y, weight)
    return y if bias is None else elementwise.add(y, bias)


def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Tensor:
    """Each sample divided by the root of the mean of its squares over the last dimensions, then times weight.

    eps: by default the dtype's resolution. (Zhang & Sennrich, 2019.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.rms_norm(tg.tensor([[1.0, 7.0]]), (2,))
    tensor([[0.2000, 1.4000]])
    """
    axes = _last_axes("rms_norm", input, normalized_shape, weight=weight)
    refuse_complex("rms_norm", raw(input, "rms_norm"))
    if eps is None:
        eps = float(np.finfo(raw(input, "rms_norm").dtype).eps)
    power = reductions.mean(elementwise.square(input), axis=axes, keepdims=True)
    y = elementwise.multiply(input, elementwise.rsqrt(elementwise.add(power, eps)))
    return y if weight is None else elementwise.multiply(y, weight)


def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """input / (k + alpha · m)^beta, m being the mean of the squares in `size` neighbouring channels: (N, C, …).

    (Krizhevsky et al., 2012.) Raises ValueError for an input of less than three dimensions.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.local_response_norm(tg.ones(1, 1, 1), 1, alpha=3.0, beta=1.0)
    tensor([[[0.2500]]])
    """
    x = raw(input, "local_response_norm")
    refuse_complex("local_response_norm", x)
    if np.ndim(x) < 3:
        raise ValueError(
            f"local_response_norm: Expected 3D or higher dimensionality input (got {np.ndim(x)} dimensions): (N, C, …)"
        )
    n, channels, *rest = x.shape
    planes = shaping.reshape(elementwise.square(input), shape=(n, 1, channels, math.prod(rest)))
    grid = windows.grid((size, 1), (1, 1), ((size // 2, (size - 1) // 2), (0, 0)))
    m = elementwise.multiply(shaping.reshape(windows.window_sum(planes, grid=grid), shape=tuple(x.shape)), 1 / size)
    return elementwise.divide(input, elementwise.power(elementwise.add(elementwise.multiply(m, alpha), k), beta))
