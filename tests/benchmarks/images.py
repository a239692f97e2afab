"""Training steps of convolutional networks: the engine's, the same written by hand in NumPy, and PyTorch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], object]


class Digits:
    """Digits CNN, 64×1×8×8, two convolutions with ReLU and max pooling, linear, cross-entropy, Adam or SGD."""

    batch, channels, side = 64, (1, 16, 32), 8

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        c, d, e = self.channels
        self.x = rng.random((self.batch, c, self.side, self.side)).astype(np.float32)
        self.y = rng.integers(0, 10, self.batch)
        shapes = (d, c, 3, 3), (d,), (e, d, 3, 3), (e,), (10, e * (self.side // 4) ** 2), (10,)
        self.start = [(rng.uniform(-1, 1, s) / np.sqrt(max(np.prod(s[1:]), 1))).astype(np.float32) for s in shapes]

    def engine(self, lib: Any, optimizer: str = "Adam") -> Step:
        """The step as a learner writes it, with `tinygrad_edu` or `torch` as `lib`."""
        nn = lib.nn
        c, d, e = self.channels
        model = nn.Sequential(
            nn.Conv2d(c, d, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(d, e, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(e * (self.side // 4) ** 2, 10),
        )  # fmt: skip
        with lib.no_grad():
            for p, a in zip(model.parameters(), self.start, strict=True):
                p.copy_(lib.from_numpy(a))
        update = getattr(lib.optim, optimizer)(model.parameters(), lr=0.001)
        criterion = nn.CrossEntropyLoss()
        x, y = lib.from_numpy(self.x), lib.from_numpy(self.y)

        def step() -> Any:
            update.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            update.step()
            return loss

        return step

    def by_hand(self) -> Step:
        """With SGD."""
        w1, b1, w2, b2, w3, b3 = (a.copy() for a in self.start)
        x, y, n, rows = self.x, self.y, self.batch, np.arange(self.batch)
        lr = np.float32(0.001)
        slide = np.lib.stride_tricks.sliding_window_view

        def conv(x: Any, w: Any, b: Any) -> tuple[Any, Any]:
            c, s = x.shape[1], x.shape[2]
            windows = slide(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
            columns = windows.transpose(1, 4, 5, 0, 2, 3).reshape(c * 9, n * s * s)
            z = w.reshape(len(w), -1) @ columns + b[:, None]
            return z.reshape(len(w), n, s, s).transpose(1, 0, 2, 3), columns

        def pool(z: Any) -> tuple[Any, Any]:
            h = np.maximum(z, 0)
            c, s = h.shape[1], h.shape[2] // 2
            blocks = h.reshape(n, c, s, 2, s, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, s, s, 4)
            k = blocks.argmax(-1)
            return np.take_along_axis(blocks, k[..., None], -1)[..., 0], k

        def unpool(g: Any, k: Any, z: Any) -> Any:
            c, s = g.shape[1], g.shape[2]
            blocks = (np.arange(4) == k[..., None]) * g[..., None]
            whole = blocks.reshape(n, c, s, s, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(n, c, 2 * s, 2 * s)
            return whole * (z > 0)

        def step() -> Any:
            z1, columns1 = conv(x, w1, b1)
            h1, k1 = pool(z1)
            z2, columns2 = conv(h1, w2, b2)
            h2, k2 = pool(z2)
            flat = h2.reshape(n, -1)
            z = flat @ w3.T + b3
            z -= z.max(1, keepdims=True)
            e = np.exp(z)
            s = e.sum(1, keepdims=True)
            loss = -np.mean(z[rows, y] - np.log(s[:, 0]))
            g = e / s
            g[rows, y] -= 1
            g /= n
            g2 = unpool((g @ w3).reshape(h2.shape), k2, z2)
            rows2 = g2.transpose(1, 0, 2, 3).reshape(len(w2), -1)
            back = (w2.reshape(len(w2), -1).T @ rows2).reshape(-1, 3, 3, n, *h1.shape[2:])
            gh = np.zeros((n, h1.shape[1], h1.shape[2] + 2, h1.shape[3] + 2), np.float32)
            for i in range(3):
                for j in range(3):
                    gh[:, :, i : i + h1.shape[2], j : j + h1.shape[3]] += back[:, i, j].transpose(1, 0, 2, 3)
            g1 = unpool(gh[:, :, 1:-1, 1:-1], k1, z1)
            rows1 = g1.transpose(1, 0, 2, 3).reshape(len(w1), -1)
            for p, d in (
                (w1, (rows1 @ columns1.T).reshape(w1.shape)), (b1, rows1.sum(1)),
                (w2, (rows2 @ columns2.T).reshape(w2.shape)), (b2, rows2.sum(1)),
                (w3, g.T @ flat), (b3, g.sum(0)),
            ):  # fmt: skip
                p -= lr * d
            return loss

        return step


class Mnist(Digits):
    """MNIST CNN, 64×1×28×28, two convolutions with ReLU and max pooling, linear, cross-entropy, Adam."""

    side = 28


class Cifar(Digits):
    """CIFAR CNN, 32×3×32×32, two convolutions with ReLU and max pooling, linear, cross-entropy, Adam."""

    batch, channels, side = 32, (3, 16, 32), 32
