"""Layers that change the shape only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = ["Flatten", "Unflatten"]


@dataclass(eq=False, repr=False)
class Flatten(Module):
    """Make one dimension of those from start_dim to end_dim: (N, C, H, W) → (N, C·H·W).

    >>> import tinygrad_edu as tg
    >>> tg.nn.Flatten()(tg.ones(5, 3, 4, 4)).shape
    Size([5, 48])
    """

    start_dim: int = 1
    end_dim: int = -1

    def __post_init__(self) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Make several dimensions of one: with ``Unflatten(1, (3, 4, 4))`` (N, 48) → (N, 3, 4, 4).

    Raises TypeError for sizes that are no whole numbers, RuntimeError where they do not multiply up.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Unflatten(1, (2, 3))(tg.ones(5, 6)).shape
    Size([5, 2, 3])
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(f"Unflatten: dim must be an int, not {dim!r}: dimensions have no names here")
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}: write "
                f"Unflatten({dim}, ({unflattened_size}, -1))"
            )
        self.dim, self.unflattened_size = dim, unflattened_size
        for k, n in enumerate(self.unflattened_size):
            if not isinstance(n, int):
                raise TypeError(
                    f"unflattened_size must be tuple of ints, but found element of type {type(n).__name__} at pos {k}"
                )

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
