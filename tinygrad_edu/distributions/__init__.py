"""Distributions whose samples and log-probabilities can be differentiated: what policies and VAEs are made of.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.distributions import Categorical
>>> policy = Categorical(logits=tg.zeros(4))
>>> action = policy.sample()
>>> policy.log_prob(action).exp()
tensor(0.2500)
"""

from tinygrad_edu.distributions import constraints, divergence_across, transforms
from tinygrad_edu.distributions.angles import VonMises
from tinygrad_edu.distributions.continuous import Cauchy, Exponential, Gumbel, Laplace, Normal, Uniform
from tinygrad_edu.distributions.counts import Binomial, Geometric, Multinomial, NegativeBinomial, Poisson
from tinygrad_edu.distributions.discrete import (
    Bernoulli,
    Categorical,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from tinygrad_edu.distributions.distribution import Distribution, Independent
from tinygrad_edu.distributions.divergence import kl_divergence, register_kl
from tinygrad_edu.distributions.mixture import MixtureSameFamily
from tinygrad_edu.distributions.multivariate import MultivariateNormal
from tinygrad_edu.distributions.positive import HalfCauchy, HalfNormal, Pareto, Weibull
from tinygrad_edu.distributions.quotients import FisherSnedecor, InverseGamma, StudentT
from tinygrad_edu.distributions.relaxed import (
    ExpRelaxedCategorical,
    LogitRelaxedBernoulli,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
)
from tinygrad_edu.distributions.shares import Beta, Chi2, Dirichlet, Gamma, Kumaraswamy
from tinygrad_edu.distributions.transformed import LogNormal, TransformedDistribution
from tinygrad_edu.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
    Transform,
    identity_transform,
)

__all__ = [
    "AbsTransform", "AffineTransform", "Bernoulli", "Beta", "Binomial", "Categorical", "Cauchy", "Chi2",
    "ComposeTransform", "Dirichlet", "Distribution", "ExpRelaxedCategorical", "ExpTransform", "Exponential",
    "FisherSnedecor", "Gamma", "Geometric", "Gumbel", "HalfCauchy", "HalfNormal", "Independent", "InverseGamma",
    "Kumaraswamy", "Laplace", "LogNormal", "LogitRelaxedBernoulli", "MixtureSameFamily", "Multinomial",
    "MultivariateNormal", "NegativeBinomial", "Normal", "OneHotCategorical", "OneHotCategoricalStraightThrough",
    "Pareto", "Poisson", "PowerTransform", "RelaxedBernoulli", "RelaxedOneHotCategorical", "SigmoidTransform",
    "SoftplusTransform", "StudentT", "TanhTransform", "Transform", "TransformedDistribution", "Uniform", "VonMises",
    "Weibull", "constraints", "identity_transform", "kl_divergence", "register_kl", "transforms",
]  # fmt: skip
