"""Grad modes: where they hold, and where they must not leak."""

import asyncio
import threading

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd


def recorded() -> bool:
    return (tg.tensor(1.0, requires_grad=True) * 2).requires_grad


def test_modes_nest_and_restore():
    with tg.no_grad():
        assert not recorded()
        with tg.enable_grad():
            assert recorded()
            with tg.no_grad():
                assert not recorded()
            assert recorded()
        assert not recorded()
    assert recorded()


def test_the_mode_is_restored_after_an_exception():
    with pytest.raises(ZeroDivisionError), tg.no_grad():
        1 / 0  # noqa: B018
    assert recorded()


def test_one_object_may_be_entered_twice():
    mode = tg.no_grad()
    with mode, mode:
        assert not recorded()
    assert recorded()


def test_set_grad_enabled_as_a_function_and_as_a_context_manager():
    tg.set_grad_enabled(False)
    assert not tg.is_grad_enabled()
    tg.set_grad_enabled(True)
    assert tg.is_grad_enabled()
    with autograd.set_grad_enabled(False):
        assert not recorded()
    assert recorded()


DECORATORS = {
    "bare": lambda: tg.no_grad,
    "called": lambda: tg.no_grad(),
    "inference_mode": lambda: tg.inference_mode(),
    "set_grad_enabled": lambda: tg.set_grad_enabled(False),
}


@pytest.mark.parametrize("which", DECORATORS)
def test_decorated_functions_also_when_they_call_themselves(which):
    @DECORATORS[which]()
    def f(depth=2):
        """Doc."""
        return [recorded(), *(f(depth - 1) if depth else []), recorded()]

    assert recorded()
    assert f() == [False] * 6
    assert f.__doc__ == "Doc."
    assert recorded()


def test_a_decorated_generator_holds_the_mode_only_while_it_runs():
    seen = []

    @tg.no_grad()
    def numbers():
        got = None
        try:
            while True:
                seen.append(recorded())
                got = yield got
        except KeyError:
            seen.append(recorded())
            yield "caught"
        finally:
            seen.append(recorded())

    g = numbers()
    assert next(g) is None
    assert recorded()
    assert g.send(7) == 7
    assert recorded()
    assert g.throw(KeyError("x")) == "caught"
    assert recorded()
    g.close()
    assert recorded()
    assert seen == [False] * 4


def test_a_decorated_generator_returns_its_value():
    @tg.no_grad()
    def f():
        yield 1
        return 2

    def outer():
        return (yield from f())

    g = outer()
    next(g)
    with pytest.raises(StopIteration) as stop:
        next(g)
    assert stop.value.value == 2


def test_threads_have_a_mode_of_their_own():
    inside, leave = threading.Event(), threading.Event()
    seen = []

    def other():
        seen.append(recorded())
        with tg.no_grad():
            inside.set()
            leave.wait(10)
            seen.append(recorded())
        seen.append(recorded())

    t = threading.Thread(target=other)
    with tg.no_grad():
        t.start()
        inside.wait(10)
    assert recorded()
    leave.set()
    t.join()
    assert seen == [True, False, True]


def test_tasks_have_a_mode_of_their_own():
    async def quiet():
        with tg.no_grad():
            await asyncio.sleep(0.01)
            return recorded()

    @tg.no_grad()
    async def decorated():
        await asyncio.sleep(0.01)
        return recorded()

    async def loud():
        found = []
        for _ in range(5):
            await asyncio.sleep(0.004)
            found.append(recorded())
        return found

    async def main():
        return await asyncio.gather(quiet(), decorated(), loud())

    assert asyncio.run(main()) == [False, False, [True] * 5]


def test_backward_passes_in_several_threads_over_their_own_graphs():
    results = {}

    def work(k: int):
        x = tg.tensor(np.full(50, float(k)), requires_grad=True)
        for _ in range(200):
            (x * x).sum().backward()
        results[k] = x.grad.tolist()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {k: [400.0 * k] * 50 for k in range(4)}


def test_decorators_need_no_parentheses():
    @tg.enable_grad
    def on() -> bool:
        return recorded()

    @tg.no_grad
    def off() -> bool:
        return recorded()

    with tg.no_grad():
        assert on()
    assert not off()
