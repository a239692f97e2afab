"""Data sets: what has a length and samples by number, or at least samples in a row."""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from tinygrad_edu.generator import Generator
from tinygrad_edu.generator import generator as source
from tinygrad_edu.primitive import TensorBase

__all__ = [
    "ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "StackDataset", "Subset", "TensorDataset",
    "random_split",
]  # fmt: skip

T_co = TypeVar("T_co", covariant=True)


def length(dataset: Any, purpose: str) -> int:
    """``len(dataset)``. Raises TypeError where there is none, saying what it is needed for."""
    if hasattr(type(dataset), "__len__"):
        return len(dataset)
    name = type(dataset).__name__
    raise TypeError(
        f"object of type '{name}' has no len(), which {purpose} needs. Give {name} a method __len__ that returns the "
        f"number of its samples, or, if nobody knows that, derive it from IterableDataset and define __iter__."
    )


class Dataset(Generic[T_co]):
    """Samples by number. A subclass defines ``__getitem__(index)`` and ``__len__()``.

    >>> from tinygrad_edu.utils.data import Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> Squares()[3]
    (3, 9)
    """

    def __getitem__(self, index: Any) -> T_co:
        name = type(self).__name__
        raise NotImplementedError(
            f"Subclasses of Dataset should implement __getitem__: give {name} a method __getitem__(self, index) that "
            f"returns one sample."
        )

    def __add__(self, other: Dataset[T_co]) -> ConcatDataset[T_co]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples in a row, of which nobody knows how many there are. A subclass defines ``__iter__()``.

    With several workers, each of them iterates over a shallow copy of its own, and `get_worker_info` says which one
    it is: deal the samples out among them there, or they come several times.

    >>> from tinygrad_edu.utils.data import DataLoader, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(3))
    >>> list(DataLoader(Count(), batch_size=2))
    [tensor([0, 1]), tensor([2])]
    """

    def __iter__(self) -> Iterator[T_co]:
        name = type(self).__name__
        raise NotImplementedError(
            f"Subclasses of IterableDataset should implement __iter__: give {name} a method __iter__(self) that "
            f"yields one sample after the other."
        )

    def __add__(self, other: Dataset[T_co]) -> Any:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Any, ...]]):
    """Tensors whose first dimensions count the same samples: ``dataset[k]`` is ``(x[k], y[k], …)``.

    Raises AssertionError (a TypeError for what is no tensor) unless the first dimensions are equal.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.utils.data import TensorDataset
    >>> TensorDataset(tg.ones(3, 2), tg.arange(3))[1]
    (tensor([1., 1.]), tensor(1))
    """

    tensors: tuple[Any, ...]

    def __init__(self, *tensors: Any) -> None:
        if not tensors:
            raise TypeError("TensorDataset: give at least one tensor: TensorDataset(x, y)")
        for t in tensors:
            if not isinstance(t, TensorBase):
                raise TypeError(f"TensorDataset: expected tensors, not {type(t).__name__}: use tensor(data)")
            if t._array.ndim == 0:
                raise AssertionError("Size mismatch between tensors: one is a single number and has no samples")
        counts = [len(t._array) for t in tensors]
        if len(set(counts)) > 1:
            shapes = ", ".join(str(tuple(t._array.shape)) for t in tensors)
            raise AssertionError(
                f"Size mismatch between tensors: the first dimension counts the samples, but the shapes are {shapes}"
            )
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple([t[index] for t in self.tensors])

    def __len__(self) -> int:
        return len(self.tensors[0]._array)


class StackDataset(Dataset[Any]):
    """Data sets side by side: a sample is the tuple (or, given by name, the dict) of theirs.

    >>> from tinygrad_edu.utils.data import StackDataset
    >>> StackDataset(image=["a", "b"], label=[0, 1])[1]
    {'image': 'b', 'label': 1}
    """

    datasets: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if bool(args) == bool(kwargs):
            raise ValueError("StackDataset: give the data sets either in a row, or all by name")
        parts = args or tuple(kwargs.values())
        counts = [length(d, "StackDataset") for d in parts]
        if len(set(counts)) > 1:
            raise ValueError(f"Size mismatch between datasets: their lengths are {counts}")
        self.datasets, self._length = args or kwargs, counts[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: d[index] for name, d in self.datasets.items()}
        return tuple(d[index] for d in self.datasets)

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Data sets one after the other; ``a + b`` makes it of two.

    >>> from tinygrad_edu.utils.data import ConcatDataset
    >>> ConcatDataset(["ab", "cde"])[2]
    'c'
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        for d in self.datasets:
            if isinstance(d, IterableDataset):
                raise AssertionError("ConcatDataset does not support IterableDataset: use ChainDataset([a, b])")
        self.cumulative_sizes = list(itertools.accumulate(length(d, "ConcatDataset") for d in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: Any) -> Any:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"index {index} is out of range: the data sets have {n} samples together")
        index %= n
        k = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[k][index - (self.cumulative_sizes[k - 1] if k else 0)]


class ChainDataset(IterableDataset[T_co]):
    """The samples of one data set after those of the other, for data sets that are iterated over."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise AssertionError(
                    f"ChainDataset only supports IterableDataset, not {type(d).__name__}: use ConcatDataset([a, b])"
                )

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(length(d, "len(ChainDataset)") for d in self.datasets)


class Subset(Dataset[T_co]):
    """The samples of a data set that have these numbers.

    >>> from tinygrad_edu.utils.data import Subset
    >>> list(Subset("abcd", [3, 0]))
    ['d', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[k] for k in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset[Any]]:
    """Deal the samples of a data set out at random into parts of these lengths, or of these fractions that sum to 1.

    What is left over by fractions is dealt out in turn, beginning with the first part. Raises ValueError
    for lengths that do not sum to the length of the data set, and for negative ones.

    >>> from tinygrad_edu.utils.data import random_split
    >>> [len(part) for part in random_split(range(11), [0.5, 0.5])]
    [6, 5]
    """
    n = length(dataset, "random_split")
    if any(p < 0 for p in lengths):
        raise ValueError(f"random_split: lengths and fractions are at least 0, not {min(lengths)}")
    if math.isclose(sum(lengths), 1):  # fractions
        counts = [math.floor(n * p) for p in lengths]
        for k in range(n - sum(counts)):
            counts[k % len(counts)] += 1
    elif sum(lengths) == n:
        counts = [int(p) for p in lengths]
    else:
        raise ValueError(
            f"Sum of input lengths does not equal the length of the input dataset! {list(lengths)} sum to "
            f"{sum(lengths)}, and it has {n} samples. (Fractions must sum to 1.)"
        )
    order = source(generator).permutation(n).tolist()
    ends = np.cumsum(counts).tolist()
    return [Subset(dataset, order[end - count : end]) for count, end in zip(counts, ends, strict=True)]
