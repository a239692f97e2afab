"""Images, signals and volumes made larger or smaller: interpolation, and pixels exchanged for channels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.shaping import lifted
from tinygrad_edu.nn.functional.adaptive import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    mapped,
)
from tinygrad_edu.rules import indexing, shaping, windows

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "channel_shuffle", "interpolate", "pixel_shuffle", "pixel_unshuffle", "upsample", "upsample_bilinear",
    "upsample_nearest",
]  # fmt: skip

_LINEAR = {"linear": 3, "bilinear": 4, "trilinear": 5, "bicubic": 4}  # and the input's number of dimensions
_MODES = ("nearest", "nearest-exact", "area", *_LINEAR)
_AREA = {3: adaptive_avg_pool1d, 4: adaptive_avg_pool2d, 5: adaptive_avg_pool3d}


def _sizes(x: Any, size: Any, scale_factor: Any, recompute: Any) -> tuple[tuple[int, ...], tuple[float | None, ...]]:
    """The new sides, and the factors that positions are computed with (None: the sides say it)."""
    d = x.ndim - 2
    if (size is None) == (scale_factor is None):
        which = "either size or scale_factor" if size is None else "only one of size or scale_factor"
        raise ValueError(f"interpolate: {which} should be defined")
    given = scale_factor if size is None else size
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * d
    if len(values) != d:
        raise ValueError(
            f"interpolate: Input and output must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(x.shape[2:])} and {given} as size or factor. "
            f"The input is (N, C, *sides)."
        )
    if size is None:
        sides = tuple(math.floor(n * float(f)) for n, f in zip(x.shape[2:], values, strict=True))
        factors: tuple[float | None, ...] = (None,) * d if recompute else tuple(map(float, values))
    else:
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor is not meaningful with an explicit size.")
        sides, factors = tuple(map(int, values)), (None,) * d
    if min(sides) < 1 or 0 in x.shape[2:]:
        raise RuntimeError(
            f"interpolate: Input and output sizes should be greater than 0, but got input {list(x.shape[2:])} and "
            f"output {list(sides)}"
        )
    return sides, factors


def _nearest(x: Any, sides: Any, factors: Any, centred: bool) -> Any:
    sizes = x._array.shape[2:]
    times = tuple(m // n for n, m in zip(sizes, sides, strict=True))
    whole = zip(sizes, sides, times, factors, strict=True)
    if all(m == n * r and f in (None, r) for n, m, r, f in whole):  # each element fills a window
        return windows.window_spread(x, shape=(*x._array.shape[:2], *sides), grid=windows.grid(times))
    for axis, (n, m, f) in enumerate(zip(sizes, sides, factors, strict=True), start=2):
        scale = n / m if f is None else 1 / f
        at = np.floor((np.arange(m) + (0.5 if centred else 0)) * np.float32(scale)).astype(int)
        x = indexing.take(x, np.minimum(at, n - 1), axis=axis)
    return x


def _weights(n: int, m: int, factor: float | None, corners: bool, cubic: bool, dtype: Any) -> Any:
    """The matrix (m, n) that interpolates m numbers from n."""
    if corners:
        at = np.arange(m) * ((n - 1) / (m - 1) if m > 1 else 0)
    else:
        at = (np.arange(m) + 0.5) * (n / m if factor is None else 1 / factor) - 0.5
        at = at if cubic else np.maximum(at, 0)
    left = np.floor(at).astype(int)
    t = at - left
    if cubic:  # Keys, "Cubic convolution interpolation", 1981, with a = −0.75
        a = -0.75

        def near(s: Any) -> Any:
            return ((a + 2) * s - (a + 3)) * s * s + 1

        def far(s: Any) -> Any:
            return ((a * s - 5 * a) * s + 8 * a) * s - 4 * a

        parts = [(-1, far(t + 1)), (0, near(t)), (1, near(1 - t)), (2, far(2 - t))]
    else:
        parts = [(0, 1 - t), (1, t)]
    matrix = np.zeros((m, n))
    for k, weight in parts:
        np.add.at(matrix, (np.arange(m), np.clip(left + k, 0, n - 1)), weight)
    return matrix.astype(dtype)


def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """The input with new sides: (N, C, *D) → (N, C, *size), for one, two or three spatial dimensions.

    size, or scale_factor (the sides times it, rounded down): a number, or one for each spatial dimension.
    mode: "nearest", "nearest-exact" (rounds positions as image libraries do), "linear" (signals), "bilinear" and
    "bicubic" (images), "trilinear" (volumes), or "area" (means). align_corners: the outermost elements keep their
    place, rather than the outer edges. Raises ValueError or NotImplementedError for what does not fit.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[[1.0, 3.0]]])
    >>> tg.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    >>> tg.nn.functional.interpolate(x, size=4, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    x = raw(input, "interpolate")
    if mode not in _MODES or np.ndim(x) not in (3, 4, 5):
        raise NotImplementedError(
            f"interpolate: Only 3D, 4D and 5D input Tensors (N, C, *sides) supported (got {np.ndim(x)}D) for the "
            f"modes: {' | '.join(_MODES)} (got {mode})"
        )
    if _LINEAR.get(mode, x.ndim) != x.ndim:
        right = {3: "linear", 4: "bilinear", 5: "trilinear"}[x.ndim]
        raise NotImplementedError(
            f"interpolate: Got {x.ndim}D input, but {mode} mode needs {_LINEAR[mode]}D input. For this one: "
            f"mode={right!r}"
        )
    if align_corners is not None and mode not in _LINEAR:
        raise ValueError(
            "interpolate: align_corners option can only be set with the interpolating modes: "
            f"{' | '.join(_LINEAR)}, not {mode}"
        )
    if antialias:
        raise NotImplementedError("interpolate: antialias is not supported; use mode='area' to shrink images smoothly")
    sides, factors = _sizes(x, size, scale_factor, recompute_scale_factor)
    if mode == "area":
        return _AREA[x.ndim](input, sides)
    if mode in ("nearest", "nearest-exact"):
        nearest: Tensor = _nearest(lifted(input, "interpolate"), sides, factors, mode == "nearest-exact")
        return nearest
    dtype = x.dtype if x.dtype.kind == "f" else np.float32
    y = input
    for axis, (n, m, f) in enumerate(zip(x.shape[2:], sides, factors, strict=True), start=2):
        y = mapped(y, _weights(n, m, f, bool(align_corners), mode == "bicubic", dtype), axis)
    return y


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The older name of `interpolate`."""
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` by the nearest element."""
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "bilinear" that keeps the corners in place."""
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


# -- pixels and channels ----------------------------------------------------------------------------------


def _image(input: Any, name: str) -> Any:
    x = raw(input, name)
    if np.ndim(x) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions (…, C, H, W), but got input with "
            f"{np.ndim(x)} dimension(s)"
        )
    return x.shape


def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """Channels to pixels: (…, C·r², H, W) → (…, C, H·r, W·r), r being the factor. (Shi et al., 2016.)

    Raises RuntimeError where r² does not divide the channels.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.pixel_shuffle(tg.arange(4.0).view(1, 4, 1, 1), 2)
    tensor([[[[0., 1.],
              [2., 3.]]]])
    """
    *lead, c, h, w = _image(input, "pixel_shuffle")
    r, k = int(upscale_factor), len(lead)
    if r < 1:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {upscale_factor}")
    if c % (r * r):
        raise RuntimeError(
            f"pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c} is not divisible by {r * r}"
        )
    parts = shaping.reshape(input, shape=(*lead, c // (r * r), r, r, h, w))
    moved = shaping.transpose(parts, axes=(*range(k), k, k + 3, k + 1, k + 4, k + 2))
    return shaping.reshape(moved, shape=(*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Tensor:
    """Pixels to channels: (…, C, H·r, W·r) → (…, C·r², H, W), r being the factor.

    Raises RuntimeError where r does not divide the sides.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.pixel_unshuffle(tg.arange(4.0).view(1, 1, 2, 2), 2).flatten()
    tensor([0., 1., 2., 3.])
    """
    *lead, c, h, w = _image(input, "pixel_unshuffle")
    r, k = int(downscale_factor), len(lead)
    if r < 1:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {downscale_factor}")
    for what, dim, n in (("height", -2, h), ("width", -1, w)):
        if n % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but input.size({dim})={n} is not "
                f"divisible by {r}"
            )
    parts = shaping.reshape(input, shape=(*lead, c, h // r, r, w // r, r))
    moved = shaping.transpose(parts, axes=(*range(k), k, k + 2, k + 4, k + 1, k + 3))
    return shaping.reshape(moved, shape=(*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Any, groups: int) -> Tensor:
    """The channels of `groups` groups taken in turn: (N, C, *D) → (N, C, *D). (Zhang et al., 2018.)

    Raises RuntimeError where `groups` does not divide the channels.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.channel_shuffle(tg.arange(4.0).view(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    n, c, *sides = _image(input, "channel_shuffle")
    if groups < 1 or c % groups:
        raise RuntimeError(
            f"channel_shuffle: Number of channels must be divisible by groups. Got {c} channels and {groups} groups."
        )
    parts = shaping.reshape(input, shape=(n, groups, c // groups, *sides))
    moved = shaping.transpose(parts, axes=(0, 2, 1, *range(3, len(sides) + 3)))
    return shaping.reshape(moved, shape=(n, c, *sides))
