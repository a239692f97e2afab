"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State, number_dtype
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["NAdam"]


class NAdam(Optimizer):
    """NAdam: Adam that looks ahead, to where its momentum is about to carry it.

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        m ← β₁ m + (1 − β₁) g
        v ← β₂ v + (1 − β₂) g²                              v̂ = v / (1 − β₂ᵗ)
        m̂ = μₜ₊₁ m / (1 − μ₁μ₂…μₜ₊₁) + (1 − μₜ) g / (1 − μ₁μ₂…μₜ)
        θ ← θ − lr · m̂ / (√v̂ + ε)

    where μₜ = β₁ (1 − ½ · 0.96^(t · momentum_decay)) grows towards β₁. `decoupled_weight_decay` decays as AdamW.
    The state of a parameter is t, the product of the μ, m and v, under "step", "mu_product", "exp_avg" and
    "exp_avg_sq". (Dozat, "Incorporating Nesterov momentum into Adam", 2016.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, eps, weight_decay or momentum_decay, and betas not within [0, 1).

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8944, 1.8944])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 2e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    numbers = ("step", "mu_product")

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "mu_product": 1, "exp_avg": 0, "exp_avg_sq": 0}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        (beta1, beta2), decay = options["betas"], options["momentum_decay"]
        t = state["step"] = state["step"] + 1
        mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (k * decay)) for k in (t, t + 1))
        product = state["mu_product"] = float(number_dtype().type(state["mu_product"]) * mu)  # rounded as it is kept
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m += (1 - beta1) * (g - m)
        v *= beta2
        v += (1 - beta2) * g * g
        root = np.sqrt(v / (1 - beta2**t))
        root += options["eps"]
        ahead = mu_next / (1 - product * mu_next) * m
        ahead += (1 - mu) / (1 - product) * g
        return options["lr"] * ahead / root
