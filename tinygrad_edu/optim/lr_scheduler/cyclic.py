"""Rates that go to and fro between two bounds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad_edu.optim.lr_scheduler.one_cycle import cycles_beta1, set_momentum
from tinygrad_edu.optim.lr_scheduler.scheduler import (
    LRScheduler,
    loaded_function,
    one_per_group,
    saved_function,
    write,
)
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["CyclicLR"]


class CyclicLR(LRScheduler):
    """Up from base_lr to max_lr in `step_size_up` steps and down again in `step_size_down`. Step it in each batch.

    (Smith, "Cyclical learning rates for training neural networks", 2017.)

    Args:
        base_lr, max_lr: the bounds, one or one for each group.
        mode: "triangular", "triangular2" (half as high after each cycle) or "exp_range" (gamma^step as high).
        scale_fn: in the place of `mode`: the height, as a function of the cycle (1, 2, …) or, with
            scale_mode="iterations", of the step.
        cycle_momentum: let the momentum (or Adam's first beta) go from max_momentum to base_momentum and back.

    Raises ValueError for an unknown mode, and for cycle_momentum with an optimizer that has no momentum.

    >>> import tinygrad_edu as tg
    >>> optimizer = tg.optim.SGD([tg.tensor([1.0], requires_grad=True)], lr=1.0)
    >>> CyclicLR = tg.optim.lr_scheduler.CyclicLR
    >>> scheduler = CyclicLR(optimizer, base_lr=1.0, max_lr=2.0, step_size_up=4, cycle_momentum=False)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [1.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        self._attach(optimizer)
        if scale_fn is None:
            if mode not in ("triangular", "triangular2", "exp_range"):
                raise ValueError(
                    f"mode is invalid and scale_fn is None: {mode!r} is none of 'triangular', 'triangular2' and "
                    f"'exp_range'"
                )
            scale_mode = "iterations" if mode == "exp_range" else "cycle"
        base_lrs = one_per_group("base_lr", optimizer, base_lr)
        self.max_lrs = one_per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        if up <= 0 or down < 0:
            raise ValueError(f"step_size_up and step_size_down must be positive, not {step_size_up}, {step_size_down}")
        self.total_size, self.step_ratio = up + down, up / (up + down)
        self.mode, self.gamma, self.scale_mode, self._scale_fn_custom = mode, gamma, scale_mode, scale_fn
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = cycles_beta1(optimizer)
            self.base_momentums = one_per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = one_per_group("max_momentum", optimizer, max_momentum)
        if last_epoch == -1:
            for k, group in enumerate(optimizer.param_groups):
                write(group, "lr", base_lrs[k])
                if cycle_momentum:
                    group["max_momentum"], group["base_momentum"] = self.max_momentums[k], self.base_momentums[k]
                    set_momentum(group, self.max_momentums[k], self.use_beta1)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of cycle (or step) `x`, where 1 reaches max_lr."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (x - 1))
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def _next(self) -> list[Any]:
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(
                self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True
            ):
                set_momentum(group, high - (high - low) * part * scale, self.use_beta1)
        return [low + (high - low) * part * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All that it knows; of `scale_fn` only the attributes of a callable object, as lambdas cannot be saved."""
        return {**super().state_dict(), "_scale_fn_custom": saved_function(self._scale_fn_custom)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_scale_fn_custom"})
        loaded_function(self._scale_fn_custom, state_dict["_scale_fn_custom"])
