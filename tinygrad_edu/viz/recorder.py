"""What the engine does while somebody looks on: each call, and each rule of a backward pass, with its numbers.

The recorder is an observer of recorded calls (`tinygrad_edu.memory.recording`). Before a backward pass it
puts a witness around the rules of the nodes that will run, and takes it away afterwards; so a program that is
not filmed pays nothing. It copies numbers and changes none.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.autograd.propagate import fit, ordered
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.primitive import Leaf, Node, Pick, Plan, TensorBase
from tinygrad_edu.viz.tracing import Places

__all__ = ["Arrival", "Back", "Call", "Part", "Recorder", "Seed", "Step", "Values"]


@dataclass(slots=True)
class Call:
    """A primitive was called and recorded. Values are places in `Values`."""

    node: Node
    operands: tuple[int | None, ...]  # None: left out, or not known
    result: int | tuple[int, ...] | None  # None: not known
    edges: tuple[Any, ...]  # for each operand: its node or leaf, or None
    constants: dict[int, Any]  # the arrays themselves of operands that need no gradient
    number: int | None = None  # of the backward pass that made the call (create_graph), counted from 0
    complete: bool = True  # all operands are known


@dataclass(slots=True)
class Seed:
    """A backward pass starts: the cotangent of its output."""

    number: int  # of the pass
    edge: Any
    value: int
    recorded: bool = False  # create_graph: the pass is itself a graph


@dataclass(slots=True)
class Part:
    """What a node passes back to one operand."""

    position: int  # of the operand
    edge: Any  # where it goes
    value: int
    total: int  # with what other uses of the operand have passed back before
    uses: int  # how many have, this one included
    before: int | None = None  # what they had passed back before
    raw: tuple[int, ...] | None = None  # the shape that the rule gave, where the engine has summed it to the operand's


@dataclass(slots=True)
class Back:
    """The rules of a node turn the cotangent of its result into those of its operands."""

    number: int
    node: Node
    incoming: int | tuple[int | None, ...]  # a tuple for several results
    reads: dict[str, int | tuple[int, ...]] = field(default_factory=dict)  # what the rules read, by the rules' names
    shapes: dict[str, Any] = field(default_factory=dict)  # of which they know only shape and dtype
    parts: list[Part] = field(default_factory=list)


@dataclass(slots=True)
class Arrival:
    """The cotangent of a leaf is complete."""

    number: int
    edge: Leaf
    total: int
    before: int | None = None  # its .grad before the pass
    after: int | None = None  # and after it, where backward() has added the cotangent


Step = Call | Seed | Back | Arrival


_WRITES = ("setitem", "put_view")


class Values:
    """Copies of arrays, one for each that the engine used: the same numbers in the same array are kept once."""

    def __init__(self) -> None:
        self.arrays: list[Any] = []
        self._places: dict[int, tuple[Any, int]] = {}

    def __getitem__(self, place: int) -> Any:
        return self.arrays[place]

    def keep(self, x: Any) -> int:
        """The place of a copy of `x`: a Tensor, an array or a number."""
        a = x._array if hasattr(x, "_array") else x
        if type(a) is not ndarray:  # numbers, and other libraries' arrays, which nobody writes to: kept as they are
            self.arrays.append(a)
            return len(self.arrays) - 1
        watch, place = self._places.get(id(a), (None, -1))
        if watch is not None and watch() is a and _same(a, self.arrays[place]):
            return place
        self.arrays.append(_frozen(a.copy(order="K")))  # BLAS adds up in another order for another layout
        self._places[id(a)] = weakref.ref(a), len(self.arrays) - 1
        return len(self.arrays) - 1


def _frozen(a: ndarray) -> ndarray:
    a.flags.writeable = False
    return a


def _same(a: ndarray, b: ndarray) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


class Recorder:
    """Writes down steps. Use it as a context manager, once; `other` observers go on observing."""

    def __init__(self, root: Any = None) -> None:
        self.places = Places(root)
        self.steps: list[Step] = []
        self.values = Values()
        self.passes = 0
        self._results: dict[Any, Any] = {}  # by node: where the result is kept
        self._open: list[_Pass] = []  # passes that are under way: a hook may start another one
        self._arrived: list[Arrival] = []

    def __enter__(self) -> Recorder:
        self._other = observing.get()
        observing.set(self)
        recording.set(recording.get() and self)
        return self

    def __exit__(self, *exc: object) -> None:
        for now in self._open:  # somebody left the film in the middle of a pass
            now.close()
        self._open.clear()
        self._settle()
        observing.set(self._other)
        recording.set(recording.get() and self._other)

    def __call__(self, node: Any, operands: Any, out: Any) -> None:
        """After each recorded call."""
        now = self._open[-1] if self._open else None
        if now is None:
            self._settle()
            self.places.note(node)
        keep = self.values.keep
        values = [None if x is None else keep(x) for x in operands]
        edges = tuple(x._edge() if isinstance(x, TensorBase) else None for x in operands)
        result: Any
        if node.primitive.name in _WRITES:  # when they are recorded, the array may have been written to, or not yet
            values[0] = self.result_of(edges[0], values[0])
            old, new = (self.values[k] for k in values if k is not None)
            result = keep(node.primitive.function(old, new, **(node.kwargs or {})))
        else:
            result = tuple(map(keep, out)) if isinstance(out, tuple) else keep(out)
        self._results[node] = result
        constants = {i: getattr(x, "_array", x) for i, x in enumerate(operands) if edges[i] is None}
        self.steps.append(Call(node, tuple(values), result, edges, constants, None if now is None else now.number))
        if self._other is not True:
            self._other(node, operands, out)

    def recall(self, node: Node, operands: Any, edges: Any, result: Any, complete: bool) -> None:
        """Write down a call that was made before anybody looked; None is what is not known."""
        keep = self.values.keep
        places = tuple(None if x is None else keep(x) for x in operands)
        kept: Any = (
            tuple(map(keep, result)) if isinstance(result, (tuple, list)) else None if result is None else keep(result)
        )
        if kept is not None:
            self._results[node] = kept
        constants = {i: x for i, x in enumerate(operands) if edges[i] is None and (complete or x is not None)}
        self.steps.append(Call(node, places, kept, tuple(edges), constants, complete=complete))

    def result_of(self, edge: Any, otherwise: Any = None) -> Any:
        """Where the result of a recorded call is kept, if that call was seen."""
        if isinstance(edge, Pick):
            results = self._results.get(edge.edges[0])
            return otherwise if results is None else results[edge.index]
        return self._results.get(edge, otherwise)

    def watch_backward(self, roots: Sequence[tuple[Any, Any]]) -> Callable[[dict[Any, Any] | None], None]:
        """Before a backward pass; returns what is to be called after it, with the cotangents or None if it failed."""
        self._settle()
        also = None
        if watch := getattr(self._other, "watch_backward", None):
            also = watch(roots)
        now = _Pass(self, roots)
        self._open.append(now)
        self.passes += 1

        def done(found: dict[Any, Any] | None) -> None:
            now.close()
            self._open.remove(now)
            for edge, total in (found or {}).items():
                if isinstance(edge, Leaf):
                    before = getattr(edge.tensor(), "_grad", None)
                    arrival = Arrival(
                        now.number, edge, self.values.keep(total), None if before is None else self.values.keep(before)
                    )
                    self.steps.append(arrival)
                    self._arrived.append(arrival)
            if also is not None:
                also(found)

        return done

    def _settle(self) -> None:
        """Look which leaves have got their gradient."""
        arrived, self._arrived = self._arrived, []
        for a in arrived:
            gradient = getattr(a.edge.tensor(), "_grad", None)
            if gradient is None:
                continue
            total = self.values[a.total]
            hoped = total if a.before is None else np.add(self.values[a.before], total, dtype=total.dtype)
            hoped = np.asarray(hoped) if isinstance(hoped, np.generic) else hoped
            found = gradient._array
            if type(found) is ndarray and type(hoped) is ndarray and _same(found, hoped):
                a.after = self.values.keep(found)


class _Pass:
    """A backward pass that is under way."""

    def __init__(self, recorder: Recorder, roots: Sequence[tuple[Any, Any]]) -> None:
        self.recorder, self.number = recorder, recorder.passes
        self.totals: dict[Any, tuple[int, int]] = {}  # by node or leaf: what has been passed to it, and how often
        self.current: Back | None = None
        self.plans: dict[Node, Plan] = {}
        for edge, g in roots:
            value = recorder.values.keep(g)
            recorder.steps.append(Seed(self.number, edge, value, isinstance(g, TensorBase)))
            self.add(edge, g, value)
        for node in ordered([edge for edge, _ in roots]):
            if not isinstance(node, Pick):
                self.plans[node] = node.plan
                # what another pass that is under way has put around it is no business of this one
                plan = next((p.plans[node] for p in recorder._open if node in p.plans), node.plan)
                node.plan = _Witnessed(plan, node, self)

    def close(self) -> None:
        for node, plan in self.plans.items():
            node.plan = plan
        self.plans.clear()

    def add(self, edge: Any, c: Any, value: int) -> tuple[int, int, int | None]:
        """Count one more use, as the engine does: its total, the number of uses, and the total before."""
        have = self.totals.get(edge)
        if have is None:
            self.totals[edge] = value, 1
            return value, 1, None
        before, uses = have
        values = self.recorder.values
        added = values[before] + (c._array if isinstance(c, TensorBase) else values[value])
        total = values.keep(added)
        self.totals[edge] = total, uses + 1
        return total, uses + 1, before

    def witness(self, node: Node, g: Any, reads: dict[str, Any], parts: list[tuple[int, Any, Any, Any]]) -> None:
        keep = self.recorder.values.keep
        step = self.current
        if step is None or step.node is not node:
            incoming: Any = tuple(None if x is None else keep(x) for x in g) if isinstance(g, tuple) else keep(g)
            step = self.current = Back(self.number, node, incoming)
            self.recorder.steps.append(step)
        for name, x in reads.items():
            if name.startswith("_"):
                step.shapes[name] = x
            elif name not in step.reads:
                step.reads[name] = tuple(map(keep, x)) if isinstance(x, tuple) else keep(x)
        for position, edge, c, shape in parts:
            value = keep(c)
            total, uses, before = self.add(edge, c, value)
            raw = None if shape == edge.shape else tuple(shape)
            step.parts.append(Part(position, edge, value, total, uses, before, raw))


class _Witnessed(Plan):
    """The plan of one node, with somebody who writes down what its rules are given and return."""

    __slots__ = ()

    def __init__(self, plan: Plan, node: Node, now: _Pass) -> None:
        for slot in Plan.__slots__:
            setattr(self, slot, getattr(plan, slot))
        p = plan.primitive
        if plan.joint:
            ((rule, choose, names),) = plan.calls
            targets = tuple(zip(plan.wanted, node.edges, strict=True))
            reads = _Reading(plan, p.joint or rule, choose)
            self.calls = ((_all_operands(rule, reads, node, targets, now), choose, names),)
        else:
            self.calls = tuple(
                (_one_operand(rule, _Reading(plan, p.rules[i] or rule, choose), node, i, edge, now), choose, names)
                for (rule, choose, names), i, edge in zip(plan.calls, plan.wanted, node.edges, strict=True)
            )


class _Reading:
    """What a rule reads of what is saved, by the rule's names."""

    def __init__(self, plan: Plan, rule: Callable[..., Any], choose: Any) -> None:
        p = plan.primitive
        self.names = p.reads(rule)[0]
        # without a choice all that is saved is given (another observer's rule chooses by itself)
        self.at = None if choose else [plan.sources.index(p.environment[n.removeprefix("_")]) for n in self.names]

    def __call__(self, saved: Sequence[Any]) -> dict[str, Any]:
        return dict(zip(self.names, saved if self.at is None else [saved[k] for k in self.at], strict=True))


def _one_operand(
    rule: Callable[..., Any], reads: _Reading, node: Node, position: int, edge: Any, now: _Pass
) -> Callable[..., Any]:
    def witnessed(g: Any, *saved: Any, **named: Any) -> Any:
        c = rule(g, *saved, **named)
        shape = c.shape
        if c.shape != edge.shape or c.dtype is not edge.dtype:  # the engine would do this next
            c = fit(c, edge.shape, edge.dtype, node)
        now.witness(node, g, reads(saved), [(position, edge, c, shape)])
        return c

    return witnessed


def _all_operands(
    rule: Callable[..., Any], reads: _Reading, node: Node, targets: Sequence[tuple[int, Any]], now: _Pass
) -> Callable[..., Any]:
    def witnessed(g: Any, *saved: Any, **named: Any) -> Any:
        found = rule(g, *saved, **named)
        parts: dict[int, Any] = {}
        for i, edge in targets:
            c = found[i]
            parts[i] = None if c is None else fit(c, edge.shape, edge.dtype, node)
        kept = [(i, edge, parts[i], found[i].shape) for i, edge in targets if parts[i] is not None]
        now.witness(node, g, reads(saved), kept)
        return parts

    return witnessed
