"""Rprop: only the signs of gradients count."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["Rprop"]


class Rprop(Optimizer):
    """Rprop: each element has a step of its own; it grows while the gradient keeps its sign, and shrinks when it turns.

        s = sign(g · g′)                                    g′: the gradient of the step before
        Δ ← clip(Δ · η⁺ if s > 0, Δ · η⁻ if s < 0, otherwise Δ)    within step_sizes; Δ starts at lr
        g ← 0 if s < 0                                      (a step too far: wait, with the smaller Δ)
        θ ← θ − sign(g) · Δ

    For gradients of the whole data set; those of mini-batches turn too often. The state of a parameter is "step",
    g′ under "prev" and Δ under "step_size". (Riedmiller and Braun, "A direct adaptive method for faster
    backpropagation learning: the RPROP algorithm", 1993.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, unless 0 < etas[0] < 1 < etas[1], and for weight_decay in a group.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Rprop([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def check_options(self, group: dict[str, Any]) -> None:
        super().check_options(group)
        if group.get("weight_decay"):
            raise ValueError("Rprop has no weight_decay: only the signs of gradients count. Leave it out of the group.")

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "prev": 0, "step_size": options["lr"]}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        eta_minus, eta_plus = options["etas"]
        state["step"] += 1
        before, size = state["prev"], state["step_size"]
        agreement = g * before
        size *= np.where(agreement > 0, eta_plus, np.where(agreement < 0, eta_minus, 1))
        np.clip(size, *options["step_sizes"], out=size)
        before[...] = np.where(agreement < 0, 0, g)
        return np.where(before > 0, size, np.where(before < 0, -size, 0))
