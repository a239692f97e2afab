"""Random graphs with shared nodes, views and changes in place: against differences, and against themselves."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.autograd.programs import random_program, run
from tinygrad_edu import autograd

SEEDS = range(40)


def leaves(program, dtype=np.float64):
    return [tg.tensor(a.astype(dtype), requires_grad=True) for a in program.leaves]


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_of_random_graphs_are_what_differences_say(seed):
    program = random_program(seed)
    f = lambda *xs: run(tg, program, xs)
    assert autograd.gradcheck(f, leaves(program), eps=6e-6, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_second_derivatives_of_random_graphs_are_what_differences_say(seed):
    program = random_program(seed, length=8)
    f = lambda *xs: run(tg, program, xs)
    assert autograd.gradgradcheck(f, leaves(program), eps=6e-6, rtol=1e-4, atol=1e-5, fast_mode=True)


@pytest.mark.parametrize("seed", range(10))
def test_backward_grad_and_created_graphs_agree(seed):
    program = random_program(seed)
    xs = leaves(program)
    loss = run(tg, program, xs)
    plain = autograd.grad(loss, xs, retain_graph=True, materialize_grads=True)
    created = autograd.grad(loss, xs, create_graph=True, materialize_grads=True)
    loss.backward()
    for x, a, b in zip(xs, plain, created, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-12, atol=1e-14)
        grad = np.zeros(x.shape) if x.grad is None else x.grad.numpy()
        np.testing.assert_array_equal(grad, a.numpy())


@pytest.mark.parametrize("seed", range(10))
def test_float32_graphs_have_float32_gradients_close_to_the_float64_ones(seed):
    program = random_program(seed)
    narrow, wide = leaves(program, np.float32), leaves(program)
    for xs in (narrow, wide):
        run(tg, program, xs).backward()
    for a, b in zip(narrow, wide, strict=True):
        if b.grad is not None:
            assert a.grad.dtype == tg.float32
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-4, atol=1e-4)


def test_a_leaf_ends_the_graph_and_knows_its_tensor_while_it_lives():
    w = tg.ones(2, requires_grad=True)
    leaf = (w * 3).grad_fn.next_functions[0][0]
    assert leaf.variable is w and leaf.name() == "AccumulateGrad" and leaf.next_functions == ()
    del w
    assert leaf.variable is None
