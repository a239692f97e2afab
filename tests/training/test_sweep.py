"""Sweeps give the same wherever they run, and no failed run fails another."""

from __future__ import annotations

import math
import pickle
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.training import fit, sweep

GRID = {"lr": [0.1, 0.01], "hidden": [1, 3]}


def train(lr, hidden):
    """A run that draws: initial weights and data."""
    x = tg.randn(20, 2)
    model = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 1))
    return fit(model, (x, x.sum(1, keepdim=True)), nn.MSELoss(), optim.SGD(model.parameters(), lr=lr), epochs=5)


def fails_for_2(a):
    if a == 2:
        raise ValueError("two is too many")
    return {"loss": 10 - a, "a squared": a * a}


def results(found):
    return {tuple(run.config.values()): (run.seed, run.values) for run in found}


@pytest.fixture(scope="module")
def in_this_thread():
    return sweep(train, GRID, Now())


class Now:
    """An executor that runs at once."""

    def submit(self, function, *arguments):
        future = Future()
        future.set_result(function(*arguments))
        return future


def test_every_combination_is_run_and_the_best_is_first(in_this_thread):
    assert set(results(in_this_thread)) == {(0.1, 1), (0.1, 3), (0.01, 1), (0.01, 3)}
    losses = [run.values["train_loss"] for run in in_this_thread]
    assert losses == sorted(losses)
    assert in_this_thread.best.values["train_loss"] == losses[0]
    assert in_this_thread.sorted_by == "train_loss"


def test_threads_give_the_same(in_this_thread):
    with ThreadPoolExecutor(4) as pool:
        assert results(sweep(train, GRID, pool)) == results(in_this_thread)


def test_processes_give_the_same(in_this_thread):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert results(sweep(train, GRID, pool)) == results(in_this_thread)


def test_a_dask_cluster_gives_the_same(in_this_thread):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, protocol="inproc://"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert results(sweep(train, GRID, client.get_executor())) == results(in_this_thread)


def test_seeds_depend_on_the_configuration_not_on_the_order():
    backwards = {"lr": [0.01, 0.1], "hidden": [3, 1]}
    assert results(sweep(train, backwards, Now())) == results(sweep(train, GRID, Now()))
    other = sweep(train, GRID, Now(), seed=1)
    assert not {run.seed for run in other} & {run.seed for run in sweep(train, GRID, Now())}


def test_a_run_leaves_the_callers_generator_alone():
    tg.manual_seed(5)
    expected = tg.rand(3).tolist()
    tg.manual_seed(5)
    sweep(train, GRID, Now())
    assert tg.rand(3).tolist() == expected


def test_a_failed_run_is_last_with_its_traceback():
    found = sweep(fails_for_2, {"a": [1, 2, 3]}, Now())
    assert [run.config["a"] for run in found] == [3, 1, 2]
    (failed,) = found.failed
    assert "two is too many" in failed.error and "fails_for_2" in failed.error
    assert found.rows[-1]["error"] == "ValueError: two is too many"
    assert "two is too many" in str(found)


def test_what_does_not_pickle_is_an_error_of_its_run():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = sweep(lambda a: a, [{"a": 1}], pool)
    assert "ickle" in found.failed[0].error
    with pytest.raises(ValueError, match="no run ended well"):
        _ = found.best


def test_sorting_by_another_number_and_nan_behind_the_numbers():
    assert [r.config["a"] for r in sweep(fails_for_2, {"a": [1, 3]}, Now(), sort_by="a squared")] == [1, 3]
    assert [r.config["a"] for r in sweep(fails_for_2, {"a": [1, 3]}, Now(), sort_by="loss", largest_first=True)] == [
        1,
        3,
    ]
    assert [r.config["a"] for r in sweep(lambda a: a, {"a": [math.nan, 2, 1]}, Now())][:2] == [1, 2]
    with pytest.raises(ValueError, match="a squared"):
        sweep(fails_for_2, {"a": [1]}, Now(), sort_by="accuracy")


def test_an_interruption_keeps_what_is_done():
    seen = []

    def interrupt(run):
        seen.append(run)
        raise KeyboardInterrupt

    found = sweep(fails_for_2, {"a": [1, 3]}, Now(), on_result=interrupt)
    assert found.interrupted and len(found) == len(seen) == 1


def test_a_sweep_pickles(in_this_thread):
    assert results(pickle.loads(pickle.dumps(in_this_thread))) == results(in_this_thread)


@pytest.mark.parametrize(
    ("grid", "error", "words"),
    [
        ({}, None, None),
        ({"lr": []}, ValueError, "empty"),
        ([], ValueError, "empty"),
        ({"lr": 0.1}, TypeError, r"write \[0.1\]"),
        ({"name": "adam"}, TypeError, r"\['adam'\]"),
        ([{"a": 1}, {"a": 1}], ValueError, "twice"),
    ],
)
def test_bad_grids(grid, error, words):
    if error is None:
        assert len(sweep(lambda: 1, grid, Now())) == 1
        return
    with pytest.raises(error, match=words):
        sweep(fails_for_2, grid, Now())
