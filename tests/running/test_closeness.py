"""`torch.testing.assert_close` passes what is close, and says where what is not differs most."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.running.closeness import assert_allclose, assert_close


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.0 + 1e-6])),
        (tg.tensor([1, 2]), tg.tensor([1, 2])),
        (1.0, 1.0 + 1e-9),
        ([tg.zeros(2), 1], [tg.zeros(2), 1]),
        ({"a": tg.zeros(1)}, {"a": tg.zeros(1)}),
        (np.zeros(2), np.zeros(2)),
        (tg.tensor([math.inf]), tg.tensor([math.inf])),
        (tg.zeros(0, 3), tg.zeros(0, 3)),
    ],
    ids=str,
)
def test_what_is_close_passes(actual: Any, expected: Any) -> None:
    assert_close(actual, expected)


@pytest.mark.parametrize(
    ("actual", "expected", "said"),
    [
        (tg.tensor([1.0, 2.0]), tg.tensor([1.0, 2.5]), r"1 / 2 \(50.0%\)\nGreatest absolute difference: 0.5 at index"),
        (tg.zeros(2), tg.zeros(3), "'shape' do not match"),
        (tg.zeros(2), tg.zeros(2).double(), "'dtype' do not match: float32 != float64"),
        (tg.tensor([math.nan]), tg.tensor([math.nan]), "not close"),
        (1.0, 2.0, "Scalars are not close!\n\nExpected 2.0 but got 1.0."),
        ([1, 2], [1, 3], r"item \[1\]"),
        ([1, 2], [1], "length of the sequences"),
        ({"a": 1}, {"b": 1}, "keys"),
        ({"a": 1}, {"a": 2}, r"item \['a'\]"),
    ],
    ids=str,
)
def test_what_is_not_is_told(actual: Any, expected: Any, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        assert_close(actual, expected)


def test_options() -> None:
    assert_close(tg.tensor([1.0]), tg.tensor([1.5]), rtol=0, atol=1)
    assert_close(tg.tensor([math.nan]), tg.tensor([math.nan]), equal_nan=True)
    assert_close(tg.zeros(1), tg.zeros(1).double(), check_dtype=False)
    assert_allclose(tg.zeros(1), np.zeros(1))
    with pytest.raises(AssertionError, match=r"^mine$"):
        assert_close(1.0, 2.0, msg="mine")
    with pytest.raises(AssertionError, match="mine: Scalars"):
        assert_close(1.0, 2.0, msg=lambda said: f"mine: {said}")
    with pytest.raises(ValueError, match="both be either specified"):
        assert_close(1.0, 2.0, rtol=1)
    with pytest.raises(TypeError, match="No comparison pair"):
        assert_close(tg.zeros(1), np.zeros(1))
