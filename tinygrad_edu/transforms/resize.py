"""Other sizes."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.transforms.image import planes, sides

__all__ = ["InterpolationMode", "Resize"]


class InterpolationMode(Enum):
    """How pixels between pixels are found."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"


class Resize:
    """The image with height and width `size`; with one number, its shorter side gets that, and its form stays.

    Args:
        size: (h, w), or one number.
        interpolation: InterpolationMode.BILINEAR or NEAREST.
        max_size: the longer side gets no longer than that (with one number as `size`).
        antialias: average over all pixels that one of a smaller image covers.

    >>> import tinygrad_edu as tg
    >>> tg.transforms.Resize(14)(tg.zeros(1, 28, 56)).shape
    Size([1, 14, 28])
    """

    takes_arrays = True

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        sides(size, "Resize")
        if max_size is not None and not (isinstance(size, int) and max_size >= size):
            raise ValueError(f"Resize: max_size = {max_size} goes with one number as size, which it is not below")
        try:
            self.interpolation = InterpolationMode(interpolation)
        except ValueError:
            raise ValueError(
                f"Resize: interpolation is InterpolationMode.NEAREST or BILINEAR, not {interpolation!r}"
            ) from None
        self.size, self.max_size, self.antialias = size, max_size, antialias

    def _sides(self, h: int, w: int) -> tuple[int, int]:
        if not isinstance(self.size, int) and len(self.size) == 2:
            return sides(self.size, "Resize")
        short, long = sorted((h, w))
        new_short, new_long = sides(self.size, "Resize")[0], int(sides(self.size, "Resize")[0] * long / short)
        if self.max_size is not None and new_long > self.max_size:
            new_short, new_long = int(self.max_size * new_short / new_long), self.max_size
        return (new_short, new_long) if h <= w else (new_long, new_short)

    def __call__(self, img: Any) -> Any:
        a, again = planes(img, "Resize")
        h, w = self._sides(*a.shape[-2:])
        if (h, w) == a.shape[-2:]:
            return img
        if self.interpolation is InterpolationMode.NEAREST:
            rows, columns = (np.arange(n) * old // n for n, old in ((h, a.shape[-2]), (w, a.shape[-1])))
            return again(a[..., rows[:, None], columns])
        out = _weights(h, a.shape[-2], self.antialias) @ a @ _weights(w, a.shape[-1], self.antialias).T
        return again((np.round(out) if a.dtype.kind in "iu" else out).astype(a.dtype))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(size={self.size}, interpolation={self.interpolation.value}, "
            f"max_size={self.max_size}, antialias={self.antialias})"
        )


def _weights(new: int, old: int, antialias: bool | None) -> ndarray:
    """How much each of `new` pixels in a row takes from each of `old` ones: triangles about its place, (new, old)."""
    scale = old / new
    reach = max(scale, 1.0) if antialias else 1.0
    places = (np.arange(new)[:, None] + 0.5) * scale
    if not antialias:
        places = places.clip(0.5, old - 0.5)
    weights = np.maximum(1 - np.abs(np.arange(old) + 0.5 - places) / reach, 0)
    return weights / weights.sum(1, keepdims=True)
