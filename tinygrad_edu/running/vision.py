"""What stands in for torchvision: data sets, transforms, and pictures of batches."""

from __future__ import annotations

__all__ = ["__version__", "get_image_backend", "set_image_backend"]

__version__ = "0.28.0+tinygrad_edu"


def get_image_backend() -> str:
    """PIL."""
    return "PIL"


def set_image_backend(backend: str) -> None:
    """Does nothing."""
