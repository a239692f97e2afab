"""Layers and activations as modules: gradients of inputs and parameters, initial values, modes, mistakes."""

from __future__ import annotations

import copy
import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.gradients.harness import Call, check_float32, check_gradients, check_second_gradients
from tinygrad_edu import nn
from tinygrad_edu.func import functional_call
from tinygrad_edu.testing import arrays, shapes

# -- gradients ------------------------------------------------------------------------------------------------


def call_of(module, *inputs, constants=()):
    """The module as a function of its inputs and its parameters, with numbers for all of them."""
    names, params = zip(*module.named_parameters(), strict=True) if list(module.parameters()) else ((), ())
    rng = np.random.default_rng(len(names))

    def f(*xs):
        given = dict(zip(names, xs[len(inputs) :], strict=True))
        return functional_call(module, given, (*xs[: len(inputs)], *map(tg.tensor, constants)))

    return Call(f, (*inputs, *(rng.uniform(-1, 1, tuple(p.shape)) for p in params)))


sizes = st.integers(1, 4)


@st.composite
def linears(draw):
    n, m, batch = draw(sizes), draw(sizes), draw(shapes(0, 2))
    return call_of(nn.Linear(n, m, bias=draw(st.booleans())), draw(arrays((*batch, n))))


@st.composite
def bilinears(draw):
    n, m, k, batch = draw(sizes), draw(sizes), draw(sizes), draw(shapes(1, 2))
    layer = nn.Bilinear(n, m, k, bias=draw(st.booleans()))
    return call_of(layer, draw(arrays((*batch, n))), draw(arrays((*batch, m))))


@st.composite
def embeddings(draw):
    rows, dim = draw(sizes), draw(sizes)
    layer = nn.Embedding(
        rows,
        dim,
        padding_idx=draw(st.none() | st.integers(-rows, rows - 1)),
        scale_grad_by_freq=draw(st.booleans()),
    )
    # a row that does not count, or counts less, is no mistake: these gradients are compared by hand below
    if layer.padding_idx is not None or layer.scale_grad_by_freq:
        layer = nn.Embedding(rows, dim)
    indices = draw(arrays(shapes(0, 2), 0, rows - 1, dtype=np.int64))
    return call_of(layer, constants=(indices,))


@st.composite
def bags(draw):
    rows, dim = draw(st.integers(2, 4)), draw(sizes)
    mode = draw(st.sampled_from(["mean", "sum"]))
    layer = nn.EmbeddingBag(rows, dim, mode=mode)
    if draw(st.booleans()):
        return call_of(layer, constants=(draw(arrays(shapes(2, 2), 0, rows - 1, dtype=np.int64)),))
    indices = draw(arrays(shapes(1, 1), 0, rows - 1, dtype=np.int64))
    offsets = [0, *sorted(draw(st.lists(st.integers(0, len(indices)), max_size=3)))]
    if mode == "mean":
        return call_of(layer, constants=(indices, np.array(offsets)))
    where, starts = tg.tensor(indices), tg.tensor(np.array(offsets))
    factors = draw(arrays(indices.shape))

    def f(w, factors):
        return functional_call(layer, {"weight": w}, (where, starts, factors))

    return Call(f, (np.random.default_rng(0).uniform(-1, 1, (rows, dim)), factors))


def pointwise(make, **limits):
    return arrays(shapes(min_side=1), **limits).map(lambda x: call_of(make(), x))


@st.composite
def along(draw, make):
    shape = draw(shapes(min_dims=1, min_side=1))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    return call_of(make(dim), draw(arrays(shape)))


@st.composite
def halves(draw):
    shape = list(draw(shapes(min_dims=1, min_side=1)))
    dim = draw(st.integers(0, len(shape) - 1))
    shape[dim] *= 2
    return call_of(nn.GLU(dim), draw(arrays(tuple(shape))))


@st.composite
def slopes(draw):
    shape = draw(shapes(min_dims=2, min_side=1))
    return call_of(nn.PReLU(draw(st.sampled_from([1, shape[1]]))), draw(arrays(shape, avoid=[0])))


@st.composite
def flattened(draw):
    shape = draw(shapes(min_dims=1))
    start = draw(st.integers(0, len(shape) - 1))
    end = draw(st.integers(start, len(shape) - 1))
    return call_of(nn.Flatten(start, end), draw(arrays(shape)))


@st.composite
def unflattened(draw):
    shape, n = draw(shapes(min_dims=1, max_dims=2)), draw(sizes)
    shape = (shape[0] * n, *shape[1:])
    return call_of(nn.Unflatten(0, (n, shape[0] // n)), draw(arrays(shape)))


@st.composite
def distances(draw, make):
    shape = draw(shapes(min_dims=1, min_side=1))
    return call_of(make(), draw(arrays(shape, 0.5, 3)), draw(arrays(shape, -3, -0.5)))


@st.composite
def dropped(draw, make, dims):
    """Dropout with its seed set before each call."""
    layer, seed = make(draw(st.sampled_from([0.0, 0.3, 0.9, 1.0]))), draw(st.integers(0, 9))

    class Seeded(nn.Module):
        def forward(self, x):
            tg.manual_seed(seed)
            return layer(x)

    return call_of(Seeded(), draw(arrays(shapes(dims, dims, min_side=1))))


@st.composite
def networks(draw):
    widths = draw(st.lists(sizes, min_size=2, max_size=4))
    layers = []
    for n, m in itertools.pairwise(widths):
        layers += [nn.Linear(n, m), draw(st.sampled_from([nn.Tanh, nn.Sigmoid, nn.SiLU]))()]
    return call_of(nn.Sequential(*layers), draw(arrays((draw(sizes), widths[0]))))


CASES = {
    "Linear": linears(),
    "Bilinear": bilinears(),
    "Embedding": embeddings(),
    "EmbeddingBag": bags(),
    "Identity": pointwise(nn.Identity),
    "Flatten": flattened(),
    "Unflatten": unflattened(),
    "Sequential": networks(),
    "CosineSimilarity": distances(lambda: nn.CosineSimilarity(dim=-1)),
    "PairwiseDistance": distances(lambda: nn.PairwiseDistance(keepdim=True)),
    "Dropout": dropped(nn.Dropout, 2),
    "Dropout1d": dropped(nn.Dropout1d, 3),
    "Dropout2d": dropped(nn.Dropout2d, 4),
    "Dropout3d": dropped(nn.Dropout3d, 5),
    "AlphaDropout": dropped(nn.AlphaDropout, 2),
    "FeatureAlphaDropout": dropped(nn.FeatureAlphaDropout, 3),
    "RReLU": dropped(lambda p: nn.RReLU(p / 2, p), 2).filter(lambda call: (np.abs(call.inputs[0]) > 0.1).all()),
    "ReLU": pointwise(nn.ReLU, avoid=[0]),
    "LeakyReLU": pointwise(lambda: nn.LeakyReLU(0.2), avoid=[0]),
    "PReLU": slopes(),
    "ELU": pointwise(lambda: nn.ELU(0.7), avoid=[0]),
    "CELU": pointwise(lambda: nn.CELU(0.7), avoid=[0]),
    "SELU": pointwise(nn.SELU, avoid=[0]),
    "Hardtanh": pointwise(lambda: nn.Hardtanh(-0.5, 2.0), avoid=[-0.5, 2.0]),
    "ReLU6": pointwise(nn.ReLU6, low=-3, high=9, avoid=[0, 6]),
    "Threshold": pointwise(lambda: nn.Threshold(0.5, 7.0), avoid=[0.5]),
    "Sigmoid": pointwise(nn.Sigmoid),
    "Tanh": pointwise(nn.Tanh),
    "Softplus": pointwise(lambda: nn.Softplus(2.0, 4.0), avoid=[2.0]),
    "GELU": pointwise(nn.GELU) | pointwise(lambda: nn.GELU("tanh")),
    "SiLU": pointwise(nn.SiLU),
    "Mish": pointwise(nn.Mish),
    "LogSigmoid": pointwise(nn.LogSigmoid),
    "Softsign": pointwise(nn.Softsign, avoid=[0]),
    "Tanhshrink": pointwise(nn.Tanhshrink),
    "Hardsigmoid": pointwise(nn.Hardsigmoid, low=-5, high=5, avoid=[-3, 3]),
    "Hardswish": pointwise(nn.Hardswish, low=-5, high=5, avoid=[-3, 3]),
    "Hardshrink": pointwise(nn.Hardshrink, avoid=[-0.5, 0.5]),
    "Softshrink": pointwise(nn.Softshrink, avoid=[-0.5, 0.5]),
    "Softmax": along(nn.Softmax),
    "LogSoftmax": along(nn.LogSoftmax),
    "Softmin": along(nn.Softmin),
    "Softmax2d": arrays(shapes(3, 4, min_side=1)).map(lambda x: call_of(nn.Softmax2d(), x)),
    "GLU": halves(),
}


RANDOM = ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout", "RReLU")


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=4)
@given(data=st.data())
def test_gradients(name, data):
    call = data.draw(CASES[name])
    if not call.inputs:
        return
    check_gradients(call)
    check_second_gradients(call)
    if name not in RANDOM:  # a seed gives other numbers in float32
        check_float32(call)


def test_every_activation_and_layer_has_a_case():
    modules = (nn.activations, nn.linear, nn.dropout, nn.embedding, nn.shaping, nn.distance)
    names = {name for m in modules for name in m.__all__ if isinstance(getattr(m, name), type)}
    assert names - {"LazyLinear"} <= CASES.keys()


@given(st.integers(1, 4), st.integers(1, 3), st.data())
@settings(max_examples=10)
def test_gradients_of_embeddings_by_hand(rows, dim, data):
    padding = data.draw(st.none() | st.integers(-rows, rows - 1))
    layer = nn.Embedding(rows, dim, padding, scale_grad_by_freq=data.draw(st.booleans())).double()
    indices = data.draw(arrays(shapes(0, 2), 0, rows - 1, dtype=np.int64))
    y = layer(tg.tensor(indices))
    g = np.random.default_rng(0).standard_normal(y.shape)
    y.backward(tg.tensor(g))
    expected = np.zeros((rows, dim))
    for at, k in np.ndenumerate(indices):
        if padding is None or k != padding % rows:
            expected[k] += g[at] / ((indices == k).sum() if layer.scale_grad_by_freq else 1)
    np.testing.assert_allclose(layer.weight.grad.numpy(), expected, rtol=1e-12, atol=1e-15)


# -- initial values, options, printing ---------------------------------------------------------------------------


def test_initial_values():
    tg.manual_seed(0)
    for layer, fan in ((nn.Linear(16, 400), 16), (nn.Bilinear(16, 5, 80), 16)):
        for p in layer.parameters():
            x, bound = p.detach().numpy(), fan**-0.5
            assert p.dtype == tg.float32 and p.requires_grad and np.abs(x).max() <= bound
            assert np.abs(x).max() > 0.9 * bound and abs(x.mean()) < 0.1 * bound
    table = nn.Embedding(300, 20, padding_idx=-1)
    x = table.weight.detach().numpy()
    assert table.padding_idx == 299 and (x[299] == 0).all() and abs(x[:299].std() - 1) < 0.05
    assert nn.PReLU(3, 0.1).weight.tolist() == pytest.approx([0.1] * 3)
    first, second = nn.Linear(3, 3), nn.Linear(3, 3)
    assert (first.weight != second.weight).any()
    before = first.weight
    first.reset_parameters()
    assert first.weight is before
    tg.manual_seed(1)
    a = nn.Linear(3, 3)
    tg.manual_seed(1)
    assert (a.weight == nn.Linear(3, 3).weight).all()


def test_dtypes_and_devices():
    assert nn.Linear(2, 2, dtype=tg.float64, device="cpu").bias.dtype == tg.float64
    assert nn.Embedding(2, 2, dtype=tg.float64).weight.dtype == tg.float64
    assert nn.PReLU(dtype=tg.float64).weight.dtype == tg.float64
    for make in (lambda: nn.Linear(2, 2, device="cuda"), lambda: nn.PReLU(device="cuda")):
        with pytest.raises(RuntimeError, match="no device"):
            make()
    tg.set_default_dtype(tg.float64)
    try:
        assert nn.Linear(2, 2).weight.dtype == tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


def test_empty_layers():
    assert nn.Linear(3, 0)(tg.ones(2, 3)).shape == (2, 0)
    y = nn.Linear(0, 2)(tg.ones(3, 0))
    y.sum().backward()
    assert y.shape == (3, 2)
    assert nn.Sequential()(3) == 3


ALL = [
    nn.Linear(2, 3), nn.Bilinear(2, 3, 4), nn.Embedding(4, 3, padding_idx=1), nn.Flatten(), nn.Unflatten(1, (2, 2)),
    nn.Dropout(0.2), nn.LeakyReLU(0.2, inplace=True), nn.Softmax(dim=1), nn.PReLU(2), nn.GELU("tanh"),
    nn.CosineSimilarity(0), nn.PairwiseDistance(3), nn.Threshold(1, 2), nn.Hardshrink(0.1), nn.RReLU(0.1, 0.2),
]  # fmt: skip


@pytest.mark.parametrize("layer", ALL, ids=lambda layer: type(layer).__name__)
def test_layers_are_copied_and_pickled(layer):
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(twin) is type(layer) and repr(twin) == repr(layer) and twin is not layer
        assert list(twin.state_dict()) == list(layer.state_dict())


def test_options_are_attributes():
    layer = nn.LeakyReLU(0.2)
    layer.negative_slope = 0.5
    assert layer(tg.tensor([-2.0])).item() == -1 and "negative_slope=0.5" in repr(layer)
    assert nn.Linear(2, 3).out_features == 3 and nn.Dropout(0.1).p == 0.1

    class Steep(nn.LeakyReLU):
        def __init__(self):
            super().__init__(negative_slope=2.0)
            self.gain = nn.Parameter(tg.ones(1))

    assert Steep()(tg.tensor([-2.0])).item() == -4 and len(list(Steep().parameters())) == 1


def test_inplace_activations_change_their_input():
    for layer in (nn.ReLU(True), nn.LeakyReLU(inplace=True), nn.ELU(inplace=True), nn.Dropout(0.9, inplace=True)):
        x = tg.full((50,), -1.0)
        assert layer(x) is x and (x != -1).any()
        assert nn.Sequential(layer).eval() and "inplace=True" in repr(layer)


# -- modes ----------------------------------------------------------------------------------------------------


def test_dropout_is_noise_in_training_only():
    tg.manual_seed(0)
    x = tg.ones(100, 100)
    layer = nn.Dropout(0.2)
    y = layer(x)
    assert set(y.unique().tolist()) == {0.0, 1.25} and abs((y == 0).float().mean().item() - 0.2) < 0.02
    assert layer.eval()(x) is x and layer.train()(x) is not x
    assert nn.Dropout(0)(x) is x and (nn.Dropout(1)(x) == 0).all()


@pytest.mark.parametrize(
    "layer, shape, kept",
    [(nn.Dropout1d, (40, 50, 3), 2), (nn.Dropout2d, (40, 50, 2, 3), 2), (nn.Dropout3d, (40, 50, 2, 1, 3), 2),
     (nn.Dropout1d, (300, 3), 1), (nn.Dropout3d, (300, 2, 2, 2), 1)],
)  # fmt: skip
def test_whole_channels_are_dropped(layer, shape, kept):
    tg.manual_seed(0)
    y = layer(0.25)(tg.ones(*shape)).numpy().reshape(*shape[:kept], -1)
    assert (y == y[..., :1]).all() and abs((y == 0).mean() - 0.25) < 0.08
    np.testing.assert_allclose(y.max(), 4 / 3, rtol=1e-6)


def test_alpha_dropout_keeps_mean_and_variance():
    tg.manual_seed(0)
    x = tg.randn(200, 200)
    for layer in (nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3)):
        y = layer(x)
        assert abs(y.mean().item()) < 0.05 and abs(y.std().item() - 1) < 0.05


def test_rrelu():
    tg.manual_seed(0)
    x = tg.full((1000,), -1.0)
    y = -nn.RReLU(0.2, 0.6)(x)
    assert 0.2 <= y.min().item() < 0.25 and 0.55 < y.max().item() <= 0.6
    assert (nn.RReLU(0.2, 0.6).eval()(x) == -0.4).all()
    assert nn.RReLU(inplace=True)(x) is x


def test_channel_dropout_warns_of_odd_shapes():
    with pytest.warns(UserWarning, match=r"taken as \(N, C, L\)"):
        nn.Dropout2d(0.5)(tg.ones(2, 3, 4))
    for layer, shape in ((nn.Dropout2d, (2, 3)), (nn.Dropout3d, (2, 3, 4))):
        with pytest.warns(UserWarning, match="please use dropout instead"):
            layer(0.5)(tg.ones(*shape))


def test_embeddings_of_bounded_norm():
    layer = nn.Embedding.from_pretrained(tg.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]]), freeze=False, max_norm=1.0)
    y = layer(tg.tensor([0, 1, 0]))
    np.testing.assert_allclose(y.detach().numpy(), [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]], rtol=1e-5)
    assert layer.weight[2].tolist() == [6, 8]  # it was not used
    y.sum().backward()
    assert layer.weight.grad.tolist() == [[2, 2], [1, 1], [0, 0]]


def test_embeddings_made_of_vectors():
    vectors = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    bag = nn.EmbeddingBag.from_pretrained(vectors, mode="sum")
    assert not bag.weight.requires_grad and bag(tg.tensor([[0, 1]])).tolist() == [[4, 6]]
    frozen = nn.Embedding.from_pretrained(vectors)
    assert not frozen.weight.requires_grad and frozen(tg.tensor(1)).tolist() == [3, 4]
    assert nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=0).weight.requires_grad


def test_lazy_linear():
    layer = nn.LazyLinear(2)
    held = list(layer.parameters())
    optimizer = tg.optim.SGD(held, lr=0.1)
    layer(tg.ones(3, 5)).sum().backward()
    assert type(layer) is nn.Linear and layer.weight.shape == (2, 5) and layer.in_features == 5
    assert layer.weight is held[0] and 0 < layer.weight.abs().max().item() <= 5**-0.5
    before = layer.weight.clone()
    optimizer.step()
    assert (layer.weight != before).all()
    with pytest.raises(RuntimeError, match="single number"):
        nn.LazyLinear(2)(tg.tensor(1.0))


def test_functional_call():
    net = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    net.tied = net[0]
    weight, state = tg.ones(2, 2, requires_grad=True), {k: v.clone() for k, v in net.state_dict().items()}
    y = functional_call(net, {"0.weight": weight}, tg.ones(1, 2))
    y.sum().backward()
    assert weight.grad is not None and net[0].weight.grad is None
    assert all((v == state[k]).all() for k, v in net.state_dict().items())
    again = functional_call(net, ({"tied.weight": weight}, {"0.bias": net[0].bias}), (), {"input": tg.ones(1, 2)})
    assert (again == y).all()
    with pytest.raises(RuntimeError, match=r"has no '1\.weight'"):
        functional_call(net, {"1.weight": weight}, tg.ones(1, 2))
    with pytest.raises(RuntimeError, match=r"nothing for '0\.bias'"):
        functional_call(net[:1], {"0.weight": weight}, tg.ones(1, 2), strict=True)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        functional_call(net, {"0.weight": weight}, tg.ones(1, 3))
    assert net[0].weight is not weight


# -- mistakes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, error, message",
    [
        (
            lambda: nn.Linear(784 / 2, 10),
            TypeError,
            r"in_features must be an integer, not 392.0: write in_features=392",
        ),
        (lambda: nn.Linear(3, "10"), TypeError, "out_features must be an integer, not '10'"),
        (lambda: nn.Linear(3, -1), ValueError, "out_features must be at least 0"),
        (lambda: nn.Bilinear(0, 1, 1), ValueError, "in1_features must be at least 1"),
        (lambda: nn.Embedding(3.5, 2), TypeError, "num_embeddings"),
        (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError, r"Padding_idx must be within.*0 to 2"),
        (lambda: nn.Embedding(3, 2, _weight=tg.ones(2, 2)), ValueError, "Shape of weight"),
        (lambda: nn.Embedding.from_pretrained(tg.ones(3)), ValueError, "2-dimensional"),
        (lambda: nn.Dropout(-0.1), ValueError, "between 0 and 1"),
        (lambda: nn.Dropout2d(1.1), ValueError, "between 0 and 1"),
        (lambda: nn.Hardtanh(1.0, 1.0), ValueError, "max_val must be larger"),
        (lambda: nn.Unflatten(1, 4), TypeError, r"tuple of ints.*Unflatten\(1, \(4, -1\)\)"),
        (lambda: nn.Unflatten(1, (2, 2.0)), TypeError, "float at pos 1"),
        (lambda: nn.Unflatten("features", (2, 2)), TypeError, "dim must be an int"),
        (lambda: nn.ReLU(tg.ones(2)), TypeError, r"made first and called then, nn.ReLU\(\)\(input\)"),
        (lambda: nn.ReLU(slope=3), TypeError, "unexpected keyword argument 'slope'"),
    ],
)
def test_options_that_make_no_sense(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    "layer, inputs, error, message",
    [
        (nn.Linear(3, 2), (tg.ones(5, 4),), RuntimeError, r"5x4 and 3x2.*the layer takes 3 features"),
        (nn.Linear(3, 2), (tg.tensor(1.0),), RuntimeError, "at least 1D"),
        (nn.Linear(3, 2), (tg.ones(5, 3).double(),), RuntimeError, r"X = X.float\(\)"),
        (nn.Linear(3, 2), (tg.ones(5, 3).long(),), RuntimeError, "mat1 and mat2 must have the same dtype"),
        (nn.Linear(3, 2), (tg.ones(5, 3), 1), TypeError, "positional arguments"),
        (nn.Linear(3, 2), (), TypeError, "missing 1 required"),
        (nn.Bilinear(3, 2, 1), (tg.ones(5, 3), tg.ones(4, 2)), RuntimeError, "do not fit"),
        (nn.Embedding(3, 2), (tg.tensor([1.0]),), RuntimeError, r"input.long\(\)"),
        (nn.Embedding(3, 2), (tg.tensor([3]),), IndexError, "3 rows"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([0]),), ValueError, "offsets has to be a 1D Tensor.*None"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([[0]]), tg.tensor([0])), ValueError, "offsets has to be None"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([0, 1]), tg.tensor([1])), RuntimeError, r"offsets\[0\] has to be 0"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([0, 1]), tg.tensor([0, 3])), RuntimeError, "must not decrease"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([0, 1]), tg.tensor([0, 2, 1])), RuntimeError, "must not decrease"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([0, 1]), tg.tensor([0.0])), ValueError, "1D Tensor of integers"),
        (nn.EmbeddingBag(3, 2), (tg.tensor(0),), ValueError, "1D or 2D"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([[3]]),), IndexError, "3 rows"),
        (nn.EmbeddingBag(3, 2, mode="median"), (tg.tensor([[1]]),), ValueError, "one of sum, mean or max"),
        (nn.EmbeddingBag(3, 2), (tg.tensor([[1]]), None, tg.ones(1, 1)), NotImplementedError, "mode='sum'"),
        (nn.EmbeddingBag(3, 2, mode="sum"), (tg.tensor([[1]]), None, tg.ones(1)), ValueError, "same shape"),
        (nn.Unflatten(1, (2, 2)), (tg.ones(2, 5),), RuntimeError, "unflatten: shape .* is invalid for input of size 5"),
        (nn.Flatten(), (tg.ones(2),), IndexError, "Dimension out of range"),
        (nn.Softmax2d(), (tg.ones(2),), ValueError, "3D or 4D"),
        (nn.GLU(), (tg.ones(3),), RuntimeError, "even"),
        (nn.RReLU(0.5, 0.1), (tg.ones(3),), ValueError, "lower"),
        (nn.Dropout1d(), (tg.ones(3),), RuntimeError, "2D or 3D"),
        (nn.Dropout2d(), (tg.ones(3),), RuntimeError, "3D or 4D"),
        (nn.FeatureAlphaDropout(), (tg.ones(3),), RuntimeError, "at least 2 dimensions"),
        (nn.Dropout(), (tg.ones(3).long(),), RuntimeError, r"floating input.*input.float\(\)"),
        (nn.AlphaDropout(), (tg.ones(3).long(),), RuntimeError, "floating input"),
        (nn.PReLU(3), (tg.ones(2, 4),), RuntimeError, "weight|channel"),
    ],
)
def test_inputs_that_do_not_fit(layer, inputs, error, message):
    before = {k: v.clone() for k, v in layer.state_dict().items()}
    with pytest.raises(error, match=message):
        layer(*inputs)
    assert all((v == before[k]).all() for k, v in layer.state_dict().items())
