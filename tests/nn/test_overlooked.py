"""What is in Python's lists and dicts, or is no Parameter, is not trained: parameters() says so, once."""

import warnings

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn


def linear():
    return nn.Linear(2, 2)


def model(**attributes):
    m = nn.Module()
    m.inner = nn.Sequential(linear())
    for name, value in attributes.items():
        setattr(m.inner, name, value)
    return m


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([linear(), linear()], r"Sequential\.it is a list.*Write nn\.ModuleList\(…\)"),
        ((linear(),), r"a tuple.*nn\.ModuleList"),
        ({"a": linear()}, r"a dict.*nn\.ModuleDict"),
        ([None, linear()], r"nn\.ModuleList"),
        ([nn.Parameter(tg.ones(2))], r"nn\.ParameterList"),
        ({"a": nn.Parameter(tg.ones(2))}, r"nn\.ParameterDict"),
        (tg.ones(2, requires_grad=True), r"Sequential\.it requires grad, but is no Parameter.*nn\.Parameter\(…\)"),
    ],
)
def test_what_would_not_be_trained_is_named_with_the_remedy_once(value, words):
    m = model(it=value)
    with pytest.warns(UserWarning, match=words) as caught:
        assert len(list(m.parameters())) == 2
    assert len(caught) == 1
    assert caught[0].filename == __file__
    list(m.parameters())  # warnings are errors here


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        [1, "a", None, tg.ones(2)],
        [nn.ReLU()],
        tg.ones(2),
        tg.ones(2, requires_grad=True) * 2,
        [linear().requires_grad_(False)],
        nn.ModuleList([linear()]),
        nn.ParameterList([tg.ones(2)]),
    ],
)
def test_what_is_registered_or_has_nothing_to_train_is_no_reason_to_warn(value):
    list(model(it=value).parameters())


def test_a_list_of_parts_that_are_registered_elsewhere_is_fine():
    m = model(first=linear(), second=linear())
    m.order = [m.inner.second, m.inner.first]
    m.all = list(m.inner.parameters())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(list(m.parameters())) == 6
