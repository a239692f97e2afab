"""Adamax: Adam with the largest gradient in the place of the mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["Adamax"]


class Adamax(Optimizer):
    """Adamax: the mean of past gradients, over the largest of them (which fades).

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        m ← β₁ m + (1 − β₁) g
        u ← max(β₂ u, |g| + ε)
        θ ← θ − lr / (1 − β₁ᵗ) · m / u

    The state of a parameter is t, m and u, under "step", "exp_avg" and "exp_inf". (Kingma and Ba, "Adam: a method
    for stochastic optimization", 2015, section 7.1.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, eps or weight_decay, and betas not within [0, 1).

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adamax([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 2e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "exp_avg": 0, "exp_inf": 0}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        beta1, beta2 = options["betas"]
        t = state["step"] = state["step"] + 1
        m, u = state["exp_avg"], state["exp_inf"]
        m += (1 - beta1) * (g - m)
        u *= beta2
        np.maximum(u, np.abs(g) + options["eps"], out=u)
        return options["lr"] / (1 - beta1**t) * m / u
