"""Who writes an optimizer as in another library is told how it is written here, and nothing has happened."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim


def w():
    return tg.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: optim.SGD([w()], learning_rate=0.1), "unexpected keyword argument 'learning_rate': write lr="),
        (lambda: optim.Adam([w()], learning_rate=0.1), "write lr="),
        (lambda: optim.Adam([w()], step_size=0.1), "write lr="),
        (lambda: optim.SGD([w()], alpha=0.1), "write lr="),
        (lambda: optim.SGD([w()], eta=0.1), "write lr="),
        (lambda: optim.Adam([w()], epsilon=0.1), "write eps="),
        (lambda: optim.SGD([w()], decay=0.1), "write weight_decay="),
        (lambda: optim.AdamW([w()], wd=0.1), "write weight_decay="),
        (lambda: optim.Adam([w()], beta1=0.9), "write betas=(beta1, beta2)"),
        (lambda: optim.Adam([w()], beta_2=0.9), "write betas=(beta1, beta2)"),
        (lambda: optim.Adam([w()], momentum=0.9), "first of its betas: betas=(0.9, 0.999)"),
        (lambda: optim.AdamW([w()], momentum=0.9), "first of its betas"),
        (lambda: optim.Adam([w()], nesterov=True), "there is NAdam"),
        (lambda: optim.SGD([w()], beta=0.9), "write momentum="),
        (lambda: optim.SGD([w()], mu=0.9), "write momentum="),
        (lambda: optim.RMSprop([w()], rho=0.9), "write alpha="),
        (lambda: optim.RMSprop([w()], gamma=0.9), "write alpha="),
        (lambda: optim.Adadelta([w()], decay_rate=0.9), "write rho="),
        (lambda: optim.SGD([w()], clipnorm=1.0), "nn.utils.clip_grad_norm_"),
        (lambda: optim.SGD([w()], clipvalue=1.0), "nn.utils.clip_grad_value_"),
        (lambda: optim.SGD(parameters=[w()]), "write params="),
        (lambda: optim.SGD([w()], lr=0.1, momentun=0.9), "did you mean momentum="),
        (lambda: optim.SGD([w()], zzz=1), "its options are lr, momentum, dampening"),
        (lambda: optim.SGD([{"params": w(), "learning_rate": 1}]), "group of SGD .*'learning_rate': write lr="),
        (lambda: optim.SGD(nn.Linear(2, 1)), "write SGD(model.parameters())"),
        (lambda: optim.Adam(nn.Linear(2, 1).parameters), "parameters itself: call it, Adam(model.parameters())"),
        (lambda: optim.SGD(nn.Linear(2, 1).state_dict()), "list(d.values())"),
        (lambda: optim.SGD({"params": [w()]}), "write [group]"),
        (lambda: optim.SGD(0.1, [w()]), "params must come first"),
        (lambda: optim.SGD("w"), "params must come first"),
        (lambda: optim.SGD({w()}), "a set has no order"),
        (lambda: optim.SGD([{"params": nn.Linear(2, 1)}]), "write Optimizer(model.parameters())"),
        (lambda: optim.SGD([{"params": "w"}]), "params must come first"),
        (lambda: optim.SGD([w()], lr="0.1"), "lr must be a number, but got a str: '0.1'"),
        (lambda: optim.SGD([w()], lr=None), "lr must be a number, but got a NoneType"),
        (lambda: optim.Adam([w()], betas=("a", 0.9)), "betas must be a number"),
        (lambda: optim.sgd([w()], lr=0.1), "optim.sgd is the module; the optimizer is optim.SGD"),
        (lambda: optim.adam([w()]), "the optimizer is optim.Adam"),
        (lambda: optim.LBFGS([w()]).step(), "closure"),
    ],
)  # fmt: skip
def test_other_spellings_are_answered_with_ours(make, text):
    with pytest.raises(TypeError, match=text if ".*" in text else re.escape(text)):
        make()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Sgd", "write optim.SGD"), ("ADAM", "write optim.Adam"), ("adam_w", "write optim.AdamW"),
        ("RMSProp", "write optim.RMSprop"), ("AdaGrad", "write optim.Adagrad"), ("SparseAdam", "use Adam"),
        ("Nesterov", "nesterov=True"), ("Lion", "there are ASGD, LBFGS, SGD"),
    ],
)  # fmt: skip
def test_names_that_do_not_exist_are_answered_with_those_that_do(name, text):
    with pytest.raises(AttributeError, match=re.escape(text)):
        getattr(optim, name)


def test_pytorchs_paths_lead_to_the_classes():
    assert optim.sgd.SGD is optim.SGD
    assert optim.adam.Adam is optim.Adam
    assert optim.optimizer.Optimizer is optim.Optimizer


RATES = [
    ("SGD", {"lr": -1.0}, "Invalid learning rate: -1.0"),
    ("Adam", {"eps": -1.0}, "Invalid epsilon value: -1.0"),
    ("Adam", {"betas": (1.0, 0.9)}, "Invalid beta parameter at index 0: 1.0"),
    ("Adam", {"betas": (0.9, -0.1)}, "Invalid beta parameter at index 1: -0.1"),
    ("Adam", {"betas": 0.9}, "betas must be two numbers"),
    ("Adam", {"betas": (0.9,)}, "betas must be two numbers"),
    ("Adam", {"lr": [1, 2]}, None),
    ("Adam", {"lr": float("nan")}, "Invalid learning rate: nan"),
    ("Adam", {"weight_decay": -1}, "Invalid weight_decay value: -1"),
    ("NAdam", {"momentum_decay": -1}, "Invalid momentum_decay value: -1"),
    ("RMSprop", {"alpha": -1}, "Invalid alpha value: -1"),
    ("RMSprop", {"momentum": -1}, "Invalid momentum value: -1"),
    ("Adadelta", {"rho": 1.5}, "Invalid rho value: 1.5"),
    ("Adagrad", {"lr_decay": -1}, "Invalid lr_decay value: -1"),
    ("Adagrad", {"initial_accumulator_value": -1}, "Invalid initial_accumulator_value value: -1"),
    ("Rprop", {"etas": (1.1, 1.2)}, "Invalid eta values: 1.1, 1.2"),
    ("Rprop", {"step_sizes": 3}, "step_sizes must be two numbers"),
    ("ASGD", {"lr": -1}, "Invalid learning rate: -1"),
    ("LBFGS", {"lr": -1}, "Invalid learning rate: -1"),
    ("LBFGS", {"line_search_fn": "armijo"}, "only 'strong_wolfe' is supported as line_search_fn, not 'armijo'"),
    ("SGD", {"lr": tg.ones(2)}, "Tensor lr must be 1-element"),
]


@pytest.mark.parametrize(("name", "options", "text"), RATES)
def test_options_out_of_range_are_errors_and_change_nothing(name, options, text):
    kind = getattr(optim, name)
    error = ValueError if text else TypeError
    with pytest.raises(error, match=re.escape(text or "must be a number")):
        kind([w()], **options)
    optimizer = kind([w()])
    if name != "LBFGS":
        with pytest.raises(error, match=re.escape(text or "must be a number")):
            optimizer.add_param_group({"params": [w()], **options})
    saved = optimizer.state_dict()
    saved["param_groups"][0].update(options)
    before = repr(optimizer)
    with pytest.raises(error, match=re.escape(text or "must be a number")):
        optimizer.load_state_dict(saved)
    assert (len(optimizer.param_groups), repr(optimizer)) == (1, before)


def test_rprop_refuses_weight_decay_in_a_group():
    with pytest.raises(ValueError, match="Rprop has no weight_decay"):
        optim.Rprop([{"params": [w()], "weight_decay": 0.1}])
    optim.Rprop([{"params": [w()], "weight_decay": 0}])


@pytest.mark.parametrize("value", [3, [1], {"state": {}}, {"model": 1}, None])
def test_what_is_no_state_dict_is_an_error(value):
    optimizer = optim.Adam([w()])
    with pytest.raises(TypeError, match="a dict with 'state' and 'param_groups'"):
        optimizer.load_state_dict(value)


def test_lbfgs_has_one_group_only():
    with pytest.raises(ValueError, match="LBFGS doesn't support per-parameter options"):
        optim.LBFGS([{"params": [w()]}, {"params": [w()]}])
    optimizer = optim.LBFGS([w()])
    with pytest.raises(ValueError, match="only one"):
        optimizer.add_param_group({"params": [w()]})


def test_a_group_without_params_is_an_error():
    with pytest.raises(KeyError, match="needs its tensors under 'params'"):
        optim.SGD([{"lr": 0.1}])


def test_an_optimizer_without_formula_is_an_error():
    class Nothing(optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {})

    p = w()
    p.grad = tg.ones(2)
    with pytest.raises(NotImplementedError, match="Nothing must define update, or step"):
        Nothing([p]).step()
    np.testing.assert_array_equal(p.detach().numpy(), [1, 2])


def test_options_at_their_bounds():
    for etas in ((0.0, 1.2), (0.5, 1.0), (1.0, 1.2)):
        with pytest.raises(ValueError, match="Invalid eta values"):
            optim.Rprop([w()], etas=etas)
    optim.Adam([w()], betas=(0.0, 0.0))
    with pytest.raises(ValueError, match="beta"):
        optim.Adam([w()], betas=(0.5, 1.0))
    optim.SGD([w()], lr=0.0, momentum=0.0)
    optim.Adadelta([w()], rho=1.0)
    with pytest.raises(ValueError, match=r"Invalid rho value: 1.5. rho must be a number from 0 to 1\."):
        optim.Adadelta([w()], rho=1.5)
    with pytest.raises(ValueError, match=r"Invalid learning rate: -1. lr must be a number from 0 up\."):
        optim.SGD([w()], lr=-1)


def test_what_a_group_holds_in_place_of_parameters():
    model = nn.Linear(2, 1)
    for given, text in (
        (model.parameters, "params is the function parameters itself: call it"),
        (model, "got the model (Linear) itself"),
        ("w", "got a str"),
        ({"w": w()}, "got a dict"),
    ):
        with pytest.raises(TypeError, match=re.escape(text)):
            optim.SGD([{"params": given}], lr=0.1)
