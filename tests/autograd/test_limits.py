"""Deep, wide and long: nothing recurses, nothing is quadratic, nothing leaks."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_chain_of_100_000_calls_forward_backward_and_dropped():
    x = tg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1
    del y  # must not recurse either


def test_a_chain_of_products_is_dropped_without_recursion_before_any_backward():
    y = tg.tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        y = y * 1.0
    del y


def test_a_tensor_used_10_000_times():
    x = tg.tensor(np.array([1.0, 2.0]), requires_grad=True)
    total = x * 0.0
    for k in range(10_000):
        total = total + x * float(k)
    total.sum().backward()
    assert x.grad.tolist() == [sum(range(10_000))] * 2


def test_a_sum_over_a_million_terms_is_accurate_in_float32():
    n = 2**20
    weights = np.full(n, 0.1, np.float32)
    b = tg.tensor(1.0, requires_grad=True)
    (b * tg.tensor(weights)).sum().backward()
    assert b.grad.item() == pytest.approx(n * float(np.float32(0.1)), rel=1e-6)
    x = tg.tensor(weights, requires_grad=True)
    total = x.sum()
    total.backward()
    assert total.item() == pytest.approx(n * float(np.float32(0.1)), rel=1e-6)
    assert np.array_equal(x.grad.numpy(), np.ones(n, np.float32))


def test_a_node_with_very_many_operands():
    xs = [tg.tensor(float(k), requires_grad=True) for k in range(5_000)]
    (tg.stack(xs) * 2.0).sum().backward()
    assert all(x.grad.item() == 2 for x in xs)


def test_10_000_training_steps_do_not_grow(no_collector):
    w = tg.tensor([[0.1, 0.2], [0.3, 0.4]], requires_grad=True)
    x = tg.tensor([[1.0, 2.0]])

    def step():
        loss = tg.tanh(x @ w).sum()
        w.grad = None
        loss.backward()
        with tg.no_grad():
            w.sub_(0.01 * w.grad)

    for _ in range(500):
        step()
    before = sys.getallocatedblocks()
    for _ in range(10_000):
        step()
    # one object kept per step would be 10,000; CPython's own lists of free tuples come to some thousand at most
    assert sys.getallocatedblocks() - before < 5_000


def test_the_peak_of_backward_stays_under_1_2_times_what_the_forward_pass_holds(no_collector):
    x = tg.tensor(np.full(2**18, 0.5, np.float32), requires_grad=True)  # 1 MB
    tracemalloc.start()
    try:
        y = x
        for _ in range(1_000):
            y = tg.tanh(y)
        loss = y.sum()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        loss.backward()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held > 1_000 * 2**20
    assert peak < 1.2 * held
