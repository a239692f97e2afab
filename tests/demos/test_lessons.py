"""The lessons end where they say they do, and leave their pictures."""

from __future__ import annotations

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")
matplotlib.use("Agg")

from demos import line, plane  # noqa: E402
from demos.__main__ import LESSONS, PAGES, main  # noqa: E402
from demos.pictures import Pictures  # noqa: E402


def _run(lesson, tmp_path_factory):
    pictures = Pictures(tmp_path_factory.mktemp("pictures") / "here")
    return lesson.run(pictures), files(pictures.folder)


def files(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def line_result(tmp_path_factory):
    return _run(line, tmp_path_factory)


@pytest.fixture(scope="module")
def plane_result(tmp_path_factory):
    return _run(plane, tmp_path_factory)


def test_line_ends_at_intercept_1_and_slope_2_by_hand_and_by_engine(line_result):
    result, left = line_result
    np.testing.assert_allclose(result["hand"], [1, 2], rtol=0, atol=1e-6)
    np.testing.assert_allclose(result["engine"], [1, 2], rtol=0, atol=1e-6)
    assert left == ["line.png", "line_graph.svg"]


def test_line_advice_is_true():
    def last(rate, shift=0.0):
        a = b = 0.0
        for _ in range(150):
            error = a + b * (line.x - shift) - line.y
            a, b = a - rate * 2 * np.mean(error), b - rate * 2 * np.mean(error * (line.x - shift))
        return a, b

    assert abs(last(0.09)[1]) > 1e6
    np.testing.assert_allclose(last(line.RATE, 3.0), [7, 2], rtol=0, atol=1e-5)


def test_plane_ends_at_the_least_squares_solution(plane_result):
    result, left = plane_result
    np.testing.assert_allclose(result["path"][-1], result["exact"], rtol=0, atol=1e-6)
    assert left == ["plane.png", "plane_graph.svg"]
    intercept, first, second = result["late"]
    assert first < 10 and min(intercept, second) > 10 * first


def test_collinear_features_leave_the_single_weights_undetermined(plane_result):
    first, second = plane_result[0]["twins"]
    assert abs(first[1] - second[1]) > 1
    np.testing.assert_allclose(first[1] + 2 * first[2], second[1] + 2 * second[2], atol=1e-6)


def test_without_a_layout_program_the_lesson_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    line.by_engine(Pictures(tmp_path))
    assert files(tmp_path) == []
    assert "graphviz-pure" in capsys.readouterr().out


def test_the_command_runs_a_lesson_and_prints_the_folder(tmp_path, capsys):
    main(["line", "--out", str(tmp_path / "here"), "--no-show"])
    printed = capsys.readouterr().out
    assert str(tmp_path / "here" / "report.html") in printed
    page = (tmp_path / "here" / "report.html").read_text()
    assert "Subtract 3 from x" in page and "data:image/png" in page and "<svg" in page
    assert "wrote" not in page and "http://" not in page.replace("http://www.w3.org", "")


def test_an_unknown_lesson_is_an_error_that_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        main(["lines"])
    assert ", ".join(LESSONS) in capsys.readouterr().err


def test_list_names_every_lesson_without_running_any(capsys):
    main(["--list"])
    assert [row.split()[0] for row in capsys.readouterr().out.splitlines()] == LESSONS + PAGES


def test_a_folder_without_the_images_is_an_error_that_names_the_files(tmp_path):
    with pytest.raises(ValueError, match=r"^--data .*nowhere.*train-images-idx3-ubyte"):
        main(["softmax", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path), "--no-show"])


@pytest.mark.parametrize("size", ["0", "-1", "nan"])
def test_a_table_of_no_size_is_refused(size, capsys):
    with pytest.raises(SystemExit):
        main(["big", "--gigabytes", size])
    assert "a number above 0" in capsys.readouterr().err
