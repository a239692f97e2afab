"""Cases of the primitives of recurrent layers: sequences of one to three steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.rules import recurrent
from tinygrad_edu.testing import arrays


@st.composite
def sequences(draw: Any, name: str) -> Call:
    steps, n, size = draw(st.integers(1, 3)), draw(st.integers(0, 2)), draw(st.integers(0, 3))
    gates = {"rnn": 1, "lstm": 4, "gru": 3}[name] * size
    a, w, h = draw(arrays((steps, n, gates))), draw(arrays((gates, size), -1, 1)), draw(arrays((n, size)))
    if name == "rnn":
        return Call(lambda a, w, h: recurrent.rnn(a, w, h, nonlinearity="tanh"), (a, w, h))
    if name == "lstm":
        return Call(recurrent.lstm, (a, w, h, draw(arrays((n, size)))))
    return Call(recurrent.gru, (a, w, draw(arrays((gates,))), h))


@st.composite
def rectified(draw: Any) -> Call:
    """A plain network with relu, of which no sum is near the kink: the inputs, ±1, outweigh what the states add."""
    steps, n = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    signs = np.where(draw(arrays((steps, n, 2), dtype=bool)), 1.0, -1.0)
    w = draw(arrays((2, 2), -0.1, 0.1))
    return Call(lambda a, w, h: recurrent.rnn(a, w, h, nonlinearity="relu"), (signs, w, draw(arrays((n, 2), 0, 1))))


CASES: dict[str, st.SearchStrategy[Call]] = {
    "rnn": sequences("rnn") | rectified(),
    "lstm": sequences("lstm"),
    "gru": sequences("gru"),
}
