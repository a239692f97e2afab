"""Whole training steps: the engine's, the same written by hand in NumPy (as one writes it), and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], object]


class Linear:
    """Linear regression, 404×13, full batch, mean squared error, SGD."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((404, 13)).astype(np.float32)
        self.y = (self.x @ rng.standard_normal((13, 1)) + 3).astype(np.float32)
        self.w, self.b = np.zeros((1, 13), np.float32), np.zeros(1, np.float32)
        self.options: dict[str, Any] = {"lr": 0.01}

    def loss(self, lib: Any, x: Any, y: Any, w: Any, b: Any) -> Any:
        return lib.nn.functional.mse_loss(lib.nn.functional.linear(x, w, b), y)

    def by_hand(self) -> Step:
        x, y, w, b, lr = self.x, self.y, self.w.copy(), self.b.copy(), np.float32(0.01)

        def step() -> Any:
            d = x @ w.T + b - y
            loss = np.mean(d * d)
            g = d * np.float32(2 / d.size)
            w[...] -= lr * (g.T @ x)
            b[...] -= lr * g.sum(0)
            return loss

        return step

    def engine(self, lib: Any) -> Step:
        """The step as a learner writes it, with `tinygrad_edu` or `torch` as `lib`."""
        x, y = lib.from_numpy(self.x), lib.from_numpy(self.y)
        w = lib.tensor(self.w.copy(), requires_grad=True)
        b = lib.tensor(self.b.copy(), requires_grad=True)
        optimizer = lib.optim.SGD([w, b], **self.options)

        def step() -> Any:
            loss = self.loss(lib, x, y, w, b)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return loss

        return step


class Logistic(Linear):
    """Logistic regression, 32×5, binary cross-entropy with logits, Nesterov momentum."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((32, 5)).astype(np.float32)
        self.y = (rng.random((32, 1)) < 0.5).astype(np.float32)
        self.w, self.b = np.zeros((1, 5), np.float32), np.zeros(1, np.float32)
        self.options = {"lr": 0.01, "momentum": 0.9, "nesterov": True}

    def loss(self, lib: Any, x: Any, y: Any, w: Any, b: Any) -> Any:
        return lib.nn.functional.binary_cross_entropy_with_logits(lib.nn.functional.linear(x, w, b), y)

    def by_hand(self) -> Step:
        x, y, w, b = self.x, self.y, self.w.copy(), self.b.copy()
        lr, m = np.float32(0.01), np.float32(0.9)
        vw, vb = np.zeros_like(w), np.zeros_like(b)

        def step() -> Any:
            z = x @ w.T + b
            e = np.exp(-np.abs(z))
            loss = np.mean(np.maximum(z, 0) - z * y + np.log1p(e))
            p = np.where(z >= 0, 1, e) / (1 + e)
            g = (p - y) / np.float32(z.size)
            for param, v, grad in ((w, vw, g.T @ x), (b, vb, g.sum(0))):
                v *= m
                v += grad
                param -= lr * (grad + m * v)
            return loss

        return step


class Softmax(Linear):
    """Softmax regression, 100×784→10, cross-entropy, momentum."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.random((100, 784)).astype(np.float32)
        self.y = rng.integers(0, 10, 100)
        self.w, self.b = np.zeros((10, 784), np.float32), np.zeros(10, np.float32)
        self.options = {"lr": 0.01, "momentum": 0.9}

    def loss(self, lib: Any, x: Any, y: Any, w: Any, b: Any) -> Any:
        return lib.nn.functional.cross_entropy(lib.nn.functional.linear(x, w, b), y)

    def by_hand(self) -> Step:
        x, y, w, b = self.x, self.y, self.w.copy(), self.b.copy()
        lr, m, rows = np.float32(0.01), np.float32(0.9), np.arange(100)
        vw, vb = np.zeros_like(w), np.zeros_like(b)

        def step() -> Any:
            z = x @ w.T + b
            z -= z.max(1, keepdims=True)
            e = np.exp(z)
            s = e.sum(1, keepdims=True)
            loss = -np.mean(z[rows, y] - np.log(s[:, 0]))
            g = e / s
            g[rows, y] -= 1
            g /= len(g)
            for param, v, grad in ((w, vw, g.T @ x), (b, vb, g.sum(0))):
                v *= m
                v += grad
                param -= lr * v
            return loss

        return step


def scalar_chain(lib: Any, rounds: int = 50) -> Step:
    """Four operations a round on scalars, forward and backward."""
    x = lib.tensor(0.5, requires_grad=True)
    c = lib.tensor(0.9)

    def step() -> Any:
        y = x
        for _ in range(rounds):
            y = y * c
            y = y + x
            y = lib.tanh(y)
            y = y - c
        x.grad = None
        y.backward()
        return y

    return step
