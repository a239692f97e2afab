"""Schedulers: they change the learning rates of an optimizer from epoch to epoch.

>>> import tinygrad_edu as tg
>>> optimizer = tg.optim.SGD([tg.tensor([1.0], requires_grad=True)], lr=0.1)
>>> scheduler = tg.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
>>> for epoch in range(4):
...     optimizer.step()  # once for each batch
...     scheduler.step()  # once for each epoch
>>> scheduler.get_last_lr()
[0.025]
"""

from tinygrad_edu.optim.lr_scheduler.combined import ChainedScheduler, SequentialLR
from tinygrad_edu.optim.lr_scheduler.cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from tinygrad_edu.optim.lr_scheduler.cyclic import CyclicLR
from tinygrad_edu.optim.lr_scheduler.decay import (
    ConstantLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from tinygrad_edu.optim.lr_scheduler.one_cycle import OneCycleLR
from tinygrad_edu.optim.lr_scheduler.plateau import ReduceLROnPlateau
from tinygrad_edu.optim.lr_scheduler.scheduler import LRScheduler, _LRScheduler

__all__ = [
    "LRScheduler", "LambdaLR", "MultiplicativeLR", "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR",
    "PolynomialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR", "CyclicLR", "ReduceLROnPlateau",
    "SequentialLR", "ChainedScheduler",
]  # fmt: skip
