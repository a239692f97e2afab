"""Products of many matrices, in the order that takes the fewest operations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.products import dimensions, inner_sides, same_dtype
from tinygrad_edu.rules import linalg

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["chain_matmul"]


def chain_matmul(*matrices: Any) -> Tensor:
    """The product of several matrices, multiplied in the order that takes the fewest operations.

    >>> import tinygrad_edu as tg
    >>> tg.chain_matmul(tg.tensor([[1., 2.]]), tg.tensor([[3.], [4.]]), tg.tensor([[10., 1.]]))
    tensor([[110.,  11.]])
    """
    return best_product("chain_matmul", matrices)


def best_product(name: str, matrices: Sequence[Any]) -> Tensor:
    """The product of matrices in the cheapest order, found by dynamic programming.

    (Cormen et al., "Introduction to Algorithms": matrix-chain multiplication.)
    """
    if not matrices:
        raise RuntimeError(f"{name}: give at least one matrix")
    dimensions(name, *((f"matrix {k}", x, 2) for k, x in enumerate(matrices)))
    same_dtype(name, *matrices)
    for a, b in pairwise(matrices):
        inner_sides(name, a, b)
    sides = [matrices[0].shape[0], *(x.shape[1] for x in matrices)]
    return _multiply(matrices, 0, len(matrices) - 1, best_splits(sides))


def best_splits(sides: Sequence[int]) -> dict[tuple[int, int], int]:
    """For each stretch i … j of matrices (sides[k], sides[k+1]): after which of them to split the product."""
    n = len(sides) - 1
    cost = {(i, i): 0 for i in range(n)}
    split = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            ways = [(cost[i, k] + cost[k + 1, j] + sides[i] * sides[k + 1] * sides[j + 1], k) for k in range(i, j)]
            cost[i, j], split[i, j] = min(ways)
    return split


def _multiply(matrices: Sequence[Any], i: int, j: int, split: dict[tuple[int, int], int]) -> Any:
    if i == j:
        return matrices[i]
    k = split[i, j]
    return linalg.matmul(_multiply(matrices, i, k, split), _multiply(matrices, k + 1, j, split))
