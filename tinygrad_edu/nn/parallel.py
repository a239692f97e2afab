"""Models on several devices, of which there is one."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.nn.module import Module

__all__ = ["DataParallel", "data_parallel"]


class DataParallel(Module):
    """Runs `module`, which is the part named ``module`` (so ``model.module.state_dict()`` has its own names).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> model = nn.DataParallel(nn.Linear(2, 1))
    >>> model(tg.ones(3, 2)).shape, list(model.state_dict())
    (Size([3, 1]), ['module.weight', 'module.bias'])
    """

    module: Module

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module, self.dim = module, dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What the module gives."""
        return self.module(*inputs, **kwargs)


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Any = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """What the module gives for `inputs`, one or a tuple."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))
