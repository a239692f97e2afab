"""`gradcheck` and its relatives: what they accept, what they find, and what they say about it."""

import re
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import rule
from tinygrad_edu.autograd import GradcheckError, assert_gradients, check_gradient, gradcheck, gradgradcheck
from tinygrad_edu.primitive import PRIMITIVES

RNG = np.random.default_rng(0)


def leaf(*shape):
    return tg.tensor(RNG.normal(size=shape), requires_grad=True)


@pytest.fixture
def wrong():
    """A maker of primitives with rules of one's choice, which are forgotten afterwards."""
    before = dict(PRIMITIVES)
    yield lambda function, *rules: rule(function, *rules, name="wrong", elementwise=False)
    PRIMITIVES.clear()
    PRIMITIVES.update(before)


def product(a, b):
    return a * b


RIGHT = (lambda g, b: g * b, lambda g, a: g * a)


def message(check, *args, **kwargs):
    with pytest.raises(GradcheckError) as error:
        check(*args, **kwargs)
    return str(error.value)


def test_right_gradients_pass(wrong):
    a, b = leaf(2, 3), leaf(3)
    f = wrong(product, *RIGHT)
    assert gradcheck(f, (a, b))
    assert gradgradcheck(f, (a, b))
    assert gradcheck(f, (a, b), fast_mode=True)
    assert gradcheck(lambda a, b: (f(a, b), a.sum()), (a, b))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((lambda g, b: -g * b, RIGHT[1]), "operand 0.*wrong sign"),
        ((RIGHT[0], lambda g, a: 2 * g * a), r"operand 1.*constant factor: 1/2 times"),
        ((lambda g, b: g * b * 0, RIGHT[1]), r"operand 0.*zero, though the result does depend on it"),
        ((RIGHT[0], lambda g, a: g[0] * a[0]), "operand 1.*not summed over a broadcast axis.*axis 0"),
        ((lambda g, b: g * b + np.eye(2, 3), RIGHT[1]), r"right in 4 of 6 entries; wrong at \[0, 0\], \[1, 1\] only"),
    ],
)
def test_the_fault_of_a_wrong_rule_is_named(wrong, rules, said):
    a, b = leaf(2, 3), leaf(3)
    for fast in (False, True):
        text = message(gradcheck, wrong(product, *rules), (a, b), fast_mode=fast)
        assert re.search(said, text, re.S), text
        assert not gradcheck(wrong(product, *rules), (a, b), fast_mode=fast, raise_exception=False)


def test_a_transposed_gradient_is_named(wrong):
    f = wrong(lambda a, b: a @ b, lambda g, b: (g @ b.T).T, lambda g, a: a.T @ g)
    assert "transposed" in message(gradcheck, f, (leaf(3, 3), leaf(3, 3)))


def test_a_fault_shows_the_worst_entry_with_both_values_at_two_steps(wrong):
    a, b = tg.tensor(np.array([2.0, 3.0]), requires_grad=True), tg.tensor(np.array([5.0, 700.0]), requires_grad=True)
    text = message(gradcheck, wrong(product, lambda g, b: 2 * g * b, RIGHT[1]), (a, b))
    assert re.search(r"worst entry +\[1\], where the operand is 3", text)
    analytic, near, far = (
        float(re.search(label + r" +(\S+)", text)[1]) for label in ("analytic", "step 1e-06", "step 1e-05")
    )
    assert analytic == pytest.approx(2 * near)
    assert near == pytest.approx(far)
    assert 350 < abs(near) < 1050  # a random cotangent between 0.5 and 1.5


def test_a_fault_at_second_order_only_is_found(wrong):
    f = wrong(lambda x: x * x, lambda g, x: g * (2 * np.asarray(x._array if hasattr(x, "_array") else x)))
    x = leaf(3)
    assert gradcheck(f, x)
    assert re.search("the gradient of wrong.*zero, though", message(gradgradcheck, f, x), re.S)


def bent(x):
    """Slope 1 up to 0, and 3 above."""
    return tg.where(x.detach() > 0, 3 * x, x)


def test_a_kink_is_called_one():
    x = tg.tensor(np.array([1.0, 0.0]), requires_grad=True)
    text = message(gradcheck, bent, x)
    assert re.search(r"a kink at this point: the slope is .* on the left and .* on the right", text), text


def test_a_jump_is_called_one():
    x = tg.tensor(np.array([1.0, 0.0]), requires_grad=True)
    assert gradcheck(tg.abs, x)  # the slope 0 is the mean of both sides
    assert "a jump at this point" in message(gradgradcheck, tg.abs, x)


def test_a_result_cut_off_from_the_graph_is_found():
    assert re.search("zero, though.*detach", message(gradcheck, lambda x: x.detach() * 2, leaf(2)))


def test_constant_parts_of_the_result_do_not_matter():
    assert gradcheck(lambda x: (x * 2, x.detach() * 3), leaf(2))


def test_closures_over_the_inputs_see_the_steps():
    x, unused = leaf(2), leaf(2)
    assert gradcheck(lambda _: x * x, (x,))
    assert gradcheck(lambda x, _: x * 2, (x, unused))


def test_the_inputs_are_as_before_also_after_an_error():
    x = leaf(2)
    before, array = x._array.copy(), x._array
    calls = []

    def f(t):
        calls.append(1)
        if len(calls) > 6:
            raise KeyError("stop")
        return t * t

    with pytest.raises(KeyError):
        gradcheck(f, x)
    assert x._array is array
    assert np.array_equal(x._array, before)
    assert x.grad is None


def test_inputs_that_make_no_sense_have_errors_of_their_own():
    with pytest.raises(ValueError, match=r"input 0 is nan at \[1\]"):
        gradcheck(tg.exp, tg.tensor(np.array([0.0, np.nan]), requires_grad=True))
    with pytest.raises(ValueError, match=r"input 1 is inf at \[0\]"):
        gradgradcheck(tg.mul, (leaf(1), tg.tensor(np.array([np.inf]), requires_grad=True)))
    with pytest.raises(ValueError, match="at least one input tensor that requires grad"):
        gradcheck(tg.exp, tg.tensor(np.ones(2)))
    with pytest.raises(ValueError, match="returns no floating tensor"):
        gradcheck(lambda x: 3, leaf(2))


def test_float32_is_warned_about():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match=r"float32, which has about 6 digits.*double\(\)"):
        gradcheck(lambda x: x * 2, x, raise_exception=False)


def test_double_precision_is_not_warned_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert gradcheck(lambda x: x * 2, leaf(2))


def test_randomness_is_detected():
    rng = np.random.default_rng(0)
    assert "not deterministic" in message(gradcheck, lambda x: x * rng.normal(), leaf(2))


def test_a_random_backward_is_detected(wrong):
    rng = np.random.default_rng(0)
    f = wrong(lambda x: 2 * x, lambda g: 2 * g + 1e-9 * rng.normal(size=2))
    assert "backward pass of wrong is not deterministic" in message(gradcheck, f, leaf(2))
    assert gradcheck(f, leaf(2), nondet_tol=1e-7)


def test_empty_and_0d_inputs():
    assert gradcheck(lambda x: x * x, leaf(0, 2))
    assert gradcheck(lambda x: x * x, leaf())
    assert gradgradcheck(lambda x: x * x, leaf(0, 2))


def test_assert_gradients_takes_plain_data_and_raises_assertion_errors(wrong):
    assert_gradients(wrong(product, *RIGHT), np.ones((2, 3)), [1.0, 2.0, 3.0])
    assert_gradients(lambda x: x * x, 3.0)
    with pytest.raises(AssertionError, match="wrong sign"):
        assert_gradients(wrong(product, lambda g, b: -g * b, RIGHT[1]), 2.0, 3.0)
    with pytest.raises(AssertionError, match="kink"):
        assert_gradients(bent, 0.0)


# -- gradients written by hand ---------------------------------------------------------------------------

X = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
Y = 2 * X + 1


def loss(intercept, slope):
    return ((Y - (intercept + slope * X)) ** 2).mean()


def by_hand(error, factor=-2 / 5):
    def gradient_descent(intercept, slope):
        e = error(intercept + slope * X)
        return factor * e.sum(), factor * (e * X).sum()

    return gradient_descent


@pytest.mark.parametrize("at", [(0.0, 0.0), (1.0, 2.5)])
def test_the_right_gradient_passes(at):
    assert check_gradient(loss, by_hand(lambda y_pred: Y - y_pred), at)


def test_the_learners_mistake_is_told_what_is_expected_and_what_is_off():
    wrong = by_hand(lambda y_pred: Y - y_pred - Y)
    text = message(check_gradient, loss, wrong, (1.0, 2.5))
    assert re.search(r"parameter 0:.*expected +3\n.*yours +17\n.*parameter 1:.*expected +11\n.*yours +61\n", text, re.S)
    assert text.count("the targets cancel out, as in error = y - y_pred - y?") == 2
    at_zero = message(check_gradient, loss, wrong, (0.0, 0.0))
    assert "expected  -14" in at_zero
    assert "zero at this point" in at_zero
    assert "the targets cancel out" in at_zero


@pytest.mark.parametrize("at", [(0.0, 0.0), (1.0, 2.5)])
def test_a_missing_2_over_n_and_a_wrong_sign_are_named(at):
    text = message(check_gradient, loss, by_hand(lambda y_pred: Y - y_pred, -1), at)
    assert text.count("constant factor: 2/5 (the 2/n of a mean of squares, n = 5?) times this is right") == 2
    text = message(check_gradient, loss, by_hand(lambda y_pred: Y - y_pred, 2 / 5), at)
    assert text.count("wrong sign: minus this is right") == 2


def test_one_wrong_parameter_leaves_the_other_right():
    def half_wrong(intercept, slope):
        g = by_hand(lambda y_pred: Y - y_pred)(intercept, slope)
        return g[0], 2 * g[1]

    text = message(check_gradient, loss, half_wrong, (1.0, 2.5))
    assert "parameter 0: right" in text
    assert "1/2 times this is right" in text


def test_swapped_gradients_are_named():
    def swapped(intercept, slope):
        return by_hand(lambda y_pred: Y - y_pred)(intercept, slope)[::-1]

    text = message(check_gradient, loss, swapped, (1.0, 2.5))
    assert "this is the gradient with respect to parameter 1" in text
    assert "this is the gradient with respect to parameter 0" in text


A, T = RNG.normal(size=(6, 3)), RNG.normal(size=6)


def squares(w):
    return ((A @ w - T) ** 2).mean()


@pytest.mark.parametrize(
    ("f_prime", "said"),
    [
        (lambda w: 2 / 6 * (A @ w - T)[:, None] * A, r"shape \(6, 3\).*not summed over a broadcast axis"),
        (lambda w: A.T @ (A @ w - T), r"constant factor: 1/3 \(the 2/n of a mean of squares, n = 6\?\)"),
        (lambda w: 2 / 6 * A.T @ (A @ w - T) + 0.1 * w, "off by 0.1 times x: .*penalty"),
        (lambda w: 2 / 6 * A.T @ (A @ w - T) * [1, 1, 3], r"right in 2 of 3 entries; wrong at \[2\] only"),
        (lambda w: (2 / 6 * A.T @ (A @ w - T))[:, None], r"expected, shape \(3,\).*yours, shape \(3, 1\)"),
    ],
)
def test_what_is_wrong_with_a_vector_gradient_is_named(f_prime, said):
    text = message(check_gradient, squares, f_prime, np.array([0.1, 0.2, 0.3]))
    assert re.search(said, text, re.S), text


def test_a_transposed_matrix_gradient_is_named():
    m = RNG.normal(size=(3, 3))
    text = message(check_gradient, lambda w: (w * m).sum(), lambda w: m.T, RNG.normal(size=(3, 3)))
    assert "its transpose is right" in text
    wide = RNG.normal(size=(2, 3))
    text = message(check_gradient, lambda w: (w * wide).sum(), lambda w: wide.T, RNG.normal(size=(2, 3)))
    assert "its transpose is right" in text


def test_numbers_lists_arrays_and_tensors():
    assert check_gradient(lambda x: x**2, lambda x: 2 * x, 3)
    assert check_gradient(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, 2.0])
    assert check_gradient(lambda x: (x * x).sum(), lambda x: 2 * x, tg.tensor([1.0, 2.0]))
    assert check_gradient(lambda x: (x * x).sum(), lambda x: [2 * x[0], 2 * x[1]], np.array([1.0, 2.0]))


def test_float32_losses_are_compared_as_closely_as_they_allow():
    data = np.array([1.0, 2.0], np.float32)
    f = lambda w: np.float32(((w * data - 1) ** 2).mean())
    assert check_gradient(f, lambda w: ((w * data - 1) * data).sum(), 0.7)
    with pytest.raises(GradcheckError, match="1/2 times"):
        check_gradient(f, lambda w: 2 * ((w * data - 1) * data).sum(), 0.7)


def test_functions_that_cannot_be_checked():
    with pytest.raises(ValueError, match=r"returns shape \(2,\).*a mean or a sum"):
        check_gradient(lambda x: x**2, lambda x: 2 * x, np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="not finite"):
        check_gradient(lambda x: x**2, lambda x: 2 * x, float("nan"))
    with pytest.raises(ValueError, match="returns 1 gradients for 2 parameters"):
        check_gradient(loss, lambda a, b: (a,), (1.0, 2.0))
