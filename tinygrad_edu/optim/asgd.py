"""Averaged SGD: the mean of where it has been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy import ndarray

from tinygrad_edu.optim.flat import State
from tinygrad_edu.optim.optimizer import Optimizer

__all__ = ["ASGD"]


class ASGD(Optimizer):
    """Averaged stochastic gradient descent: steps that shrink, and the mean of all parameters since step t0.

        g = ∇loss(θ) + weight_decay · θ
        t ← t + 1
        θ ← θ − η (g + λ θ)
        a ← a + μ (θ − a)
        η ← lr / (1 + λ · lr · t)^α,   μ ← 1 / max(1, t − t0)

    The average a, which is what to use in the end, is in the state under "ax", with "step", "eta" and "mu".
    (Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.)
    `foreach`, `capturable` and `differentiable` are PyTorch's, and change nothing.

    Raises ValueError for negative lr, alpha or weight_decay.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.ASGD([w], lr=0.1, t0=1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> optimizer.state[w]["ax"]
    tensor([0.8000, 1.6000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    numbers = ("step", "eta", "mu")

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"step": 0, "eta": options["lr"], "mu": 1, "ax": 0}

    def needs_parameter(self, options: dict[str, Any]) -> bool:
        return True

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        lr, lambd = options["lr"], options["lambd"]
        t = state["step"] = state["step"] + 1
        change = state["eta"] * (g + lambd * x)
        average = state["ax"]
        average += state["mu"] * (x - change - average)
        state["eta"] = lr / (1 + lambd * lr * t) ** options["alpha"]
        state["mu"] = 1 / max(1, t - options["t0"])
        return change
