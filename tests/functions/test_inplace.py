"""Changes in place and views: what is recorded, what is refused, and that refusing changes nothing."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

rng = np.random.default_rng(0)


def leaf(*shape: int) -> Any:
    return tg.tensor(rng.standard_normal(shape), requires_grad=True)


def cot(*shape: int) -> Any:
    return tg.tensor(rng.standard_normal(shape))


def equal(t: Any, expected: Any) -> None:
    np.testing.assert_allclose(t.detach().numpy(), expected, rtol=1e-12)


def test_a_loop_that_fills_columns_passes_each_column_s_gradient_on() -> None:
    w, g = leaf(3), cot(3, 4)
    out, h = tg.zeros(3, 4, dtype=tg.float64), tg.ones(3, dtype=tg.float64)
    for t in range(4):
        h = h * w
        out[:, t] = h
    (out * g).sum().backward()
    equal(w.grad, sum((k + 1) * w.detach().numpy() ** k * g.numpy()[:, k] for k in range(4)))


def test_a_view_of_a_view_writes_into_the_base() -> None:
    x, v, g = leaf(2, 3), leaf(), cot(2, 3)
    y = x * 1
    y[1][2:].copy_(v)
    equal(y, np.array([*x.detach().numpy().reshape(-1)[:5], v.item()]).reshape(2, 3))
    y.backward(g)
    equal(x.grad, g.numpy() * [[1, 1, 1], [1, 1, 0]])
    equal(v.grad, g.numpy()[1, 2])


@pytest.mark.parametrize(
    "view", [lambda y: y.t(), lambda y: y.reshape(-1), lambda y: y[:, ::2], lambda y: y.diagonal()]
)
def test_writing_through_a_view_is_the_same_as_writing_to_its_part_of_the_base(view: Any) -> None:
    x, g = leaf(3, 4), cot(3, 4)
    hit = np.isin(np.arange(12), view(tg.arange(12).reshape(3, 4)).numpy()).reshape(3, 4)
    y = x * 1
    view(y).mul_(3.0)
    equal(y, x.detach().numpy() * np.where(hit, 3, 1))
    y.backward(g)
    equal(x.grad, g.numpy() * np.where(hit, 3, 1))


def test_a_view_taken_before_the_base_was_changed_sees_the_change_and_its_gradient() -> None:
    x, g = leaf(3), cot()
    y = x * 1
    first = y[0]
    y.mul_(2.0)
    (first * g).backward()
    equal(first, 2 * x.detach().numpy()[0])
    equal(x.grad, [2 * g.item(), 0, 0])


def test_changing_a_view_changes_what_its_sisters_are() -> None:
    x, g = leaf(4), cot(2)
    y = x * 1
    left, right = y[:3], y[2:]
    left.mul_(5.0)
    (right * g).sum().backward()
    equal(x.grad, [0, 0, 5 * g.numpy()[0], g.numpy()[1]])


def test_a_base_that_requires_no_grad_begins_to_when_a_view_of_it_is_written() -> None:
    x, v = tg.zeros(2, 2), tg.tensor([1.0, 2.0], requires_grad=True)
    x[0].add_(v)
    assert x.requires_grad and not x.is_leaf
    (x * x).sum().backward()
    equal(v.grad, [2, 4])


def test_overlapping_source_and_target_are_read_before_they_are_written() -> None:
    x, g = leaf(4), cot(4)
    y = x * 1
    y[1:] = y[:-1]
    a = x.detach().numpy()
    equal(y, [a[0], a[0], a[1], a[2]])
    y.backward(g)
    equal(x.grad, [g.numpy()[0] + g.numpy()[1], g.numpy()[2], g.numpy()[3], 0])


def test_a_repeated_position_keeps_one_value_which_alone_has_a_gradient() -> None:
    v = leaf(3)
    y = tg.zeros(2, dtype=tg.float64)
    y[[1, 1, 0]] = v
    y.backward(tg.tensor([2.0, 3.0]).double())
    equal(y, v.detach().numpy()[[2, 1]])
    equal(v.grad, [0, 3, 2])


def test_fill_zero_and_copy_stay_connected_with_a_gradient_of_zero() -> None:
    for change in (lambda y: y.zero_(), lambda y: y.fill_(2.0), lambda y: y.copy_(tg.ones(3))):
        x = leaf(3)
        y = x * 1
        change(y)
        assert y.requires_grad
        y.sum().backward()
        equal(x.grad, [0, 0, 0])


def test_the_value_broadcasts_and_its_gradient_is_summed() -> None:
    v = leaf(1, 3)
    y = tg.zeros(2, 3, dtype=tg.float64)
    y[:] = v
    y[0] = v  # a side of 1 in front is dropped
    g = cot(2, 3)
    y.backward(g)
    equal(v.grad, g.numpy().sum(0, keepdims=True))


def test_in_place_forms_find_themselves_among_their_operands() -> None:
    for change in (lambda y: y.mul_(y), lambda y: y.mul_(other=y)):
        x = leaf(3)
        y = x * 1
        change(y)
        y.sum().backward()
        equal(x.grad, 2 * x.detach().numpy())


def test_second_derivatives_pass_through_item_assignment() -> None:
    x = leaf(3)
    y = x * 1
    y[1] = x[0] * x[2]
    (g,) = tg.autograd.grad((y * y).sum(), [x], create_graph=True)
    (h,) = tg.autograd.grad((g * g).sum(), [x])
    a, _, c = x.detach().numpy()
    # f = a² + a²c² + c², its gradient (2a + 2ac², 0, 2c + 2a²c)
    u, w = 2 * a + 2 * a * c**2, 2 * c + 2 * a**2 * c
    equal(h, [2 * u * (2 + 2 * c**2) + 2 * w * 4 * a * c, 0, 2 * u * 4 * a * c + 2 * w * (2 + 2 * a**2)])


# -- what is refused ------------------------------------------------------------------------------------------


def refused(change: Any, match: str, *unchanged: Any) -> None:
    before = [(t._array.copy(), t._array.shape, t._node, t._version) for t in unchanged]
    with pytest.raises(RuntimeError, match=match):
        change()
    for t, (a, shape, node, version) in zip(unchanged, before, strict=True):
        np.testing.assert_array_equal(t._array, a)
        assert (t._array.shape, t._node, t._version) == (shape, node, version)


def test_leaves_and_views_of_leaves_that_require_grad_are_refused() -> None:
    w = leaf(3)
    refused(lambda: w.add_(1.0), "add_: a leaf Variable that requires grad", w)
    refused(lambda: w.__setitem__(0, 1.0), "a leaf", w)
    refused(lambda: w[1:].mul_(2.0), "a view of a leaf", w)
    refused(lambda: w[1:].__setitem__([0, 1], 2.0), "a view of a leaf", w)
    refused(lambda: w.unsqueeze_(0), "the shape of a leaf", w)
    with tg.no_grad():
        w[0] = 7.0
        w.mul_(2.0)
    assert w.is_leaf and w.requires_grad and w.detach().numpy()[0] == 14.0


def test_a_changed_operand_is_named_with_its_mutator_in_the_backward_pass() -> None:
    for change, name in (
        (lambda y: y.add_(1.0), "add_"),
        (lambda y: y.__setitem__(0, 1.0), "__setitem__"),
        (lambda y: y[0].fill_(1.0), "fill_"),
        (lambda y: y.detach().zero_(), "zero_"),
        (lambda y: y.data.mul_(2.0), "mul_"),
        (lambda y: y.view(-1)[1:].copy_(tg.zeros(2)), "copy_"),
    ):
        x = leaf(3)
        y = x * 1
        z = y * y
        change(y)
        with pytest.raises(RuntimeError, match=rf"multiply needs an array .* but {name} has changed it"):
            z.sum().backward()
        assert x.grad is None


def test_what_no_rule_reads_may_be_changed() -> None:
    x = leaf(3)
    y = x * 1
    z = y + 1  # the rule of add reads nothing
    y.zero_()
    z.sum().backward()
    equal(x.grad, [1, 1, 1])


def test_windows_share_the_stamp_of_what_they_are_windows_of() -> None:
    x = leaf(4)
    y = x * 1
    w = y.unfold(0, 2, 1)
    z = w * w
    y.add_(1.0)
    with pytest.raises(RuntimeError, match="add_ has changed it"):
        z.sum().backward()


def test_expanded_unfolded_and_read_only_memory_is_refused() -> None:
    x = tg.zeros(1, 5)
    refused(lambda: x.expand(2, 5).add_(1.0), "same memory|cannot be written", x)
    refused(lambda: x[0].unfold(0, 3, 2).add_(1.0), "same memory", x)
    a = np.zeros(3)
    a.flags.writeable = False
    t = tg.as_tensor(a)
    refused(lambda: t.__setitem__(0, 1.0), "read-only", t)
    assert a[0] == 0


def test_results_of_another_shape_or_dtype_are_refused() -> None:
    x, i = tg.ones(3), tg.tensor([1, 2])
    refused(lambda: x.add_(tg.ones(2, 3)), r"shape \(2, 3\)", x)
    refused(lambda: i.mul_(0.5), r"float32 can't be cast to the desired output type int64.*x\.float\(\)", i)
    refused(lambda: x.mul_(1j), r"complex64 can't be cast to the desired output type float32.*x\.cfloat\(\)", x)
    refused(lambda: x.__setitem__(0, 1j), "its imaginary part would be lost", x)
    refused(lambda: x.__setitem__(slice(None), tg.ones(2)), "does not broadcast", x)
    refused(lambda: x.copy_(tg.ones(1, 3)), "more dimensions", x)
    with pytest.raises(TypeError, match="stack"):
        x[0] = [1.0, 2.0]
    equal(x, [1, 1, 1])


def test_one_of_several_views_is_refused_but_only_where_it_would_be_recorded() -> None:
    x = leaf(4)
    y = x * 1
    for part in (y.split(2)[0], y.chunk(2)[1], y.unbind()[0], next(iter(y)), y.split(2)[0][:1]):
        refused(lambda p=part: p.mul_(2.0), "one of several views", y)
        refused(lambda p=part: p.__setitem__(Ellipsis, 2.0), "one of several views", y)
    plain = tg.zeros(4)
    plain.split(2)[0].add_(1.0)
    equal(plain, [1, 1, 0, 0])


def test_a_view_made_under_no_grad_stays_unrecorded_and_is_not_changed_with_grad_mode_on() -> None:
    x = leaf(3)
    y = x * 1
    with tg.no_grad():
        v = y[:2]
    refused(lambda: v.mul_(2.0), "made under no_grad", y)
    y.mul_(3.0)
    assert not v.requires_grad
    equal(v, 3 * x.detach().numpy()[:2])


def test_a_view_taken_before_requires_grad_stays_outside_of_the_graph() -> None:
    x = tg.ones(3)
    v = x[0]
    x.requires_grad_()
    assert not v.requires_grad and v.is_leaf


def test_under_no_grad_a_computed_tensor_keeps_its_node() -> None:
    x = leaf(3)
    y = x * 1
    node = y.grad_fn
    with tg.no_grad():
        y.add_(1.0)
        y[0] = 5.0
    assert y.grad_fn is node
    y.sum().backward()
    equal(x.grad, [1, 1, 1])


# -- shapes in place --------------------------------------------------------------------------------------------


def test_shapes_change_in_place_with_their_gradient() -> None:
    x, g = leaf(2, 3), cot(3, 1, 2)
    y = x * 1
    assert y.t_().unsqueeze_(1) is y
    assert tuple(y.shape) == (3, 1, 2)
    y[0].mul_(2.0)
    y.backward(g)
    expected = g.numpy()[:, 0].T.copy()
    expected[:, 0] *= 2
    equal(x.grad, expected)
    z = tg.zeros(1, 2)
    assert tuple(z.squeeze_().shape) == (2,) and tuple(z.unsqueeze_(-1).transpose_(0, 1).shape) == (1, 2)


def test_a_view_from_before_its_base_was_reshaped_in_place_still_is_one() -> None:
    x, g = leaf(2, 2), cot(2)
    y = x * 1
    row = y[0]
    y.t_().unsqueeze_(0)
    y[0, 0] = 3 * row  # y[0] is now what was the first column
    (row * g).sum().backward(retain_graph=True)
    a, b = x.detach().numpy()[0]
    equal(row, [3 * a, b])
    equal(x.grad, [[3 * g.numpy()[0], g.numpy()[1]], [0, 0]])
    x.grad = None
    row.mul_(2.0)
    (y.squeeze(0).t()[0] * g).sum().backward()
    equal(x.grad, [[6 * g.numpy()[0], 2 * g.numpy()[1]], [0, 0]])


def test_a_view_of_memory_that_its_base_has_given_up_is_on_its_own() -> None:
    x = tg.zeros(3)
    v = x[:2]
    x.data = tg.ones(3)
    x.mul_(tg.tensor(2.0, requires_grad=True))
    assert not v.requires_grad
    equal(v, [0, 0])


# -- memory -----------------------------------------------------------------------------------------------------


def test_a_changed_tensor_and_its_views_die_with_their_last_reference() -> None:
    gc.disable()
    try:
        x = leaf(3)
        y = x * 1
        v = y[1:]
        v.mul_(2.0)
        y[0] = v.sum()
        dead = [weakref.ref(t) for t in (y, v, y._array)]
        del y, v
        assert all(r() is None for r in dead)
    finally:
        gc.enable()


def test_item_assignment_saves_no_array() -> None:
    out, h = tg.zeros(100, 100), tg.ones(100, requires_grad=True)
    out[:, 3] = h
    assert out.grad_fn.saved == ()


def test_index_arrays_may_be_changed_after_they_were_used() -> None:
    x = leaf(3)
    i = tg.tensor([0, 1])
    y, z = x[i], x * 1
    z[i] = 0.0
    i.fill_(2)
    (y.sum() + z.sum()).backward()
    equal(x.grad, [1, 1, 1])


def test_a_quotient_may_be_changed_in_place() -> None:
    x = tg.tensor([3.0, 4.0], requires_grad=True)
    y = x / x.norm()
    y *= 2
    y[0] = 1
    (y * tg.tensor([5.0, 7.0])).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 14 * np.array([-12.0, 9.0]) / 125, rtol=1e-6)


def test_a_tensor_keeps_the_dtype_of_its_gradient_when_a_wider_one_is_added_in_place() -> None:
    w, g = tg.ones(2, requires_grad=True), tg.tensor([2.0, -3.0])
    x = w * 1
    x.add_(tg.ones(2).double() * w)
    x.retain_grad()
    (x * 2).backward(g)
    assert x.grad.dtype == w.grad.dtype == tg.float32
    assert (x.grad.tolist(), w.grad.tolist()) == ([4, -6], [8, -12])


def test_parts_whose_elements_lie_apart_can_be_written() -> None:
    mask, x = tg.zeros(2, 3, dtype=tg.bool), tg.zeros(4)
    mask[:, :2].logical_not_()
    assert mask.tolist() == [[True, True, False]] * 2
    x[::2].unsqueeze(0).add_(1.0)
    x[::2][None].add_(1.0)
    assert x.tolist() == [2, 0, 2, 0]


def test_the_version_counts_changes_in_place() -> None:
    x = tg.zeros(3)
    versions = [x._version]
    for change in (lambda: x.add_(1.0), lambda: x[:2].mul_(2.0), lambda: x.__setitem__(0, 5.0)):
        change()
        versions.append(x._version)
    assert versions == [0, 1, 2, 3]


def test_a_view_of_a_computed_tensor_stays_the_same_node_while_nothing_changes() -> None:
    y = leaf(2, 3) * 2
    v, g = y[0], cot(3)
    assert v.grad_fn is v.grad_fn
    v.retain_grad()
    (v * 3).backward(g)
    equal(v.grad, 3 * g.numpy())


def test_shapes_that_change_under_no_grad_leave_the_graph_as_it_was() -> None:
    w, g = leaf(3), cot(1, 3)
    y = w * 2
    with tg.no_grad():
        y.unsqueeze_(0)
    y.backward(g)
    equal(w.grad, 2 * g.numpy()[0])
    w.grad = None
    with tg.no_grad():
        w.unsqueeze_(0)
    assert w.requires_grad and w.is_leaf
    (w * 3).backward(g)
    equal(w.grad, 3 * g.numpy())
