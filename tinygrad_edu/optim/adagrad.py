"""Adagrad: each parameter has a rate of its own, which shrinks with the squares of its gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State, number_dtype
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.primitive import wrap

__all__ = ["Adagrad"]


class Adagrad(Optimizer):
    """Adagrad: what has had large gradients takes small steps, what has had few is still free to move.

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        G ← G + g²                                          (G starts at initial_accumulator_value)
        θ ← θ − lr / (1 + (t − 1) · lr_decay) · g / (√G + ε)

    The state of a parameter is t and G, under "step" and "sum"; it is there from the beginning. (Duchi, Hazan and
    Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.)
    `foreach`, `differentiable` and `fused` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, lr_decay, weight_decay, initial_accumulator_value or eps.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "eps": eps,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        for p in self.param_groups[-1]["params"]:
            total = np.full_like(p._array, self.param_groups[-1]["initial_accumulator_value"])
            self.state[p] = {"step": wrap(np.zeros((), number_dtype())), "sum": wrap(total)}

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "sum": options["initial_accumulator_value"]}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        t = state["step"] = state["step"] + 1
        total = state["sum"]
        total += g * g
        root = np.sqrt(total)
        root += options["eps"]
        return options["lr"] / (1 + (t - 1) * options["lr_decay"]) * g / root
