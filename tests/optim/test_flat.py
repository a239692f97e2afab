"""However parameters are laid out while steps are taken, each is changed as if it were alone, where it lies."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.optim import flat

STATEFUL = ["Momentum", "Adagrad", "RMSprop", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "Adadelta", "Rprop", "ASGD"]
SHAPES = [(3, 4), (4,), (), (2, 3, 2), (0,), (5,), (1, 7), (2,)]


def parameters(shapes=SHAPES, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [tg.tensor(np.asarray(rng.standard_normal(s), dtype), requires_grad=True) for s in shapes]


def gradient(p, step, k=0):
    rng = np.random.default_rng([step, k])
    return tg.tensor(np.asarray(rng.standard_normal(p.shape), p.detach().numpy().dtype))


def train(optimizer, params, steps, active=lambda step, k: True):
    for step in steps:
        for k, p in enumerate(params):
            p.grad = gradient(p, step, k) if active(step, k) else None
        optimizer.step()


def values(params):
    return [p.detach().numpy().copy() for p in params]


def one_by_one(name, params, steps, active=lambda step, k: True, **options):
    """The same with an optimizer for each parameter: nothing can be side by side."""
    out = []
    for k, p in enumerate(params):
        q = tg.tensor(p.detach().numpy().copy(), requires_grad=True)
        optimizer = getattr(tg.optim, name)([q], **options)
        for step in steps:
            q.grad = gradient(q, step, k) if active(step, k) else None
            optimizer.step()
        out.append(q)
    return values(out)


def same(a, b):
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_allclose(x, y, rtol=1e-6 if x.dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("name", STATEFUL)
def test_together_is_one_by_one(name):
    params = parameters()
    expected = one_by_one(name, params, range(10))
    train(getattr(tg.optim, name)(params), params, range(10))
    same(values(params), expected)


@pytest.mark.parametrize("name", STATEFUL)
def test_gradients_may_be_missing_in_any_step(name):
    def active(step, k):
        return (step + k) % 3 != 0 and not (step < 4 and k == 2)

    params = parameters()
    expected = one_by_one(name, params, range(12), active)
    optimizer = getattr(tg.optim, name)(params)
    train(optimizer, params, range(12), active)
    same(values(params), expected)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_pattern_of_missing_gradients_is_one_by_one(data):
    name = data.draw(st.sampled_from(STATEFUL))
    shapes = data.draw(st.lists(st.sampled_from(SHAPES), min_size=1, max_size=5))
    pattern = data.draw(st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=6))
    params = parameters(shapes)
    steps, options = range(len(pattern)), {} if name == "Rprop" else {"weight_decay": 0.1}
    expected = one_by_one(name, params, steps, lambda step, k: pattern[step][k], **options)
    train(getattr(tg.optim, name)(params, **options), params, steps, lambda step, k: pattern[step][k])
    same(values(params), expected)


def test_parameters_of_several_dtypes_keep_theirs():
    params = parameters([(3,), (2, 2)]) + parameters([(3,), (4,), ()], np.float32) + parameters([(2,)], np.float16)
    expected = one_by_one("Adam", params, range(5), eps=1e-4)
    optimizer = tg.optim.Adam(params, eps=1e-4)
    train(optimizer, params, range(5))
    for p, x in zip(params, expected, strict=True):
        np.testing.assert_allclose(p.detach().numpy(), x, rtol=1e-2 if p.dtype == tg.float16 else 1e-6)
        assert p.detach().numpy().dtype == x.dtype
        assert optimizer.state[p]["exp_avg"].dtype == p.dtype


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Adam", "ASGD"])
def test_large_parameters_are_cut_into_pieces(name, monkeypatch):
    monkeypatch.setattr(flat, "PIECE", 10)
    monkeypatch.setattr(flat, "SMALL", 5)
    params = parameters([(7, 5), (3,), (31,), (2,), (4, 1)])
    train(getattr(tg.optim, name)(params, weight_decay=0.1), params, range(5))
    cut = values(params)
    monkeypatch.undo()
    params = parameters([(7, 5), (3,), (31,), (2,), (4, 1)])
    same(cut, one_by_one(name, params, range(5), weight_decay=0.1))


def test_a_really_large_parameter():
    params = parameters([(300, 500), (500,)], np.float32)
    expected = one_by_one("Adam", params, range(2))
    train(tg.optim.Adam(params), params, range(2))
    same(values(params), expected)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_memory_in_any_order(name, monkeypatch):
    monkeypatch.setattr(flat, "PIECE", 8)

    def made():
        base = np.arange(48.0).reshape(6, 8)
        arrays = [base.T.copy().T, base[::2, 1::2].copy(order="F"), np.arange(12.0)[::-2]]
        return [tg.from_numpy(a).requires_grad_() for a in arrays]

    params, plain = made(), [tg.tensor(p.detach().numpy().copy(), requires_grad=True) for p in made()]
    for ps in (params, plain):
        optimizer = getattr(tg.optim, name)(ps)
        for step in range(4):
            for k, p in enumerate(ps):
                g = gradient(p, step, k)
                p.grad = tg.from_numpy(np.asfortranarray(g.numpy())) if ps is params else g
            optimizer.step()
    same(values(params), values(plain))


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Adam"])
def test_who_shares_the_memory_of_a_parameter_sees_it_change(name):
    arrays = [np.random.default_rng(k).standard_normal(s) for k, s in enumerate([(3, 2), (2,), (4,), (1,), (5,)])]
    params = [tg.from_numpy(a).requires_grad_() for a in arrays]
    early = [p.detach() for p in params]
    rows = arrays[0][1]
    optimizer = getattr(tg.optim, name)(params, lr=0.1)
    for step in range(3):
        train(optimizer, params, [step])
        for p, a, e in zip(params, arrays, early, strict=True):
            assert p.data_ptr() == e.data_ptr() == a.ctypes.data
            np.testing.assert_array_equal(e.numpy(), a)
        np.testing.assert_array_equal(rows, arrays[0][1])


def test_copies_stay_what_they_are():
    params = parameters()
    copies = [p.detach().clone() for p in params]
    before = values(copies)
    state = None
    optimizer = tg.optim.Adam(params)
    for step in range(3):
        train(optimizer, params, [step])
        if step == 0:
            state = copy.deepcopy(optimizer.state_dict())
            kept = state["state"][0]["exp_avg"].numpy().copy()
    same(values(copies), before)
    np.testing.assert_array_equal(state["state"][0]["exp_avg"].numpy(), kept)


def test_gradients_stay_what_they_are():
    for name in ["SGD", *STATEFUL]:
        params = parameters()
        optimizer = getattr(tg.optim, name)(params)
        train(optimizer, params, [0])
        before = [p.grad.numpy().copy() for p in params]
        optimizer.step()
        for p, g in zip(params, before, strict=True):
            np.testing.assert_array_equal(p.grad.numpy(), g)


def test_a_gradient_may_be_the_parameter_itself():
    params = parameters([(2,), (3,)])
    for p in params:
        p.grad = p.detach()
    before = values(params)
    tg.optim.SGD(params, lr=0.25).step()
    same(values(params), [0.75 * x for x in before])


def test_two_optimizers_on_one_model():
    def alternate(optimizers, groups):
        for step in range(6):
            train(optimizers[step % 2], groups[step % 2], [step])

    params = parameters()
    alternate([tg.optim.Adam(params), tg.optim.Momentum(params, lr=0.01)], [params, params])
    lone = []
    for k, p in enumerate(parameters()):
        adam, momentum = tg.optim.Adam([p]), tg.optim.Momentum([p], lr=0.01)
        for step in range(6):
            p.grad = gradient(p, step, k)
            (adam, momentum)[step % 2].step()
        lone.append(p)
    same(values(params), values(lone))


def test_exchanged_memory_is_used_from_then_on():
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(2))
    old = params[0].detach()
    before = old.numpy().copy()
    params[0].data = tg.tensor(before)
    state = optimizer.state[params[0]]["exp_avg"].numpy().copy()
    train(optimizer, params, [2])
    np.testing.assert_array_equal(old.numpy(), before)
    expected = one_by_one("Adam", parameters(), range(3))
    same(values(params), expected)
    assert not np.array_equal(optimizer.state[params[0]]["exp_avg"].numpy(), state)


def test_memory_of_another_shape_needs_another_state():
    for shapes in ([(2,), (3,)], [(2,)]):
        params = parameters(shapes)
        optimizer = tg.optim.Adam(params)
        train(optimizer, params, range(2))
        params[0].data = tg.zeros(4, dtype=tg.float64)
        before = values(params)
        with pytest.raises(RuntimeError, match=r"shape \(4,\) has a gradient of shape \(2,\)|has shape \(2,\)"):
            optimizer.step()
        same(values(params), before)
        with pytest.raises(RuntimeError, match=r"has shape \(2,\).*optimizer.state.pop"):
            train(optimizer, params, [2])
        same(values(params), before)
        optimizer.state.pop(params[0])
        train(optimizer, params, [2])
        assert optimizer.state[params[0]]["exp_avg"].shape == (4,)


EDITS = {
    "entry": lambda o, p: o.state[p].update(exp_avg=tg.zeros_like(p)),
    "in place": lambda o, p: o.state[p]["exp_avg"].zero_(),
    "data": lambda o, p: setattr(o.state[p]["exp_avg"], "data", tg.zeros_like(p).detach()),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("many", [False, True])
def test_a_state_that_was_edited_is_the_state(edit, many):
    params = parameters() if many else parameters()[:1]
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(3))
    EDITS[edit](optimizer, params[0])
    train(optimizer, params, [3])
    g = params[0].grad.numpy()
    np.testing.assert_allclose(optimizer.state[params[0]]["exp_avg"].numpy(), 0.1 * g)


@pytest.mark.parametrize("forget", ["pop", "clear", "assign", "entry", "number"])
def test_a_state_that_was_deleted_starts_anew(forget):
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(3))
    if forget == "pop":
        optimizer.state.pop(params[0])
    elif forget == "clear":
        optimizer.state.clear()
    elif forget == "assign":
        optimizer.state = type(optimizer.state)(dict)
    elif forget == "entry":
        optimizer.state[params[0]].clear()
    else:
        optimizer.state[params[0]] = {"step": 0, "exp_avg": tg.zeros_like(params[0]), "exp_avg_sq": None}
    train(optimizer, params, [3])
    for k, p in enumerate(params):
        anew = k == 0 or forget in ("clear", "assign")
        assert optimizer.state[p]["step"].item() == (1 if anew else 4)
        if anew:
            np.testing.assert_allclose(optimizer.state[p]["exp_avg"].numpy(), 0.1 * p.grad.numpy())


def test_entries_of_the_users_own_stay_in_the_state():
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(2))
    optimizer.state[params[0]]["slow"] = "mine"
    train(optimizer, params, range(2, 4))
    assert optimizer.state[params[0]]["slow"] == "mine"
    assert optimizer.state_dict()["state"][0]["slow"] == "mine"


def test_options_that_ask_for_more_state_may_be_set_later():
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(2))
    optimizer.param_groups[0]["amsgrad"] = True
    train(optimizer, params, range(2, 4))
    assert all("max_exp_avg_sq" in optimizer.state[p] for p in params)
    optimizer.param_groups[0]["amsgrad"] = False
    train(optimizer, params, range(4, 6))
    assert optimizer.state[params[0]]["step"].item() == 6


def test_groups_may_be_added_and_lists_of_parameters_edited():
    params = parameters()
    optimizer = tg.optim.Adam(params[:3])
    train(optimizer, params, range(2))
    optimizer.add_param_group({"params": params[3:5]})
    optimizer.param_groups[0]["params"].append(params[5])
    train(optimizer, params, range(2, 5))
    expected = one_by_one("Adam", parameters(), range(5), lambda step, k: k < 3 or (k < 6 and step >= 2))
    same(values(params), expected)


def test_numbers_that_differ_are_kept_apart():
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(3))
    optimizer.state[params[1]]["step"].fill_(0)
    train(optimizer, params, range(3, 5))
    assert [optimizer.state[p]["step"].item() for p in params] == [5, 2, *[5] * (len(params) - 2)]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_copies_and_pickles_go_on_with_copied_parameters(copied):
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(3))
    others, twin = copied((params, optimizer))
    assert twin.param_groups[0]["params"][0] is others[0]
    train(optimizer, params, range(3, 5))
    after = values(params)
    train(twin, others, range(3, 5))
    same(values(params), after)
    same(values(others), after)


def test_lazy_gradients_are_computed():
    dask_array = pytest.importorskip("dask.array")
    for n in (1, 3):
        params = parameters([(3,), (2,), (4,)][:n])
        expected = one_by_one("Adam", params, [0])
        optimizer = tg.optim.Adam(params)
        for k, p in enumerate(params):
            p.grad = tg.as_tensor(dask_array.from_array(gradient(p, 0, k).numpy(), chunks=2))
        optimizer.step()
        same(values(params), expected)


def test_a_step_is_noticed_by_a_graph_that_needs_the_old_values():
    params = parameters()
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, [0])
    losses = [(p * p).sum() for p in params if p.numel()]
    optimizer.step()
    for loss in losses:
        with pytest.raises(RuntimeError, match=r"Adam\.step has changed it in place"):
            loss.backward()


def test_freezing_and_thawing_layers():
    params = parameters()
    frozen = {k for k in range(len(params)) if k % 2}
    optimizer = tg.optim.Adam(params)
    phases = [(range(3), lambda k: True), (range(3, 6), lambda k: k not in frozen), (range(6, 9), lambda k: True)]
    for steps, trained in phases:
        train(optimizer, params, steps, lambda step, k, trained=trained: trained(k))
    expected = one_by_one("Adam", parameters(), range(9), lambda step, k: not (3 <= step < 6 and k in frozen))
    same(values(params), expected)


def test_every_layout_of_a_few_parameters():
    for name, shapes in itertools.product(("SGD", "Momentum", "Adam"), ([(2,)], [(2,)] * 3, [(2,)] * 4, [()] * 5)):
        params = parameters(shapes)
        expected = one_by_one(name, params, range(3))
        train(getattr(tg.optim, name)(params), params, range(3))
        same(values(params), expected)


@pytest.mark.parametrize("n", [1, 3])
def test_a_state_in_memory_that_cannot_be_written_to_is_copied(n):
    params = parameters([(3,), (2,), (4,)][:n])
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, [0])
    given = np.full(3, 2.0)
    given.flags.writeable = False
    optimizer.state[params[0]]["exp_avg"] = tg.from_numpy(given)
    train(optimizer, params, [1])
    np.testing.assert_array_equal(given, 2)
    np.testing.assert_allclose(optimizer.state[params[0]]["exp_avg"].numpy(), 1.8 + 0.1 * params[0].grad.numpy())


def test_a_gradient_from_before_is_an_error_for_one_parameter_too():
    for n in (1, 5):
        params = parameters([(2,)] * n)
        optimizer = tg.optim.SGD(params)
        train(optimizer, params, [0])
        params[-1].data = tg.zeros(1, dtype=tg.float64)
        with pytest.raises(RuntimeError, match=r"shape \(1,\) has a gradient of shape \(2,\).*zero_grad\(\)"):
            optimizer.step()


@pytest.mark.parametrize("n", [1, 3])
def test_a_state_of_other_dtypes_is_converted(n):
    params = parameters([(3,), (2,), (4,)][:n])
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, [0])
    state = optimizer.state[params[0]]
    state["step"], state["exp_avg"] = tg.tensor(7), state["exp_avg"].float()
    train(optimizer, params, [1])
    assert (state["step"].item(), state["step"].dtype, state["exp_avg"].dtype) == (8, tg.float32, tg.float64)


@pytest.mark.parametrize("n", [1, 3])
def test_counters_have_the_default_dtype_if_it_is_float64(n):
    params = parameters([(3,), (2,), (4,)][:n])
    tg.set_default_dtype(tg.float64)
    try:
        optimizer = tg.optim.Adam(params)
        train(optimizer, params, [0])
    finally:
        tg.set_default_dtype(tg.float32)
    assert optimizer.state[params[0]]["step"].dtype == tg.float64
    train(optimizer, params, [1])
    assert optimizer.state[params[0]]["step"].dtype == tg.float64


@pytest.mark.parametrize("name", ["SGD", "Momentum", "Adam"])
def test_the_layout_is_kept_while_nothing_changes(name):
    params = parameters([(2,)] * 5)
    optimizer = getattr(tg.optim, name)(params)
    train(optimizer, params, [0])
    layout = optimizer._layouts[0]
    train(optimizer, params, [1, 2])
    assert optimizer._layouts[0] is layout


def test_the_state_of_one_parameter_stays_in_its_memory():
    params = parameters([(2,)])
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, [0])
    before = dict(optimizer.state[params[0]])
    train(optimizer, params, [1, 2])
    assert all(optimizer.state[params[0]][name] is t for name, t in before.items())


def test_small_parameters_are_packed_into_pieces(monkeypatch):
    monkeypatch.setattr(flat, "PIECE", 6)
    sizes = [2, 3, 1, 4, 2, 5, 2, 2, 2, 6]
    params = parameters([(n,) for n in sizes])
    optimizer = tg.optim.Adam(params)
    train(optimizer, params, range(3))
    layout = optimizer._layouts[0]
    assert [[p.numel() for p in block.params] for block in layout.blocks] == [[2, 3, 1], [4, 2], [2, 2, 2]]
    assert [p.numel() for p in layout.others] == [5, 6]
    same(values(params), one_by_one("Adam", parameters([(n,) for n in sizes]), range(3)))
