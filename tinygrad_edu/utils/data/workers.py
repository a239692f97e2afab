"""Threads that load batches ahead of time.

Worker k of n loads the batches k, k + n, k + 2n, …, each worker one after the other, and the loop takes them
from the workers in turn: so the order is kept, and what a worker draws at random is the same in every run.
"""

from __future__ import annotations

import copy
import itertools
import queue
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from tinygrad_edu.generator import Generator, current
from tinygrad_edu.utils.data.dataset import Dataset

__all__ = ["WorkerInfo", "get_worker_info", "prefetched"]


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this is."""

    id: int  # from 0 up
    num_workers: int
    seed: int  # of what this worker draws
    dataset: Any  # this worker's (shallow) copy


_info: ContextVar[WorkerInfo | None] = ContextVar("worker", default=None)


def get_worker_info() -> WorkerInfo | None:
    """Which worker of a DataLoader runs the code that asks; None outside of workers.

    >>> from tinygrad_edu.utils.data import DataLoader, IterableDataset, get_worker_info
    >>> class Numbers(IterableDataset):
    ...     def __iter__(self):
    ...         worker = get_worker_info()
    ...         return iter(range(worker.id, 6, worker.num_workers))
    >>> [batch.tolist() for batch in DataLoader(Numbers(), batch_size=2, num_workers=2)]
    [[0, 2], [1, 3], [4], [5]]
    """
    return _info.get()


Load = Callable[[Any, Iterator[Any]], Iterator[Any]]
_END = object()  # no more tasks, no more batches


@dataclass
class _Failure:
    """What went wrong in a worker, and where."""

    error: BaseException
    text: str

    def error_in_the_loop(self, worker: int) -> BaseException:
        """An exception of the same kind whose message holds the worker's traceback."""
        kind = type(self.error)
        message = f"Caught {kind.__name__} in DataLoader worker {worker} (a thread).\nOriginal {self.text}"
        try:
            return _Readable(message) if kind is KeyError else kind(message)
        except Exception:  # some exceptions cannot be made of one text
            return RuntimeError(message)


class _Readable(KeyError):
    """A KeyError whose message keeps its lines."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Worker:
    """One thread, the batches that it is to load, and the batches that it has loaded."""

    def __init__(self, info: WorkerInfo, load: Load, init: Callable[[int], Any] | None) -> None:
        self.id = info.id
        self.tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.results: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=_run,
            args=(info, load, init, self.tasks, self.results, self.stop),
            name=f"DataLoader worker {info.id}",
            daemon=True,  # a data set that hangs does not keep the program from ending
        )
        self.thread.start()


def _run(info: WorkerInfo, load: Load, init: Any, tasks: Any, results: Any, stop: threading.Event) -> None:
    """What the thread does: one batch for each task, until there are no more of either."""
    _info.set(info)
    current.set(Generator().manual_seed(info.seed))
    try:
        if init is not None:
            init(info.id)
        for batch in load(info.dataset, _given(tasks)):
            results.put(batch)
            if stop.is_set():
                return
        results.put(_END)
    except BaseException as error:
        results.put(_Failure(error, traceback.format_exc()))


def _given(tasks: queue.SimpleQueue[Any]) -> Iterator[Any]:
    while (task := tasks.get()) is not _END:
        yield task


def prefetched(
    dataset: Any,
    load: Load,
    tasks: Iterator[Any],
    num_workers: int,
    ahead: int,
    seed: int,
    init: Callable[[int], Any] | None = None,
    timeout: float = 0,
) -> Iterator[Any]:
    """What ``load(dataset, tasks)`` yields, one value for each task, loaded by threads ahead of time.

    Args:
        dataset: handed to each worker as a shallow copy.
        load: a generator function; each worker runs it over its share of the tasks.
        tasks: dealt out to the workers in turn, each of which has at most `ahead` of them before it.
        num_workers, ahead: how many workers, and how many tasks for each.
        seed: worker k draws from a generator that starts from seed + k.
        init: called in each worker first, with its number.
        timeout: for how many seconds the loop waits for a batch; 0 means for ever.
    """
    workers = [_Worker(WorkerInfo(k, num_workers, seed + k, _copy(dataset)), load, init) for k in range(num_workers)]
    try:
        yield from _in_turn(workers, tasks, ahead, timeout)
    finally:
        for w in workers:
            w.stop.set()
            w.tasks.put(_END)
    for w in workers:  # all batches are loaded: they end at once
        w.thread.join()


def _copy(dataset: Any) -> Any:
    """What one worker sets on its data set (an open file, its share) is not seen by the others."""
    return copy.copy(dataset) if isinstance(dataset, Dataset) else dataset


def _in_turn(workers: list[_Worker], tasks: Iterator[Any], ahead: int, timeout: float) -> Iterator[Any]:
    waiting: deque[_Worker] = deque()  # the worker of each task that was given and not yet answered, in order

    def give(w: _Worker) -> None:
        for task in itertools.islice(tasks, 1):
            w.tasks.put(task)
            waiting.append(w)

    for w in workers * ahead:
        give(w)
    while waiting:
        w = waiting.popleft()
        try:
            batch = w.results.get(timeout=timeout or None)
        except queue.Empty:
            raise RuntimeError(
                f"DataLoader timed out after {timeout} seconds: worker {w.id} has not loaded its batch. Is the data "
                f"set waiting for something? Give the DataLoader a longer timeout, or 0 to wait for ever."
            ) from None
        if isinstance(batch, _Failure):
            raise batch.error_in_the_loop(w.id) from None
        if batch is _END:
            waiting = deque(other for other in waiting if other is not w)
            continue
        give(w)
        yield batch
