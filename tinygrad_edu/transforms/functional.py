"""The transforms as functions, with nothing left to chance.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.transforms import functional as TF
>>> TF.hflip(tg.tensor([[1, 2, 3]]))
tensor([[3, 2, 1]])
"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.transforms.convert import ConvertImageDtype, Grayscale, Normalize, PILToTensor, ToPILImage, ToTensor
from tinygrad_edu.transforms.crop import CenterCrop, Pad
from tinygrad_edu.transforms.geometry import RandomHorizontalFlip, RandomVerticalFlip, turned
from tinygrad_edu.transforms.image import planes
from tinygrad_edu.transforms.resize import InterpolationMode, Resize

__all__ = [
    "center_crop", "convert_image_dtype", "crop", "hflip", "normalize", "pad", "pil_to_tensor", "resize",
    "rgb_to_grayscale", "rotate", "to_grayscale", "to_pil_image", "to_tensor", "vflip",
]  # fmt: skip


def to_tensor(pic: Any) -> Any:
    """As `ToTensor`."""
    return ToTensor()(pic)


def pil_to_tensor(pic: Any) -> Any:
    """As `PILToTensor`."""
    return PILToTensor()(pic)


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """As `ToPILImage`."""
    return ToPILImage(mode)(pic)


def convert_image_dtype(image: Any, dtype: Any = None) -> Any:
    """As `ConvertImageDtype`."""
    return ConvertImageDtype(dtype)(image)


def normalize(tensor: Any, mean: Any, std: Any, inplace: bool = False) -> Any:
    """As `Normalize`."""
    return Normalize(mean, std, inplace)(tensor)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """As `Grayscale`."""
    return Grayscale(num_output_channels)(img)


to_grayscale = rgb_to_grayscale


def hflip(img: Any) -> Any:
    """The image with left and right exchanged."""
    return RandomHorizontalFlip(1)(img)


def vflip(img: Any) -> Any:
    """The image with top and bottom exchanged."""
    return RandomVerticalFlip(1)(img)


def rotate(img: Any, angle: float, fill: float = 0) -> Any:
    """The image turned by `angle` degrees against the clock, as by `RandomRotation`."""
    return turned(img, angle, fill)


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """As `Pad`."""
    return Pad(padding, fill, padding_mode)(img)


def center_crop(img: Any, output_size: Any) -> Any:
    """As `CenterCrop`."""
    return CenterCrop(output_size)(img)


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """The part of the image of that height and width whose first pixel is in row `top` and column `left`.

    Raises ValueError for a part that is not all inside.
    """
    a, again = planes(img, "crop")
    if min(top, left) < 0 or min(height, width) < 1 or top + height > a.shape[-2] or left + width > a.shape[-1]:
        raise ValueError(
            f"crop: rows {top} to {top + height} and columns {left} to {left + width} are not all inside of an image "
            f"of size {a.shape[-2:]}. Pad it first."
        )
    return again(a[..., top : top + height, left : left + width])


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """As `Resize`."""
    return Resize(size, interpolation, max_size, antialias)(img)
