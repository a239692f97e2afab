"""Lesson 3, overfitting: when to stop, and how large a model may be.

A polynomial of degree 15 learns from 20 noisy points. First it finds the curve that they come from, then it
goes on to their noise. The training loss cannot tell the one from the other; 20 points that were kept aside,
the validation part, can. An epoch is one pass over the training part; here that is one step.

The points are generated, on a curve that we know (sin 3x), so that what was learned can be held against it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.polynomial.legendre import legvander

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu import nn, optim, viz
from tinygrad_edu.training import EarlyStopping, fit

COUNT = 20  # points to learn from
DEGREE = 15
NOISE = 0.3
RATE = 0.1
EPOCHS = 5000
PATIENCE = 100
NOTES = """\
Look: over epochs as over degrees, over-fitting begins where the validation loss turns. The training loss
      does not show it. The last curve goes through the noise, and misses what lies between the points.
Next: learn from 1000 points instead of 20 in demos/overfitting.py (COUNT): the same polynomial, and the
      validation loss hardly rises. More data is the best cure; stopping in time is for when there is none."""


def points(count: int = COUNT, seed: int = 4) -> dict[str, tuple[Any, Any]]:
    """The parts, each x and y: training (spread evenly), validation, and a large one for the final test."""
    random = np.random.default_rng(seed)
    spread = (np.arange(count) + random.uniform(size=count)) / count * 2 - 1
    parts = {}
    for name, x in (("train", spread), ("validation", None), ("test", None)):
        if x is None:
            x = np.sort(random.uniform(-1, 1, 500 if name == "test" else 20))
        parts[name] = x, np.sin(3 * x) + NOISE * random.normal(size=len(x))
    return parts


def columns(x: Any, degree: int = DEGREE) -> Any:
    """(N,) → (N, degree + 1): the polynomials of Legendre, a sum of which is any polynomial of that degree.

    The powers 1, x, x², … would do as well, were they not so alike that gradient descent takes forever.
    """
    return legvander(x, degree)


def mean_square(error: Any) -> float:
    return float(np.mean(error**2))


def new_model() -> nn.Linear:
    """Every weight zero: the flat line."""
    model = nn.Linear(DEGREE + 1, 1, bias=False, dtype=tg.float64)
    nn.init.zeros_(model.weight)
    return model


def learn(parts: dict[str, tuple[Any, Any]], pictures: Pictures | None = None) -> dict[str, Any]:
    """The bare loop: both losses and the weights after each epoch."""
    inputs, target = tensors(*parts["train"])
    unseen, truth = tensors(*parts["validation"])
    model = new_model()
    optimizer = optim.SGD(model.parameters(), lr=RATE)
    loss_function = nn.MSELoss()
    out: dict[str, Any] = {"train": [], "validation": [], "weights": []}
    for epoch in range(EPOCHS):
        optimizer.zero_grad()
        loss = loss_function(model(inputs), target)
        loss.backward()
        optimizer.step()
        with tg.no_grad():  # from these nothing is learned
            out["validation"].append(loss_function(model(unseen), truth).item())
        out["train"].append(loss.item())
        out["weights"].append(model.weight.detach().numpy()[0].copy())
        if epoch == 0 and pictures:
            pictures.graph(viz.graph(loss_function(model(inputs), target), formulas=True), "overfitting_graph")
    return out


def tensors(x: Any, y: Any) -> tuple[Any, Any]:
    return tg.from_numpy(columns(x)), tg.from_numpy(y[:, None])


def over_degrees(parts: dict[str, tuple[Any, Any]]) -> dict[str, list[float]]:
    """For each degree from 0 the least-squares polynomial's losses: where gradient descent would end."""
    out: dict[str, list[float]] = {name: [] for name in parts}
    for degree in range(DEGREE + 1):
        x, y = parts["train"]
        weights = np.linalg.lstsq(columns(x, degree), y, rcond=None)[0]
        for name, (x, y) in parts.items():
            out[name].append(mean_square(columns(x, degree) @ weights - y))
    return out


def run(pictures: Pictures) -> dict[str, Any]:
    parts = points()
    bare = learn(parts, pictures)
    best = int(np.argmin(bare["validation"]))  # counted from 0; epochs are counted from 1

    def test(epoch: int) -> float:
        x, y = parts["test"]
        return mean_square(columns(x) @ bare["weights"][epoch] - y)

    print(f"The training loss falls in every epoch, to {bare['train'][-1]:.3f} after {EPOCHS}.")
    print(
        f"The validation loss is lowest after epoch {best + 1}, {bare['validation'][best]:.3f}: from there on the model"
    )
    print(f"over-fits, and it ends at {bare['validation'][-1]:.3f}.")
    print("The validation part has chosen the epoch, so it flatters it. 500 more points, never used, judge:")
    print(f"  after epoch {best + 1:4} {test(best):.3f}   (the noise alone makes {NOISE**2:.2f})")
    print(f"  after epoch {EPOCHS} {test(-1):.3f}")

    degrees = over_degrees(parts)
    small = int(np.argmin(degrees["validation"]))
    print("Or a smaller model: polynomials of every degree, each with its best weights (least squares):")
    for degree in sorted({1, small, 9, DEGREE}):
        losses = f"training {degrees['train'][degree]:.3f}   validation {degrees['validation'][degree]:6.3f}"
        print(f"  degree {degree:2}   {losses}{'   the lowest' * (degree == small)}")
    print(
        f"On the 500 points degree {small} makes {degrees['test'][small]:.3f}. Degree {DEGREE}, stopped in time, comes"
    )
    print("close: few steps keep a large model simple.")

    model = new_model()
    history = fit(
        model, tensors(*parts["train"]), nn.MSELoss(), optim.SGD(model.parameters(), lr=RATE), EPOCHS,
        validation=tensors(*parts["validation"]), early_stopping=EarlyStopping(patience=PATIENCE), progress=False,
    )  # fmt: skip
    print("`fit` is this loop, and stops by itself:")
    print(f"  {len(history)} epochs; {history.stopped}.")
    print(f"  The model has its weights of epoch {history.best_epoch} again, and history.plot() draws what happened.")

    draw(pictures, parts, bare, best, degrees)
    pictures.plot(history.plot(), "overfitting_history", "What history.plot() draws: the losses until fit stopped")
    print(NOTES)
    return {"bare": bare, "best": best + 1, "tests": (test(best), test(-1)), "degrees": degrees, "small": small,
            "history": history, "weights": model.weight.detach().numpy()[0], "parts": parts}  # fmt: skip


def draw(pictures: Pictures, parts: Any, bare: Any, best: int, degrees: Any) -> None:
    figure, (curves, fits, sizes) = pictures.panels(3)
    epochs = np.arange(1, EPOCHS + 1)
    curves.loglog(epochs, bare["train"], color=BLUE, label="training")
    curves.loglog(epochs, bare["validation"], "--", color=ORANGE, label="validation")
    curves.axvspan(best + 1, EPOCHS, color=GREY, alpha=0.13, linewidth=0)
    curves.plot(best + 1, bare["validation"][best], "o", markerfacecolor="none", color=ORANGE, markersize=9)
    curves.text(1.15 * (best + 1), 0.98, f"over-fitting,\nfrom epoch {best + 1} on", color="#5a6473", fontsize=9,
                va="top", transform=curves.get_xaxis_transform())  # fmt: skip
    curves.set(title="Over epochs", xlabel="epoch (log)", ylabel="mean squared error (log)", xlim=(1, EPOCHS))
    curves.set_yticks([0.05, 0.1, 0.2, 0.5], ["0.05", "0.1", "0.2", "0.5"])
    curves.minorticks_off()
    curves.legend(frameon=False, loc="lower left")

    x = np.linspace(-1, 1, 400)
    fits.plot(x, np.sin(3 * x), color=GREY, linewidth=5, alpha=0.4, label="the true curve")
    fits.plot(x, columns(x) @ bare["weights"][-1], "--", color=ORANGE, label=f"epoch {EPOCHS}: the noise, too")
    fits.plot(x, columns(x) @ bare["weights"][best], color=BLUE, label=f"epoch {best + 1}")
    fits.scatter(*parts["train"], color="#1c2430", s=18, zorder=3, label="the points to learn from")
    fits.set(title="What was learned", xlabel="x", ylabel="y", ylim=(-2.1, 3.6), xticks=np.linspace(-1, 1, 5))
    fits.legend(frameon=False, loc="upper left", fontsize=9)

    small = int(np.argmin(degrees["validation"]))
    sizes.semilogy(degrees["train"], ".-", color=BLUE, label="training")
    sizes.semilogy(degrees["validation"], ".--", color=ORANGE, label="validation")
    sizes.axvspan(small, DEGREE, color=GREY, alpha=0.13, linewidth=0)
    sizes.plot(small, degrees["validation"][small], "o", markerfacecolor="none", color=ORANGE, markersize=9)
    sizes.set(title="Over model size, each with its best weights", xlabel="degree", ylabel="mean squared error (log)")
    sizes.set_xlim(0, DEGREE)
    sizes.set_yticks([0.03, 0.1, 0.3, 1, 3, 10], ["0.03", "0.1", "0.3", "1", "3", "10"])
    sizes.minorticks_off()
    sizes.legend(frameon=False, loc="upper left")
    pictures.plot(figure, "overfitting")
