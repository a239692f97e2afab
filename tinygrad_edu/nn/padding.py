"""Margins as layers. Their widths: (left, right) of the last dimension, then those of the one before it, …"""

from __future__ import annotations

from typing import Any

from tinygrad_edu.functions.rearranging import pad
from tinygrad_edu.nn.functional.convolution import each
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d", "ConstantPad3d",
    "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d", "ReplicationPad2d",
    "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class Margin(Module):
    """Margins around the last dimensions: one width for all sides, or two for each dimension; negative ones cut off."""

    dimensions: int
    mode = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__()
        n = 2 * self.dimensions
        self.padding = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * n
        if len(self.padding) == n:
            each(self.padding, n, type(self).__name__, "padding", least=min(0, *self.padding))  # all of them ints

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = pad(input, self.padding, mode=self.mode)
        return y

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ConstantPad(Margin):
    """Margins of one value."""

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        y: Tensor = pad(input, self.padding, value=self.value)
        return y

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(ConstantPad):
    """Margins of `value` around signals: (…, L) → (…, left + L + right).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ConstantPad1d((1, 2), 9.0)(tg.zeros(1, 1, 2))
    tensor([[[9., 0., 0., 9., 9.]]])
    """

    dimensions = 1


class ConstantPad2d(ConstantPad):
    """Margins of `value` around images: (…, H, W), widths (left, right, top, bottom)."""

    dimensions = 2


class ConstantPad3d(ConstantPad):
    """Margins of `value` around volumes: (…, D, H, W), widths (left, right, top, bottom, front, back)."""

    dimensions = 3


class ZeroPad1d(Margin):
    """Zeros around signals: (…, L) → (…, left + L + right)."""

    dimensions = 1


class ZeroPad2d(Margin):
    """Zeros around images: (…, H, W), widths (left, right, top, bottom).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ZeroPad2d(1)(tg.ones(1, 1, 1, 1))
    tensor([[[[0., 0., 0.],
              [0., 1., 0.],
              [0., 0., 0.]]]])
    """

    dimensions = 2


class ZeroPad3d(Margin):
    """Zeros around volumes: (…, D, H, W)."""

    dimensions = 3


class ReflectionPad1d(Margin):
    """Margins that mirror the signal at its edges, which are not repeated: (…, L).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ReflectionPad1d(2)(tg.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    dimensions, mode = 1, "reflect"


class ReflectionPad2d(Margin):
    """Margins that mirror the image at its edges, which are not repeated: (…, H, W)."""

    dimensions, mode = 2, "reflect"


class ReflectionPad3d(Margin):
    """Margins that mirror the volume at its faces, which are not repeated: (…, D, H, W)."""

    dimensions, mode = 3, "reflect"


class ReplicationPad1d(Margin):
    """Margins that repeat the edges of the signal: (…, L).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ReplicationPad1d(2)(tg.tensor([[1.0, 2.0]]))
    tensor([[1., 1., 1., 2., 2., 2.]])
    """

    dimensions, mode = 1, "replicate"


class ReplicationPad2d(Margin):
    """Margins that repeat the edges of the image: (…, H, W)."""

    dimensions, mode = 2, "replicate"


class ReplicationPad3d(Margin):
    """Margins that repeat the faces of the volume: (…, D, H, W)."""

    dimensions, mode = 3, "replicate"


class CircularPad1d(Margin):
    """Margins from the other end of the signal: (…, L).

    >>> import tinygrad_edu as tg
    >>> tg.nn.CircularPad1d(1)(tg.tensor([[1.0, 2.0, 3.0]]))
    tensor([[3., 1., 2., 3., 1.]])
    """

    dimensions, mode = 1, "circular"


class CircularPad2d(Margin):
    """Margins from the opposite sides of the image: (…, H, W)."""

    dimensions, mode = 2, "circular"


class CircularPad3d(Margin):
    """Margins from the opposite faces of the volume: (…, D, H, W)."""

    dimensions, mode = 3, "circular"
