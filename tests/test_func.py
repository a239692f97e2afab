"""vmap: the function at every element of a dimension, its gradients, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

import tinygrad_edu as tg


def test_vmap_maps_over_any_dimension() -> None:
    x, y = tg.arange(6.0).reshape(2, 3), tg.arange(3.0)
    assert tg.vmap(lambda a: a * 2)(x).tolist() == (x * 2).tolist()
    assert tg.vmap(tg.dot, in_dims=(0, None))(x, y).tolist() == (x @ y).tolist()
    assert tg.vmap(tg.sum, in_dims=1)(x).tolist() == x.sum(0).tolist()
    assert tg.vmap(lambda a: a, out_dims=1)(x).tolist() == x.T.tolist()
    pair = tg.vmap(lambda a: (a, {"s": a.sum()}))(x)
    assert pair[0].tolist() == x.tolist() and pair[1]["s"].tolist() == x.sum(1).tolist()
    assert tg.vmap(tg.vmap(lambda a, b: a * b), in_dims=(0, None))(x, y).tolist() == (x * y).tolist()
    assert tg.vmap(lambda p: p["w"] * p["b"])({"w": y, "b": y}).tolist() == (y * y).tolist()
    assert tg.vmap(lambda a, *, k: a + k)(y, k=y).tolist() == (y + y).tolist()


def test_gradients_pass_through_vmap() -> None:
    x = tg.arange(3.0, requires_grad=True)
    tg.vmap(lambda a: a**2)(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: tg.vmap(tg.add)(x, tg.ones(2)), "same size in the mapped dimension"),
        (lambda x: tg.vmap(tg.sum, in_dims=None)(x), "nothing is mapped over"),
        (lambda x: tg.vmap(tg.sum, in_dims=(0, 0))(x), "2 entries, but there are 1 arguments"),
        (lambda x: tg.vmap(tg.sum, in_dims=1)(x), "dimension 1 is to be mapped over"),
        (lambda x: tg.vmap(lambda a: 3)(x), "must only return Tensors"),
        (lambda x: tg.vmap(tg.sum)(x[:0]), "size 0"),
    ],
)
def test_vmap_refuses(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(tg.ones(3))
