"""Lesson 4, diabetes: a real table, judged on patients that were not learned from.

442 patients with 10 measurements each; the target is how far the disease has advanced after a year. Linear
regression predicts the number, logistic regression whether it is above the median. The table comes with
scikit-learn (Efron et al. 2004, "Least Angle Regression").

Or a table of your own, Boston or California housing for instance: `python -m demos --csv FILE --target COLUMN`
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes
from tqdm import trange

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from demos.plane import least_squares
from demos.table import Table, check, read_table
from tinygrad_edu import optim, viz
from tinygrad_edu.nn import functional as F

TEST = 0.3  # of the rows are kept aside
STEPS = 2000
NOTES = """\
Look: the large weights of s1 and s2 have opposite signs: the two measurements nearly repeat each other, so
      their weights are uncertain, though the prediction is not (lesson 2 says why).
Next: leave out the scaling in demos/diabetes.py: at these rates the loss explodes, and at one that is small
      enough for the largest feature the bias hardly moves."""


def patients() -> Table:
    """The diabetes table, in the units in which it was measured."""
    data = load_diabetes(scaled=False)
    return Table("the diabetes table", list(data.feature_names), data.data, "progress", data.target)


def split(table: Table, seed: int = 0) -> tuple[Any, Any]:
    """Which rows are learned from and which are kept aside, shuffled."""
    order = np.random.default_rng(seed).permutation(len(table.target))
    aside = round(TEST * len(order))
    return order[aside:], order[:aside]


def split_and_scale(table: Table | None = None, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Training and test part; every feature scaled by what the training part knows of it.

    Statistics of the test part must not leak in: they would not be known yet when the model is used.
    """
    table = table or patients()
    train, test = split(table, seed)
    check(table, train)
    mean, spread = table.features[train].mean(axis=0), table.features[train].std(axis=0)
    features = (table.features - mean) / spread
    return features[train], table.target[train], features[test], table.target[test]


def fit(loss_of: Any, features: Any, wanted: Any, rate: float, pictures: Pictures) -> tuple[Any, Any, Any]:
    """Gradient descent with momentum from zero: weights, bias, and the loss at each step."""
    inputs, target = tg.from_numpy(features), tg.from_numpy(wanted)
    weight = tg.zeros(features.shape[1], dtype=tg.float64, requires_grad=True)
    bias = tg.zeros((), dtype=tg.float64, requires_grad=True)
    optimizer = optim.SGD([weight, bias], lr=rate, momentum=0.9)
    losses = []
    for step in trange(STEPS, desc=loss_of.__name__, leave=False, disable=None):
        output = inputs @ weight + bias
        loss = loss_of(output, target)
        if step == 0:
            pictures.graph(viz.graph(loss, formulas=True), f"diabetes_{loss_of.__name__}_graph")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return weight.detach().numpy(), bias.item(), losses


def run(
    pictures: Pictures, csv: str | None = None, target: str | None = None, without: Sequence[str] = ()
) -> dict[str, Any]:
    table = patients() if csv is None or target is None else read_table(csv, target, without)
    parts = split_and_scale(table)
    who = "patients" if csv is None else "rows"
    print(f"{len(parts[1])} {who} to learn from, {len(parts[3])} to test on.")
    results = how_much(table, parts, pictures)
    if csv is None:
        results |= yes_or_no(parts, pictures)
        print(NOTES)
    return results


def how_much(table: Table, parts: tuple[Any, Any, Any, Any], pictures: Pictures) -> dict[str, Any]:
    """Linear regression, next to the formula of least squares."""
    train_x, train_y, test_x, test_y = parts

    def rmse(prediction: Any) -> float:
        return float(np.sqrt(np.mean((prediction - test_y) ** 2)))

    # Of scaled features the loss is at most twice as curved as there are features, so this rate suits any table.
    weight, bias, losses = fit(F.mse_loss, train_x, train_y, 0.2 / train_x.shape[1], pictures)
    exact = least_squares(train_x, train_y)
    ours, best, naive = (rmse(p) for p in (test_x @ weight + bias, test_x @ exact[1:] + exact[0], train_y.mean()))
    print(f"Linear regression of {table.target_name}, typical error (RMSE) on the test part:")
    print(f"  gradient descent {ours:.4g}, least squares {best:.4g}, always the mean {naive:.4g}")
    draw_how_much(pictures, table, (test_y, test_x @ weight + bias), losses, (weight, exact[1:]))
    return {"rmse": ours, "least_squares_rmse": best, "naive_rmse": naive, "linear": np.append(bias, weight),
            "exact": exact}  # fmt: skip


def yes_or_no(parts: tuple[Any, Any, Any, Any], pictures: Pictures) -> dict[str, Any]:
    """Logistic regression: above the median or not."""
    train_x, train_y, test_x, test_y = parts
    median = np.median(train_y)
    above = (train_y > median).astype(float)
    slope, offset, bce = fit(F.binary_cross_entropy_with_logits, train_x, above, 0.2, pictures)
    probability = 1 / (1 + np.exp(-(test_x @ slope + offset)))
    correct = float(np.mean((probability > 0.5) == (test_y > median)))
    print(f"Logistic regression, above the median ({median:.0f}) or not: {correct:.0%} of the test part right,")
    print(f"  training loss {bce[0]:.4f} (= log 2: no idea yet) to {bce[-1]:.4f}")
    draw_yes_or_no(pictures, bce, probability, test_y > median)
    return {"accuracy": correct, "bce": bce, "logistic": np.append(offset, slope)}


def draw_how_much(pictures: Pictures, table: Table, points: Any, losses: Any, weights: Any) -> None:
    figure, (scatter, curve, bars) = pictures.panels(3)
    low, high = min(map(np.min, points)), max(map(np.max, points))
    scatter.axline((low, low), slope=1, color=GREY, linewidth=1)
    scatter.scatter(*points, color=BLUE, s=14, alpha=0.7 if len(points[0]) < 1000 else 0.15, linewidths=0)
    scatter.set(title="Predicted against actual, test part", xlabel=f"actual {table.target_name}", ylabel="predicted")
    margin = 0.04 * (high - low)
    scatter.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin), aspect="equal")

    curve.semilogx(range(1, STEPS + 1), np.sqrt(losses), color=BLUE)
    curve.set(title="Training error: momentum overshoots", xlabel="step (log)", ylabel="RMSE")
    curve.set_ylim(bottom=0)

    shown = np.sort(np.argsort(-np.abs(weights[1]))[:20])  # the largest, where there are more
    places = np.arange(len(shown))
    names = [table.names[k] for k in shown]
    bars.barh(places - 0.2, weights[0][shown], 0.4, color=BLUE, label="gradient descent")
    bars.barh(places + 0.2, weights[1][shown], 0.4, color=ORANGE, label="least squares")
    bars.axvline(0, color=GREY, linewidth=1)
    bars.set(title="Weights of the scaled features")
    bars.set_yticks(places, names, fontsize=10 if len(names) <= 12 else 8)
    bars.invert_yaxis()
    bars.legend(frameon=False)
    pictures.plot(figure, "diabetes")


def draw_yes_or_no(pictures: Pictures, losses: Any, probability: Any, is_above: Any) -> None:
    figure, (curve, histogram) = pictures.panels(2)
    curve.semilogx(range(1, STEPS + 1), losses, color=BLUE)
    curve.axhline(np.log(2), color=GREY, linestyle=":", label="log 2: a coin would do as well")
    curve.set(title="Logistic regression: the loss", xlabel="step (log)", ylabel="binary cross-entropy")
    curve.legend(frameon=False)

    bins = np.linspace(0, 1, 21)
    histogram.hist(probability[is_above], bins, color=ORANGE, alpha=0.7, label="was above the median")
    histogram.hist(probability[~is_above], bins, histtype="step", color=BLUE, linewidth=2, label="was below")
    histogram.set(title="Logistic regression, test part", xlabel="predicted probability: above", ylabel="patients")
    histogram.legend(frameon=False)
    pictures.plot(figure, "diabetes_above")
