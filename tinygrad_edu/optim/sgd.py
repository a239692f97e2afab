"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy import ndarray

from tinygrad_edu.optim.flat import State, constant
from tinygrad_edu.optim.optimizer import Optimizer

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

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w.detach()
    tensor([0.8000, 1.6000])
    """

    numbers = ()
    together = 4

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-3,
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
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def check_options(self, group: dict[str, Any]) -> None:
        super().check_options(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        momentum = options["momentum"]
        if not momentum:
            return {}
        dampening = options["dampening"]
        return {"momentum_buffer": (lambda g: dampening / momentum * g) if dampening else 0}  # so that first v = g

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        lr = constant(options["lr"], g.dtype)
        if not state:
            return lr * g
        v, momentum, dampening = state["momentum_buffer"], constant(options["momentum"], g.dtype), options["dampening"]
        v *= momentum
        v += (1 - dampening) * g if dampening else g
        return lr * (g + momentum * v) if options["nesterov"] else lr * v
