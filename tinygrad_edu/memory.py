"""Who shares memory with whom, and when it was last changed.

An in-place change stamps the array that owns the memory with the time. A node is stamped when it is
made; if memory that it saved has been changed since, its rules would read wrong numbers, and the
backward pass says so instead. Views, `.data`, `.detach()` and tensors over the same NumPy array share
the owner and so the stamp. (Writes by NumPy into `.numpy()` cannot be seen.)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any

from numpy import ndarray

if TYPE_CHECKING:
    from tinygrad_edu.node import Node, TensorBase

__all__ = [
    "View", "changed", "changed_since", "check_unchanged", "last_change", "observing", "owner", "recording", "tick",
    "version",
]  # fmt: skip

recording: ContextVar[Any] = ContextVar("recording", default=True)
"""False under `no_grad`; True; or an observer, called as ``observer(node, operands, out)`` after each recorded call."""

observing: ContextVar[Any] = ContextVar("observing", default=True)
"""What `recording` becomes where grad mode is switched on: True, or the observer that looks on."""

tick = count(1).__next__
"""The clock: positive, strictly increasing."""


class _Stamp:
    __slots__ = ("by", "count", "time", "watch")
    time: int
    count: int
    by: str  # the name of the function that changed it
    watch: Any


_stamps: dict[int, _Stamp] = {}
last_change = 0
"""The time of the latest change of anything: a node younger than that needs no check."""


def owner(a: Any) -> Any:
    """The array that owns the memory of `a`: `a` itself unless it is a view."""
    while (base := a.base) is not None:
        if not isinstance(base, ndarray):
            base = getattr(base, "base", None)  # what NumPy's as_strided puts in between
            if not isinstance(base, ndarray):
                break
        a = base
    return a


def overlaps_itself(a: ndarray) -> bool:
    """Whether several elements of `a` may be the same memory (expanded or unfolded)."""
    reach = 0
    for step, n in sorted((abs(s), n) for s, n in zip(a.strides, a.shape, strict=True) if n > 1):
        if step <= reach:
            return True
        reach += step * (n - 1)
    return False


def changed(a: Any, by: str) -> None:
    """Note that the memory of array `a` has just been written to by the function named `by`."""
    global last_change
    if a.base is not None:
        a = owner(a)
    key = id(a)
    stamp = _stamps.get(key)
    if stamp is None:
        stamp = _stamps[key] = _Stamp()
        stamp.count = 0
        stamp.watch = weakref.ref(a, lambda _: _stamps.pop(key, None))
    stamp.count += 1
    stamp.by = by
    stamp.time = last_change = tick()


def changed_since(a: Any, time: int) -> str | None:
    """The name of the function that last changed the memory of `a`, if that was after `time`."""
    stamp = _stamps.get(id(owner(a)))
    return stamp.by if stamp is not None and stamp.time > time else None


def check_unchanged(node: Node) -> None:
    """Raises RuntimeError if an array that the node saved has been changed in place since."""
    for part in node.saved or ():
        for a in part if type(part) is tuple else (part,):
            if type(a) is ndarray and (by := changed_since(a, node.seq)):
                where = f"it was recorded at {node.site}" if node.site else "autograd.detect_anomaly() shows the line"
                raise RuntimeError(
                    f"one of the variables needed for gradient computation has been modified by an inplace operation: "
                    f"the gradient of {node.name()} needs an array of shape {tuple(a.shape)} as it was in the forward "
                    f"pass, but {by} has changed it in place since ({where}). Write the out-of-place form (x = x + 1 "
                    f"instead of x += 1), or change a copy (x.clone())."
                )


def version(a: Any) -> int:
    """How often the memory of `a` has been changed in place."""
    stamp = _stamps.get(id(owner(a))) if type(a) is ndarray else None
    return 0 if stamp is None else stamp.count


class View:
    """How a tensor was made from an older one that it shares memory with (or why it must not be written to)."""

    __slots__ = ("array", "base", "seen", "several", "step")

    def __init__(self, base: TensorBase, step: Callable[[Any], Any], several: bool = False) -> None:
        older = base._view
        self.base: TensorBase = base if older is None else older.base  # a view of a view is a view of the base
        self.step: Callable[[Any], Any] = step if older is None else lambda x: step(older.step(x))
        self.several: bool = several or (older is not None and older.several)  # one of several results of a call
        self.seen = self.base._edge()
        self.array = self.base._array  # as it was laid out then

    def refresh(self, tensor: TensorBase) -> None:
        """After the base was changed in place, its views are views of the changed base: record that."""
        base = self.base
        if base._array is not self.array:
            under = base._view.base if base._view is not None else base
            if under._array is not self.array:  # the base has got other memory (x.data = y): no view of it any more
                return
            base = self.base = under  # the base was reshaped in place (t_, unsqueeze_): this is what it was before
        now = base._edge()
        if now is self.seen or not now or not now.edges:  # a base that merely became a leaf has not been changed
            return
        if tensor._node is None and self.seen is not None:  # made under no_grad: it stays unrecorded
            return
        before = recording.get()
        recording.set(observing.get())
        try:
            made = self.step(base)._node
        finally:
            recording.set(before)
        self.seen = now
        tensor._move(made)
