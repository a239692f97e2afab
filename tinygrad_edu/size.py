"""The shape of a tensor: a tuple that prints like PyTorch's."""

from __future__ import annotations

import math
import operator
from typing import Any

__all__ = ["Size", "negative", "sides"]


class Size(tuple[int, ...]):
    """A shape, equal to the tuple of its sides.

    >>> from tinygrad_edu import tensor
    >>> tensor([[1, 2, 3], [4, 5, 6]]).shape
    Size([2, 3])
    >>> tensor([[1, 2, 3], [4, 5, 6]]).shape == (2, 3)
    True
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements of a tensor of this shape."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"Size([{', '.join(map(str, self))}])"

    def __getitem__(self, index: Any) -> Any:
        found = tuple.__getitem__(self, index)
        return Size(found) if isinstance(index, slice) else found

    def __add__(self, other: Any) -> Any:
        return Size((*self, *other)) if isinstance(other, tuple) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return Size((*other, *self)) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: Any) -> Any:
        return Size(tuple(self) * times)

    __rmul__ = __mul__


def negative(name: str, shape: tuple[int, ...]) -> str:
    """The error for a shape with a negative side."""
    worst = next(n for n in shape if n < 0)
    return f"Trying to create tensor with negative dimension {worst}: {[*shape]} ({name}: sides are at least 0)"


def sides(numbers: tuple[Any, ...], name: str, size: Any = None) -> tuple[int, ...]:
    """The shape meant by ``name(2, 3)``, ``name((2, 3))`` or ``name(size=(2, 3))``. Raises for what is none."""
    if size is not None:
        numbers += (size,)
    given = numbers[0] if len(numbers) == 1 and isinstance(numbers[0], (tuple, list)) else numbers
    try:
        shape = tuple([operator.index(n) for n in given])
    except TypeError:
        raise TypeError(
            f"{name}: a shape is made of whole numbers, {name}(2, 3) or {name}((2, 3)), not {numbers}"
        ) from None
    if not numbers:
        raise TypeError(f"{name}: say the shape, {name}(2, 3); for a single number {name}(())")
    if any(n < 0 for n in shape):
        raise RuntimeError(negative(name, shape))
    return shape
