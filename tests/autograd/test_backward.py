"""What `backward` and `grad` promise."""

import gc
import weakref
from collections import deque

import numpy as np
import pytest
from hypothesis import given

import tinygrad_edu as tg
from tinygrad_edu import autograd, testing


def leaf(*values: float, shape=None):
    a = np.array(values, float)
    return tg.tensor(a.reshape(shape) if shape is not None else a, requires_grad=True)


def scalar(value: float):
    return tg.tensor(np.array(float(value)), requires_grad=True)


def test_a_cotangent_is_complete_before_it_is_passed_on():
    a = scalar(1.0)
    b = a + a
    (b + b).backward()
    assert a.grad.item() == 4


def test_a_tensor_used_by_younger_and_older_calls_gets_all_of_its_gradient():
    a = scalar(3.0)
    early = a * 2
    late = early * a + early  # 2a² + 2a
    (late * early).backward()  # (2a² + 2a)·2a = 4a³ + 4a²
    assert a.grad.item() == 12 * 9 + 8 * 3


def test_gradients_accumulate_over_passes_into_the_same_tensor():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (3 * x).sum().backward()
    assert x.grad is first
    assert x.grad.tolist() == [5, 7]


def test_a_gradient_assigned_by_the_user_is_not_changed_in_place():
    x, mine = leaf(1.0, 2.0), tg.tensor(np.array([10.0, 20.0]))
    x.grad = mine
    (x * x).sum().backward()
    assert mine.tolist() == [10, 20]
    assert x.grad.tolist() == [12, 24]


def test_a_second_pass_needs_retain_graph_and_says_so_without_touching_gradients():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match=r"second time: what multiply saved.*retain_graph=True"):
        y.backward()
    assert x.grad.tolist() == [2, 4]


def test_a_second_pass_works_where_nothing_saved_is_needed():
    x = leaf(1.0, 2.0)
    y = (x + x).sum()
    y.backward()
    y.backward()
    assert x.grad.tolist() == [4, 4]


def test_retain_graph_allows_any_number_of_passes():
    x = leaf(1.0, 2.0)
    y = (x * x).sum()
    for _ in range(3):
        y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8, 16]


def test_a_shared_part_released_by_one_loss_is_an_error_for_the_other():
    x = leaf(1.0, 2.0)
    shared = x * x
    first, second = shared.sum(), (shared * shared).sum()
    first.backward()
    with pytest.raises(RuntimeError, match="second time: what multiply saved"):
        second.backward()
    assert x.grad.tolist() == [2, 4]


@pytest.mark.parametrize("shape", [(2,), (0,), (1, 2)])
def test_backward_from_more_than_one_number_needs_a_cotangent(shape):
    x = tg.tensor(np.ones(shape), requires_grad=True)
    with pytest.raises(RuntimeError, match=r"only for scalar outputs.*shape \(.*loss.mean\(\)"):
        (x * 2).backward()
    assert x.grad is None


def test_one_element_of_any_shape_needs_no_cotangent():
    x = leaf(3.0, shape=(1, 1))
    (x * x).backward()
    assert x.grad.tolist() == [[6]]


def test_the_cotangent_weighs_the_outputs():
    x = leaf(1.0, 2.0)
    (x * x).backward(tg.tensor(np.array([1.0, 10.0])))
    assert x.grad.tolist() == [2, 40]


def test_several_outputs_at_once_count_each_path_once():
    x = leaf(1.0, 2.0)
    y = x * x
    autograd.backward([y.sum(), (y * y).sum()])
    assert x.grad.tolist() == [2 + 4, 4 + 32]


def test_what_lies_behind_the_inputs_is_neither_run_nor_released():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    h = x.exp()
    h.register_hook(lambda g: g * 10)
    (g,) = autograd.grad((h * y).sum(), h)
    assert g.tolist() == [30, 40]
    (h * 2).sum().backward()  # needs what exp has saved
    np.testing.assert_allclose(x.grad.numpy(), 20 * np.exp([1.0, 2.0]))
    loss = (y * y).sum()
    loss.backward()
    loss.backward(inputs=[x])  # which the loss does not depend on: nothing that was released is needed
    assert autograd.grad(loss, x, allow_unused=True) == (None,)


def test_gradients_of_a_tensor_and_of_what_it_was_computed_from():
    x = leaf(1.0, 2.0)
    h = x**2
    of_h, of_x = autograd.grad((h * h * tg.tensor([1.0, 10.0])).sum(), [h, x])
    assert of_h.tolist() == [2, 80] and of_x.tolist() == [4, 320]


def test_a_retained_gradient_is_added_once():
    x = leaf(1.0, 2.0)
    h = x * 2
    h.retain_grad()
    (h * h).sum().backward(inputs=[h])
    assert h.grad.tolist() == [4, 8] and x.grad is None


def test_backward_with_inputs_leaves_other_gradients_alone():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a * b).sum().backward(inputs=[a])
    assert a.grad.tolist() == [3, 4]
    assert b.grad is None


def test_backward_from_a_leaf_is_its_own_gradient():
    x = scalar(5.0)
    x.backward()
    assert x.grad.item() == 1


def test_grad_of_an_intermediate_tensor():
    x = leaf(1.0, 2.0)
    y = x * x
    (dy,) = autograd.grad((y * y).sum(), y)
    assert dy.tolist() == [2, 8]
    assert x.grad is None


def test_grad_of_an_output_in_itself_is_the_cotangent():
    y = leaf(1.0, 2.0) * 3
    (dy,) = autograd.grad(y, y, tg.tensor(np.array([5.0, 7.0])))
    assert dy.tolist() == [5, 7]


def test_grad_of_the_same_input_twice_gives_arrays_of_their_own():
    x = leaf(1.0, 2.0)
    a, b = autograd.grad((x * x).sum(), [x, x])
    assert a.tolist() == b.tolist() == [2, 4]
    assert not np.shares_memory(a.numpy(), b.numpy())


def test_unused_inputs_are_an_error_or_none_or_zeros():
    x, other = leaf(1.0, 2.0), leaf(1.0)
    y = (x * x).sum()
    with pytest.raises(RuntimeError, match=r"input 1 \(shape \(1,\)\) was not used.*allow_unused"):
        autograd.grad(y, [x, other], retain_graph=True)
    assert autograd.grad(y, [x, other], retain_graph=True, allow_unused=True)[1] is None
    assert autograd.grad(y, [x, other], materialize_grads=True)[1].tolist() == [0]


def test_gradients_of_any_order():
    x = scalar(2.0)
    y = x * x * x * x
    for expected in (32, 48, 48, 24):
        (y,) = autograd.grad(y, x, create_graph=True)
        assert y.item() == expected


def test_backward_with_create_graph_leaves_gradients_that_can_be_differentiated():
    x = scalar(2.0)
    (x * x * x).backward(create_graph=True)
    assert x.grad.requires_grad
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad.item() == 12


@pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
def test_gradients_that_add_up_keep_the_graphs_of_those_that_have_one(first, second):
    x = tg.tensor([2.0, 3.0], requires_grad=True)
    (x**3).sum().backward(create_graph=first)
    (x**4).sum().backward(create_graph=second)
    assert x.grad.tolist() == [3 * 4 + 4 * 8, 3 * 9 + 4 * 27]
    (c,) = tg.autograd.grad(x.grad, x, tg.tensor([1.0, 10.0]))
    assert c.tolist() == [first * 6 * 2 + second * 12 * 4, 10 * (first * 6 * 3 + second * 12 * 9)]


def test_gradients_of_different_leaves_never_share_memory():
    for create_graph in (False, True):
        a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
        v = tg.tensor(np.array([1.0, 10.0]))
        (a + b).backward(v, create_graph=create_graph)
        a.grad.data.mul_(0)
        assert b.grad.tolist() == v.tolist() == [1, 10], create_graph
        a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
        da, db = autograd.grad(a + b, [a, b], v, create_graph=create_graph)
        da.data.mul_(0)
        assert db.tolist() == v.tolist() == [1, 10], create_graph


@pytest.mark.parametrize("view", [tg.t, lambda x: x.reshape(6), lambda x: x[1:], lambda x: x.unsqueeze(0)])
def test_a_gradient_shares_no_memory_with_the_cotangent_of_a_view(view):
    x = tg.tensor(np.ones((2, 3)), requires_grad=True)
    y = view(x)
    v = tg.tensor(np.arange(float(y.numel())).reshape(y.shape))
    before = v.tolist()
    for _ in range(2):  # adding to the first in place may not reach v
        y.backward(v, retain_graph=True)
    assert v.tolist() == before
    assert not np.shares_memory(x.grad.numpy(), v.numpy())
    assert view(x.grad).tolist() == (2 * v).tolist()


def test_gradients_lie_in_order_and_can_be_viewed():
    w, logits = tg.rand(3, 4, requires_grad=True), tg.rand(5, 4, requires_grad=True)
    (w.T * tg.arange(12.0).view(4, 3)).sum().backward()
    tg.nn.functional.cross_entropy(logits, tg.tensor([0, 1, 2, 3, 0])).backward()
    np.testing.assert_array_equal(w.grad.view(-1), np.arange(12.0).reshape(4, 3).T.ravel())
    assert logits.grad.view(-1).shape == (20,)


def test_a_leaf_that_died_does_not_matter():
    x = leaf(1.0, 2.0)
    y = (x * leaf(3.0, 4.0)).sum()
    gc.collect()
    y.backward()
    assert x.grad.tolist() == [3, 4]


def test_dropping_the_result_frees_the_graph_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = tg.tanh(x)
        seen = [weakref.ref(y), weakref.ref(y.grad_fn.saved[0])]
        z = (y * 2).reshape(2, 1)
        z += 1
        z.sum().backward(create_graph=True)
        x.grad = None
        del y, z
        assert [r() for r in seen] == [None, None]
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_what_is_needed_once_is_released_as_the_pass_goes():
    x = leaf(1.0, 2.0)
    y = tg.exp(x)
    saved = weakref.ref(y.grad_fn.saved[0])
    loss = y.sum()
    del y
    assert saved() is not None
    loss.backward()
    assert saved() is None


def test_a_changed_operand_is_an_error_before_any_gradient_is_touched():
    x = leaf(1.0, 2.0)
    a = x * 2
    b = (a * a).sum() + x.sum()
    a.add_(1)
    with pytest.raises(RuntimeError, match=r"multiply needs an array of shape \(2,\).*add_ has changed it"):
        b.backward()
    assert x.grad is None


def test_a_change_of_what_nobody_saved_is_fine():
    x = leaf(1.0, 2.0)
    a = x + 2
    b = a + 1
    a.add_(1)
    (a + b).sum().backward()
    assert x.grad.tolist() == [2, 2]


def test_next_functions_lead_back_to_the_leaves():
    x = leaf(1.0, 2.0)
    node = (x * x).sum().grad_fn
    assert node.name() == "sum"
    ((product, index),) = node.next_functions
    assert (product.name(), index) == ("multiply", 0)
    assert len(product.next_functions) == 2


def test_next_functions_say_which_of_several_results():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    parts = x.unbind()
    ((unbind, index),) = (parts[1] * 2).grad_fn.next_functions
    assert (unbind.name(), index) == ("unbind", 1)
    assert [k for node, k in (parts[2] + parts[0]).grad_fn.next_functions if node is unbind] == [2, 0]


def test_retained_gradients_of_computed_tensors():
    x = leaf(1.0, 2.0)
    y = x * x
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward()
    assert y.grad.tolist() == [2, 8]
    assert x.grad.tolist() == [4, 32]


def test_float32_stays_float32_in_gradients_whatever_it_met():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (x * tg.tensor(np.array([1.5, 2.5]))).sum().backward()
    assert x.grad.dtype == tg.float32
    assert x.grad.tolist() == [1.5, 2.5]


@given(testing.broadcastable(2, max_dims=5, max_side=3, min_side=1))
def test_gradients_are_summed_over_broadcast_axes_wherever_they_are(shapes):
    a, b = (tg.tensor(np.arange(1.0, 1 + np.prod(s)).reshape(s), requires_grad=True) for s in shapes)
    v = np.arange(1.0, 1 + np.prod(np.broadcast_shapes(*shapes))).reshape(np.broadcast_shapes(*shapes))
    (a + b).backward(tg.tensor(v))
    for x in (a, b):
        missing = tuple(range(v.ndim - x.ndim))
        ones = tuple(i + len(missing) for i, n in enumerate(x.shape) if n == 1)
        assert x.grad.tolist() == v.sum(ones, keepdims=True).sum(missing).tolist()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("shape", [(4,), (3, 1), (1, 4), (1, 1), (), (1, 3, 4), (2, 3, 4)])
def test_gradients_of_matrices_are_summed_over_broadcast_axes(shape, create_graph):
    x = tg.tensor(np.ones(shape), requires_grad=True)
    v = np.arange(1.0, 13).reshape(3, 4)
    y = x + tg.tensor(np.zeros((3, 4)))
    (g,) = autograd.grad(y, x, tg.tensor(np.broadcast_to(v, y.shape)), create_graph=create_graph)
    (k,) = autograd.grad((x * x * tg.tensor(v)).sum(), x, create_graph=True)
    assert autograd.grad(k.sum(), x)[0].tolist() == (2 * np.broadcast_to(1.0, shape) * g.numpy()).tolist()
    axes = {(4,): 0, (3, 1): 1, (1, 4): 0, (1, 1): (0, 1), (): (0, 1)}.get(shape, ())
    assert g.tolist() == (v.sum(axes).reshape(shape) if axes != () else np.broadcast_to(v, shape)).tolist()


def test_gradients_of_a_matrix_are_summed_over_a_batch():
    x = tg.tensor(np.ones((3, 4)), requires_grad=True)
    v = np.arange(1.0, 25).reshape(2, 3, 4)
    (x + tg.tensor(np.zeros((2, 3, 4)))).backward(tg.tensor(v))
    assert x.grad.tolist() == v.sum(0).tolist()


def test_a_graph_is_created_also_inside_no_grad():
    x = scalar(2.0)
    y = x * x * x
    with tg.no_grad():
        (g,) = autograd.grad(y, x, create_graph=True)
        assert not tg.is_grad_enabled()
    assert autograd.grad(g, x)[0].item() == 12


def test_a_gradient_of_one_number_stays_an_array_when_it_is_added_to_an_assigned_one():
    x = tg.tensor(2.0, requires_grad=True)
    x.grad = tg.tensor(1.0)
    (x * 3).backward()
    assert type(x.grad._array) is np.ndarray
    assert x.grad.mul_(0.5).item() == 2
    x.grad.requires_grad_()
    x.grad = x.grad * 1  # a gradient with a graph
    (x * 3).backward()
    assert type(x.grad._array) is np.ndarray
    assert x.grad.item() == 5


def test_an_output_that_is_given_twice_counts_twice():
    x = leaf(1.0, 2.0)
    y = x * x
    autograd.backward([y, y], [tg.tensor([1.0, 10.0]), tg.tensor([0.5, -3.0])])
    assert x.grad.tolist() == [3, 28]


def test_outputs_and_inputs_may_come_from_an_iterator():
    a, b = leaf(1.0, 2.0), leaf(3.0)
    named = {"a": a, "b": b}
    da, db = autograd.grad((y.sum() for y in (a * a, b * 5)), named.values())
    assert (da.tolist(), db.tolist()) == ([2, 4], [5])


def test_grad_gives_arrays_that_can_be_written_to_and_share_no_memory():
    x, g = leaf(1.0, 2.0, 3.0, 4.0, shape=(2, 2)), tg.tensor([[1.0, 2.0], [3.0, 4.0]]).double()
    (dx,) = autograd.grad(x.t(), x, g)
    dx += 1
    assert g.tolist() == [[1, 2], [3, 4]]
    (ones,) = autograd.grad(x.sum(), x)
    ones += 1
    assert ones.tolist() == [[2, 2], [2, 2]]
    s = scalar(3.0)
    assert type(autograd.grad(s * s, s)[0]._array) is np.ndarray


def test_recorded_gradients_know_how_often_was_differentiated():
    x = leaf(1.0, 2.0)
    y = (x * x * x).sum()
    (dx,) = autograd.grad(y, x, create_graph=True)
    (ddx,) = autograd.grad((dx * dx).sum(), x, create_graph=True)
    assert [t.grad_fn.order for t in (y, dx, ddx)] == [0, 1, 2]


def test_retained_gradients_add_up_over_passes():
    x = leaf(1.0, 2.0)
    x.retain_grad()  # a leaf keeps its own anyway
    y = x * x
    y.retain_grad()
    y.retain_grad()
    y.backward(tg.tensor([1.0, 10.0]), retain_graph=True)
    y.backward(tg.tensor([0.5, -3.0]))
    assert (y.grad.tolist(), x.grad.tolist()) == ([1.5, 7], [3, 28])


def test_a_gradient_that_is_taken_back_is_forgotten():
    x, g = leaf(1.0), tg.tensor([2.0]).double()
    x.grad = g
    assert x.grad is g
    x.grad, gone = None, weakref.ref(g)
    del g
    assert gone() is None


def test_a_retained_gradient_is_that_of_the_numbers_after_a_change_in_place():
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.mul_(3)
    (y * tg.tensor([1.0, 10.0])).sum().backward()
    assert (y.grad.tolist(), x.grad.tolist()) == ([1, 10], [6, 60])
    x = leaf(1.0, 2.0)
    y = x * 2
    v = y[0]
    for t in (y, v):
        t.retain_grad()
    y[1] = 5.0
    (y * y).sum().backward(retain_graph=True)
    (v * v).backward()
    assert (y.grad.tolist(), v.grad.tolist()) == ([4 + 4, 10], 4)  # the second pass goes through y, too
    x = leaf(1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.unsqueeze_(0)
    (y * 5).sum().backward(inputs=[y])
    assert y.grad.tolist() == [[5, 5]]


def test_a_retained_gradient_has_a_graph_if_one_is_created():
    x = leaf(1.0, 2.0)
    y = x * x
    y.retain_grad()
    (y * y).sum().backward(create_graph=True)
    assert autograd.grad(y.grad, x, tg.tensor([1.0, 10.0]).double())[0].tolist() == [4, 80]


@pytest.mark.parametrize("kind", [set, deque, iter, lambda xs: dict.fromkeys(xs).keys(), tg.nn.ParameterList])
def test_inputs_may_be_any_collection(kind):
    w = tg.nn.Parameter(tg.tensor([1.0, 2.0]))
    (w * w).sum().backward(inputs=kind([w]))
    assert w.grad.tolist() == [2, 4]
    assert autograd.grad((w * w).sum(), kind([w]))[0].tolist() == [2, 4]


def test_no_inputs_at_all_are_an_error():
    for call in (lambda loss: loss.backward(inputs=[]), lambda loss: autograd.grad(loss, [])):
        with pytest.raises(RuntimeError, match="cannot be empty"):
            call(leaf(1.0).sum())


def test_requiring_grad_can_be_switched_off_for_leaves_and_twice_on():
    x = leaf(1.0, 2.0)
    node = (x * 1).grad_fn.edges[0]
    assert x.requires_grad_()._node is node
    assert not x.requires_grad_(False).requires_grad
    assert (x * 2).is_leaf and x.is_leaf and x.grad_fn is None
    assert leaf(1.0).grad_fn is None


def test_adding_to_a_gradient_is_a_change_in_place():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x * x).sum().backward()
    loss = (w * x.grad).sum()
    (x * x).sum().backward()
    with pytest.raises(RuntimeError, match="backward has changed it in place"):
        loss.backward()
    assert w.grad is None


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("view", [lambda x: x, lambda x: x.reshape(2, 1), lambda x: x.t() if x.ndim > 1 else x[:]])
def test_a_gradient_never_is_the_memory_of_the_cotangent(view, create_graph):
    x = leaf(1.0, 2.0)
    y = view(x)
    g = tg.tensor(np.array([1.0, 10.0]).reshape(y.shape))
    y.retain_grad()
    y.backward(g, create_graph=create_graph)
    x.grad.detach().mul_(5)
    y.grad.detach().mul_(5)
    assert g.flatten().tolist() == [1, 10]


def test_a_view_that_gets_other_memory_is_a_view_no_more():
    x = leaf(1.0, 2.0, 3.0)
    b = x * 2
    v = b[:2]
    v.data = tg.tensor([10.0, 12.0]).double()
    b.mul_(2)
    (v * v).sum().backward()
    assert x.grad.tolist() == [2 * 10 * 2, 2 * 12 * 2, 0]


def test_a_tensor_that_was_cut_off_retains_no_gradient():
    x, w = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = x * 2
    y.retain_grad()
    y.detach_()
    y.add_(w)
    y.mul_(2)
    y.sum().backward()
    assert (x.grad, w.grad.tolist()) == (None, [2, 2])
    y = (x * 2).detach_().requires_grad_()
    (y * y).sum().backward(inputs=[y])
    assert y.grad.tolist() == [4, 8]
    y = x * 2
    y.retain_grad()
    y.detach_().mul_(w)
    y.retain_grad()
    y.backward(tg.tensor([1.0, 10.0]))
    assert y.grad.tolist() == [1, 10]


def test_a_tensor_that_gets_other_memory_requires_grad_no_more_than_before():
    x, w = tg.zeros(2), leaf(1.0)
    x.data = tg.zeros(3)
    w.data = tg.zeros(2, dtype=tg.float64)
    assert (x.requires_grad, w.requires_grad) == (False, True)
