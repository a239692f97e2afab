"""Bags of embeddings: the vectors of several numbers, reduced to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions import scattering
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.layers import embedding
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["embedding_bag"]


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """The mean ("sum", "max": that) of the rows of `weight` in each bag: (B, n) or (T,) with offsets (B,) → (B, dim).

    Args:
        input: numbers of rows; each row of a matrix is a bag, and `offsets` say where in a vector each bag starts.
        per_sample_weights: factors for mode="sum", of the input's shape.
        include_last_offset: whether the last offset is the end of the last bag.
        padding_idx: a number that is left out.
        max_norm, norm_type, scale_grad_by_freq, sparse: as for `embedding`.

    An empty bag gives 0. Raises ValueError for shapes and offsets that do not fit, IndexError for what is no row.

    >>> import tinygrad_edu as tg
    >>> rows = tg.tensor([[1.0], [2.0], [5.0]])
    >>> tg.nn.functional.embedding_bag(tg.tensor([0, 1, 2]), rows, tg.tensor([0, 2]))
    tensor([[1.5000],
            [5.0000]])
    """
    if mode not in ("sum", "mean", "max"):
        raise ValueError(f"embedding_bag: mode has to be one of sum, mean or max, not {mode!r}")
    indices = np.asarray(raw(input, "embedding_bag"))
    bags, count = _bags(indices, offsets, include_last_offset)
    flat = wrap(indices.reshape(-1)[: len(bags)])  # what comes after the last offset belongs to no bag
    rows = embedding(flat, weight, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
    if per_sample_weights is not None:
        rows = elementwise.multiply(rows, _factors(per_sample_weights, mode, indices.shape).reshape(-1, 1)[: len(bags)])
    if padding_idx is not None:
        kept = np.flatnonzero(flat._array != padding_idx % raw(weight, "embedding_bag").shape[0])
        rows, bags = rows[kept], bags[kept]
    empty = wrap(np.zeros((count, rows.shape[1]), rows.dtype))
    if mode == "max":
        at = wrap(np.broadcast_to(bags[:, None], tuple(rows.shape)))
        return scattering.scatter_reduce(empty, 0, at, rows, "amax", include_self=False)
    total = scattering.index_add(empty, 0, wrap(bags), rows)
    if mode == "sum":
        return total
    sizes = np.maximum(np.bincount(bags, minlength=count), 1).astype(rows.dtype)
    return elementwise.divide(total, sizes[:, None])


def _bags(indices: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, int]:
    """For each index the number of its bag, and how many bags there are."""
    if indices.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "embedding_bag: if input is 2D, then offsets has to be None, as each row is a bag of its own"
            )
        return np.repeat(np.arange(indices.shape[0]), indices.shape[1]), indices.shape[0]
    if indices.ndim != 1:
        raise ValueError(f"embedding_bag: input has to be 1D or 2D Tensor, but got Tensor of dimension {indices.ndim}")
    starts = None if offsets is None else np.asarray(raw(offsets, "embedding_bag"))
    if starts is None or starts.ndim != 1 or starts.dtype.kind not in "iu":
        what = "None" if starts is None else f"{starts.dtype} of shape {starts.shape}"
        raise ValueError(f"embedding_bag: offsets has to be a 1D Tensor of integers, but got {what}")
    ends = starts[1:] if include_last_offset else np.append(starts[1:], len(indices))
    starts = starts[: len(ends)]
    if len(starts) and starts[0] != 0:
        raise RuntimeError(
            f"embedding_bag: offsets[0] has to be 0, as the first bag starts at position 0. However, got {starts[0]}"
        )
    if (ends < starts).any() or (len(ends) and ends[-1] > len(indices)):
        raise RuntimeError(
            f"embedding_bag: offsets must not decrease, nor be greater than the input's length {len(indices)}, but are "
            f"{np.asarray(raw(offsets, 'embedding_bag')).tolist()}"
        )
    bags = np.repeat(np.arange(len(starts)), ends - starts)
    return bags, len(starts)


def _factors(weights: Any, mode: str, shape: tuple[int, ...]) -> Any:
    if mode != "sum":
        raise NotImplementedError(
            f"embedding_bag: per_sample_weights is only supported for mode='sum' (got mode={mode!r})"
        )
    if tuple(weights.shape) != shape:
        raise ValueError(
            f"embedding_bag: per_sample_weights {tuple(weights.shape)} must have the same shape as the input {shape}"
        )
    return weights
