"""Lesson 3: the validation loss turns where the text says, fit is the bare loop, and stopping in time pays."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

from demos import overfitting  # noqa: E402
from demos.pictures import Pictures  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    pictures = Pictures(tmp_path_factory.mktemp("pictures"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        found = overfitting.run(pictures)
    return found, sorted(path.name for path in pictures.folder.iterdir()), printed.getvalue()


def test_the_training_loss_falls_in_every_epoch(result):
    assert (np.diff(result[0]["bare"]["train"]) < 0).all()


def test_the_validation_loss_falls_to_the_best_epoch_and_rises_from_there(result):
    found, left, _ = result
    steps = np.diff(found["bare"]["validation"])
    best = found["best"]
    assert 1 < best < 200
    assert (steps[: best - 1] < 0).all() and (steps[best - 1 :] > 0).all()
    assert found["bare"]["validation"][-1] > 2 * min(found["bare"]["validation"])
    assert left == ["overfitting.png", "overfitting_graph.svg", "overfitting_history.png"]


def test_stopping_in_time_pays_on_points_that_chose_nothing(result):
    stopped, went_on = result[0]["tests"]
    assert went_on > 2.5 * stopped
    assert overfitting.NOISE**2 < stopped < 1.5 * overfitting.NOISE**2


def test_gradient_descent_is_on_its_way_to_least_squares(result):
    """The loss after any number of epochs, in closed form: each direction shrinks at a rate of its own."""
    found = result[0]
    x, y = found["parts"]["train"]
    table = overfitting.columns(x)
    values, directions = np.linalg.eigh(2 * table.T @ table / len(y))
    exact = np.linalg.lstsq(table, y, rcond=None)[0]
    for epoch in (1, found["best"], overfitting.EPOCHS):
        kept = 1 - (1 - overfitting.RATE * values) ** epoch
        expected = directions @ (kept * (directions.T @ exact))
        np.testing.assert_allclose(found["bare"]["weights"][epoch - 1], expected, rtol=0, atol=1e-9)


def test_over_degrees_the_training_loss_only_falls_and_the_validation_loss_turns(result):
    degrees, small = result[0]["degrees"], result[0]["small"]
    assert (np.diff(degrees["train"]) <= 1e-12).all()
    assert 2 < small < 6
    assert degrees["validation"][overfitting.DEGREE] > 10 * degrees["validation"][small]
    assert degrees["test"][small] == pytest.approx(result[0]["tests"][0], rel=0.25)


def test_the_columns_span_all_polynomials():
    x = np.linspace(-1, 1, 30)
    table = overfitting.columns(x, 5)
    assert table.shape == (30, 6)
    weights = np.linalg.lstsq(table, x**5 - 2 * x**2, rcond=None)[0]
    np.testing.assert_allclose(table @ weights, x**5 - 2 * x**2, atol=1e-12)


def test_fit_is_the_bare_loop_and_stops_when_patience_is_over(result):
    found = result[0]
    history = found["history"]
    assert len(history) == found["best"] + overfitting.PATIENCE
    assert history.best_epoch == found["best"]
    assert history["train_loss"] == found["bare"]["train"][: len(history)]
    assert history["validation_loss"] == found["bare"]["validation"][: len(history)]
    np.testing.assert_array_equal(found["weights"], found["bare"]["weights"][found["best"] - 1])


def test_the_numbers_in_the_text_come_from_the_run(result):
    found, _, printed = result
    losses, degrees = found["bare"], found["degrees"]
    for words in (
        f"to {losses['train'][-1]:.3f} after 5000",
        f"lowest after epoch {found['best']}, {min(losses['validation']):.3f}",
        f"ends at {losses['validation'][-1]:.3f}",
        f"after epoch   {found['best']} {found['tests'][0]:.3f}",
        f"after epoch 5000 {found['tests'][1]:.3f}",
        f"degree {found['small']} makes {degrees['test'][found['small']]:.3f}",
        f"degree 15   training {degrees['train'][15]:.3f}   validation {degrees['validation'][15]:6.3f}",
        f"{len(found['history'])} epochs; the validation loss has not become lower since epoch {found['best']}",
    ):
        assert words in printed
    assert printed.count("the lowest") == 1


def test_with_many_points_the_validation_loss_hardly_rises():
    parts = overfitting.points(count=1000)
    found = overfitting.learn(parts)
    assert found["validation"][-1] < 1.05 * min(found["validation"])
    x, y = parts["test"]
    assert overfitting.mean_square(overfitting.columns(x) @ found["weights"][-1] - y) < 1.1 * overfitting.NOISE**2


def test_the_parts_have_no_point_in_common():
    parts = overfitting.points()
    assert [len(x) for x, _ in parts.values()] == [20, 20, 500]
    assert len(np.unique(np.concatenate([x for x, _ in parts.values()]))) == 540
