"""Bad calls of `backward`, `grad` and their like: each an error of its own, after which all is as before."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd

B = np.array([1.0, 2.0, 3.0])


def other():
    return tg.tensor(B, requires_grad=True)


CASES = {
    "not a scalar": (lambda a: (a * 2).backward(), RuntimeError, r"only for scalar.*shape \(3,\)"),
    "grad of what is not a scalar": (lambda a: autograd.grad(a * 2, a), RuntimeError, r"only for scalar.*shape \(3,\)"),
    "no graph": (lambda a: a.detach().sum().backward(), RuntimeError, "element 0 of tensors .*requires_grad=True"),
    "one of two without a graph": (
        lambda a: autograd.backward([a.sum(), a.detach().sum()]), RuntimeError, "element 1 of tensors",
    ),
    "the cotangent's shape": (
        lambda a: (a * 2).backward(tg.tensor([1.0])), RuntimeError, r"shape \(1,\), the output has shape\s\(3,\)",
    ),
    "the cotangent's kind": (lambda a: (a * 2).backward("ones"), TypeError, "expected a Tensor, an array"),
    "too few cotangents": (
        lambda a: autograd.backward([a.sum(), a.sum()], [tg.tensor(1.0)]), RuntimeError, "2 outputs but 1 gradients",
    ),
    "no tensor": (lambda a: autograd.backward(3.0), TypeError, "expected Tensors, got float"),
    "an input that requires no grad": (lambda a: autograd.grad(a.sum(), tg.tensor(B)), RuntimeError, "not require"),
    "an input that is no tensor": (lambda a: autograd.grad(a.sum(), B), RuntimeError, "no Tensor"),
    "an unused input": (lambda a: autograd.grad(a.sum(), other()), RuntimeError, r"input 0 .*\(3,\)\) was not used"),
    "inputs of backward": (lambda a: a.sum().backward(inputs=tg.tensor(B)), RuntimeError, "does not require grad"),
    "a leaf changed in place": (lambda a: a.add_(1), RuntimeError, r"a leaf Variable that requires grad.*no_grad"),
    "a view of a leaf changed in place": (lambda a: a[1:].mul_(2), RuntimeError, r"a view of a leaf.*no_grad"),
    "a gradient of another shape": (lambda a: setattr(a, "grad", tg.tensor([1.0])), RuntimeError, r"\(3,\).* \(1,\)"),
    "a gradient of another dtype": (
        lambda a: setattr(a, "grad", tg.tensor([1.0, 2.0, 3.0])), RuntimeError, "float64, not .*float32",
    ),
    "a gradient that is no tensor": (lambda a: setattr(a, "grad", B), TypeError, "must be a Tensor or None"),
    "requires_grad on integers": (
        lambda a: tg.tensor([1, 2]).requires_grad_(), RuntimeError, r"only Tensors of floating point.*x.float\(\)",
    ),
    "requires_grad off on a result": (lambda a: (a * 2).requires_grad_(False), RuntimeError, r"leaves only.*detach"),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_an_error_of_its_own_and_nothing_changed(what):
    act, kind, said = CASES[what]
    a = tg.tensor(B, requires_grad=True)
    (a * a).sum().backward()
    before = a.grad
    with pytest.raises(kind, match=said):
        act(a)
    assert a.tolist() == B.tolist()
    assert a.grad is before
    assert before.tolist() == [2, 4, 6]
    assert a.requires_grad
    assert tg.is_grad_enabled()
    (a * a).sum().backward()
    assert a.grad.tolist() == [4, 8, 12]


def test_a_rule_that_returns_another_shape_is_named():
    bad = tg.rule(lambda x: x * 2, lambda g: g[:1], name="bad")
    try:
        a = tg.tensor(np.ones((3, 2)), requires_grad=True)
        with pytest.raises(RuntimeError, match=r"a rule of bad gave a cotangent of shape \(1, 2\) for .* \(3, 2\)"):
            bad(a).sum().backward()
        assert a.grad is None
    finally:
        tg.primitive.__globals__["PRIMITIVES"].pop("bad")


@pytest.mark.parametrize(("returned", "said"), [(None, "None"), (2.0, "a float"), ([1.0], "a list")])
def test_a_rule_that_returns_no_array_is_named(returned, said):
    try:
        bad = tg.rule(lambda x: x * 2, lambda g: returned, name="bad")
        a = tg.tensor(1.0, requires_grad=True)
        with pytest.raises(TypeError, match=f"a rule of bad gave {said}, not an array"):
            bad(a).backward()
        worse = tg.rule(lambda x: x * 2, lambda g: g.nothing, name="bad")  # whose own error it stays
        with pytest.raises(AttributeError, match="nothing"):
            worse(a).backward()
        assert a.grad is None
    finally:
        tg.primitive.__globals__["PRIMITIVES"].pop("bad")


def test_an_error_in_a_rule_leaves_grad_mode_and_gradients_as_they_were():
    def fails(g):
        raise KeyError("in the rule")

    bad = tg.rule(lambda x: x * 2, fails, name="bad")
    try:
        a = tg.tensor(B, requires_grad=True)
        for create_graph in (False, True):
            with tg.no_grad(), pytest.raises(KeyError):
                with tg.enable_grad():
                    y = bad(a).sum()
                y.backward(create_graph=create_graph)
            assert a.grad is None
            assert tg.is_grad_enabled()
    finally:
        tg.primitive.__globals__["PRIMITIVES"].pop("bad")


def test_data_of_another_shape_makes_old_gradients_and_graphs_an_error_and_changes_nothing():
    a, b = tg.ones(2, requires_grad=True), tg.ones(3, requires_grad=True)
    ((a * 2).sum() + (b * 2).sum()).backward()
    a.data = tg.ones(6)
    with pytest.raises(RuntimeError, match=r"\(6,\), but the leaf still has a \.grad of shape \(2,\).*x.grad = None"):
        ((b * 2).sum() + (a * 2).sum()).backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([2, 2], [2, 2, 2])
    a.grad = None
    y = (b * 2).sum() + (a * 2).sum()
    a.data = tg.ones(5)
    with pytest.raises(RuntimeError, match=r"shape \(6,\), but the leaf has shape \(5,\) now"):
        y.backward()
    assert a.grad is None
    assert b.grad.tolist() == [2, 2, 2]


def test_the_grad_of_a_computed_tensor_warns_unless_it_is_kept():
    w = tg.ones(2, requires_grad=True)
    assert w.grad is None
    assert (w * 2).detach().grad is None
    kept = w * 2
    kept.retain_grad()
    assert kept.grad is None
    kept.sum().backward()
    assert kept.grad.tolist() == [1, 1]
    with pytest.warns(UserWarning, match=r"not a leaf: .*computed \(by subtract\).*retain_grad\(\).*no_grad\(\)"):
        assert (w - 0.1 * w.grad).grad is None
