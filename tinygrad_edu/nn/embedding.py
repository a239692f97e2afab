"""Tables of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional.bags import embedding_bag
from tinygrad_edu.nn.functional.layers import embedding
from tinygrad_edu.nn.linear import count
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensor import Tensor

__all__ = ["Embedding", "EmbeddingBag"]


class Table(Module):
    """What both kinds of layers have in common: the table of vectors, and how it starts."""

    weight: Parameter
    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None

    def _make(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        weight: Tensor | None,
        freeze: bool,
        device: Any,
        dtype: Any,
    ) -> None:
        check_device(device)
        name = type(self).__name__
        self.num_embeddings = n = count(name, "num_embeddings", num_embeddings)
        self.embedding_dim = count(name, "embedding_dim", embedding_dim)
        if padding_idx is not None and not -n <= padding_idx < n:
            raise ValueError(
                f"{name}: Padding_idx must be within num_embeddings ({n}: 0 to {n - 1}), not {padding_idx}"
            )
        self.padding_idx = padding_idx if padding_idx is None or padding_idx >= 0 else padding_idx + n
        if weight is None:
            self.weight = Parameter(creation.empty(n, self.embedding_dim, dtype=dtype), not freeze)
            self.reset_parameters()
        elif tuple(weight.shape) != (n, self.embedding_dim):
            raise ValueError(
                f"{name}: Shape of weight {tuple(weight.shape)} does not match num_embeddings and embedding_dim, "
                f"{(n, self.embedding_dim)}"
            )
        else:
            self.weight = Parameter(weight, not freeze)

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        table = self.weight.data
        table.normal_()
        if self.padding_idx is not None:
            table[self.padding_idx] = 0

    def _options(self, **usual: Any) -> str:
        """Its sizes and those options that are not the usual ones."""
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        parts += [f"{name}={getattr(self, name)!r}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join(parts)


def _sides(name: str, embeddings: Tensor) -> tuple[int, int]:
    if embeddings.ndim != 2:
        raise ValueError(
            f"{name}: Embeddings parameter is expected to be 2-dimensional (num_embeddings, embedding_dim), but has "
            f"shape {tuple(embeddings.shape)}"
        )
    return embeddings.shape[0], embeddings.shape[1]


class Embedding(Table):
    """A vector for each number from 0 to num_embeddings − 1: (…) of integers → (…, embedding_dim).

    Args:
        padding_idx: the number whose vector is 0 and stays so.
        max_norm: vectors that are used and longer (in the p-norm of norm_type) are scaled down to it.
        scale_grad_by_freq: whether a vector that occurs n times in the input gets 1/n of each gradient.
        sparse: changes nothing.

    weight (num_embeddings, embedding_dim) starts from the standard normal distribution.
    Raises ValueError for a padding_idx that is no row; a call raises IndexError for a number that is none.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Embedding(10, 3, padding_idx=0)
    >>> layer(tg.tensor([[1, 2, 4, 0], [4, 3, 2, 9]])).shape
    Size([2, 4, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, _freeze, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """A layer with these vectors (num_embeddings, embedding_dim), which are trained only if not `freeze`.

        >>> import tinygrad_edu as tg
        >>> tg.nn.Embedding.from_pretrained(tg.tensor([[1.0, 2.0], [3.0, 4.0]]))(tg.tensor(1))
        tensor([3., 4.])
        """
        rows, dim = _sides(cls.__name__, embeddings)
        return cls(
            rows, dim, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight=embeddings, _freeze=freeze
        )

    def forward(self, input: Tensor) -> Tensor:
        return embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        return self._options(padding_idx=None, max_norm=None, norm_type=2, scale_grad_by_freq=False, sparse=False)


class EmbeddingBag(Table):
    """The mean (sum, max) of the vectors of each bag of numbers: (B, n), or (T,) with offsets (B,) → (B, dim).

    Args:
        mode: "mean", "sum" or "max".
        include_last_offset: whether the last offset is the end of the last bag.
        padding_idx: a number that is left out.
        max_norm, norm_type, scale_grad_by_freq, sparse: as for Embedding.

    A call takes `offsets`, where each bag starts, and with mode="sum" `per_sample_weights`, a factor for each number.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.EmbeddingBag(10, 3)
    >>> layer(tg.tensor([1, 2, 4, 5, 4]), tg.tensor([0, 3])).shape
    Size([2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        self.mode, self.include_last_offset = mode, include_last_offset
        self._make(num_embeddings, embedding_dim, padding_idx, _weight, False, device, dtype)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A layer with these vectors (num_embeddings, embedding_dim), which are trained only if not `freeze`."""
        rows, dim = _sides(cls.__name__, embeddings)
        layer = cls(
            rows,
            dim,
            max_norm,
            norm_type,
            scale_grad_by_freq,
            mode,
            sparse,
            embeddings,
            include_last_offset,
            padding_idx,
        )
        layer.weight.requires_grad_(not freeze)
        return layer

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        return self._options(max_norm=None, norm_type=2, scale_grad_by_freq=False, mode=None, padding_idx=None)
