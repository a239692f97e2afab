"""What data sets of images have in common: a folder, transforms, a way to be printed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy import ndarray

from tinygrad_edu.utils.data.dataset import Dataset

__all__ = ["VisionDataset"]


class VisionDataset(Dataset[tuple[Any, Any]]):
    """A data set of images and targets; a transform for each.

    A subclass defines `__getitem__` and `__len__`, and may use `transformed`. An image is a Pillow image if Pillow is
    installed, as in torchvision; an array (H, W) or (H, W, C) of bytes otherwise.
    """

    def __init__(
        self,
        root: Any = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        for name, t in (("transform", transform), ("target_transform", target_transform)):
            if t is not None and not callable(t):
                raise TypeError(f"{type(self).__name__}: {name} is something to call, not {type(t).__name__}")
        self.root = Path(root).expanduser() if root is not None else None
        self.transform, self.target_transform = transform, target_transform

    def __len__(self) -> int:
        raise NotImplementedError(f"give {type(self).__name__} a method __len__")

    def transformed(self, pixels: ndarray, target: Any) -> tuple[Any, Any]:
        """The image and the target as the transforms give them."""
        # a transform that sees no difference is given the array: making an image of it takes time
        img = pixels if getattr(self.transform, "takes_arrays", False) else image(pixels)
        if self.transform is not None:
            img = self.transform(img)
        return img, target if self.target_transform is None else self.target_transform(target)

    def extra_repr(self) -> str:
        """Lines about it to print."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Dataset {type(self).__name__}", f"    Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"    Root location: {self.root}")
        lines += [f"    {line}" for line in self.extra_repr().splitlines()]
        if self.transform is not None or self.target_transform is not None:
            lines.append("    StandardTransform")
        for heading, t in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if t is not None:
                first, *rest = repr(t).splitlines()
                lines += [heading + first, *(" " * len(heading) + line for line in rest)]
        return "\n".join(lines)


def image(pixels: ndarray) -> Any:
    """Bytes (H, W) or (H, W, C) as a Pillow image; as they are where Pillow is not installed."""
    try:
        return importlib.import_module("PIL.Image").fromarray(pixels)
    except ImportError:
        return pixels
