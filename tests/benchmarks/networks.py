"""Whole training steps of networks with Adam: the engine's, the same written by hand in NumPy, and PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.benchmarks.steps import Step

LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8


class Network:
    """Layers of the given widths with rectifiers between them, cross-entropy, Adam."""

    widths: list[int]
    rows: int

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.random((self.rows, self.widths[0])).astype(np.float32)
        self.y = rng.integers(0, self.widths[-1], self.rows)
        self.layers = [
            ((rng.standard_normal((o, i)) * (2 / i) ** 0.5).astype(np.float32), np.zeros(o, np.float32))
            for i, o in zip(self.widths[:-1], self.widths[1:], strict=True)
        ]

    def by_hand(self) -> Step:
        x, y, rows = self.x, self.y, np.arange(self.rows)
        layers = [(w.copy(), b.copy()) for w, b in self.layers]
        params = [p for layer in layers for p in layer]
        ms, vs = ([np.zeros_like(p) for p in params] for _ in range(2))
        t = 0

        def step() -> Any:
            nonlocal t
            inputs = [x]
            for w, b in layers[:-1]:
                inputs.append(np.maximum(inputs[-1] @ w.T + b, 0))
            w, b = layers[-1]
            z = inputs[-1] @ w.T + b
            z -= z.max(1, keepdims=True)
            e = np.exp(z)
            s = np.add.reduce(e, 1, keepdims=True)
            loss = -np.add.reduce(z[rows, y] - np.log(s[:, 0])) / len(z)
            g = e / s
            g[rows, y] -= 1
            g /= len(g)
            grads: list[Any] = []
            for (w, _), h in zip(reversed(layers), reversed(inputs), strict=True):
                grads += [np.add.reduce(g, 0), g.T @ h]
                if h is not x:
                    g = (g @ w) * (h > 0)
            t += 1
            c1, c2 = 1 - BETA1**t, 1 - BETA2**t
            for p, m, v, g in zip(params, ms, vs, reversed(grads), strict=True):
                m *= BETA1
                m += (1 - BETA1) * g
                v *= BETA2
                v += (1 - BETA2) * (g * g)
                p -= LR * (m / c1) / (np.sqrt(v / c2) + EPS)
            return loss

        return step

    def engine(self, lib: Any) -> Step:
        """The step as a learner writes it, with `tinygrad_edu` or `torch` as `lib`."""
        nn = lib.nn
        modules: list[Any] = []
        for w, b in self.layers:
            layer = nn.Linear(w.shape[1], w.shape[0])
            with lib.no_grad():
                layer.weight.copy_(lib.from_numpy(w.copy()))
                layer.bias.copy_(lib.from_numpy(b.copy()))
            modules += [layer, nn.ReLU()]
        model = nn.Sequential(*modules[:-1])
        criterion = nn.CrossEntropyLoss()
        optimizer = lib.optim.Adam(model.parameters(), lr=LR)
        x, y = lib.from_numpy(self.x), lib.from_numpy(self.y)

        def step() -> Any:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return step


class Wide(Network):
    """MLP 784-128-10, batch 128, with Adam."""

    widths, rows = [784, 128, 10], 128


class Deep(Network):
    """20 layers of 32 units, batch 32, with Adam."""

    widths, rows = [32] * 21, 32
