"""Random images, for trying out a program without any data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.datasets.vision import VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Random images with random classes: each is the same whenever it is asked for.

    Args:
        size: how many there are.
        image_size: (C, H, W).
        num_classes: targets are below that.
        transform, target_transform: of images and targets.
        random_offset: other numbers give other images.

    >>> from tinygrad_edu import datasets, transforms
    >>> image, target = datasets.FakeData(image_size=(3, 8, 8), transform=transforms.ToTensor())[0]
    >>> image.shape
    Size([3, 8, 8])
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(None, transform, target_transform)
        self.size, self.image_size, self.num_classes = size, image_size, num_classes
        self.random_offset = random_offset

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        if not 0 <= index < self.size:
            raise IndexError(f"{type(self).__name__} index out of range: {index} of {self.size}")
        rng = np.random.default_rng([self.random_offset, int(index)])
        channels, h, w = self.image_size
        pixels = rng.integers(0, 256, (h, w) if channels == 1 else (h, w, channels), np.uint8)
        return self.transformed(pixels, int(rng.integers(self.num_classes)))

    def __len__(self) -> int:
        return self.size
