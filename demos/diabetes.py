"""Lesson 3, diabetes: a real table, 442 patients with 10 measurements each; a number and a yes or no.

The target is how far the disease has advanced after a year. Linear regression predicts the number,
logistic regression whether it is above the median. What is learned is judged on patients that were not
learned from. The table comes with scikit-learn (Efron et al. 2004, "Least Angle Regression").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes
from tqdm import trange

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from demos.plane import least_squares
from tinygrad_edu import optim, viz
from tinygrad_edu.nn import functional as F

TEST = 133  # patients kept aside
STEPS = 2000
NOTES = """\
Look: the large weights of s1 and s2 have opposite signs: the two measurements nearly repeat each other, so
      their weights are uncertain, though the prediction is not (lesson 2 says why).
Next: leave out the scaling in demos/diabetes.py: at these rates the loss explodes, and at one that is small
      enough for the largest feature the bias hardly moves."""


def split_and_scale(seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Training and test part, shuffled; every feature scaled by what the training part knows of it.

    Statistics of the test part must not leak in: they would not be known yet when the model is used.
    """
    table, progress = load_diabetes(return_X_y=True, scaled=False)
    order = np.random.default_rng(seed).permutation(len(table))
    train, test = order[TEST:], order[:TEST]
    mean, spread = table[train].mean(axis=0), table[train].std(axis=0)
    table = (table - mean) / spread
    return table[train], progress[train], table[test], progress[test]


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


def run(pictures: Pictures) -> dict[str, Any]:
    train_x, train_y, test_x, test_y = split_and_scale()
    print(f"{len(train_y)} patients to learn from, {len(test_y)} to test on.")

    def rmse(prediction: Any) -> float:
        return float(np.sqrt(np.mean((prediction - test_y) ** 2)))

    weight, bias, losses = fit(F.mse_loss, train_x, train_y, 0.02, pictures)
    exact = least_squares(train_x, train_y)
    ours, best, naive = (rmse(p) for p in (test_x @ weight + bias, test_x @ exact[1:] + exact[0], train_y.mean()))
    print("Linear regression, typical error (RMSE) on the test part:")
    print(f"  gradient descent {ours:.2f}, least squares {best:.2f}, always the mean {naive:.2f}")

    median = np.median(train_y)
    above = (train_y > median).astype(float)
    slope, offset, bce = fit(F.binary_cross_entropy_with_logits, train_x, above, 0.2, pictures)
    probability = 1 / (1 + np.exp(-(test_x @ slope + offset)))
    correct = float(np.mean((probability > 0.5) == (test_y > median)))
    print(f"Logistic regression, above the median ({median:.0f}) or not: {correct:.0%} of the test part right,")
    print(f"  training loss {bce[0]:.4f} (= log 2: no idea yet) to {bce[-1]:.4f}")

    draw(pictures, (test_y, test_x @ weight + bias), losses, (weight, exact[1:]), (probability, test_y > median))
    print(NOTES)
    return {"rmse": ours, "least_squares_rmse": best, "naive_rmse": naive, "accuracy": correct, "bce": bce,
            "logistic": np.append(offset, slope), "linear": np.append(bias, weight), "exact": exact}  # fmt: skip


def draw(pictures: Pictures, points: Any, losses: Any, weights: Any, classes: Any) -> None:
    figure, (scatter, curve, bars, histogram) = pictures.panels(2, 2)
    scatter.axline((0, 0), slope=1, color=GREY, linewidth=1)
    scatter.scatter(*points, color=BLUE, s=14, alpha=0.7)
    scatter.set(title="Predicted against actual, test part", xlabel="actual progress", ylabel="predicted")
    scatter.set(xlim=(0, 360), ylim=(0, 360))

    curve.semilogx(range(1, STEPS + 1), np.sqrt(losses), color=BLUE)
    curve.set(title="Training error: momentum overshoots", xlabel="step (log)", ylabel="RMSE")
    curve.set_ylim(bottom=0)

    names = load_diabetes().feature_names
    places = np.arange(len(names))
    bars.bar(places - 0.2, weights[0], 0.4, color=BLUE, label="gradient descent")
    bars.bar(places + 0.2, weights[1], 0.4, color=ORANGE, label="least squares")
    bars.axhline(0, color=GREY, linewidth=1)
    bars.set(title="Weights of the scaled features", xticks=places, xticklabels=names)
    bars.legend(frameon=False)

    probability, is_above = classes
    bins = np.linspace(0, 1, 21)
    histogram.hist(probability[is_above], bins, color=ORANGE, alpha=0.7, label="was above the median")
    histogram.hist(probability[~is_above], bins, histtype="step", color=BLUE, linewidth=2, label="was below")
    histogram.set(title="Logistic regression, test part", xlabel="predicted probability: above", ylabel="patients")
    histogram.legend(frameon=False)
    pictures.plot(figure, "diabetes")
