"""Distributions whose samples and log-probabilities can be differentiated: what policies and VAEs are made of.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.distributions import Categorical
>>> policy = Categorical(logits=tg.zeros(4))
>>> action = policy.sample()
>>> policy.log_prob(action).exp()
tensor(0.2500)
"""

from tinygrad_edu.distributions.continuous import Exponential, Gumbel, Laplace, MultivariateNormal, Normal, Uniform
from tinygrad_edu.distributions.discrete import Bernoulli, Categorical, Poisson
from tinygrad_edu.distributions.distribution import Distribution, Independent
from tinygrad_edu.distributions.divergence import kl_divergence
from tinygrad_edu.distributions.mixture import MixtureSameFamily
from tinygrad_edu.distributions.shares import Beta, Dirichlet, Gamma

__all__ = [
    "Bernoulli", "Beta", "Categorical", "Dirichlet", "Distribution", "Exponential", "Gamma", "Gumbel", "Independent",
    "Laplace", "MixtureSameFamily", "MultivariateNormal", "Normal", "Poisson", "Uniform", "kl_divergence",
]  # fmt: skip
