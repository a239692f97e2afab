"""pdist is the distance of every pair of rows."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu.autograd import gradcheck


@given(st.integers(0, 5), st.integers(1, 3), st.sampled_from([0.0, 1.0, 2.0, 3.0, math.inf]))
def test_pdist(n, size, p):
    x = np.random.default_rng(n).standard_normal((n, size))
    pairs = [np.linalg.norm(x[i] - x[j], p) for i, j in itertools.combinations(range(n), 2)]
    np.testing.assert_allclose(F.pdist(tg.tensor(x), p).numpy(), np.array(pairs), rtol=1e-12)
    if n > 1 and p:
        assert gradcheck(lambda x: F.pdist(x, p), (tg.tensor(x, requires_grad=True),))


BAD = [
    (lambda: F.pdist(tg.zeros(3)), RuntimeError, "pdist only supports 2D tensors, got: 1D"),
    (lambda: F.pdist(tg.zeros(3, 2), -1), RuntimeError, "pdist only supports non-negative p values, got -1"),
    (lambda: F.pdist(tg.zeros(3, 2).long()), RuntimeError, "pdist only supports floating-point dtypes, got int64"),
]


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()
