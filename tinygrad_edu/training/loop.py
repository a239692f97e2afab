"""`fit`: the bare training loop, and around it what one wants to see of it.

The bare loop is

    for inputs, target in batches:
        optimizer.zero_grad()
        loss = loss_function(model(inputs), target)
        loss.backward()
        optimizer.step()

and `fit` does exactly that, to the last digit.
"""

from __future__ import annotations

import copy
import inspect
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.autograd import enable_grad, no_grad
from tinygrad_edu.functions import cat
from tinygrad_edu.tensor import Tensor
from tinygrad_edu.training.history import History
from tinygrad_edu.training.progress import bar

__all__ = ["Diverged", "EarlyStopping", "fit"]


_HUGE = 1e9  # outputs beyond it come from weights that have grown, whatever the loss makes of them


class Diverged(FloatingPointError):
    """The loss became NaN or infinite. `history` has the epochs before; the parameters are those before that step."""

    history: History


class EarlyStopping:
    """Stop when the validation loss has not become lower by more than `min_delta` for `patience` epochs.

    With `restore_best` the model then gets back the parameters that it had in the best epoch.
    """

    def __init__(self, patience: int = 5, min_delta: float = 0.0, restore_best: bool = True) -> None:
        if patience < 1 or min_delta < 0:
            raise ValueError(
                f"EarlyStopping: patience must be from 1 up, min_delta from 0, not {patience}, {min_delta}"
            )
        self.patience, self.min_delta, self.restore_best = patience, min_delta, restore_best

    def watch(self, model: Any) -> _Watch:
        """The state of one run."""
        return _Watch(self, model)


class _Watch:
    def __init__(self, options: EarlyStopping, model: Any) -> None:
        self.options, self.model = options, model
        self.best, self.epoch, self.state = math.inf, 0, None

    def stops(self, loss: float, epoch: int) -> bool:
        """Whether the patience is over after this epoch."""
        if loss < self.best - self.options.min_delta:
            self.best, self.epoch = loss, epoch
            if self.options.restore_best:
                self.state = copy.deepcopy(self.model.state_dict())
        return epoch - self.epoch >= self.options.patience

    def restore(self) -> None:
        if self.state is not None:
            self.model.load_state_dict(self.state)


def fit(
    model: Any,
    train: Any,
    loss: Callable[[Any, Any], Any],
    optimizer: Any,
    epochs: int,
    *,
    validation: Any = None,
    metrics: Any = None,
    early_stopping: int | EarlyStopping | None = None,
    scheduler: Any = None,
    callbacks: Callable[[History], Any] | Sequence[Callable[[History], Any]] = (),
    progress: bool | None = None,
) -> History:
    """Train `model` for some epochs, and say how it went.

    Args:
        model: a Module.
        train: batches of (inputs, target), a DataLoader for instance, to be gone through once each epoch; or a pair
            of tensors (inputs, target), which is one batch.
        loss: a function of (output, target) that returns one number as a Tensor, the mean over the batch.
        optimizer: of the model's parameters.
        validation: data like `train`, from which nothing is learned.
        metrics: functions of (true, predicted) that return a number, `accuracy` or scikit-learn's: one, a list, or a
            dict from names. They get all targets and all outputs of an epoch.
        early_stopping: how many epochs to wait for a lower validation loss, or an `EarlyStopping`.
        scheduler: of the learning rate; its `step` is called after each epoch (with the validation loss, if it
            takes one).
        callbacks: functions that are called with the History after each epoch; one that returns True ends the run.
        progress: whether to show a bar (default: where tqdm is installed and there is a terminal).

    Returns:
        the History: losses (means over the samples; of the training part as it went along, before each step) and
        metrics of each epoch. Ctrl-C ends the run, and what was learned is kept.

    Raises Diverged when a loss is not finite, before it can spoil the parameters; ValueError for data that are used up
    or empty, TypeError for what is no loss or no metric.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.training import fit
    >>> x = tg.arange(5.0).reshape(5, 1)
    >>> model = tg.nn.Linear(1, 1)
    >>> history = fit(model, (x, 2 * x + 1), tg.nn.MSELoss(), tg.optim.SGD(model.parameters(), lr=0.1), epochs=200)
    >>> len(history), round(model.weight.item(), 2)
    (200, 2.0)
    """
    _check(model, loss, optimizer, epochs, early_stopping, validation)
    named = _named(metrics)
    watch = None
    if early_stopping is not None:
        options = early_stopping if isinstance(early_stopping, EarlyStopping) else EarlyStopping(early_stopping)
        watch = options.watch(model)
    calls = [callbacks] if callable(callbacks) else list(callbacks)
    history, start, was_training = History(), time.perf_counter(), getattr(model, "training", True)
    shown = bar(epochs, "epoch", progress)
    try:
        for epoch in range(1, epochs + 1):
            model.train()
            row = {"epoch": epoch, **_pass(model, train, loss, named, "train", history, optimizer)}
            if validation is not None:
                model.eval()
                row |= _pass(model, validation, loss, named, "validation", history)
            row |= {"lr": float(optimizer.param_groups[0]["lr"]), "seconds": time.perf_counter() - start}
            history.rows.append(row)
            if shown is not None:
                shown.update()
                shown.set_postfix({k: f"{row[k]:.4g}" for k in ("train_loss", "validation_loss") if k in row})
            if scheduler is not None:
                _step(scheduler, row)
            if any([call(history) is True for call in calls]):
                history.stopped = f"a callback ended it after epoch {epoch}"
                break
            if watch is not None and watch.stops(row["validation_loss"], epoch):
                history.stopped = (
                    f"the validation loss has not become lower since epoch {watch.epoch} "
                    f"(early stopping, {watch.options.patience} epochs of patience)"
                )
                break
    except KeyboardInterrupt:
        history.stopped = f"interrupted in epoch {len(history) + 1}"
    finally:
        if shown is not None:
            shown.close()
        model.train(was_training)
    if watch is not None:
        watch.restore()
    return history


def _check(model: Any, loss: Any, optimizer: Any, epochs: Any, early_stopping: Any, validation: Any) -> None:
    if not hasattr(model, "parameters") or isinstance(model, type):
        hint = f"the class {model.__name__}: write {model.__name__}(…)" if isinstance(model, type) else None
        raise TypeError(f"fit: the model must be a Module, not {hint or type(model).__name__}")
    if isinstance(loss, type) or not callable(loss):
        hint = f": write {loss.__name__}()" if isinstance(loss, type) else ""
        raise TypeError(f"fit: the loss must be a function of (output, target), not {loss!r}{hint}")
    if not hasattr(optimizer, "param_groups"):
        raise TypeError(f"fit: expected an optimizer, optim.SGD(model.parameters(), lr=0.1), not {optimizer!r}")
    if not isinstance(epochs, int) or epochs < 0:
        raise ValueError(f"fit: epochs must be a whole number from 0 up, not {epochs!r}")
    if early_stopping is not None and validation is None:
        raise ValueError(
            "fit: early_stopping needs validation data: the training loss goes on falling while the model over-fits"
        )
    ours = {id(p) for p in model.parameters()}
    if not any(id(p) in ours for group in optimizer.param_groups for p in group["params"]):
        raise ValueError(
            "fit: the optimizer has none of the model's parameters, so nothing would be learned. It was made for "
            "another model: optim.SGD(model.parameters(), …)."
        )


def _named(metrics: Any) -> dict[str, Callable[[Any, Any], Any]]:
    """The metrics by their names."""
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        named = dict(metrics)
    else:
        functions = [metrics] if callable(metrics) else list(metrics)
        named = {getattr(f, "__name__", type(f).__name__): f for f in functions}
        if len(named) < len(functions):
            raise ValueError(f"fit: two metrics have the same name ({', '.join(named)}): give a dict from names")
    for name, f in named.items():
        if not callable(f):
            raise TypeError(f"fit: the metric {name!r} must be a function of (true, predicted), not {f!r}")
    return named


def _batches(data: Any, part: str) -> Iterator[tuple[Any, Any]]:
    """The batches of one epoch, checked."""
    pair = isinstance(data, (tuple, list)) and len(data) == 2 and all(hasattr(x, "shape") for x in data)
    if isinstance(data, Iterator):
        raise TypeError(
            f"fit: the {part} data are an iterator, which is used up after one epoch. Give a DataLoader or a list."
        )
    for batch in [data] if pair else data:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise TypeError(f"fit: each batch of the {part} data must be (inputs, target), not {type(batch).__name__}")
        yield batch[0], batch[1]


def _pass(
    model: Any, data: Any, loss_of: Any, metrics: Mapping[str, Any], part: str, history: History, optimizer: Any = None
) -> dict[str, float]:
    """One epoch over the data: its loss and metrics. It learns where there is an optimizer."""
    total, count = 0.0, 0
    outputs: list[Any] = []
    targets: list[Any] = []
    with enable_grad() if optimizer is not None else no_grad():
        for k, (inputs, target) in enumerate(_batches(data, part)):
            if optimizer is not None:
                optimizer.zero_grad()
            output = model(inputs)
            loss = loss_of(output, target)
            if not isinstance(loss, Tensor) or loss.numel() != 1:
                what = tuple(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
                raise TypeError(f"fit: the loss must be one number as a Tensor, not {what}: use reduction='mean'")
            value = loss.item()
            if not math.isfinite(value):
                raise _diverged(value, part, k, inputs, target, output, history, optimizer)
            if optimizer is not None:
                loss.backward()
                optimizer.step()
            n = len(target) if getattr(target, "ndim", 0) else 1
            total, count = total + value * n, count + n
            if metrics:
                outputs.append(output.detach())
                targets.append(target)
    if not count:
        raise ValueError(
            f"fit: the {part} data gave no batch in epoch {len(history) + 1}. A generator is used up after one epoch; "
            f"a DataLoader with drop_last=True gives none of fewer than batch_size samples."
        )
    row = {f"{part}_loss": total / count}
    if metrics:
        true, predicted = _joined(targets), _joined(outputs)
        row |= {f"{part}_{name}": float(f(true, predicted)) for name, f in metrics.items()}
    return row


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else cat(parts) if isinstance(parts[0], Tensor) else np.concatenate(parts)


def _diverged(
    value: float, part: str, k: int, inputs: Any, target: Any, output: Any, history: History, optimizer: Any
) -> Diverged:
    """The explanation of a loss that is not finite."""
    where = f"in batch {k} of epoch {len(history) + 1}"
    for name, x in (("inputs", inputs), ("target", target)):
        a = np.asarray(x.detach() if isinstance(x, Tensor) else x)
        if a.dtype.kind == "f" and not np.isfinite(a).all():
            at = tuple(int(i) for i in np.argwhere(~np.isfinite(a))[0])
            why = (
                f"The {name} of that batch hold {a[at]} at {list(at)}: clean the data first "
                f"(rows with missing values: x[~isnan(x).any(1)])."
            )
            break
    else:
        losses = history["train_loss"] if history.rows else []
        grown = bool(losses) and losses[-1] > 10 * min(losses)
        lr = optimizer.param_groups[0]["lr"] if optimizer is not None else None
        size = (
            float(np.max(np.abs(np.asarray(output.detach())))) if isinstance(output, Tensor) and output.numel() else 0
        )
        if grown or (not size < _HUGE and lr is not None):
            course = f" (the loss went from {min(losses):.3g} to {losses[-1]:.3g} before)" if grown else ""
            if math.isfinite(size) and not grown:
                course = f" (the model's output is up to {size:.3g})"
            why = (
                f"The steps were too large, and each made the next one larger{course}: "
                f"use a smaller learning rate than {lr:g}, and scale the inputs to mean 0 and deviation 1."
            )
        else:
            why = (
                "Inputs, target and the model's output are finite, so the loss itself made it: look for log(0), "
                "0 / 0 or √ of a negative number in it; losses on logits (…_with_logits, cross_entropy) are safe."
            )
    error = Diverged(f"fit: the {part} loss is {value} {where}; training stopped before the next step. {why}")
    error.history = history
    return error


def _step(scheduler: Any, row: dict[str, float]) -> None:
    """One step of the scheduler; ReduceLROnPlateau wants to know the loss."""
    first = next(iter(inspect.signature(scheduler.step).parameters.values()), None)
    if first is not None and first.name == "metrics":
        scheduler.step(row.get("validation_loss", row["train_loss"]))
    else:
        scheduler.step()
