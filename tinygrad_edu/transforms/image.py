"""What an image is: a Pillow image, an array (H, W) or (H, W, C), or a tensor (…, H, W)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["is_pillow", "pillow", "pixels", "planes", "sides"]


def pillow() -> Any:
    """Pillow's module Image. Raises ImportError that says how to install it."""
    try:
        return importlib.import_module("PIL.Image")
    except ImportError:
        raise ImportError("this needs Pillow, which is not installed: pip install pillow") from None


def is_pillow(image: Any) -> bool:
    """Whether it is one of Pillow's images (asked without importing Pillow)."""
    return any(kind.__module__ == "PIL.Image" and kind.__name__ == "Image" for kind in type(image).__mro__)


def pixels(image: Any, who: str) -> ndarray:
    """The pixels of a Pillow image or an array as (H, W) or (H, W, C). Raises TypeError or ValueError for others."""
    if type(image) is ndarray:
        pass
    elif is_pillow(image):
        image = np.asarray(image)
    elif not isinstance(image, ndarray):
        raise TypeError(
            f"{who}: pic should be PIL Image or ndarray. Got {type(image)}."
            + (" It is a tensor already." if isinstance(image, TensorBase) else "")
        )
    if image.ndim not in (2, 3):
        raise ValueError(
            f"{who}: pic should be 2/3 dimensional, (H, W) or (H, W, C). Got {image.ndim} dimensions, {image.shape}."
        )
    return image


def planes(image: Any, who: str) -> tuple[ndarray, Callable[[ndarray], Any]]:
    """The image as an array (…, H, W), and what makes an image of the same kind of such an array."""
    if isinstance(image, TensorBase):
        a = image._array
        if a.ndim < 2:
            raise TypeError(f"{who}: a tensor is an image if its shape is (…, H, W), not {tuple(a.shape)}")
        return a, lambda b: wrap(np.ascontiguousarray(b))
    a = pixels(image, who)
    layers = a if a.ndim == 2 else a.transpose(2, 0, 1)

    def again(b: ndarray) -> Any:
        b = np.ascontiguousarray(b if b.ndim == 2 else b.transpose(1, 2, 0))
        return pillow().fromarray(b) if is_pillow(image) else b

    return layers, again


def sides(size: Any, who: str) -> tuple[int, int]:
    """Height and width: ``(28, 32)``, or one number for both. Raises ValueError for others."""
    pair = (size, size) if isinstance(size, int) else tuple(size)
    pair = pair * 2 if len(pair) == 1 else pair
    if len(pair) != 2 or not all(isinstance(n, int) and n > 0 for n in pair):
        raise ValueError(f"{who}: size is a whole number above 0, or two of them (h, w), not {size}")
    return pair
