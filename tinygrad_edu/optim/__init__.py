"""Optimizers: they change parameters a little, against their gradients.

>>> import tinygrad_edu as tg
>>> w = tg.tensor([1.0, 2.0], requires_grad=True)
>>> optimizer = tg.optim.SGD([w], lr=0.1)
>>> (w * w).sum().backward()
>>> optimizer.step()
>>> w.detach()
tensor([0.8000, 1.6000])
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinygrad_edu.optim.adadelta import Adadelta
from tinygrad_edu.optim.adagrad import Adagrad
from tinygrad_edu.optim.adam import Adam
from tinygrad_edu.optim.adamax import Adamax
from tinygrad_edu.optim.adamw import AdamW
from tinygrad_edu.optim.asgd import ASGD
from tinygrad_edu.optim.lbfgs import LBFGS
from tinygrad_edu.optim.momentum import Momentum
from tinygrad_edu.optim.nadam import NAdam
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.optim.radam import RAdam
from tinygrad_edu.optim.rmsprop import RMSprop
from tinygrad_edu.optim.rprop import Rprop
from tinygrad_edu.optim.sgd import SGD

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Momentum", "NAdam", "Optimizer",
    "RAdam", "RMSprop", "Rprop", "lr_scheduler", "swa_utils",
]  # fmt: skip

_OTHERWISE = {
    "sparseadam": "gradients are never sparse here: use Adam",
    "adafactor": "there is no Adafactor here: use AdamW",
    "muon": "there is no Muon here: use AdamW",
    "nesterov": "write SGD(params, lr, momentum=0.9, nesterov=True)",
    "gradientdescent": "write SGD",
}

if TYPE_CHECKING:
    from tinygrad_edu.optim import lr_scheduler, swa_utils


def __getattr__(name: str) -> Any:
    if name in ("lr_scheduler", "swa_utils"):  # loaded when they are first asked for
        return importlib.import_module(f"{__name__}.{name}")
    known = {n.lower(): n for n in __all__}
    key = name.lower().replace("_", "")
    hint = f"write optim.{known[key]}" if key in known else _OTHERWISE.get(key, f"there are {', '.join(__all__)}")
    raise AttributeError(f"module 'tinygrad_edu.optim' has no attribute '{name}': {hint}")


class _File(ModuleType):
    """A file of one optimizer. Who calls it (`optim.sgd(...)`) means the class in it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        name = self.__name__.rpartition(".")[2]
        raise TypeError(f"optim.{name} is the module; the optimizer is optim.{self.__all__[0]}")


for _name in __all__:
    if (_module := sys.modules.get(f"{__name__}.{_name.lower()}")) is not None:
        _module.__class__ = _File
