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


def test_vmap_takes_and_gives_nested_dimensions_and_named_tuples() -> None:
    x, y = tg.arange(6.0).reshape(2, 3), tg.arange(3.0)
    assert tg.vmap(lambda p: p["a"] * p["b"], in_dims=({"a": 0, "b": None},))({"a": x, "b": y}).equal(x * y)
    assert tg.vmap(lambda p: p[0] * p[1], in_dims=((1, 0),))((x, y)).equal((x * y).T)
    values, indices = largest = tg.vmap(lambda row: tg.max(row, 0), out_dims=0)(x)
    assert values.tolist() == [2, 5] and indices.tolist() == [2, 2] and largest.values is values
    both, same = tg.vmap(lambda a, b: (a + b, b), in_dims=(0, None), out_dims=(1, None))(x, y)
    assert both.equal((x + y).T) and same.equal(y)
    assert tg.vmap(lambda a: {"s": a}, out_dims={"s": 1})(x)["s"].equal(x.T)


def test_gradients_pass_through_vmap() -> None:
    x = tg.arange(3.0, requires_grad=True)
    tg.vmap(lambda a: a**2)(x).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [0, 2, 4]


def test_models_are_stacked() -> None:
    models = [tg.nn.BatchNorm1d(2).requires_grad_(k < 0) for k in range(3)]
    models[1].running_mean.fill_(5.0)
    params, buffers = tg.func.stack_module_state(models)
    assert list(params) == ["weight", "bias"] and params["weight"].shape == (3, 2) and params["bias"].is_leaf
    assert buffers["running_mean"].tolist() == [[0, 0], [5, 5], [0, 0]] and not params["weight"].requires_grad
    layers = [tg.nn.Linear(1, 1), tg.nn.Linear(1, 1)]
    assert tg.func.stack_module_state(layers)[0]["weight"].requires_grad
    with pytest.raises(RuntimeError, match="at least one"):
        tg.func.stack_module_state([])
    with pytest.raises(RuntimeError, match="same class"):
        tg.func.stack_module_state([layers[0], models[0]])
    with pytest.raises(RuntimeError, match="training"):
        tg.func.stack_module_state([layers[0], layers[1].eval()])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: tg.vmap(tg.add)(x, tg.ones(2)), "same size in the mapped dimension"),
        (lambda x: tg.vmap(tg.sum, in_dims=None)(x), "nothing is mapped over"),
        (lambda x: tg.vmap(tg.sum, in_dims=(0, 0))(x), "2 entries, but there are 1 arguments"),
        (lambda x: tg.vmap(tg.sum, in_dims=1)(x), "dimension 1 is to be mapped over"),
        (lambda x: tg.vmap(lambda a: 3)(x), "must only return Tensors"),
        (lambda x: tg.vmap(tg.sum)(x[:0]), "size 0"),
        (
            lambda x: tg.vmap(tg.sum, in_dims=((0, 0),))(x),
            r"in_dims has \(0, 0\) where there is a tensor of shape \(3,\)",
        ),
        (lambda x: tg.vmap(tg.stack, in_dims=((0,),))([x, x]), "in_dims has .* a list of 2"),
        (lambda x: tg.vmap(tg.sum, in_dims=({"a": 0},))({"b": x}), "in_dims has .* a dict of 1"),
        (lambda x: tg.vmap(lambda a: (a, a), out_dims=(0,))(x), "out_dims has .* a tuple of 2"),
        (lambda x: tg.vmap(tg.exp, out_dims=(0, 1))(x), "out_dims has .* a tensor"),
    ],
)
def test_vmap_refuses(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(tg.ones(3))
