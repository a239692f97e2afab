"""Losses: fused forms against their compositions, what learners get wrong, and lazy arrays."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import autograd

rng = np.random.default_rng(0)


def tensor(*shape):
    return tg.tensor(rng.standard_normal(shape) * 3, requires_grad=True)


def gradients(f, xs, order):
    """The value and the gradients of f, and with order 2 those of their product with a random direction."""
    y = f(*xs)
    g = np.random.default_rng(1)
    v = tg.tensor(g.standard_normal(tuple(y.shape)))
    found = autograd.grad(y, xs, v, create_graph=order == 2)
    if order == 2:
        s = sum((d * tg.tensor(g.standard_normal(tuple(d.shape)))).sum() for d in found)
        found = (*found, *autograd.grad(s, xs, materialize_grads=True))
    return [t.detach().numpy() for t in (y, *found)]


# -- fused against composed -------------------------------------------------------------------------------

CLASSES = tg.tensor([0, 2, 1, 1])
COMPOSED = {
    "linear": (F.linear, lambda x, w, b: x @ w.T + b, [(4, 3), (2, 3), (2,)]),
    "mse_loss": (F.mse_loss, lambda x, y: ((x - y) ** 2).mean(), [(4, 3), (4, 3)]),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits,
        lambda x, y: -(y * x.sigmoid().log() + (1 - y) * (1 - x.sigmoid()).log()).mean(),
        [(4, 3), (4, 3)],
    ),
    "binary_cross_entropy": (
        lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()),
        lambda x, y: -(y.sigmoid() * x.sigmoid().log() + (1 - y.sigmoid()) * (1 - x.sigmoid()).log()).mean(),
        [(4, 3), (4, 3)],
    ),
    "cross_entropy": (
        lambda x: F.cross_entropy(x, CLASSES),
        lambda x: (x.exp().sum(1).log() - x[tg.arange(4), CLASSES]).mean(),
        [(4, 3)],
    ),
    "softmax": (lambda x: F.softmax(x, 1), lambda x: x.exp() / x.exp().sum(1, keepdim=True), [(4, 3)]),
    "log_softmax": (lambda x: F.log_softmax(x, 0), lambda x: x - x.exp().sum(0, keepdim=True).log(), [(4, 3)]),
    "layer_norm": (
        lambda x: F.layer_norm(x, (3,), eps=0.1),
        lambda x: (
            (x - x.mean(1, keepdim=True)) / (((x - x.mean(1, keepdim=True)) ** 2).mean(1, keepdim=True) + 0.1).sqrt()
        ),
        [(4, 3)],
    ),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_a_fused_function_is_its_composition_to_second_order(name):
    fused, composed, shapes = COMPOSED[name]
    xs = [tensor(*shape) for shape in shapes]
    for ours, theirs in zip(gradients(fused, xs, 2), gradients(composed, xs, 2), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_the_general_form_gives_what_the_fast_one_gives(dtype):
    x, y = (tensor(5, 3).detach().to(dtype).requires_grad_() for _ in range(2))
    t = tg.tensor([0, 2, 1, 1, 0])
    cases = [
        (lambda x, y: F.mse_loss(x, y), lambda x, y: F.mse_loss(x, y, reduction="none").mean()),
        (
            lambda x, y: F.binary_cross_entropy_with_logits(x, y),
            lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="sum") / 15,
        ),
        (lambda x, y: F.cross_entropy(x * y, t), lambda x, y: F.cross_entropy(x * y, t, tg.ones(3))),
        (lambda x, y: F.cross_entropy(x * y, t), lambda x, y: F.nll_loss(F.log_softmax(x * y, 1), t)),
        (lambda x, y: F.cross_entropy(x * y, t), lambda x, y: F.cross_entropy(x * y, F.one_hot(t, 3).to(dtype))),
    ]
    for fast, general in cases:
        for a, b in ((fast(x, y), general(x, y)),):
            assert a.dtype == b.dtype == dtype
            tolerance = {"rtol": 1e-5, "atol": 1e-6} if dtype == tg.float32 else {"rtol": 1e-12, "atol": 1e-13}
            np.testing.assert_allclose(a.item(), b.item(), **tolerance)
            for g, h in zip(autograd.grad(a, [x, y]), autograd.grad(b, [x, y]), strict=True):
                assert g.dtype == h.dtype == dtype
                np.testing.assert_allclose(g.numpy(), h.numpy(), **tolerance)


def test_a_class_is_counted_as_often_as_it_occurs():
    x = tg.zeros(3, 2).double().requires_grad_()
    F.cross_entropy(x, tg.tensor([1, 1, 1]), reduction="sum").backward()
    np.testing.assert_allclose(x.grad.sum(0).numpy(), [1.5, -1.5])


# -- shapes that broadcast --------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, F.huber_loss, F.smooth_l1_loss, F.poisson_nll_loss])
def test_a_column_against_a_row_warns_with_what_it_means_and_what_to_write(loss):
    with pytest.warns(
        UserWarning, match=r"target size \(\(455,\)\) that is different to the input size \(\(455, 1\)\)"
    ) as w:
        loss(tg.ones(455, 1), tg.ones(455))
    text = str(w[0].message)
    assert "455×455 = 207025 numbers instead of 455" in text
    assert "target.view(-1, 1)" in text
    assert "input.squeeze(1)" in text
    assert w[0].filename == __file__


def test_a_row_against_a_column_warns_as_well():
    with pytest.warns(UserWarning, match=r"3×3 = 9 numbers instead of 3.*target.squeeze\(1\), or input.view\(-1, 1\)"):
        value = F.mse_loss(tg.tensor([1.0, 2.0, 3.0]), tg.tensor([[1.0], [2.0], [3.0]]))
    np.testing.assert_allclose(value.item(), 4 / 3)


def test_other_shapes_that_broadcast_warn_too_and_give_pytorchs_value():
    with pytest.warns(UserWarning, match=r"Broadcasting makes \(2, 3\) of them"):
        assert F.mse_loss(tg.zeros(2, 3), tg.ones(3)).item() == 1
    with pytest.warns(UserWarning, match=r"Broadcasting makes \(2,\)"):
        assert F.l1_loss(tg.zeros(2), tg.tensor(3.0)).item() == 3


def test_equal_shapes_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        F.mse_loss(tg.zeros(2, 1), tg.ones(2, 1))
        F.mse_loss(tg.zeros(2, 1), tg.ones(2, 1).double())
        F.l1_loss(tg.zeros(0), tg.ones(0))


def test_shapes_that_do_not_even_broadcast_are_an_error():
    with pytest.raises(RuntimeError, match=r"mse_loss: the input has shape \(2, 3\) and the target \(2, 4\)"):
        F.mse_loss(tg.zeros(2, 3), tg.zeros(2, 4))


def test_targets_of_another_dtype_are_promoted_and_the_gradient_stays_float32():
    x = tg.tensor([0.5, 1.0], requires_grad=True)
    for target in (tg.tensor([1, 2]), tg.tensor([1.0, 2.0]).double(), np.array([1.0, 2.0])):
        x.grad = None
        F.mse_loss(x, target).backward()
        assert x.grad.dtype == tg.float32
        assert x.grad.tolist() == [-0.5, -1.0]
    F.binary_cross_entropy_with_logits(x, tg.tensor([True, False])).backward()


# -- binary -----------------------------------------------------------------------------------------------

HALF = tg.full((3,), 0.5)


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda: F.binary_cross_entropy(tg.tensor([0.5, 1.25]), tg.ones(2)), RuntimeError,
         r"all elements of input should be between 0 and 1, but 1.25 at \[1\] is not.*entropy_with_logits"),
        (lambda: F.binary_cross_entropy(tg.tensor([math.nan]), tg.ones(1)), RuntimeError, "nan at"),
        (lambda: F.binary_cross_entropy(HALF, tg.tensor([1.0, -1.0, 1.0])), RuntimeError,
         r"elements of target should be between 0 and 1, but -1 at \[1\] is not.*\(target \+ 1\) / 2"),
        (lambda: F.binary_cross_entropy(HALF, tg.ones(3).long()), RuntimeError, r"found float32 and int64"),
        (lambda: F.binary_cross_entropy(HALF, tg.ones(3).double()), RuntimeError, r"target.to\(input.dtype\)"),
        (lambda: F.binary_cross_entropy(HALF, tg.ones(3, 1)), ValueError, r"target.squeeze\(-1\)"),
        (lambda: F.binary_cross_entropy_with_logits(tg.ones(3, 1), tg.ones(3)), ValueError,
         r"target size \(\(3,\)\) that is different to the input size \(\(3, 1\)\).*target.unsqueeze\(-1\)"),
        (lambda: F.binary_cross_entropy_with_logits(tg.ones(3, 5), tg.ones(3)), ValueError, "use cross_entropy"),
        (lambda: F.binary_cross_entropy_with_logits(tg.ones(3), tg.ones(2)), ValueError, "one target for each number"),
        (lambda: F.soft_margin_loss(tg.ones(3), tg.ones(2)), ValueError, "soft_margin_loss"),
    ],
)  # fmt: skip
def test_what_binary_losses_refuse(f, error, text):
    with pytest.raises(error, match=text):
        f()


# -- classes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss])
def test_swapped_arguments_and_a_single_output_are_recognised(loss):
    with pytest.raises(RuntimeError, match=rf"are they swapped.*{loss.__name__}\(output, target\)"):
        loss(tg.tensor([0, 1]), tg.zeros(2, 3))
    with pytest.raises(IndexError, match=r"1 class, 0\. Give the model an output for each class"):
        loss(tg.zeros(2, 1), tg.tensor([0, 1]))


LOGITS = tg.zeros(4, 3)


@pytest.mark.parametrize("loss", [F.cross_entropy, F.nll_loss, F.multi_margin_loss])
@pytest.mark.parametrize(
    ("target", "error", "text"),
    [
        ([0, 1, 7, 5], IndexError, r"Target 7 is out of bounds: target\[2\] = 7, but the input has 3 classes, 0 to 2"),
        ([0, 1, -2, 5], IndexError, r"target\[2\] = -2|target\[3\] = 5"),
        ([1, 2, 3, 1], IndexError, r"target\[2\] = 3.*If the classes are counted from 1, write target - 1"),
        ([0, -1, 2, 1], IndexError, r"target\[1\] = -1.*ignore_index=-1"),
        (
            [0.0, 1.0, 2.0, 0.0],
            RuntimeError,
            r"probabilities of the input's shape|Long but found float32.*target.long\(\)",
        ),
        (np.array([0, 1, 2, 0], np.int32), RuntimeError, r"Long but found int32.*target.long\(\)"),
        ([True, False, True, True], RuntimeError, r"Long but found bool"),
        ([[0], [1], [2], [0]], RuntimeError, r"target's shape is \(4, 1\).*target.squeeze\(1\)"),
        ([[0, 1, 0]] * 4, RuntimeError, r"one-hot rows: target.float\(\) or target.argmax\(1\)"),
        ([[0.0, 1.0]] * 4, RuntimeError, r"probabilities of the input's shape \(4, 3\), but its shape is \(4, 2\)"),
        ([0, 1, 2], ValueError, r"input batch_size \(4\) to match target batch_size \(3\)"),
        ([[0, 1]] * 4, RuntimeError, r"expected a target of shape \(4,\)"),
    ],
)
def test_what_is_no_class_for_each_sample(loss, target, error, text):
    x = LOGITS.clone().requires_grad_()
    with pytest.raises(error, match=text):
        loss(x, tg.tensor(target))
    assert x.grad is None


def test_an_index_that_is_wrong_is_found_in_images_too():
    t = tg.zeros(2, 4, 4).long()
    t[1, 2, 3] = 9
    with pytest.raises(IndexError, match=r"target\[1, 2, 3\] = 9"):
        F.cross_entropy(tg.zeros(2, 5, 4, 4), t)


def test_ignored_samples_have_no_gradient_and_do_not_count():
    x = tensor(4, 3)
    loss = F.cross_entropy(x, tg.tensor([0, -100, 1, -100]))
    loss.backward()
    assert (x.grad[1].numpy() == 0).all()
    x2 = x.detach()[tg.tensor([0, 2])].requires_grad_()
    other = F.cross_entropy(x2, tg.tensor([0, 1]))
    other.backward()
    np.testing.assert_allclose(loss.item(), other.item())
    np.testing.assert_allclose(x.grad[[0, 2]].numpy(), x2.grad.numpy())
    y = tensor(4, 3)
    F.cross_entropy(y, tg.tensor([0, 1, 1, 2]), ignore_index=1).backward()
    assert (y.grad[1].numpy() == 0).all()
    assert (y.grad[3].numpy() != 0).all()


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda t: F.cross_entropy(LOGITS, t, tg.ones(2)), RuntimeError, "either for all 3 classes"),
        (lambda t: F.cross_entropy(LOGITS, t, label_smoothing=1.5), RuntimeError, "label_smoothing must be between"),
        (lambda t: F.cross_entropy(LOGITS.long(), t), RuntimeError, r"input.float\(\)"),
        (lambda t: F.cross_entropy(tg.tensor(1.0), t), ValueError, "not a single number"),
        (lambda t: F.multi_margin_loss(LOGITS, t, p=3), ValueError, "p == 1 and p == 2"),
        (lambda t: F.cross_entropy(LOGITS, t, reduction="avg"), ValueError, "'avg' is not a valid value for reduction"),
        (lambda t: F.mse_loss(LOGITS, LOGITS, reduction="avg"), ValueError, "'avg' is not a valid value"),
        (
            lambda t: F.mse_loss(LOGITS, LOGITS, weight=tg.ones(3)),
            ValueError,
            "Weights and input must have the same size",
        ),
        (lambda t: F.huber_loss(LOGITS, LOGITS, delta=0.0), ValueError, "delta must be positive"),
        (lambda t: F.smooth_l1_loss(LOGITS, LOGITS, beta=-1.0), ValueError, "beta must not be negative"),
        (lambda t: F.gaussian_nll_loss(LOGITS, LOGITS, -1.0), ValueError, "negative"),
        (lambda t: F.gaussian_nll_loss(LOGITS, LOGITS, tg.ones(2)), ValueError, "incorrect size"),
        (lambda t: F.margin_ranking_loss(LOGITS, LOGITS, tg.ones(4)), RuntimeError, "same number of dimensions"),
        (lambda t: F.triplet_margin_loss(LOGITS, LOGITS, LOGITS, margin=0), ValueError, "greater than 0"),
        (lambda t: F.cosine_embedding_loss(LOGITS, LOGITS, tg.ones(3)), RuntimeError, r"target \(N,\)"),
        (lambda t: F.mse_loss([1.0], LOGITS), TypeError, "mse_loss: expected a Tensor"),
        (lambda t: F.cross_entropy(LOGITS, [0, 1, 2, 0]), TypeError, "cross_entropy: expected a Tensor"),
    ],
)
def test_what_losses_refuse(f, error, text):
    with pytest.raises(error, match=text):
        f(tg.tensor([0, 1, 2, 0]))


def test_pytorchs_older_spellings_warn_and_work():
    x, y = tg.tensor([1.0, 2.0]), tg.zeros(2)
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert F.mse_loss(x, y, size_average=False).item() == 5
    with pytest.warns(UserWarning, match="reduction='none'"):
        assert F.mse_loss(x, y, reduce=False).tolist() == [1, 4]


def test_kl_div_says_what_its_mean_is():
    with pytest.warns(UserWarning, match="batchmean"):
        F.kl_div(tg.zeros(2, 2), tg.ones(2, 2))


# -- Dask arrays ------------------------------------------------------------------------------------------

X = rng.standard_normal((12, 3))
W, B = rng.standard_normal((4, 3)), rng.standard_normal(4)
T = rng.integers(0, 4, 12)
Y = rng.random((12, 4))

PROGRAMS = {
    "mse": lambda x, w, b, t, y: F.mse_loss(F.relu(F.linear(x, w, b)), y),
    "bce_with_logits": lambda x, w, b, t, y: F.binary_cross_entropy_with_logits(F.linear(x, w, b), y),
    "bce": lambda x, w, b, t, y: F.binary_cross_entropy(F.sigmoid(F.linear(x, w, b)), y),
    "cross_entropy": lambda x, w, b, t, y: F.cross_entropy(F.linear(x, w, b), t),
    "weighted": lambda x, w, b, t, y: F.cross_entropy(F.linear(x, w, b), t, tg.tensor([1.0, 2, 3, 4]).double()),
    "probabilities": lambda x, w, b, t, y: F.cross_entropy(F.linear(x, w, b), y),
    "softmax": lambda x, w, b, t, y: F.l1_loss(F.softmax(F.linear(x, w, b), 1), y, reduction="sum"),
    "huber": lambda x, w, b, t, y: F.huber_loss(F.linear(x, w, b), y),
    "activations": lambda x, w, b, t, y: F.elu(F.leaky_relu(F.softplus(F.linear(x, w, b)))).mean(),
    "layer_norm": lambda x, w, b, t, y: F.mse_loss(F.layer_norm(F.linear(x, w, b), (4,)), y),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_lazy_arrays_pass_through(name):
    da = pytest.importorskip("dask.array")
    found = []
    for lift in (tg.tensor, lambda a: tg.as_tensor(da.from_array(a, chunks=(5, *a.shape[1:])))):
        w, b = tg.tensor(W, requires_grad=True), tg.tensor(B, requires_grad=True)
        x, t, y = lift(X), lift(T), lift(Y)
        loss = PROGRAMS[name](x, w, b, t, y)
        if lift is not tg.tensor:
            assert type(loss._array).__module__.startswith("dask")
        loss.backward()
        found.append([loss.item(), w.grad.numpy(), b.grad.numpy()])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_lazy_class_that_is_not_there_gives_nan():
    da = pytest.importorskip("dask.array")
    t = tg.as_tensor(da.from_array(np.array([0, 9]), chunks=1))
    assert math.isnan(F.cross_entropy(tg.zeros(2, 3), t).item())


def test_the_mean_over_a_lazy_array_of_unknown_size_is_an_error_with_the_remedy():
    da = pytest.importorskip("dask.array")
    a = da.from_array(np.arange(6.0), chunks=2)
    x = tg.as_tensor(a[a > 2])
    with pytest.raises(ValueError, match="compute_chunk_sizes"):
        F.binary_cross_entropy_with_logits(x, x)


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss])
def test_the_mean_of_integers_is_an_error(loss):
    guess, truth = tg.tensor([1, 2]), tg.tensor([1, 4])
    with pytest.raises(RuntimeError, match=r"needs floats.*int64.*argmax.*input\.float\(\)"):
        loss(guess, truth)
    assert loss(guess.float(), truth).dtype == tg.float32
    assert loss(guess, truth, reduction="sum").item() in (2, 4)


@pytest.mark.parametrize(
    ("loss", "before", "words"),
    [
        (F.cross_entropy, lambda x: F.softmax(x, 1), "result of softmax.*takes logits"),
        (F.nll_loss, lambda x: F.softmax(x, 1), "result of softmax.*write log_softmax"),
        (lambda x, t: F.binary_cross_entropy_with_logits(x[:, 0] * 1, t.float()), lambda x: x, None),
        (lambda x, t: F.binary_cross_entropy_with_logits(x, F.one_hot(t, 3).float()), tg.sigmoid, "result of sigmoid"),
        (F.cross_entropy, lambda x: F.log_softmax(x, 1), None),
        (F.nll_loss, lambda x: F.log_softmax(x, 1), None),
        (F.cross_entropy, lambda x: F.softmax(x, 1) * 2, None),
    ],
)
def test_an_activation_that_the_loss_applies_itself_warns(loss, before, words):
    x = tg.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, 0.0]], requires_grad=True)
    target = tg.tensor([0, 2])
    if words is None:
        loss(before(x), target)
    else:
        with pytest.warns(UserWarning, match=words):
            loss(before(x), target)


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t: F.nll_loss(x, t),
        lambda x, t: F.cross_entropy(x, t, label_smoothing=0.25),
        lambda x, t: F.cross_entropy(x, t, weight=tg.tensor([1.0, 2.0, 4.0])),
        lambda x, t: F.multi_margin_loss(x, t, p=2),
    ],
)
def test_a_single_sample_is_a_batch_of_one(loss):
    gradients = []
    for x in (tg.tensor([0.5, -1.0, 2.0]), tg.tensor([[0.5, -1.0, 2.0]])):
        x.requires_grad_()
        y = loss(x, tg.tensor(1) if x.ndim == 1 else tg.tensor([1]))
        y.backward(tg.tensor(3.0))
        gradients.append([y.item(), *x.grad.reshape(3).tolist()])
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-6)
    assert np.count_nonzero(gradients[1]) > 1


def test_weighed_classes_of_images_are_those_of_their_pixels():
    rng = np.random.default_rng(3)
    x = tg.tensor(rng.standard_normal((2, 3, 4, 5)), requires_grad=True)
    t, weight = tg.tensor(rng.integers(3, size=(2, 4, 5))), tg.tensor([1.0, 2.0, 4.0]).double()
    F.cross_entropy(x, t, weight=weight, label_smoothing=0.25).backward()
    pixels = tg.tensor(np.moveaxis(x.detach().numpy(), 1, -1).reshape(-1, 3), requires_grad=True)
    F.cross_entropy(pixels, t.reshape(-1), weight=weight, label_smoothing=0.25).backward()
    np.testing.assert_allclose(np.moveaxis(x.grad.numpy(), 1, -1).reshape(-1, 3), pixels.grad.numpy(), atol=1e-12)


def test_large_logits_in_lazy_arrays_do_not_overflow():
    da = pytest.importorskip("dask.array")
    x = np.array([[1000.0, 0.0, -1000.0], [0.0, 2000.0, 1.0]])
    lazy = tg.as_tensor(da.from_array(x, chunks=1))
    assert F.cross_entropy(lazy, tg.as_tensor(da.from_array(np.array([1, 1]), chunks=1))).item() == 500
    np.testing.assert_array_equal(F.softmax(lazy, dim=1).numpy(), [[1, 0, 0], [0, 1, 0]])
