"""Weight and spectral normalization as parametrizations of a layer's weight."""

from __future__ import annotations

from typing import Any

from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.utils.normalized_weights import Spectral, lengths, output_dimension
from tinygrad_edu.nn.utils.parametrize import register_parametrization

__all__ = ["spectral_norm", "weight_norm"]


class _WeightNorm(Module):
    """g · v / |v|, of a length g and a direction v."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, g: Any, v: Any) -> Any:
        return v * (g / lengths(v, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        return lengths(weight, self.dim), weight


class _SpectralNorm(Module):
    """weight / σ."""

    _u: Any
    _v: Any

    def __init__(self, weight: Any, estimate: Spectral) -> None:
        super().__init__()
        self.estimate = estimate
        u, v = estimate.start(weight)
        self.register_buffer("_u", u)
        self.register_buffer("_v", v)

    def forward(self, weight: Any) -> Any:
        return self.estimate.scaled(weight, self._u, self._v, self.training)

    def right_inverse(self, value: Any) -> Any:
        return value


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """weight = g · v / |v|: what is trained is ``parametrizations.weight.original0`` (g) and ``original1`` (v).

    The length is taken over all dimensions but `dim`; None: over all. Returns the module.

    >>> from tinygrad_edu import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(20, 40))
    >>> layer.parametrizations.weight.original0.shape
    Size([40, 1])
    """
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """weight / σ, where σ is its largest singular value; what is trained is ``parametrizations.weight.original``.

    σ is estimated by `n_power_iterations` steps in each use while training. Returns the module.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.utils.parametrizations.spectral_norm(tg.nn.Linear(20, 40))
    >>> bool(tg.linalg.matrix_norm(layer.weight, 2) < 1.1)
    True
    """
    weight = getattr(module, name, None)
    if weight is None:
        raise ValueError(f"Module '{type(module).__name__}' has no parameter or buffer with name '{name}'")
    estimate = Spectral(n_power_iterations, eps, output_dimension(module, dim))
    return register_parametrization(module, name, _SpectralNorm(weight, estimate))
