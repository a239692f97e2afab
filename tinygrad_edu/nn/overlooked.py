"""What a model would train but does not find: modules in lists, and tensors that are no Parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakSet

from tinygrad_edu.nn.members import PARAMETER
from tinygrad_edu.primitive import Leaf, TensorBase
from tinygrad_edu.warning import warn

__all__ = ["warn_of_overlooked"]

_seen: WeakSet[Any] = WeakSet()  # models that were looked through: once is enough


def warn_of_overlooked(model: Any, parts: Any) -> None:
    """Warn, once for each model, of what requires grad among the attributes of its `parts` but is not registered."""
    if model in _seen:
        return
    _seen.add(model)
    parts = list(parts)
    known = {p for part in parts for _, p in part._own_members(PARAMETER)}
    for part in parts:
        for name, value in vars(part).items():
            which = f"{type(part).__name__}.{name}"
            if isinstance(value, (list, tuple, dict)):
                inside = value.values() if isinstance(value, dict) else value
                kind = "Parameter" if isinstance(next(iter(inside), None), TensorBase) else "Module"
                if any(p not in known for x in inside for p in _trainable(x)):
                    warn(
                        f"{which} is a {type(value).__name__}, and what is in it is not part of the model: its "
                        f"parameters are not found by parameters(), and so not trained, saved or moved. Write "
                        f"nn.{kind}{'Dict' if isinstance(value, dict) else 'List'}(…)."
                    )
            elif isinstance(value, TensorBase) and type(value._node) is Leaf and value not in known:
                warn(
                    f"{which} requires grad, but is no Parameter: parameters() does not find it, and so it is not "
                    f"trained or saved. Write nn.Parameter(…)."
                )


def _trainable(x: Any) -> Iterator[Any]:
    """The tensors that require grad in one entry of a list."""
    if isinstance(x, TensorBase):
        if type(x._node) is Leaf:
            yield x
    elif hasattr(x, "_own_members"):
        yield from (p for _, p in x.named_parameters() if p.requires_grad)
