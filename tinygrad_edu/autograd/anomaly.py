"""`detect_anomaly`: which call made the NaN, where the program made that call, and with which numbers.

An observer notes the user's line at every recorded call. Before a backward pass it puts a check around
the rules of the nodes that will run, so that without it nothing is slower.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.primitive import Node, Pick, Plan, TensorBase

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]

_PACKAGE = str(Path(__file__).parent.parent)

_REMEDY = (
    "The cotangent is 0 here and the derivative is infinite or NaN: 0 · inf is NaN. That is what where() does to the "
    "branch that it does not take. Keep bad numbers out of the branch, before the function (a double where):\n"
    "    safe = where(good, x, 1.0); y = where(good, f(safe), 0.0)"
)


def user_line() -> str | None:
    """The innermost line outside of this package: "train.py:12: loss = …". No frame is kept."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return None
    path, line = frame.f_code.co_filename, frame.f_lineno
    return f"{Path(path).name}:{line}: {linecache.getline(path, line, frame.f_globals).strip()}"


class Observer:
    """Looks on while calls are recorded, and at what the rules return in a backward pass."""

    def __init__(self, check_nan: bool, other: Any) -> None:
        self.check_nan, self.other = check_nan, other

    def __call__(self, node: Any, operands: Any, out: Any) -> None:
        node.site = user_line()
        if self.other is not True:
            self.other(node, operands, out)

    def watch_backward(self, roots: Sequence[tuple[Any, Any]]) -> Any:
        watch = getattr(self.other, "watch_backward", None)
        done = watch(roots) if watch else None
        if not self.check_nan:
            return done
        for _, g in roots:
            if _has_nan(g):
                if done is not None:
                    done(None)
                raise RuntimeError("detect_anomaly: the gradient that was passed to backward() holds NaN")
        for node in ordered([edge for edge, _ in roots]):
            if not isinstance(node, Pick) and not isinstance(node.plan, _Watched):
                node.plan = _Watched(node)
        return done


class _Watched(Plan):
    """The plan of one node, with a check around each rule."""

    __slots__ = ()

    def __init__(self, node: Node) -> None:
        plan = node.plan
        for slot in Plan.__slots__:
            setattr(self, slot, getattr(plan, slot))
        names = {k: n for n, k in plan.primitive.environment.items()}
        known = [None if k in plan.ghosts else names[s] for k, s in enumerate(plan.sources)]
        positions: Sequence[Any] = (plan.wanted,) if plan.joint else [(i,) for i in plan.wanted]
        self.calls = tuple(
            (_checked(rule, choose, plan, i, known, node.site), None, names)
            for (rule, choose, names), i in zip(plan.calls, positions, strict=True)
        )


def _checked(
    rule: Callable[..., Any], choose: Any, plan: Plan, positions: Sequence[int], known: Sequence[str | None],
    site: str | None,
) -> Callable[..., Any]:  # fmt: skip
    """A rule that looks at what it returns."""

    def check(g: Any, *saved: Any, **named: Any) -> Any:
        result = rule(g, *(saved if choose is None else choose(saved)), **named)
        for i, c in zip(positions, [result[i] for i in positions] if plan.joint else [result], strict=True):
            if _has_nan(c):
                raise RuntimeError(_message(plan, i, _array(c), g, zip(known, saved, strict=True), site))
        return result

    return check


def _array(x: Any) -> Any:
    return np.asarray(x._array if isinstance(x, TensorBase) else x)


def _has_nan(c: Any) -> bool:
    return c is not None and bool(np.isnan(_array(c)).any())


def _message(plan: Plan, i: int, c: Any, g: Any, saved: Any, site: str | None) -> str:
    """What is known about the NaN at its first entry."""
    primitive = plan.primitive
    operand = primitive.operands[i] if i < len(primitive.operands) else f"number {i}"
    at = tuple(map(int, np.argwhere(np.isnan(c))[0]))
    lines = [
        f"detect_anomaly: the gradient of {primitive.name} with respect to its operand {operand} is NaN in "
        f"{int(np.isnan(c).sum())} of {c.size} entries, first at {list(at)}",
        f"  recorded at {site}" if site else "  (to see the line, run the forward pass inside detect_anomaly() too)",
    ]
    values = [("the cotangent", g), *saved]
    for name, value in values:
        if name is not None and (text := _value(name, value, c.shape, at)):
            lines.append(f"  {text}")
    if _is_zero(g, c.shape, at):
        lines.append("  " + _REMEDY)
    return "\n".join(lines)


def _value(name: str, value: Any, shape: Any, at: tuple[int, ...]) -> str | None:
    """A saved value at the entry where the NaN is, or where it is not finite itself."""
    if value is None or isinstance(value, (tuple, list)):
        return None
    a = _array(value)
    if a.dtype.kind == "f" and not np.isfinite(a).all():
        bad = np.argwhere(~np.isfinite(a)).tolist()
        return f"{name} (shape {a.shape}) is {a[tuple(bad[0])]:g} at {bad[0]}, {len(bad)} of {a.size} not finite"
    try:
        return f"{name} is {np.broadcast_to(a, shape)[at]:g} there"
    except ValueError:
        return f"{name} (shape {a.shape}) is finite"


def _is_zero(g: Any, shape: Any, at: tuple[int, ...]) -> bool:
    if isinstance(g, (tuple, list)):
        return False
    try:
        return bool(np.broadcast_to(_array(g), shape)[at] == 0)
    except ValueError:
        return False


def is_anomaly_enabled() -> bool:
    """Whether calls are being observed by `detect_anomaly`."""
    return isinstance(observing.get(), Observer)


def is_anomaly_check_nan_enabled() -> bool:
    """Whether NaN in a backward pass is an error."""
    observer = observing.get()
    return isinstance(observer, Observer) and observer.check_nan


def _observe(observer: Any) -> None:
    observing.set(observer)
    recording.set(recording.get() and observer)


class set_detect_anomaly:
    """Switch the detection on or off from now on, or inside a ``with`` block only.

    Args:
        mode: on or off, in this thread or task.
        check_nan: whether NaN in a backward pass is an error; lines are noted in any case.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = observing.get()
        rest = self._before.other if isinstance(self._before, Observer) else self._before
        _observe(Observer(check_nan, rest) if mode else rest)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _observe(self._before)


class detect_anomaly(set_detect_anomaly):
    """Inside, NaN in a backward pass is an error that names the call, its line and its numbers.

    Put the forward pass inside too: then errors know the line of the program that made each call.

    >>> import numpy as np
    >>> from tinygrad_edu import autograd, tensor
    >>> x = tensor([0.0, 4.0], requires_grad=True)
    >>> with autograd.detect_anomaly(), np.errstate(all="ignore"):
    ...     (x.sqrt() * tensor([0.0, 1.0])).sum().backward()    # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    RuntimeError: detect_anomaly: the gradient of sqrt with respect to its operand x is NaN in 1 of 2 entries...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan

    def __enter__(self) -> None:
        super().__init__(True, self._check_nan)
