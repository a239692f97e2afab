"""Transforms one after the other, and transforms made of functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu.transforms.convert import PILToTensor, ToTensor

__all__ = ["Compose", "Lambda"]


class Compose:
    """Transforms one after the other.

    Raises TypeError for what cannot be called, and for a class (``ToTensor``) where an instance (``ToTensor()``) is
    meant.
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        for t in transforms:
            if isinstance(t, type):
                raise TypeError(f"Compose: {t.__name__} is a class; make a transform of it: {t.__name__}(…)")
            if not callable(t):
                raise TypeError(f"Compose: a transform is something to call, not {type(t).__name__}")
        self.transforms = transforms

    @property
    def takes_arrays(self) -> bool:
        """Whether an array in place of a Pillow image makes no difference to it."""
        for t in self.transforms:
            if not getattr(t, "takes_arrays", False):
                return False
            if isinstance(t, (ToTensor, PILToTensor)):
                return True  # what follows does not see the image
        return False

    def __call__(self, img: Any) -> Any:
        for t in self.transforms:
            img = t(img)
        return img

    def __repr__(self) -> str:
        return "\n".join([f"{type(self).__name__}(", *(f"    {t}" for t in self.transforms), ")"])


class Lambda:
    """Any function as a transform.

    >>> from tinygrad_edu import transforms
    >>> transforms.Lambda(lambda image: image + 1)(1)
    2
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"
