"""Module: what belongs to it, walking through it, saving and loading, modes and dtypes, hooks, mistakes."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn, optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 3)
        self.scale = nn.Parameter(tg.ones(1))
        self.register_buffer("seen", tg.tensor(0))
        self.register_buffer("scratch", tg.zeros(2), persistent=False)
        self.out = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 1))

    def forward(self, x, shift=0):
        return self.scale * self.out(self.hidden(x)) + shift


X = tg.tensor(np.random.default_rng(0).standard_normal((5, 2)).astype(np.float32))
KEYS = ["scale", "seen", "hidden.weight", "hidden.bias", "out.2.weight", "out.2.bias"]


def numbers(module):
    return {k: (id(v), v._array.copy(), v.dtype, v.requires_grad) for k, v in module.state_dict(keep_vars=True).items()}


def assert_unchanged(before, module):
    after = numbers(module)
    assert list(before) == list(after)
    for key, (identity, array, dtype, requires_grad) in before.items():
        assert after[key][0] == identity and after[key][2:] == (dtype, requires_grad)
        np.testing.assert_array_equal(after[key][1], array)


# -- what belongs to it -----------------------------------------------------------------------------------


def test_assigning_registers_by_kind():
    net = Net()
    assert list(net._parameters) == ["scale"] and list(net._modules) == ["hidden", "out"]
    assert list(net._buffers) == ["seen", "scratch"]
    net.extra = nn.Buffer(tg.zeros(2), persistent=False)
    net.lr, net.plain = 0.1, tg.zeros(3)
    assert list(net._buffers) == ["seen", "scratch", "extra"] and "extra" not in net.state_dict()
    net.extra = nn.Buffer(tg.zeros(2))
    assert "extra" in net.state_dict() and "plain" not in net.state_dict()
    net.seen = net.seen + 1
    assert net.state_dict()["seen"].item() == 1
    assert {"scale", "hidden", "seen", "lr", "forward"} <= set(dir(net))
    assert "0" not in dir(net.out) and hasattr(net.out, "0")


def test_a_name_may_change_its_kind():
    net = Net()
    net.scale = None  # it is still a parameter, which there is not at the moment
    assert "scale" in net._parameters and "scale" not in net.state_dict()
    net.scale = nn.Parameter(tg.zeros(2))
    net.seen = nn.Parameter(tg.ones(1))
    net.hidden = nn.Parameter(tg.ones(1))
    assert [n for n, _ in net.named_parameters(recurse=False)] == ["scale", "seen", "hidden"]
    net.lr = 3
    net.lr = nn.Linear(1, 1)
    assert "lr.weight" in net.state_dict()
    del net.lr, net.hidden
    assert not hasattr(net, "lr") and "hidden" not in net.state_dict()
    with pytest.raises(AttributeError):
        del net.lr


def test_common_names_are_free():
    """What programs call their own attributes and methods does not get in the way of the module's."""

    class Busy(nn.Module):
        def __init__(self):
            super().__init__()
            self._hooks, self._kinds, self._members, self._initialized = [], {}, [], False
            self.layer = nn.Linear(2, 2)
            self.modules = [self.layer]

        def _register(self):
            return 1

        _get = _named = _made = _replace = _convert = _register

        def forward(self, x):
            return self.layer(x)

    net = Busy()
    net.register_forward_hook(lambda m, args, y: y * 0)
    assert (net.double()(X.double()) == 0).all() and len(net.state_dict()) == 2 and net._hooks == []
    assert not net.eval().layer.training and len(list(net.parameters())) == 2


def test_the_tables_of_members_write_through():
    net = Net()
    net._modules["hidden"] = nn.Identity()
    net._parameters["more"] = nn.Parameter(tg.ones(2))
    assert isinstance(net.hidden, nn.Identity) and net.more.shape == (2,)
    del net._modules["out"]
    assert not hasattr(net, "out") and len(net._modules) == 1 and repr(net._modules) == "{'hidden': Identity()}"
    with pytest.raises(KeyError):
        net._modules["scale"]
    with pytest.raises(KeyError):
        del net._modules["scale"]


def test_shared_parameters_come_once():
    net = Net()
    net.again = net.hidden
    net.tied = net.hidden.weight
    assert len(list(net.parameters())) == 5
    assert len(list(net.named_parameters(remove_duplicate=False))) == 8
    assert [n for n, _ in net.named_children()] == ["hidden", "out"]
    state = net.state_dict()
    assert {"tied", "hidden.weight", "again.weight"} <= set(state)
    state["tied"].fill_(3.0)
    np.testing.assert_array_equal(net.again.weight.detach().numpy(), 3.0)
    net(X).sum().backward()
    twin = copy.deepcopy(net)
    assert twin.tied is twin.hidden.weight is twin.again.weight is not net.tied
    net.double()
    assert net.tied is net.hidden.weight and net.tied.dtype == tg.float64
    assert len(optim.SGD(net.parameters(), lr=0.1).param_groups[0]["params"]) == 5


def test_paths_lead_to_parts():
    net = Net()
    assert net.get_submodule("") is net and net.get_submodule("out.2") is net.out[2]
    assert net.get_parameter("out.2.weight") is net.out[2].weight
    assert net.get_buffer("seen") is net.seen
    assert [path for path, _ in net.named_modules()] == ["", "hidden", "out", "out.0", "out.1", "out.2"]
    assert next(iter(net.modules())) is net


def test_a_deep_model_is_walked_without_recursion():
    model = nn.Identity()
    for _ in range(1200):
        model, inner = nn.Module(), model
        model.part = inner
    assert sum(1 for _ in model.modules()) == 1201 and model.state_dict() == {} and model.train() is model


def test_a_part_that_points_back_is_an_error_that_ends():
    parent, child = nn.Module(), nn.Module()
    parent.child, child.parent = child, parent
    assert len(list(parent.modules())) == 2
    with pytest.raises(RuntimeError, match="contains itself"):
        parent.state_dict()


def test_parameters():
    data = tg.zeros(2)
    p = nn.Parameter(data)
    assert isinstance(p, tg.Tensor) and p.requires_grad and p.is_leaf and type(p + 1) is type(p.data) is tg.Tensor
    with tg.no_grad():
        p += 1
    assert data.tolist() == [1, 1]  # it shares their memory
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert not nn.Parameter(tg.tensor(1), requires_grad=False).requires_grad and nn.Parameter().numel() == 0
    p.tag = "kept"
    (p * p).sum().backward()
    for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p)), copy.copy(p)):
        assert type(twin) is nn.Parameter and twin.requires_grad and twin.tag == "kept" and twin is not p
    assert copy.deepcopy(p).grad is None and p.grad is not None
    computed = nn.Parameter((p * 2) + 1)
    assert computed.is_leaf
    assert isinstance(nn.Buffer(tg.ones(1)), tg.Tensor) and not nn.Buffer(tg.ones(1)).requires_grad


def test_copies_and_pickles_are_models_of_their_own():
    net = Net()
    net.eval()
    net(X).sum().backward()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert repr(twin) == repr(net) and not twin.training
        np.testing.assert_array_equal(twin(X).detach().numpy(), net(X).detach().numpy())
        assert not {id(p) for p in twin.parameters()} & {id(p) for p in net.parameters()}
        with tg.no_grad():
            twin.scale.fill_(5.0)
        assert net.scale.item() == 1
    assert all(p.grad is None for p in copy.deepcopy(net).parameters())


class Wrapper(nn.Module):
    """What one does not have, the other is asked for."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.module, name)


def test_modules_that_ask_others_for_attributes():
    wrapper = Wrapper(nn.Linear(2, 3))
    for w in (wrapper, copy.deepcopy(wrapper), pickle.loads(pickle.dumps(wrapper))):
        assert w.in_features == 2 and w.module.weight is w.weight and next(iter(w.state_dict())) == "module.weight"
        with pytest.raises(AttributeError, match="'Linear' object has no attribute 'nothing'"):
            w.nothing  # noqa: B018


def test_models_die_when_dropped():
    gc.disable()
    try:
        net = Net()
        net(X).sum().backward()
        dead = [weakref.ref(net), weakref.ref(net.hidden.weight)]
        del net
        assert [ref() for ref in dead] == [None, None]
    finally:
        gc.enable()


# -- saving and loading -----------------------------------------------------------------------------------


def test_state_dicts():
    net = Net()
    state = net.state_dict()
    assert list(state) == KEYS and not any(t.requires_grad for t in state.values())
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    assert list(net.out.state_dict(prefix="x.")) == ["x.2.weight", "x.2.bias"]
    into = {"old": 1}
    assert net.state_dict(destination=into) is into and list(into) == ["old", *KEYS]
    with tg.no_grad():
        net.scale.fill_(7.0)
    assert state["scale"].item() == 7  # they share memory


def test_loading_copies():
    net, other = Net(), Net()
    objects = [id(p) for p in net.parameters()]
    result = net.load_state_dict(other.state_dict())
    assert result.missing_keys == result.unexpected_keys == [] and repr(result) == "<All keys matched successfully>"
    assert [id(p) for p in net.parameters()] == objects
    net.eval(), other.eval()
    np.testing.assert_array_equal(net(X).detach().numpy(), other(X).detach().numpy())
    with tg.no_grad():
        other.scale.fill_(9.0)
    assert net.scale.item() == 1
    net.double().load_state_dict(other.state_dict())  # dtypes stay the module's
    assert net.scale.dtype == tg.float64 and net.scale.item() == 9
    net.load_state_dict({k: v.numpy() for k, v in other.state_dict().items()})


def test_loading_by_assignment():
    net, other = Net(), Net().double()
    net.hidden.bias.requires_grad_(False)
    net.load_state_dict(other.state_dict(), assign=True)
    assert net.scale.dtype == tg.float64 and isinstance(net.scale, nn.Parameter) and net.scale.requires_grad
    assert not net.hidden.bias.requires_grad
    p = nn.Parameter(tg.ones(1))
    net.load_state_dict({"scale": p}, strict=False, assign=True)
    assert net.scale is p


def test_loading_is_seen_by_the_graph():
    net = Net()
    loss = (net.scale * net.scale).sum()
    net.load_state_dict(net.state_dict())
    with pytest.raises(RuntimeError, match="load_state_dict"):
        loss.backward()


def test_loading_with_strict_off_says_what_did_not_match():
    net = Net()
    state = {**net.hidden.state_dict(prefix="hidden."), "other": tg.ones(1)}
    result = net.load_state_dict(state, strict=False)
    assert result.unexpected_keys == ["other"] and result.missing_keys == [k for k in KEYS if "hidden" not in k]
    assert tuple(result) == (result.missing_keys, result.unexpected_keys)
    assert "missing_keys=['scale'" in repr(result)


BROKEN = {
    "missing": (lambda s: s.pop("scale"), "Missing key"),
    "unexpected": (lambda s: s.update(more=tg.ones(1)), "Unexpected key"),
    "shape": (lambda s: s.update({"out.2.bias": tg.ones(2)}), r"size mismatch for out.2.bias.*\[2\].*\[1\]"),
    "broadcast": (lambda s: s.update({"out.2.weight": tg.ones(1)}), "size mismatch"),
    "type": (lambda s: s.update({"out.2.bias": [1.0]}), "expected Tensor .* received <class 'list'>"),
    "text": (lambda s: s.update({"out.2.bias": np.array(["a"])}), "expected Tensor"),
    "prefix": (lambda s: [s.update({"module." + k: s.pop(k)}) for k in list(s)], r"removeprefix\('module\.'\)"),
    "no prefix": (lambda s: [s.update({k.split(".")[-1] + k: s.pop(k)}) for k in list(s)], "Missing key"),
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("assign", [True, False])
@pytest.mark.parametrize("name", BROKEN)
def test_a_state_dict_that_does_not_fit_changes_nothing(name, assign, strict):
    net = Net()
    state = {k: v.clone() + 1 for k, v in net.state_dict().items()}
    spoil, message = BROKEN[name]
    spoil(state)
    if not strict and ("key" in message or "prefix" in name):
        net.load_state_dict(state, strict=False)
        return
    before = numbers(net)
    with pytest.raises(RuntimeError, match=f"(?s)Error.* in loading state_dict for Net:.*{message}"):
        net.load_state_dict(state, strict, assign)
    assert_unchanged(before, net)


def test_all_differences_are_listed_at_once():
    with pytest.raises(RuntimeError) as error:
        Net().load_state_dict({"scale": tg.ones(2), "hidden.weight": tg.ones(2, 3), "x": tg.ones(1)})
    assert len(str(error.value).splitlines()) == 5 and "(The keys" not in str(error.value)


def test_what_else_cannot_be_loaded():
    net = Net()
    with pytest.raises(TypeError, match=r"state_dict to be dict-like.*model.state_dict\(\)"):
        net.load_state_dict(net.state_dict)
    with pytest.raises(TypeError, match="dict-like"):
        net.load_state_dict("weights.pt")
    frozen = np.ones(1, np.float32)
    frozen.flags.writeable = False
    net.scale = nn.Parameter(tg.as_tensor(frozen))
    before = numbers(net)
    with pytest.raises(RuntimeError, match="scale is read-only"):
        net.load_state_dict(Net().state_dict())
    assert_unchanged(before, net)
    with pytest.raises(RuntimeError, match="scale requires grad"):
        net.load_state_dict({**Net().state_dict(), "scale": tg.tensor([1])}, assign=True)
    assert_unchanged(before, net)


@given(
    st.lists(st.sampled_from(["linear", "bilinear", "embedding", "list", "shared", "buffer"]), max_size=6), st.data()
)
def test_state_dicts_go_round(kinds, data):
    """Whatever a model consists of, its state goes into another of the same kind, and comes back."""

    def build(seed):
        tg.manual_seed(seed)
        model = nn.Module()
        for k, kind in enumerate(kinds):
            if kind == "linear":
                part = nn.Linear(2, k + 1, bias=k % 2 == 0)
            elif kind == "bilinear":
                part = nn.Bilinear(1, 2, 3)
            elif kind == "embedding":
                part = nn.Embedding(3, 2, padding_idx=0)
            elif kind == "list":
                part = nn.ModuleList([nn.Linear(1, 1), nn.Sequential(nn.Linear(1, 2))])
            elif kind == "shared":
                part = next(iter(model.children()), nn.Identity())
            else:
                part = nn.Module()
                part.register_buffer("state", tg.rand(2))
                part.register_buffer("scratch", tg.rand(k), persistent=False)
            setattr(model, f"part{k}", part)
        return model

    a, b = build(0), build(1)
    state = {k: v.clone() for k, v in a.state_dict().items()}
    b.load_state_dict(state)
    for (name, x), (same, y) in zip(a.state_dict().items(), b.state_dict().items(), strict=True):
        assert name == same and x.dtype == y.dtype and not np.shares_memory(x._array, y._array)
        np.testing.assert_array_equal(x.numpy(), y.numpy())
    if state:
        gone = data.draw(st.sampled_from(sorted(state)))
        before = numbers(b)
        with pytest.raises(RuntimeError, match="Missing"):
            b.load_state_dict({k: v + 1 for k, v in state.items() if k != gone})
        assert_unchanged(before, b)


# -- modes, gradients, dtypes --------------------------------------------------------------------------------


def test_modes_reach_every_part():
    net = Net()
    assert net.training and net.eval() is net and not any(m.training for m in net.modules())
    a, b = net(X), net(X)
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())  # dropout is off
    net.out.train()
    assert net.out[1].training and not net.training and net.train() is net and net.hidden.training


def test_zero_grad_and_requires_grad():
    net = Net()
    net(X).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert net.requires_grad_(False) is net and not net(X).requires_grad
    net.out.requires_grad_()
    net(X).sum().backward()
    assert net.hidden.weight.grad is None and net.out[2].weight.grad is not None


def test_gradients_of_all_parameters():
    net = Net().eval()
    net(X).sum().backward()
    for params in (net.parameters(), dict(net.named_parameters()).values()):
        grads = tg.autograd.grad(net(X).sum(), params)
        assert all((g == p.grad).all() for g, p in zip(grads, net.parameters(), strict=True))
    before = [p.grad.clone() for p in net.parameters()]
    net(X).sum().backward(inputs=net.out.parameters())
    doubled = [bool((p.grad == 2 * g).all()) for p, g in zip(net.parameters(), before, strict=True)]
    assert doubled == [False, False, False, True, True]


def test_apply_calls_parts_first():
    seen = []
    net = Net()
    assert net.apply(lambda m: seen.append(m)) is net
    assert seen[-1] is net and seen[0] is net.hidden and len(seen) == 6


@pytest.mark.parametrize(
    ("convert", "dtype"),
    [
        (lambda m: m.double(), tg.float64),
        (lambda m: m.half(), tg.float16),
        (lambda m: m.double().float(), tg.float32),
        (lambda m: m.to(tg.float64), tg.float64),
        (lambda m: m.to("cpu", tg.float64), tg.float64),
        (lambda m: m.to(dtype=tg.float64, device="cpu", non_blocking=True), tg.float64),
        (lambda m: m.to(tg.zeros(1, dtype=tg.float64)), tg.float64),
        (lambda m: m.type(tg.float64), tg.float64),
        (lambda m: m.type("torch.DoubleTensor"), tg.float64),
        (lambda m: m.to("cpu"), tg.float32),
        (lambda m: m.to(tg.device("cpu")).cpu(), tg.float32),
    ],
)
def test_dtypes_change_in_the_same_objects(convert, dtype):
    net = Net()
    net(X).sum().backward()
    params = list(net.parameters())
    grads = [p.grad.numpy().copy() for p in params]
    optimizer = optim.SGD(params, lr=0.1)
    assert convert(net) is net and all(a is b for a, b in zip(params, net.parameters(), strict=True))
    assert all(p.dtype == p.grad.dtype == dtype and p.requires_grad and p.is_leaf for p in params)
    assert net.scratch.dtype == dtype and net.seen.dtype in (tg.int64, dtype)
    for p, g in zip(params, grads, strict=True):
        np.testing.assert_allclose(p.grad.numpy(), g, rtol=1e-2, atol=1e-3)
    net.zero_grad()
    net.eval()(X.to(dtype)).sum().backward()
    before = net.scale.item()
    optimizer.step()
    assert net.scale.item() != before and net.scale.dtype == dtype


def test_where_a_module_cannot_go():
    net = Net()
    before = numbers(net)
    for move in (lambda: net.cuda(), lambda: net.to("cuda"), lambda: net.to(device="cuda:0")):
        with pytest.raises(RuntimeError, match="no device"):
            move()
    with pytest.raises(TypeError, match=r"only accepts floating point dtypes.*int64"):
        net.to(tg.int64)
    with pytest.raises(TypeError, match="unknown argument"):
        net.to(tg.float64, speed=3)
    assert_unchanged(before, net)


# -- calling and hooks ---------------------------------------------------------------------------------------


def test_calls_pass_everything_on():
    net = Net().eval()
    a = net(X, shift=1) - net(x=X)
    np.testing.assert_allclose(a.detach().numpy(), 1, rtol=1e-6)
    np.testing.assert_array_equal(net(X, 2).detach().numpy(), net.forward(X, 2).detach().numpy())


def test_forward_hooks():
    net, log = Net().eval(), []
    plain = net(X)
    handles = [
        net.register_forward_pre_hook(lambda m, args: log.append(("pre", len(args)))),
        net.register_forward_pre_hook(
            lambda m, args, kwargs: (args, {"shift": kwargs["shift"] + 1}), prepend=True, with_kwargs=True
        ),
        net.register_forward_hook(lambda m, args, out: log.append(("post", out.shape))),
        net.register_forward_hook(lambda m, args, kwargs, out: out * kwargs["shift"], prepend=True, with_kwargs=True),
    ]
    y = net(X, shift=1)
    np.testing.assert_allclose(y.detach().numpy(), 2 * (plain.detach().numpy() + 2), rtol=1e-6)
    assert log == [("pre", 1), ("post", (5, 1))]
    for h in handles:
        h.remove()
        h.remove()
    np.testing.assert_array_equal(net(X).detach().numpy(), plain.detach().numpy())
    with net.register_forward_pre_hook(lambda m, args: args[0] * 0):
        assert (net(X) == net(X * 0)).all()
    assert len(log) == 2


def test_a_hook_may_remove_itself():
    layer, calls = nn.Identity(), []

    def once(module, args, output):
        calls.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer(X), layer(X)
    assert calls == [1]


def test_hooks_that_are_always_called_see_errors():
    class Fails(nn.Module):
        def forward(self, x):
            raise ValueError("no")

    net, log = Fails(), []
    net.register_forward_hook(lambda m, args, out: log.append(("usual", out)))
    net.register_forward_hook(lambda m, args, out: log.append(("always", out)), always_call=True)
    with pytest.raises(ValueError, match="no"):
        net(X)
    assert log == [("always", None)]


def test_hooks_that_return_nonsense():
    layer = nn.Identity()
    with pytest.raises(TypeError, match="hook must be a function"):
        layer.register_forward_hook(3)
    with (
        layer.register_forward_pre_hook(lambda m, a, k: 3, with_kwargs=True),
        pytest.raises(RuntimeError, match="tuple of"),
    ):
        layer(X)


def test_backward_hooks_see_and_replace_gradients():
    class Two(nn.Module):
        def forward(self, a, b, c):
            return a * b, b + c

    module, log = Two(), []
    module.register_full_backward_hook(lambda m, gi, go: log.append((len(gi), gi[2], go)))
    module.register_full_backward_hook(lambda m, gi, go: (None if gi[0] is None else gi[0] * 10, gi[1], None))
    module.register_full_backward_pre_hook(lambda m, go: (go[0] * 2, go[1]))
    a, b = tg.tensor([2.0], requires_grad=True), tg.tensor([3.0], requires_grad=True)
    p, q = module(a, b, 5)
    (p + q).sum().backward()
    assert a.grad.item() == 60 and b.grad.item() == 5  # (2·3)·10, 2·2 + 1
    assert log[0][:2] == (3, None) and [g.item() for g in log[0][2]] == [2, 1]
    p, _ = module(a, b, 5)
    p.backward()
    assert log[1][2][1] is None  # the second result was not used


def test_backward_hooks_of_a_first_layer_whose_input_needs_no_gradient():
    layer, log = nn.Linear(2, 3), []
    layer.register_full_backward_hook(lambda m, gi, go: log.append((gi, go[0].shape)))
    layer(X).sum().backward()
    assert log == [((None,), (5, 3))]
    assert layer.weight.grad is not None


def test_backward_hooks_cannot_make_up_gradients():
    layer = nn.Linear(2, 3)
    layer.register_full_backward_hook(lambda m, gi, go: (tg.ones(5, 2),))
    with pytest.raises(RuntimeError, match="no input requires gradient should always return None"):
        layer(X).sum().backward()


def test_backward_hooks_on_results_of_every_kind():
    class Gives(nn.Module):
        def __init__(self, form):
            super().__init__()
            self.form = form

        def forward(self, x):
            return self.form(x * 2)

    for form, take in [
        (lambda y: y, lambda r: r),
        (lambda y: [y, 3], lambda r: r[0]),
        (lambda y: (None, y), lambda r: r[1]),
        (lambda y: {"y": y, "n": 1}, lambda r: r["y"]),
        (lambda y: y.max(0), lambda r: r.values),
    ]:
        net, calls, x = Gives(form), [], tg.ones(3, requires_grad=True)
        net.register_full_backward_hook(lambda m, gi, go, calls=calls: calls.append(go))
        result = net(x)
        assert type(result) is type(form(x * 2))
        take(result).sum().backward()
        assert len(calls) == 1 and x.grad is not None
    net = Gives(lambda y: 3)
    net.register_full_backward_hook(lambda m, gi, go: None)
    with pytest.warns(UserWarning, match="should be a Tensor or a tuple"):
        assert net(X) == 3


def test_backward_hooks_and_changes_in_place():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(inplace=True))
    plain = model(X)
    (expected,) = tg.autograd.grad(plain.sum(), [model[0].weight])
    for module in (model, *model):
        module.register_full_backward_hook(lambda m, gi, go: None)
    y = model(X)
    (found,) = tg.autograd.grad(y.sum(), [model[0].weight])
    np.testing.assert_array_equal(y.detach().numpy(), plain.detach().numpy())
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_backward_hooks_allow_second_derivatives():
    layer = nn.Tanh()
    layer.register_full_backward_hook(lambda m, gi, go: (gi[0] * 3,))
    x = tg.tensor([0.5], dtype=tg.float64, requires_grad=True)
    (g,) = tg.autograd.grad(layer(x).sum(), x, create_graph=True)
    (h,) = tg.autograd.grad(g.sum(), x)
    t = np.tanh(0.5)
    np.testing.assert_allclose([g.item(), h.item()], [3 * (1 - t * t), -6 * t * (1 - t * t)])


@pytest.mark.parametrize(
    "register, bad",
    [
        ("register_full_backward_hook", lambda m, gi, go: (gi[0], gi[0])),
        ("register_full_backward_pre_hook", lambda m, go: ()),
    ],
)
def test_backward_hooks_must_return_one_gradient_each(register, bad):
    layer = nn.Tanh()
    getattr(layer, register)(bad)
    with pytest.raises(RuntimeError, match="invalid number of grad"):
        layer(tg.ones(2, requires_grad=True)).sum().backward()


def test_hooks_are_copied_with_the_module():
    layer, log = nn.Identity(), []
    layer.register_forward_hook(lambda m, a, y: log.append(m))
    twin = copy.deepcopy(layer)
    twin(X)
    assert log == [twin]


# -- mistakes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "assign, what",
    [
        (lambda m: setattr(m, "fc", nn.Linear(1, 1)), "module"),
        (lambda m: setattr(m, "w", nn.Parameter(tg.ones(1))), "parameters"),
        (lambda m: setattr(m, "b", nn.Buffer(tg.ones(1))), "buffer"),
        (lambda m: m.register_buffer("b", None), "buffer"),
        (lambda m: m.register_parameter("w", None), "parameter"),
        (lambda m: m.add_module("m", None), "module"),
    ],
)
def test_a_forgotten_super_init(assign, what):
    class Forgot(nn.Module):
        def __init__(self):
            self.size = 3
            assign(self)

    with pytest.raises(AttributeError, match=rf"cannot assign {what} before Module.__init__\(\) call.*super\(\)") as e:
        Forgot()
    assert "Forgot.__init__" in str(e.value)


def test_a_forgotten_super_init_of_a_module_without_parts():
    class Forgot(nn.Module):
        def __init__(self):
            self.size = 3

        def forward(self, x):
            return x

    for use in (
        lambda m: m(X),
        lambda m: list(m.parameters()),
        repr,
        lambda m: m.state_dict(),
        lambda m: m.eval(),
        lambda m: m.register_forward_hook(print),
    ):
        with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
            use(Forgot())


def test_a_missing_or_misspelt_forward():
    class Misspelt(nn.Module):
        def foward(self, x):
            return x

    with pytest.raises(NotImplementedError, match=r'\[Misspelt\] is missing the required "forward".*`foward`'):
        Misspelt()(X)
    with pytest.raises(NotImplementedError, match="missing the required"):
        nn.ModuleList([nn.ReLU()])(X)


@pytest.mark.parametrize(
    "mistake, error, message",
    [
        (lambda m: setattr(m, "type", nn.ReLU()), KeyError, "'type' already exists: the class Net has it"),
        (lambda m: m.register_buffer("scale", None), KeyError, "'scale' already exists"),
        (lambda m: m.register_parameter("hidden", None), KeyError, "'hidden' already exists"),
        (lambda m: m.register_parameter("w", tg.ones(1)), TypeError, "'tinygrad_edu.FloatTensor' object to parameter"),
        (lambda m: m.register_parameter("w", np.ones(1)), TypeError, "numpy.ndarray"),
        (lambda m: setattr(m, "scale", tg.ones(1)), TypeError, "'tinygrad_edu.FloatTensor' as parameter 'scale'"),
        (lambda m: setattr(m.hidden, "weight", tg.ones(3, 2)), TypeError, r"weight.data.copy_\(x\)"),
        (lambda m: setattr(m, "seen", 3), TypeError, "'int' as buffer 'seen'"),
        (lambda m: setattr(m, "hidden", tg.relu), TypeError, "child module 'hidden'"),
        (lambda m: m.add_module("x", nn.ReLU), TypeError, r"ReLU\(\) with brackets"),
        (lambda m: m.add_module("x", tg.relu), TypeError, "function relu is not a Module.* call it in forward"),
        (lambda m: m.add_module("a.b", None), KeyError, 'contain "."'),
        (lambda m: nn.Parameter([1.0]), TypeError, r"must be a Tensor, not list: write Parameter\(tensor"),
        (lambda m: nn.Parameter(tg.tensor(1)), RuntimeError, "Only Tensors of floating point.*int64"),
        (lambda m: nn.Buffer(3), TypeError, "Buffer data must be a Tensor"),
        (lambda m: m.train(1), ValueError, "boolean, not int"),
        (lambda m: m.get_submodule("out.5"), AttributeError, "Sequential has no attribute `5`"),
    ],
)  # fmt: skip
def test_mistakes_change_nothing(mistake, error, message):
    net = Net()
    before, text = numbers(net), repr(net)
    with pytest.raises(error, match=message):
        mistake(net)
    assert_unchanged(before, net)
    assert repr(net) == text


def test_computed_tensors_are_no_parameters():
    p = nn.Parameter(tg.ones(2))
    p._node = (p * 2)._node  # what an in-place change outside no_grad would make of it
    for register in (lambda m: m.register_parameter("w", p), lambda m: setattr(m, "w", p)):
        with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'w'"):
            register(nn.Module())


def test_a_class_may_look_further_for_attributes():
    class Wrapper(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.module, name)

    wrapper = Wrapper(nn.Linear(2, 3))
    assert wrapper.out_features == 3 and wrapper.module.in_features == 2
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'nope'"):
        wrapper.nope  # noqa: B018
    assert copy.deepcopy(wrapper).out_features == 3
