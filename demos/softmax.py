"""Lesson 6, second half, softmax: one of ten classes from an image, by softmax regression.

Each class has a weight for every pixel; the weighted sums are the logits, softmax makes probabilities of them, and
cross-entropy is the loss. The images are scikit-learn's 8×8 handwritten digits, or Fashion-MNIST where its folder
is given: `python -m demos softmax --data FOLDER`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

import tinygrad_edu as tg
from demos.pictures import Pictures
from tinygrad_edu import datasets, nn, optim
from tinygrad_edu.training import accuracy
from tinygrad_edu.utils.data import DataLoader, TensorDataset
from tinygrad_edu.viz import training

NOTES = """\
Look: a weight is red where ink speaks for the digit, blue where it speaks against: the 0 has a blue middle.
Next: leave out `/ 16` in demos/softmax.py: with pixels up to 16 the same rate overshoots. The first epoch's loss
      is many times that of guessing, and it goes up and down on its way back.
      Lesson 8 reads the same digits with a convolutional network."""


def images(data: str | None) -> tuple[Any, ...]:
    """Training images (N, height, width) from 0 to 1 with their classes, test images and classes, and names."""
    if data is not None:
        try:
            train, test = (datasets.FashionMNIST(data, train=part) for part in (True, False))
        except RuntimeError as error:
            raise ValueError(f"--data {data}: {error}") from None
        scaled = [(part.data.float() / 255, part.targets) for part in (train, test)]
        return *scaled[0], *scaled[1], train.classes
    digits = load_digits()
    parts = train_test_split(digits.images / 16, digits.target, test_size=0.3, random_state=0, stratify=digits.target)
    train_x, test_x = (tg.tensor(x, dtype=tg.float32) for x in parts[:2])
    train_y, test_y = (tg.tensor(y, dtype=tg.long) for y in parts[2:])
    return train_x, train_y, test_x, test_y, [str(k) for k in range(10)]


def run(pictures: Pictures, data: str | None = None) -> dict[str, Any]:
    train_x, train_y, test_x, test_y, names = images(data)
    epochs, rate = (40, 0.1) if data is None else (5, 0.02)
    print(
        f"{len(train_y)} images of {train_x.shape[1]}×{train_x.shape[2]} pixels to learn from, "
        f"{len(test_y)} to test on."
    )
    tg.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(train_x[0].numel(), len(names)))
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    batches = DataLoader(TensorDataset(train_x, train_y), batch_size=100, shuffle=True)
    losses, right = [], []
    for _ in range(epochs):
        total = 0.0
        for inputs, target in batches:
            optimizer.zero_grad()
            loss = criterion(model(inputs), target)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(target)
        with tg.no_grad():
            losses.append(total / len(train_y))
            right.append((accuracy(train_y, model(train_x)), accuracy(test_y, model(test_x))))
    with tg.no_grad():
        predicted = model(test_x).argmax(dim=1)
    print(
        f"Loss {losses[0]:.3f} in the first epoch, {losses[-1]:.3f} in epoch {epochs} "
        f"(guessing: {np.log(len(names)):.3f})."
    )
    print(f"Right: {right[-1][0]:.1%} of the training images, {right[-1][1]:.1%} of the test images.")
    counts = confusion_matrix(test_y, predicted)
    wrong = counts - np.diag(np.diag(counts))
    a, b = np.unravel_index(wrong.argmax(), wrong.shape)
    print(f"Taken most often for another: {names[a]} for {names[b]}, {wrong[a, b]} of {counts[a].sum()} times.")
    draw(pictures, model, (test_x, test_y, predicted), right, names)
    print(NOTES)
    return {"accuracy": right[-1][1], "losses": losses, "counts": counts}


def draw(pictures: Pictures, model: Any, test: Any, right: Any, names: list[str]) -> None:
    pixels, true, predicted = test
    curves = {"training images": [a for a, _ in right], "test images": [b for _, b in right]}
    title = "Share of images that are right"
    pictures.plot(training.learning_curves(curves, ylabel="accuracy", best=None, title=title), "softmax")
    table = training.confusion_matrix(true, predicted, names, title="Confusion matrix, test images")
    pictures.plot(table, "softmax_confusion")
    figure, panels = pictures.panels(5, 2, size=(1.8, 2.0))
    weights = model[1].weight.detach().numpy().reshape(len(names), *pixels.shape[1:])
    most = np.abs(weights).max()
    for panel, image, name in zip(panels, weights, names, strict=True):
        panel.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most)
        panel.set(title=name, xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    pictures.plot(
        figure, "softmax_weights", "The learned weights of each class as an image: red speaks for it, blue against"
    )
