"""Warnings point at the line of the program that made the mistake."""

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.warning import warn

LOGITS = tg.ones(3, 2, requires_grad=True)
CLASSES = tg.tensor([0, 1, 1])


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 1)]


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: nn.MSELoss()(tg.ones(3, 1), tg.ones(3)),
        lambda: nn.functional.mse_loss(tg.ones(3, 1), tg.ones(3)),
        lambda: nn.CrossEntropyLoss()(LOGITS.softmax(1), CLASSES),
        lambda: nn.BCEWithLogitsLoss()(LOGITS.sigmoid(), tg.ones(3, 2)),
        lambda: nn.Sequential(nn.Identity(), nn.Softmax())(LOGITS),
        lambda: list(Model().parameters()),
        lambda: nn.LSTM(2, 2, dropout=0.5),
        lambda: (LOGITS * 2).grad,
        lambda: tg.tensor(LOGITS),
        lambda: warn("here"),
    ],
)
def test_a_warning_points_at_the_program(mistake):
    with pytest.warns(UserWarning) as caught:
        mistake()
    assert [(w.filename, w.lineno) for w in caught] == [(__file__, mistake.__code__.co_firstlineno)]


def test_a_warning_may_be_of_another_category():
    with pytest.warns(FutureWarning, match="soon"):
        warn("soon", FutureWarning)
