"""Lesson 5, optimizers: SGD, Momentum, Adagrad, RMSprop and Adam on the same regression.

It is the regression of lesson 4, with all patients at once: an epoch is one step, and no luck of the batches is
in the comparison. The formula of least squares says where each should arrive.

Two rules keep it fair. Each optimizer gets a fresh model with the same initial weights: on one shared model each
would begin where the one before it ended, and the last would look best. And each gets its own rate, the best in a
sweep: what is too small for one is too large for another.

The target is scaled like the features. A step of Adam's is about as long as its rate, whatever the gradient; a
bias that has to reach 150 would keep it busy for long.
"""

from __future__ import annotations

import copy
import functools
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

import tinygrad_edu as tg
from demos.diabetes import patients, split, split_and_scale
from demos.pictures import GREY, Pictures
from demos.plane import least_squares
from tinygrad_edu import nn, optim
from tinygrad_edu.training import Sweep, sweep
from tinygrad_edu.viz.training.style import COLORS, DASHES

OPTIMIZERS = {"SGD": optim.SGD, "Momentum": optim.Momentum, "Adagrad": optim.Adagrad, "RMSprop": optim.RMSprop,
              "Adam": optim.Adam}  # fmt: skip
RATES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
EPOCHS, STEPS = 200, 40  # of the whole regression, and of the pictures with two weights
VALLEYS = {  # two features each, so that the loss is a surface
    "askew": ("s1", "s2"),  # scaled, but they nearly repeat each other
    "unscaled": ("s5", "bmi"),  # in the units in which they were measured
}
FRAMES = {"askew": ((-0.9, 1.7), (-1.7, 0.9)), "unscaled": ((-1.1, 1.5), (-1.2, 1.4))}  # of the pictures
ADVICE = """\
             strength                                               when to use it
  SGD        keeps nothing; only its rate must be found             a loss about equally curved everywhere
  Momentum   steps to and fro cancel, those along a valley add up   narrow valleys; the usual choice for images
  Adagrad    a rate for each weight, which shrinks by itself        rare features, whose weights still move
  RMSprop    a rate for each weight; forgets, so it does not halt   recurrent networks, with a rate that falls
  Adam       both: momentum, and a rate for each weight             a first try on a new network"""
NOTES = """\
Look: where the valley lies askew, a rate for each weight is of no use: both weights are equally steep. Where it
      lies along an axis, since one feature is in larger units, it is all that is needed; SGD must take small
      steps then for the sake of the steep weight, and the other one hardly moves.
Next: in demos/optimizers.py, let problem() mix the features so that none repeats another (whitening):
      `features = np.linalg.svd(features, full_matrices=False)[0] * len(features) ** 0.5`
      The predictions that can be learned stay the same, but the loss is equally curved in all directions, and
      SGD at rate 0.5 arrives in one epoch. The shape of the loss matters more than the optimizer."""


@dataclass(frozen=True)
class Problem:
    """What to learn from, the model to begin with, how long, and where least squares says it ends (bias first)."""

    features: Any
    target: Any
    start: nn.Linear
    epochs: int
    exact: Any

    @property
    def lowest(self) -> float:
        """The loss of least squares."""
        return float(np.mean((self.exact[0] + self.features @ self.exact[1:] - self.target) ** 2))


@functools.cache
def problem(valley: str = "") -> Problem:
    """The regression of lesson 4 with its target scaled, too; or two features of it, see VALLEYS."""
    features, target, _, _ = split_and_scale()
    target = (target - target.mean()) / target.std()
    tg.manual_seed(0)
    start = nn.Linear(2 if valley else features.shape[1], 1, dtype=tg.float64)
    if valley:
        columns = [patients().names.index(name) for name in VALLEYS[valley]]
        features = features[:, columns]
        if valley == "unscaled":
            features = patients().features[split(patients())[0]][:, columns]
            features = features - features.mean(axis=0)
        with tg.no_grad():  # far from the lowest point, on a side of the valley
            start.bias.zero_()
            start.weight.copy_(tg.tensor([[0.5, -1.5]] if valley == "askew" else [[-0.8, -0.8]]))
    return Problem(features, target, start, STEPS if valley else EPOCHS, least_squares(features, target))


def descend(optimizer: Any, model: nn.Linear, p: Problem) -> dict[str, Any]:
    """The bare loop: the loss before each step, the weights after it, and how long `step` took."""
    inputs, target = tg.from_numpy(p.features), tg.from_numpy(p.target[:, None])
    loss_function = nn.MSELoss()
    losses: list[float] = []
    path, seconds = [numbers(model)], []
    for _ in range(p.epochs):
        optimizer.zero_grad()
        loss = loss_function(model(inputs), target)
        loss.backward()
        before = time.perf_counter()
        optimizer.step()
        seconds.append(time.perf_counter() - before)
        losses.append(loss.item())
        path.append(numbers(model))
        if not losses[-1] < 1e6:  # it diverges
            break
    return {"losses": losses, "path": np.array(path), "seconds": float(np.median(seconds)), "optimizer": optimizer,
            "distance": np.linalg.norm(np.array(path) - p.exact, axis=1)}  # fmt: skip


def numbers(model: nn.Linear) -> Any:
    """The bias and the weights."""
    return np.append(model.bias.detach().numpy(), model.weight.detach().numpy())


def fresh(name: str, rate: float, p: Problem) -> dict[str, Any]:
    """One optimizer's run on a fresh model with the same initial weights."""
    model = copy.deepcopy(p.start)
    return descend(OPTIMIZERS[name](model.parameters(), lr=rate), model, p) | {"rate": rate}


def train(optimizer: str, lr: float, valley: str = "") -> dict[str, float]:
    """One run of the sweep."""
    p = problem(valley)
    run = fresh(optimizer, lr, p)
    if len(run["losses"]) < p.epochs:
        return dict.fromkeys(("mean_loss", "end", "distance"), np.inf)
    mean, end = np.mean(run["losses"]), run["losses"][-1] / p.lowest - 1
    return {"mean_loss": float(mean), "end": float(end), "distance": float(run["distance"][-1])}


def swept(valley: str = "", by: str = "mean_loss") -> Sweep:
    """Every optimizer at every rate. On threads: a pool of processes, the default, is for longer runs."""
    grid = {"optimizer": list(OPTIMIZERS), "lr": RATES, "valley": [valley]}
    problem(valley)
    with ThreadPoolExecutor(2) as pool:
        return sweep(train, grid, pool, sort_by=by, progress=False)


def best_runs(found: Sweep, p: Problem) -> dict[str, dict[str, Any]]:
    """Each optimizer's run at its best rate; a sweep has the best first."""
    rates = {name: next(r.config["lr"] for r in found if r.config["optimizer"] == name) for name in OPTIMIZERS}
    return {name: fresh(name, rate, p) for name, rate in rates.items()}


def kept_per_weight(optimizer: Any) -> float:
    """How many numbers an optimizer keeps for each weight, counted in its state."""
    kept = sum(x.numel() for state in optimizer.state.values() for x in state.values() if x is not None and x.ndim)
    return float(kept / sum(x.numel() for group in optimizer.param_groups for x in group["params"]))


def seconds_of_a_million(name: str) -> float:
    """How long a step takes for a million weights (the fastest of five)."""
    weights = tg.zeros(1_000_000, requires_grad=True)
    weights.grad = tg.ones(1_000_000)
    optimizer = OPTIMIZERS[name]([weights], lr=0.001)
    times = []
    for _ in range(6):  # the first makes the state
        before = time.perf_counter()
        optimizer.step()
        times.append(time.perf_counter() - before)
    return min(times[1:])


def measured(found: Sweep, runs: dict[str, Any], p: Problem) -> dict[str, dict[str, Any]]:
    """A row of the table for each optimizer."""
    rows = {}
    for name, run in runs.items():
        far = np.array(run["losses"]) > 1.01 * p.lowest
        rows[name] = {
            "rate": run["rate"],
            "epochs": None if far[-1] else int(np.flatnonzero(far)[-1]) + 1,
            "distance": run["distance"][-1],
            "works": sum(r.result["end"] < 0.01 for r in found if r.config["optimizer"] == name),
            "kept": kept_per_weight(run["optimizer"]),
            "step": run["seconds"],
            "million": seconds_of_a_million(name),
        }
    return rows


def as_text(rows: dict[str, dict[str, Any]]) -> str:
    """The table."""
    lines = [
        "             best   epochs to      distance     rates      kept      time of a step for",
        "             rate   1 % above it   at the end   that work  a weight  11 weights  a million",
    ]  # fmt: skip
    for name, row in rows.items():
        epochs = "never" if row["epochs"] is None else row["epochs"]
        works = f"{row['works']:2} of {len(RATES)}"
        lines.append(
            f"  {name:9}  {row['rate']:<5g}  {epochs!s:<13}  {row['distance']:<11.4f}  {works:10} {row['kept']:<8g}"
            f"  {row['step'] * 1e6:3.0f} µs     {row['million'] * 1e3:6.2f} ms"
        )
    return "\n".join(lines)


def run(pictures: Pictures) -> dict[str, Any]:
    p = problem()
    curved = np.linalg.eigvalsh(2 * np.cov(p.features.T, bias=True))
    rate = max(r for r in RATES if r < 2 / curved[-1])
    print(
        f"{len(p.target)} patients, {p.features.shape[1]} weights and a bias. The lowest loss there is: {p.lowest:.3f}."
    )
    print(f"The loss is {curved[-1] / curved[0]:.0f} times as curved in its steepest direction as in its flattest.")
    print(f"The steepest makes SGD explode from a rate of {2 / curved[-1]:.2f} on. In the flattest,")
    print(f"a rate of {rate:g} leaves {1 - rate * curved[0]:.1%} of the way after each epoch.\n")

    found = swept()
    runs = best_runs(found, p)
    rows = measured(found, runs, p)
    print(f"Each at the rate that had the lowest loss on the average of {EPOCHS} epochs, measured in this run:")
    print(as_text(rows))
    print("(1 % above it: above the lowest loss, for good. Distance: of the weights to those of least squares.")
    print("A rate works if its last loss is within that 1 %. Kept: numbers that the optimizer stores for each weight.)")
    first, last = runs["SGD"]["losses"][0], runs["SGD"]["losses"][-1]
    print(
        f"Each began at the loss {first:.3f}. On a shared model Momentum would begin where SGD ended, at {last:.3f}.\n"
    )
    print(ADVICE)
    draw(pictures, runs, found)

    paths = {}
    for valley, names in VALLEYS.items():
        paths[valley] = best_runs(swept(valley, "distance"), problem(valley))
        print(
            f"Two weights only, of {' and '.join(names)} ({valley}); distance to the lowest point after {STEPS} steps:"
        )
        print("  " + ", ".join(f"{name} {r['distance'][-1]:.2g}" for name, r in paths[valley].items()))
    draw_paths(pictures, paths)
    print(NOTES)
    return {"runs": runs, "rows": rows, "sweep": found, "paths": paths, "curved": curved}


def draw(pictures: Pictures, runs: Any, found: Sweep) -> None:
    figure, (curves, distances, rated) = pictures.panels(3)
    for k, (name, run) in enumerate(runs.items()):
        style: dict[str, Any] = {"color": COLORS[k], "linestyle": DASHES[k]}
        curves.plot(range(1, EPOCHS + 1), run["losses"], **style, label=f"{name}, rate {run['rate']:g}")
        distances.semilogy(run["distance"], **style, label=name)
        ends = sorted((r.config["lr"], r.result["distance"]) for r in found if r.config["optimizer"] == name)
        rated.loglog(*zip(*ends, strict=True), **style, marker=".", label=name)
    lowest = problem().lowest
    curves.axhline(lowest, color=GREY, linewidth=1, label="least squares")
    curves.set(title="The loss, each at its best rate", xlabel="epoch (log)", ylabel="mean squared error")
    curves.set(xscale="log", ylim=(lowest - 0.05, runs["SGD"]["losses"][0] + 0.05))
    distances.set(title="Distance to least squares", xlabel="epoch", ylabel="distance of the weights (log)")
    rated.set(title="Which rates are good?", xlabel="learning rate (log)", ylabel="distance at the end (log)")
    for panel in (curves, distances, rated):
        panel.legend(frameon=False, fontsize=9)
    pictures.plot(figure, "optimizers")


def draw_paths(pictures: Pictures, paths: Any) -> None:
    figure, panels = pictures.panels(len(OPTIMIZERS), len(VALLEYS), size=(2.8, 3.3))
    each = iter(panels)
    for valley, names in VALLEYS.items():
        p = problem(valley)
        a, b = np.meshgrid(*(np.linspace(*side, 100) for side in FRAMES[valley]))
        flat = np.stack([np.zeros(a.size), a.ravel(), b.ravel()]) - p.exact[:, None]
        table = np.column_stack([np.ones(len(p.target)), p.features])
        above = np.sum(flat * (table.T @ table / len(table) @ flat), axis=0).reshape(a.shape)  # the lowest loss
        for k, (name, run) in enumerate(paths[valley].items()):
            panel = next(each)
            panel.contour(a, b, above, levels=np.geomspace(1e-3, above.max(), 12), colors=GREY, linewidths=0.5)
            panel.plot(*run["path"][:, 1:].T, ".-", color=COLORS[k], markersize=5, linewidth=1)
            panel.plot(*run["path"][0, 1:], "o", color="white", markeredgecolor="#1c2430", markersize=6)
            panel.plot(*p.exact[1:], "*", color="#1c2430", markersize=10)
            panel.set_title(
                f"{name}, rate {run['rate']:g}\nafter {STEPS} steps: {run['distance'][-1]:.2g}", fontsize=10
            )
            panel.set(xlim=FRAMES[valley][0], ylim=FRAMES[valley][1], aspect="equal", xlabel=f"weight of {names[0]}")
            if k == 0:
                panel.set_ylabel(f"{valley}\nweight of {names[1]}")
    pictures.plot(figure, "optimizers_paths", "The paths on two loss surfaces: a valley askew, and one along an axis")
