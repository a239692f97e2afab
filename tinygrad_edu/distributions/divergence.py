"""How far one distribution is from another."""

from __future__ import annotations

from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.distributions.continuous import Normal
from tinygrad_edu.distributions.discrete import Bernoulli, Categorical
from tinygrad_edu.distributions.distribution import Distribution, Independent

__all__ = ["kl_divergence"]


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """KL(p ‖ q), the expected log p(x) − log q(x) under p. For two Normals, Bernoullis, Categoricals, Independents.

    >>> from tinygrad_edu.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    if isinstance(p, Normal) and isinstance(q, Normal):
        ratio = (p.scale / q.scale) ** 2
        return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - functions.log(ratio))
    if isinstance(p, Categorical) and isinstance(q, Categorical):
        return (p.probs * (p.logits - q.logits)).sum(-1)
    if isinstance(p, Bernoulli) and isinstance(q, Bernoulli):
        return p.log_prob(p.probs) - q.log_prob(p.probs)
    if isinstance(p, Independent) and isinstance(q, Independent):
        return p._total(kl_divergence(p.base_dist, q.base_dist))
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )
