"""Lesson 8, digits: a small convolutional network reads handwritten digits.

A convolution looks at 3×3 pixels at a time with the same weights everywhere, so that a stroke is known wherever it
is; pooling keeps the strongest answer of four. Two convolutions and a linear layer read the 8×8 digits of
scikit-learn better than the softmax regression of lesson 6 does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tqdm import trange

import tinygrad_edu as tg
from demos.pictures import Pictures
from demos.softmax import images
from tinygrad_edu import nn, optim
from tinygrad_edu.training import accuracy
from tinygrad_edu.utils.data import DataLoader, TensorDataset
from tinygrad_edu.viz import training

EPOCHS = 12
NOTES = """\
Look: some of the images that it gets wrong are hard for people, too.
Next: take the pooling out of demos/digits.py (the last layer then has 32 * 8 * 8 inputs): it reads the test images
      as well as before, with more weights, but fewer of the shifted ones.
      Or shift the training images, a line above the loss:
      `inputs = tg.roll(inputs, int(tg.randint(-1, 2, ())), dims=3)`
      Now it reads nearly all of the shifted test images, too: what it shall know, it must have seen."""


def network() -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Dropout(0.3), nn.Linear(32 * 4 * 4, 10),
    )  # fmt: skip


def run(pictures: Pictures) -> dict[str, Any]:
    train_x, train_y, test_x, test_y, names = images(None)
    train_x, test_x = train_x.unsqueeze(1), test_x.unsqueeze(1)  # one channel
    tg.manual_seed(0)
    model = network()
    criterion = nn.CrossEntropyLoss()
    batches = DataLoader(TensorDataset(train_x, train_y), batch_size=32, shuffle=True)
    optimizer = optim.Adam(model.parameters())
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=EPOCHS * len(batches))
    right = []
    for _ in trange(EPOCHS, desc="digits", leave=False, disable=None):
        model.train()
        for inputs, target in batches:
            optimizer.zero_grad()
            loss = criterion(model(inputs), target)
            loss.backward()
            optimizer.step()
            scheduler.step()
        model.eval()
        with tg.no_grad():
            right.append((accuracy(train_y, model(train_x)), accuracy(test_y, model(test_x))))
    with tg.no_grad():
        predicted = model(test_x).argmax(dim=1)
        shifted = accuracy(test_y, model(tg.roll(test_x, 1, dims=3)))
    weights = sum(p.numel() for p in model.parameters())
    print(f"{weights:,} weights, {EPOCHS} epochs over {len(train_y)} images.")
    print(f"Right: {right[-1][0]:.1%} of the training images, {right[-1][1]:.1%} of the {len(test_y)} test images;")
    print(f"{shifted:.1%} of the test images shifted by a pixel.")
    draw(pictures, model, right, (test_x, test_y, predicted), names)
    print(NOTES)
    return {"accuracy": right[-1][1], "shifted": shifted, "weights": weights}


def draw(pictures: Pictures, model: Any, right: Any, test: Any, names: list[str]) -> None:
    curves = {"training images": [a for a, _ in right], "test images": [b for _, b in right]}
    title = "Share of images that are right"
    pictures.plot(training.learning_curves(curves, ylabel="accuracy", best=None, title=title), "digits")
    x, y, predicted = (t.numpy() for t in test)
    figure, panels = pictures.panels(8, 3, size=(1.3, 1.5))
    for panel, kernel in zip(panels[:16], model[0].weight.detach().numpy()[:, 0], strict=True):
        panel.imshow(kernel, cmap="RdBu_r", vmin=-0.7, vmax=0.7)
    wrong = np.flatnonzero(y != predicted)[:8]
    for panel, k in zip(panels[16:], wrong, strict=False):
        panel.imshow(x[k, 0], cmap="Greys")
        panel.set_title(f"{names[y[k]]}, read as {names[predicted[k]]}", fontsize=10)
    for panel in panels:
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    pictures.plot(figure, "digits_inside", "The 3×3 weights of the first layer, and test images that are read wrong")
