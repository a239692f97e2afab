"""Films: what is recorded is what the engine did, in its order, and looking on changes nothing."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.autograd import programs
from tests.benchmarks.looking import bytecodes
from tinygrad_edu import autograd, nn, rule, viz
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.primitive import PRIMITIVES
from tinygrad_edu.viz.recorder import Arrival, Back, Call, Seed

ROOT = Path(__file__).parents[2]


def kinds(film):
    return [
        f"{s.node.name()} {'forward' if isinstance(s, Call) else 'backward'}"
        if isinstance(s, (Call, Back))
        else type(s).__name__
        for s in film.steps
    ]


def numbers(film, place):
    return np.asarray(film.values[place]).tolist()


def test_steps_come_in_the_order_of_the_engine():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        loss = (tg.exp(w) * w).sum()
        loss.backward()
    assert kinds(film) == [
        "exp forward", "multiply forward", "sum forward",
        "Seed", "sum backward", "multiply backward", "exp backward", "Arrival",
    ]  # fmt: skip
    assert len(film) == 8


def test_a_step_holds_operands_result_cotangent_and_contributions():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    x = tg.tensor([3.0, -1.0])
    with viz.record() as film:
        (w * x).sum().backward()
    call, total, seed, first, second, end = film.steps
    assert [numbers(film, k) for k in call.operands] == [[1, 2], [3, -1]]
    assert numbers(film, call.result) == [3, -2]
    assert numbers(film, total.result) == 1
    assert numbers(film, seed.value) == 1
    assert [numbers(film, p.value) for p in first.parts] == [[1, 1]]
    assert numbers(film, second.incoming) == [1, 1]
    assert {n: numbers(film, k) for n, k in second.reads.items()} == {"b": [3, -1]}
    assert [(p.position, numbers(film, p.value), numbers(film, p.total)) for p in second.parts] == [
        (0, [3, -1], [3, -1])
    ]
    assert (numbers(film, end.total), end.before, numbers(film, end.after)) == ([3, -1], None, [3, -1])


def test_contributions_to_a_tensor_that_is_used_twice_are_added_up():
    a = tg.tensor(1.0, requires_grad=True)
    with viz.record() as film:
        b = a + a
        c = b + b
        c.backward()
    parts = [[(numbers(film, p.value), numbers(film, p.total), p.uses) for p in s.parts]
             for s in film.steps if isinstance(s, Back)]  # fmt: skip
    assert parts == [[(1, 1, 1), (1, 2, 2)], [(2, 2, 1), (2, 4, 2)]]


def test_a_gradient_that_was_there_is_added_to():
    w = tg.tensor(2.0, requires_grad=True)
    (w * 3).backward()
    with viz.record() as film:
        (w * 5).backward()
    end = film.steps[-1]
    assert [numbers(film, k) for k in (end.before, end.total, end.after)] == [3, 5, 8]


def test_grad_touches_no_leaf():
    w = tg.tensor(2.0, requires_grad=True)
    with viz.record() as film:
        autograd.grad(w * w, w)
    assert (film.steps[-1].after, w.grad) == (None, None)


def test_summing_over_broadcast_axes_is_noted():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        (tg.ones(3, 2) + w).sum().backward()
    (part,) = next(s for s in film.steps if isinstance(s, Back) and s.node.name() == "add").parts
    assert (part.raw, numbers(film, part.value)) == ((3, 2), [3, 3])


def test_numbers_are_those_of_the_moment():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        (w * w).sum().backward()
        with tg.no_grad():
            w -= 0.5 * w.grad
        (w * 3).sum().backward()
    first, second = (s for s in film.steps if isinstance(s, Call) and s.node.name() == "multiply")
    assert numbers(film, first.operands[0]) == [1, 2]
    assert numbers(film, second.operands[0]) == [0, 0]
    assert film.verify() == len(film)


def test_changes_in_place_are_shown_as_they_were():
    x = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with viz.record() as film:
        y = x * 2
        y[1:] = y[:1] * 10
        v = y[:2]
        v.add_(1.0)
        y.sum().backward()
    assert film.verify() == len(film)
    write = next(s for s in film.steps if isinstance(s, Call) and s.node.name() == "setitem")
    assert (numbers(film, write.operands[0]), numbers(film, write.result)) == ([2, 4, 6], [2, 20, 20])


def test_recorded_passes_are_shown_as_such():
    w = tg.tensor([2.0, -1.0], requires_grad=True)
    with viz.record() as film:
        (dw,) = autograd.grad((w**3).sum(), w, create_graph=True)
        (dw * dw).sum().backward()
    seeds = [s for s in film.steps if isinstance(s, Seed)]
    assert [s.recorded for s in seeds] == [True, False]
    inner = [s for s in film.steps if isinstance(s, Call) and s.number == 0]
    assert inner and all(isinstance(s, Call) for s in inner)
    assert film.verify() == len(film)
    assert {v.order for v in film.graph().nodes if v.primitive} == {0, 1}


@pytest.mark.parametrize("seed", range(12))
def test_verify_proves_random_programs(seed):
    program = programs.random_program(seed)
    with viz.record() as film:
        backward(program)
    assert film.verify() == len(film) > 10


def backward(program):
    leaves = [tg.tensor(a, requires_grad=True) for a in program.leaves]
    loss = programs.run(tg, program, leaves)
    loss.backward()
    return loss, leaves


@given(st.integers(0, 10**6), st.booleans())
def test_looking_on_changes_no_result(seed, inplace):
    program = programs.random_program(seed, inplace=inplace)
    plain, leaves = backward(program)
    with viz.record():
        filmed, others = backward(program)
    assert plain.item() == filmed.item() or np.isnan(plain.item())
    for a, b in zip(leaves, others, strict=True):
        assert (a.grad is None) == (b.grad is None)
        if a.grad is not None:
            assert np.array_equal(a.grad.numpy(), b.grad.numpy(), equal_nan=True)


def test_nothing_is_left_behind():
    w = tg.tensor(2.0, requires_grad=True)
    y = tg.exp(w) * w
    plans = [y._node.plan, y._node.edges[0].plan]
    with viz.record():
        y.backward(retain_graph=True)
    assert [y._node.plan, y._node.edges[0].plan] == plans
    assert (observing.get(), recording.get()) == (True, True)


def test_after_an_error_everything_is_as_before():
    w = tg.tensor(2.0, requires_grad=True)
    y = tg.exp(w)
    plan = y._node.plan
    y.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError), viz.record():
        y.backward(retain_graph=True)
    assert y._node.plan is plan
    assert (observing.get(), recording.get()) == (True, True)


def test_a_film_does_not_look_at_other_passes():
    w = tg.tensor(2.0, requires_grad=True)
    with viz.record() as film:
        y = w * w
    length = len(film)
    y.backward()
    assert len(film) == length == 1


def test_no_grad_is_respected():
    w = tg.tensor(2.0, requires_grad=True)
    with viz.record() as film:
        y = w * 2
        with tg.no_grad():
            w * 3
    assert len(film) == 1 and y.requires_grad


def test_anomalies_and_films_go_together():
    w = tg.tensor(-1.0, requires_grad=True)
    with viz.record() as film, autograd.detect_anomaly(check_nan=False):
        (w * w).backward()
    assert film.verify() == len(film) == 4
    found = pytest.raises(RuntimeError, match="detect_anomaly")
    with np.errstate(all="ignore"), found, autograd.detect_anomaly(), viz.record():
        (tg.sqrt(w) * 2).backward()


def test_films_inside_films_see_the_same():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as outer:
        y = w * w
        with viz.record() as inner:
            y.sum().backward(retain_graph=True)
        plan = y._node.plan
        y.sum().backward()
    assert kinds(inner) == ["sum forward", "Seed", "sum backward", "multiply backward", "Arrival"]
    assert kinds(outer) == ["multiply forward", *kinds(inner), *kinds(inner)]
    assert (outer.verify(), inner.verify()) == (11, 5)
    assert y._node.plan is plan is PRIMITIVES["multiply"].plan(3)


def test_a_film_can_be_continued():
    w = tg.tensor(2.0, requires_grad=True)
    with viz.record() as film:
        y = w * w
    assert len(film.graph().nodes) == 2
    with film:
        y.backward()
    assert (len(film), film.verify(), len(film.graph().nodes)) == (4, 4, 2)


def test_several_results():
    before = dict(PRIMITIVES)
    halves = rule(lambda x: (x / 2, x * 2), lambda g: g[0] / 2 + g[1] * 2, name="halves")
    try:
        w = tg.tensor([2.0, 4.0], requires_grad=True)
        with viz.record() as film:
            (halves(w)[1] * 3).sum().backward()
        back = next(s for s in film.steps if isinstance(s, Back) and s.node.name() == "halves")
        assert [numbers(film, k) for k in back.incoming] == [[0, 0], [3, 3]]
        assert film.verify() == len(film)
    finally:
        PRIMITIVES.clear()
        PRIMITIVES.update(before)


def test_users_functions_and_hooks_are_filmed():
    class Double(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        y = Double.apply(w)
        y.register_hook(lambda g: g * 10)
        y.sum().backward()
    assert w.grad.tolist() == [20, 20]
    back = next(s for s in film.steps if isinstance(s, Back) and s.node.name() == "Double")
    assert numbers(film, back.incoming) == [10, 10]
    assert film.verify() == len(film)


def test_verify_finds_a_number_that_is_not_the_engines():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        (w * w).sum().backward()
    place = next(s for s in film.steps if isinstance(s, Back) and s.node.name() == "multiply").parts[0].value
    film.values.arrays[place] = film.values.arrays[place] + 1
    with pytest.raises(AssertionError, match=r"step 4 \(multiply, backward\): what is passed to operand 0"):
        film.verify()


def test_a_layered_model():
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    with viz.record() as film:
        loss = nn.functional.cross_entropy(model(tg.randn(5, 3)), tg.tensor([0, 1, 1, 0, 1]))
        loss.backward()
    assert film.verify() == len(film)
    names = {v.symbol for v in film.graph().nodes}
    assert {"0.weight", "0.bias", "2.weight", "2.bias", "loss"} <= names
    ends = {film.graph().nodes[int(film.keys[s.edge][1:])].symbol for s in film.steps if isinstance(s, Arrival)}
    assert ends == {"0.weight", "0.bias", "2.weight", "2.bias"}


def test_names_are_the_callers_and_constants_are_known():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    x = tg.tensor([3.0, 4.0])
    with viz.record() as film:
        (w * x + x).sum().backward()
    kinds = {v.symbol: (v.kind, v.value) for v in film.graph().nodes}
    assert kinds["w"] == ("leaf", "[1, 2]")
    assert kinds["x"] == ("constant", "[3, 4]")  # one node, though its array was released
    assert len(kinds) == 5


def test_params_name_what_no_variable_holds():
    def run():
        return tg.tensor(2.0, requires_grad=True)

    leaf = [run()]
    with viz.record(params={"slope": leaf[0]}) as film:
        (leaf[0] * 3).backward()
    assert film.graph().nodes[0].symbol == "slope"


def test_arrays_that_are_computed_later_are_shown_as_such():
    da = pytest.importorskip("dask.array")
    x = tg.from_numpy(da.from_array(np.arange(12, dtype=np.float32).reshape(6, 2), chunks=(3, 2)))
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        ((x @ w) ** 2).mean().backward()
    assert film.verify() == len(film)
    shown = viz.page.document(film.graph(), film)
    assert "dask array: not computed" in shown


def test_an_empty_film_says_so():
    with viz.record() as film:
        tg.ones(2) * 2
    assert len(film) == 0
    with pytest.raises(RuntimeError, match="the film is empty"):
        film.graph()


def test_a_film_ends_with_its_last_reference():
    def run():
        w = tg.tensor(2.0, requires_grad=True)
        with viz.record() as film:
            (w * w).backward()
        return weakref.ref(w), film

    leaf, film = run()
    film.graph()
    del film
    gc.collect()
    assert leaf() is None


def test_play_needs_no_film_of_the_forward_pass():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    x = tg.tensor([3.0, 4.0])
    loss = (tg.exp(w * x) + 1).sum()
    film = viz.play(loss)
    assert kinds(film)[:4] == ["multiply forward", "exp forward", "add forward", "sum forward"]
    assert film.verify() == len(film)
    assert w.grad is None
    loss.backward()  # the graph is still there
    end = film.steps[-1]
    assert numbers(film, end.total) == w.grad.tolist()


def test_play_leaves_open_what_the_graph_did_not_keep():
    w = tg.tensor([1.0, 2.0], requires_grad=True)

    def hidden():
        return (w + tg.tensor([5.0, 6.0])) * 2  # the added constant is needed by no rule

    film = viz.play(hidden().sum())
    assert [s.result is None for s in film.steps if isinstance(s, Call)] == [True, True, False]
    assert film.verify() == len(film)
    assert "step" in repr(film)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: 3.0, TypeError, "expected a Tensor, got float"),
        (lambda: tg.ones(2), RuntimeError, "nothing was recorded"),
        (lambda: tg.ones(2, requires_grad=True) * 2, RuntimeError, "grad"),
    ],
)
def test_play_refuses_what_cannot_be_played(make, error, words):
    with pytest.raises(error, match=words):
        viz.play(make())


def test_a_film_leaves_nothing_behind_that_would_cost_a_later_step():
    w, x = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor([3.0, 4.0])

    def step():
        w.grad = None
        (tg.exp(w) * x).sum().backward()

    for _ in range(3):
        step()
    before = bytecodes(step)
    with viz.record():
        step()
    assert observing.get() is True and recording.get() is True
    assert bytecodes(step) == before > 100


def test_a_film_inside_of_detect_anomaly_and_around_it():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with autograd.detect_anomaly(), viz.record() as inner:
        (x * x).sum().backward()
    with viz.record() as outer, autograd.detect_anomaly():
        (x * x).sum().backward()
    assert kinds(inner) == kinds(outer)
    assert inner.verify() == outer.verify() == len(inner.steps)


def test_a_pass_that_was_watched_before_can_be_filmed():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    with autograd.detect_anomaly():
        loss = (x * tg.exp(x)).sum()
        loss.backward(retain_graph=True)
    with viz.record() as film:
        loss.backward()
    assert [k for k in kinds(film) if "backward" in k] == ["sum backward", "multiply backward", "exp backward"]
    assert film.verify() == len(film.steps)


def test_a_hook_may_run_a_backward_pass_of_its_own():
    x, w = tg.tensor([1.0, 2.0], requires_grad=True), tg.tensor(3.0, requires_grad=True)

    def another(g):
        with tg.enable_grad():
            (w * w).backward()

    with viz.record() as film:
        y = x * 2
        y.register_hook(another)
        (y * y).sum().backward()
    assert film.verify() == len(film.steps)
    assert kinds(film).count("multiply backward") == 3 and kinds(film).count("Arrival") == 2
    assert (x.grad.tolist(), w.grad.item()) == ([8.0, 16.0], 6.0)


def test_a_hook_may_go_through_the_same_nodes_again():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    once = []

    def again(g):
        if not once:
            once.append(True)
            loss.backward(retain_graph=True)

    with viz.record() as film:
        y = x * 2
        y.register_hook(again)
        loss = (y * y).sum()
        loss.backward(retain_graph=True)
    assert x.grad.tolist() == [16.0, 32.0]
    assert film.verify() == len(film.steps)
    assert [sum(isinstance(s, Back) and s.number == k for s in film.steps) for k in (0, 1)] == [3, 3]
    plans = {s.node: s.node.plan for s in film.steps if isinstance(s, Call)}
    assert all(plan is node.primitive.plan(sum(1 << i for i in plan.wanted)) for node, plan in plans.items())


def test_what_follows_a_pass_that_failed_is_not_part_of_it():
    x = tg.tensor(2.0, requires_grad=True)
    with viz.record() as film:
        y = x * x
        y.backward()
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()
        (x * 3).backward()
    assert [s.number for s in film.steps if isinstance(s, Call)] == [None, None]
    assert film.verify() == len(film.steps)


def test_a_step_that_nobody_films_pays_for_one_question_a_call():
    code = """
from tests.benchmarks.hookless import engine
from tests.benchmarks.looking import bytecodes
from tests.benchmarks.steps import Linear
import tinygrad_edu as tg
steps = [Linear().engine(lib) for lib in (tg, engine())]
for step in steps * 5:
    step()
print(*[bytecodes(step) for step in steps])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    with_hooks, without = map(int, done.stdout.split())
    assert without < with_hooks < 1.015 * without
