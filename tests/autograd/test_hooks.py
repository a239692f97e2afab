"""Hooks see complete gradients, in order, and may replace them."""

import gc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd
from tinygrad_edu.autograd.hooks import RemovableHandle


def leaf(*values):
    return tg.tensor(np.array(values, float), requires_grad=True)


def test_a_leaf_hook_sees_the_total_once():
    x, seen = leaf(1.0, 2.0), []
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x + x).sum().backward()
    assert seen == [[3, 5]]
    assert x.grad.tolist() == [3, 5]


def test_hooks_replace_the_gradient_in_the_order_of_registration():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: g + 1)
    x.sum().backward()
    assert x.grad.tolist() == [11, 11]
    assert autograd.grad(x.sum(), x)[0].tolist() == [11, 11]


def test_a_hook_on_a_computed_tensor_changes_what_flows_on():
    x = leaf(1.0, 2.0)
    y = x * x
    y.retain_grad()
    y.register_hook(lambda g: g * 0.5)
    y.sum().backward()
    assert y.grad.tolist() == [0.5, 0.5]  # after the hook, though it was registered later, as in PyTorch
    assert x.grad.tolist() == [1, 2]


def test_a_removed_hook_is_not_called():
    x, seen = leaf(1.0), []
    handle = x.register_hook(lambda g: seen.append(1))
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    with x.register_hook(lambda g: seen.append(2)):
        x.sum().backward()
    x.sum().backward()
    assert seen == [1, 2]


def test_removing_one_of_two_equal_hooks_removes_one():
    x, seen = leaf(1.0), []

    def hook(g):
        seen.append(1)

    x.register_hook(hook)
    x.register_hook(hook).remove()
    x.sum().backward()
    assert seen == [1]


def test_a_hook_that_returns_another_shape_is_an_error_and_no_gradient_is_kept():
    x = leaf(1.0, 2.0)
    y = x * 1
    y.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match=r"hook must return.*\(2,\), not \(\)"):
        y.sum().backward()
    assert x.grad is None


def test_hooks_are_not_recorded_unless_a_graph_is_created():
    x, seen = leaf(1.0, 2.0), []
    y = x * x
    y.register_hook(lambda g: seen.append((g * 2).requires_grad))
    y.sum().backward(retain_graph=True)
    y.sum().backward(create_graph=True)
    assert seen == [False, False] or seen == [False, True]
    (dx,) = autograd.grad((y * y).sum(), x, create_graph=True)
    assert seen[-1] is True
    assert dx.requires_grad


def test_what_a_hook_saw_or_returned_stays_as_it_was_when_gradients_accumulate():
    for hook in (lambda g: g, lambda g: g * 2, lambda g: None):
        x, kept = leaf(1.0, 2.0), []

        def keep(g, hook=hook, kept=kept):
            kept.append(g if (out := hook(g)) is None else out)
            return out

        x.register_hook(keep)
        for _ in range(2):
            (x * x).sum().backward()
        first, second = kept
        assert first.tolist() == second.tolist()
        assert x.grad.tolist() == (first + second).tolist()
        assert not np.shares_memory(x.grad.numpy(), first.numpy())


def test_nothing_is_recorded_in_a_hook_of_a_pass_that_is_not():
    x, w, seen = leaf(1.0, 2.0), leaf(3.0, 4.0), []
    y = x * x
    for t in (x, y):
        t.register_hook(lambda g: seen.append((tg.is_grad_enabled(), (g * w).requires_grad)))
    y.sum().backward()
    assert seen == [(False, False), (False, False)]
    assert tg.is_grad_enabled()


def test_a_post_accumulate_hook_sees_the_leaf_with_its_gradient():
    x, seen = leaf(1.0, 2.0), []
    x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.tolist())))
    (x * x).sum().backward()
    (x * x).sum().backward()
    assert seen == [(True, [2, 4]), (True, [4, 8])]


def test_a_post_accumulate_hook_may_update_the_leaf():
    x = leaf(1.0, 2.0)
    x.register_post_accumulate_grad_hook(lambda t: t.sub_(0.5 * t.grad))
    (x * x).sum().backward()
    assert x.tolist() == [0, 0]


def test_hooks_where_no_gradient_passes_are_refused():
    with pytest.raises(RuntimeError, match="does not require grad"):
        tg.tensor(1.0).register_hook(print)
    with pytest.raises(RuntimeError, match="only leaves"):
        (leaf(1.0) * 2).register_post_accumulate_grad_hook(print)
    with pytest.raises(RuntimeError, match="does not require grad"):
        tg.tensor(1.0).retain_grad()


def test_a_handle_does_not_keep_the_graph_alive():
    gc.collect()
    gc.disable()
    try:
        import weakref

        y = leaf(1.0) * 2
        handle = y.register_hook(lambda g: None)
        y.retain_grad()
        alive = weakref.ref(y)
        del y
        assert alive() is None
        handle.remove()
    finally:
        gc.enable()


def test_a_hook_that_changes_its_gradient_in_place_changes_only_that_one():
    x = leaf(1.0, 2.0)
    y = x * 1
    y.register_hook(lambda g: g.mul_(2))
    (y + x).sum().backward()
    assert x.grad.tolist() == [3, 3]
    z = leaf(1.0)
    cotangent = tg.tensor([5.0], dtype=tg.float64)
    z.register_hook(lambda g: g.zero_() and None)
    z.backward(cotangent)
    assert (z.grad.tolist(), cotangent.tolist()) == ([0], [5])


def test_a_hook_may_not_change_the_dtype():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g.float())
    with pytest.raises(RuntimeError, match=r"dtype float64, not float32.*to\(grad\.dtype\)"):
        x.sum().backward()
    assert x.grad is None


def test_a_handle_may_put_its_hook_first():
    order = [1, 2]
    handle = RemovableHandle(order, 0, first=True)
    assert order == [0, 1, 2]
    handle.remove()
    assert order == [1, 2]


def test_what_a_hook_returns_stays_the_users():
    x = leaf(1.0, 2.0)
    y, mine = x * 2, tg.tensor([10.0, 20.0]).double()
    y.register_hook(lambda g: mine)
    for _ in range(2):
        (y * y).sum().backward(inputs=[y, x], retain_graph=True)
    assert mine.tolist() == [10, 20]
    assert y.grad.tolist() == [20, 40]
    (dy,) = autograd.grad((y * y).sum(), y)
    dy.mul_(2)
    z = leaf(1.0, 2.0)
    z.register_hook(lambda g: mine)
    z.sum().backward()
    z.grad.mul_(2)
    assert mine.tolist() == [10, 20]


def test_the_hook_of_an_input_that_is_asked_for_twice_runs_once():
    x, seen = leaf(1.0, 2.0), []
    x.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    a, b = autograd.grad((x * x).sum(), (x, x))
    assert (seen, a.tolist(), b.tolist()) == ([[2, 4]], [20, 40], [20, 40])
    assert not np.shares_memory(a.numpy(), b.numpy())
