"""Lesson 6, logistic: yes or no from five features, by logistic regression.

The model is a weighted sum of the features, the logit; its sigmoid is the probability of a yes, and binary
cross-entropy on it the loss. The table is generated (scikit-learn's make_classification): 3,000 points of two
overlapping classes, of which three tenths are kept aside. A positive logit means yes: no sigmoid is needed to decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, ORANGE, Pictures
from tinygrad_edu import nn, optim, viz
from tinygrad_edu.training import accuracy
from tinygrad_edu.utils.data import DataLoader, TensorDataset

EPOCHS, RATE, DECAY = 30, 0.02, 1e-3
NOTES = """\
Look: the loss on the points kept aside follows that of the others: six numbers cannot learn 2,100 points by
      heart. The weights are still on their way to scikit-learn's, but the loss is flat there, and the answers
      are nearly the same.
Next: give BCELoss the logits in demos/logistic.py: it asks for probabilities, and the error says so.
      Set RATE to 2: from epoch to epoch the loss jumps about its lowest value, and where it stops is luck."""


def split(seed: int = 0) -> tuple[Any, ...]:
    """Features and answers to learn from, and those kept aside; scaled by what the first part knows."""
    features, answers = make_classification(
        3000, n_features=5, n_informative=4, n_redundant=0, n_clusters_per_class=1, class_sep=0.9, random_state=seed
    )
    train_x, test_x, train_y, test_y = train_test_split(features, answers, test_size=0.3, random_state=seed)
    mean, spread = train_x.mean(axis=0), train_x.std(axis=0)
    return (train_x - mean) / spread, train_y, (test_x - mean) / spread, test_y


def learn(train_x: Any, train_y: Any, test_x: Any, test_y: Any) -> tuple[Any, list[list[float]]]:
    """The model, and the losses on both parts after each epoch."""
    tg.manual_seed(0)
    x, y = tg.tensor(train_x, dtype=tg.float32), tg.tensor(train_y, dtype=tg.float32).unsqueeze(1)
    held_x, held_y = tg.tensor(test_x, dtype=tg.float32), tg.tensor(test_y, dtype=tg.float32).unsqueeze(1)
    batches = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = nn.Linear(5, 1)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = optim.SGD(model.parameters(), lr=RATE, momentum=0.9, nesterov=True, weight_decay=DECAY)
    losses = []
    for _ in range(EPOCHS):
        for inputs, target in batches:
            optimizer.zero_grad()
            loss = criterion(model(inputs), target)
            loss.backward()
            optimizer.step()
        with tg.no_grad():
            losses.append([criterion(model(x), y).item(), criterion(model(held_x), held_y).item()])
    return model, losses


def run(pictures: Pictures) -> dict[str, Any]:
    train_x, train_y, test_x, test_y = split()
    model, losses = learn(train_x, train_y, test_x, test_y)
    held = tg.tensor(test_x, dtype=tg.float32)
    inputs, target = (tg.tensor(a[:32], dtype=tg.float32) for a in (train_x, train_y[:, None]))
    model.zero_grad()
    loss = nn.BCEWithLogitsLoss()(model(inputs), target)
    pictures.graph(viz.graph(loss, formulas=True), "logistic_graph")
    ours = accuracy(test_y[:, None], model(held))
    # nearly the same optimum: mean loss + DECAY/2 · |w|² is scikit-learn's with C = 1 / (n · DECAY); its bias is free
    theirs = LogisticRegression(C=1 / (len(train_y) * DECAY), tol=1e-8).fit(train_x, train_y)
    best = float(theirs.score(test_x, test_y))
    print(f"{len(train_y)} points to learn from, {len(test_y)} kept aside; {EPOCHS} epochs.")
    print(
        f"Loss {losses[0][0]:.4f} after the first epoch, {losses[-1][0]:.4f} at the end "
        f"({losses[-1][1]:.4f} on the points kept aside)."
    )
    print(f"Right on the points kept aside: {ours:.1%}; scikit-learn's LogisticRegression: {best:.1%}.")
    weights = model.weight.detach().numpy()[0]
    print("Weights:      " + "  ".join(f"{w:6.3f}" for w in weights))
    print("scikit-learn: " + "  ".join(f"{w:6.3f}" for w in theirs.coef_[0]))
    draw(pictures, model, losses, test_x, test_y)
    print(NOTES)
    return {"accuracy": ours, "best": best, "weights": weights, "exact": theirs.coef_[0], "losses": losses}


def draw(pictures: Pictures, model: Any, losses: Any, test_x: Any, test_y: Any) -> None:
    figure, (curve, plane, histogram) = pictures.panels(3)
    epochs = range(1, EPOCHS + 1)
    curve.plot(epochs, [a for a, _ in losses], color=BLUE, label="learned from")
    curve.plot(epochs, [b for _, b in losses], color=ORANGE, linestyle="--", label="kept aside")
    curve.set(title="Binary cross-entropy", xlabel="epoch", ylabel="loss")
    curve.legend(frameon=False)

    weights, bias = model.weight.detach().numpy()[0], model.bias.item()
    a, b = np.argsort(-np.abs(weights))[:2]  # the two features that count most; the others at their mean, 0
    for value, mark, color, name in ((0, "o", BLUE, "no"), (1, "^", ORANGE, "yes")):
        plane.scatter(*test_x[test_y == value][:, [a, b]].T, s=10, marker=mark, color=color, alpha=0.5, label=name)
    span = np.array([-3.0, 3.0])
    plane.plot(span, -(bias + weights[a] * span) / weights[b], color=GREY, linewidth=2, label="logit 0")
    plane.set(title="The boundary, in two of five features", xlabel=f"feature {a + 1}", ylabel=f"feature {b + 1}")
    plane.set(xlim=(-3, 3), ylim=(-3, 3))
    plane.legend(frameon=False)

    with tg.no_grad():
        p = tg.sigmoid(model(tg.tensor(test_x, dtype=tg.float32))).numpy()[:, 0]
    bins = np.linspace(0, 1, 26)
    histogram.hist(p[test_y == 1], bins, color=ORANGE, alpha=0.7, label="was yes")
    histogram.hist(p[test_y == 0], bins, histtype="step", color=BLUE, linewidth=2, label="was no")
    histogram.set(title="Probabilities, kept aside", xlabel="predicted probability of yes", ylabel="points")
    histogram.legend(frameon=False)
    pictures.plot(figure, "logistic")
