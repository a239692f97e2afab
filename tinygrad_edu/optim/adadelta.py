"""Adadelta: steps in the units of the parameter, without a learning rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["Adadelta"]


class Adadelta(Optimizer):
    """Adadelta: the ratio of past steps to past gradients takes the place of a learning rate.

        g = ∇loss(θ) + weight_decay · θ
        v ← ρ v + (1 − ρ) g²
        Δ = √(u + ε) / √(v + ε) · g
        u ← ρ u + (1 − ρ) Δ²
        θ ← θ − lr · Δ

    u and v start at 0, so that ε decides the length of the first steps. The state of a parameter is "step", v under
    "square_avg" and u under "acc_delta". (Zeiler, "ADADELTA: an adaptive learning rate method", 2012.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, eps or weight_decay, and rho not within [0, 1].

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adadelta([w], eps=1e-3)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9001, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "capturable": capturable,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "square_avg": 0, "acc_delta": 0}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        rho, eps = options["rho"], options["eps"]
        state["step"] += 1
        v, u = state["square_avg"], state["acc_delta"]
        v *= rho
        v += (1 - rho) * g * g
        delta = np.sqrt(u + eps)
        delta /= np.sqrt(v + eps)
        delta *= g
        u *= rho
        u += (1 - rho) * delta * delta
        return options["lr"] * delta
