"""Lesson 5: the five optimizers start alike, end where calculus says, and the table holds what was measured."""

from __future__ import annotations

import contextlib
import io
import math
import pickle

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")
matplotlib.use("Agg")

from demos import optimizers  # noqa: E402
from demos.diabetes import split_and_scale  # noqa: E402
from demos.pictures import Pictures  # noqa: E402

NAMES = ["SGD", "Momentum", "Adagrad", "RMSprop", "Adam"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    pictures = Pictures(tmp_path_factory.mktemp("pictures"))
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        found = optimizers.run(pictures)
    return found, printed.getvalue(), sorted(path.name for path in pictures.folder.iterdir())


def test_it_runs_all_five_and_leaves_its_pictures(result):
    found, _, left = result
    assert list(found["runs"]) == list(found["rows"]) == NAMES
    assert left == ["optimizers.png", "optimizers_paths.png"]


def test_each_starts_from_the_same_weights_which_no_run_changes(result):
    start = optimizers.numbers(optimizers.problem().start)
    for run in result[0]["runs"].values():
        np.testing.assert_array_equal(run["path"][0], start)
        assert run["losses"][0] == result[0]["runs"]["SGD"]["losses"][0]


def test_the_problem_is_the_training_part_of_lesson_4_with_its_target_scaled():
    p = optimizers.problem()
    features, target, _, _ = split_and_scale()
    np.testing.assert_array_equal(p.features, features)
    np.testing.assert_allclose(p.target * target.std() + target.mean(), target)
    table = np.column_stack([np.ones(len(target)), features])
    np.testing.assert_allclose(table.T @ (table @ p.exact - p.target), 0, atol=1e-10)


def test_a_step_of_adams_is_as_long_as_its_rate_so_the_target_had_to_be_scaled(result):
    first, second = result[0]["runs"]["Adam"]["path"][:2]
    np.testing.assert_allclose(np.abs(second - first), result[0]["runs"]["Adam"]["rate"], rtol=1e-4)
    assert split_and_scale()[1].mean() == pytest.approx(150, abs=5)


def test_sgd_is_where_calculus_says_after_every_epoch(result):
    p = optimizers.problem()
    run = result[0]["runs"]["SGD"]
    table = np.column_stack([np.ones(len(p.target)), p.features])
    values, directions = np.linalg.eigh(2 * table.T @ table / len(table))
    from_exact = directions.T @ (run["path"][0] - p.exact)
    for epoch in (1, 10, optimizers.EPOCHS):
        expected = p.exact + directions @ ((1 - run["rate"] * values) ** epoch * from_exact)
        np.testing.assert_allclose(run["path"][epoch], expected, rtol=0, atol=1e-9)


def test_the_losses_are_those_of_the_path_and_no_lower_than_least_squares(result):
    p = optimizers.problem()
    for run in result[0]["runs"].values():
        for epoch in (0, 1, 50, optimizers.EPOCHS - 1):
            bias, *weights = run["path"][epoch]
            assert run["losses"][epoch] == pytest.approx(np.mean((bias + p.features @ weights - p.target) ** 2))
        assert min(run["losses"]) >= p.lowest * (1 - 1e-12)
        np.testing.assert_allclose(run["distance"], np.linalg.norm(run["path"] - p.exact, axis=1))


def test_all_come_within_one_percent_of_the_lowest_loss_and_momentum_closest_to_its_weights(result):
    rows = result[0]["rows"]
    assert all(row["epochs"] is not None and row["epochs"] < optimizers.EPOCHS for row in rows.values())
    closest = sorted(NAMES, key=lambda name: rows[name]["distance"])
    assert closest[:2] == ["Momentum", "Adam"]
    assert rows["Momentum"]["distance"] < 0.01 < 0.1 < rows["SGD"]["distance"]


def test_the_epochs_to_one_percent_are_the_first_from_which_it_stays_there(result):
    p = optimizers.problem()
    for name, row in result[0]["rows"].items():
        losses = np.array(result[0]["runs"][name]["losses"])
        assert (losses[row["epochs"] :] <= 1.01 * p.lowest).all() and losses[row["epochs"] - 1] > 1.01 * p.lowest


def test_memory_is_counted_in_the_state(result):
    kept = {name: row["kept"] for name, row in result[0]["rows"].items()}
    assert kept == {"SGD": 0, "Momentum": 1, "Adagrad": 1, "RMSprop": 1, "Adam": 2}


def test_times_are_measured(result):
    assert all(row["step"] > 0 and row["million"] > 0 for row in result[0]["rows"].values())


def test_sgd_explodes_exactly_from_the_rate_that_curvature_forbids(result):
    limit = 2 / result[0]["curved"][-1]
    ends = {r.config["lr"]: r.result["distance"] for r in result[0]["sweep"] if r.config["optimizer"] == "SGD"}
    assert {rate for rate, end in ends.items() if math.isinf(end)} == {r for r in optimizers.RATES if r > limit}
    assert optimizers.train("SGD", 0.99 * limit)["distance"] < optimizers.train("SGD", 0.1)["distance"]


def test_the_sweep_has_every_rate_and_failed_nowhere(result):
    found = result[0]["sweep"]
    assert len(found) == 5 * len(optimizers.RATES) and not found.failed
    for name, row in result[0]["rows"].items():
        mine = [r for r in found if r.config["optimizer"] == name]
        assert row["rate"] == min(mine, key=lambda r: r.result["mean_loss"]).config["lr"]
        assert row["works"] == sum(r.result["end"] < 0.01 for r in mine)
    assert max(result[0]["rows"], key=lambda name: result[0]["rows"][name]["works"]) == "Adam"


def test_the_best_rate_is_in_the_middle_of_the_sweep_so_that_nobody_wanted_another(result):
    assert all(0.005 < row["rate"] < 10 for row in result[0]["rows"].values())


def test_a_run_of_the_sweep_travels_to_a_process(result):
    again = pickle.loads(pickle.dumps(optimizers.train))
    first = next(r for r in result[0]["sweep"] if r.config["optimizer"] == "Adam")
    assert again(**first.config) == first.result


def test_the_distance_that_large_rates_leave_grows_with_them_for_rmsprop(result):
    """Its steps do not shrink: what the third picture shows."""
    ends = {r.config["lr"]: r.result["distance"] for r in result[0]["sweep"] if r.config["optimizer"] == "RMSprop"}
    assert ends[0.2] < ends[1.0] < ends[10.0] and ends[10.0] > 5 * ends[1.0]


# -- the two surfaces


def curvature(valley):
    p = optimizers.problem(valley)
    return 2 * np.cov(p.features.T, bias=True)


def test_the_askew_valley_is_equally_steep_in_both_weights():
    np.testing.assert_allclose(np.diag(curvature("askew")), 2)
    assert np.linalg.cond(curvature("askew")) > 10


def test_the_other_valley_lies_along_an_axis_since_one_feature_is_unscaled():
    h = curvature("unscaled")
    assert h[1, 1] > 50 * h[0, 0]
    _, directions = np.linalg.eigh(h)
    assert abs(directions[0, 0]) > 0.99
    p = optimizers.problem("unscaled")
    np.testing.assert_allclose(p.features.mean(axis=0), 0, atol=1e-10)


def test_a_rate_for_each_weight_helps_where_the_valley_lies_along_an_axis_only(result):
    def ends(valley):
        return {name: run["distance"][-1] for name, run in result[0]["paths"][valley].items()}

    askew, unscaled = ends("askew"), ends("unscaled")
    assert askew["SGD"] == min(askew.values())
    assert max(unscaled["Adagrad"], unscaled["RMSprop"]) < 1e-3 * unscaled["SGD"]
    assert unscaled["SGD"] == max(unscaled.values())


def test_sgd_goes_to_and_fro_across_the_valleys(result):
    for valley, paths in result[0]["paths"].items():
        _, directions = np.linalg.eigh(curvature(valley))
        across = (paths["SGD"]["path"][:, 1:] - optimizers.problem(valley).exact[1:]) @ directions[:, 1]
        assert (across[:-1] * across[1:] < 0).all()


def test_in_the_unscaled_valley_sgd_has_to_take_small_steps_for_the_steep_weight(result):
    rate = result[0]["paths"]["unscaled"]["SGD"]["rate"]
    h = curvature("unscaled")
    assert rate < 2 / h[1, 1] < 0.1 * 2 / h[0, 0]


def test_every_path_stays_in_its_picture(result):
    for valley, frame in optimizers.FRAMES.items():
        low, high = np.array(frame).T
        for run in result[0]["paths"][valley].values():
            assert (low < run["path"][:, 1:]).all() and (run["path"][:, 1:] < high).all()


# -- the text


def test_the_numbers_in_the_text_come_from_the_run(result):
    found, printed, _ = result
    p, curved = optimizers.problem(), found["curved"]
    losses = found["runs"]["SGD"]["losses"]
    for words in (
        f"309 patients, 10 weights and a bias. The lowest loss there is: {p.lowest:.3f}",
        f"{curved[-1] / curved[0]:.0f} times as curved",
        f"from a rate of {2 / curved[-1]:.2f} on",
        f"a rate of 0.2 leaves {1 - 0.2 * curved[0]:.1%}",
        f"Each began at the loss {losses[0]:.3f}",
        f"where SGD ended, at {losses[-1]:.3f}",
    ):
        assert words in printed
    for name, row in found["rows"].items():
        line = next(line for line in printed.splitlines() if line.split()[:1] == [name])
        cells = line.split()
        assert cells[1:4] == [f"{row['rate']:g}", str(row["epochs"]), f"{row['distance']:.4f}"]
        assert cells[4:8] == [str(row["works"]), "of", "11", f"{row['kept']:g}"]
        for valley in found["paths"].values():
            assert f"{name} {valley[name]['distance'][-1]:.2g}" in printed


def test_the_next_step_is_true_whitened_features_make_sgd_arrive_in_one_epoch():
    p = optimizers.problem()
    features = np.linalg.svd(p.features, full_matrices=False)[0] * len(p.features) ** 0.5
    exact = optimizers.least_squares(features, p.target)
    mixed = optimizers.Problem(features, p.target, p.start, 2, exact)
    run = optimizers.fresh("SGD", 0.5, mixed)
    assert run["distance"][1] < 1e-12
    assert mixed.lowest == pytest.approx(p.lowest, rel=1e-12)
