"""Mixed precision is not there, and says so where a program would notice."""

import warnings

import pytest

import tinygrad_edu as tg


def test_autocast_warns_where_pytorch_would_compute_in_another_dtype():
    with pytest.warns(UserWarning, match="no mixed precision here"), tg.autocast("cpu", dtype=None):
        assert (tg.ones(2) @ tg.ones(2)).dtype == tg.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for context in (tg.autocast("cpu", enabled=False), tg.autocast("cuda"), tg.amp.autocast("cuda", enabled=True)):
            with context:
                assert not tg.is_autocast_enabled() and not tg.is_autocast_enabled("cpu")
