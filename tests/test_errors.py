"""Errors of the engine itself say what does not fit, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    "f", [lambda a, b: a + b, lambda a, b: tg.maximum(a, b), lambda a, b: tg.lerp(a, b, 0.5), lambda a, b: a**b]
)
def test_shapes_that_do_not_broadcast_are_named_with_the_rule(f: Callable[..., object]) -> None:
    with pytest.raises(RuntimeError, match=r"\(2, 3\) and \(2,\).*from the last dimension"):
        f(tg.ones(2, 3), tg.ones(2))


def test_functions_of_python_numbers_alone_give_tensors() -> None:
    for f in (tg.exp, tg.log, tg.sqrt, tg.sin):
        for x in (2.0, 2, True):
            y = f(x)
            assert type(y._array) is np.ndarray and y.shape == () and y.dtype == tg.float32
    assert repr(tg.exp(2.0)) == "tensor(7.3891)"
    assert tg.atan2(1.0, 2).tolist() == pytest.approx(0.4636476)
