"""Lesson 4: a real table reaches least squares, whosever table it is, and a bad table is told what is wrong with it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")
matplotlib.use("Agg")

from demos import diabetes  # noqa: E402
from demos.__main__ import main  # noqa: E402
from demos.pictures import Pictures  # noqa: E402
from demos.table import read_table  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    pictures = Pictures(tmp_path_factory.mktemp("pictures"))
    return diabetes.run(pictures), sorted(path.name for path in pictures.folder.iterdir())


def test_it_reaches_least_squares_and_beats_guessing(result):
    found, left = result
    assert found["rmse"] == pytest.approx(found["least_squares_rmse"], rel=0.01)
    assert found["rmse"] < 0.8 * found["naive_rmse"]
    assert found["bce"][0] == pytest.approx(np.log(2))
    assert found["accuracy"] > 0.65
    assert left == [
        "diabetes.png",
        "diabetes_above.png",
        "diabetes_binary_cross_entropy_with_logits_graph.svg",
        "diabetes_mse_loss_graph.svg",
    ]


def test_logistic_regression_is_at_its_lowest_loss(result):
    train_x, train_y, _, _ = diabetes.split_and_scale()
    p = result[0]["logistic"]
    table = np.column_stack([np.ones(len(train_x)), train_x])
    above = train_y > np.median(train_y)
    slope = table.T @ (1 / (1 + np.exp(-table @ p)) - above) / len(table)
    assert np.abs(slope).max() < 1e-3


def test_the_weights_that_the_notes_speak_of(result):
    names = diabetes.patients().names
    s1, s2 = (result[0]["linear"][1 + names.index(name)] for name in ("s1", "s2"))
    assert s1 < -20 and s2 > 20
    train_x, _, _, _ = diabetes.split_and_scale()
    assert np.corrcoef(train_x[:, names.index("s1")], train_x[:, names.index("s2")])[0, 1] > 0.85


def test_without_scaling_the_loss_explodes(tmp_path):
    table = diabetes.patients()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        _, _, losses = diabetes.fit(
            diabetes.F.mse_loss, table.features, table.target, 0.02, Pictures(tmp_path, show=False)
        )
    assert not losses[-1] < 1e100


def test_scaling_uses_the_training_part_only():
    train_x, _, test_x, _ = diabetes.split_and_scale()
    assert len(train_x) == 309 and len(test_x) == 133
    np.testing.assert_allclose(train_x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(train_x.std(axis=0), 1, atol=1e-12)
    assert np.abs(test_x.mean(axis=0)).max() > 1e-3


# -- a table of one's own


def write(tmp_path, text, name="houses.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def houses(rows=40, separator=","):
    """Rooms, distance and price (in thousands, far from 0), with a little noise."""
    random = np.random.default_rng(3)
    rooms, distance = random.integers(1, 9, rows), random.uniform(0, 30, rows)
    price = 200 + 35 * rooms - 4 * distance + random.normal(0, 10, rows)
    lines = [f"{a}{separator}{b:.3f}{separator}{c:.2f}" for a, b, c in zip(rooms, distance, price, strict=True)]
    return "\n".join([separator.join(["rooms", "distance", "price"]), *lines, ""])


def test_a_table_of_ones_own_reaches_least_squares(tmp_path, capsys):
    path = write(tmp_path, houses())
    found = diabetes.run(Pictures(tmp_path / "out"), csv=str(path), target="price")
    assert found["rmse"] == pytest.approx(found["least_squares_rmse"], rel=0.01)
    assert found["rmse"] < 0.3 * found["naive_rmse"]
    np.testing.assert_allclose(found["linear"], found["exact"], rtol=1e-6)
    printed = capsys.readouterr().out
    assert "28 rows to learn from, 12 to test on" in printed
    assert "Linear regression of price" in printed and "patients" not in printed and "s1 and s2" not in printed
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["diabetes.png", "diabetes_mse_loss_graph.svg"]


def test_the_diabetes_table_as_a_file_gives_the_same_numbers(tmp_path, result):
    table = diabetes.patients()
    rows = np.column_stack([table.target, table.features])  # the target stands first here
    text = "\n".join(",".join(map(repr, row.tolist())) for row in rows)
    path = write(tmp_path, ",".join(["progress", *table.names]) + "\n" + text)
    found = diabetes.run(Pictures(tmp_path / "out"), csv=str(path), target="progress")
    assert found["rmse"] == result[0]["rmse"]
    np.testing.assert_array_equal(found["linear"], result[0]["linear"])


def test_many_wide_correlated_columns_do_not_make_it_diverge(tmp_path, monkeypatch):
    monkeypatch.setattr(diabetes, "STEPS", 300)
    random = np.random.default_rng(5)
    common = random.normal(size=(200, 1))
    features = 1000 + 50 * (common + 0.1 * random.normal(size=(200, 60)))
    target = features @ random.normal(size=60) + random.normal(size=200)
    names = [f"measurement_{k}" for k in range(60)]
    text = "\n".join(",".join(f"{v:.6f}" for v in row) for row in np.column_stack([features, target]))
    path = write(tmp_path, ",".join([*names, "y"]) + "\n" + text)
    found = diabetes.run(Pictures(tmp_path / "out"), csv=str(path), target="y")
    assert np.isfinite(found["linear"]).all() and found["rmse"] < found["naive_rmse"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_it_reads_the_usual_separators(tmp_path, separator):
    table = read_table(write(tmp_path, houses(separator=separator)), "distance")
    assert table.names == ["rooms", "price"] and table.target_name == "distance"
    assert table.features.shape == (40, 2) and table.target.shape == (40,)
    plain = read_table(write(tmp_path, houses(), "plain.csv"), "distance")
    np.testing.assert_array_equal(table.features, plain.features)


def test_it_reads_quotes_spaces_empty_lines_and_a_byte_order_mark(tmp_path):
    table = read_table(write(tmp_path, '\ufeff"a", b ,"the y"\r\n1, 2.5,"3"\r\n\r\n 4,5e1,-6\r\n'), "the y")
    assert table.names == ["a", "b"]
    np.testing.assert_array_equal(table.features, [[1, 2.5], [4, 50]])
    np.testing.assert_array_equal(table.target, [3, -6])


def test_columns_can_be_left_out(tmp_path):
    path = write(tmp_path, "a,town,y,b\n1,Ulm,2,\n3,Bonn,4,\n")
    table = read_table(path, "y", ["town", "b"])
    assert table.names == ["a"]
    np.testing.assert_array_equal(table.features, [[1], [3]])


TESTED = np.random.default_rng(0).permutation(20)[:6].tolist()  # of 20 rows, those that are kept aside
BAD = {
    "a missing value": ("a,b,y\n1,2,3\n4,,6\n", ["line 3, column 'b'", "missing ('')", "--without b"]),
    "NA": ("a,b,y\n1,2,3\n4,5,6\n7,NA,9\n", ["line 4, column 'b'", "missing ('NA')", "Remove the row"]),
    "a missing target": ("a,b,y\n1,2,nan\n", ["line 2, column 'y'", "missing ('nan')"]),
    "a line after text over two lines": ('a,b,y\n1,"2\n",3\n4,?,6\n', ["line 4, column 'b'", "missing"]),
    "one word among numbers": ("a,b,y\n1,2,3\n4,many,6\n", ["line 3, column 'b'", "'many' is not a number"]),
    "a decimal comma": ("a;b;y\n1;2;3\n4;5,5;6\n", ["line 3, column 'b'", "'5,5' is not a number", "-1234.5"]),
    "a text column": ("a,town,y\n1,Ulm,3\n4,Bonn,6\n", ["column 'town' holds text ('Ulm' in line 2)", "0 and 1"]),
    "two text columns": ("a,x y,z,y\n1,p,q,2\n", ["'x y' holds text", "'z' holds text", '--without "x y" --without z']),
    "infinity": ("a,y\n1,2\ninf,3\n", ["line 3, column 'a'", "inf is infinite"]),
    "too large": ("a,y\n1,2\n1e999,3\n", ["line 3, column 'a'", "1e999 is infinite, or too large"]),
    "too large to be squared": ("a,y\n1,2\n-3e200,3\n", ["line 3, column 'a'", "too large for its square"]),
    "a row that is short": ("a,b,y\n1,2,3\n4,5\n", ["line 3: 2 values, but there are 3 columns", "comma"]),
    "a row that is long": ("a,b,y\n1,2,3,4\n", ["line 2: 4 values", "quotes"]),
    "no names": ("1,2,3\n4,5,6\n", ["line 1: these are numbers", "must name the columns"]),
    "two columns of one name": ("a,a,y\n1,2,3\n", ["line 1: two columns are called 'a'", "rename"]),
    "an empty file": ("", ["is empty", "a line of names"]),
    "an unknown target": ("a,b,price\n1,2,3\n", ["no column 'y'", "its columns are a, b, price"]),
    "nothing but the target": ("y\n1\n2\n", ["besides 'y' there is no column"]),
    "names alone": ("a,y\n", ["has 0 rows", "too few"]),
    "one row": ("a,y\n1,2\n", ["has 1 row of numbers", "too few for 1 weights and a bias", "At least 3 must be"]),
    "fewer rows than weights": ("a,b,c,y\n" + "1,2,3,4\n" * 6, ["has 6 rows", "of which 4", "too few for 3 weights"]),
    "a constant column": (
        "a,rate,y\n" + "".join(f"{k},7.5,{k * k}\n" for k in range(20)),
        ["column 'rate' is 7.5 in every row", "cannot be scaled", "--without rate"],
    ),
    "a column that is constant in the training part": (
        "a,rare,y\n" + "".join(f"{k},{int(k in TESTED)},{k * k}\n" for k in range(20)),
        ["column 'rare' is 0 in every row that is learned from"],
    ),
    "a constant target": (
        "a,y\n" + "".join(f"{k},5\n" for k in range(20)),
        ["the target 'y' is 5", "another --target"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_told_what_is_wrong_with_it(tmp_path, name):
    text, expected = BAD[name]
    path = write(tmp_path, text)
    with pytest.raises(ValueError) as caught:
        diabetes.run(Pictures(tmp_path / "out"), csv=str(path), target="y")
    message = str(caught.value)
    assert str(path) in message
    for words in expected:
        assert words in message
    assert list((tmp_path / "out").iterdir()) == []


def test_as_many_rows_as_the_message_asks_for_are_enough(tmp_path):
    for rows, to_learn_from in ((3, 2), (4, 3)):
        path = write(tmp_path, "a,y\n" + "".join(f"{k},{k * k}\n" for k in range(rows)))
        if to_learn_from >= 3:
            assert len(diabetes.split_and_scale(read_table(path, "y"))[1]) == to_learn_from
        else:
            with pytest.raises(ValueError, match="At least 3 must be learned from"):
                diabetes.split_and_scale(read_table(path, "y"))


def test_a_missing_file_a_folder_and_a_picture_are_no_tables(tmp_path):
    with pytest.raises(ValueError, match=r"there is no file .*nowhere\.csv: --csv takes the path"):
        read_table(tmp_path / "nowhere.csv", "y")
    with pytest.raises(ValueError, match="cannot be read"):
        read_table(tmp_path, "y")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(ValueError, match="UTF-8"):
        read_table(tmp_path / "picture.png", "y")


def test_the_target_cannot_be_left_out_and_only_columns_can(tmp_path):
    path = write(tmp_path, houses())
    with pytest.raises(ValueError, match="both predicted and left out"):
        read_table(path, "price", ["price"])
    with pytest.raises(ValueError, match="no column 'roms'; its columns are rooms, distance, price"):
        read_table(path, "price", ["roms"])


def test_the_command_takes_a_table(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(diabetes, "STEPS", 20)
    path = write(tmp_path, houses())
    main(["--csv", str(path), "--target", "price", "--without", "rooms", "--out", str(tmp_path / "out"), "--no-show"])
    assert "Linear regression of price" in capsys.readouterr().out
    assert (tmp_path / "out" / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--csv", "x.csv"], "belong together"),
        (["--target", "y"], "belong together"),
        (["--without", "y"], "--csv"),
        (["line", "--csv", "x.csv", "--target", "y"], "lesson diabetes"),
    ],
)
def test_options_of_the_table_that_do_not_fit_are_refused(capsys, arguments, words):
    with pytest.raises(SystemExit):
        main(arguments)
    assert words in capsys.readouterr().err
