"""DataLoader: a data set in batches, an epoch each time that it is iterated over."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from tinygrad_edu.generator import Generator
from tinygrad_edu.generator import generator as source
from tinygrad_edu.utils.data import fetch
from tinygrad_edu.utils.data.collate import default_collate, default_convert
from tinygrad_edu.utils.data.dataset import IterableDataset, length
from tinygrad_edu.utils.data.sampler import BatchSampler, RandomSampler, SequentialSampler, positive
from tinygrad_edu.utils.data.workers import prefetched

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class DataLoader(Generic[T_co]):
    """A data set in batches; each loop over it is an epoch.

    Args:
        dataset: a Dataset (anything with ``[k]`` and ``len``), or an IterableDataset.
        batch_size: samples in a batch; None yields single samples.
        shuffle: draw them in another order in each epoch.
        sampler: yields the numbers of samples in the order wanted, instead of `shuffle`.
        batch_sampler: yields lists of numbers, instead of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: so many threads load batches ahead of time; 0 loads them when they are asked for. Order
            and random numbers are the same in every run. Threads help where a data set waits for files or
            computes in NumPy.
        collate_fn: makes a batch from a list of samples (`default_collate`).
        drop_last: leave out a last batch that is not full.
        timeout: for how many seconds to wait for a worker; 0 means for ever.
        worker_init_fn: called in each worker first, with its number.
        generator: where the order comes from; by default the generator that `manual_seed` starts.
        prefetch_factor: how many batches each worker loads ahead (2).
        pin_memory, pin_memory_device, persistent_workers, multiprocessing_context, in_order: for programs
            written for GPUs and processes. They change nothing: threads start at once and share memory.

    Batches of a TensorDataset (or a Subset of one) are taken from whole arrays, not put together from samples.

    Raises ValueError for options that exclude one another or make no sense, TypeError for a data set without a
    length where it needs one.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.utils.data import DataLoader
    >>> samples = [(tg.tensor([0.0]), 0), (tg.tensor([1.0]), 1), (tg.tensor([2.0]), 0)]
    >>> loader = DataLoader(samples, batch_size=2)
    >>> len(loader)
    2
    >>> next(iter(loader))
    [tensor([[0.],
            [1.]]), tensor([0, 1])]
    """

    dataset: Any
    batch_size: int | None
    drop_last: bool
    sampler: Any
    batch_sampler: Any
    persistent_workers: bool
    _ready = False

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], Any] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        self._check_workers(num_workers, timeout, prefetch_factor, persistent_workers, multiprocessing_context)
        self._check_order(dataset, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if generator is not None:
            source(generator)  # raises TypeError for what is none
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        if batch_size is not None:
            positive(batch_size, "batch_size")
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        single = batch_size is None and batch_sampler is None
        if not isinstance(dataset, IterableDataset):
            if sampler is None:
                length(dataset, "DataLoader")
                sampler = RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
            if batch_size is not None:
                batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.sampler, self.batch_sampler, self.generator = sampler, batch_sampler, generator
        self.collate_fn = collate_fn or (default_convert if single else default_collate)
        self.num_workers, self.timeout, self.worker_init_fn = num_workers, timeout, worker_init_fn
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory, self.pin_memory_device, self.in_order = pin_memory, pin_memory_device, in_order
        self.persistent_workers, self.multiprocessing_context = persistent_workers, multiprocessing_context
        self._ready = True

    @staticmethod
    def _check_workers(
        num_workers: Any, timeout: float, prefetch_factor: int | None, persistent_workers: bool, context: Any
    ) -> None:
        if not isinstance(num_workers, int) or num_workers < 0:
            raise ValueError(
                f"num_workers option should be non-negative, a whole number, not {num_workers!r}; use num_workers=0 to "
                f"load batches when they are asked for"
            )
        if timeout < 0:
            raise ValueError(f"timeout option should be non-negative, not {timeout} (0: wait for ever)")
        if num_workers == 0:
            given = {
                "prefetch_factor": prefetch_factor is not None,
                "persistent_workers": persistent_workers,
                "timeout": timeout > 0,
                "multiprocessing_context": context is not None,
            }
            for option in (name for name, wanted in given.items() if wanted):
                raise ValueError(
                    f"{option} option needs num_workers > 0: it is about workers. Leave it out, or let num_workers > 0."
                )
        elif prefetch_factor is not None and prefetch_factor <= 0:
            raise ValueError(f"prefetch_factor option should be positive, not {prefetch_factor}")

    @staticmethod
    def _check_order(
        dataset: Any, batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: Any
    ) -> None:
        if isinstance(dataset, IterableDataset):
            for option, value in (("shuffle", shuffle), ("sampler", sampler), ("batch_sampler", batch_sampler)):
                if value is not None and value is not False:
                    raise ValueError(
                        f"DataLoader with IterableDataset: expected unspecified {option} option, but got {option}="
                        f"{value}: its samples come in the order of its __iter__, which is where to shuffle them"
                    )
        if not isinstance(dataset, IterableDataset) and not hasattr(type(dataset), "__getitem__"):
            name = type(dataset).__name__
            raise TypeError(
                f"DataLoader: '{name}' has no __getitem__, so samples cannot be drawn from it by number. Derive it "
                f"from Dataset (or, if it is iterated over, from IterableDataset); make a list of an iterator."
            )
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle: both say in which order to draw")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last: it says "
                "which samples each batch has"
            )
        if batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")

    def __setattr__(self, name: str, value: Any) -> None:
        if self._ready and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized: the order of the "
                f"samples was made for the old one. Make a new DataLoader."
            )
        super().__setattr__(name, value)

    def __len__(self) -> int:
        """The number of batches (of samples, if batch_size is None)."""
        if not isinstance(self.dataset, IterableDataset):
            return length(self.sampler if self.batch_sampler is None else self.batch_sampler, "len(DataLoader)")
        n = length(self.dataset, "len(DataLoader)")
        if self.batch_size is None:
            return n
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        seed = int(source(self.generator).integers(2**63))  # drawn in any case: the order is the same without workers
        tasks, load = self._epoch()
        if self.prefetch_factor is None:
            return load(self.dataset, tasks)
        return prefetched(
            self.dataset, load, tasks, self.num_workers, self.prefetch_factor, seed, self.worker_init_fn, self.timeout
        )

    def _epoch(self) -> tuple[Iterator[Any], Callable[[Any, Iterator[Any]], Iterator[Any]]]:
        """What is to be loaded, and the generator function that loads it."""
        collate = self.collate_fn
        if isinstance(self.dataset, IterableDataset):
            size, full = self.batch_size, self.drop_last
            return itertools.repeat(None), lambda dataset, tasks: fetch.in_a_row(dataset, tasks, size, full, collate)
        if self.batch_sampler is None:
            return iter(self.sampler), lambda dataset, tasks: fetch.singly(dataset, tasks, collate)
        whole = fetch.arrays(self.dataset) if collate is default_collate else None
        if whole is not None and fetch.known_order(self.batch_sampler):
            arrays, rows = whole
            return fetch.cut(self.batch_sampler, arrays, rows)
        return iter(self.batch_sampler), lambda dataset, tasks: fetch.together(dataset, tasks, collate)
