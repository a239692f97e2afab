"""In which order the samples of a data set are drawn.

The samplers whose order is known at the start of an epoch give it as an array as well (`order`): where whole
arrays are sliced, no Python number has to be made for each sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import numpy as np
from numpy import ndarray

from tinygrad_edu.functions.random import multinomial
from tinygrad_edu.generator import Generator
from tinygrad_edu.generator import generator as source
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.utils.data.dataset import length

__all__ = [
    "BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler",
]  # fmt: skip

T_co = TypeVar("T_co", covariant=True)


def positive(value: Any, name: str) -> int:
    """`value`, if it is a whole number above 0; a ValueError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")
    return value


class Sampler(Generic[T_co]):
    """The numbers of samples in some order. A subclass defines ``__iter__()``, and ``__len__()`` if it is known."""

    def __init__(self, data_source: Any = None) -> None:
        pass

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"give {type(self).__name__} a method __iter__(self) that yields numbers of samples")


class _Ordered(Sampler[int]):
    """A sampler that knows the whole order at the start of an epoch."""

    def order(self) -> ndarray:
        """The numbers of an epoch, int64: drawn anew by each call."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[int]:
        return iter(self.order().tolist())


class SequentialSampler(_Ordered):
    """0, 1, 2, … always in the same order."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def order(self) -> ndarray:
        return np.arange(len(self))

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return length(self.data_source, "drawing samples in order")


class RandomSampler(_Ordered):
    """All numbers in random order; with `replacement`, each drawn from all anew.

    Args:
        data_source: the data set, of which only the length matters.
        replacement: whether a number may come several times before all have come.
        num_samples: how many to draw; by default as many as there are. Without replacement, all come in
            random order before they start again.
        generator: where the random numbers come from.

    Raises ValueError for an empty data set and for a `num_samples` that is no whole number above 0.
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.data_source, self.replacement, self.generator = data_source, replacement, generator
        n = length(data_source, "drawing samples at random")
        if n == 0 and num_samples is None:
            raise ValueError(
                "num_samples should be a positive integer value, but got num_samples=0: the data set is empty"
            )
        self._num_samples = None if num_samples is None else positive(num_samples, "num_samples")

    @property
    def num_samples(self) -> int:
        """How many numbers an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def order(self) -> ndarray:
        rng, n, count = source(self.generator), len(self.data_source), self.num_samples
        if self.replacement:
            return rng.integers(0, n, count)
        if count <= n:
            return rng.permutation(n)[:count]
        return np.concatenate([rng.permutation(n) for _ in range(-(-count // n))])[:count]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(_Ordered):
    """These numbers, in random order."""

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices, self.generator = indices, generator

    def order(self) -> ndarray:
        return np.asarray(self.indices, np.int64)[source(self.generator).permutation(len(self.indices))]

    def __iter__(self) -> Iterator[Any]:
        for k in source(self.generator).permutation(len(self.indices)).tolist():
            yield self.indices[k]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(_Ordered):
    """Numbers drawn in proportion to weights, which need not sum to 1.

    >>> from tinygrad_edu.utils.data import WeightedRandomSampler
    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, generator: Generator | None = None
    ) -> None:
        self.num_samples = positive(num_samples, "num_samples")
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        w = np.asarray(weights._array if isinstance(weights, TensorBase) else weights, np.float64)
        if w.ndim != 1:
            raise ValueError(f"weights should be a 1d sequence but given weights have shape {w.shape}")
        self.weights, self.replacement, self.generator = wrap(w), replacement, generator

    def order(self) -> ndarray:
        return multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)._array

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of `batch_size` numbers from another sampler; the last one may be shorter, unless `drop_last`.

    >>> from tinygrad_edu.utils.data import BatchSampler, SequentialSampler
    >>> list(BatchSampler(SequentialSampler("abcde"), 2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[Any], batch_size: int, drop_last: bool) -> None:
        positive(batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        numbers = iter(self.sampler)
        while batch := list(itertools.islice(numbers, self.batch_size)):
            if self.drop_last and len(batch) < self.batch_size:
                return
            yield batch

    def __len__(self) -> int:
        n = length(self.sampler, "the number of batches")
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
