"""The lessons on classes reach what they say: logistic, softmax, xor, digits, writing."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

import tinygrad_edu as tg  # noqa: E402
from demos import digits, logistic, softmax, writing, xor  # noqa: E402
from demos.pictures import Pictures  # noqa: E402


def done(lesson, tmp_path, **options):
    pictures = Pictures(tmp_path)
    return lesson.run(pictures, **options), sorted(path.name for path in pictures.folder.iterdir())


def test_logistic_is_as_good_as_scikit_learns(tmp_path, capsys):
    result, left = done(logistic, tmp_path)
    assert abs(result["accuracy"] - result["best"]) <= 0.01
    assert result["accuracy"] > 0.9
    np.testing.assert_array_equal(np.sign(result["weights"]), np.sign(result["exact"]))
    assert f"{result['accuracy']:.1%}" in capsys.readouterr().out
    assert left == ["logistic.png", "logistic_graph.svg"]


def test_logistic_scales_by_the_training_part_only():
    train_x, _, test_x, _ = logistic.split()
    np.testing.assert_allclose(train_x.mean(axis=0), 0, atol=1e-12)
    assert np.abs(test_x.mean(axis=0)).max() > 1e-3


def test_softmax_reads_the_digits(tmp_path, capsys):
    result, left = done(softmax, tmp_path)
    assert result["accuracy"] >= 0.95
    assert result["counts"].sum() == 540
    assert np.trace(result["counts"]) / 540 == pytest.approx(result["accuracy"])
    assert f"{result['accuracy']:.1%} of the test images" in capsys.readouterr().out
    assert left == ["softmax.png", "softmax_confusion.png", "softmax_weights.png"]


def test_softmax_takes_fashion_mnist_from_its_folder(tmp_path, capsys):
    rng = np.random.default_rng(0)
    folder = tmp_path / "data" / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    for part, n in (("train", 400), ("t10k", 100)):
        classes = rng.integers(0, 10, n).astype(np.uint8)
        pixels = rng.integers(0, 60, (n, 28, 28)).astype(np.uint8)
        pixels[np.arange(n), classes, :] += 150  # each class has a bright row
        for name, array in (("images-idx3", pixels), ("labels-idx1", classes)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
            with gzip.open(folder / f"{part}-{name}-ubyte.gz", "wb") as file:
                file.write(head + array.tobytes())
    result, _ = done(softmax, tmp_path / "pictures", data=str(tmp_path / "data"))
    printed = capsys.readouterr().out
    assert "400 images of 28×28" in printed and "Guessing" not in printed
    assert result["accuracy"] > 0.9


def test_xor_needs_a_hidden_layer(tmp_path):
    result, left = done(xor, tmp_path)
    assert result["line"][-1] == pytest.approx(np.log(2), abs=1e-3)
    np.testing.assert_allclose(result["probabilities"], [0, 1, 1, 0], atol=0.05)
    sides = {step: (model(xor.POINTS) > 0).float().eq(xor.XOR).sum().item() for step, model in result["seen"].items()}
    assert sides[20] == 3 and sides[60] == sides[xor.STEPS] == 4
    assert left == ["xor.png", "xor_graph.svg"]


def test_digits_are_read_by_the_network(tmp_path, capsys):
    result, left = done(digits, tmp_path)
    assert result["accuracy"] >= 0.98
    assert f"{result['weights']:,} weights" in capsys.readouterr().out
    assert left == ["digits.png", "digits_inside.png"]


def test_writing_learns_to_spell(tmp_path, capsys):
    result, left = done(writing, tmp_path)
    assert result["losses"][0] > 3 > 0.4 > result["losses"][-1]
    assert result["known"] > 0.9
    assert sum(line in writing.TEXT.splitlines() for line in result["written"].splitlines()) > 1  # whole, by heart
    assert result["written"] in capsys.readouterr().out
    assert left == ["writing.png"]
    careful = writing.write(result["model"], "the ", 900, temperature=0.1).splitlines()
    assert len(set(careful)) < len(careful) / 2
    assert writing.known_words(writing.write(result["model"], "the ", 900, temperature=1.5)) < 0.9


def test_writing_without_training_spells_no_word():
    tg.manual_seed(0)
    assert writing.known_words(writing.write(writing.Writer(len(writing.LETTERS)), "the ", 200)) < 0.2
