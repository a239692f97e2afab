"""tg.gradient: NumPy's is the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.autograd import gradcheck

rng = np.random.default_rng(0)
A = rng.standard_normal((3, 4, 5))
PLACES = tuple(np.cumsum(rng.uniform(0.5, 2, n)) for n in A.shape)
X = tg.from_numpy(A)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_slopes_are_numpys(edge_order: int) -> None:
    tensors = tuple(map(tg.from_numpy, PLACES))
    for spacing, theirs in ((None, ()), (0.5, (0.5,)), ([2, 3.0, 0.1], (2, 3.0, 0.1)), (tensors, PLACES)):
        ours = tg.gradient(X, spacing=spacing, edge_order=edge_order)
        expected = np.gradient(A, *theirs, edge_order=edge_order)
        assert len(ours) == 3
        for y, z in zip(ours, expected, strict=True):
            np.testing.assert_allclose(y.numpy(), z, rtol=1e-12, atol=1e-12)
    for dim in (1, (0,), (2, -3), ()):
        ours = tg.gradient(X, dim=dim, edge_order=edge_order)
        expected = [np.gradient(A, axis=d, edge_order=edge_order) for d in (dim if isinstance(dim, tuple) else (dim,))]
        for y, z in zip(ours, expected, strict=True):
            np.testing.assert_allclose(y.numpy(), z, rtol=1e-12, atol=1e-12)
    y, z = tg.gradient(X, spacing=[tensors[2], tensors[0]], dim=(2, 0), edge_order=edge_order)
    np.testing.assert_allclose(y.numpy(), np.gradient(A, PLACES[2], axis=2, edge_order=edge_order), atol=1e-12)
    np.testing.assert_allclose(z.numpy(), np.gradient(A, PLACES[0], axis=0, edge_order=edge_order), atol=1e-12)


def test_dtypes_stay_and_whole_numbers_become_floats() -> None:
    for y in (tg.gradient(X.float())[0], tg.gradient(X.float()[0, 0], spacing=(tg.from_numpy(PLACES[2]),))[0]):
        assert y.dtype == tg.float32
    (y,) = tg.gradient(tg.arange(3) ** 2)
    assert y.dtype == tg.float32 and y.tolist() == [1, 2, 3]
    assert tg.gradient(tg.tensor([1.0, 4.0]), spacing=tg.tensor(2.0))[0].tolist() == [1.5, 1.5]


def test_slopes_have_derivatives() -> None:
    x, places = tg.tensor(A[0], requires_grad=True), (tg.from_numpy(PLACES[1]), tg.from_numpy(PLACES[2]))
    for edge_order in (1, 2):
        assert gradcheck(lambda x: tg.gradient(x, spacing=places, edge_order=edge_order), (x,))  # noqa: B023
        assert gradcheck(lambda x: tg.gradient(x, spacing=0.5, edge_order=edge_order), (x,))  # noqa: B023


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: tg.gradient(X, edge_order=3), RuntimeError, "only supports edge_order=1 and edge_order=2"),
        (lambda: tg.gradient(X[:1]), RuntimeError, r"at least edge_order\+1"),
        (lambda: tg.gradient(X[:2], edge_order=2), RuntimeError, r"at least edge_order\+1"),
        (lambda: tg.gradient(X, spacing=[1.0, 2.0]), RuntimeError, "since dim argument was not given, but got a list"),
        (lambda: tg.gradient(X, spacing=[1.0], dim=(0, 1)), RuntimeError, "spacing and dim arguments to have the same"),
        (lambda: tg.gradient(X, spacing=tg.ones(3)), TypeError, r"in a tuple, one tensor for each dimension"),
        (lambda: tg.gradient(X, spacing=(tg.ones(2),), dim=0), RuntimeError, r"size of its dimension, 3"),
        (lambda: tg.gradient(X, dim=3), IndexError, "Dimension out of range"),
        (lambda: tg.gradient(X, dim=(0, 0)), RuntimeError, "named twice"),
    ],
)
def test_bad_arguments_say_why(call: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
