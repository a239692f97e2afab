"""Gradient descent that keeps rolling."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tinygrad_edu.optim.sgd import SGD

__all__ = ["Momentum"]


class Momentum(SGD):
    """SGD with momentum, 0.9 by default: steps in the same direction add up, those to and fro cancel.

        v ← momentum · v + ∇loss(θ)
        θ ← θ − lr · v

    After many equal gradients a step is 1 / (1 − momentum) times as long as SGD's. (Polyak, "Some methods of
    speeding up the convergence of iteration methods", 1964.) The options are those of `SGD`.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor(1.0, requires_grad=True)
    >>> optimizer = tg.optim.Momentum([w], lr=0.1)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     w.backward()
    ...     optimizer.step()
    >>> w.detach()
    tensor(0.7100)
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.9,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, momentum, dampening, weight_decay, nesterov, maximize=maximize)
