"""Containers of modules and of parameters: they are the lists and dicts that they look like."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import tinygrad_edu as tg
from tinygrad_edu import nn


def a_module(n):
    return nn.Linear(1, n + 1)


class Rows(RuleBasedStateMachine):
    """A ModuleList, or a Sequential, does what a list does."""

    @initialize(kind=st.sampled_from([nn.ModuleList, nn.Sequential]), n=st.integers(0, 4))
    def start(self, kind, n):
        self.model = [a_module(k) for k in range(n)]
        self.row = kind(self.model) if kind is nn.ModuleList else kind(*self.model)

    def position(self, data):
        return data.draw(st.integers(-len(self.model), len(self.model) - 1))

    @rule(n=st.integers(0, 9))
    def append(self, n):
        self.model.append(a_module(n))
        assert self.row.append(self.model[-1]) is self.row

    @rule(data=st.data(), n=st.integers(0, 9))
    def insert(self, data, n):
        k = data.draw(st.integers(-len(self.model), len(self.model)))
        self.model.insert(k, a_module(n))
        self.row.insert(k, next(m for m in self.model if all(m is not x for x in self.row)))

    @rule(sizes=st.lists(st.integers(0, 3), max_size=3))
    def extend(self, sizes):
        new = [a_module(n) for n in sizes]
        self.model += new
        self.row.extend(m for m in new)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def replace(self, data):
        k = self.position(data)
        self.model[k] = self.row[k] = a_module(5)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data):
        k = self.position(data)
        del self.model[k], self.row[k]

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def pop(self, data):
        k = self.position(data)
        assert self.row.pop(k) is self.model.pop(k)

    @rule(a=st.integers(-5, 5), b=st.none() | st.integers(-5, 5), step=st.sampled_from([None, 1, 2, -1]))
    def cut(self, a, b, step):
        part = self.row[a:b:step]
        assert type(part) is type(self.row) and [*part] == self.model[a:b:step]

    @rule(a=st.integers(-5, 5), b=st.integers(-5, 5))
    def delete_slice(self, a, b):
        del self.model[a:b], self.row[a:b]

    @rule(data=st.data())
    def reach_too_far(self, data):
        k = data.draw(st.sampled_from([len(self.model), -len(self.model) - 1]))
        for use in (lambda: self.row[k], lambda: self.row.pop(k), lambda: self.row.__setitem__(k, a_module(1))):
            with pytest.raises(IndexError, match="out of range"):
                use()

    @invariant()
    def alike(self):
        if hasattr(self, "row"):
            assert len(self.row) == len(self.model) and all(a is b for a, b in zip(self.row, self.model, strict=True))
            assert [n for n, _ in self.row.named_modules(remove_duplicate=False)][1:] == [
                str(k) for k in range(len(self.model))
            ]
            assert all(self.row[k] is m is self.row[k - len(self.model)] for k, m in enumerate(self.model))
            keys = [f"{k}.{n}" for k in range(len(self.model)) for n in ("weight", "bias")]
            assert list(self.row.state_dict()) == keys


TestRows = Rows.TestCase
TestRows.settings = settings(max_examples=15, stateful_step_count=30)


def test_sequential_calls_in_order():
    model = nn.Sequential(nn.Linear(2, 3), nn.Identity(), nn.Linear(3, 1))
    x = tg.ones(4, 2)
    assert (model(x) == model[2](model[0](x))).all() and model[-1].out_features == 1
    assert (nn.Sequential(model[:2], model[2])(x) == model(x)).all()  # slices share their modules
    model[1] = nn.ReLU()
    assert (model(x) == model[2](model[0](x).relu())).all()
    assert [type(m).__name__ for m in model] == ["Linear", "ReLU", "Linear"]


def test_a_sequential_with_names():
    model = nn.Sequential(OrderedDict([("first", nn.Linear(2, 3)), ("second", nn.Tanh())]))
    assert model.first is model[0] and list(model.state_dict()) == ["first.weight", "first.bias"]
    assert list(model[1:]._modules) == ["second"]
    model.add_module("third", nn.Linear(3, 1))
    assert len(model) == 3 and model(tg.ones(1, 2)).shape == (1, 1)
    model.shift = nn.Parameter(tg.ones(1))  # is no module, so not called
    assert model(tg.ones(1, 2)).shape == (1, 1) and "shift" in model.state_dict()
    model[0] = nn.Linear(2, 3, bias=False)
    assert model.first.bias is None
    del model[1]
    assert list(model._modules) == ["0", "1"]  # as in PyTorch


def test_arithmetic_of_sequentials():
    a, b = nn.Sequential(nn.ReLU(), nn.Tanh()), nn.Sequential(nn.SELU())
    assert [*(a + b)] == [*a, *b] and [*(a * 2)] == [*(2 * a)] == [*a, *a]
    both = list(a) + list(b)
    a += b
    assert [*a] == both
    a *= 2
    assert [*a] == both * 2
    a += a
    assert len(a) == 12
    for mistake, error in [
        (lambda: a.__add__([nn.ReLU()]), ValueError),
        (lambda: a.__iadd__([nn.ReLU()]), ValueError),
        (lambda: a * 0, ValueError),
        (lambda: a * 1.5, TypeError),
    ]:
        with pytest.raises(error):
            mistake()


def test_subclasses_of_containers():
    class Block(nn.Sequential):
        def __init__(self, n):
            super().__init__(nn.Linear(n, n), nn.ReLU())
            self.n = n

    block = Block(3)
    assert block(tg.ones(2, 3)).shape == (2, 3) and repr(block).startswith("Block(\n  (0): Linear(")

    class Stack(nn.ModuleList):
        def forward(self, x):
            for layer in self:
                x = layer(x)
            return x

    assert Stack([nn.Linear(2, 2), nn.ReLU()])(tg.ones(1, 2)).shape == (1, 2)


def test_module_lists():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    layers += [nn.ReLU()]
    assert len(layers) == 4 and len(layers + nn.ModuleList([nn.Tanh()])) == 5 and nn.ReLU not in layers
    assert repr(layers[1:]).splitlines()[1] == "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)"
    layers.append(None)
    assert len(layers) == 5 and layers[4] is None and len(list(layers.children())) == 4
    assert "(4): None" in repr(layers)


def test_module_dicts():
    d = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
    assert list(d) == list(d.keys()) == ["a", "b"] and "a" in d and 3 not in d and len(d) == 2
    assert dict(d.items()) == {"a": d["a"], "b": d["b"]} and list(d.values()) == [d.a, d.b]
    d["a"] = replaced = nn.Linear(1, 2)
    d.update([("c", nn.Tanh()), ("d", nn.SELU())])
    d.update(nn.ModuleDict({"e": nn.ELU()}))
    assert list(d) == ["a", "b", "c", "d", "e"] and d.pop("a") is replaced
    del d["b"]
    assert list(d) == ["c", "d", "e"]
    d.clear()
    assert len(d) == 0 and list(d.state_dict()) == []
    with pytest.raises(KeyError):
        d["a"]


def test_parameter_lists():
    p = nn.Parameter(tg.ones(2))
    ps = nn.ParameterList([tg.zeros(2, 3), p, "text"])
    assert isinstance(ps[0], nn.Parameter) and ps[1] is p is ps[-2] and ps[2] == "text" and len(ps) == 3
    assert [n for n, _ in ps.named_parameters()] == ["0", "1"] and list(ps.state_dict()) == ["0", "1"]
    ps[0] = tg.ones(1)
    ps += [tg.ones(1)]
    assert ps.append(nn.Parameter(tg.ones(1))) is ps and len(ps) == 5 and len(list(ps)) == 5
    assert isinstance(ps[1:3], nn.ParameterList) and ps[1:3][0] is p
    assert repr(ps).splitlines()[1].strip() == "(0): Parameter containing: [float32 of size 1]"
    assert "(2): Object of type: str" in repr(ps)

    class Polynomial(nn.Module):
        def __init__(self):
            super().__init__()
            self.coefficients = nn.ParameterList(tg.ones(1) for _ in range(3))

        def forward(self, x):
            return sum(c * x**k for k, c in enumerate(self.coefficients))

    f = Polynomial()
    f(tg.tensor([2.0])).backward()
    assert [p.grad.item() for p in f.parameters()] == [1, 2, 4]


def test_parameter_dicts():
    d = nn.ParameterDict({"a": tg.ones(2), "b": 3})
    assert isinstance(d["a"], nn.Parameter) and d["b"] == 3 and list(d) == ["a", "b"] and "a" in d
    assert [n for n, _ in d.named_parameters()] == ["a"] and d.a is d["a"]
    d["c"] = nn.Parameter(tg.zeros(1))
    d.update([("e", tg.ones(1))])
    assert d.get("x") is None and d.setdefault("y", 4) == 4 == d.pop("y") and next(reversed(d)) == "e"
    assert d.popitem()[0] == "e" and len(d) == 3 and list(d.values()) == [d.a, 3, d.c]
    both = d | {"z": tg.ones(1)}
    assert list(both) == ["a", "b", "c", "z"] and both.a is d.a and list(d.copy()) == list(d)
    d |= {"w": 1}
    assert list(d.keys())[-1] == "w" and dict(d.items())["w"] == 1
    assert list(d.fromkeys(["p", "q"], 1).values()) == [1, 1]
    assert "(a): Parameter containing: [tinygrad_edu.FloatTensor of size 2]" in repr(d)
    d.clear()
    assert len(d) == 0 and not list(d.parameters())
    with pytest.raises(KeyError, match="empty"):
        d.popitem()
    b, a = tg.ones(2), tg.zeros(1)
    assert list(nn.ParameterDict({"b": b, "a": a})) == ["a", "b"]  # as in PyTorch
    for ordered in (OrderedDict(b=b, a=a), nn.ParameterDict([("b", b), ("a", a)]), [("b", b), ("a", a)]):
        assert list(nn.ParameterDict(ordered)) == ["b", "a"]


@pytest.mark.parametrize(
    "container",
    [
        nn.Sequential(nn.Linear(1, 1), nn.ReLU()),
        nn.ModuleList([nn.Linear(1, 1)]),
        nn.ModuleDict({"a": nn.Linear(1, 1)}),
        nn.ParameterList([tg.ones(1)]),
        nn.ParameterDict({"a": tg.ones(1)}),
    ],
    ids=lambda c: type(c).__name__,
)
def test_containers_are_copied_and_pickled(container):
    for twin in (copy.deepcopy(container), pickle.loads(pickle.dumps(container))):
        assert repr(twin) == repr(container) and len(twin) == len(container)
        for a, b in zip(twin.parameters(), container.parameters(), strict=True):
            assert a is not b and np.array_equal(a.detach(), b.detach())


@pytest.mark.parametrize(
    "mistake, error, message",
    [
        (lambda: nn.Sequential([nn.ReLU()]), TypeError, r"list is not a Module subclass: unpack it"),
        (lambda: nn.Sequential({"a": nn.ReLU()}), TypeError, "OrderedDict"),
        (lambda: nn.Sequential(nn.ReLU), TypeError, r"write ReLU\(\) with brackets"),
        (lambda: nn.Sequential(tg.relu), TypeError, r"nn.ReLU\(\)"),
        (lambda: nn.ModuleList([3]), TypeError, "int is not a Module"),
        (lambda: nn.ModuleList(nn.ReLU()), TypeError, "ModuleList.extend should be called with an iterable"),
        (lambda: nn.ModuleDict(3), TypeError, "iterable of key/value pairs"),
        (lambda: nn.ModuleDict([("a",)]), ValueError, "element #0"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), KeyError, r'cannot contain "\."'),
        (lambda: nn.ModuleDict({"keys": nn.ReLU()}), KeyError, "already exists"),
        (lambda: nn.ModuleDict({3: nn.ReLU()}), TypeError, "should be a string"),
        (lambda: nn.ParameterList(tg.ones(2)), TypeError, r"write \[p\]"),
        (lambda: nn.ParameterList([])[0], IndexError, "out of range"),
        (lambda: nn.ParameterList()(3), RuntimeError, "should not be called"),
        (lambda: nn.ParameterDict(tg.ones(2)), TypeError, "key/value pairs"),
        (lambda: nn.ParameterDict({3: tg.ones(2)}), TypeError, r"write str\(key\)"),
        (lambda: nn.ParameterDict({"values": tg.ones(2)}), KeyError, "already exists"),
        (lambda: nn.ParameterDict([3]), ValueError, "element #0"),
        (lambda: nn.ParameterDict()["a"], KeyError, "a"),
        (lambda: nn.ParameterDict()(3), RuntimeError, "should not be called"),
    ],
)
def test_mistakes(mistake, error, message):
    with pytest.raises(error, match=message):
        mistake()


def test_mistakes_change_nothing():
    row = nn.Sequential(nn.ReLU(), nn.Tanh())
    before = repr(row)
    for mistake in (
        lambda: row.extend([nn.ReLU(), 3]),
        lambda: row.insert(9, nn.ReLU()),
        lambda: row.insert(0, 3),
        lambda: row.append(3),
        lambda: row.__setitem__(0, 3),
        lambda: row.pop(5),
        lambda: row.__delitem__(2),
    ):
        with pytest.raises((TypeError, IndexError)):
            mistake()
        assert repr(row) == before
