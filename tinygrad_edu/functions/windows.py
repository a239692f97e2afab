"""Windows of signal processing: weights that fade a stretch of samples in and out before its Fourier transform.

Periodic ones (the default) are without their last sample, which is the first of the next period.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import as_dtype, get_default_dtype
from tinygrad_edu.functions.creation import made, number
from tinygrad_edu.size import sides

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]


def hann_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """½ − ½ cos 2πt, for t from 0 to 1.

    >>> import tinygrad_edu as tg
    >>> tg.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    return _window("hann_window", _cosines(0.5, 0.5), window_length, periodic, dtype, device, requires_grad)


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, dtype: Any = None,
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """alpha − beta cos 2πt, for t from 0 to 1.

    >>> import tinygrad_edu as tg
    >>> tg.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", _cosines(alpha, beta), window_length, periodic, dtype, device, requires_grad)


def blackman_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """0.42 − 0.5 cos 2πt + 0.08 cos 4πt, for t from 0 to 1.

    >>> import tinygrad_edu as tg
    >>> tg.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    weights = _cosines(0.42, 0.5, 0.08)
    return _window("blackman_window", weights, window_length, periodic, dtype, device, requires_grad)


def bartlett_window(
    window_length: int, periodic: bool = True, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """1 − |2t − 1|, a triangle, for t from 0 to 1.

    >>> import tinygrad_edu as tg
    >>> tg.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    triangle = lambda t: 1 - np.abs(2 * t - 1)
    return _window("bartlett_window", triangle, window_length, periodic, dtype, device, requires_grad)


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """I₀(beta √(1 − (2t − 1)²)) / I₀(beta), for t from 0 to 1, with Bessel's function I₀.

    >>> import tinygrad_edu as tg
    >>> tg.kaiser_window(4, beta=0.0)
    tensor([1., 1., 1., 1.])
    """
    bessel = lambda t: np.i0(beta * np.sqrt(np.maximum(1 - (2 * t - 1) ** 2, 0))) / np.i0(beta)
    return _window("kaiser_window", bessel, window_length, periodic, dtype, device, requires_grad)


def _cosines(*weights: float) -> Callable[[Any], Any]:
    """a₀ − a₁ cos 2πt + a₂ cos 4πt …"""
    return lambda t: sum((-1) ** k * a * np.cos(2 * np.pi * k * t) for k, a in enumerate(weights))


def _window(
    name: str, weights: Callable[[Any], Any], n: Any, periodic: bool, dtype: Any, device: Any, requires_grad: bool
) -> Tensor:
    """`weights` of n moments from 0 to 1."""
    check_device(device)
    kind = get_default_dtype() if dtype is None else as_dtype(dtype)
    if kind.kind != "f":
        raise RuntimeError(f"{name} expects floating point dtypes, got: {kind}. Leave dtype out for float32.")
    n = number(n)
    if isinstance(n, int) and n < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={n}")
    (n,) = sides((n,), name)
    if n == 1:
        return made(np.ones(1, kind), requires_grad)
    t = np.arange(n) / (n if periodic else n - 1)
    return made(np.asarray(weights(t)).astype(kind), requires_grad)
