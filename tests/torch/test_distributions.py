"""Distributions agree with PyTorch's: densities, entropies, divergences, what prints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import distributions as ours

torch = pytest.importorskip("torch")
theirs = torch.distributions


def _pair(name: str, *arrays: Any, **named: Any) -> tuple[Any, Any]:
    def given(make: Any) -> Any:
        return getattr(make[1], name)(
            *(make[0](np.asarray(a)) for a in arrays), **{k: make[0](np.asarray(a)) for k, a in named.items()}
        )

    return given((tg.tensor, ours)), given((torch.tensor, theirs))


L = np.array([[1.0, 0.0], [0.5, 2.0]])
CASES = [
    ("Normal", ([0.5, -1.0], [1.0, 2.0]), {}, [0.3, 4.0]),
    ("Uniform", ([0.0, -1.0], [1.0, 2.0]), {}, [0.3, 1.0]),
    ("Exponential", ([0.5, 3.0],), {}, [0.3, 1.0]),
    ("Poisson", ([0.5, 3.0],), {}, [2.0, 1.0]),
    ("Bernoulli", ([0.5, 0.1],), {}, [1.0, 0.0]),
    ("Bernoulli", (), {"logits": [0.5, -3.0]}, [1.0, 0.0]),
    ("Categorical", ([[0.5, 1.5, 2.0], [1.0, 0.0, 1.0]],), {}, [2, 0]),
    ("Categorical", (), {"logits": [0.5, -3.0, 1.0]}, [[0, 1], [2, 2]]),
    ("MultivariateNormal", ([0.5, -1.0],), {"scale_tril": L}, [0.3, 1.0]),
    ("MultivariateNormal", ([0.5, -1.0],), {"covariance_matrix": L @ L.T}, [[0.3, 1.0], [0.0, 0.0]]),
    ("MultivariateNormal", ([0.5, -1.0],), {"precision_matrix": L @ L.T}, [0.3, 1.0]),
]


@pytest.mark.parametrize(("name", "arrays", "named", "value"), CASES)
def test_log_probabilities_and_moments(name: str, arrays: Any, named: Any, value: Any) -> None:
    mine, other = _pair(name, *arrays, **named)
    if "Multi" not in name:
        assert repr(mine) == repr(other).replace("torch.", "")
    np.testing.assert_allclose(mine.log_prob(tg.tensor(np.array(value))), other.log_prob(torch.tensor(np.array(value))))
    assert (tuple(mine.batch_shape), tuple(mine.event_shape)) == (tuple(other.batch_shape), tuple(other.event_shape))
    for what in ("entropy", "mean", "variance", "stddev"):
        if (name == "Categorical" and what != "entropy") or (name, what) == ("Poisson", "entropy"):
            continue
        a, b = getattr(mine, what), getattr(other, what)
        np.testing.assert_allclose(a() if what == "entropy" else a, b() if what == "entropy" else b, rtol=1e-12)
    tg.manual_seed(0)
    for shape in ((), (3,), (2, 3)):
        assert tuple(mine.sample(shape).shape) == tuple(other.sample(shape).shape)
        assert mine.sample(shape).dtype == str(other.sample(shape).dtype).removeprefix("torch.")


@pytest.mark.parametrize(
    ("name", "p", "q"),
    [
        ("Normal", ([0.0, 1.0], [1.0, 2.0]), ([0.5, 0.5], [3.0, 0.1])),
        ("Bernoulli", ([0.25, 0.5],), ([0.5, 0.9],)),
        ("Categorical", ([0.25, 0.75],), ([0.5, 0.5],)),
    ],
)
def test_divergences(name: str, p: Any, q: Any) -> None:
    (mine, other), (mine2, other2) = _pair(name, *p), _pair(name, *q)
    np.testing.assert_allclose(ours.kl_divergence(mine, mine2), theirs.kl_divergence(other, other2))
    if name == "Normal":
        a, b = ours.Independent(mine, 1), theirs.Independent(other, 1)
        np.testing.assert_allclose(a.log_prob(tg.ones(2)), b.log_prob(torch.ones(2)))
        np.testing.assert_allclose(a.entropy(), b.entropy())
