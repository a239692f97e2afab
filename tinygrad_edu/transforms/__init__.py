"""Transforms of images on their way from a data set to a model, under torchvision's names.

An image is a Pillow image, an array (H, W) or (H, W, C), or a tensor (…, H, W); a transform returns the kind that it
was given. Pillow is needed for its own images only.

>>> import numpy as np
>>> from tinygrad_edu import transforms
>>> transform = transforms.Compose([
...     transforms.ToTensor(),
...     transforms.Normalize((0.5, 0.5, 0.5), (0.3, 0.3, 0.3)),
... ])
>>> image = np.zeros((28, 28, 3), np.uint8)
>>> transform(image).shape
Size([3, 28, 28])
"""

from tinygrad_edu.transforms import functional
from tinygrad_edu.transforms.compose import Compose, Lambda
from tinygrad_edu.transforms.convert import (
    ConvertImageDtype,
    Grayscale,
    Normalize,
    PILToTensor,
    ToDtype,
    ToImage,
    ToPILImage,
    ToTensor,
)
from tinygrad_edu.transforms.crop import CenterCrop, Pad, RandomCrop
from tinygrad_edu.transforms.geometry import RandomHorizontalFlip, RandomRotation, RandomVerticalFlip
from tinygrad_edu.transforms.resize import InterpolationMode, Resize

__all__ = [
    "CenterCrop", "Compose", "ConvertImageDtype", "Grayscale", "InterpolationMode", "Lambda", "Normalize",
    "PILToTensor", "Pad", "RandomCrop", "RandomHorizontalFlip", "RandomRotation", "RandomVerticalFlip", "Resize",
    "ToDtype", "ToImage", "ToPILImage", "ToTensor", "functional",
]  # fmt: skip
