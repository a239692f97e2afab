"""From images to tensors and back, and other scales of their values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import as_dtype, get_default_dtype
from tinygrad_edu.functions.conversion import cast
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.transforms.image import is_pillow, pillow, pixels, planes

__all__ = [
    "ConvertImageDtype", "Grayscale", "Normalize", "PILToTensor", "ToDtype", "ToImage", "ToPILImage", "ToTensor",
]  # fmt: skip


def _layers(image: Any, who: str) -> ndarray:
    """The pixels as (C, H, W)."""
    a = pixels(image, who)
    if a.dtype == np.uint16:  # Pillow's images of 16 bits; no tensor has this dtype
        a = a.astype(np.int32)
    return a[None] if a.ndim == 2 else a.transpose(2, 0, 1)


def _copy(layers: ndarray) -> ndarray:
    """A new array in C order, of a dtype that tensors have."""
    return np.array(plain_array(layers), order="C")


class ToTensor:
    """An image (H, W) or (H, W, C) as a tensor (C, H, W); bytes 0…255 become floats 0…1, other numbers stay.

    >>> import numpy as np
    >>> from tinygrad_edu.transforms import ToTensor
    >>> ToTensor()(np.array([[0, 255]], np.uint8))
    tensor([[[0., 1.]]])
    """

    takes_arrays = True

    def __call__(self, pic: Any) -> Any:
        layers = _layers(pic, "ToTensor")
        if layers.dtype == np.uint8:
            return wrap(np.divide(layers, 255, dtype=get_default_dtype(), order="C"))
        if layers.dtype == bool and is_pillow(pic):
            layers = layers.astype(get_default_dtype())
        return wrap(_copy(layers))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """An image as a tensor (C, H, W) with the same numbers."""

    takes_arrays = True

    def __call__(self, pic: Any) -> Any:
        return wrap(_copy(_layers(pic, "PILToTensor")))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ConvertImageDtype:
    """A tensor in another dtype, with its values scaled: bytes 0…255 are floats 0…1. Other dtypes are only cast."""

    takes_arrays = True

    def __init__(self, dtype: Any = None) -> None:
        self.dtype = get_default_dtype() if dtype is None else as_dtype(dtype)

    def __call__(self, image: Any) -> Any:
        if not isinstance(image, TensorBase):
            raise TypeError(f"{type(self).__name__}: Input img should be Tensor Image. Put ToTensor() before it.")
        a = image._array
        if a.dtype == np.uint8 and self.dtype.kind == "f":
            return wrap(np.divide(a, 255, dtype=self.dtype))
        if a.dtype.kind == "f" and self.dtype == np.uint8:
            return wrap((a * 255.999).astype(np.uint8))  # each byte stands for an equal part of 0…1
        return cast(image, self.dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dtype})"


class ToImage(PILToTensor):
    """What `PILToTensor` does, under its newer name; tensors pass."""

    def __call__(self, pic: Any) -> Any:
        return pic if isinstance(pic, TensorBase) else super().__call__(pic)


class ToDtype:
    """A tensor in another dtype; with `scale`, as by `ConvertImageDtype`. What is no tensor (a class, say) passes."""

    takes_arrays = True

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        self.dtype, self.scale = as_dtype(dtype), scale

    def __call__(self, image: Any) -> Any:
        if not isinstance(image, TensorBase):
            return image
        return ConvertImageDtype(self.dtype)(image) if self.scale else cast(image, self.dtype)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.dtype}, scale={self.scale})"


class ToPILImage:
    """A tensor (C, H, W) or an array (H, W, C) as a Pillow image; floats 0…1 become bytes 0…255. Needs Pillow."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        if isinstance(pic, TensorBase):
            a = pic._array
            a = a.transpose(1, 2, 0) if a.ndim == 3 else a
            if a.dtype.kind == "f":
                a = (a * 255).astype(np.uint8)
        else:
            a = pixels(pic, "ToPILImage")
        if a.ndim not in (2, 3) or (a.ndim == 3 and a.shape[2] not in (1, 2, 3, 4)):
            raise ValueError(f"ToPILImage: pic should be (H, W) or have 1 to 4 channels. Its shape is {pic.shape}.")
        image = pillow().fromarray(np.ascontiguousarray(a[:, :, 0] if a.shape[2:] == (1,) else a))
        return image if self.mode is None or self.mode == image.mode else image.convert(self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class Normalize:
    """(x - mean) / std in each channel of a tensor (…, C, H, W).

    Args:
        mean, std: a number for each channel, or one for all.
        inplace: change the tensor itself.

    Raises TypeError for what is no floating tensor, ValueError for a std of 0 and for a tensor without
    channels, RuntimeError unless there are as many numbers as channels.

    >>> import tinygrad_edu as tg
    >>> tg.transforms.Normalize((0.5,), (0.25,))(tg.ones(1, 2, 2))
    tensor([[[2., 2.],
             [2., 2.]]])
    """

    takes_arrays = True

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        self.mean, self.std, self.inplace = mean, std, inplace
        self._mean, self._std = _column(mean, "mean"), _column(std, "std")
        self._cast: dict[Any, tuple[ndarray, ndarray]] = {}  # both in the dtypes of the images so far
        if not self._std.all():
            raise ValueError(f"Normalize: std is {std}, leading to division by zero. Give positive numbers.")

    def __call__(self, tensor: Any) -> Any:
        if not isinstance(tensor, TensorBase):
            raise TypeError(
                f"Normalize: img should be Tensor Image. Got {type(tensor)}. Put ToTensor() before Normalize."
            )
        a = tensor._array
        if a.dtype.kind != "f":
            raise TypeError(
                f"Normalize: Input tensor should be a float tensor. Got {a.dtype}. Put ToTensor() before Normalize (or "
                f"convert: x / 255)."
            )
        if a.ndim < 3:
            raise ValueError(
                f"Normalize: Expected tensor to be a tensor image of size (..., C, H, W). Got {tuple(a.shape)}."
            )
        channels = a.shape[-3]
        for name, numbers in (("mean", self._mean), ("std", self._std)):
            if len(numbers) not in (1, channels):
                raise RuntimeError(
                    f"Normalize: {name} has {len(numbers)} numbers, but the image has {channels} "
                    f"channel{'s' * (channels != 1)} (shape {tuple(a.shape)}). Give one number for each channel, "
                    f"or one for all: Normalize((0.5,), (0.3,))."
                )
        if a.dtype not in self._cast:
            self._cast[a.dtype] = self._mean.astype(a.dtype), self._std.astype(a.dtype)
        mean, std = self._cast[a.dtype]
        if self.inplace:
            return tensor.sub_(wrap(mean)).div_(wrap(std))  # type: ignore[attr-defined]
        if tensor._edge() is not None:
            return (tensor - wrap(mean)) / wrap(std)
        return wrap((a - mean) / std)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


def _column(numbers: Any, name: str) -> ndarray:
    """Numbers as an array (C, 1, 1)."""
    a = np.asarray(numbers._array if isinstance(numbers, TensorBase) else numbers, np.float64)
    if a.ndim > 1 or not a.size:
        raise ValueError(f"Normalize: {name} is a number for each channel, not {numbers}")
    return a.reshape(-1, 1, 1)


class Grayscale:
    """0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601), in one channel or three equal ones."""

    takes_arrays = True

    def __init__(self, num_output_channels: int = 1) -> None:
        if num_output_channels not in (1, 3):
            raise ValueError(f"num_output_channels should be either 1 or 3, not {num_output_channels}")
        self.num_output_channels = num_output_channels

    def __call__(self, img: Any) -> Any:
        layers, again = planes(img, "Grayscale")
        if layers.ndim == 2:
            layers = layers[None]
        if layers.shape[-3] not in (1, 3):
            raise TypeError(f"Grayscale: Input image tensor should have 1 or 3 channels, not {layers.shape[-3]}")
        if layers.shape[-3] == 3:
            gray = np.tensordot([0.299, 0.587, 0.114], layers, (0, -3))
            gray = np.expand_dims(np.round(gray) if layers.dtype.kind in "iu" else gray, -3).astype(layers.dtype)
        else:
            gray = layers
        if self.num_output_channels == 3:
            gray = np.repeat(gray, 3, -3)
        elif is_pillow(img):
            gray = gray[0]
        return again(gray)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"
