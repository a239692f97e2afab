"""What pictures cost, and what they cost where nobody looks.

The latter is measured by training steps in fresh processes that take turns. One process has never heard of `viz`;
the other has imported it, filmed a step and drawn its graph before. The steps that are timed are the same, and nobody
looks on.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

import tinygrad_edu as tg
from tinygrad_edu import nn, viz

_STEP = """
import time
import tinygrad_edu as tg
from tests.benchmarks.steps import Linear
step = Linear().engine(tg)
{before}
for _ in range(500):
    step()
best = []
for _ in range(60):
    start = time.process_time()
    for _ in range(50):
        step()
    best.append(time.process_time() - start)
best.sort()
print(best[5] / 50)
"""
_LOOKED = """
from tinygrad_edu import viz
with viz.record() as film:
    step()
film.graph().text()
"""


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


def looking(runs: int = 20) -> None:
    """The ratio of a step's times in both, with its quartiles; and what a large picture takes."""
    drawing()
    ratios = []
    for k in range(runs):
        times = {}
        for looked in (False, True) if k % 2 else (True, False):
            code = _STEP.format(before=_LOOKED if looked else "")
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
            times[looked] = float(done.stdout)
        ratios.append(times[True] / times[False])
    low, median, high = statistics.quantiles(ratios, n=4)
    print(f"{'a step after a film, over one without viz':<52} {median:6.3f}  [{low:.3f}, {high:.3f}]")
