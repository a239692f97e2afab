"""When LBFGS goes on and when it stops: exactly at its tolerances and limits."""

import numpy as np
import pytest

import tinygrad_edu as tg


def steps(gradients, losses=(), x=None, **options):
    """How far one call of `step` moves a number whose gradients and losses are given, and how often it asks."""
    x = tg.tensor([0.0], dtype=tg.float64, requires_grad=True) if x is None else x
    asked = 0

    def closure():
        nonlocal asked
        x.grad = tg.tensor([gradients[min(asked, len(gradients) - 1)]], dtype=tg.float64)
        loss = losses[min(asked, len(losses) - 1)] if losses else -float(asked)
        asked += 1
        return tg.tensor(loss, dtype=tg.float64)

    tg.optim.LBFGS([x], **options).step(closure)
    return x.item(), asked


def test_the_first_step_is_the_gradient_but_no_longer_than_lr():
    assert steps([0.25], lr=1, max_iter=1) == (-0.25, 1)
    assert steps([4.0], lr=0.5, max_iter=1) == (-0.5, 1)


def test_a_gradient_at_its_tolerance_is_small_enough():
    assert steps([0.25], tolerance_grad=0.25) == (0, 1)
    moved, asked = steps([1.0, 0.25], tolerance_grad=0.25)
    assert (moved, asked) == (-1, 2)
    assert steps([0.0]) == (0, 1)


def test_a_slope_at_the_tolerance_of_changes_still_leads_down():
    assert steps([0.25], tolerance_grad=0, tolerance_change=0.0625, max_iter=1) == (-0.25, 1)
    assert steps([0.25], tolerance_grad=0, tolerance_change=0.07, max_iter=1) == (0, 1)


def test_a_step_at_the_tolerance_of_changes_is_the_last():
    assert steps([0.5], losses=[10, 5, 1], lr=0.5, tolerance_change=0.25) == (-0.25, 2)


def test_a_loss_that_changes_by_less_than_the_tolerance_is_the_last():
    assert steps([1.0, 0.9], losses=[5, 5, 1])[1] == 2
    assert steps([1.0, 0.9, 0.8], losses=[5, 4.75, 4.75, 1], tolerance_change=0.25)[1] == 3


@pytest.mark.parametrize("most", [2, 4])
def test_the_line_search_has_what_is_left_of_the_evaluations(most):
    x = tg.tensor([0.0], dtype=tg.float64, requires_grad=True)
    asked = []

    def closure():
        asked.append(x.item())
        x.grad = tg.tensor([-1.0], dtype=tg.float64)
        return -x.detach().sum()  # falls for ever

    tg.optim.LBFGS([x], max_eval=most, line_search_fn="strong_wolfe").step(closure)
    assert len(asked) == most + 1  # the last search may try one more than is left


def test_parameters_without_gradient_stay():
    x, unused = (tg.tensor([1.0, 2.0], requires_grad=True) for _ in range(2))
    optimizer = tg.optim.LBFGS([unused, x], max_iter=3)

    def closure():
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    assert unused.tolist() == [1, 2]
    np.testing.assert_allclose(x.detach(), 0, atol=1e-6)
