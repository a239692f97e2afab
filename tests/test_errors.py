"""Errors of the engine itself say what does not fit, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    "f", [lambda a, b: a + b, lambda a, b: tg.maximum(a, b), lambda a, b: tg.lerp(a, b, 0.5), lambda a, b: a**b]
)
def test_shapes_that_do_not_broadcast_are_named_with_the_rule(f: Callable[..., object]) -> None:
    with pytest.raises(RuntimeError, match=r"\(2, 3\) and \(2,\).*from the last dimension"):
        f(tg.ones(2, 3), tg.ones(2))
