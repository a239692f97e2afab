"""Other edges: padding and cropping."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.generator import generator
from tinygrad_edu.transforms.image import planes, sides

__all__ = ["CenterCrop", "Pad", "RandomCrop"]

_MODES = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


def _borders(padding: Any, who: str) -> tuple[int, int, int, int]:
    """Left, top, right, bottom: from one number for all, two (left and right, top and bottom), or four."""
    given = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(given) not in (1, 2, 4) or not all(isinstance(n, int) and n >= 0 for n in given):
        raise ValueError(f"{who}: padding is a whole number from 0 up, or a tuple of 1, 2 or 4 of them, not {padding}")
    left, top, right, bottom = given * (4 // len(given))
    return left, top, right, bottom


def _padded(a: ndarray, borders: tuple[int, int, int, int], fill: Any, mode: str) -> ndarray:
    left, top, right, bottom = borders
    width = [(0, 0)] * (a.ndim - 2) + [(top, bottom), (left, right)]
    if mode != "constant":
        return np.pad(a, width, mode=mode)  # type: ignore[call-overload]
    out = np.empty((*a.shape[:-2], a.shape[-2] + top + bottom, a.shape[-1] + left + right), a.dtype)
    out[...] = np.reshape(fill, (-1, 1, 1)) if np.ndim(fill) else fill
    out[..., top : top + a.shape[-2], left : left + a.shape[-1]] = a
    return out


def _mode(padding_mode: str, who: str) -> str:
    if padding_mode not in _MODES:
        raise ValueError(f"{who}: Padding mode should be one of {', '.join(_MODES)}, not {padding_mode!r}")
    return padding_mode


class Pad:
    """The image with a border: of `fill`, or of its own edge.

    Args:
        padding: pixels on each side; or (left and right, top and bottom); or (left, top, right, bottom).
        fill: the value of the border, or one for each channel.
        padding_mode: "constant", "edge" (the last pixel), "reflect" or "symmetric" (without or with it).
    """

    takes_arrays = True

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        _borders(padding, "Pad")
        self.padding, self.fill, self.padding_mode = padding, fill, _mode(padding_mode, "Pad")

    def __call__(self, img: Any) -> Any:
        a, again = planes(img, "Pad")
        return again(_padded(a, _borders(self.padding, "Pad"), self.fill, self.padding_mode))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(padding={self.padding}, fill={self.fill}, padding_mode={self.padding_mode})"


class CenterCrop:
    """The middle of the image, of height and width `size`; with a border of 0 where the image is smaller."""

    takes_arrays = True

    def __init__(self, size: Any) -> None:
        self.size = sides(size, "CenterCrop")

    def __call__(self, img: Any) -> Any:
        a, again = planes(img, "CenterCrop")
        h, w = self.size
        left, top = max(w - a.shape[-1], 0), max(h - a.shape[-2], 0)
        if left or top:
            a = _padded(a, (left // 2, top // 2, (left + 1) // 2, (top + 1) // 2), 0, "constant")
        y, x = round((a.shape[-2] - h) / 2), round((a.shape[-1] - w) / 2)
        return again(a[..., y : y + h, x : x + w])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size})"


class RandomCrop:
    """A part of height and width `size` somewhere in the image (after padding it, if so wanted).

    Args:
        size: height and width, or one number for both.
        padding, fill, padding_mode: as in `Pad`.
        pad_if_needed: widen an image that is smaller than `size`.

    Raises ValueError for an image that is smaller than `size`.

    >>> import tinygrad_edu as tg
    >>> tg.transforms.RandomCrop(32, padding=4)(tg.zeros(3, 32, 32)).shape
    Size([3, 32, 32])
    """

    takes_arrays = True

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        self.size = sides(size, "RandomCrop")
        if padding is not None:
            _borders(padding, "RandomCrop")
        self.padding, self.pad_if_needed, self.fill = padding, pad_if_needed, fill
        self.padding_mode = _mode(padding_mode, "RandomCrop")

    def __call__(self, img: Any) -> Any:
        a, again = planes(img, "RandomCrop")
        h, w = self.size
        if self.padding is not None:
            a = _padded(a, _borders(self.padding, "RandomCrop"), self.fill, self.padding_mode)
        if self.pad_if_needed:
            x, y = max(w - a.shape[-1], 0), max(h - a.shape[-2], 0)
            a = _padded(a, (x, y, x, y), self.fill, self.padding_mode)
        if a.shape[-2] < h or a.shape[-1] < w:
            raise ValueError(
                f"RandomCrop: Required crop size {self.size} is larger than input image size {a.shape[-2:]}. Pad it "
                f"(padding=4, pad_if_needed=True), or Resize it first."
            )
        rng = generator()
        y, x = (int(rng.integers(n + 1)) for n in (a.shape[-2] - h, a.shape[-1] - w))
        return again(a[..., y : y + h, x : x + w])

    def __repr__(self) -> str:
        return f"{type(self).__name__}(size={self.size}, padding={self.padding})"
