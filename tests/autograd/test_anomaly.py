"""`detect_anomaly` names the call, its line and its numbers."""

import gc

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd, memory

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of 0/0 and log(0)


def leaf(*values):
    return tg.tensor(np.array(values, float), requires_grad=True)


@pytest.fixture(autouse=True)
def left_as_found():
    yield
    assert memory.observing.get() is True
    assert memory.recording.get() is True


def test_the_primitive_the_line_and_the_bad_numbers_are_named():
    x = leaf(0.0, 4.0)
    with autograd.detect_anomaly():
        y = x.log()
        z = (y * x).sum()  # -inf · 0
        with pytest.raises(RuntimeError) as error:
            z.backward()
    text = str(error.value)
    assert "gradient of log with respect to its operand x is NaN in 1 of 2 entries, first at [0]" in text
    assert "test_anomaly.py" in text
    assert "y = x.log()" in text
    assert "the cotangent is 0 there" in text
    assert "x is 0 there" in text
    assert x.grad is None


def test_a_saved_operand_that_is_not_finite_is_shown():
    x, w = leaf(0.0, 1.0), leaf(np.inf, 1.0)
    said = r"(?s)gradient of multiply.*b \(shape \(2,\)\) is inf at \[0\], 1 of 2"
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=said):
        (x * w * tg.tensor(np.array([0.0, 1.0]))).sum().backward()


def test_the_double_where_is_shown_for_the_branch_that_was_not_taken():
    x = leaf(0.0, 4.0)
    with autograd.detect_anomaly():
        y = tg.where(x.detach() > 0, x.sqrt(), 0.0)
        with pytest.raises(
            RuntimeError, match=r"(?s)gradient of sqrt.*y = tg.where.*cotangent is 0 there.*double where"
        ):
            y.sum().backward()
        safe = tg.where(x.detach() > 0, x, 1.0)
        tg.where(x.detach() > 0, safe.sqrt(), 0.0).sum().backward()
    assert x.grad.tolist() == [0, 0.25]


def test_without_the_forward_pass_inside_the_line_is_not_known():
    y = leaf(0.0).sqrt() * 0.0
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match=r"(?s)of sqrt.*run the forward pass inside"):
        y.sum().backward()


def test_outside_nothing_is_checked():
    x = leaf(0.0)
    with autograd.detect_anomaly():
        y = x.sqrt() * 0.0
    y.sum().backward()
    assert np.isnan(x.grad.numpy()).all()


def test_created_graphs_are_checked_too():
    x = leaf(0.0, 4.0)
    with autograd.detect_anomaly():
        y = x * x.sqrt()
        with pytest.raises(RuntimeError, match=r"(?s)gradient of sqrt.*y = x \* x.sqrt\(\)"):
            autograd.grad(y.sum(), x, create_graph=True)
        z = (x[1:] * x[1:]).sum()
        (dx,) = autograd.grad(z, x, create_graph=True)
        bad = (dx[:1].sqrt() * 0.0).sum()
        with pytest.raises(RuntimeError, match=r"(?s)gradient of sqrt.*bad = "):
            bad.backward()


def test_a_gradient_that_is_nan_when_it_is_passed_in():
    x = leaf(1.0)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="passed to backward"):
        (x * 2).backward(tg.tensor(np.array([np.nan])))


def test_lines_without_the_check():
    x = leaf(0.0)
    with autograd.detect_anomaly(check_nan=False):
        assert autograd.is_anomaly_enabled()
        assert not autograd.is_anomaly_check_nan_enabled()
        y = x.sqrt()
        (y * 0.0).sum().backward()
    assert y.grad_fn.site.endswith("y = x.sqrt()")


def test_a_change_in_place_shows_where_the_array_was_saved():
    x = leaf(1.0)
    with autograd.detect_anomaly():
        y = x * 2
        z = y * y  # saves y
        y += 1
        with pytest.raises(RuntimeError, match=r"z = y \* y  # saves y"):
            z.sum().backward()


def test_nothing_is_kept_alive():
    gc.collect()
    gc.disable()
    try:
        with autograd.detect_anomaly():
            x = leaf(1.0)
            y = x.exp() * x
            y.sum().backward()
            del y
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_it_nests_with_itself_and_with_grad_modes():
    with autograd.detect_anomaly():
        with tg.no_grad():
            assert not (leaf(1.0) * 2).requires_grad
            with tg.enable_grad():
                assert (leaf(1.0) * 2).grad_fn.site
        with autograd.set_detect_anomaly(False):
            assert not autograd.is_anomaly_enabled()
            assert (leaf(1.0) * 2).grad_fn.site is None
        assert (leaf(1.0) * 2).grad_fn.site
    with tg.no_grad(), autograd.detect_anomaly():
        assert not (leaf(1.0) * 2).requires_grad
    autograd.set_detect_anomaly(True)
    assert (leaf(1.0) * 2).grad_fn.site
    autograd.set_detect_anomaly(False)
    assert (leaf(1.0) * 2).grad_fn.site is None


def test_another_observer_still_sees_every_call():
    seen = []
    memory.observing.set(lambda node, operands, out: seen.append(node.name()))
    memory.recording.set(memory.observing.get())
    try:
        with autograd.detect_anomaly():
            (leaf(1.0) * 2).sum().backward()
    finally:
        memory.observing.set(True)
        memory.recording.set(True)
    assert seen == ["multiply", "sum"]
