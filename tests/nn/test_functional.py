"""Activations and layers as functions: in-place forms, dropout, embeddings, errors with remedies."""

from __future__ import annotations

import re

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F

X = tg.tensor([[-2.0, -0.5, 0.0], [0.25, 1.0, 8.0]])


# -- activations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["relu", "relu6", "leaky_relu", "elu", "selu", "celu", "silu", "mish", "hardtanh", "hardsigmoid", "hardswish"],
)
def test_inplace_changes_the_tensor_and_its_gradient_is_that_of_the_function(name):
    f = getattr(F, name)
    c = tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    x = X.clone().requires_grad_()
    f(x).backward(c)
    z = X.clone().requires_grad_()
    h = z * 1
    out = f(h, inplace=True)
    assert out is h
    out.backward(c)
    np.testing.assert_array_equal(h.detach().numpy(), f(X).numpy())
    np.testing.assert_array_equal(z.grad.numpy(), x.grad.numpy())


def test_names_with_an_underscore_work_in_place():
    for f in (F.relu_, F.leaky_relu_, F.elu_, F.celu_, F.selu_, F.hardtanh_):
        x = X.clone()
        assert f(x) is x
        assert not x.equal(X)
    x = X.clone()
    F.threshold_(x, 0.5, 9.0)
    assert x.tolist() == [[9, 9, 9], [9, 1, 8]]


def test_inplace_on_a_leaf_that_requires_grad_is_an_error():
    x = X.clone().requires_grad_()
    with pytest.raises(RuntimeError, match="leaf"):
        F.relu(x, inplace=True)
    assert x.equal(X)


def test_axis_is_another_name_for_dim():
    assert F.softmax(X, axis=0).equal(F.softmax(X, dim=0))
    assert tg.log_softmax(X, axis=-1).equal(X.log_softmax(1))


def test_softmax_can_compute_in_another_dtype():
    assert F.softmax(X, 1, dtype=tg.float64).dtype == tg.float64
    assert tg.softmax(tg.tensor([1, 1]), 0, dtype=tg.float32).tolist() == [0.5, 0.5]


def test_softmax_without_dim_warns_and_says_which_it_took():
    with pytest.warns(UserWarning, match=r"took dim=1 of the shape \(2, 3\)"):
        F.softmax(X)


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda: F.softmax(X, 2), IndexError, "softmax: Dimension out of range"),
        (lambda: F.softmax(tg.tensor([1, 2]), 0), RuntimeError, r"Convert it first: x.float\(\)"),
        (lambda: F.glu(X), RuntimeError, "Halving dimension must be even, but dimension 1 is size 3"),
        (lambda: F.glu(tg.tensor(1.0)), RuntimeError, "0-dimensional"),
        (lambda: F.gelu(X, "fast"), RuntimeError, "approximate must be 'none' or 'tanh'"),
        (lambda: F.celu(X, 0.0), RuntimeError, "alpha"),
        (lambda: F.softshrink(X, -1.0), RuntimeError, "lambd must be greater or equal to 0"),
        (lambda: F.hardtanh(X, 1.0, -1.0), ValueError, "min_val"),
        (lambda: F.prelu(X, tg.ones(2)), RuntimeError, "one for each of the 3 channels"),
        (lambda: F.relu("x"), TypeError, "relu: expected a Tensor"),
        (lambda: F.relu(np.ones(2), inplace=True), TypeError, "inplace=True needs a Tensor"),
    ],
)
def test_wrong_arguments_of_activations(f, error, text):
    with pytest.raises(error, match=text):
        f()


# -- linear -----------------------------------------------------------------------------------------------

W, B = tg.ones(2, 3), tg.ones(2)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            (tg.ones(5, 4), W, B),
            r"mat1 and mat2 shapes cannot be multiplied \(5x4 and 3x2\): the layer takes 3 features",
        ),
        (
            (tg.ones(5, 2), W, B),
            r"weight is stored as \(out_features, in_features\) = \(2, 3\): transpose it, weight.T",
        ),
        ((tg.ones(5, 3).double(), W, B), r"the input is float64 and the weight is float32.*X = X.float\(\)"),
        ((X, W.double(), B.double()), r"the input is float32 and the weight is float64.*X = X.double\(\)"),
        ((X, W, B.double()), r"the bias is float64 and the weight is float32.*bias = bias.float\(\)"),
        ((tg.ones(5, 3).long(), W, B), r"the input is int64"),
        ((X, W, tg.ones(1)), r"the bias must have shape \(2,\), one number for each output"),
        ((X, W, tg.ones(2, 1)), r"the bias must have shape \(2,\)"),
        ((tg.tensor(1.0), W, B), r"at least 1D"),
        ((X, tg.ones(2, 3, 1), B), r"weight must be \(out_features, in_features\)"),
    ],
)
def test_what_does_not_fit_in_linear(arguments, text):
    with pytest.raises(RuntimeError, match=text):
        F.linear(*arguments)


def test_linear_takes_arrays_as_input():
    assert F.linear(np.ones((4, 3), np.float32), W, B).tolist() == [[4, 4]] * 4


def test_bilinear_names_the_shapes_that_do_not_fit():
    with pytest.raises(RuntimeError, match=re.escape("(2, 3), (2, 3) and (2, 3, 4)")):
        F.bilinear(X, X, tg.ones(2, 3, 4))
    with pytest.raises(RuntimeError, match="bias must have shape"):
        F.bilinear(X, X, tg.ones(2, 3, 3), tg.ones(3))


# -- dropout ----------------------------------------------------------------------------------------------


def test_dropout_zeroes_a_share_and_keeps_the_mean():
    tg.manual_seed(0)
    x = tg.ones(200, 200).requires_grad_()
    y = F.dropout(x, 0.3)
    values = y.detach().numpy()
    assert set(np.unique(values)) == {0, np.float32(1) / np.float32(0.7)}
    assert abs((values == 0).mean() - 0.3) < 0.01
    y.backward(tg.full((200, 200), 2.0))
    np.testing.assert_array_equal(x.grad.numpy(), 2 * values)
    assert x.grad.dtype == tg.float32


def test_dropout_follows_the_seed():
    def draw(seed):
        tg.manual_seed(seed)
        return F.dropout(tg.ones(100))

    assert draw(1).equal(draw(1))
    assert not draw(1).equal(draw(2))


def test_dropout_of_nothing_or_everything_or_while_not_training():
    x = tg.tensor([1.0, float("inf")])
    assert F.dropout(x, 0.0) is x
    assert F.dropout(x, 0.9, training=False) is x
    y = F.dropout(tg.ones(3).requires_grad_(), 1.0)
    assert y.tolist() == [0, 0, 0]
    assert y.requires_grad
    x = tg.ones(3)
    assert F.dropout(x, 1.0, inplace=True) is x
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_a_dropout_probability_is_between_0_and_1(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        F.dropout(X, p)


# -- embedding --------------------------------------------------------------------------------------------


def test_rows_that_occur_more_than_once_add_up_their_gradients():
    w = tg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    F.embedding(tg.tensor([[0, 2], [2, 2]]), w).backward(tg.arange(8.0).reshape(2, 2, 2))
    assert w.grad.tolist() == [[0, 1], [0, 0], [2 + 4 + 6, 3 + 5 + 7]]


@pytest.mark.parametrize(
    ("indices", "options", "error", "text"),
    [
        ([0, 3], {}, IndexError, r"input\[1\] = 3, but weight has 3 rows \(0 to 2\)"),
        ([[0, 1], [1, -1]], {}, IndexError, r"input\[1, 1\] = -1"),
        (7, {}, IndexError, r"input = 7"),
        ([0.0, 1.0], {}, RuntimeError, r"input.long\(\)"),
        ([True], {}, RuntimeError, r"input.long\(\)"),
        ([0], {"padding_idx": 3}, RuntimeError, "padding_idx must be within"),
    ],
)
def test_what_embedding_cannot_look_up(indices, options, error, text):
    w = tg.ones(3, 2)
    with pytest.raises(error, match=text):
        F.embedding(tg.tensor(indices), w, **options)


# -- normalization ----------------------------------------------------------------------------------------


def test_running_statistics_stay_after_an_error_and_in_eval_mode():
    mean, var = tg.zeros(3), tg.ones(3)
    with pytest.raises(ValueError, match="Expected more than 1 value per channel"):
        F.batch_norm(tg.ones(1, 3), mean, var, training=True)
    with pytest.raises(RuntimeError, match=r"weight should contain 3 elements.*\(2,\)"):
        F.batch_norm(X, mean, var, tg.ones(2), training=True)
    with pytest.raises(RuntimeError, match="running_var should contain 3"):
        F.batch_norm(X, mean, tg.ones(4), training=True)
    F.batch_norm(X, mean, var)
    assert (mean.tolist(), var.tolist()) == ([0] * 3, [1] * 3)


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda: F.batch_norm(tg.ones(3), None, None), ValueError, r"\(N, C, …\)"),
        (lambda: F.batch_norm(X, None, None), RuntimeError, "must be given when training is False"),
        (lambda: F.instance_norm(X), ValueError, "more than 1 spatial element"),
        (lambda: F.instance_norm(X, use_input_stats=False), RuntimeError, "use_input_stats"),
        (lambda: F.group_norm(X, 2), RuntimeError, "divisible by num_groups"),
        (lambda: F.group_norm(X, 0), RuntimeError, "divisible by num_groups"),
        (
            lambda: F.layer_norm(X, (2,)),
            RuntimeError,
            r"expected input with shape \[\*, 2\], but got input of size \(2, 3\)",
        ),
        (lambda: F.layer_norm(X, (3,), tg.ones(2)), RuntimeError, "weight to be of same shape"),
        (lambda: F.rms_norm(X, ()), RuntimeError, "normalized_shape"),
    ],
)
def test_what_cannot_be_normalized(f, error, text):
    with pytest.raises(error, match=text):
        f()
