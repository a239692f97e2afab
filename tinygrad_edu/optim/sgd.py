"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.memory import changed
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.primitive import wrap

__all__ = ["SGD"]


class SGD(Optimizer):
    """Stochastic gradient descent: each step goes against the gradient.

        g = ∇loss(θ) + weight_decay · θ
        v ← momentum · v + (1 − dampening) · g              (v = g in the first step)
        θ ← θ − lr · v                                      (nesterov: θ − lr · (g + momentum · v))

    Without momentum v is g. `maximize` goes with the gradient. The state of a parameter is v, under
    "momentum_buffer". (Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013; in PyTorch's form, where lr stands outside of v.)
    `foreach`, `differentiable` and `fused` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, momentum or weight_decay, and for nesterov without momentum or with dampening.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
            },
        )

    def check_options(self, group: dict[str, Any]) -> None:
        super().check_options(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def update(self, group: dict[str, Any]) -> None:
        lr, momentum, decay = group["lr"], group["momentum"], group["weight_decay"]
        for p in group["params"]:
            if p._grad is None:
                continue
            x, g = p._array, p._grad._array
            if group["maximize"]:
                g = -g
            if decay:
                g = g + decay * x
            if momentum:
                state = self.state[p]
                if "momentum_buffer" not in state:
                    v = np.array(g)
                    state["momentum_buffer"] = wrap(v)
                else:
                    v = state["momentum_buffer"]._array
                    v *= momentum
                    v += (1 - group["dampening"]) * g if group["dampening"] else g
                g = g + momentum * v if group["nesterov"] else v
            np.subtract(x, lr * g, out=x)
            changed(x, "SGD.step")
