"""Mixed precision, without which this engine computes: programs that switch it on where a GPU is run unchanged.

>>> import tinygrad_edu as tg
>>> with tg.autocast("cuda", enabled=tg.cuda.is_available()):
...     y = tg.ones(2) @ tg.ones(2)
>>> y.dtype
dtype('float32')
"""

from __future__ import annotations

import contextlib
from typing import Any

from tinygrad_edu.warning import warn

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available", "is_autocast_enabled"]


class autocast(contextlib.ContextDecorator):
    """A context, or a decorator, in which everything stays in the dtype that it has.

    Warns where it is switched on for the CPU, on which PyTorch would compute in `dtype` (bfloat16).
    """

    def __init__(
        self, device_type: Any = "cuda", dtype: Any = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device_type, self.fast_dtype = device_type, dtype
        self._asked = enabled and str(device_type) == "cpu"

    def __enter__(self) -> autocast:
        if self._asked:
            warn("autocast: there is no mixed precision here, all is computed in float32")
        return self

    def __exit__(self, *error: Any) -> None:
        return None


def is_autocast_available(device_type: str) -> bool:
    """False: there is no mixed precision."""
    return False


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """False: there is no mixed precision."""
    return False


def custom_fwd(fwd: Any = None, **options: Any) -> Any:
    """The function itself."""
    return fwd if fwd is not None else lambda function: function


custom_bwd = custom_fwd


class GradScaler:
    """Scales nothing, since float32 needs none: `scale` gives the loss itself, `step` takes the optimizer's step.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor(1.0, requires_grad=True)
    >>> optimizer, scaler = tg.optim.SGD([w], lr=0.5), tg.amp.GradScaler()
    >>> scaler.scale(w * w).backward()
    >>> scaler.step(optimizer)
    >>> scaler.update()
    >>> w.item()
    0.0
    """

    def __init__(self, device: Any = "cuda", *settings: Any, **options: Any) -> None:
        pass

    def scale(self, outputs: Any) -> Any:
        """The outputs themselves."""
        return outputs

    def unscale_(self, optimizer: Any) -> None:
        """Does nothing."""

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """What ``optimizer.step`` does."""
        return optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Does nothing."""

    def is_enabled(self) -> bool:
        """False."""
        return False

    def get_scale(self) -> float:
        """1."""
        return 1.0

    def state_dict(self) -> dict[str, Any]:
        """Nothing is kept."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Does nothing."""
