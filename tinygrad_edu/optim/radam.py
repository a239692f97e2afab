"""RAdam: Adam that first waits until it can trust its mean of squares."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["RAdam"]


class RAdam(Optimizer):
    """RAdam: Adam whose steps are shortened by how uncertain v still is, and do without v while it is too uncertain.

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        m ← β₁ m + (1 − β₁) g                               m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²
        ρ∞ = 2 / (1 − β₂) − 1                               ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ)
        r = √((ρ − 4)(ρ − 2) ρ∞ / ((ρ∞ − 4)(ρ∞ − 2) ρ))
        θ ← θ − lr · m̂ · r √(1 − β₂ᵗ) / (√v + ε)  if ρ > 5,  otherwise  θ − lr · m̂

    ρ is the number of gradients that v effectively is the mean of. `decoupled_weight_decay` decays as AdamW. The
    state of a parameter is t, m and v, under "step", "exp_avg" and "exp_avg_sq". (Liu et al., "On the variance of
    the adaptive learning rate and beyond", 2020.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, eps or weight_decay, and betas not within [0, 1).

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.RAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "exp_avg": 0, "exp_avg_sq": 0}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        beta1, beta2 = options["betas"]
        t = state["step"] = state["step"] + 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        step = options["lr"] / (1 - beta1**t) * m
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        if rho > 5:
            r = math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))
            root = np.sqrt(v)
            root += options["eps"]
            step *= r * math.sqrt(1 - beta2**t)
            step /= root
        return step
