"""Recurrent layers are PyTorch's: state dicts both ways, outputs and gradients to 1e-9, packed sequences, messages."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.torch.pairs import assert_same, twins

torch = pytest.importorskip("torch")

CELLS = [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})]
LAYERS = [
    ("RNN", {}), ("RNN", {"nonlinearity": "relu", "num_layers": 2}), ("RNN", {"bidirectional": True, "bias": False}),
    ("LSTM", {}), ("LSTM", {"num_layers": 2, "bias": False}), ("LSTM", {"bidirectional": True, "num_layers": 3}),
    ("LSTM", {"proj_size": 2}), ("LSTM", {"proj_size": 3, "bidirectional": True, "num_layers": 2}),
    ("GRU", {"num_layers": 2}), ("GRU", {"bidirectional": True, "num_layers": 2}), ("GRU", {"bias": False}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), CELLS)
@pytest.mark.parametrize("batch", [(3,), ()])
def test_cells(name, options, batch):
    rng = np.random.default_rng(0)
    x, h, c = rng.standard_normal((*batch, 4)), *rng.standard_normal((2, *batch, 5))
    for bias, given in itertools.product((True, False), (True, False)):
        pair = twins(name, 4, 5, bias=bias, **options)

        def call(lib, cell, x, h, c, given=given):
            state = ((h, c),) if name == "LSTMCell" else (h,)
            return cell(x, *state[:given])

        assert_same(call, pair, x, h, c)


def shapes_of(layer, batch, size):
    total = layer.num_layers * (1 + layer.bidirectional)
    return (total, *batch, layer.proj_size or size), (total, *batch, size)


@pytest.mark.parametrize(("name", "options"), LAYERS)
@pytest.mark.parametrize("form", ["time first", "batch first", "no batch", "packed", "packed unsorted"])
@pytest.mark.parametrize("given", [False, True])
def test_layers(name, options, form, given):
    rng = np.random.default_rng(1)
    first = form in ("batch first", "packed unsorted")
    pair = twins(name, 4, 5, batch_first=first, **options)
    batch = () if form == "no batch" else (3,)
    x = rng.standard_normal((6, *batch, 4))
    if first:
        x = np.swapaxes(x, 0, 1).copy()
    h, c = (rng.standard_normal(s) for s in shapes_of(pair[0], batch, 5))
    lengths = [4, 6, 1] if form == "packed unsorted" else [6, 3, 3]

    def call(lib, layer, x, h, c):
        state = (((h, c),) if name == "LSTM" else (h,))[:given]
        if form.startswith("packed"):
            rnn = lib.nn.utils.rnn
            packed = rnn.pack_padded_sequence(x, lengths, first, enforce_sorted=form == "packed")
            y, end = layer(packed, *state)
            padded, n = rnn.pad_packed_sequence(y, first, padding_value=-1.0, total_length=7)
            return padded, n, end
        return layer(x, *state)

    assert_same(call, pair, x, h, c)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_second_derivatives(name):
    rng = np.random.default_rng(2)
    x, h = rng.standard_normal((3, 2, 4)), rng.standard_normal((1, 2, 5))

    def call(lib, layer, x, h):
        y, _ = layer(x, (h, lib.cos(h)) if name == "LSTM" else h)
        (g,) = lib.autograd.grad((y * y).sum(), x, create_graph=True)
        return g, y

    assert_same(call, twins(name, 4, 5), x, h)


def test_what_is_printed():
    for name, args, options in [
        ("RNN", (3, 4), {"nonlinearity": "relu"}),
        ("LSTM", (3, 4, 2), {"batch_first": True, "dropout": 0.5, "bidirectional": True, "bias": False}),
        ("LSTM", (3, 4), {"proj_size": 2}),
        ("GRU", (3, 4), {"num_layers": 3}),
        ("RNNCell", (3, 4), {"bias": False, "nonlinearity": "relu"}),
        ("LSTMCell", (3, 4), {}),
        ("GRUCell", (3, 4), {"bias": False}),
    ]:
        ours, theirs = (repr(getattr(lib.nn, name)(*args, **options)) for lib in (tg, torch))
        assert ours == theirs


def test_initial_values_have_the_same_distribution():
    for name in ("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"):
        for ours, theirs in zip(*(getattr(lib.nn, name)(60, 50).parameters() for lib in (tg, torch)), strict=True):
            a, b = ours.detach().numpy(), theirs.detach().numpy()
            assert a.dtype == b.dtype == np.float32
            bound = 1 / np.sqrt(50)
            assert max(abs(a).max(), abs(b).max()) <= bound
            assert abs(a.std() - b.std()) < 10 * bound / np.sqrt(a.size)


RNN_TESTS = {
    "pad": lambda rnn, a, b: rnn.pad_sequence([a, b]),
    "pad batch first": lambda rnn, a, b: rnn.pad_sequence([a, b], batch_first=True, padding_value=9.0),
    "pad left": lambda rnn, a, b: rnn.pad_sequence([a, b], batch_first=True, padding_side="left"),
    "pack": lambda rnn, a, b: rnn.pack_sequence([b, a]),
    "pack unsorted": lambda rnn, a, b: rnn.pack_sequence([a, b, a], enforce_sorted=False),
    "unpack": lambda rnn, a, b: rnn.unpack_sequence(rnn.pack_sequence([a, b], enforce_sorted=False)),
    "unpad": lambda rnn, a, b: rnn.unpad_sequence(rnn.pad_sequence([b, a]), [5, 2]),
    "pad packed": lambda rnn, a, b: rnn.pad_packed_sequence(rnn.pack_sequence([a, b, a], False), True, 3.0, 6),
}


@pytest.mark.parametrize("call", RNN_TESTS)
def test_sequences(call):
    rng = np.random.default_rng(3)

    def both(lib, _, a, b):
        if call == "unpad":
            return lib.nn.utils.rnn.unpad_sequence(lib.nn.utils.rnn.pad_sequence([b, a]), lib.tensor([5, 2]))
        return RNN_TESTS[call](lib.nn.utils.rnn, a, b)

    for shape in ((), (3,), (2, 2)):
        assert_same(both, None, rng.standard_normal((2, *shape)), rng.standard_normal((5, *shape)))
