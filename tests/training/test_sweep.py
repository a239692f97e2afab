"""Sweeps give the same wherever they run, and no failed run fails another."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.connection import Client, Listener

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


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        yield pool


@pytest.fixture(scope="module")
def dask_cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, protocol="inproc://", dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # any port, since other tests may run beside
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield client.get_executor()


@pytest.fixture(params=["threads", "processes", "dask_cluster"])
def executor(request):
    return request.getfixturevalue(request.param)


def test_results_are_equal_wherever_the_runs_were(executor, in_this_thread):
    assert results(sweep(train, GRID, executor)) == results(in_this_thread)


def test_a_failed_run_fails_no_other_on_any_executor(executor):
    found = sweep(fails_for_2, {"a": [1, 2, 3]}, executor)
    assert [run.config["a"] for run in found] == [3, 1, 2]
    assert "two is too many" in found.failed[0].error and "in fails_for_2" in found.failed[0].error


def waits(at, number):
    """Ends at once; or, connected to a listener, when that closes."""
    if at is not None:
        with contextlib.suppress(EOFError, OSError), Client(at) as connection:
            connection.recv()
    return 1.0


def test_an_interruption_keeps_what_is_done_on_any_executor(executor):
    with contextlib.ExitStack() as under_way, Listener(backlog=9) as listener:

        def interrupt(run):
            under_way.enter_context(listener.accept())  # another run is in the middle of it
            raise KeyboardInterrupt

        runs = [{"at": listener.address if k else None, "number": k} for k in range(5)]
        found = sweep(waits, runs, executor, on_result=interrupt)
        assert found.interrupted and [run.config for run in found] == runs[:1]
    assert executor.submit(abs, -1).result() == 1  # it is the caller's, and goes on


def interrupts_for_2(a):
    if a == 2:
        raise KeyboardInterrupt
    return a


def test_a_run_that_is_interrupted_itself_ends_the_sweep_and_is_none_that_is_done():
    with ThreadPoolExecutor(1) as pool:
        found = sweep(interrupts_for_2, {"a": [1, 2]}, pool)
    assert found.interrupted and [run.config["a"] for run in found] == [1]
    found = sweep(interrupts_for_2, {"a": [1, 2, 3]}, Now())
    assert found.interrupted and [run.config["a"] for run in found] == [1]


def program(what):
    """A program in processes of its own, as from a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.program", what], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}, start_new_session=True,
    )  # fmt: skip


def test_the_default_processes_give_the_same(in_this_thread):
    with program("training") as running:
        out = json.load(running.stdout)
    assert {tuple(config.values()): (seed, values) for config, seed, values, _ in out["rows"]} == results(
        in_this_thread
    )


def test_a_run_may_even_end_its_process():
    with program("failures") as running:
        rows = json.load(running.stdout)["rows"]
    errors = {config["how"]: error for config, _, _, error in rows}
    assert [config["how"] for config, *_ in rows] == ["ends", "raises", "dies", "exits"] and errors["ends"] is None
    assert "ValueError: on purpose" in errors["raises"] and "SystemExit: 3" in errors["exits"]
    assert "ended without a word: memory ran out" in errors["dies"]


def test_a_pool_that_is_given_may_break_and_its_runs_say_why():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        while_it_breaks = sweep(os._exit, {"status": [1, 2]}, pool)
        broken = sweep(os._exit, {"status": [1, 2]}, pool)
    for found in (while_it_breaks, broken):
        assert len(found) == len(found.failed) == 2
        assert all("ended without a word" in row["error"] for row in found.rows)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no signals for groups of processes on this system")
def test_control_c_ends_the_default_processes_at_once_and_keeps_what_is_done():
    with program("waiting") as running:
        assert running.stdout.readline() == "came 1\n"
        os.killpg(running.pid, signal.SIGINT)
        out = json.loads(running.stdout.read())
    assert running.returncode == 0
    assert out["interrupted"] and [values for _, _, values, _ in out["rows"]] == [{"result": 1}]


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


def test_a_number_to_sort_by_that_no_run_has_loses_no_run():
    with pytest.warns(UserWarning, match="'accuracy' to sort by; there are loss, a squared"):
        found = sweep(fails_for_2, {"a": [2, 1, 3]}, Now(), sort_by="accuracy")
    assert [run.config["a"] for run in found] == [1, 3, 2] and found.sorted_by is None
    with pytest.warns(UserWarning, match="they returned None"):
        assert len(sweep(lambda a: None, {"a": [1]}, Now(), sort_by="loss")) == 1


def test_an_interruption_keeps_what_is_done():
    seen = []

    def interrupt(run):
        seen.append(run)
        raise KeyboardInterrupt

    found = sweep(fails_for_2, {"a": [1, 3]}, Now(), on_result=interrupt)
    assert found.interrupted and len(seen) == 1
    assert [run.config["a"] for run in found] == [3, 1]  # the second was done, too, though not seen yet
    assert str(found).endswith("(interrupted)")


def test_the_bar_counts_runs(capsys):
    pytest.importorskip("tqdm")
    sweep(fails_for_2, {"a": [1, 2]}, Now(), progress=True)
    assert "2/2" in capsys.readouterr().err
    sweep(fails_for_2, {"a": [1, 2]}, Now())
    assert capsys.readouterr() == ("", "")


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


def test_a_sweep_becomes_a_frame_where_pandas_is(in_this_thread):
    pandas = pytest.importorskip("pandas")
    frame = in_this_thread.to_frame()
    assert isinstance(frame, pandas.DataFrame) and frame.to_dict("records") == in_this_thread.rows
    assert list(frame.columns[:3]) == ["lr", "hidden", "seed"] and frame["train_loss"].is_monotonic_increasing
    frame = sweep(fails_for_2, {"a": [1, 2]}, Now()).to_frame()
    assert frame["loss"].isna().tolist() == [False, True] and frame["error"][1] == "ValueError: two is too many"


def test_without_pandas_the_error_says_what_there_is(in_this_thread, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install pandas.*sweep\.rows"):
        in_this_thread.to_frame()
    with pytest.raises(ImportError, match=r"pip install pandas.*history\.rows"):
        in_this_thread.best.result.to_frame()
