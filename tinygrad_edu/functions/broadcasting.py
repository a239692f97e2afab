"""Sides of 1 repeated, and new ones in front: views that take no memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.shaping import as_ints, lifted, listed
from tinygrad_edu.rules import shaping as rules
from tinygrad_edu.size import Size

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "expand",
    "expand_as"
]  # fmt: skip


def expand(input: Any, size: Any = (), *more: Any) -> Tensor:
    """Sides of 1 repeated to the given sizes, and new ones in front, without taking memory; -1 keeps a side.

    Raises RuntimeError where a side is neither 1 nor as given.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    x = lifted(input, "expand")
    old, new = x._array.shape, as_ints(size, more, "expand")
    extra = len(new) - len(old)
    full = tuple(old[k - extra] if n == -1 and k >= extra else n for k, n in enumerate(new))
    if extra < 0 or any(n < 0 for n in full) or any(a not in (1, n) for a, n in zip(old, full[extra:], strict=True)):
        raise RuntimeError(
            f"{_why_not(tuple(old), new)} (expand: aligned at the right, a side must be 1 or equal, or -1 (as it is), "
            f"and new sides may stand in front only.)"
        )
    return rules.broadcast_to(x, shape=full)


def _why_not(old: tuple[int, ...], new: tuple[int, ...]) -> str:
    """Why a shape cannot be expanded to another, in PyTorch's words."""
    extra = len(new) - len(old)
    if extra < 0:
        return (
            f"expand: the number of sizes provided ({len(new)}) must be greater or equal to the number of dimensions "
            f"in the tensor ({len(old)}): the shape {old} cannot be expanded to {new}."
        )
    for k, n in enumerate(new):
        if n < 0 and k < extra:
            return f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {k}."
        if k >= extra and n != -1 and old[k - extra] not in (1, n):
            return (
                f"The expanded size of the tensor ({n}) must match the existing size ({old[k - extra]}) at "
                f"non-singleton dimension {k}.  Target sizes: {[*new]}.  Tensor sizes: {[*old]}."
            )
    return f"The shape {old} cannot be expanded to {new}: sizes are at least 0."


def expand_as(input: Any, other: Any) -> Tensor:
    """`expand` to the shape of `other`.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([1, 2]).expand_as(tg.tensor([[0, 0], [0, 0]]))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, tuple(other.shape))


def broadcast_to(input: Any, size: Any = (), *more: Any) -> Tensor:
    """Another name of `expand`.

    >>> import tinygrad_edu as tg
    >>> tg.broadcast_to(tg.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(input, size, *more)


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape to which these shapes broadcast together.

    Raises RuntimeError if they do not.

    >>> import tinygrad_edu as tg
    >>> tg.broadcast_shapes((3, 1), (2,), ())
    Size([3, 2])
    """
    try:
        return Size(np.broadcast_shapes(*(s if isinstance(s, (tuple, list)) else (s,) for s in shapes)))
    except ValueError:
        raise RuntimeError(
            f"broadcast: the shapes {', '.join(str(s if isinstance(s, int) else tuple(s)) for s in shapes)} do not fit "
            f"together: aligned at the right, sides must be equal or 1."
        ) from None


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """All of them expanded to their common shape.

    >>> import tinygrad_edu as tg
    >>> [t.shape for t in tg.broadcast_tensors(tg.tensor([1, 2]), tg.tensor([[3]]))]
    [Size([1, 2]), Size([1, 2])]
    """
    xs = [lifted(x, "broadcast_tensors") for x in listed(tensors)]
    shape = broadcast_shapes(*(tuple(x._array.shape) for x in xs))
    return tuple(rules.broadcast_to(x, shape=shape) for x in xs)


def _all(function: Any, tensors: tuple[Any, ...], name: str) -> Any:
    """The function of one tensor, or of each of several, as PyTorch's `atleast_…d` are called."""
    if len(tensors) == 1 and not isinstance(tensors[0], (tuple, list)):
        return function(lifted(tensors[0], name))
    return tuple(function(lifted(x, name)) for x in listed(tensors))


def atleast_1d(*tensors: Any) -> Any:
    """With at least one dimension; of several tensors a tuple.

    >>> import tinygrad_edu as tg
    >>> tg.atleast_1d(tg.tensor(3))
    tensor([3])
    """
    return _all(lambda x: x if x._array.ndim else rules.reshape(x, shape=(1,)), tensors, "atleast_1d")


def atleast_2d(*tensors: Any) -> Any:
    """With at least two dimensions, new ones in front; of several tensors a tuple.

    >>> import tinygrad_edu as tg
    >>> tg.atleast_2d(tg.tensor([1, 2]))
    tensor([[1, 2]])
    """
    return _all(lambda x: x if x._array.ndim > 1 else rules.reshape(x, shape=(1, -1)), tensors, "atleast_2d")


def atleast_3d(*tensors: Any) -> Any:
    """With at least three dimensions: (n) becomes (1, n, 1) and (m, n) becomes (m, n, 1).

    >>> import tinygrad_edu as tg
    >>> tg.atleast_3d(tg.tensor([1, 2])).shape
    Size([1, 2, 1])
    """

    def raised(x: Any) -> Any:
        shape = x._array.shape
        if len(shape) > 2:
            return x
        return rules.reshape(x, shape=(*shape, 1) if len(shape) == 2 else (1, math.prod(shape), 1))

    return _all(raised, tensors, "atleast_3d")
