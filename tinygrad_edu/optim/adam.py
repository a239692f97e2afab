"""Adam: steps of equal size for large and small gradients."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["Adam"]


class Adam(Optimizer):
    """Adam: the mean of past gradients, over the root of the mean of their squares.

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        m ← β₁ m + (1 − β₁) g                               m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²                              v̂ = v / (1 − β₂ᵗ)
        θ ← θ − lr · m̂ / (√v̂ + ε)

    m and v start at 0, and the division by 1 − βᵗ takes that bias out. `amsgrad` puts the largest v so far in the
    place of v (Reddi et al., "On the convergence of Adam and beyond", 2018); `decoupled_weight_decay` makes it
    AdamW. The state of a parameter is t, m and v, under "step", "exp_avg" and "exp_avg_sq", and "max_exp_avg_sq".
    (Kingma and Ba, "Adam: a method for stochastic optimization", 2015.)
    `foreach`, `capturable`, `differentiable` and `fused` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, eps or weight_decay, and betas not within [0, 1).

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        state = {"step": 0, "exp_avg": 0, "exp_avg_sq": 0}
        return state | {"max_exp_avg_sq": 0} if options["amsgrad"] else state

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        beta1, beta2 = options["betas"]
        t = state["step"] = state["step"] + 1
        m, v = state["exp_avg"], state["exp_avg_sq"]
        d = g - m  # the only new memory: what follows is computed in it
        d *= 1 - beta1
        m += d
        np.multiply(g, g, out=d)
        d *= 1 - beta2
        v *= beta2
        v += d
        if options["amsgrad"]:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        np.sqrt(v, out=d)
        d /= math.sqrt(1 - beta2**t)
        d += options["eps"]
        np.divide(m, d, out=d)
        d *= options["lr"] / (1 - beta1**t)
        return d
