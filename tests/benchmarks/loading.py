"""An epoch of batches: the loader's, and the slicing loop that one writes by hand without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.pairs import report

Step = Callable[[], object]
ROWS, BATCH = 10_000, 32


class Epoch:
    """10,000 rows of 20 numbers and a class, in batches of 32."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.x = rng.standard_normal((ROWS, 20)).astype(np.float32)
        self.y = rng.integers(0, 10, ROWS)

    def loader(self, lib: Any, shuffle: bool) -> Step:
        """The loop with a DataLoader, of `tinygrad_edu` or `torch` as `lib`."""
        data = lib.utils.data.TensorDataset(lib.from_numpy(self.x), lib.from_numpy(self.y))
        batches = lib.utils.data.DataLoader(data, BATCH, shuffle)

        def epoch() -> None:
            for _x, _y in batches:
                pass

        return epoch

    def slices(self, lib: Any) -> Step:
        """In order, with slices of tensors."""
        x, y = lib.from_numpy(self.x), lib.from_numpy(self.y)

        def epoch() -> None:
            for k in range(0, ROWS, BATCH):
                _x, _y = x[k : k + BATCH], y[k : k + BATCH]

        return epoch

    def copies(self) -> Step:
        """In order, with copied slices of arrays."""
        x, y = self.x, self.y

        def epoch() -> None:
            for k in range(0, ROWS, BATCH):
                _x, _y = x[k : k + BATCH].copy(), y[k : k + BATCH].copy()

        return epoch

    def shuffled(self) -> Step:
        """In random order, with rows of arrays."""
        x, y, rng = self.x, self.y, np.random.default_rng(0)

        def epoch() -> None:
            order = rng.permutation(ROWS)
            for k in range(0, ROWS, BATCH):
                rows = order[k : k + BATCH]
                _x, _y = x[rows], y[rows]

        return epoch


def loading(lib: Any, torch: Any, pairs: int) -> None:
    """Print the lines about data."""
    epoch = Epoch()
    report("epoch in order: over slices of tensors by hand", epoch.loader(lib, False), epoch.slices(lib), pairs, 1)
    report("epoch in order: over copied slices of arrays", epoch.loader(lib, False), epoch.copies(), pairs, 1)
    report("epoch in random order: over rows of arrays by hand", epoch.loader(lib, True), epoch.shuffled(), pairs, 1)
    if torch:
        report(
            "epoch in random order: over PyTorch", epoch.loader(lib, True), epoch.loader(torch, True), pairs // 20, 1
        )
