"""Hooks: functions that are called with a gradient as it passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.lazy import copied
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["Hooks", "RemovableHandle", "of"]

Hook = Callable[[Any], Any]


class Hooks:
    """The hooks of a leaf or of a node, in the order in which they are called."""

    __slots__ = ("after", "first", "last")

    def __init__(self) -> None:
        self.first: list[Hook] = []  # may replace the gradient
        self.last: Hook | None = None  # keeps what came out of them (retain_grad)
        self.after: list[Hook] = []  # called with the leaf once its `.grad` is complete

    def __iter__(self) -> Any:
        return iter([*self.first, self.last] if self.last else list(self.first))

    def add(self, hook: Hook) -> RemovableHandle:
        return RemovableHandle(self.first, hook)

    def add_after(self, hook: Hook) -> RemovableHandle:
        return RemovableHandle(self.after, hook)

    def run(self, g: Any) -> Any:
        """The cotangent after the hooks: each may return another one, or change its own (a copy, unless recorded)."""
        lift = not isinstance(g, TensorBase)
        t: Any = wrap(copied(g)) if lift else g
        before = recording.get()
        if lift:
            recording.set(False)
        try:
            for hook in self:
                new = hook(t)
                if new is not None:
                    if not isinstance(new, TensorBase) or new._array.shape != t._array.shape:
                        raise RuntimeError(
                            f"a hook must return None or a Tensor of the gradient's shape {tuple(t._array.shape)}, not "
                            f"{tuple(new._array.shape) if isinstance(new, TensorBase) else type(new).__name__}"
                        )
                    if new._array.dtype != t._array.dtype:
                        raise RuntimeError(
                            f"a hook must return a Tensor of the gradient's dtype {t._array.dtype}, not "
                            f"{new._array.dtype}: write return new.to(grad.dtype)"
                        )
                    t = new
        finally:
            recording.set(before)
        return t._array if lift else t

    def run_after(self, leaf: Any) -> None:
        before = recording.get()
        recording.set(False)
        try:
            for hook in list(self.after):
                hook(leaf)
        finally:
            recording.set(before)


class RemovableHandle:
    """What registering a hook returns: `remove()` unregisters it, as does the end of a ``with`` block."""

    def __init__(self, hooks: list[Any], hook: Any, first: bool = False) -> None:
        self._hooks, self._hook = hooks, [hook]
        hooks.insert(0 if first else len(hooks), hook)

    def remove(self) -> None:
        """Unregister the hook. Doing it again does nothing."""
        while self._hook:
            hook = self._hook.pop()
            for k, have in enumerate(self._hooks):
                if have is hook:
                    del self._hooks[k]
                    break

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def of(target: Any) -> Hooks:
    """The hooks of a leaf tensor or of a node, made on first use."""
    name = "_hooks" if isinstance(target, TensorBase) else "hooks"
    have = getattr(target, name)
    if have is None:
        have = Hooks()
        setattr(target, name, have)
    return have
