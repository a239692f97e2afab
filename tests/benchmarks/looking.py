"""What pictures cost, and what they cost where nobody looks.

The latter is measured against an engine that cannot be looked at (`tests.benchmarks.hookless`), twice:

- in time of the processor, from steps of both engines that take turns in one process. What a shared machine adds is
  never negative: the tenth percentile of many steps is steady where the median is not;
- in executed bytecodes of a step, which depend on no machine and no load. They count what Python does, and not the
  work of NumPy in between, so that of the time the share is smaller.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import tinygrad_edu as tg
from tests.benchmarks.hookless import engine
from tests.benchmarks.steps import Linear, scalar_chain
from tinygrad_edu import nn, viz

Step = Callable[[], object]


def bytecodes(step: Step) -> int:
    """How many bytecodes Python executes in `step`."""
    executed = 0

    def trace(frame: Any, event: str, _: Any) -> Any:
        nonlocal executed
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        executed += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        step()
    finally:
        sys.settrace(before)
    return executed


def tenth(ours: Step, theirs: Step, steps: int) -> tuple[float, float]:
    """The tenth percentiles of the times of both, in nanoseconds, from steps that take turns."""
    times: dict[Step, list[int]] = {ours: [], theirs: []}
    for k in range(steps):
        for step in (ours, theirs) if k % 2 else (theirs, ours):
            start = time.thread_time_ns()
            step()
            times[step].append(time.thread_time_ns() - start)
    mine, other = (statistics.quantiles(t, n=10)[0] for t in times.values())
    return mine, other


def nobody_looks(name: str, make: Callable[[Any], Step], steps: int, rounds: int = 5) -> None:
    """Print what the possibility to look costs a step: in bytecodes, and in time (the median of some rounds)."""
    ours, theirs = make(tg), make(engine())
    for step in (ours, theirs) * 20:
        step()
    with viz.record():  # somebody has looked before
        ours()
    mine, other = bytecodes(ours), bytecodes(theirs)
    ratios = sorted(a / b for a, b in (tenth(ours, theirs, steps) for _ in range(rounds)))
    print(
        f"{f'{name}, nobody looks: over no hook at all':<52} {statistics.median(ratios):6.3f}  "
        f"[{ratios[0]:.3f}, {ratios[-1]:.3f}] in time, {mine / other:.4f} in bytecodes ({mine} over {other})",
        flush=True,
    )


def drawing(nodes: int = 3000) -> None:
    """How long it takes to read a large graph, and to write it as DOT, folded and whole."""
    model = nn.Sequential(*[nn.Linear(8, 8) if k % 2 else nn.Tanh() for k in range(2 * nodes // 4)])
    loss = model(tg.randn(5, 8)).mean()
    start = time.perf_counter()
    graph = viz.graph(loss)
    read = time.perf_counter()
    graph.dot()
    folded = time.perf_counter()
    graph.unfold().dot()
    whole = time.perf_counter()
    print(
        f"{f'a graph of {len(graph.nodes)} nodes':<52} read in {read - start:.2f} s, "
        f"DOT in {folded - read:.2f} s folded, {whole - folded:.2f} s whole"
    )


def looking(steps: int = 2000) -> None:
    """What a large picture takes; and what a step takes while nobody looks, over one that nobody can look at."""
    drawing()
    nobody_looks("linear regression", Linear().engine, steps)
    nobody_looks("20 operations on scalars", partial(scalar_chain, rounds=5), steps)
