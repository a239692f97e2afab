"""Random numbers: distributions, seeds, states, and what is refused. (Bounds are six standard errors.)"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg

N = 20_000


@pytest.fixture(autouse=True)
def _seeded():
    state = tg.get_rng_state()
    tg.manual_seed(0)
    yield
    tg.set_rng_state(state)


def _close(t, mean, std):
    a = t.numpy().astype(np.float64)
    assert abs(a.mean() - mean) < 6 * std / math.sqrt(a.size)
    assert abs(a.std() - std) < 0.05 * std


DRAWS = {
    "rand": lambda g: tg.rand(5, generator=g),
    "randn": lambda g: tg.randn(5, generator=g),
    "randint": lambda g: tg.randint(100, (5,), generator=g),
    "randperm": lambda g: tg.randperm(20, generator=g),
    "normal": lambda g: tg.normal(0.0, 1.0, (5,), generator=g),
    "bernoulli": lambda g: tg.bernoulli(tg.full((50,), 0.5), generator=g),
    "multinomial": lambda g: tg.multinomial(tg.ones(20), 10, generator=g),
    "replacement": lambda g: tg.multinomial(tg.ones(20), 10, replacement=True, generator=g),
    "poisson": lambda g: tg.poisson(tg.full((20,), 5.0), generator=g),
    "rand_like": lambda g: tg.rand_like(tg.zeros(5), generator=g),
    "randn_like": lambda g: tg.randn_like(tg.zeros(5), generator=g),
    "randint_like": lambda g: tg.randint_like(tg.zeros(5), 100, generator=g),
    "uniform_": lambda g: tg.zeros(5).uniform_(generator=g),
    "normal_": lambda g: tg.zeros(5).normal_(generator=g),
    "exponential_": lambda g: tg.zeros(5).exponential_(generator=g),
    "log_normal_": lambda g: tg.zeros(5).log_normal_(generator=g),
    "cauchy_": lambda g: tg.zeros(5).cauchy_(generator=g),
    "geometric_": lambda g: tg.zeros(50).geometric_(0.1, generator=g),
    "bernoulli_": lambda g: tg.zeros(50).bernoulli_(generator=g),
    "random_": lambda g: tg.zeros(5).random_(1000, generator=g),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_the_same_seed_gives_the_same_numbers_and_the_next_draw_others(draw):
    tg.manual_seed(3)
    first, second = draw(None), draw(None)
    tg.manual_seed(3)
    assert draw(None).tolist() == first.tolist() != second.tolist()


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_a_generator_of_ones_own_leaves_the_default_one_alone(draw):
    before = tg.get_rng_state().tolist()
    g, h = tg.Generator().manual_seed(1), tg.Generator().manual_seed(1)
    assert draw(g).tolist() == draw(h).tolist()
    assert tg.get_rng_state().tolist() == before


def test_a_state_can_be_returned_to():
    g = tg.Generator().manual_seed(5)
    tg.rand(3, generator=g)
    state = g.get_state()
    assert state.dtype == tg.uint8
    expected = tg.randn(3, generator=g)
    again = tg.Generator()
    again.set_state(state)
    assert again.initial_seed() == 5
    assert tg.randn(3, generator=again).tolist() == expected.tolist()
    for wrong in (tg.zeros(3).byte(), tg.zeros(3), b"{}", 3):
        before = again.get_state().tolist()
        with pytest.raises(RuntimeError, match="get_state"):
            again.set_state(wrong)
        assert again.get_state().tolist() == before


def test_seeds():
    assert tg.manual_seed(7) is tg.default_generator
    assert tg.initial_seed() == 7
    s = tg.seed()
    assert tg.initial_seed() == s != tg.seed()
    assert tg.manual_seed(-1).initial_seed() == 2**64 - 1
    with pytest.raises(TypeError, match="whole number"):
        tg.manual_seed(0.5)
    with pytest.raises(TypeError, match="Generator"):
        tg.rand(2, generator=np.random.default_rng(0))


@pytest.mark.parametrize("dtype", [tg.float16, tg.float32, tg.float64])
def test_uniform_and_normal_numbers(dtype):
    u = tg.rand(N, dtype=dtype)
    assert u.dtype == dtype
    assert u.numpy().min() >= 0
    assert u.numpy().max() < 1
    _close(u, 0.5, 12**-0.5)
    z = tg.randn(N, dtype=dtype)
    assert z.dtype == dtype
    _close(z, 0, 1)


def test_float32_is_drawn_in_float32():
    u = tg.rand(1000).numpy().astype(np.float64)
    assert (u * 2**24 == np.floor(u * 2**24)).all()


def test_randint_takes_every_number_from_low_to_high():
    assert set(tg.randint(-1, 3, (500,)).tolist()) == {-1, 0, 1, 2}
    assert set(tg.randint(2, (100,)).tolist()) == {0, 1}
    assert tg.randint(5, (2, 3), dtype=tg.float32).dtype == tg.float32
    for wrong in ((3, 3), (5, 1)):
        with pytest.raises(RuntimeError, match="less than"):
            tg.randint(*wrong, (2,))
    with pytest.raises(RuntimeError, match="fit"):
        tg.randint(0, 300, (2,), dtype=tg.uint8)
    with pytest.raises(TypeError, match="shape"):
        tg.randint(0, 3)


def test_randperm_is_a_permutation():
    p = tg.randperm(50)
    assert sorted(p.tolist()) == list(range(50)) != p.tolist()
    assert p.dtype == tg.int64
    assert tg.randperm(0).shape == (0,)
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.randperm(-1)


def test_the_four_forms_of_normal():
    _close(tg.normal(tg.full((N,), 3.0), tg.full((N,), 2.0)), 3, 2)
    _close(tg.normal(tg.full((N,), 3.0), 2.0), 3, 2)
    _close(tg.normal(3.0, tg.full((N,), 2.0)), 3, 2)
    _close(tg.normal(3.0, 2.0, (N,)), 3, 2)
    _close(tg.normal(tg.zeros(N)), 0, 1)
    assert tg.normal(tg.zeros(2, 1).double(), tg.ones(3).double()).shape == (2, 3)
    assert tg.normal(tg.zeros(2).double()).dtype == tg.float64
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.normal(0.0, -1.0, (2,))
    with pytest.raises(TypeError, match="size"):
        tg.normal(0.0, 1.0)


def test_bernoulli():
    assert tg.bernoulli(tg.tensor([0.0, 1.0])).tolist() == [0, 1]
    _close(tg.bernoulli(tg.full((N,), 0.3)), 0.3, (0.3 * 0.7) ** 0.5)
    _close(tg.zeros(N).bernoulli_(0.3), 0.3, (0.3 * 0.7) ** 0.5)
    assert tg.bernoulli(tg.zeros(9), 1.0).tolist() == [1.0] * 9
    assert tg.zeros(3).bool().bernoulli_(1.0).tolist() == [True] * 3
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(RuntimeError, match="between 0 and 1"):
            tg.bernoulli(tg.tensor([0.5, p]))
    with pytest.raises(RuntimeError, match="float"):
        tg.bernoulli(tg.tensor([0, 1]))


@pytest.mark.parametrize("replacement", [False, True])
def test_multinomial_draws_in_proportion(replacement):
    weights = tg.tensor([1.0, 0.0, 3.0, 4.0])
    first = tg.multinomial(weights.new_ones(N, 1) * weights, 1, replacement).numpy()[:, 0]
    share = np.bincount(first, minlength=4) / N
    np.testing.assert_allclose(share, [0.125, 0, 0.375, 0.5], atol=6 * 0.5 / math.sqrt(N))
    assert share[1] == 0


@given(st.integers(1, 5), st.integers(0, 2**32))
def test_multinomial_without_replacement_repeats_nothing(k, seed):
    g = tg.Generator().manual_seed(seed)
    drawn = tg.multinomial(tg.tensor([[1.0, 2.0, 0.0, 3.0, 1.0, 5.0]]), k, generator=g)
    assert drawn.shape == (1, k)
    assert len({*drawn.tolist()[0]} - {2}) == k


@pytest.mark.parametrize(
    ("weights", "n"),
    [
        ([0.0, 0.0], 1),
        ([1.0, -1.0], 1),
        ([1.0, math.nan], 1),
        ([1.0, math.inf], 1),
        ([1.0, 0.0], 2),
        ([1.0], 0),
        ([], 1),
    ],
)
def test_multinomial_refuses_what_are_no_weights(weights, n):
    with pytest.raises(RuntimeError, match="multinomial"):
        tg.multinomial(tg.tensor(weights), n)


def test_poisson():
    _close(tg.poisson(tg.full((N,), 4.0)), 4, 2)
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.poisson(tg.tensor([-1.0]))


def test_in_place_draws_keep_the_memory_and_the_dtype():
    for dtype in (tg.float32, tg.float64):
        t = tg.zeros(N, dtype=dtype)
        alias = t.detach()
        _close(t.uniform_(-1, 3), 1, 4 * 12**-0.5)
        _close(t.normal_(2, 3), 2, 3)
        _close(t.exponential_(2.0), 0.5, 0.5)
        _close(t.log_normal_(0.5, 0.25).log(), 0.5, 0.25)
        _close(t.geometric_(0.25), 4, 12**0.5)
        below = (t.cauchy_(3, 2) < 5).numpy()  # the quarters of the distribution lie at the median ± sigma
        _close(tg.from_numpy(below.astype(np.float64)), 0.75, 0.1875**0.5)
        assert alias.tolist() == t.tolist()
        assert t.dtype == dtype
    assert set(tg.zeros(100).long().random_(2, 4).tolist()) == {2, 3}
    assert set(tg.zeros(100).long().geometric_(0.9).tolist()) <= {1, 2, 3, 4, 5}
    assert set(tg.zeros(100).random_(2).tolist()) == {0, 1}
    assert tg.zeros(100).byte().random_().numpy().max() > 128


def test_in_place_draws_refuse_what_cannot_be():
    w = tg.zeros(3, requires_grad=True)
    for draw in ("uniform_", "normal_", "exponential_", "bernoulli_", "random_", "log_normal_", "cauchy_"):
        with pytest.raises(RuntimeError, match="no_grad"):
            getattr(w, draw)()
        with tg.no_grad():
            getattr(w, draw)()
    for draw in ("uniform_", "normal_", "exponential_", "log_normal_", "cauchy_"):
        with pytest.raises(NotImplementedError, match="floating"):
            getattr(tg.zeros(3).long(), draw)()
    t = tg.zeros(3)
    for draw, wrong in (
        ("uniform_", (2, 1)),
        ("normal_", (0, -1)),
        ("exponential_", (0,)),
        ("random_", (3, 3)),
        ("log_normal_", (0, 0)),
        ("cauchy_", (0, 0)),
        ("geometric_", (1,)),
    ):
        with pytest.raises(RuntimeError, match=draw):
            getattr(t, draw)(*wrong)
    assert t.tolist() == [0, 0, 0]
    with pytest.raises(NotImplementedError, match="randint"):
        tg.rand(2, dtype=tg.int64)
