"""Optimizers: they change parameters a little, against their gradients.

>>> import tinygrad_edu as tg
>>> w = tg.tensor([1.0, 2.0], requires_grad=True)
>>> optimizer = tg.optim.SGD([w], lr=0.1)
>>> (w * w).sum().backward()
>>> optimizer.step()
>>> w.detach()
tensor([0.8000, 1.6000])
"""

from tinygrad_edu.optim.momentum import Momentum
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.optim.sgd import SGD

__all__ = ["SGD", "Momentum", "Optimizer"]
