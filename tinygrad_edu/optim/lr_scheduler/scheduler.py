"""What all schedulers have in common: they count epochs, and write what `get_lr` says into the optimizer's groups."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from tinygrad_edu.memory import changed
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.optim.options import misspelt
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.warning import warn

__all__ = ["LRScheduler", "_LRScheduler", "current", "loaded_function", "one_per_group", "saved_function", "write"]


class LRScheduler:
    """What all schedulers have in common. A subclass defines `get_lr`: the rates of the groups at `last_epoch`.

    Args:
        optimizer: the optimizer whose rates are changed.
        last_epoch: the epoch after which training goes on; −1 at its beginning.

    Raises TypeError for what is no Optimizer, KeyError if training is to go on and a group has no "initial_lr".

    >>> import tinygrad_edu as tg
    >>> class Halving(tg.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr * 0.5**self.last_epoch for lr in self.base_lrs]
    >>> optimizer = tg.optim.SGD([tg.tensor([1.0], requires_grad=True)], lr=0.5)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    optimizer: Optimizer
    base_lrs: list[Any]
    last_epoch: int
    _last_lr: list[Any]
    _step_count = 0
    _is_initial = False  # while the constructor computes the first rates
    _get_lr_called_within_step = False

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Answers options that do not exist with those that do."""
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            known = [p.name for p in parameters]
            for name in options:
                if name not in known:
                    text = misspelt(name, known, cls.__name__)
                    removed = "verbose is gone, print(scheduler.get_last_lr())"
                    raise TypeError(text if name != "verbose" else f"{text.partition(':')[0]}: {removed}")
        return super().__new__(cls)

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self._attach(optimizer)
        for k, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{k}] when resuming scheduler with "
                    f"last_epoch >= 0: load the optimizer's state_dict first, or start with last_epoch=-1"
                )
        self.base_lrs = [copied(g["initial_lr"]) for g in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._initial_step()

    def _attach(self, optimizer: Any) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rates of the groups at `last_epoch`. `step` calls it; what they are is `get_last_lr()`."""
        if not self._get_lr_called_within_step:
            warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.")
        return self._next()

    def _next(self) -> list[Any]:
        """The rates at `last_epoch`, from those of the epoch before."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr")

    def get_last_lr(self) -> list[Any]:
        """The rates as the scheduler has set them last."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go on to the next epoch. To be called after the optimizer's steps of one epoch.

        `epoch` jumps to that epoch. It is deprecated, as in PyTorch.
        """
        if self._step_count == 1 and not getattr(self.optimizer, "_opt_called", False):
            warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the "
                "opposite order: `optimizer.step()` before `lr_scheduler.step()`, or the first learning rate of the "
                "schedule is skipped."
            )
        self._step_count += 1
        if epoch is not None:
            warn_of_epoch()
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = getattr(self, "_get_closed_form_lr", None) if epoch is not None else None
        self._write(closed or self.get_lr)

    def _write(self, rates: Callable[[], list[Any]]) -> None:
        self._get_lr_called_within_step = True
        try:
            values = rates()
        finally:
            self._get_lr_called_within_step = False
        groups = self.optimizer.param_groups
        if len(values) != len(groups):
            raise ValueError(
                f"{type(self).__name__} has {len(values)} learning rates for {len(groups)} groups. If groups were "
                f"added to the optimizer, make a new scheduler."
            )
        for group, value in zip(groups, values, strict=True):
            write(group, "lr", value)
        self._last_lr = current(self.optimizer)

    def state_dict(self) -> dict[str, Any]:
        """All that it knows, but not the optimizer: what `load_state_dict` takes."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on where another scheduler was. Load the optimizer's state_dict, too, and make the scheduler first."""
        self.__dict__.update(state_dict)


class _LRScheduler(LRScheduler):
    """The old name of `LRScheduler`."""


def warn_of_epoch() -> None:
    """Say that `step(epoch)` is deprecated."""
    warn(
        "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please "
        "use `scheduler.step()` to step the scheduler."
    )


def copied(value: Any) -> Any:
    """A rate that does not change with the group's."""
    return wrap(np.array(value._array)) if isinstance(value, TensorBase) else value


def current(optimizer: Optimizer) -> list[Any]:
    """The rates of the groups."""
    return [copied(g["lr"]) for g in optimizer.param_groups]


def write(group: dict[str, Any], name: str, value: Any) -> None:
    """Set an option of a group; a tensor stays the tensor that it is."""
    have = group[name]
    if isinstance(have, TensorBase):
        have._array[...] = value._array if isinstance(value, TensorBase) else value
        changed(have._array, "lr_scheduler.step")
    else:
        group[name] = value


def one_per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """A value for each group: those given, or one for all."""
    n = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * n
    if len(values) != n:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(values)} values, "
            f"param_groups has {n}."
        )
    return [copied(v) for v in values]


def saved_function(function: Any) -> dict[str, Any] | None:
    """What a state_dict keeps of a function: the attributes of a callable object."""
    return None if function is None or isinstance(function, FunctionType) else dict(function.__dict__)


def loaded_function(function: Any, saved: dict[str, Any] | None) -> None:
    """Give a callable object the attributes that were saved."""
    if saved is not None:
        function.__dict__.update(saved)
