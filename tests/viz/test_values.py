"""Arrays in few words."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_edu.viz.values import bad, number, short


@pytest.mark.parametrize(
    ("a", "words"),
    [
        (np.array(3.0), "3"),
        (np.array([-0.123456]), "−0.1235"),
        (np.array([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]"),
        (np.array([True, False]), "[True, False]"),
        (np.zeros((0, 3)), "empty"),
        (np.arange(100.0), "0 … 99, mean 49.5"),
        (np.full(50, 2.5), "all 2.5"),
        (np.array([1.0, np.nan] * 5), "all 1, 5 NaN"),
        (np.array([1.0, 2.0, np.inf, -np.inf] * 5), "1 … 2, mean 1.5, 10 infinite"),
        (np.full(9, np.nan), "9 NaN"),
        (np.ones(2_000_000), "all 1"),
        (2.5, "2.5"),
        (np.float32(2.5), "2.5"),
        (True, "True"),
        ("text", None),
        (np.array(["text"]), None),
    ],
)
def test_short(a, words):
    assert short(a) == words


def test_many_numbers_are_looked_at_in_part():
    assert short(np.arange(3_000_000.0)).startswith("about 0 … ")


@pytest.mark.parametrize(
    ("a", "found"),
    [
        (np.array([1.0, np.nan, np.inf]), "nan"),
        (np.array([1.0, np.inf]), "inf"),
        (np.array([np.inf, -np.inf]), "inf"),
        (np.full(3, 1e308), None),  # whose sum is infinite
        (np.full(9, 6e4, np.float16), None),
        (np.array([1, 2]), None),
        (float("nan"), "nan"),
        (1.0, None),
        (None, None),
    ],
)
def test_bad(a, found):
    assert bad(a) == found


def test_numbers_have_real_signs():
    assert (number(-1e-9), number(float("inf")), number(float("nan")), number(-3)) == ("−1e−09", "∞", "NaN", "−3")
