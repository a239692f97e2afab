"""Mirroring and turning."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinygrad_edu.generator import generator
from tinygrad_edu.transforms.image import planes

__all__ = ["RandomHorizontalFlip", "RandomRotation", "RandomVerticalFlip", "turned"]


class _RandomFlip:
    takes_arrays = True
    axis: int

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: p is a probability between 0 and 1, not {p}")
        self.p = p

    def __call__(self, img: Any) -> Any:
        if generator().random() >= self.p:
            return img
        a, again = planes(img, type(self).__name__)
        return again(np.flip(a, self.axis))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomHorizontalFlip(_RandomFlip):
    """With probability `p` the image with left and right exchanged.

    >>> import tinygrad_edu as tg
    >>> tg.transforms.RandomHorizontalFlip(p=1)(tg.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """

    axis = -1


class RandomVerticalFlip(_RandomFlip):
    """With probability `p` the image with top and bottom exchanged."""

    axis = -2


class RandomRotation:
    """The image turned about its middle by an angle between -`degrees` and `degrees` (or between two), in degrees.

    Each pixel becomes the nearest one of the turned image; what lies outside is `fill`.
    """

    takes_arrays = True

    def __init__(self, degrees: Any, fill: float = 0) -> None:
        low, high = (-degrees, degrees) if isinstance(degrees, (int, float)) else degrees
        if not low <= high:
            raise ValueError(f"RandomRotation: degrees is a number from 0 up, or two in order, not {degrees}")
        self.degrees, self.fill = [float(low), float(high)], fill

    def __call__(self, img: Any) -> Any:
        low, high = self.degrees
        return turned(img, generator().uniform(low, high), self.fill)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(degrees={self.degrees}, interpolation=nearest, expand=False, fill={self.fill})"


def turned(img: Any, degrees: float, fill: float = 0) -> Any:
    """The image turned about its middle, against the clock."""
    a, again = planes(img, "RandomRotation")
    angle = math.radians(degrees)
    h, w = a.shape[-2:]
    y, x = np.arange(h)[:, None] - (h - 1) / 2, np.arange(w) - (w - 1) / 2
    # where each pixel was before; y points down
    before_x = np.round(math.cos(angle) * x - math.sin(angle) * y + (w - 1) / 2).astype(np.int64)
    before_y = np.round(math.sin(angle) * x + math.cos(angle) * y + (h - 1) / 2).astype(np.int64)
    inside = (before_x >= 0) & (before_x < w) & (before_y >= 0) & (before_y < h)
    pixels = a[..., before_y.clip(0, h - 1), before_x.clip(0, w - 1)]
    return again(np.where(inside, pixels, np.asarray(fill, a.dtype)))
