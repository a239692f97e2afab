"""Losses as modules: gradients for every reduction, weights as buffers, old and wrong options."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tests.gradients.harness import Call, check_float32, check_gradients, check_second_gradients
from tinygrad_edu import nn
from tinygrad_edu.testing import arrays, shapes

REDUCTIONS = st.sampled_from(["none", "mean", "sum"])
PER_ROW = st.sampled_from(["none", "sum", "batchmean"])
filled = shapes(min_side=1)


@st.composite
def numbers(draw, make, low=-3.0, high=3.0, target=(-3.0, 3.0), kinks=(), reductions=REDUCTIONS):
    """Losses of numbers; where they have kinks in input − target, the difference keeps away from them."""
    shape = draw(filled)
    loss, t = make(draw(reductions)), draw(arrays(shape, *target))
    x = t + draw(arrays(shape, avoid=kinks)) if kinks else draw(arrays(shape, low, high))
    return Call(lambda x, t: loss(x, t), (x, t))


@st.composite
def with_variances(draw):
    shape = draw(shapes(min_dims=1, min_side=1))
    loss = nn.GaussianNLLLoss(full=draw(st.booleans()), reduction=draw(REDUCTIONS))
    return Call(
        lambda x, t, v: loss(x, t, v), tuple(draw(arrays(shape, a, b)) for a, b in ((-3, 3), (-3, 3), (0.5, 3)))
    )


@st.composite
def weighted(draw, make, low, high, weights=1):
    """Losses of one output per class, with weights for the classes."""
    shape = draw(shapes(min_dims=1, max_dims=2, min_side=1))
    ws = [tg.tensor(draw(arrays(shape[-1:], 0.5, 2))) for _ in range(weights)]
    loss = make(draw(REDUCTIONS), *ws)
    target = tg.tensor(draw(arrays(shape, 0.05, 0.95)))
    return Call(lambda x: loss.to(x.dtype)(x, target.to(x.dtype)), (draw(arrays(shape, low, high)),))


@st.composite
def classes(draw, make):
    n, c = draw(st.integers(1, 4)), draw(st.integers(2, 4))
    more = draw(shapes(0, 1, min_side=1))
    target = tg.tensor(draw(arrays((n, *more), 0, c - 1, dtype=np.int64)))
    loss = make(draw(REDUCTIONS), tg.tensor(draw(arrays((c,), 0.5, 2))))
    return Call(lambda x: loss.to(x.dtype)(x, target), (draw(arrays((n, c, *more))),))


@st.composite
def rows(draw, make, inputs=1, signs=1, **limits):
    """Losses of rows (N, C), one or several, and of signs for each row or element."""
    n, c = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    loss = make(draw(REDUCTIONS))
    sides = (n, c) if signs == 2 else (n,)
    ts = tuple(tg.tensor(2 * draw(arrays(sides, 0, 1, dtype=np.int64)) - 1) for _ in range(signs > 0))
    xs = tuple(draw(arrays((inputs, n, c), **limits)))
    return Call(lambda *xs: loss(*xs, *(t.to(xs[0].dtype) for t in ts)), xs)


@st.composite
def multi_margins(draw):
    n, c = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    loss = nn.MultiMarginLoss(
        draw(st.sampled_from([1, 2])), 1.0, tg.tensor(draw(arrays((c,), 0.5, 2))), reduction=draw(REDUCTIONS)
    )
    target = tg.tensor(draw(arrays((n,), 0, c - 1, dtype=np.int64)))
    return Call(lambda x: loss.to(x.dtype)(x, target), (draw(arrays((n, c), distinct=True)),))


@st.composite
def label_sets(draw):
    n, c = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    loss = nn.MultiLabelMarginLoss(reduction=draw(REDUCTIONS))
    target = np.full((n, c), -1)
    for row in target:
        labels = draw(st.lists(st.integers(0, c - 1), max_size=c - 1, unique=True))
        row[: len(labels)] = labels
    return Call(lambda x: loss(x, tg.tensor(target)), (draw(arrays((n, c), distinct=True)),))


CASES = {
    "MSELoss": numbers(lambda r: nn.MSELoss(reduction=r)),
    "L1Loss": numbers(lambda r: nn.L1Loss(reduction=r), kinks=[0]),
    "SmoothL1Loss": numbers(lambda r: nn.SmoothL1Loss(reduction=r, beta=0.7), kinks=[-0.7, 0.7]),
    "HuberLoss": numbers(lambda r: nn.HuberLoss(r, 0.7), kinks=[-0.7, 0.7]),
    "PoissonNLLLoss": numbers(lambda r: nn.PoissonNLLLoss(reduction=r), target=(2.0, 9.0))
    | numbers(lambda r: nn.PoissonNLLLoss(False, full=True, eps=0.1, reduction=r), 0.5, 3, (2.0, 9.0)),
    "GaussianNLLLoss": with_variances(),
    "BCELoss": weighted(lambda r, w: nn.BCELoss(w, reduction=r), 0.05, 0.95),
    "BCEWithLogitsLoss": weighted(lambda r, w, p: nn.BCEWithLogitsLoss(w, reduction=r, pos_weight=p), -3, 3, 2),
    "MultiLabelSoftMarginLoss": weighted(lambda r, w: nn.MultiLabelSoftMarginLoss(w, reduction=r), -3, 3),
    "SoftMarginLoss": rows(lambda r: nn.SoftMarginLoss(reduction=r), signs=2),
    "CrossEntropyLoss": classes(lambda r, w: nn.CrossEntropyLoss(w, reduction=r, ignore_index=1, label_smoothing=0.1)),
    "NLLLoss": classes(lambda r, w: nn.NLLLoss(w, reduction=r)),
    "KLDivLoss": numbers(lambda r: nn.KLDivLoss(reduction=r, log_target=True), reductions=PER_ROW)
    | numbers(lambda r: nn.KLDivLoss(reduction=r), target=(0.1, 1.0), reductions=PER_ROW),
    "MultiMarginLoss": multi_margins(),
    "MultiLabelMarginLoss": label_sets(),
    "HingeEmbeddingLoss": rows(lambda r: nn.HingeEmbeddingLoss(1.0, reduction=r), signs=2, avoid=[1.0]),
    "CosineEmbeddingLoss": rows(lambda r: nn.CosineEmbeddingLoss(0.1, reduction=r), 2, low=0.2),
    "MarginRankingLoss": rows(
        lambda r: lambda a, b, t: nn.MarginRankingLoss(0.5, reduction=r)(a, b, t.unsqueeze(1)), 2
    ),
    "TripletMarginLoss": rows(lambda r: nn.TripletMarginLoss(2.0, swap=True, reduction=r), 3, 0, distinct=True),
    "TripletMarginWithDistanceLoss": rows(
        lambda r: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda a, b: ((a - b) ** 2).sum(-1), margin=2.0, reduction=r
        ),
        3,
        0,
    ),
}  # fmt: skip


def test_every_loss_has_a_case():
    assert set(nn.losses.__all__) == CASES.keys()


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=5)
@given(data=st.data())
def test_gradients(name, data):
    call = data.draw(CASES[name])
    check_gradients(call)
    check_second_gradients(call)
    check_float32(call)


X, Y, T = tg.tensor([[1.0, -2.0]]), tg.tensor([[0.5, 1.0]]), tg.tensor([1])
W = tg.tensor([1.0, 3.0])


def test_options_are_passed_on():
    for module, function in [
        (nn.MSELoss(reduction="sum"), lambda: F.mse_loss(X, Y, reduction="sum")),
        (nn.SmoothL1Loss(beta=0.1), lambda: F.smooth_l1_loss(X, Y, beta=0.1)),
        (nn.HuberLoss(delta=0.1), lambda: F.huber_loss(X, Y, delta=0.1)),
        (nn.BCEWithLogitsLoss(pos_weight=W), lambda: F.binary_cross_entropy_with_logits(X, Y, pos_weight=W)),
        (nn.KLDivLoss(reduction="batchmean"), lambda: F.kl_div(X, Y, reduction="batchmean")),
    ]:
        assert module(X, Y).equal(function()) if hasattr(X, "equal") else (module(X, Y) == function()).all()
    loss = nn.CrossEntropyLoss(W, ignore_index=0, label_smoothing=0.5)
    assert (loss(X, T) == F.cross_entropy(X, T, W, ignore_index=0, label_smoothing=0.5)).all()


def test_weights_are_buffers():
    loss = nn.CrossEntropyLoss(weight=W)
    assert list(loss.state_dict()) == ["weight"] and not list(loss.parameters())
    assert loss.double().weight.dtype == tg.float64 and W.dtype == tg.float32
    assert nn.MSELoss().state_dict() == {} == nn.CrossEntropyLoss().state_dict()
    both = nn.BCEWithLogitsLoss(W, pos_weight=W)
    assert list(both.state_dict()) == ["weight", "pos_weight"] and nn.BCELoss().weight is None
    for twin in (copy.deepcopy(both), pickle.loads(pickle.dumps(both))):
        assert twin(X, Y).item() == both(X, Y).item() and twin.weight is not W
    both.pos_weight = None
    assert both(X, Y).item() == nn.BCEWithLogitsLoss(W)(X, Y).item()


def test_the_older_options():
    for options, reduction in [
        ({"size_average": False}, "sum"),
        ({"reduce": False}, "none"),
        ({"size_average": True}, "mean"),
    ]:
        with pytest.warns(UserWarning, match="will be deprecated, please use reduction="):
            assert nn.MSELoss(**options).reduction == reduction


def test_a_loss_of_ones_own():
    class Weighted(nn.MSELoss):
        def __init__(self, factor):
            super().__init__(reduction="sum")
            self.factor = factor

        def forward(self, input, target):
            return self.factor * super().forward(input, target)

    assert Weighted(3.0)(X, Y).item() == pytest.approx(3 * 9.25) and repr(Weighted(1.0)) == "Weighted()"


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: nn.MSELoss(reduction="average"), ValueError, "MSELoss: 'average' is not a valid value for reduction"),
        (lambda: nn.MSELoss(reduction="batchmean"), ValueError, "'none', 'mean' or 'sum'"),
        (lambda: nn.KLDivLoss(reduction="batch"), ValueError, "not a valid value"),
        (lambda: nn.CrossEntropyLoss(weight=[1.0, 2.0]), TypeError, "'list' object to buffer 'weight'"),
        (lambda: nn.BCEWithLogitsLoss(pos_weight=2.0), TypeError, r"'float' object to buffer 'pos_weight'.*tensor"),
        (lambda: nn.MSELoss(X, Y), RuntimeError, r"nn.MSELoss\(\)\(input, target\)"),
        (lambda: nn.CrossEntropyLoss(X, T), RuntimeError, r"CrossEntropyLoss\(\)\(input, target\)"),
    ],
)
def test_options_that_make_no_sense(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "loss, inputs, error, message",
    [
        (nn.MSELoss(), (tg.ones(3), tg.ones(4)), RuntimeError, "the sizes must match"),
        (nn.BCELoss(), (X, Y), RuntimeError, "between 0 and 1"),
        (nn.BCELoss(), (Y, X), (RuntimeError, ValueError), "0 and 1"),
        (nn.CrossEntropyLoss(), (X, tg.tensor([2])), IndexError, "out of bounds"),
        (nn.CrossEntropyLoss(), (X, tg.tensor([1, 1])), ValueError, "batch"),
        (nn.CrossEntropyLoss(), (X, tg.tensor([1.0])), RuntimeError, "long"),
        (nn.NLLLoss(), (X, tg.tensor([-1])), IndexError, "out of bounds"),
        (nn.MultiMarginLoss(p=3), (X, T), ValueError, "p"),
        (nn.TripletMarginLoss(margin=-1.0), (X, Y, X), ValueError, "margin"),
        (nn.MSELoss(), (X,), TypeError, "missing 1 required positional argument: 'target'"),
    ],
)
def test_inputs_that_do_not_fit(loss, inputs, error, message):
    with pytest.raises(error, match=message):
        loss(*inputs)
