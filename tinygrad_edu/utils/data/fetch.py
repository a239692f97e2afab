"""From the numbers of samples to batches: the inner loops of a DataLoader. Each is a generator over what is to do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import wrap
from tinygrad_edu.utils.data.dataset import Subset, TensorDataset
from tinygrad_edu.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = ["arrays", "cut", "in_a_row", "known_order", "singly", "together"]

Collate = Callable[[Any], Any]
Load = Callable[[Any, Iterator[Any]], Iterator[Any]]


# -- sample by sample ---------------------------------------------------------------------------------------


def singly(dataset: Any, numbers: Iterator[Any], collate: Collate) -> Iterator[Any]:
    """Samples without batches."""
    for k in numbers:
        yield collate(dataset[k])


def together(dataset: Any, batches: Iterator[list[Any]], collate: Collate) -> Iterator[Any]:
    """A batch for each list of numbers."""
    several = getattr(dataset, "__getitems__", None)  # a data set may fetch several samples faster than one by one
    for numbers in batches:
        yield collate(several(numbers) if several else [dataset[k] for k in numbers])


def in_a_row(dataset: Any, turns: Iterator[None], size: int | None, full: bool, collate: Collate) -> Iterator[Any]:
    """A batch of the next `size` samples for each turn (one sample if that is None), until there are no more."""
    samples = iter(dataset)
    for _ in turns:
        batch = list(itertools.islice(samples, size or 1))
        if not batch or (full and size and len(batch) < size):
            return
        yield collate(batch) if size else collate(batch[0])


# -- from whole arrays --------------------------------------------------------------------------------------


def arrays(dataset: Any) -> tuple[list[ndarray], ndarray | None] | None:
    """The arrays of a TensorDataset, and the rows that count if it is a Subset of one. None for other data sets."""
    rows: ndarray | None = None
    while type(dataset) is Subset:
        inner = np.asarray(dataset.indices)
        if inner.ndim != 1 or inner.dtype.kind not in "iu":
            return None
        rows, dataset = inner if rows is None else inner[rows], dataset.dataset
    if type(dataset) is not TensorDataset:
        return None
    if any(type(t._array) is not ndarray or t._edge() is not None for t in dataset.tensors):
        return None  # computed later, or recorded: the tensors' own indexing takes care of that
    return [t._array for t in dataset.tensors], rows


def known_order(batches: Any) -> bool:
    """Whether the order of a whole epoch is known at its start, as an array."""
    known = (SequentialSampler, RandomSampler, SubsetRandomSampler, WeightedRandomSampler)
    return type(batches) is BatchSampler and type(batches.sampler) in known


def cut(batches: BatchSampler, arrays: list[ndarray], rows: ndarray | None) -> tuple[Iterator[Any], Load]:
    """What each batch of an epoch is made of, and the generator function that makes it."""
    sampler: Any = batches.sampler
    order: ndarray | None = None if type(sampler) is SequentialSampler else sampler.order()
    if rows is not None:
        order = rows if order is None else rows[order]
    if order is None:
        return zip(*(_pieces(a, batches) for a in arrays), strict=True), lambda _, tasks: _copied(tasks)
    return _pieces(order, batches), lambda _, tasks: _taken(arrays, tasks)


def _pieces(a: ndarray, batches: BatchSampler) -> Iterator[Any]:
    """Views of the rows of each batch. An array gives its parts faster than slices of it are cut."""
    n, size = len(batches.sampler), batches.batch_size  # type: ignore[arg-type]
    full = n // size
    parts = iter(a[: full * size].reshape(full, size, *a.shape[1:]))
    return parts if batches.drop_last or n == full * size else itertools.chain(parts, [a[full * size : n]])


def _copied(batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Tensors with copies of these parts of the arrays: they share no memory with the data set."""
    for parts in batches:
        yield [wrap(a.copy()) for a in parts]


def _taken(arrays: list[ndarray], batches: Iterator[Any]) -> Iterator[list[Any]]:
    """Tensors with these rows of the arrays."""
    for rows in batches:
        yield [wrap(a.take(rows, 0)) for a in arrays]
