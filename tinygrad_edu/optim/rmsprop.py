"""RMSprop: gradients divided by the root of the mean of their squares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """RMSprop: the gradient, over the root of the running mean of its squares.

        g = ∇loss(θ) + weight_decay · θ
        v ← α v + (1 − α) g²
        θ ← θ − lr · g / (√v + ε)

    `centered` subtracts the square of the mean gradient from v, ḡ ← α ḡ + (1 − α) g, which makes it a variance;
    with momentum the parameter follows b ← momentum · b + g / (√v + ε) instead. The state of a parameter is
    "step", v under "square_avg", b under "momentum_buffer" and ḡ under "grad_avg". (Tieleman and Hinton, lecture
    6.5 of "Neural networks for machine learning", 2012; centered: Graves, "Generating sequences with recurrent
    neural networks", 2013.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, alpha, eps, weight_decay or momentum.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.9000, 1.9000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "alpha": alpha,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "centered": centered,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        state = {"step": 0, "square_avg": 0}
        if options["momentum"]:
            state["momentum_buffer"] = 0
        if options["centered"]:
            state["grad_avg"] = 0
        return state

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        lr, alpha, momentum = options["lr"], options["alpha"], options["momentum"]
        state["step"] += 1
        v = state["square_avg"]
        v *= alpha
        v += (1 - alpha) * g * g
        if options["centered"]:
            mean = state["grad_avg"]
            mean += (1 - alpha) * (g - mean)
            v = v - mean * mean
        root = np.sqrt(v)
        root += options["eps"]
        if not momentum:
            return lr * g / root
        b = state["momentum_buffer"]
        b *= momentum
        b += g / root
        return lr * b
