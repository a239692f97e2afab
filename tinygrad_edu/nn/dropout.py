"""Noise for training, none in evaluation mode: dropout of elements and of channels."""

from __future__ import annotations

from dataclasses import dataclass

from tinygrad_edu.nn.functional import noise as F
from tinygrad_edu.nn.module import Module
from tinygrad_edu.tensor import Tensor

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


@dataclass(eq=False, repr=False)
class AnyDropout(Module):
    """Drops with probability `p`. Raises ValueError for a `p` outside of [0, 1]."""

    p: float = 0.5
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__init__()
        F.check_probability(self.p)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(AnyDropout):
    """In training mode each element is 0 with probability `p`, and the others are divided by 1 − p.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Dropout(0.2).eval()
    >>> layer(tg.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(AnyDropout):
    """In training mode each channel of (N, C, L) or (C, L) is 0 with probability `p`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(AnyDropout):
    """In training mode each channel of (N, C, H, W) is 0 with probability `p`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(AnyDropout):
    """In training mode each channel of (N, C, D, H, W) or (C, D, H, W) is 0 with probability `p`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(AnyDropout):
    """Dropout that keeps mean and variance, for networks of SELU."""

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(AnyDropout):
    """AlphaDropout of whole channels of (N, C, …)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
