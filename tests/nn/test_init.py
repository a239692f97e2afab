"""nn.init: the distributions' bounds and moments, the fixed patterns, and what bad input is told.

A mean of n numbers of deviation s is off by more than 5 s / √n, and their deviation by more than 5 s / √n,
once in a million seeds; the seeds here are fixed.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.nn import init
from tinygrad_edu.testing import shapes


def seeded(seed=0):
    return tg.Generator().manual_seed(seed)


def check_moments(t, mean, std):
    a = t.numpy().astype(np.float64)
    margin = 5 * std / math.sqrt(a.size)
    assert abs(a.mean() - mean) <= margin
    assert abs(a.std() - std) <= margin


# -- distributions --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_uniform_and_normal(dtype):
    w = tg.empty(100, 200, dtype=dtype)
    assert init.uniform_(w, -2, 4, seeded()) is w
    assert -2 <= w.min().item() < -1.99 and 3.99 < w.max().item() <= 4
    check_moments(w, 1, 6 / math.sqrt(12))
    assert init.normal_(w, 3, 0.5, generator=seeded()) is w
    check_moments(w, 3, 0.5)
    assert w.dtype == dtype


@pytest.mark.parametrize(
    ("shape", "fan_in", "fan_out"), [((40, 30), 30, 40), ((40, 30, 5), 150, 200), ((8, 6, 5, 5), 150, 200)]
)
def test_xavier_and_kaiming_scale_with_the_fans(shape, fan_in, fan_out):
    assert init._calculate_fan_in_and_fan_out(tg.empty(shape)) == (fan_in, fan_out)
    w = tg.empty(shape)
    xavier = 3 * math.sqrt(2 / (fan_in + fan_out))
    kaiming = math.sqrt(2 / fan_in)
    outwards = math.sqrt(2 / (1 + 0.1**2) / fan_out)
    for f, std in [
        (lambda: init.xavier_normal_(w, gain=3, generator=seeded()), xavier),
        (lambda: init.kaiming_normal_(w, nonlinearity="relu", generator=seeded()), kaiming),
        (lambda: init.kaiming_normal_(w, a=0.1, mode="FAN_OUT", generator=seeded()), outwards),
        (lambda: init.xavier_uniform_(w, gain=3, generator=seeded()), xavier),
        (lambda: init.kaiming_uniform_(w, nonlinearity="relu", generator=seeded()), kaiming),
        (lambda: init.kaiming_uniform_(w, a=0.1, mode="fan_out", generator=seeded()), outwards),
    ]:
        assert f() is w
        check_moments(w, 0, std)
    bound = math.sqrt(3) * outwards  # the last one is uniform
    assert 0.98 * bound < w.abs().max().item() <= bound


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0, 1, -2, 2), (1, 2, 0, 1.5), (0, 1, -100, 100), (0, 1, 5, 9), (0, 1, -8, -6), (10, 1, -2, 2), (0, 0.1, 30, 31)],
)
def test_the_truncated_normal_distribution_wherever_it_is_cut(mean, std, a, b):
    n = 20_000
    found = init.trunc_normal_(tg.empty(n, dtype=tg.float64), mean, std, a, b, seeded()).numpy()
    assert a <= found.min() and found.max() <= b
    # its quantiles against those of the density, integrated over where it is not negligible
    low, high = max(a, mean - 12 * std), min(b, mean + 12 * std)
    if low < high <= mean + 12 * std and (a <= mean <= b):
        x = np.linspace(low, high, 200_001)
    else:  # a tail: it falls off as fast as exp(−m · d)
        near = a if a > mean else b
        reach = min(b - a, 40 * std * std / abs(near - mean))
        x = np.linspace(near, near + reach * (1 if a > mean else -1), 200_001)
        x = np.sort(x)
    log = -((x - mean) ** 2) / (2 * std * std)
    weight = np.cumsum(np.exp(log - log.max()))
    quantiles = np.linspace(0.1, 0.9, 9)
    expected = np.interp(quantiles, weight / weight[-1], x)
    share = np.searchsorted(np.sort(found), expected) / n
    np.testing.assert_allclose(share, quantiles, atol=5 * 0.5 / math.sqrt(n))


def test_a_truncated_normal_distribution_of_one_point():
    assert (init.trunc_normal_(tg.empty(3), a=1, b=1) == 1).all()


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (4, 3, 2), (2, 3, 4, 1), (1, 1)])
@pytest.mark.parametrize("dtype", [tg.float32, tg.float64])
def test_orthogonal_matrices(shape, dtype):
    w = tg.empty(shape, dtype=dtype)
    assert init.orthogonal_(w, gain=2, generator=seeded()) is w
    m = w.flatten(1).numpy()
    square = m @ m.T if m.shape[0] <= m.shape[1] else m.T @ m
    np.testing.assert_allclose(square, 4 * np.eye(len(square)), atol=1e-5 if dtype == tg.float32 else 1e-12)


def test_orthogonal_matrices_have_no_preferred_direction():
    entries = [init.orthogonal_(tg.empty(2, 2), generator=seeded(k))[0, 0].item() for k in range(400)]
    assert abs(np.mean(entries)) < 5 * math.sqrt(0.5 / 400)  # a plain QR has it negative always


def test_sparse_matrices():
    w = tg.empty(100, 30)
    assert init.sparse_(w, 0.305, std=0.1, generator=seeded()) is w
    assert ((w == 0).sum(0) == 31).all()
    check_moments(tg.tensor(w.numpy()[w.numpy() != 0]), 0, 0.1)
    assert len({tuple(column) for column in (w == 0).T.tolist()}) == 30  # other rows in each column
    assert (init.sparse_(tg.empty(3, 2), 1) == 0).all()
    assert (init.sparse_(tg.empty(3, 2), 0) != 0).all()


# -- patterns -------------------------------------------------------------------------------------------------


def test_constants():
    w = tg.empty(2, 3)
    assert init.constant_(w, -0.5) is w and (w == -0.5).all()
    assert init.ones_(w) is w and (w == 1).all()
    assert init.zeros_(w) is w and (w == 0).all()
    assert init.ones_(tg.empty((), dtype=tg.float64)).dtype == tg.float64


def test_eye_hands_on_its_inputs():
    x = tg.tensor([1.0, 2.0, 3.0])
    assert (init.eye_(tg.empty(2, 3)) @ x).tolist() == [1, 2]
    assert (init.eye_(tg.empty(4, 3)) @ x).tolist() == [1, 2, 3, 0]


@given(st.integers(1, 3), st.integers(0, 3), st.integers(0, 4), st.lists(st.integers(1, 4), min_size=1, max_size=3))
def test_dirac_has_its_ones_at_the_centre(groups, size, inputs, kernel):
    w = init.dirac_(tg.ones(groups * size, inputs, *kernel), groups).numpy()
    ones = [tuple(map(int, at)) for at in np.argwhere(w)]
    centre = tuple(n // 2 for n in kernel)
    assert ones == [(g * size + k, k, *centre) for g in range(groups) for k in range(min(size, inputs))]
    assert w.sum() == len(ones)


# -- what all have in common ----------------------------------------------------------------------------------

ALL = {
    "uniform_": {}, "normal_": {}, "trunc_normal_": {}, "constant_": {"val": 2}, "zeros_": {}, "ones_": {}, "eye_": {},
    "xavier_uniform_": {}, "xavier_normal_": {}, "kaiming_uniform_": {}, "kaiming_normal_": {}, "orthogonal_": {},
    "sparse_": {"sparsity": 0.4},
}  # fmt: skip
RANDOM = [name for name in ALL if name not in ("constant_", "zeros_", "ones_", "eye_")]


@pytest.mark.parametrize("name", ALL)
def test_a_leaf_is_filled_in_place_and_not_recorded(name):
    w = tg.full((3, 4), math.nan, requires_grad=True)
    memory, twice = w.detach(), w * w
    assert getattr(init, name)(w, **ALL[name]) is w
    assert w.is_leaf and w.requires_grad and w.grad_fn is None
    assert np.isfinite(memory.numpy()).all()
    with pytest.raises(RuntimeError, match="changed it in place since"):  # the graph is told
        twice.sum().backward()


@pytest.mark.parametrize("name", RANDOM)
def test_a_generator_says_the_numbers(name):
    def draw(seed):
        return getattr(init, name)(tg.empty(3, 4), **ALL[name], generator=seeded(seed)).numpy()

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()
    tg.manual_seed(3)
    first = getattr(init, name)(tg.empty(3, 4), **ALL[name]).numpy()
    tg.manual_seed(3)
    np.testing.assert_array_equal(first, getattr(init, name)(tg.empty(3, 4), **ALL[name]).numpy())


@given(shapes(2, 4), st.sampled_from(sorted(ALL)), st.sampled_from([tg.float16, tg.float32, tg.float64]))
def test_every_shape_and_dtype(shape, name, dtype):
    if name in ("eye_", "sparse_"):
        shape = shape[:2]
    w = tg.full(shape, math.nan, dtype=dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert getattr(init, name)(w, **ALL[name]) is w
    assert w.dtype == dtype and tuple(w.shape) == shape
    assert np.isfinite(w.numpy()).all()


def test_views_and_transposes_are_filled_where_they_are():
    w = tg.zeros(4, 3)
    init.orthogonal_(w.T[:, 1:])
    assert (w[0] == 0).all() and (w[1:] != 0).all()


def test_gains():
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))
    assert init.calculate_gain("leaky_relu", 2) == math.sqrt(2 / 5)
    assert init.calculate_gain("selu") == 0.75
    assert {init.calculate_gain(n) for n in ("linear", "sigmoid", "conv2d", "conv_transpose3d")} == {1}


@pytest.mark.parametrize("name", ["uniform", "normal", "eye", "xavier_uniform", "kaiming_normal", "orthogonal"])
def test_the_older_names_warn_with_the_new_ones(name):
    w = tg.empty(3, 3)
    with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`") as seen:
        assert getattr(init, name)(w) is w
    assert seen[0].filename == __file__


# -- bad input ------------------------------------------------------------------------------------------------

BAD = [
    (lambda w: init.xavier_uniform_(w[0]), ValueError, "Fan in and fan out can not be computed.*fewer than 2"),
    (lambda w: init.xavier_normal_(w[0]), ValueError, r"shape is \(4,\).*zeros_"),
    (lambda w: init.kaiming_uniform_(w[0]), ValueError, "fewer than 2 dimensions"),
    (lambda w: init.kaiming_uniform_(w, mode="fan"), ValueError, r"Mode fan not supported.*'fan_in', 'fan_out'"),
    (lambda w: init.kaiming_normal_(w, nonlinearity="rleu"), ValueError, "Unsupported nonlinearity rleu.*relu"),
    (lambda w: init.kaiming_normal_(w, a="x"), ValueError, "negative_slope x not a valid number"),
    (lambda w: init.calculate_gain("leaky_relu", True), ValueError, "negative_slope True not a valid number"),
    (lambda w: init.calculate_gain("sine"), ValueError, "Unsupported nonlinearity sine"),
    (lambda w: init.eye_(w[0]), ValueError, r"Only tensors with 2 dimensions.*\(4,\)"),
    (lambda w: init.dirac_(w), ValueError, r"Only tensors with 3, 4, or 5 dimensions.*\(3, 4\)"),
    (lambda w: init.dirac_(w[..., None], 2), ValueError, "dim 0 must be divisible by groups.*3.*2"),
    (lambda w: init.orthogonal_(w[0]), ValueError, r"Only tensors with 2 or more dimensions.*\(4,\)"),
    (lambda w: init.sparse_(w[0], 0.5), ValueError, "Only tensors with 2 dimensions"),
    (lambda w: init.sparse_(w, 1.5), ValueError, "between 0 and 1, not 1.5"),
    (lambda w: init.uniform_(w, 2, 1), RuntimeError, "from.*2.*1"),
    (lambda w: init.normal_(w, 0, -1), RuntimeError, "standard deviation must be at least 0, not -1"),
    (lambda w: init.trunc_normal_(w, std=0), RuntimeError, "std must be positive, not 0"),
    (lambda w: init.trunc_normal_(w, a=1, b=-1), RuntimeError, "a must be at most b, not 1 and -1"),
    (lambda w: init.uniform_(w, generator=3), TypeError, "generator must be a Generator, not int"),
    (lambda w: init.uniform_(w.expand(2, 3, 4)), RuntimeError, "cannot be written to"),
    *(
        (lambda w, n=name: getattr(init, n)([[1.0]], **ALL[n]), TypeError, "expected a Tensor, not list")
        for name in ALL
    ),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong_and_changes_nothing(f, error, message):
    w = tg.full((3, 4), 7.0)
    with pytest.raises(error, match=message):
        f(w)
    assert (w == 7).all()


def test_whole_numbers_cannot_be_random():
    for f in (init.uniform_, init.normal_, init.xavier_uniform_):
        with pytest.raises(NotImplementedError, match="floating tensors, not int64"):
            f(tg.zeros(2, 2, dtype=tg.int64))


def test_a_layer_in_place_of_its_weight_is_pointed_out():
    class Layer:
        def parameters(self):
            return iter(())

    with pytest.raises(TypeError, match=r"not Layer: give one of its parameters, layer.weight"):
        init.xavier_uniform_(Layer())


def test_nothing_to_fill_is_said():
    for f in (init.kaiming_uniform_, init.kaiming_normal_):
        with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
            f(tg.empty(0, 3))
    init.xavier_uniform_(tg.empty(0, 0))
    init.orthogonal_(tg.empty(0, 3))
