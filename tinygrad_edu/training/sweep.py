"""`sweep`: one training run for each of many configurations, on the cores of this machine or on a cluster."""

from __future__ import annotations

import hashlib
import importlib
import itertools
import math
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ProcessPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from tinygrad_edu.generator import Generator, current
from tinygrad_edu.training.history import History
from tinygrad_edu.training.progress import bar
from tinygrad_edu.warning import warn

__all__ = ["Run", "Sweep", "sweep"]


_DIED = (
    "The process ended without a word: memory ran out, it crashed, or it did not find the function to call. (New "
    "processes import it, from a file: in a notebook, move it into a module, or give a ThreadPoolExecutor.)"
)


@dataclass
class Run:
    """One run: its configuration and seed, and what came of it.

    Attributes:
        result: what `train` returned; None if it failed.
        error: the traceback as text, if it failed.
        seconds: how long it took, where it ran.
    """

    config: dict[str, Any]
    seed: int
    result: Any = None
    error: str | None = None
    seconds: float = 0.0

    @property
    def values(self) -> dict[str, Any]:
        """The numbers in the result: a dict's, the last row of a History, or the number itself as "result"."""
        if isinstance(self.result, Mapping):
            return dict(self.result)
        if isinstance(self.result, History):
            last = self.result.rows[-1] if self.result.rows else {}
            return {k: v for k, v in last.items() if k not in ("epoch", "seconds", "lr")}
        return {} if self.result is None else {"result": self.result}


@dataclass
class Sweep:
    """The runs of a sweep, the best first and the failed ones last.

    Attributes:
        sorted_by: the number that they are sorted by, or None.
        interrupted: whether Ctrl-C ended it, so that only those runs are here that were done.
    """

    runs: list[Run] = field(default_factory=list)
    sorted_by: str | None = None
    interrupted: bool = False

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def best(self) -> Run:
        """The first run of the table. Raises ValueError where every run failed."""
        if not self.runs or self.runs[0].error is not None:
            raise ValueError(
                "sweep: no run ended well" + (f"; the first error:\n{self.runs[0].error}" if self.runs else "")
            )
        return self.runs[0]

    @property
    def failed(self) -> list[Run]:
        """The runs that ended with an error."""
        return [run for run in self.runs if run.error is not None]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The table: configuration, seed, numbers, seconds and the last line of the error of each run."""
        last = [run.error.strip().splitlines()[-1] if run.error else "" for run in self.runs]
        return [
            {**run.config, "seed": run.seed, **run.values, "seconds": run.seconds, "error": line}
            for run, line in zip(self.runs, last, strict=True)
        ]

    def to_frame(self) -> Any:
        """The table as a pandas DataFrame. Raises ImportError where pandas is not installed."""
        try:
            return importlib.import_module("pandas").DataFrame(self.rows)
        except ImportError:
            raise ImportError("to_frame needs pandas: pip install pandas. Without it: sweep.rows") from None

    def __str__(self) -> str:
        columns = [c for c in dict.fromkeys(k for row in self.rows for k in row) if c != "error" or self.failed]
        table = [columns, *([_short(row.get(c, "")) for c in columns] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(x.ljust(w) for x, w in zip(line, widths, strict=True)).rstrip() for line in table]
        return "\n".join(lines + (["(interrupted)"] if self.interrupted else []))


def _short(x: Any) -> str:
    return f"{x:.4g}" if isinstance(x, float) else str(x)


def sweep(
    train: Callable[..., Any],
    grid: Mapping[str, Iterable[Any]] | Sequence[Mapping[str, Any]],
    executor: Executor | None = None,
    *,
    seed: int = 0,
    sort_by: str | None = None,
    largest_first: bool = False,
    progress: bool | None = None,
    on_result: Callable[[Run], Any] | None = None,
) -> Sweep:
    """Call ``train(**configuration)`` for every configuration, side by side.

    Args:
        train: returns a number, a dict of numbers or a History. For processes it must be a function of a module (not a
            lambda), and what it returns must pickle.
        grid: a dict from names to values, of which every combination is tried, or a list of dicts.
        executor: where to run, any `concurrent.futures.Executor`: by default a pool of processes on this machine (in
            a script, sweep then belongs under ``if __name__ == "__main__":``); a Dask cluster through
            ``client.get_executor()``.
        seed: each run starts from a seed made of this one and its configuration, so that it does not depend on
            where, when and in which order runs are made.
        sort_by: the number that the table is sorted by (default: the validation loss, the loss, or the first there is).
            A warning says so if no run has it.
        largest_first: whether large numbers are good.
        progress: whether to show a bar (default: where tqdm is installed and there is a terminal).
        on_result: called with each Run as it comes.

    Returns:
        the Sweep. A failed run is in it with its traceback, and fails no other; of the default processes one may even
        die. Ctrl-C keeps what is done. What is under way then ends at once in the default processes; on an executor of
        your own it goes on to its end, unseen.

    Raises ValueError for an empty grid and for a configuration that stands in it twice.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from tinygrad_edu.training import sweep
    >>> with ThreadPoolExecutor() as pool:
    ...     found = sweep(lambda a, b: a * b, {"a": [1, 2], "b": [3, 0]}, pool)
    >>> [(run.config, run.result) for run in found][0]
    ({'a': 1, 'b': 0}, 0)
    """
    planned = [Run(config, _seed(seed, config)) for config in _configurations(grid)]
    shown = bar(len(planned), "run", progress)
    done: list[tuple[int, Run]] = []  # each with its place in the grid

    def came(place: int, run: Run) -> None:
        done.append((place, run))
        if on_result is not None:
            on_result(run)
        if shown is not None:
            shown.update()

    out = Sweep()
    rounds = [list(enumerate(planned))]
    try:
        while rounds and not out.interrupted:
            batch = rounds.pop(0)
            pool = _processes(len(batch)) if executor is None else executor
            futures: dict[Future[Run], tuple[int, Run]] = {}  # of the runs that have not come yet
            try:
                for place, run in batch:
                    futures[_submitted(pool, train, run)] = place, run
                for future in as_completed(futures):
                    place, run = futures.pop(future)
                    if executor is None and len(batch) > 1 and _died(future):
                        rounds.append([(place, run)])  # again, by itself: it harms no other then, nor is harmed
                    else:
                        came(place, _outcome(future, run))
            except KeyboardInterrupt:
                out.interrupted = True
                if executor is not None:
                    for future in futures:
                        future.cancel()
                done += [(place, _outcome(f, run)) for f, (place, run) in futures.items() if _ended(f)]
            finally:
                if executor is None:
                    _stop(pool, at_once=bool(futures))
    finally:
        if shown is not None:
            shown.close()
    out.runs, out.sorted_by = _sorted([run for _, run in sorted(done, key=itemgetter(0))], sort_by, largest_first)
    return out


def _processes(runs: int) -> Executor:
    """The pool where no executor is given. Ctrl-C goes to all processes of a terminal; these leave it to the first."""
    cores = os.cpu_count() or 1
    return ProcessPoolExecutor(
        runs if runs < cores else None, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN)
    )


def _stop(pool: Any, at_once: bool) -> None:
    """The end of a pool of our own; with `at_once`, of what it still has under way."""
    for process in list((pool._processes or {}).values()) if at_once else ():
        process.terminate()
    pool.shutdown(wait=not at_once)


def _submitted(pool: Executor, train: Callable[..., Any], run: Run) -> Future[Run]:
    """The future of a run, also in a pool that another run has just broken."""
    try:
        return pool.submit(_run, train, run)
    except BrokenExecutor as error:
        future: Future[Run] = Future()
        future.set_exception(error)
        return future


def _ended(future: Future[Run]) -> bool:
    """Whether it ran to its end, well or not."""
    return future.done() and not future.cancelled() and not isinstance(future.exception(), KeyboardInterrupt)


def _died(future: Future[Run]) -> bool:
    """Whether the process is gone in which it ran, or another one of the pool."""
    return not future.cancelled() and isinstance(future.exception(), BrokenExecutor)


def _configurations(grid: Any) -> list[dict[str, Any]]:
    if isinstance(grid, Mapping):
        for name, values in grid.items():
            if isinstance(values, str) or not isinstance(values, Iterable):
                raise TypeError(f"sweep: the values of {name!r} must be a list, not {values!r}: write [{values!r}]")
        lists = [list(values) for values in grid.values()]
        configs = [dict(zip(grid, values, strict=True)) for values in itertools.product(*lists)]
    else:
        configs = [dict(config) for config in grid]
    if not configs:
        raise ValueError("sweep: there is no configuration: the grid, or the list of one of its names, is empty")
    for k, config in enumerate(configs):
        if any(repr(config) == repr(other) for other in configs[:k]):
            raise ValueError(f"sweep: the configuration {config} is there twice, and would give the same result twice")
    return configs


def _seed(seed: int, config: Mapping[str, Any]) -> int:
    """A seed for one configuration, wherever and whenever it is run."""
    text = repr((seed, sorted((k, repr(v)) for k, v in config.items())))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _run(train: Callable[..., Any], run: Run) -> Run:
    """One run, in its own context: with a generator that no other run shares."""
    return copy_context().run(_seeded, train, run)


def _seeded(train: Callable[..., Any], run: Run) -> Run:
    current.set(Generator().manual_seed(run.seed))
    start = time.perf_counter()
    try:
        run.result = train(**run.config)
    except (Exception, SystemExit):  # a script that gives up ends its own run only
        run.error = traceback.format_exc()
    run.seconds = time.perf_counter() - start
    return run


def _outcome(future: Future[Run], planned: Run) -> Run:
    """The run of a future, or one that says why there is none (what cannot be pickled, a process that died)."""
    try:
        return future.result()
    except (Exception, CancelledError):
        planned.error = traceback.format_exc() + (_DIED if _died(future) else "")
        return planned


def _sorted(runs: list[Run], sort_by: str | None, largest_first: bool) -> tuple[list[Run], str | None]:
    """The runs in the order of one of their numbers; failed ones last, equal ones as in the grid."""
    names = list(dict.fromkeys(name for run in runs for name in run.values))
    if sort_by is None:
        likely = [n for n in ("validation_loss", "loss", "train_loss") if n in names]
        sort_by = (likely or names or [None])[0]
    elif sort_by not in names and any(run.error is None for run in runs):
        there = f"there are {', '.join(names)}" if names else "they returned None"
        warn(f"sweep: no run has a number {sort_by!r} to sort by; {there}. They stay in order.")
        sort_by = None

    def place(run: Run) -> tuple[bool, bool, float]:
        try:
            value = float(run.values[sort_by]) if sort_by is not None else math.nan
        except (KeyError, TypeError, ValueError):
            value = math.nan
        lost = math.isnan(value)
        return run.error is not None, lost, 0.0 if lost else -value if largest_first else value

    return sorted(runs, key=place), sort_by
