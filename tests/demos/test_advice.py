"""What the lessons say that a change will do, it does. (Lessons 1 and 3 to 5 have it in their own tests.)"""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

import tinygrad_edu as tg  # noqa: E402
from demos import digits, logistic, plane, softmax, xor  # noqa: E402
from demos.pictures import Pictures  # noqa: E402
from tests.demos.edits import edited, shown  # noqa: E402


def test_plane_one_point_alone_decides_about_a_weight():
    features = np.column_stack([plane.features[:, 0], [0, 0, 0, 0, 1]])
    for last in (10.9, 50.0):
        targets = np.append(plane.targets[:-1], last)
        exact = plane.least_squares(features, targets)
        assert exact[0] + features[-1] @ exact[1:] == pytest.approx(last, abs=1e-9)


def test_logistic_bceloss_asks_for_probabilities(tmp_path):
    lesson = edited(logistic, ("criterion = nn.BCEWithLogitsLoss()", "criterion = nn.BCELoss()"))
    with pytest.raises(RuntimeError, match="probabilities: apply sigmoid first"):
        lesson.run(Pictures(tmp_path))


def test_logistic_at_a_large_rate_jumps_about():
    def last_losses(*changes):
        lesson = edited(logistic, *changes)
        return np.array(lesson.learn(*lesson.split())[1])[-10:, 0]

    calm, wild = last_losses(), last_losses(("RATE, DECAY = 30, 0.02,", "RATE, DECAY = 30, 2.0,"))
    assert np.ptp(wild) > 10 * np.ptp(calm)
    assert np.any(np.diff(wild) > 0.01) and np.any(np.diff(wild) < -0.01)


def test_softmax_overshoots_with_pixels_up_to_16(tmp_path):
    assert "/ 16" in shown(softmax)
    losses = edited(softmax, ("digits.images / 16", "digits.images")).run(Pictures(tmp_path))["losses"]
    assert losses[0] > 5 * np.log(10)
    assert np.sum(np.diff(losses) > 0) > 5 and losses[-1] < losses[0] / 10


@pytest.mark.parametrize("start", [0.0, 0.5])
def test_xor_with_equal_weights_has_one_hidden_unit_four_times(start):
    model = tg.nn.Sequential(tg.nn.Linear(2, 4), tg.nn.Tanh(), tg.nn.Linear(4, 1))
    for p in model.parameters():
        tg.nn.init.constant_(p, start)
    losses, _ = xor.learn(model)
    for weights in (model[0].weight, model[0].bias, model[2].weight.T):
        np.testing.assert_array_equal(weights.detach().numpy()[1:], weights.detach().numpy()[:-1])
    assert losses[-1] > 0.4
    if start == 0:
        assert all(not p.any() for p in model.parameters())


THREE = ("EPOCHS = 12", "EPOCHS = 3")


def test_digits_without_pooling_reads_fewer_shifted_images(tmp_path):
    usual = edited(digits, THREE).run(Pictures(tmp_path))
    lesson = edited(digits, THREE, (" nn.MaxPool2d(2),", ""), ("32 * 4 * 4", "32 * 8 * 8"))
    changed = lesson.run(Pictures(tmp_path))
    assert changed["weights"] > 2 * usual["weights"]
    assert changed["accuracy"] > usual["accuracy"] - 0.01 and changed["shifted"] < usual["shifted"] - 0.05


def test_digits_that_learns_from_shifted_images_reads_them(tmp_path):
    (shift,) = shown(digits)
    loss = "            loss = criterion(model(inputs), target)\n"
    result = edited(digits, THREE, (loss, f"            {shift}\n{loss}")).run(Pictures(tmp_path))
    assert result["shifted"] > 0.8
