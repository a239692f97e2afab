"""Distances as modules."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_edu.nn.functional import distances as F
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = ["CosineSimilarity", "PairwiseDistance"]


@dataclass(eq=False, repr=False)
class CosineSimilarity(Module):
    """x1 · x2 / (|x1| · |x2|) along `dim`; eps is the least length.

    >>> import tinygrad_edu as tg
    >>> tg.nn.CosineSimilarity(dim=0)(tg.tensor([1.0, 0.0]), tg.tensor([3.0, 4.0]))
    tensor(0.6000)
    """

    dim: int = 1
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__init__()

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


@dataclass(eq=False, repr=False)
class PairwiseDistance(Module):
    """The p-norm of x1 − x2 + eps along the last dimension."""

    p: float = 2.0
    eps: float = 1e-6
    keepdim: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)
