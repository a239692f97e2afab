"""Views: for every primitive that makes one, writing through it is recorded, or refused with the remedy."""

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu.primitive import PRIMITIVES

# of a (2, 3) base: the view, and for each element of the base the factor that `view.mul_(10)` multiplies it with
VIEWS = {
    "reshape": (lambda x: x.reshape(3, 2), [[10, 10, 10], [10, 10, 10]]),
    "transpose": (lambda x: x.t()[1:], [[1, 10, 10], [1, 10, 10]]),
    "diagonal": (lambda x: x.diagonal(), [[10, 1, 1], [1, 10, 1]]),
    "getitem": (lambda x: x[1, ::2], [[1, 1, 1], [10, 1, 10]]),
}
OVERLAPPING = {
    "broadcast_to": lambda x: x.expand(4, 2, 3),
    "unfold": lambda x: x.unfold(1, 2, 1),
}
SEVERAL = {
    "split": lambda x: x.split(1)[0],
    "unbind": lambda x: x.unbind(0)[1],
}


def base():
    leaf = tg.tensor(np.arange(1.0, 7).reshape(2, 3), requires_grad=True)
    return leaf, leaf * 1.0


def test_every_view_primitive_has_a_case():
    views = {name for name, p in PRIMITIVES.items() if p.view}
    assert views == VIEWS.keys() | OVERLAPPING.keys() | SEVERAL.keys()


@pytest.mark.parametrize("name", VIEWS)
def test_writing_through_a_view_changes_the_base_and_its_gradient(name):
    make, factors = VIEWS[name]
    leaf, x = base()
    before, view = make(x), make(x)
    assert np.shares_memory(view._array, x._array)
    view.mul_(10.0)
    weights = np.arange(1.0, 7).reshape(2, 3)
    assert x.tolist() == (np.array(factors) * weights).tolist()
    assert before.tolist() == view.tolist()
    ((x * tg.tensor(weights)).sum() + before.sum()).backward()  # an older view sees the change, too
    in_view = np.array(factors) == 10
    np.testing.assert_allclose(leaf.grad.numpy(), np.array(factors) * weights + 10.0 * in_view)


@pytest.mark.parametrize("name", VIEWS)
def test_writing_to_the_base_changes_its_views_and_their_gradients(name):
    make, factors = VIEWS[name]
    leaf, x = base()
    view = make(x)
    x.mul_(leaf.detach())
    view.sum().backward()
    np.testing.assert_allclose(leaf.grad.numpy(), np.where(np.array(factors) == 10, leaf.detach().numpy(), 0))


@pytest.mark.parametrize("name", OVERLAPPING | SEVERAL)
def test_views_that_cannot_be_written_to_refuse_and_leave_everything_as_it_was(name):
    _, x = base()
    view = (OVERLAPPING | SEVERAL)[name](x)
    before, node = x.tolist(), x.grad_fn
    assert np.shares_memory(view._array, x._array)
    with pytest.raises(RuntimeError, match="clone"):
        view.mul_(10.0)
    assert x.tolist() == before
    assert x.grad_fn is node


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_of_a_leaf_is_written_to_under_no_grad_only(name):
    leaf, _ = base()
    view = VIEWS[name][0](leaf)
    with pytest.raises(RuntimeError, match="a view of a leaf"):
        view.zero_()
    with tg.no_grad():
        VIEWS[name][0](leaf).zero_()
    assert (leaf.detach().numpy() == 0).sum() == (np.array(VIEWS[name][1]) == 10).sum()


def test_a_reshape_that_had_to_copy_is_no_view():
    x = tg.ones(2, 3, requires_grad=True)
    a = x * 2
    b = a.t().reshape(6)
    b.mul_(10)
    assert a.tolist() == [[2, 2, 2], [2, 2, 2]]
    a.sum().backward()
    assert x.grad.tolist() == [[2, 2, 2], [2, 2, 2]]


@pytest.mark.parametrize(
    "f",
    [
        lambda v: v.exp(),
        lambda v: v * tg.tensor([2.0, 3.0, 5.0]).double(),
        lambda v: tg.tensor([2.0, 3.0, 5.0]).double() - v,
        lambda v: v @ tg.tensor([[2.0], [3.0], [5.0]]).double(),
        lambda v: tg.tensor([[2.0, 3.0, 5.0]]).double() @ v,
        lambda v: F.linear(tg.ones(1, 3).double(), tg.ones(3, 3).double(), v),
        lambda v: tg.where(tg.tensor([True, False, True]), v, v * v),
    ],
)
def test_whatever_reads_a_view_sees_that_its_base_has_been_changed(f):
    sees_the_change(f, 0)


@pytest.mark.parametrize(
    "f",
    [
        lambda v: v @ tg.tensor([[2.0], [3.0], [5.0]]).double(),
        lambda v: tg.tensor([[7.0]]).double() @ v,
        lambda v: F.linear(v, tg.tensor([[2.0, 3.0, 5.0]]).double(), tg.ones(1).double()),
        lambda v: F.linear(tg.tensor([[2.0, 3.0, 5.0]]).double(), v, tg.ones(1).double()),
        lambda v: F.mse_loss(v, tg.tensor([[2.0, 3.0, 5.0]]).double()),
    ],
)
def test_layers_that_read_a_view_see_that_its_base_has_been_changed(f):
    sees_the_change(f, slice(0, 1))


def sees_the_change(f, index):
    leaf, x = base()
    view = x[index]
    x.mul_(10.0)
    y = f(view)
    cotangent = tg.linspace(1, 2, y.numel(), dtype=tg.float64).reshape(y.shape)
    (found,) = tg.autograd.grad(y, leaf, cotangent)
    (expected,) = tg.autograd.grad(f(anew := (leaf * 10.0)[index]), leaf, cotangent)
    assert anew.tolist() == view.tolist()
    np.testing.assert_allclose(found.numpy(), expected.numpy())
