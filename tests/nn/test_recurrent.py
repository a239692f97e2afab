"""Recurrent layers against loops in NumPy; their gradients; packed sequences against each sequence on its own."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.autograd import gradcheck
from tinygrad_edu.nn.utils import rnn as sequences
from tinygrad_edu.testing import arrays


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# -- one step, written from the formulas -------------------------------------------------------------------------


def rnn_step(x, w_ih, w_hh, b_ih, b_hh, h):
    return (np.tanh(w_ih @ x + b_ih + w_hh @ h + b_hh),)


def relu_step(x, w_ih, w_hh, b_ih, b_hh, h):
    return (np.maximum(w_ih @ x + b_ih + w_hh @ h + b_hh, 0),)


def lstm_step(x, w_ih, w_hh, b_ih, b_hh, h, c):
    i, f, n, o = np.split(w_ih @ x + b_ih + w_hh @ h + b_hh, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(n)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x, w_ih, w_hh, b_ih, b_hh, h):
    (r, z, n), (hr, hz, hn) = np.split(w_ih @ x + b_ih, 3), np.split(w_hh @ h + b_hh, 3)
    r, z = sigmoid(r + hr), sigmoid(z + hz)
    n = np.tanh(n + r * hn)
    return ((1 - z) * n + z * h,)


STEPS = {"RNN": rnn_step, "RELU": relu_step, "LSTM": lstm_step, "GRU": gru_step}
KINDS = sorted(STEPS)


def made(kind, *args, layer="", **options):
    """A layer (or cell) in float64 with parameters of the size of 1."""
    if kind == "RELU":
        kind, options = "RNN", {"nonlinearity": "relu", **options}
    module = getattr(nn, kind + layer)(*args, **options).double()
    for k, p in enumerate(module.parameters()):
        nn.init.normal_(p, std=0.7, generator=tg.Generator().manual_seed(k))
    return module


def weights(module, suffix=""):
    values = {k: p.detach().numpy() for k, p in module.named_parameters()}
    none = np.zeros(values["weight_ih" + suffix].shape[0])
    return [values.get(n + suffix, none) for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]


def scan(step, xs, ws, state):
    """The states after every step of one sequence, and the last one."""
    outputs = []
    for x in xs:
        state = step(x, *ws, *state)
        outputs.append(state[0])
    return np.array(outputs).reshape(len(xs), -1), state


def reference(kind, module, x, starts):
    """What a module computes for one sequence x (T, features), from the states at the start of each direction."""
    ends, starts = [], list(starts)
    for k in range(module.num_layers):
        outputs = []
        for suffix in (f"_l{k}", f"_l{k}_reverse")[: 1 + module.bidirectional]:
            back = suffix.endswith("reverse")
            y, end = scan(STEPS[kind], x[::-1] if back else x, weights(module, suffix), starts.pop(0))
            outputs.append(y[::-1] if back else y)
            ends.append(end)
        x = np.concatenate(outputs, -1)
    return x, ends


def parts(kind):
    return 2 if kind == "LSTM" else 1


def given_state(kind, module, n, seed=0):
    """A random state for n samples: a list of arrays (layers · directions, n, hidden_size)."""
    total = module.num_layers * (1 + module.bidirectional)
    return list(np.random.default_rng(seed).standard_normal((parts(kind), total, n, module.hidden_size)))


def hx(kind, state):
    tensors = tuple(tg.tensor(s) for s in state)
    return tensors if kind == "LSTM" else tensors[0]


def listed(kind, end):
    return [t.detach().numpy() for t in (end if kind == "LSTM" else (end,))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_cell_takes_one_step(kind, bias):
    cell = made(kind, 3, 4, bias, layer="Cell")
    rng = np.random.default_rng(1)
    x, state = rng.standard_normal((5, 3)), rng.standard_normal((parts(kind), 5, 4))
    for row in range(5):
        expected = STEPS[kind](x[row], *weights(cell), *state[:, row])
        for found in (cell(tg.tensor(x), hx(kind, state)), cell(tg.tensor(x[row]), hx(kind, state[:, row]))):
            for ours, theirs in zip(listed(kind, found), expected, strict=True):
                np.testing.assert_allclose(ours[row] if ours.ndim == 2 else ours, theirs, rtol=1e-12, atol=1e-14)
    zero = np.zeros_like(state)
    for ours, theirs in zip(
        listed(kind, cell(tg.tensor(x))), listed(kind, cell(tg.tensor(x), hx(kind, zero))), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


LAYERS = st.fixed_dictionaries(
    {
        "num_layers": st.integers(1, 3),
        "bidirectional": st.booleans(),
        "bias": st.booleans(),
        "batch_first": st.booleans(),
    }
)


@given(st.sampled_from(KINDS), LAYERS, st.integers(1, 4), st.integers(0, 3), st.booleans())
@settings(max_examples=30)
def test_a_layer_is_its_steps_for_each_sample(kind, options, steps, n, with_state):
    module = made(kind, 2, 3, **options)
    x = np.random.default_rng(2).standard_normal((steps, n, 2))
    state = given_state(kind, module, n)
    t = tg.tensor(x.swapaxes(0, 1) if options["batch_first"] else x)
    y, end = module(t, hx(kind, state)) if with_state else module(t)
    y = y.detach().numpy()
    if options["batch_first"]:
        y = y.swapaxes(0, 1)
    directions = 1 + options["bidirectional"]
    assert y.shape == (steps, n, 3 * directions)
    assert all(s.shape == (options["num_layers"] * directions, n, 3) for s in listed(kind, end))
    for k in range(n):
        starts = [tuple(s[j, k] * with_state for s in state) for j in range(len(state[0]))]
        expected, ends = reference(kind, module, x[:, k], starts)
        np.testing.assert_allclose(y[:, k], expected, rtol=1e-11, atol=1e-13)
        for s, of in zip(listed(kind, end), zip(*ends, strict=True), strict=True):
            np.testing.assert_allclose(s[:, k], np.array(of), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_batch(kind):
    module = made(kind, 2, 3, num_layers=2, bidirectional=True)
    x, state = np.random.default_rng(0).standard_normal((5, 2)), given_state(kind, module, 1)
    y, end = module(tg.tensor(x), hx(kind, [s[:, 0] for s in state]))
    batched, ends = module(tg.tensor(x[:, None]), hx(kind, state))
    np.testing.assert_array_equal(y.detach().numpy(), batched.detach().numpy()[:, 0])
    for a, b in zip(listed(kind, end), listed(kind, ends), strict=True):
        np.testing.assert_array_equal(a, b[:, 0])


def test_a_projection_is_applied_to_the_state_of_every_step():
    module = made("LSTM", 2, 4, proj_size=3)
    x = np.random.default_rng(0).standard_normal((5, 2))
    h, c, p = np.zeros(3), np.zeros(4), module.weight_hr_l0.detach().numpy()
    expected = []
    for row in x:
        h, c = lstm_step(row, *weights(module, "_l0"), h, c)
        h = p @ h
        expected.append(h)
    y, (h_end, c_end) = module(tg.tensor(x))
    np.testing.assert_allclose(y.detach().numpy(), expected, rtol=1e-12)
    np.testing.assert_allclose(h_end[0].detach().numpy(), h, rtol=1e-12)
    np.testing.assert_allclose(c_end[0].detach().numpy(), c, rtol=1e-12)


# -- gradients -------------------------------------------------------------------------------------------------------


@given(st.sampled_from([k for k in KINDS if k != "RELU"]), LAYERS, st.booleans(), st.data())
@settings(max_examples=18)
def test_gradients_of_layers(kind, options, packed, data):
    module = made(kind, 2, 2, **options)
    lengths = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    first = options["batch_first"]
    shape = (max(lengths), len(lengths), 2)
    x = data.draw(arrays((shape[1], shape[0], 2) if first else shape, -2, 2))
    names = [n for n, _ in module.named_parameters()]

    def f(x, *values):
        for name, value in zip(names, values, strict=True):
            module.__dict__[name] = value  # a tensor in the place of the parameter
        t = sequences.pack_padded_sequence(x, lengths, first, enforce_sorted=False) if packed else x
        y, end = module(t)
        return (sequences.pad_packed_sequence(y)[0] if packed else y), *(end if kind == "LSTM" else (end,))

    leaves = [
        tg.tensor(x, requires_grad=True),
        *(tg.tensor(p.detach().numpy(), requires_grad=True) for p in module.parameters()),
    ]
    assert gradcheck(f, leaves, fast_mode=True)


@given(st.sampled_from([k for k in KINDS if k != "RELU"]), st.integers(0, 2), st.data())
@settings(max_examples=20)
def test_gradients_of_cells(kind, n, data):
    cell = made(kind, 2, 3, layer="Cell")
    x, state = data.draw(arrays((n, 2))), data.draw(arrays((parts(kind), n, 3)))
    leaves = [tg.tensor(a, requires_grad=True) for a in (x, *state)]

    def f(x, *state):
        return cell(x, state if kind == "LSTM" else state[0])

    assert gradcheck(f, leaves)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cell_in_a_loop_learns_what_the_layer_does(kind):
    layer, cell = made(kind, 2, 3), made(kind, 2, 3, layer="Cell")
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x = tg.tensor(np.random.default_rng(0).standard_normal((4, 5, 2)))
    state, outputs = None, []
    for step in x:
        state = cell(step, state)
        outputs.append(state[0] if kind == "LSTM" else state)
    y, _ = layer(x)
    assert tg.allclose(tg.stack(outputs), y)
    (tg.stack(outputs) * y.detach()).sum().backward()
    (y * y.detach()).sum().backward()
    for a, b in zip(cell.parameters(), layer.parameters(), strict=True):
        np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_truncated_backpropagation_with_a_detached_state():
    module = nn.LSTM(2, 3)
    state = None
    for _ in range(3):
        y, state = module(tg.ones(4, 1, 2), state)
        state = tuple(s.detach() for s in state)
        y.sum().backward()
    assert module.weight_ih_l0.grad is not None


# -- sequences of different lengths -----------------------------------------------------------------------------------

LENGTHS = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@given(st.sampled_from(KINDS), LAYERS, LENGTHS, st.booleans())
@settings(max_examples=30)
def test_a_packed_sequence_gives_what_each_sequence_gives_alone(kind, options, lengths, with_state):
    module = made(kind, 2, 3, **options)
    rng = np.random.default_rng(3)
    xs = [tg.tensor(rng.standard_normal((n, 2))) for n in lengths]
    state = given_state(kind, module, len(xs))
    packed = sequences.pack_sequence(xs, enforce_sorted=False)
    y, end = module(packed, hx(kind, state)) if with_state else module(packed)
    for k, (x, found) in enumerate(zip(xs, sequences.unpack_sequence(y), strict=True)):
        alone, last = module(x, hx(kind, [s[:, k] for s in state])) if with_state else module(x)
        np.testing.assert_allclose(found.detach().numpy(), alone.detach().numpy(), rtol=1e-12, atol=1e-14)
        for s, one in zip(listed(kind, end), listed(kind, last), strict=True):
            np.testing.assert_allclose(s[:, k], one, rtol=1e-12, atol=1e-14)


@given(LENGTHS, st.sampled_from([(), (2,), (2, 3)]), st.booleans(), st.integers(0, 2), st.sampled_from(["f", "i"]))
def test_padding_packing_and_back(lengths, shape, batch_first, more, kind):
    rng = np.random.default_rng(4)
    dtype = np.float32 if kind == "f" else np.int64
    xs = [(10 * rng.standard_normal((n, *shape))).astype(dtype) for n in lengths]
    ts = [tg.tensor(x) for x in xs]
    steps = max(lengths)
    padded = sequences.pad_sequence(ts, batch_first, padding_value=-1)
    expected = np.full((len(xs), steps, *shape), -1, dtype)
    for k, x in enumerate(xs):
        expected[k, : len(x)] = x
    np.testing.assert_array_equal(padded.numpy(), expected if batch_first else expected.swapaxes(0, 1))
    left = sequences.pad_sequence(ts, True, padding_value=-1, padding_side="left").numpy()
    np.testing.assert_array_equal(
        left, np.array([np.roll(r, steps - n, 0) for r, n in zip(expected, lengths, strict=True)])
    )

    packed = sequences.pack_padded_sequence(padded, lengths, batch_first, enforce_sorted=False)
    order = sorted(range(len(xs)), key=lambda k: -lengths[k])
    rows = [xs[k][t] for t in range(steps) for k in order if t < lengths[k]]
    np.testing.assert_array_equal(packed.data.numpy(), np.array(rows))
    assert packed.batch_sizes.tolist() == [sum(t < n for n in lengths) for t in range(steps)]
    assert packed.sorted_indices.tolist() == order
    again, n = sequences.pad_packed_sequence(packed, True, -1, steps + more)
    assert n.tolist() == lengths and n.dtype == tg.int64
    np.testing.assert_array_equal(again.numpy()[:, :steps], expected)
    assert (again[:, steps:] == -1).all() and again.shape[1] == steps + more
    assert again.dtype == packed.data.dtype == padded.dtype == ts[0].dtype
    for back in (
        sequences.unpack_sequence(packed),
        sequences.unpack_sequence(sequences.pack_sequence(ts, enforce_sorted=False)),
        sequences.unpad_sequence(padded, tg.tensor(lengths), batch_first),
    ):
        for a, x in zip(back, xs, strict=True):
            np.testing.assert_array_equal(a.numpy(), x)


@given(LENGTHS)
@settings(max_examples=8)
def test_gradients_of_padding_and_packing(lengths):
    rng = np.random.default_rng(5)
    xs = [tg.tensor(rng.standard_normal((n, 2)), requires_grad=True) for n in lengths]
    assert gradcheck(lambda *xs: sequences.pad_sequence(xs), xs)
    assert gradcheck(lambda *xs: sequences.pack_sequence(xs, enforce_sorted=False).data, xs)
    assert gradcheck(
        lambda *xs: sequences.pad_packed_sequence(sequences.pack_sequence(xs, enforce_sorted=False))[0], xs
    )


def test_a_packed_sequence_is_a_tuple_with_methods():
    packed = sequences.pack_sequence([tg.tensor([1.0, 2.0]), tg.tensor([3.0])])
    data, sizes, order, back = packed
    assert data.tolist() == [1, 3, 2] and sizes.tolist() == [2, 1] and order is None and back is None
    assert packed.double().data.dtype == tg.float64 and packed.long().data.dtype == tg.int64
    assert packed.to(tg.float64).float().data.dtype == tg.float32
    assert packed.cpu() is packed and not packed.is_cuda
    assert isinstance(packed.double(), sequences.PackedSequence)
    turned = sequences.PackedSequence(data, sizes, tg.tensor([1, 0]))
    assert turned.unsorted_indices.tolist() == [1, 0]
    assert pickle.loads(pickle.dumps(packed)).batch_sizes.tolist() == [2, 1]


# -- the module --------------------------------------------------------------------------------------------------------


def test_dropout_between_layers_only_and_only_in_training():
    module = nn.GRU(2, 50, num_layers=2, dropout=0.5)
    x = tg.ones(3, 1, 2)
    assert not tg.equal(module(x)[0], module(x)[0])
    assert (module(x)[0] != 0).all()  # not behind the last layer
    assert tg.equal(module.eval()(x)[0], module(x)[0])
    whole = nn.RNN(2, 4, num_layers=2, dropout=1.0, bias=False)
    assert (whole(x)[0] == 0).all()
    with pytest.warns(
        UserWarning, match="expects num_layers greater than 1, but got dropout=0.5 and num_layers=1"
    ) as seen:
        nn.GRU(2, 3, dropout=0.5)
    assert seen[0].filename == __file__


@pytest.mark.parametrize("kind", KINDS)
def test_names_shapes_copies_and_saved_states(kind):
    module = made(kind, 2, 3, num_layers=2, bidirectional=True)
    gates = {"LSTM": 4, "GRU": 3}.get(kind, 1) * 3
    for layer, inputs in ((0, 2), (1, 6)):
        for suffix in ("", "_reverse"):
            for name, shape in [
                ("weight_ih", (gates, inputs)),
                ("weight_hh", (gates, 3)),
                ("bias_ih", (gates,)),
                ("bias_hh", (gates,)),
            ]:
                assert getattr(module, f"{name}_l{layer}{suffix}").shape == shape
    assert [len(ws) for ws in module.all_weights] == [4] * 4
    assert module.all_weights[1][0] is module.weight_ih_l0_reverse
    assert module._all_weights[0] == ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]  # tutorials use it
    assert module.flatten_parameters() is None
    x = tg.ones(3, 1, 2, dtype=tg.float64)
    y = module(x)[0]
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert tg.equal(twin(x)[0], y)
        assert not set(twin.parameters()) & set(module.parameters())
    other = made(kind, 2, 3, num_layers=2, bidirectional=True)
    other.load_state_dict(module.state_dict())
    assert tg.equal(other(x)[0], y)
    assert module.float()(x.float())[0].dtype == tg.float32


def test_frozen_weights_get_no_gradient_and_pass_it_on():
    module = nn.LSTM(2, 3, num_layers=2)
    module.weight_hh_l0.requires_grad_(False)
    module(tg.ones(4, 1, 2))[0].sum().backward()
    assert module.weight_hh_l0.grad is None and (module.weight_ih_l0.grad != 0).any()
    module.requires_grad_(False)
    x = tg.ones(4, 1, 2, requires_grad=True)
    module(x)[0].sum().backward()
    assert (x.grad != 0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_half_precision_stays(kind):
    x = tg.ones(3, 1, 2).half()
    y, end = made(kind, 2, 3, num_layers=2, bidirectional=True).half()(x)
    assert y.dtype == tg.float16 and all(s.dtype == np.float16 for s in listed(kind, end))
    cell = made(kind, 2, 3, layer="Cell").half()(x[0])
    assert all(s.dtype == np.float16 for s in listed(kind, cell))


def test_initial_values_are_uniform():
    module = nn.LSTM(30, 25)
    for p in module.parameters():
        assert 0.15 < p.abs().max().item() <= 0.2
        assert abs(p.mean().item()) < 5 * 0.2 / np.sqrt(p.numel())


def test_an_lstm_learns_to_remember_the_first_element():
    tg.manual_seed(0)
    rng = np.random.default_rng(0)
    lstm, head = nn.LSTM(1, 8, batch_first=True), nn.Linear(8, 1)
    x = tg.tensor(rng.choice([-1.0, 1.0], (32, 4, 1)).astype(np.float32))
    optimizer = tg.optim.SGD([*lstm.parameters(), *head.parameters()], lr=0.2, momentum=0.9)
    for _ in range(150):
        _, (h, _) = lstm(x)
        loss = nn.functional.mse_loss(head(h[-1]), x[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05


# -- bad input ---------------------------------------------------------------------------------------------------------

X, P = tg.zeros(5, 2, 3), sequences.pack_sequence([tg.zeros(3, 3), tg.zeros(2, 3)])
R, L, G = nn.RNN(3, 4, num_layers=2), nn.LSTM(3, 4, batch_first=True), nn.GRU(3, 4)
H = tg.zeros(2, 2, 4)
BAD = [
    # construction
    (lambda: nn.RNN(3, 4, nonlinearity="sigmoid"), ValueError, "Unknown nonlinearity 'sigmoid'. Select from 'tanh' or"),
    (lambda: nn.RNNCell(3, 4, nonlinearity="sigmoid"), ValueError, "Unknown nonlinearity 'sigmoid'"),
    (lambda: nn.RNN(3, 4, 2, dropout=1.5), ValueError, r"dropout should be a number in range \[0, 1\].*not 1.5"),
    (lambda: nn.RNN(3, 4, 2, dropout=True), ValueError, "dropout should be a number"),
    (lambda: nn.RNN(3, 0), ValueError, "RNN: hidden_size must be at least 1, not 0"),
    (lambda: nn.GRU(0, 4), ValueError, "GRU: input_size must be at least 1, not 0"),
    (lambda: nn.LSTM(3, 4, 0), ValueError, "LSTM: num_layers must be at least 1, not 0"),
    (lambda: nn.LSTM(3, 4.0), TypeError, "LSTM: hidden_size must be an integer, not 4.0"),
    (lambda: nn.RNN(3, 4, "relu"), TypeError, "RNN: num_layers must be an integer, not 'relu'"),
    (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "proj_size has to be smaller than hidden_size"),
    (lambda: nn.LSTM(3, 4, proj_size=-1), ValueError, "proj_size should be a positive integer or zero"),
    (lambda: nn.GRU(3, 4, proj_size=1), ValueError, "proj_size argument is only supported for LSTM"),
    (lambda: nn.RNNBase("ELMAN", 3, 4), ValueError, "Unrecognized RNN mode: ELMAN.*RNN_TANH"),
    # inputs of layers
    (lambda: R(tg.zeros(3)), ValueError, r"RNN: Expected input to be 2D or 3D, got 1D instead: \(T, N, 3\)"),
    (lambda: L(tg.zeros(1, 2, 5, 3)), ValueError, r"LSTM: Expected input to be 2D or 3D, got 4D instead: \(N, T, 3\)"),
    (lambda: R(tg.zeros(5, 2, 4)), RuntimeError, r"input.size\(-1\) must be equal to input_size. Expected 3, got 4"),
    (lambda: R(X.double()), ValueError, r"RNN input dtype \(float64\) does not match weight dtype \(float32\)"),
    (lambda: R(X.long()), ValueError, "dtype.*int64.*nn.Embedding"),
    (lambda: R(X[:0]), RuntimeError, "Expected sequence length to be larger than 0 in RNN"),
    (lambda: L(X[:, :0]), RuntimeError, "Expected sequence length to be larger than 0"),
    (lambda: R(X.tolist()), TypeError, "RNN: the input must be a Tensor or a PackedSequence, not list"),
    (lambda: R(P._replace(data=P.data[:, :2])), RuntimeError, "Expected 3, got 2.*PackedSequence.data"),
    # states of layers
    (lambda: R(X, H[0]), RuntimeError, "For batched 3-D input, hx should also be 3-D but got 2-D tensor"),
    (lambda: R(X[:, 0], H), RuntimeError, "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor"),
    (lambda: L(X, (H[:1], H[0])), RuntimeError, r"hx and cx should also be 3-D but got \(3-D, 2-D\) tensors"),
    (lambda: R(X, H[:, :1]), RuntimeError, r"Expected hidden size \(2, 2, 4\), got \[2, 1, 4\].*batch_first=False"),
    (lambda: L(X, (tg.zeros(1, 2, 4), tg.zeros(1, 5, 4))), RuntimeError, r"hidden\[0\] size \(1, 5, 4\), got"),
    (lambda: L(X, (tg.zeros(1, 5, 4), tg.zeros(1, 5, 3))), RuntimeError, r"hidden\[1\] size \(1, 5, 4\), got"),
    (lambda: L(X, H), RuntimeError, r"hx must be a tuple of two tensors.*lstm\(x, \(h0, c0\)\)"),
    (lambda: R(X, (H, H)), TypeError, "RNN: hx must be a Tensor, not tuple"),
    (lambda: R(X, H.double()), RuntimeError, "Input and hidden tensors are not the same dtype.*float64"),
    (lambda: R(P, H[:, :1]), RuntimeError, r"Expected hidden size \(2, 2, 4\), got \[2, 1, 4\]"),
    # cells
    (lambda: nn.RNNCell(3, 4)(tg.zeros(2, 4)), RuntimeError, "inconsistent input_size: got 4 expected 3"),
    (lambda: nn.RNNCell(3, 4)(X), ValueError, "RNNCell: Expected input to be 1D or 2D, got 3D instead.*RNN takes"),
    (lambda: nn.GRUCell(3, 4)(X[0], tg.zeros(3, 4)), RuntimeError, "batch size 2 doesn't match hidden0 batch size 3"),
    (lambda: nn.GRUCell(3, 4)(X[0], tg.zeros(2, 5)), RuntimeError, "hidden0 has inconsistent hidden_size: got 5, exp"),
    (lambda: nn.GRUCell(3, 4)(X[0], H), ValueError, "GRUCell: Expected hidden to be 1D or 2D, got 3D"),
    (lambda: nn.LSTMCell(3, 4)(X[0], (H[0], H)), ValueError, r"LSTMCell: Expected hx\[1\] to be 1D or 2D, got 3D"),
    (lambda: nn.LSTMCell(3, 4)(X[0], H[0]), TypeError, r"tuple of two Tensors.*cell\(x, \(h, c\)\)"),
    (lambda: nn.LSTMCell(3, 4)([1.0]), TypeError, "the input must be a Tensor, not list"),
    (lambda: nn.RNNCell(3, 4)(X[0], [0.0]), TypeError, "the state must be a Tensor, not list"),
    (lambda: nn.RNNCell(3, 4)(X[0, 0], tg.zeros(1, 4)), RuntimeError, "batch size none doesn't match hidden0 batch"),
    # sequences
    (lambda: sequences.pack_padded_sequence(X, [3, 5]), RuntimeError, "sorted in decreasing order.*enforce_sorted"),
    (lambda: sequences.pack_padded_sequence(X, [3, 0]), RuntimeError, r"has to be greater than 0.*lengths\[1\] = 0"),
    (lambda: sequences.pack_padded_sequence(X, [3]), RuntimeError, r"got 1 \(batch_size=2\).*batch_first=False"),
    (lambda: sequences.pack_padded_sequence(X, [6, 3]), RuntimeError, r"lengths\[0\] = 6.*only 5 long"),
    (lambda: sequences.pack_padded_sequence(X, [[5, 3]]), RuntimeError, "1D int64 tensor or list, but got 2D"),
    (lambda: sequences.pack_padded_sequence(X[0, 0], [3]), RuntimeError, r"batch of sequences.*\(3,\)"),
    (lambda: sequences.pack_padded_sequence(X[:, :0], []), RuntimeError, "Cannot pack empty tensors"),
    (lambda: sequences.pack_sequence([X[:2], X]), RuntimeError, "sorted in decreasing order"),
    (lambda: sequences.pad_packed_sequence(P, total_length=2), ValueError, "total_length=2 and max sequence length"),
    (lambda: sequences.pad_packed_sequence(X), TypeError, "expected a PackedSequence, not Tensor"),
    (lambda: sequences.pad_sequence([]), RuntimeError, "received an empty list of sequences"),
    (lambda: sequences.pad_sequence(3), RuntimeError, "Expected iterable for input sequences, but got arg of type"),
    (lambda: sequences.pad_sequence([X], padding_side="top"), RuntimeError, "one of left or right, but got top"),
    (lambda: sequences.pad_sequence([X, X[:, 0]]), RuntimeError, r"must match.*sequences\[1\] has \(5, 3\)"),
    (lambda: sequences.unpad_sequence(X, [1, 2, 3]), RuntimeError, "2 sequences, but 3 lengths"),
    (lambda: sequences.PackedSequence(X), ValueError, "batch_sizes must be given"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()
