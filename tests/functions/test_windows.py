"""Windows of signal processing: NumPy's symmetric ones are the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

WINDOWS: dict[str, Any] = {
    "hann_window": np.hanning,
    "hamming_window": np.hamming,
    "blackman_window": np.blackman,
    "bartlett_window": np.bartlett,
    "kaiser_window": lambda n: np.kaiser(n, 12.0),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_symmetric_ones_are_numpys_and_periodic_ones_lack_their_last_sample(name: str) -> None:
    window, reference = getattr(tg, name), WINDOWS[name]
    for n in (0, 1, 2, 5, 8):
        assert window(n).shape == (n,) and window(n).dtype == tg.float32
        np.testing.assert_allclose(window(n, False, dtype=tg.float64).numpy(), reference(n), atol=1e-14)
        if n > 1:
            np.testing.assert_allclose(window(n, dtype=tg.float64).numpy(), reference(n + 1)[:-1], atol=1e-14)
    assert window(1).tolist() == [1] and window(3, requires_grad=True).requires_grad


def test_options() -> None:
    np.testing.assert_allclose(tg.hamming_window(4, True, 0.6, 0.4).numpy(), [0.2, 0.6, 1, 0.6], rtol=1e-6)
    np.testing.assert_allclose(tg.kaiser_window(5, False, beta=3.0).numpy(), np.kaiser(5, 3.0), rtol=1e-6)
    assert tg.hann_window(4, dtype=tg.float16).dtype == tg.float16 and tg.hann_window(tg.tensor(3)).shape == (3,)


@pytest.mark.parametrize("name", WINDOWS)
def test_what_is_no_window_is_refused(name: str) -> None:
    window = getattr(tg, name)
    with pytest.raises(RuntimeError, match=f"{name} requires non-negative window_length, got window_length=-1"):
        window(-1)
    with pytest.raises(RuntimeError, match=f"{name} expects floating point dtypes, got: int64"):
        window(3, dtype=tg.int64)
    with pytest.raises(TypeError, match="whole numbers"):
        window(2.5)
    with pytest.raises(RuntimeError, match="cuda"):
        window(2, device="cuda")
