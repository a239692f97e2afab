"""From a list of samples to a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.dtypes import float64
from tinygrad_edu.functions import stack, tensor
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["default_collate", "default_convert"]


def default_convert(data: Any) -> Any:
    """One sample, with tensors in place of arrays: what a loader yields that makes no batches."""
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind in "biufc":
        return wrap(plain_array(np.asarray(data)))
    if isinstance(data, (TensorBase, str, bytes, np.generic)):
        return data
    if isinstance(data, Mapping):
        return _like(data, {k: default_convert(v) for k, v in data.items()})
    if isinstance(data, tuple):
        return _tuple(data, [default_convert(v) for v in data])
    if isinstance(data, Sequence):
        return _like(data, [default_convert(v) for v in data])
    return data


def default_collate(batch: Sequence[Any]) -> Any:
    """Samples side by side in a new first dimension: (…), (…), … → (N, …).

    Tensors, arrays and numbers become one tensor (of Python: floats float64, ints int64), texts stay as they are;
    tuples, dicts and named tuples of these are collated part by part. As in PyTorch, a tuple becomes a list.

    Raises RuntimeError for tensors and arrays of different shapes and for sequences of different lengths,
    TypeError for anything else.

    >>> from tinygrad_edu.utils.data import default_collate
    >>> default_collate([(0, 0.5, "a"), (1, 1.5, "b")])
    [tensor([0, 1]), tensor([0.5000, 1.5000], dtype=float64), ('a', 'b')]
    """
    if not batch:
        raise ValueError("default_collate: a batch needs at least one sample")
    first = batch[0]
    if isinstance(first, TensorBase):
        _alike(batch)
        return stack(list(batch))
    if isinstance(first, (np.ndarray, np.generic)) and not isinstance(first, (str, bytes)):
        if first.dtype.kind not in "biufc":
            raise TypeError(
                f"default_collate: an array of dtype {first.dtype} cannot become a tensor. Convert it in the data set "
                f"(to numbers), or give the DataLoader a collate_fn of your own."
            )
        _alike(batch)
        return wrap(plain_array(np.stack([np.asarray(a) for a in batch])))
    if isinstance(first, (bool, int, float)):
        return tensor(list(batch), dtype=float64 if isinstance(first, float) else None)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        _same_keys(batch)
        return _like(first, {k: default_collate([sample[k] for sample in batch]) for k in first})
    if isinstance(first, Sequence):
        if len({len(sample) for sample in batch}) > 1:
            raise RuntimeError(
                f"each element in list of batch should be of equal size, but the lengths are "
                f"{[len(sample) for sample in batch]}. Pad the shorter ones in the data set, or give the DataLoader a "
                f"collate_fn of your own."
            )
        parts = [default_collate(part) for part in zip(*batch, strict=True)]
        if isinstance(first, tuple):
            return type(first)(*parts) if hasattr(first, "_fields") else parts
        return _like(first, parts)
    kind = type(first)
    hint = (
        "Convert images first: transform=transforms.ToTensor()"
        if kind.__module__.startswith("PIL.")
        else "Return those from the data set, or give the DataLoader a collate_fn of your own"
    )
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}. {hint}."
    )


def _alike(batch: Sequence[Any]) -> None:
    """Raises RuntimeError, with the shapes, unless all samples have the same."""
    shape = batch[0].shape
    for k, sample in enumerate(batch):
        other = getattr(sample, "shape", None)
        if other != shape:
            what = f"shape {tuple(other)}" if other is not None else f"{type(sample).__name__}, which has no shape,"
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {tuple(shape)} at entry 0 and {what} at entry "
                f"{k} of the batch. Make the samples equal in the data set (crop, resize, pad), use batch_size=1, or "
                f"give the DataLoader a collate_fn of your own."
            )


def _same_keys(batch: Sequence[Any]) -> None:
    for k, sample in enumerate(batch):
        if sample.keys() != batch[0].keys():
            raise KeyError(
                f"default_collate: the dicts of a batch need the same keys, but entry 0 has {list(batch[0])} and entry "
                f"{k} has {list(sample)}"
            )


def _tuple(like: Any, parts: list[Any]) -> Any:
    """`parts` as a named tuple if `like` is one; as a list otherwise, as in PyTorch."""
    return type(like)(*parts) if hasattr(like, "_fields") else parts


def _like(like: Any, parts: Any) -> Any:
    """`parts` as the kind of dict or list that `like` is, where that can be made from them."""
    kind = type(like)
    if kind in (dict, list):
        return parts
    try:
        return kind(parts)
    except TypeError:
        return parts
