"""Tables of vectors, looked up by number."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional.layers import embedding
from tinygrad_edu.nn.linear import count
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensor import Tensor

__all__ = ["Embedding"]


class Embedding(Module):
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

    weight: Parameter

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
        check_device(device)
        self.num_embeddings = n = count("Embedding", "num_embeddings", num_embeddings)
        self.embedding_dim = count("Embedding", "embedding_dim", embedding_dim)
        if padding_idx is not None and not -n <= padding_idx < n:
            raise ValueError(
                f"Embedding: Padding_idx must be within num_embeddings ({n}: 0 to {n - 1}), not {padding_idx}"
            )
        self.padding_idx = padding_idx if padding_idx is None or padding_idx >= 0 else padding_idx + n
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        if _weight is None:
            self.weight = Parameter(creation.empty(n, self.embedding_dim, dtype=dtype), not _freeze)
            self.reset_parameters()
        elif tuple(_weight.shape) != (n, self.embedding_dim):
            raise ValueError(
                f"Embedding: Shape of weight {tuple(_weight.shape)} does not match num_embeddings and embedding_dim, "
                f"{(n, self.embedding_dim)}"
            )
        else:
            self.weight = Parameter(_weight, not _freeze)

    def reset_parameters(self) -> None:
        """Draw the vectors anew."""
        table = self.weight.data
        table.normal_()
        if self.padding_idx is not None:
            table[self.padding_idx] = 0

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
        if embeddings.ndim != 2:
            raise ValueError(
                f"Embedding: Embeddings parameter is expected to be 2-dimensional (num_embeddings, embedding_dim), "
                f"but has shape {tuple(embeddings.shape)}"
            )
        rows, dim = embeddings.shape
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
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        usual = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        parts += [f"{name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value]
        return ", ".join(parts)
