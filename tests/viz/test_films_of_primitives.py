"""A film of every primitive in the table: each step, computed again from the recorded numbers, gives the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gradients.harness import cotangents, leaves, outputs
from tests.gradients.test_gradients import CASES
from tinygrad_edu import autograd, viz
from tinygrad_edu.primitive import wrap


@pytest.mark.parametrize("name", sorted(CASES))
@settings(max_examples=3)
@given(data=st.data(), recorded=st.booleans(), dtype=st.sampled_from([np.float32, np.float64]))
def test_a_film_of(name: str, data: Any, recorded: bool, dtype: Any) -> None:
    call = data.draw(CASES[name])
    xs = leaves(call, dtype)
    with np.errstate(all="ignore"), viz.record() as film:
        ys = outputs(call, xs)
        given = [wrap(v.astype(y._array.dtype)) for v, y in zip(cotangents(ys), ys, strict=True)]
        autograd.backward(ys, given, create_graph=recorded)
    assert film.verify() == len(film) > 1
    for x in xs:
        x._grad = None  # with create_graph it refers to its leaf
