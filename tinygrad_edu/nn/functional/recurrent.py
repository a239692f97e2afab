"""Recurrent layers as functions of their weights.

A layer goes over blocks of steps: tensors (T, N, features), one after the other in time. A padded sequence is one
block; of packed sequences (`nn.utils.rnn`), which end one by one, each block has as many samples as still go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinygrad_edu.nn.functional.layers import linear
from tinygrad_edu.nn.functional.noise import dropout
from tinygrad_edu.rules import elementwise, indexing, joining, shaping
from tinygrad_edu.rules import recurrent as rules

__all__: list[str] = []

State = tuple[Any, ...]  # (h,) or (h, c), each (N, hidden_size)


class Weights(NamedTuple):
    """Of one layer in one direction; (gates · hidden_size, …) with the gates one below the other."""

    input: Any
    hidden: Any
    input_bias: Any = None
    hidden_bias: Any = None
    projection: Any = None  # (proj_size, hidden_size)


# -- the kinds of layers: the states after all steps of a block, and the last one -------------------------------


def _contributions(x: Any, w: Weights) -> Any:
    """What the inputs and both biases add to every step."""
    return linear(x, w.input, w.input_bias if w.input_bias is None else elementwise.add(w.input_bias, w.hidden_bias))


def _last(hs: Any) -> Any:
    return indexing.getitem(hs, index=(-1,))


def rnn(x: Any, w: Weights, state: State, nonlinearity: str) -> tuple[Any, State]:
    """h ← tanh(W x + b + U h + c), or relu of it."""
    hs = rules.rnn(_contributions(x, w), w.hidden, *state, nonlinearity=nonlinearity)
    return hs, (_last(hs),)


def gru(x: Any, w: Weights, state: State) -> tuple[Any, State]:
    """h ← (1 − z) · n + z · h with a reset gate r in n = tanh(… + r · (U h + c)). (Cho et al., 2014.)"""
    bias = np.zeros(w.hidden.shape[:1], w.hidden.dtype) if w.hidden_bias is None else w.hidden_bias
    hs = rules.gru(linear(x, w.input, w.input_bias), w.hidden, bias, *state)
    return hs, (_last(hs),)


def lstm(x: Any, w: Weights, state: State) -> tuple[Any, State]:
    """c ← f · c + i · n and h ← o · tanh c. (Hochreiter & Schmidhuber, 1997; with forget gates, Gers et al., 2000.)"""
    a = _contributions(x, w)
    if w.projection is None:
        hs, cs = rules.lstm(a, w.hidden, *state)
        return hs, (_last(hs), _last(cs))
    (h, c), outputs = state, []
    for step in joining.split(a, seams=np.arange(1, len(a)), axis=0):
        hs, cs = rules.lstm(step, w.hidden, h, c)
        h, c = linear(_last(hs), w.projection), _last(cs)
        outputs.append(h)
    return joining.stack(*outputs, axis=0), (h, c)


# -- layers -----------------------------------------------------------------------------------------------------

Kind = Callable[[Any, Weights, State], tuple[Any, State]]


def through(kind: Kind, blocks: Sequence[Any], w: Weights, start: State, reverse: bool) -> tuple[list[Any], State]:
    """One direction of one layer: the states after every step, by blocks, and each sample's state at its end."""
    outputs, ended = [], []
    state = _samples(start, 0, blocks[-1 if reverse else 0].shape[1])
    for x in reversed(blocks) if reverse else blocks:
        n, before = x.shape[1], state[0].shape[0]
        if n < before:  # the shorter sequences have ended
            ended.append(_samples(state, n, before))
            state = _samples(state, 0, n)
        elif n > before:  # backwards in time, they begin
            state = _joined([state, _samples(start, before, n)])
        hs, state = kind(_flipped(x) if reverse else x, w, state)
        outputs.append(_flipped(hs) if reverse else hs)
    return outputs[::-1] if reverse else outputs, _joined([state, *reversed(ended)])


def stacked(
    kind: Kind, blocks: Sequence[Any], layers: Sequence[Sequence[Weights]], starts: Sequence[State], p: float
) -> tuple[Sequence[Any], list[State]]:
    """Layers upon each other, each in one or two directions, with dropout of probability `p` in between.

    Returns the last layer's states by blocks, and the states at the end of every layer and direction.
    """
    ends: list[State] = []
    for k, directions in enumerate(layers):
        if k and p:
            blocks = [dropout(x, p) for x in blocks]
        outputs = []
        for reverse, w in enumerate(directions):
            hs, end = through(kind, blocks, w, starts[len(ends)], bool(reverse))
            outputs.append(hs)
            ends.append(end)
        if len(outputs) == 1:
            (blocks,) = outputs
        else:
            blocks = [joining.concatenate(*both, axis=-1) for both in zip(*outputs, strict=True)]
    return blocks, ends


def _flipped(x: Any) -> Any:
    return shaping.flip(x, axis=0)


def _samples(state: State, start: int, stop: int) -> State:
    if start == 0 and stop == state[0].shape[0]:
        return state
    return tuple(indexing.getitem(s, index=(slice(start, stop),)) for s in state)


def _joined(states: Sequence[State]) -> State:
    if len(states) == 1:
        return states[0]
    return tuple(joining.concatenate(*parts, axis=0) for parts in zip(*states, strict=True))
