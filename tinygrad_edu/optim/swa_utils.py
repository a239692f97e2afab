"""Averages of a model's weights over training (SWA, and EMA), which often predict better than the last weights.

Stochastic weight averaging: Izmailov and others, "Averaging weights leads to wider optima and better generalization".
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.normalization import BatchNorm
from tinygrad_edu.optim.lr_scheduler import LRScheduler
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.tensor import Tensor

__all__ = [
    "SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn", "get_swa_multi_avg_fn",
    "update_bn",
]  # fmt: skip


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """average ← decay · average + (1 − decay) · parameter: the function for `AveragedModel(avg_fn=…)`."""
    _check_decay(decay)
    return lambda average, current, n: decay * average + (1 - decay) * current


def get_swa_avg_fn() -> Callable[..., Any]:
    """average ← average + (parameter − average) / (n + 1): the mean of all."""
    return lambda average, current, n: average + (current - average) / (n + 1)


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """As `get_ema_avg_fn`, for lists of tensors: for `AveragedModel(multi_avg_fn=…)`."""
    return _each(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> Callable[..., Any]:
    """As `get_swa_avg_fn`, for lists of tensors."""
    return _each(get_swa_avg_fn())


def _check_decay(decay: float) -> None:
    if not 0 <= decay <= 1:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def _each(average: Callable[..., Any]) -> Callable[..., Any]:
    def update(averages: list[Any], currents: list[Any], n: Any) -> None:
        for a, p in zip(averages, currents, strict=True):
            a.copy_(average(a, p, n))

    return update


class AveragedModel(Module):
    """A copy of `model`, the part named ``module``, whose parameters are averages of the model's.

    Args:
        device: ignored; there is one.
        avg_fn: ``avg_fn(average, parameter, n)`` gives the new average after n; by default the mean of all.
        multi_avg_fn: the same for lists of tensors, changed in place.
        use_buffers: average the buffers, too; otherwise they are copied.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Linear(1, 1)
    >>> average = tg.optim.swa_utils.AveragedModel(model)
    >>> for value in (1.0, 3.0):
    ...     _ = tg.nn.init.constant_(model.weight, value)
    ...     average.update_parameters(model)
    >>> average.module.weight.item()
    2.0
    """

    module: Module
    n_averaged: Any

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", functions.tensor(0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the average. The first time, they are copied."""
        mine, theirs = _tensors(self.module, self.use_buffers), _tensors(model, self.use_buffers)
        if len(mine) != len(theirs):
            raise ValueError(
                f"update_parameters: the model has {len(theirs)} parameters, but the averaged one {len(mine)}"
            )
        for a, p in zip(mine, theirs, strict=True):
            if a._array.shape != p._array.shape:
                raise ValueError(
                    f"update_parameters: a parameter of the model has shape {tuple(p.shape)}, and its average "
                    f"{tuple(a.shape)}. Make an AveragedModel of this model."
                )
        n = self.n_averaged
        if n == 0:
            for a, p in zip(mine, theirs, strict=True):
                a.copy_(p)
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(mine, [p.detach() for p in theirs], n)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for a, p in zip(mine, theirs, strict=True):
                a.copy_(average(a.detach(), p.detach(), n))
        if not self.use_buffers:
            for a, p in zip(self.module.buffers(), model.buffers(), strict=True):
                a.copy_(p)
        n += 1


def _tensors(model: Module, buffers: bool) -> list[Any]:
    return [*model.parameters(), *(model.buffers() if buffers else ())]


@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of batch normalization anew: those of averaged weights are nobody's yet.

    loader: gives batches, of which the first element is the model's input if they are tuples or lists.
    """
    layers = [m for m in model.modules() if isinstance(m, BatchNorm) and m.running_mean is not None]
    if not layers:
        return
    momenta, training = [m.momentum for m in layers], model.training
    model.train()
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # the mean over all batches
    try:
        for batch in loader:
            model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
        model.train(training)


class SWALR(LRScheduler):
    """From each group's rate to `swa_lr` within `anneal_epochs` steps, and constant after that.

    Args: swa_lr: a rate, or one for each group. anneal_strategy: "cos" or "linear".
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        groups = optimizer.param_groups
        rates = list(swa_lr) if isinstance(swa_lr, (list, tuple)) else [swa_lr] * len(groups)
        if len(rates) != len(groups):
            raise ValueError(
                f"swa_lr must have the same length as optimizer.param_groups: swa_lr has {len(rates)}, "
                f"optimizer.param_groups has {len(groups)}"
            )
        for group, rate in zip(groups, rates, strict=True):
            group["swa_lr"] = float(rate) if isinstance(rate, Tensor) else rate
        self.anneal_epochs, self._anneal_strategy = anneal_epochs, anneal_strategy
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far from the group's own rate (0) to `swa_lr` (1) it is after so many steps."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def _next(self) -> list[Any]:
        step = self.last_epoch if self.anneal_epochs else max(1, self.last_epoch)
        now, before = self._share(step), self._share(step - 1)
        rates = []
        for group in self.optimizer.param_groups:
            target, rate = group["swa_lr"], group["lr"]
            own = target if before == 1 else (rate - target * before) / (1 - before)  # before the first step
            rates.append(target * now + own * (1 - now))
        return rates
