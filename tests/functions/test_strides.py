"""Windows laid over memory, and positions in it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import tinygrad_edu as tg


def test_windows_laid_over_memory() -> None:
    x = tg.arange(9.0, dtype=tg.float64, requires_grad=True)
    windows = tg.as_strided(x, (2, 2, 2, 2), (3, 1, 3, 1))
    want = np.lib.stride_tricks.sliding_window_view(np.arange(9.0).reshape(3, 3), (2, 2))
    assert_array_equal(windows.detach().numpy(), want)
    assert tg.autograd.gradcheck(lambda x: x.as_strided((2, 3), (2, 1), 1), (x,))
    assert tg.arange(3).as_strided((), (), 2).item() == 2 and tg.arange(3).as_strided((0, 2), (1, 1)).shape == (0, 2)
    for size, stride, offset in (((2, 2), (1,), 0), ((2, -1), (1, 1), 0), ((5,), (2,), 1), ((2,), (1,), -1)):
        with pytest.raises(RuntimeError, match="as_strided"):
            tg.arange(9).as_strided(size, stride, offset)
    with pytest.raises(RuntimeError, match="contiguous"):
        tg.ones(2, 3).t().as_strided((2,), (1,))
    with pytest.raises(RuntimeError, match="cannot be written to"):  # which would not reach x
        tg.ones(4).as_strided((2,), (2,)).zero_()


def test_positions_become_indices() -> None:
    rows, columns = tg.unravel_index(tg.tensor([1, 5]), (2, 3))
    assert rows.tolist() == [0, 1] and columns.tolist() == [1, 2] and tg.unravel_index(tg.tensor(3), 5)[0].item() == 3
    with pytest.raises(ValueError, match="out of bounds"):
        tg.unravel_index(tg.tensor(6), (2, 3))
    with pytest.raises(ValueError, match="integer dtype"):
        tg.unravel_index(tg.tensor(1.0), (2, 3))
