"""Run all benchmarks: pairs interleaved in one process, one thread, medians of ratios with quartiles.

One thread is asked of the libraries before they are loaded: run with OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import subprocess
import sys
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tests.benchmarks.images import Cifar, Digits, Mnist
from tests.benchmarks.loading import loading
from tests.benchmarks.looking import looking
from tests.benchmarks.networks import Deep, Wide
from tests.benchmarks.pairs import report
from tests.benchmarks.steps import Linear, Logistic, Softmax, scalar_chain


def steps(torch: Any, pairs: int) -> None:
    for case in (Linear(), Logistic(), Softmax()):
        name = str(case.__doc__).split(",")[0]
        report(f"{name}: over NumPy by hand", case.engine(tg), case.by_hand(), pairs)
        if torch:
            report(f"{name}: over PyTorch", case.engine(tg), case.engine(torch), pairs)
    if torch:
        report("chain of 200 scalar operations: over PyTorch", scalar_chain(tg), scalar_chain(torch), pairs, 1)


def networks(torch: Any, pairs: int) -> None:
    for case in (Wide(), Deep()):
        name = str(case.__doc__).partition(",")[0]
        report(f"{name}, Adam: over NumPy by hand", case.engine(tg), case.by_hand(), pairs, 3)
        if torch:
            report(f"{name}, Adam: over PyTorch", case.engine(tg), case.engine(torch), pairs, 3)


def images(torch: Any, pairs: int) -> None:
    report("Digits CNN, SGD: over NumPy by hand", Digits().engine(tg, "SGD"), Digits().by_hand(), pairs, 3)
    for case in (Digits(), Mnist(), Cifar()) if torch else ():
        name, few = str(case.__doc__).split(",")[0], pairs if case.side == 8 else max(pairs // 10, 5)
        report(f"{name}, Adam: over PyTorch", case.engine(tg), case.engine(torch), few, 3)


def operations(pairs: int) -> None:
    """Per operation: recorded forward and backward over the bare NumPy calls of both."""
    for shape in ((), (100,), (100, 100)):
        x, z = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
        g = np.ones_like(x)
        a, b = tg.tensor(x, requires_grad=True), tg.tensor(z, requires_grad=True)
        cotangent = tg.tensor(g)

        def run(y: Any, cotangent: Any = cotangent, a: Any = a, b: Any = b) -> None:
            y.backward(cotangent)
            a.grad = b.grad = None

        bare = {
            "mul": lambda x=x, z=z, g=g: (np.multiply(x, z), g * z, g * x),
            "exp": lambda x=x, g=g: (g * np.exp(x),),
            "sum": lambda x=x, g=g: (np.add.reduce(x, None), np.array(np.broadcast_to(g, x.shape))),
        }
        ours = {
            "mul": lambda a=a, b=b, run=run: run(a * b),
            "exp": lambda a=a, run=run: run(a.exp()),
            "sum": lambda a=a: (a.sum().backward(), setattr(a, "grad", None)),
        }
        for name in bare:
            report(f"{name} {shape}: forward and backward over bare NumPy", ours[name], bare[name], pairs)
        report(f"mul {shape}: forward only", lambda a=a, b=b: a * b, lambda x=x, z=z: np.multiply(x, z), pairs)


def import_time(runs: int = 15) -> None:
    """Importing the package, over importing NumPy alone, in fresh processes that take turns."""
    code = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"
    over = []
    for _ in range(runs):
        ours, numpy = (
            float(subprocess.run([sys.executable, "-c", code.format(m)], capture_output=True, check=True).stdout)
            for m in ("tinygrad_edu", "numpy")
        )
        over.append(ours - numpy)
    low, median, high = statistics.quantiles(over, n=4)
    print(f"import: {median * 1e3:.0f} ms over NumPy's own  [{low * 1e3:.0f}, {high * 1e3:.0f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--only", choices=["steps", "networks", "images", "operations", "loading", "looking", "import"])
    args = parser.parse_args()
    if os.environ.get("OMP_NUM_THREADS") != "1":
        parser.error("set OMP_NUM_THREADS=1 (and OPENBLAS_NUM_THREADS=1) first: one thread is measured")
    try:
        torch = importlib.import_module("torch")
        torch.set_num_threads(1)
    except ImportError:
        torch = None
    print(f"{'ours over theirs':<52} median  [quartiles]   ours         theirs")
    if args.only in (None, "steps"):
        steps(torch, args.pairs)
    if args.only in (None, "networks"):
        networks(torch, args.pairs)
    if args.only in (None, "images"):
        images(torch, args.pairs)
    if args.only in (None, "operations"):
        operations(args.pairs)
    if args.only in (None, "loading"):
        loading(tg, torch, args.pairs)
    if args.only in (None, "looking"):
        looking()
    if args.only in (None, "import"):
        import_time()


main()
