"""Lesson 10, big: logistic regression on a table that is larger than memory, or than this machine.

The table is a Dask array: it is made in blocks, and every block is forgotten when it has been used. The model is
that of lesson 6, and the loop that of all lessons: a tensor may hold any array that speaks NumPy's protocols, and
the rules of the engine, being NumPy calls, do the rest. A step reads the table once, on all cores; with
`--scheduler ADDRESS`, on a cluster.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
import time
from pathlib import Path
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.diagnostics import ProgressBar

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu.nn import functional as F

FEATURES = 20
ROWS = 125_000  # of a block: 20 MB
STEPS, RATE = 8, 5.0
NOTES = """\
Look: memory stays the same however large the table is, and time grows with it: a step is one pass over the data.
      The loop ends where these answers are fitted best, which is near the truth, but not there: among so many
      weights, the largest error is two or three standard errors as a rule.
Next: `python -m demos big --gigabytes 10`. Or start a cluster (`dask scheduler`; `dask worker ADDRESS` on each
      machine) and add `--scheduler ADDRESS`."""


def table(gigabytes: float, seed: int = 0) -> tuple[Any, Any, Any]:
    """Features, answers (0 or 1), and the bias and weights that the answers were drawn with."""
    blocks = max(int(gigabytes * 1e9 / (ROWS * FEATURES * 8)), 1)
    truth = np.random.default_rng(seed).uniform(-0.4, 0.4, FEATURES + 1)
    draw = da.random.default_rng(seed)
    features = draw.standard_normal((blocks * ROWS, FEATURES), chunks=(ROWS, FEATURES))
    chance = 1 / (1 + np.exp(-(features @ truth[1:] + truth[0])))
    answers = (draw.random(blocks * ROWS, chunks=ROWS) < chance).astype(float)
    return features, answers, truth


def descend(features: Any, answers: Any, progress: bool = True) -> tuple[Any, list[float]]:
    """Gradient descent: bias and weights after each step, and the losses."""
    inputs, target = tg.as_tensor(features), tg.as_tensor(answers)
    weight = tg.zeros(FEATURES, dtype=tg.float64, requires_grad=True)
    bias = tg.zeros((), dtype=tg.float64, requires_grad=True)
    optimizer = tg.optim.SGD([weight, bias], lr=RATE)
    path, losses = [np.zeros(FEATURES + 1)], []
    for _ in range(STEPS):
        loss = F.binary_cross_entropy_with_logits(inputs @ weight + bias, target)
        optimizer.zero_grad()
        with ProgressBar() if progress and sys.stdout.isatty() else contextlib.nullcontext():
            loss.backward()  # here the table is read, once
        optimizer.step()
        losses.append(loss.item())
        path.append(np.append(bias.item(), weight.detach().numpy()))
    return np.array(path), losses


def standard_error(truth: Any, rows: int) -> float:
    """Of a weight: 1 / √(rows · the mean of p (1 − p) x²), by a sample."""
    features = np.random.default_rng(1).standard_normal((10_000, FEATURES))
    p = 1 / (1 + np.exp(-(features @ truth[1:] + truth[0])))
    return float(1 / np.sqrt(rows * np.mean(p * (1 - p))))


def peak_memory() -> float:
    """The most memory that this process has had, in gigabytes; NaN on Windows."""
    if sys.platform == "win32":
        return float("nan")
    if (status := Path("/proc/self/status")).exists():  # Linux, where ru_maxrss begins at what the parent had
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text())
        if found:
            return int(found.group(1)) * 1024 / 1e9
    resource = importlib.import_module("resource")
    most = float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return most / (1e9 if sys.platform == "darwin" else 1e6)  # bytes there, kilobytes elsewhere


def run(pictures: Pictures, gigabytes: float = 3.0, scheduler: str | None = None) -> dict[str, Any]:
    features, answers, truth = table(gigabytes)
    size = features.nbytes / 1e9
    print(f"{len(features):,} rows of {FEATURES} features: {size:.2f} GB in {features.numblocks[0]} blocks.")
    start = time.perf_counter()
    if scheduler is None:
        with dask.config.set(scheduler="threads"):
            path, losses = descend(features, answers)
    else:
        with importlib.import_module("distributed").Client(scheduler) as client:
            workers = client.scheduler_info()["workers"]
            print(f"On the cluster at {scheduler}: {len(workers)} workers.")
            path, losses = descend(features, answers, progress=False)
    seconds = time.perf_counter() - start
    error = standard_error(truth, len(features))
    worst, peak = float(np.abs(path[-1] - truth).max()), peak_memory()
    print(f"{STEPS} steps in {seconds:.1f} s, {STEPS * size / seconds:.2f} GB a second.")
    print(f"Largest distance of a weight from the true one: {worst:.5f} (their standard error is {error:.5f}).")
    if not np.isnan(peak):
        print(f"Peak memory of this process: {peak:.2f} GB.")
    figure, (weights, curve) = pictures.panels(2)
    weights.axline((0, 0), slope=1, color=GREY, linewidth=1)
    weights.scatter(truth, path[-1], color=BLUE, s=18)
    weights.set(title="The weights that the answers were drawn with", xlabel="true", ylabel="learned")
    curve.semilogy(np.abs(path - truth).max(axis=1), color=BLUE)
    curve.axhline(error, color=ORANGE, linestyle="--", label="standard error")
    curve.set(title="One pass over the table for each step", xlabel="step", ylabel="largest distance from the truth")
    curve.legend(frameon=False)
    pictures.plot(figure, "big")
    print(NOTES)
    return {"path": path, "truth": truth, "error": error, "losses": losses, "peak": peak, "gigabytes": size}
