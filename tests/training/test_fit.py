"""`fit` is the bare loop to the last digit, and explains what goes wrong in it."""

from __future__ import annotations

import math
import pickle
import sys

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, optim
from tinygrad_edu.nn import functional as F
from tinygrad_edu.training import Diverged, EarlyStopping, History, accuracy, fit
from tinygrad_edu.utils.data import DataLoader, TensorDataset

rng = np.random.default_rng(0)
X = tg.from_numpy(rng.standard_normal((37, 3)))
Y = tg.from_numpy(X.numpy() @ [[1.0], [-2.0], [0.5]] + 0.1 * rng.standard_normal((37, 1)) + 3)


def model(seed=0):
    tg.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.2), nn.Linear(4, 1)).double()


def loader(seed=0, **options):
    return DataLoader(
        TensorDataset(X, Y), batch_size=8, shuffle=True, generator=tg.Generator().manual_seed(seed), **options
    )


def weights(m):
    return np.concatenate([p.detach().numpy().ravel() for p in m.parameters()])


def bare_loop(epochs, scheduled=False):
    m, data = model(), loader()
    optimizer = optim.Adam(m.parameters(), lr=0.05)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    tg.manual_seed(1)
    losses, held_out = [], []
    for _ in range(epochs):
        m.train()
        total = 0.0
        for x, y in data:
            optimizer.zero_grad()
            loss = F.mse_loss(m(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
        losses.append(total / len(Y))
        m.eval()
        with tg.no_grad():
            held_out.append(F.mse_loss(m(X), Y).item())
        if scheduled:
            scheduler.step()
    return m, losses, held_out


@pytest.mark.parametrize("scheduled", [False, True])
def test_fit_is_the_bare_loop_to_the_last_digit(scheduled):
    expected, losses, held_out = bare_loop(5, scheduled)
    m = model()
    optimizer = optim.Adam(m.parameters(), lr=0.05)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9) if scheduled else None
    data = loader()
    tg.manual_seed(1)
    history = fit(m, data, nn.MSELoss(), optimizer, 5, validation=(X, Y), scheduler=scheduler)
    np.testing.assert_array_equal(weights(m), weights(expected))
    assert history["train_loss"] == losses
    assert history["validation_loss"] == held_out
    assert history["lr"] == pytest.approx([0.05 * (0.9**k if scheduled else 1) for k in range(5)])
    assert history["epoch"] == [1, 2, 3, 4, 5]
    assert m.training


def test_metrics_see_all_targets_and_outputs_of_an_epoch():
    seen = []

    def largest_error(true, predicted):
        seen.append((tuple(true.shape), tuple(predicted.shape), predicted.requires_grad))
        return (true - predicted).abs().max()

    m = model()
    history = fit(
        m, loader(), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 2, validation=(X, Y),
        metrics={"worst": largest_error},
    )  # fmt: skip
    assert seen == [((37, 1), (37, 1), False)] * 4
    m.eval()
    with tg.no_grad():
        assert history["validation_worst"][-1] == (Y - m(X)).abs().max().item()
    assert "train_worst" in history.rows[0]


def test_metrics_of_scikit_learn_take_tensors_as_they_are():
    metrics = pytest.importorskip("sklearn.metrics")
    m = model()
    history = fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 1, metrics=[metrics.r2_score])
    assert history["train_r2_score"][0] <= 1


def over_fitting(**options):
    """A validation part of which the training part says nothing: the loss on it soon rises."""
    m = model()
    noise = tg.from_numpy(np.random.default_rng(1).standard_normal((37, 1)))
    optimizer = optim.SGD(m.parameters(), lr=0.05)
    return m, fit(m, (X, Y), F.mse_loss, optimizer, 60, validation=(X, noise), **options)


def test_early_stopping_waits_and_gives_back_the_best_parameters():
    m, history = over_fitting(early_stopping=3)
    assert len(history) == history.best_epoch + 3 < 60
    assert "early stopping" in history.stopped
    m.eval()
    noise = tg.from_numpy(np.random.default_rng(1).standard_normal((37, 1)))
    with tg.no_grad():
        assert F.mse_loss(m(X), noise).item() == history.best_loss == min(history["validation_loss"])


def test_early_stopping_may_keep_the_last_parameters():
    m, history = over_fitting(early_stopping=EarlyStopping(2, restore_best=False))
    m.eval()
    noise = tg.from_numpy(np.random.default_rng(1).standard_normal((37, 1)))
    with tg.no_grad():
        assert F.mse_loss(m(X), noise).item() == history["validation_loss"][-1] > history.best_loss


def test_a_callback_sees_every_epoch_and_may_end_the_run():
    epochs = []

    def callback(history):
        epochs.append(len(history))
        return len(history) == 3

    m = model()
    history = fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 9, callbacks=callback)
    assert epochs == [1, 2, 3]
    assert len(history) == 3 and "callback" in history.stopped


def test_an_interruption_keeps_what_was_learned():
    def interrupt(history):
        if len(history) == 2:
            raise KeyboardInterrupt

    m, same = model(), model()
    tg.manual_seed(1)
    history = fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 9, callbacks=[interrupt])
    tg.manual_seed(1)
    fit(same, (X, Y), F.mse_loss, optim.SGD(same.parameters(), lr=0.01), 2)
    np.testing.assert_array_equal(weights(m), weights(same))
    assert len(history) == 2 and "interrupted" in history.stopped


def test_reduce_on_plateau_gets_the_validation_loss():
    m = model()
    optimizer = optim.SGD(m.parameters(), lr=0.05)
    noise = tg.from_numpy(np.random.default_rng(1).standard_normal((37, 1)))
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    history = fit(m, (X, Y), F.mse_loss, optimizer, 40, validation=(X, noise), scheduler=scheduler)
    assert history["lr"][-1] < 0.05


def test_a_learning_rate_that_is_too_large_stops_with_the_course_of_the_loss():
    m = nn.Linear(3, 1).double()
    with np.errstate(all="ignore"), pytest.raises(Diverged, match=r"smaller learning rate than 5") as raised:
        fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=5.0), 2000)
    assert len(raised.value.history) > 3
    assert "the loss went from" in str(raised.value)


def test_an_output_that_has_grown_within_an_epoch_blames_the_learning_rate_and_not_the_loss():
    m = nn.Linear(3, 1)
    data = [(X.float(), Y.float())] * 20
    with np.errstate(all="ignore"), pytest.raises(Diverged, match=r"steps were too large.*up to .*rate than 1000"):
        fit(m, data, F.mse_loss, optim.SGD(m.parameters(), lr=1e3), 1)


def test_missing_values_are_found_where_they_are_and_spoil_nothing():
    x = X.clone()
    x[20, 1] = math.nan
    m = nn.Linear(3, 1).double()
    before = weights(m)
    with pytest.raises(Diverged, match=r"inputs of that batch hold nan at \[20, 1\]"):
        fit(m, (x, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.1), 3)
    np.testing.assert_array_equal(weights(m), before)
    assert all(p.grad is None for p in m.parameters())


def test_a_loss_that_makes_nan_itself_is_named_as_the_cause():
    m = nn.Linear(3, 1).double()
    with np.errstate(all="ignore"), pytest.raises(Diverged, match=r"log\(0\)"):
        fit(m, (X, Y), lambda output, target: (output * 0).log().mean(), optim.SGD(m.parameters(), lr=0.1), 3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"loss": nn.MSELoss}, TypeError, "MSELoss()"),
        ({"model": nn.Linear}, TypeError, r"the class Linear: write Linear\(…\)"),
        ({"loss": lambda o, t: (o - t) ** 2}, TypeError, "one number"),
        ({"train": iter([(X, Y)])}, TypeError, "used up"),
        ({"train": []}, ValueError, "no batch"),
        ({"train": [X]}, TypeError, r"\(inputs, target\)"),
        ({"epochs": 2.5}, ValueError, "whole number"),
        ({"early_stopping": 3}, ValueError, "validation"),
        ({"metrics": {"a": 3}}, TypeError, "'a'"),
        ({"metrics": [abs, abs]}, ValueError, "same name"),
        ({"optimizer": optim.SGD(nn.Linear(1, 1).parameters(), lr=1)}, ValueError, "another model"),
        ({"optimizer": "adam"}, TypeError, "optimizer"),
        ({"model": lambda x: x}, TypeError, "Module"),
    ],
)
def test_bad_arguments_are_explained(change, error, words):
    m = model()
    arguments = {"model": m, "train": (X, Y), "loss": F.mse_loss, "optimizer": optim.SGD(m.parameters(), lr=0.1)}
    before = weights(m)
    with pytest.raises(error, match=words):
        fit(**{**arguments, "epochs": 2, **change})
    np.testing.assert_array_equal(weights(m), before)


def test_a_history_pickles_prints_and_plots_where_over_fitting_begins():
    pytest.importorskip("matplotlib")
    _, history = over_fitting()
    assert pickle.loads(pickle.dumps(history)).rows == history.rows
    assert f"best epoch {history.best_epoch}" in str(history)
    (axes,) = history.plot().axes
    assert [line.get_label() for line in axes.lines[:2]] == ["training", "validation"]
    assert list(axes.lines[2].get_xdata()) == [history.best_epoch] * 2
    with pytest.raises(KeyError, match="train_loss"):
        history["loss"]


def test_model_optimizer_scheduler_and_data_travel_together_and_go_on_as_if_nothing_had_been():
    m = model()
    optimizer = optim.Adam(m.parameters(), lr=0.05)
    scheduler = optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    all_of_it = (m, optimizer, scheduler, loader(), TensorDataset(X, Y), nn.MSELoss())

    def two_epochs(m, optimizer, scheduler, batches, held_out, loss):
        tg.manual_seed(1)  # of dropout
        options = {"validation": [held_out[:]], "scheduler": scheduler}
        return fit(m, batches, loss, optimizer, 2, **options)["validation_loss"]

    two_epochs(*all_of_it)
    twin = pickle.loads(pickle.dumps(all_of_it))
    assert two_epochs(*twin) == two_epochs(*all_of_it)
    np.testing.assert_array_equal(weights(twin[0]), weights(m))
    assert twin[1].param_groups[0]["lr"] == optimizer.param_groups[0]["lr"] == pytest.approx(0.05 * 0.9**4)


def three_epochs(**options):
    m = model()
    return fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 3, **options)


def test_the_bar_is_shown_if_asked_for_and_quiet_where_there_is_no_terminal(capsys):
    pytest.importorskip("tqdm")
    history = three_epochs(progress=True)
    shown = capsys.readouterr().err
    assert "3/3" in shown and f"train_loss={history['train_loss'][-1]:.4g}" in shown
    three_epochs()
    three_epochs(progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_bar_without_tqdm_is_an_error_only_if_asked_for(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert len(three_epochs()) == 3
    with pytest.raises(ImportError, match="pip install tqdm"):
        three_epochs(progress=True)


def test_a_history_becomes_a_frame_where_pandas_is():
    pandas = pytest.importorskip("pandas")
    m = model()
    history = fit(m, (X, Y), F.mse_loss, optim.SGD(m.parameters(), lr=0.01), 3, validation=(X, Y))
    frame = history.to_frame()
    assert isinstance(frame, pandas.DataFrame) and list(frame.index) == [1, 2, 3] and frame.index.name == "epoch"
    assert list(frame.columns) == ["train_loss", "validation_loss", "lr", "seconds"]
    assert frame["validation_loss"].tolist() == history["validation_loss"]
    empty = History().to_frame()  # of a run that was interrupted in its first epoch
    assert len(empty) == 0 and empty.index.name == "epoch"


def test_accuracy_counts_signs_and_largest_logits():
    true = np.array([0, 1, 1, 0])
    assert accuracy(tg.tensor(true), tg.tensor([-1.0, 2.0, -3.0, -0.1])) == 0.75
    assert accuracy(tg.tensor(true[:, None]), tg.tensor([[-1.0], [2.0], [3.0], [-0.1]])) == 1.0
    assert accuracy(true, np.array([[2.0, 1.0], [0.0, 1.0], [5.0, 1.0], [0.0, 1.0]])) == 0.5


def test_accuracy_warns_of_probabilities():
    true = tg.tensor([0, 1, 0])
    with pytest.warns(UserWarning, match=r"between 0 and 1.*logits.*predicted - 0\.5"):
        assert accuracy(true, tg.tensor([0.2, 0.9, 0.4])) == pytest.approx(1 / 3)
    assert accuracy(true, tg.tensor([0.2, 0.9, 0.4]) - 0.5) == 1
    assert accuracy(true, tg.zeros(3)) == pytest.approx(2 / 3)  # a model before its first step


@pytest.mark.parametrize(
    ("true", "predicted", "words"),
    [
        (tg.tensor([0, 1]), tg.tensor([[0.5], [2.0]]), "argmax would always be 0"),
        (tg.tensor([[0], [1]]), tg.tensor([0.5, 2.0]), "same shape"),
        (tg.tensor([[0, 1], [1, 0]]), tg.tensor([[0.5, 1.0], [2.0, 1.0]]), "one-hot"),
        (tg.tensor([0, 3]), tg.tensor([[0.5, 1.0], [2.0, 1.0]]), r"true\[1\] is 3"),
        (tg.tensor([0.0, -1.0]), tg.tensor([0.5, 1.0]), r"true\[1\] is -1"),
        (tg.tensor([0, 1]), tg.tensor([0, 1]), "logits"),
        (tg.tensor([]), tg.tensor([]), "nothing to count"),
    ],
)
def test_accuracy_refuses_what_it_would_count_wrong(true, predicted, words):
    with pytest.raises(ValueError, match=words):
        accuracy(true, predicted)
