"""How elements lie in memory. Programs that ask PyTorch for one of these get what NumPy does anyway.

>>> from tinygrad_edu import contiguous_format, ones
>>> ones(2, 3).contiguous(memory_format=contiguous_format).shape
Size([2, 3])
"""

from __future__ import annotations

from tinygrad_edu import legacy

__all__ = ["channels_last", "contiguous_format", "layout", "memory_format", "preserve_format", "strided"]


class layout:
    """A way to lie in memory."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"{legacy.PREFIX}.{self.name}"


class memory_format(layout):
    """An order of dimensions in memory. None of them changes anything but the speed, and here not even that."""


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last = memory_format("channels_last")
