"""The lessons end where they say they do, and leave their pictures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")
matplotlib.use("Agg")

from demos import diabetes, line, plane  # noqa: E402
from demos.__main__ import LESSONS, main  # noqa: E402
from demos.pictures import Pictures  # noqa: E402


@pytest.fixture
def pictures(tmp_path):
    return Pictures(tmp_path / "pictures")


def files(pictures):
    return sorted(path.name for path in pictures.folder.iterdir())


def test_line_ends_at_intercept_1_and_slope_2_by_hand_and_by_engine(pictures):
    result = line.run(pictures)
    np.testing.assert_allclose(result["hand"], [1, 2], rtol=0, atol=1e-6)
    np.testing.assert_allclose(result["engine"], [1, 2], rtol=0, atol=1e-6)
    assert files(pictures) == ["line.png", "line_graph.svg"]


def test_line_advice_is_true():
    def last(rate, shift=0.0):
        a = b = 0.0
        for _ in range(150):
            error = a + b * (line.x - shift) - line.y
            a, b = a - rate * 2 * np.mean(error), b - rate * 2 * np.mean(error * (line.x - shift))
        return a, b

    assert abs(last(0.09)[1]) > 1e6
    np.testing.assert_allclose(last(line.RATE, 3.0), [7, 2], rtol=0, atol=1e-5)


def test_plane_ends_at_the_least_squares_solution(pictures):
    result = plane.run(pictures)
    np.testing.assert_allclose(result["path"][-1], result["exact"], rtol=0, atol=1e-6)
    assert files(pictures) == ["plane.png", "plane_graph.svg"]


def test_collinear_features_leave_the_single_weights_undetermined(pictures):
    first, second = plane.run(pictures)["twins"]
    assert abs(first[1] - second[1]) > 1
    np.testing.assert_allclose(first[1] + 2 * first[2], second[1] + 2 * second[2], atol=1e-6)


def test_diabetes_reaches_least_squares_and_beats_guessing(pictures):
    result = diabetes.run(pictures)
    assert result["rmse"] == pytest.approx(result["least_squares_rmse"], rel=0.01)
    assert result["rmse"] < 0.8 * result["naive_rmse"]
    assert result["bce"][0] == pytest.approx(np.log(2))
    assert result["accuracy"] > 0.65
    assert files(pictures) == ["diabetes.png", "diabetes_graph.svg", "diabetes_logistic_graph.svg"]


def test_diabetes_logistic_regression_is_at_its_lowest_loss(pictures):
    train_x, train_y, _, _ = diabetes.split_and_scale()
    p = diabetes.run(pictures)["logistic"]
    table = np.column_stack([np.ones(len(train_x)), train_x])
    above = train_y > np.median(train_y)
    slope = table.T @ (1 / (1 + np.exp(-table @ p)) - above) / len(table)
    assert np.abs(slope).max() < 1e-3


def test_scaling_uses_the_training_part_only():
    train_x, _, test_x, _ = diabetes.split_and_scale()
    assert len(train_x) + len(test_x) == 442
    np.testing.assert_allclose(train_x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train_x.std(axis=0), 1, atol=1e-12)
    assert np.abs(test_x.mean(axis=0)).max() > 1e-3


def test_without_a_layout_program_the_lesson_goes_on(pictures, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    line.run(pictures)
    assert files(pictures) == ["line.png"]
    assert "graphviz-pure" in capsys.readouterr().out


def test_the_command_runs_a_lesson_and_prints_the_folder(tmp_path, capsys):
    main(["line", "--out", str(tmp_path / "here"), "--no-show"])
    assert str(tmp_path / "here") in capsys.readouterr().out


def test_an_unknown_lesson_is_an_error_that_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        main(["lines"])
    assert "line, plane, diabetes" in capsys.readouterr().err


def test_list_names_every_lesson_without_running_any():
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "demos", "--list"]
    out = subprocess.run(command, cwd=root, capture_output=True, text=True, encoding="utf-8", check=True,
                         env={"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}).stdout  # fmt: skip
    assert [row.split()[0] for row in out.splitlines()] == list(LESSONS)
