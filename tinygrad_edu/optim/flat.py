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
from itertools import chain
from operator import attrgetter, is_, itemgetter
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.dtypes import float64, get_default_dtype
from tinygrad_edu.memory import changed
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["Layout", "State", "number_dtype"]

PIECE = 1 << 16  # elements; measured: smaller pieces cost calls, larger ones fall out of the cache
SMALL = 1 << 13  # elements up to which copying a gradient is cheaper than calls of its own

State = SimpleNamespace
"""What an update sees of the state: vectors, to be changed in place, and numbers, to be replaced.

`number` is the type in which numbers are kept between steps."""

_array = attrgetter("_array")


class Rule(Protocol):
    """What a layout asks of an optimizer."""

    numbers: tuple[str, ...]  # which entries of the state are one number per parameter
    together: int  # how few small parameters are not worth copying together
    state: Any

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        """The state before the first step: for each entry a number, or a function of the first gradient."""

    def gradient(self, options: dict[str, Any], x: Any, g: Any) -> Any:
        """The gradient that the formula sees."""

    def change(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        """What is to be subtracted from `x`, in new memory; updates the state."""

    def needs_parameter(self, options: dict[str, Any]) -> bool:
        """Whether `change` reads `x`."""


class Layout:
    """Where the gradients and the state of some parameters lie while steps are taken."""

    def __init__(self, rule: Rule, options: dict[str, Any], params: Sequence[TensorBase]) -> None:
        self.given = params
        initial = rule.initial(options)
        self.names = tuple(initial)
        self._entries: Callable[[Any], tuple[Any, ...]] = (
            itemgetter(*self.names) if len(self.names) > 1 else lambda s: (s[self.names[0]],)
        )
        self.blocks: list[Block] = []
        small: dict[Any, list[TensorBase]] = {}
        for p in params:
            if p._array.size <= SMALL:
                small.setdefault(p._array.dtype, []).append(p)
            else:
                self._add(rule, options, initial, [p])
        for alike in small.values():
            for some in _packed(alike):
                for part in [some] if len(some) >= rule.together else [[p] for p in some]:
                    self._add(rule, options, initial, part)
        self.params = [p for b in self.blocks for p in b.params]
        self.arrays = [p._array for p in self.params]
        self.shapes = [a.shape for a in self.arrays]
        if self.names:
            self.states = [rule.state[p] for p in self.params]
            self.memory = [*map(_array, chain.from_iterable(map(self._entries, self.states)))]

    def _add(self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], params: list[TensorBase]) -> None:
        self.blocks.append((Alone if len(params) == 1 else Together)(rule, options, initial, params))

    def fits(self, params: Sequence[TensorBase], names: tuple[str, ...], state: Any) -> bool:
        """Whether everything is still where it was."""
        if len(params) != len(self.given) or names != self.names or not all(map(is_, params, self.given)):
            return False
        if not all(map(is_, map(_array, self.params), self.arrays)):
            return False
        if not names:
            return True
        try:
            if not all(map(is_, map(state.get, self.params), self.states)):
                return False
            return all(map(is_, map(_array, chain.from_iterable(map(self._entries, self.states))), self.memory))
        except (KeyError, AttributeError):  # an entry was deleted, or is no tensor
            return False

    def step(self, rule: Rule, options: dict[str, Any], by: str) -> None:
        """Change the parameters, noting that it was done `by` this function."""
        grads = [p._grad._array for p in self.params]
        if {*map(type, grads)} != {ndarray}:
            grads = lazy.realise(grads)
        if [g.shape for g in grads] != self.shapes:
            g, x = next((g, x) for g, x in zip(grads, self.arrays, strict=True) if g.shape != x.shape)
            raise RuntimeError(
                f"{by}: a parameter of shape {tuple(x.shape)} has a gradient of shape {tuple(g.shape)}, from before "
                f"its memory was exchanged. Call zero_grad() and backward() again."
            )
        start = 0
        for block in self.blocks:
            block.step(rule, options, grads[start : (start := start + len(block.params))])
        for x in self.arrays:
            changed(x, by)


class Block:
    """Parameters that are updated by the same calls."""

    params: list[TensorBase]

    def step(self, rule: Rule, options: dict[str, Any], grads: list[ndarray]) -> None:
        """Change the parameters."""
        raise NotImplementedError


class Alone(Block):
    """One parameter, updated where it lies, in pieces if it is large."""

    def __init__(self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], params: list[TensorBase]) -> None:
        self.params = params
        p, x = params[0], params[0]._array
        entries = rule.state[p] if initial else {}
        arrays: dict[str, ndarray] = {}
        for name, first in initial.items():
            number = name in rule.numbers
            a: Any = getattr(entries.get(name), "_array", None)
            if not _may_stay(a, () if number else x.shape, None if number else x.dtype):
                a = np.empty((), number_dtype()) if number else np.empty(x.shape, x.dtype)
                a[...] = _value(entries, name, first, a.shape, rule, options, p)
                entries[name] = wrap(a)
            arrays[name] = a
        self.numbers = {name: arrays.pop(name) for name in rule.numbers if name in arrays}
        whole = x.size <= PIECE or not x.flags.c_contiguous
        self.flat = x.ndim == 0 or not whole  # whether gradient, parameter and state are taken as vectors
        if self.flat:
            x, arrays = x.reshape(-1), {name: a.reshape(-1) for name, a in arrays.items()}
        self.cuts: list[Any] = [...] if whole else [slice(k, k + PIECE) for k in range(0, x.size, PIECE)]
        self.pieces = [(x[cut], State(**{name: a[cut] for name, a in arrays.items()})) for cut in self.cuts]
        for _, state in self.pieces:
            state.__dict__.update(_kept(self.numbers))

    def step(self, rule: Rule, options: dict[str, Any], grads: list[ndarray]) -> None:
        g = grads[0].reshape(-1) if self.flat else grads[0]
        for cut, (x, state) in zip(self.cuts, self.pieces):  # noqa: B905 - as many
            for name, a in self.numbers.items():
                setattr(state, name, a.item())
            np.subtract(x, rule.change(options, state, x, g[cut] if len(self.cuts) > 1 else g), x)
        for name, a in self.numbers.items():
            a.fill(getattr(state, name))


class Together(Block):
    """Several parameters side by side."""

    def __init__(self, rule: Rule, options: dict[str, Any], initial: dict[str, Any], params: list[TensorBase]) -> None:
        self.params = params
        arrays = [p._array for p in params]
        dtype = arrays[0].dtype
        ends = np.cumsum([a.size for a in arrays]).tolist()
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
        self.whole = State(**_kept(self.numbers), **self.vectors)

    def step(self, rule: Rule, options: dict[str, Any], grads: list[ndarray]) -> None:
        np.concatenate(grads, None, self.g)
        x = None
        if rule.needs_parameter(options):
            if self.x is None:
                self.x = np.empty_like(self.g)
            x = np.concatenate([a for a, _ in self.targets], None, self.x)
        before = {name: a.tolist() for name, a in self.numbers.items()}
        if all(values.count(values[0]) == len(values) for values in before.values()):
            state = self.whole
            for name, values in before.items():
                setattr(state, name, values[0])
            self.delta[...] = rule.change(options, state, x, self.g)
            for name, a in self.numbers.items():
                a.fill(getattr(state, name))
        else:  # some have taken more steps than others: one after the other
            for k, cut in enumerate(self.cuts):
                state = State(**_kept(self.numbers), **{name: a[cut] for name, a in self.vectors.items()})
                state.__dict__.update({name: values[k] for name, values in before.items()})
                self.delta[cut] = rule.change(options, state, None if x is None else x[cut], self.g[cut])
                for name, a in self.numbers.items():
                    a[k] = getattr(state, name)
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


def number_dtype(have: Any = None) -> Any:
    """The dtype of counters: float32, as in PyTorch, unless the default is float64."""
    if isinstance(have, TensorBase) and have._array.dtype.kind == "f":
        return have._array.dtype
    return np.dtype(np.float64 if get_default_dtype() == float64 else np.float32)


def _kept(numbers: dict[str, ndarray]) -> dict[str, Any]:
    """The type of the numbers in the state."""
    return {"number": a.dtype.type for a in [*numbers.values()][:1]}  # noqa: B035 - one at most


def _may_stay(a: Any, shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether this array can hold the state from now on."""
    if type(a) is not ndarray or a.shape != shape or not a.flags.writeable or not a.flags.c_contiguous:
        return False
    return a.dtype.kind == "f" if dtype is None else a.dtype == dtype


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
