"""Every family agrees with PyTorch's: on random parameters, to 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import distributions as ours
from tinygrad_edu.distributions.divergence import FORMULAS
from tinygrad_edu.distributions.gammas import quantile_slope

pytest.importorskip("scipy")
torch = pytest.importorskip("torch")
theirs = torch.distributions


def _real(rng: Any, *shape: int) -> Any:
    return rng.standard_normal(shape)


def _positive(rng: Any, *shape: int) -> Any:
    return rng.random(shape) * 4 + 0.3


def _share(rng: Any, *shape: int) -> Any:
    return rng.random(shape) * 0.9 + 0.05


# the names of a family's parameters, and how to draw them; the last dimension of "…vector" is a draw's
FAMILIES: dict[str, dict[str, Any]] = {
    "Normal": {"loc": _real, "scale": _positive},
    "Laplace": {"loc": _real, "scale": _positive},
    "Gumbel": {"loc": _real, "scale": _positive},
    "Cauchy": {"loc": _real, "scale": _positive},
    "StudentT": {"df": _positive, "loc": _real, "scale": _positive},
    "Uniform": {"low": _real, "high": lambda rng, *shape: _positive(rng, *shape) + 4},
    "Exponential": {"rate": _positive},
    "LogNormal": {"loc": _real, "scale": _share},
    "HalfNormal": {"scale": _positive},
    "HalfCauchy": {"scale": _positive},
    "Weibull": {"scale": _positive, "concentration": lambda rng, *shape: _positive(rng, *shape) + 1},
    "Pareto": {"scale": _positive, "alpha": _positive},
    "Gamma": {"concentration": _positive, "rate": _positive},
    "Chi2": {"df": _positive},
    "InverseGamma": {"concentration": lambda rng, *shape: _positive(rng, *shape) + 1, "rate": _positive},
    "FisherSnedecor": {"df1": lambda rng, *s: _positive(rng, *s) + 2, "df2": lambda rng, *s: _positive(rng, *s) + 4},
    "Kumaraswamy": {"concentration1": _positive, "concentration0": _positive},
    "VonMises": {"loc": _real, "concentration": _positive},
    "Beta": {"concentration1": _positive, "concentration0": _positive},
    "Dirichlet": {"concentration": lambda rng, *shape: _positive(rng, *shape, 3) + 1},
    "Bernoulli": {"probs": _share},
    "Bernoulli of logits": {"logits": _real},
    "Binomial": {"total_count": lambda rng, *shape: np.full(shape, 7.0), "probs": _share},
    "Binomial of logits": {"total_count": lambda rng, *shape: np.full(shape, 7.0), "logits": _real},
    "Geometric": {"probs": _share},
    "Geometric of logits": {"logits": _real},
    "NegativeBinomial": {"total_count": _positive, "probs": _share},
    "NegativeBinomial of logits": {"total_count": _positive, "logits": _real},
    "Poisson": {"rate": _positive},
    "Categorical": {"probs": lambda rng, *shape: _share(rng, *shape, 4)},
    "Categorical of logits": {"logits": lambda rng, *shape: _real(rng, *shape, 4)},
    "OneHotCategorical": {"probs": lambda rng, *shape: _share(rng, *shape, 4)},
    "OneHotCategoricalStraightThrough": {"logits": lambda rng, *shape: _real(rng, *shape, 4)},
    "Multinomial": {"total_count": 5, "probs": lambda rng, *shape: _share(rng, *shape, 4)},
    "Multinomial of logits": {"total_count": 5, "logits": lambda rng, *shape: _real(rng, *shape, 4)},
    "RelaxedBernoulli": {"temperature": np.array(0.7), "probs": _share},
    "LogitRelaxedBernoulli": {"temperature": np.array(0.7), "logits": _real},
    "RelaxedOneHotCategorical": {"temperature": np.array(0.7), "probs": lambda rng, *shape: _share(rng, *shape, 4)},
}
DISCRETE = [name for name in FAMILIES if any(s in name for s in ("Bernoulli of", "nomial", "Geo", "Poi", "Categ"))]


def _given(name: str, rng: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    return {k: np.asarray(draw(rng, *shape)) if callable(draw) else draw for k, draw in FAMILIES[name].items()}


def _family(lib: Any, name: str) -> Any:
    name = name.split()[0]
    return getattr(lib, name) if hasattr(lib, name) else getattr(theirs.relaxed_bernoulli, name)


def _made(lib: Any, name: str, given: dict[str, Any], grad: bool = False) -> Any:
    """The distribution, and its parameters as tensors."""
    make = tg.tensor if lib is ours else torch.tensor
    tensors = {k: make(a) if isinstance(a, np.ndarray) else a for k, a in given.items()}
    leaves = [t.requires_grad_() for k, t in tensors.items() if grad and k not in ("total_count", "temperature")]
    return _family(lib, name)(**tensors), leaves


def _both(name: str, seed: int = 0, shape: tuple[int, ...] = (3,), grad: bool = False) -> Any:
    given = _given(name, np.random.default_rng(seed), shape)
    return _made(ours, name, given, grad), _made(theirs, name, given, grad)


def _close(a: Any, b: Any, rtol: float = 1e-9) -> None:
    a, b = a.detach().numpy(), b.detach().numpy()
    assert a.shape == b.shape and a.dtype == b.dtype
    np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-11)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", FAMILIES)
def test_log_probabilities_and_their_gradients(name: str, seed: int) -> None:
    (mine, leaves), (other, others) = _both(name, seed, grad=True)
    rtol = ROUGH.get((name, "log_prob"), 1e-9)
    value = other.sample((5,))  # in the dtype of the parameters
    log_prob, expected = mine.log_prob(tg.from_numpy(value.numpy())), other.log_prob(value)
    _close(log_prob, expected, rtol)
    weights = np.random.default_rng(seed + 7).standard_normal(log_prob.shape)
    (log_prob * tg.tensor(weights)).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    for a, b in zip(leaves, others, strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=rtol, atol=rtol)


ROUGH = {  # what PyTorch computes less exactly: factorials in float32, Bessel functions by short polynomials
    ("Multinomial", "entropy"): 1e-7, ("Multinomial of logits", "entropy"): 1e-7, ("VonMises", "variance"): 1e-6,
    ("VonMises", "stddev"): 1e-6, ("VonMises", "log_prob"): 1e-6,
}  # fmt: skip
SOFT = {"LogitRelaxedBernoulli", "RelaxedBernoulli", "RelaxedOneHotCategorical"}
LACKING = {  # PyTorch itself has none
    "mean": SOFT,
    "entropy": SOFT | {"Poisson", "FisherSnedecor", "VonMises", "NegativeBinomial"},
    "mode": SOFT | {"Multinomial"},
}


@pytest.mark.parametrize("what", ["mean", "variance", "stddev", "mode", "entropy"])
@pytest.mark.parametrize("name", FAMILIES)
def test_moments_modes_and_entropies(name: str, what: str) -> None:
    (mine, _), (other, _) = _both(name)
    lacking = LACKING["mean" if what in ("variance", "stddev") else what]
    if (name, what) == ("Kumaraswamy", "mode"):  # PyTorch's is NaN: it takes the logarithm of a negative number
        assert torch.isnan(other.mode).all()
    elif name.split()[0] in lacking:
        with pytest.raises(NotImplementedError, match=f"has no {what}".replace("stddev", "variance")):
            _ = mine.entropy() if what == "entropy" else getattr(mine, what)
    else:
        found = [d.entropy() if what == "entropy" else getattr(d, what) for d in (mine, other)]
        _close(*found, ROUGH.get((name, what), 1e-9))


@pytest.mark.parametrize(
    "name",
    ["Normal", "Laplace", "Gumbel", "Cauchy", "Uniform", "Exponential", "LogNormal", "HalfNormal", "HalfCauchy",
     "Weibull", "Pareto", "Kumaraswamy", "RelaxedBernoulli", "Gamma", "Chi2"],
)  # fmt: skip
def test_distribution_functions_and_quantiles(name: str) -> None:
    (mine, _), (other, _) = _both(name)
    if name != "RelaxedBernoulli":  # whose base has none
        value = other.sample((7,))
        _close(mine.cdf(tg.from_numpy(value.numpy())), other.cdf(value))
        p = np.random.default_rng(3).random((7, 3))
        if name in ("Gamma", "Chi2"):  # have none
            return
        _close(mine.icdf(tg.tensor(p)), other.icdf(torch.tensor(p)), 1e-8)
    else:
        with pytest.raises(NotImplementedError, match="LogitRelaxedBernoulli has no cdf"):
            mine.cdf(0.5)


@pytest.mark.parametrize("name", FAMILIES)
def test_shapes_and_supports_and_what_prints(name: str) -> None:
    (mine, _), (other, _) = _both(name, shape=(2, 3))
    assert (tuple(mine.batch_shape), tuple(mine.event_shape)) == (tuple(other.batch_shape), tuple(other.event_shape))
    if "()" not in repr(other):  # PyTorch's prints no parameters that it keeps elsewhere
        assert repr(mine) == repr(other).replace("torch.", "")
    if name != "LogitRelaxedBernoulli":  # PyTorch's has an rsample, but says no
        assert mine.has_rsample == other.has_rsample
    for shape in ((), (5,), (4, 5)):
        a, b = mine.sample(shape), other.sample(shape)
        assert a.shape == b.shape and a.dtype == str(b.dtype).removeprefix("torch.") and not a.requires_grad
    assert bool(mine.support.check(a).all()) and bool(mine.support.check(tg.from_numpy(b.numpy())).all())
    assert str(mine.support).split("(")[0] == str(other.support).split("(")[0]
    assert set(mine.parameters) <= set(other.arg_constraints)
    wide, wider = mine.expand((4, 2, 3)), other.expand((4, 2, 3))
    assert (wide.batch_shape, wide.event_shape) == (wider.batch_shape, wider.event_shape)
    assert type(wide) is type(mine)
    value = other.sample()
    rtol = ROUGH.get((name, "log_prob"), 1e-9)
    _close(wide.log_prob(tg.from_numpy(value.numpy())), wider.log_prob(value), rtol)


@pytest.mark.parametrize("expand", [True, False])
@pytest.mark.parametrize("name", ["Bernoulli", "Binomial", "Categorical", "OneHotCategorical"])
def test_all_values(name: str, expand: bool) -> None:
    (mine, _), (other, _) = _both(name, shape=(2, 3))
    _close(mine.enumerate_support(expand), other.enumerate_support(expand))


SAME = ["Normal", "Laplace", "Gumbel", "Cauchy", "Exponential", "LogNormal", "HalfNormal", "Gamma", "Chi2", "Beta",
        "Dirichlet", "Bernoulli", "Binomial", "Geometric", "Poisson", "Categorical", "OneHotCategorical", "Uniform",
        "Pareto"]  # fmt: skip
PAIRS = [(name, name) for name in SAME] + [
    ("Beta", "Normal"), ("Exponential", "Normal"), ("Gamma", "Normal"), ("Gumbel", "Normal"), ("Laplace", "Normal"),
    ("Uniform", "Normal"), ("Beta", "Exponential"), ("Gamma", "Exponential"), ("Pareto", "Exponential"),
    ("Uniform", "Exponential"), ("Exponential", "Gamma"), ("Chi2", "Gamma"), ("Normal", "Laplace"),
    ("Normal", "Gumbel"), ("Bernoulli", "Poisson"), ("Beta", "Gamma"), ("Beta", "Uniform"), ("Exponential", "Gumbel"),
    ("Gamma", "Gumbel"), ("Pareto", "Gamma"), ("Pareto", "Normal"), ("Uniform", "Beta"), ("Uniform", "Gamma"),
    ("Uniform", "Gumbel"), ("Uniform", "Pareto"), ("Normal", "Uniform"), ("Poisson", "Binomial"), ("Gumbel", "Beta"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_divergences(first: str, second: str) -> None:
    for seed in range(3):
        (p, _), (other, _) = _both(first, seed, (4,))
        (q, _), (another, _) = _both(second, seed + 10, (4,))
        _close(ours.kl_divergence(p, q), theirs.kl_divergence(other, another))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Beta", [0.5, 2.0]),
        ("Gamma", [2.0, 0.5]),
        ("Gumbel", [0.2, 1.5]),
        ("Pareto", [0.1, 2.0]),
        ("Uniform", [0.1, 0.8]),
    ],
)
def test_divergences_from_where_all_is_inside(first: str, second: Any) -> None:
    found = []
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        p = lib.Uniform(*(make(np.array(a)) for a in ([0.2, 0.3], [0.7, 0.5])))
        found.append(lib.kl_divergence(p, getattr(lib, first)(*(make(np.array(a)) for a in second))))
    assert np.isfinite(found[0].numpy()).all()
    _close(*found)


def test_every_divergence_that_pytorch_has() -> None:
    names = {
        (p.__name__, q.__name__)
        for p, q in theirs.kl._KL_REGISTRY
        if hasattr(ours, p.__name__) and hasattr(ours, q.__name__)
    }
    assert names <= {(p.__name__, q.__name__) for p, q in FORMULAS}


def test_divergences_of_vectors() -> None:
    rng = np.random.default_rng(0)
    loc, factor = rng.standard_normal((2, 2, 3)), np.tril(rng.random((2, 3, 3))) + np.eye(3)
    found = []
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        p = lib.MultivariateNormal(make(loc[0]), scale_tril=make(factor[0]))
        q = lib.MultivariateNormal(make(loc[1]), scale_tril=make(factor))
        found.append([
            lib.kl_divergence(p, q), lib.kl_divergence(q, p), q.mode, q.variance, q.covariance_matrix,
            q.precision_matrix, p.entropy(), p.expand((4, 2)).log_prob(make(loc[0])),
            lib.MultivariateNormal(make(loc[0]), make(factor[0] @ factor[0].T)).expand((4, 2)).entropy(),
        ])  # fmt: skip
        assert lib.MultivariateNormal(make(loc[0]), scale_tril=make(factor)).batch_shape == (2,)
    for a, b in zip(*found, strict=True):
        _close(a, b)


# -- transforms -------------------------------------------------------------------------------------------------


def _transforms(lib: Any, make: Any) -> dict[str, Any]:
    vector = make(np.array([2.0, -0.5, 1.0]))
    return {
        "exp": lib.ExpTransform(),
        "sigmoid": lib.SigmoidTransform(),
        "tanh": lib.TanhTransform(),
        "softplus": lib.transforms.SoftplusTransform(),
        "affine": lib.AffineTransform(0.5, -2.0),
        "vectors": lib.AffineTransform(vector, vector),
        "events": lib.AffineTransform(vector, vector, event_dim=1),
        "several": lib.ComposeTransform([lib.AffineTransform(1.0, 2.0), lib.TanhTransform(), lib.ExpTransform()]),
        "powers": lib.ComposeTransform([lib.ExpTransform(), lib.PowerTransform(make(np.array(2.5)))]),
        "back": lib.ComposeTransform([lib.ExpTransform(), lib.AffineTransform(0.0, 3.0), lib.ExpTransform().inv]),
        "none": lib.transforms.identity_transform,
    }


NAMES = list(_transforms(ours, tg.tensor))


@pytest.mark.parametrize("name", NAMES)
def test_transforms(name: str) -> None:
    x, found = np.random.default_rng(0).standard_normal((2, 3)), []
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        t = _transforms(lib, make)[name]
        y = t(make(x))
        found.append([y, t.inv(y), t.log_abs_det_jacobian(make(x), y), t.inv.log_abs_det_jacobian(y, make(x))])
        assert t.inv.inv is t and t.bijective and t == t
        assert tuple(t.forward_shape((2, 1))) == ((2, 3) if name in ("vectors", "events") else (2, 1))
    for a, b in zip(*found, strict=True):
        _close(a, b + torch.zeros_like(a) if not isinstance(b, torch.Tensor) else b)
    np.testing.assert_allclose(found[0][1], x, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_transformed_distributions(name: str) -> None:
    found = []
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        base = lib.Normal(make(np.array([0.5, -0.2, 0.1])), make(np.array([1.0, 0.5, 0.7])))
        d = lib.TransformedDistribution(base, _transforms(lib, make)[name])
        t = _transforms(lib, make)[name]
        value = t(make(np.array([[0.3, -1.0, 0.2], [1.0, 2.0, 0.5]])))
        probabilities = make(np.array([0.2, 0.5, 0.9]))
        found.append([d.log_prob(value), d.expand((2, 3) if not d.event_shape else (2,)).log_prob(value)])
        if not d.event_shape:
            found[-1] += [d.cdf(value), d.icdf(probabilities)]
        found[-1] += [lib.kl_divergence(d, lib.TransformedDistribution(base, _transforms(lib, make)[name]))]
        assert d.rsample((4,)).shape == (4, 3) and d.has_rsample
    for a, b in zip(*found, strict=True):
        _close(a, b, 1e-8)


def test_batches_grow_with_the_transform() -> None:
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        d = lib.TransformedDistribution(
            lib.Normal(make([0.0]), 1.0), lib.AffineTransform(make([0.0, 1.0, 2.0]), 1.0, 1)
        )
        assert (d.batch_shape, d.event_shape, tuple(d.sample((2,)).shape)) == ((), (3,), (2, 3))
        assert tuple(d.log_prob(make([0.0, 1.0, 2.0])).shape) == () and str(d.support).startswith("Independent")


def test_mixtures_of_distribution_functions() -> None:
    found = []
    for lib, make in ((ours, tg.tensor), (theirs, torch.tensor)):
        parts = lib.Normal(make(np.array([[0.0, 1.0], [2.0, 3.0]])), make(np.array([[1.0, 2.0], [1.0, 0.5]])))
        d = lib.MixtureSameFamily(lib.Categorical(make(np.array([[0.2, 0.8], [0.5, 0.5]]))), parts)
        wide = d.expand((3, 2))
        found.append([d.cdf(make(np.array([0.3, 0.4]))), wide.log_prob(make(np.array([0.3, 0.4]))), wide.mean])
    for a, b in zip(*found, strict=True):
        _close(a, b)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("StudentT", {"df": [0.5, 1.5, 3.0]}),
        ("Pareto", {"scale": [1.0, 2.0, 1.0], "alpha": [0.5, 1.5, 3.0]}),
        ("Dirichlet", {"concentration": [[2.0, 0.5], [0.9, 0.5]]}),
        ("Gamma", {"concentration": [0.5, 2.0], "rate": [1.0, 2.0]}),
        ("Bernoulli", {"probs": [0.5, 0.0, 1.0]}),
        ("Binomial", {"total_count": [3.0, 3.0], "probs": [0.0, 1.0]}),
        ("NegativeBinomial", {"total_count": [0.0, 0.5], "probs": [0.5, 0.5]}),
    ],
)
def test_edges(name: str, given: Any) -> None:
    mine, other = ((_made(lib, name, {k: np.array(v) for k, v in given.items()}))[0] for lib in (ours, theirs))
    for what in ("mean", "mode", "variance"):
        _close(getattr(mine, what), getattr(other, what))
    if name == "NegativeBinomial":
        _close(mine.log_prob(tg.zeros(2)), other.log_prob(torch.zeros(2)))


def test_numbers_take_the_dtype_of_the_tensor() -> None:
    d = ours.Normal(tg.tensor([0.0, 1.0], dtype=tg.float64), 0.1)
    assert d.scale.dtype == tg.float64 and d.scale[0].item() == 0.1
    assert ours.Normal(0, 1).loc.dtype == ours.Normal(0, 1).log_prob(0).dtype == tg.float32


def test_angles_agree_with_bessel_functions() -> None:
    special = pytest.importorskip("scipy.special")
    k = np.array([0.1, 3.0, 900.0])
    d = ours.VonMises(tg.tensor(0.5, dtype=tg.float64), tg.tensor(k))
    x = np.linspace(-3, 3, 7)[:, None]
    expected = k * (np.cos(x - 0.5) - 1) - np.log(2 * np.pi * special.ive(0, k))
    np.testing.assert_allclose(d.log_prob(tg.tensor(x)), expected, rtol=1e-9)
    np.testing.assert_allclose(1 - d.variance.numpy(), special.ive(1, k) / special.ive(0, k))


def test_the_gradient_of_gamma_draws() -> None:
    """PyTorch's is an approximation to about 1e-3 relative in places: compared loosely with that, and with quantiles
    that SciPy inverts."""
    special = pytest.importorskip("scipy.special")
    rng = np.random.default_rng(0)
    a = np.concatenate([rng.random(50) * 2 + 0.05, rng.random(50) * 50, [200.0, 1e4]])
    x = np.maximum(rng.standard_gamma(a), 1e-6)
    exact = quantile_slope(x, a)
    expected = torch._standard_gamma_grad(torch.tensor(a), torch.tensor(x)).numpy()
    np.testing.assert_allclose(exact, expected, rtol=2e-3)
    h, p = 1e-4 * a, special.gammainc(a, x)
    wide = (p > 1e-3) & (p < 0.999) & (a > 0.3)
    change = (special.gammaincinv(a + h, p) - special.gammaincinv(a - h, p)) / (2 * h)
    np.testing.assert_allclose(exact[wide], change[wide], rtol=1e-5)
    assert quantile_slope(x.astype(np.float32), a.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", FAMILIES)
def test_single_distributions(name: str) -> None:
    (mine, _), (other, _) = _both(name, shape=())
    for shape in ((), (1,), (4,)):
        x = mine.sample(shape)
        assert tuple(x.shape) == tuple(other.sample(shape).shape)
        rtol = ROUGH.get((name, "log_prob"), 1e-9)
        _close(mine.log_prob(x), other.log_prob(torch.tensor(x.numpy())), rtol)
