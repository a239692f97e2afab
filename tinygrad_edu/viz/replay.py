"""Proof that a film shows the engine's numbers: every step again, from the recorded values and the table of rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu import lazy
from tinygrad_edu.autograd.function import FunctionNode
from tinygrad_edu.autograd.propagate import fit
from tinygrad_edu.dtypes import promote, refloat
from tinygrad_edu.primitive import Leaf, Pick, Primitive
from tinygrad_edu.viz.recorder import Arrival, Back, Call, Seed, Step, Values

__all__ = ["run", "verify"]

_ULPS = 256


def verify(steps: Sequence[Step], values: Values) -> int:
    """Compute every step again and compare; returns how many steps were proved.

    Raises AssertionError with the number of the first step whose numbers are not those that the rules give.
    A user's `Function`, which is not in the table, is looked at only where it meets other steps.
    """
    calls = {step.node: step for step in steps if isinstance(step, Call)}
    sums: dict[Any, Any] = {}  # by pass and node or leaf: what has been passed to it
    recorded = {step.number for step in steps if isinstance(step, Seed) and step.recorded}
    proved = 0
    for k, step in enumerate(steps):
        if isinstance(step, Call):
            found = _call(step, values)
        elif isinstance(step, Seed):
            _add(sums, (step.number, step.edge), values[step.value])
            found = []
        elif isinstance(step, Back):
            found = [*_incoming(step, values, sums), *_reads(step, values, calls.get(step.node)), *_rules(step, values)]
            for part in step.parts:
                total = _add(sums, (step.number, part.edge), values[part.value])
                found.append((f"the sum for operand {part.position}", part.total, total))
        else:
            found = _arrival(step, values, sums)
        for what, shown, expected in found:
            freely = isinstance(step, (Back, Arrival)) and step.number in recorded
            _equal(f"step {k} ({_name(step)}): {what}", values[shown], expected, freely)
        proved += 1
    return proved


def _name(step: Step) -> str:
    if isinstance(step, (Call, Back)):
        return f"{step.node.name()}, {'forward' if isinstance(step, Call) else 'backward'}"
    return "the cotangent that starts" if isinstance(step, Seed) else "the gradient of a leaf"


def _equal(what: str, shown: Any, expected: Any, recorded: bool) -> None:
    """Bit by bit; a pass that was recorded computed on tensors, and may have added up in another order."""
    shown, expected = lazy.realise([shown, expected])
    floating = shown.dtype.kind in "fc"
    same = shown.shape == expected.shape and np.array_equal(shown, expected, equal_nan=floating)
    if not same and recorded and floating and shown.shape == expected.shape:
        good = np.isfinite(shown)
        scale = np.max(np.abs(shown[good]), initial=0.0)
        close = np.abs(shown[good] - expected[good]) <= _ULPS * np.finfo(shown.dtype).eps * scale
        same = bool(close.all()) and np.array_equal(shown[~good], expected[~good], equal_nan=True)
    if not same:
        raise AssertionError(f"{what} is shown as {shown!r}, but the rules give {expected!r}")


def _add(sums: dict[Any, Any], key: Any, c: Any) -> Any:
    sums[key] = sums[key] + c if key in sums else c
    return sums[key]


def run(p: Primitive, arrays: Sequence[Any], kwargs: dict[str, Any] | None) -> Any:
    """The result of a primitive on arrays and numbers, as its recorder computes it."""
    arrays = promote(*arrays) if p.elementwise else arrays
    with np.errstate(all="ignore"):
        y = p.function(*arrays, **(kwargs or {}))
        if p.saves:
            y = y[0]
        if p.elementwise:
            y = refloat(np.asarray(y) if isinstance(y, np.generic) else y, p.function, tuple(arrays))
    return y


def _call(step: Call, values: Values) -> list[tuple[str, int, Any]]:
    """The forward pass: the primitive's function on the recorded operands."""
    if isinstance(step.node, FunctionNode) or not step.complete or step.result is None:
        return []
    y = run(step.node.primitive, [None if k is None else values[k] for k in step.operands], step.node.kwargs)
    if isinstance(step.result, tuple):
        return [(f"result {i}", k, a) for i, (k, a) in enumerate(zip(step.result, y, strict=True))]
    return [("the result", step.result, y)]


def _incoming(step: Back, values: Values, sums: dict[Any, Any]) -> list[tuple[str, int, Any]]:
    """The incoming cotangent is the sum of what was passed back to this node, unless the user's hooks replace it."""
    if step.node.hooks is not None:
        return []
    if not isinstance(step.incoming, tuple):
        return [("the incoming cotangent", step.incoming, sums[step.number, step.node])]
    picks = [e for n, e in sums if n == step.number and isinstance(e, Pick) and e.edges[0] is step.node]
    if any(e.hooks is not None for e in picks):
        return []
    found = []
    for i, place in enumerate(step.incoming):
        parts = [sums[step.number, e] for e in sorted(picks, key=lambda e: -e.seq) if e.index == i]
        if parts and place is not None:
            found.append((f"the incoming cotangent of result {i}", place, sum(parts[1:], parts[0])))
        elif place is not None:
            found.append((f"the incoming cotangent of result {i}", place, np.zeros_like(values[place])))
    return found


def _reads(step: Back, values: Values, call: Call | None) -> list[tuple[str, int, Any]]:
    """What the rules read is what the forward step shows as operands and result."""
    if call is None or step.node.primitive.spread:
        return []
    names = ("y", *step.node.primitive.operands)
    shown = dict(zip(names, (call.result, *call.operands), strict=False))
    found = []
    for name, place in step.reads.items():
        k = shown.get(name)
        if isinstance(k, int) and isinstance(place, int) and hasattr(a := values[place], "dtype"):
            x = values[k]
            found.append((f"the rules' {name}", place, x.astype(a.dtype) if hasattr(x, "astype") else x))
    return found


def _rules(step: Back, values: Values) -> list[tuple[str, int, Any]]:
    """The backward pass: the rules on the recorded values, then the chores of the engine."""
    node, p = step.node, step.node.primitive
    if isinstance(node, FunctionNode):
        return []
    incoming = step.incoming
    g: Any = (
        tuple(None if k is None else values[k] for k in incoming) if isinstance(incoming, tuple) else values[incoming]
    )
    kwargs = node.kwargs or {}

    def apply(rule: Any) -> Any:
        reads, named = p.reads(rule)
        saved = (_read(step, values, n) for n in reads)
        return rule(g, *saved, **{n: kwargs[n] for n in named if n in kwargs})

    with np.errstate(all="ignore"):
        joint: Any = apply(p.joint) if p.joint is not None else None
        return [
            (
                f"what is passed to operand {part.position}",
                part.value,
                fit(
                    apply(p.rules[part.position]) if p.joint is None else joint[part.position],
                    part.edge.shape,
                    part.edge.dtype,
                    node,
                ),
            )
            for part in step.parts
        ]


def _read(step: Back, values: Values, name: str) -> Any:
    """What a rule reads under a name: recorded values, or something of which only shape and dtype are known."""
    if name in step.shapes:
        return step.shapes[name]
    place = step.reads[name]
    return tuple(values[k] for k in place) if isinstance(place, tuple) else values[place]


def _arrival(step: Arrival, values: Values, sums: dict[Any, Any]) -> list[tuple[str, int, Any]]:
    edge: Leaf = step.edge
    found = [("its cotangent", step.total, sums[step.number, edge])]
    if step.after is not None:
        total = values[step.total]
        grown = total if step.before is None else np.add(values[step.before], total, dtype=total.dtype)
        found.append(("its .grad", step.after, grown))
    return found
