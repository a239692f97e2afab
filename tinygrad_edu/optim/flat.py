"""How a step is taken: like parameters side by side, so that NumPy is called once for all of them.

An optimizer's formula is elementwise, and a call of NumPy costs as much on ten numbers as on a thousand. So the
gradients of small parameters of one dtype are copied into one vector, their state lies in vectors of the same
layout (what `optimizer.state` shows are views of these), the formula runs on the whole, and each parameter has its
part of the result subtracted where it lies: its own memory never moves. A large parameter is not copied, but cut
into pieces that fit the cache with all that the formula makes of them.

The layout is made when it is first needed, and anew when something is no longer as it was: other parameters have
gradients, a state was loaded or assigned, memory was exchanged. Its views hold the state, so nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter, is_, itemgetter
from typing import Any, Protocol

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.dtypes import float64, get_default_dtype
from tinygrad_edu.memory import changed
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["Layout", "State", "alone", "constant", "number_dtype"]

PIECE = 1 << 17  # elements; measured: smaller pieces cost calls, larger ones fall out of the cache
SMALL = 1 << 13  # elements up to which copying a gradient is cheaper than calls of its own

State = dict[str, Any]
"""What an update sees of the state: vectors, to be changed in place, and numbers, to be replaced."""

Change = Callable[[dict[str, Any], State, Any, Any], ndarray]
"""(options, state, x, g) → what is to be subtracted from x."""

_array = attrgetter("_array")
_NONE: dict[str, Any] = {}


class Rule(Protocol):
    """What is asked of an optimizer here."""

    numbers: tuple[str, ...]  # which entries of the state are one number per parameter
    together: int  # how few small parameters are not worth copying together
    state: Any

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        """The state before the first step: for each entry a number, or a function of the first gradient."""

    def gradient(self, options: dict[str, Any], x: Any, g: Any) -> Any:
        """The gradient that the formula sees."""

    def needs_parameter(self, options: dict[str, Any]) -> bool:
        """Whether the change depends on `x`."""


def alone(rule: Rule, options: dict[str, Any], initial: dict[str, Any], change: Change, p: TensorBase, by: str) -> None:
    """Change one parameter where it lies, in pieces if it is large."""
    x, g = p._array, p._grad._array
    if type(g) is not ndarray or g.shape != x.shape:
        (g,) = _checked([g], [x.shape], by)
    if initial:
        state, numbers = _entries(rule, options, initial, p)
    else:
        state = numbers = _NONE
    if x.shape and (x.size <= PIECE or not x.flags.c_contiguous):
        np.subtract(x, change(options, state, x, g), x)
    else:
        _in_pieces(options, state, change, x.reshape(-1), g.reshape(-1))
    if numbers:
        for name in numbers:
            numbers[name].fill(state[name])
    changed(x, by)


def _in_pieces(options: dict[str, Any], state: State, change: Change, x: ndarray, g: ndarray) -> None:
    """Change a vector piece by piece (and what has no dimensions as a vector: NumPy would make a scalar of it)."""
    vectors = {name: a.reshape(-1) for name, a in state.items() if type(a) is ndarray}
    before = {name: value for name, value in state.items() if name not in vectors}  # numbers
    for k in range(0, x.size, PIECE):
        cut = slice(k, k + PIECE)
        piece = before | {name: a[cut] for name, a in vectors.items()}
        np.subtract(x[cut], change(options, piece, x[cut], g[cut]), x[cut])
        state.update((name, piece[name]) for name in before)


def _entries(
    rule: Rule, options: dict[str, Any], initial: dict[str, Any], p: TensorBase
) -> tuple[State, dict[str, ndarray]]:
    """The state of a parameter, and where its numbers are kept. What is missing starts."""
    entries, x = rule.state[p], p._array
    shape, dtype = x.shape, x.dtype
    state, numbers = {}, _NONE
    for name, first in initial.items():
        a = getattr(entries.get(name), "_array", None)
        if name in rule.numbers:
            if type(a) is not ndarray or a.shape != () or a.dtype.kind != "f" or not a.flags.writeable:
                a = _started(entries, name, first, (), number_dtype(), rule, options, p)
            numbers = numbers or {}
            numbers[name], state[name] = a, a.item()
        else:
            if type(a) is not ndarray or a.shape != shape or a.dtype is not dtype or not a.flags.carray:
                a = _started(entries, name, first, shape, dtype, rule, options, p)
            state[name] = a
    return state, numbers


def _started(
    entries: dict[str, Any], name: str, first: Any, shape: Any, dtype: Any, rule: Rule, options: Any, p: TensorBase
) -> ndarray:
    """A new array for an entry of the state."""
    a = np.empty(shape, dtype)
    a[...] = _value(entries, name, first, shape, rule, options, p)
    entries[name] = wrap(a)
    return a


class Layout:
    """Where the gradients and the state of some parameters lie while steps are taken."""

    def __init__(
        self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], params: Sequence[TensorBase]
    ) -> None:
        self.given, self.names = params, tuple(initial)
        self.blocks: list[Block] = []
        small: dict[Any, list[TensorBase]] = {}
        for p in params:
            if p._array.size <= SMALL:
                small.setdefault(p._array.dtype, []).append(p)
        for alike in small.values():
            for some in _packed(alike):
                if len(some) >= rule.together:
                    self.blocks.append(Block(rule, options, initial, some))
        self.params = [p for b in self.blocks for p in b.params]
        side_by_side = set(self.params)
        self.others = [p for p in params if p not in side_by_side]
        self.arrays = [p._array for p in self.params]
        self.shapes = [a.shape for a in self.arrays]
        if self.names:
            self.states = [rule.state[p] for p in self.params]
            self.memory = [*map(_array, self._entries())]

    def _entries(self) -> chain[Any]:
        if len(self.names) == 1:
            return chain(map(itemgetter(self.names[0]), self.states))
        return chain.from_iterable(map(itemgetter(*self.names), self.states))

    def fits(self, params: Sequence[TensorBase], initial: dict[str, Any], state: Any) -> bool:
        """Whether everything is still where it was."""
        if len(params) != len(self.given) or tuple(initial) != self.names or not all(map(is_, params, self.given)):
            return False
        if not all(map(is_, map(_array, self.params), self.arrays)):
            return False
        if not initial:
            return True
        try:
            if not all(map(is_, map(state.get, self.params), self.states)):
                return False
            return all(map(is_, map(_array, self._entries()), self.memory))
        except (KeyError, AttributeError):  # an entry was deleted, or is no tensor
            return False

    def step(self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], change: Change, by: str) -> None:
        """Change the parameters, noting that it was done `by` this function."""
        grads = _checked([p._grad._array for p in self.params], self.shapes, by)
        start = 0
        for block in self.blocks:
            block.step(rule, options, change, grads[start : (start := start + len(block.params))])
        for x in self.arrays:
            changed(x, by)
        for p in self.others:
            alone(rule, options, initial, change, p, by)


class Block:
    """Several parameters side by side."""

    def __init__(self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], params: list[TensorBase]) -> None:
        self.params = params
        arrays = [p._array for p in params]
        dtype, ends = arrays[0].dtype, np.cumsum([a.size for a in arrays]).tolist()
        self.cuts = [slice(end - a.size, end) for a, end in zip(arrays, ends, strict=True)]
        self.g, self.delta = np.empty(ends[-1], dtype), np.empty(ends[-1], dtype)
        self.x: ndarray | None = None
        self.targets = [(a, self.delta[cut].reshape(a.shape)) for a, cut in zip(arrays, self.cuts, strict=True)]
        self.numbers: dict[str, ndarray] = {}
        self.vectors: dict[str, ndarray] = {}
        states = [rule.state[p] for p in params] if initial else []
        for name, first in initial.items():
            if name in rule.numbers:
                whole = self.numbers[name] = np.empty(len(params), number_dtype(states[0].get(name)))
                views = [whole[k : k + 1].reshape(()) for k in range(len(params))]
            else:
                whole = self.vectors[name] = np.empty(ends[-1], dtype)
                views = [whole[cut].reshape(a.shape) for a, cut in zip(arrays, self.cuts, strict=True)]
            for p, state, view in zip(params, states, views, strict=True):
                view[...] = _value(state, name, first, view.shape, rule, options, p)
            for state, view in zip(states, views, strict=True):
                state[name] = wrap(view)

    def step(self, rule: Rule, options: dict[str, Any], change: Change, grads: list[ndarray]) -> None:
        """Change the parameters."""
        np.concatenate(grads, None, self.g)
        x = None
        if rule.needs_parameter(options):
            self.x = np.empty_like(self.g) if self.x is None else self.x
            x = np.concatenate([a for a, _ in self.targets], None, self.x)
        before = {name: a.tolist() for name, a in self.numbers.items()}
        if all(values.count(values[0]) == len(values) for values in before.values()):
            state = self.vectors | {name: values[0] for name, values in before.items()}
            self.delta[...] = change(options, state, x, self.g)
            for name, a in self.numbers.items():
                a.fill(state[name])
        else:  # some have taken more steps than others: one after the other
            for k, cut in enumerate(self.cuts):
                state = {name: a[cut] for name, a in self.vectors.items()}
                state |= {name: values[k] for name, values in before.items()}
                self.delta[cut] = change(options, state, None if x is None else x[cut], self.g[cut])
                for name, a in self.numbers.items():
                    a[k] = state[name]
        for a, d in self.targets:
            np.subtract(a, d, a)


def _packed(params: list[TensorBase]) -> list[list[TensorBase]]:
    """Neighbours, as many as make up a piece."""
    packs: list[list[TensorBase]] = []
    room = 0
    for p in params:
        if p._array.size > room or not packs:
            packs.append([])
            room = PIECE
        packs[-1].append(p)
        room -= p._array.size
    return packs


def _checked(grads: list[Any], shapes: list[tuple[int, ...]], by: str) -> list[ndarray]:
    """The gradients as NumPy arrays of the parameters' shapes."""
    if not {*map(type, grads)} <= {ndarray}:
        grads = lazy.realise(grads)
    if [g.shape for g in grads] != shapes:
        g, shape = next((g, shape) for g, shape in zip(grads, shapes, strict=True) if g.shape != shape)
        raise RuntimeError(
            f"{by}: a parameter of shape {shape} has a gradient of shape {g.shape}, from before its memory was "
            f"exchanged. Call zero_grad() and backward() again."
        )
    return grads


@lru_cache(maxsize=64)
def constant(value: float, dtype: Any) -> ndarray:
    """A number as an array: NumPy multiplies a small array by it three times as fast as by Python's number."""
    return np.array(value, dtype)


def number_dtype(have: Any = None) -> Any:
    """The dtype of counters: float32, as in PyTorch, unless the default is float64."""
    if isinstance(have, TensorBase) and have._array.dtype.kind == "f":
        return have._array.dtype
    return np.dtype(np.float64 if get_default_dtype() == float64 else np.float32)


def _value(
    state: dict[str, Any], name: str, first: Any, shape: tuple[int, ...], rule: Rule, options: Any, p: Any
) -> Any:
    """An entry of the state as it is, or as it starts."""
    have = state.get(name)
    if have is None:
        return first(rule.gradient(options, p._array, p._grad._array)) if callable(first) else first
    have = np.asarray(have._array if isinstance(have, TensorBase) else have)
    if have.shape != shape and have.size != 1:
        raise RuntimeError(
            f"the state {name!r} of a parameter of shape {shape} has shape {have.shape}. If the parameter was "
            f"exchanged, let it start anew: optimizer.state.pop(p)."
        )
    return have
