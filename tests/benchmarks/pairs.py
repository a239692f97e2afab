"""Interleaved pairs: two programs take turns in one process, and the ratios of neighbours are summarised.

Machines are shared and their clocks drift; what slows one half of a pair slows the other as well.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Step = Callable[[], object]


def seconds(step: Step, repeat: int) -> float:
    """The time of one `step`, from `repeat` in a row."""
    start = time.perf_counter()
    for _ in range(repeat):
        step()
    return (time.perf_counter() - start) / repeat


def compare(ours: Step, theirs: Step, pairs: int = 200, repeat: int = 10) -> tuple[tuple[float, ...], float, float]:
    """The quartiles of our time over theirs, and both medians in microseconds."""
    for step in (ours, theirs) * 5:
        seconds(step, repeat)
    mine, other, ratios = [], [], []
    for k in range(pairs):
        first, second = (ours, theirs) if k % 2 else (theirs, ours)
        times = {first: seconds(first, repeat), second: seconds(second, repeat)}
        mine.append(times[ours])
        other.append(times[theirs])
        ratios.append(times[ours] / times[theirs])
    return tuple(statistics.quantiles(ratios, n=4)), statistics.median(mine) * 1e6, statistics.median(other) * 1e6


def report(name: str, ours: Step, theirs: Step, pairs: int = 200, repeat: int = 10) -> float:
    """Print one line; gives the median ratio."""
    (low, median, high), mine, other = compare(ours, theirs, pairs, repeat)
    print(f"{name:<52} {median:6.2f}  [{low:.2f}, {high:.2f}]  {mine:9.2f} µs  {other:9.2f} µs", flush=True)
    return median
