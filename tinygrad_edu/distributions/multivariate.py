"""The normal distribution of vectors."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from tinygrad_edu import functions, linalg
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.continuous import noise
from tinygrad_edu.distributions.distribution import Distribution
from tinygrad_edu.size import Size

__all__ = ["MultivariateNormal"]


class MultivariateNormal(Distribution):
    """Vectors with mean `loc` and a covariance Σ = L Lᵀ, given as `covariance_matrix` or as its factor `scale_tril`.

    log p(x) = −½ |L⁻¹(x − μ)|² − Σ log Lₖₖ − (n/2) log 2π

    >>> from tinygrad_edu import eye, zeros
    >>> from tinygrad_edu.distributions import MultivariateNormal
    >>> MultivariateNormal(zeros(2), eye(2)).log_prob(zeros(2))
    tensor(-1.8379)
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = {"covariance_matrix": covariance_matrix, "precision_matrix": precision_matrix, "scale_tril": scale_tril}
        names = [name for name, matrix in given.items() if matrix is not None]
        if len(names) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        (name,) = names
        self._matrix = matrix = given[name]
        self.parameters = ("loc", name)
        if not getattr(loc, "ndim", 0):
            raise ValueError(f"loc must be at least one-dimensional: a tensor of shape (n), not {loc!r}")
        n = loc.shape[-1]
        if matrix.shape[-2:] != (n, n):
            raise ValueError(
                f"MultivariateNormal: loc of shape {loc.shape} needs a matrix of shape ({n}, {n}), not {matrix.shape}"
            )
        batch = functions.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self.loc = loc.expand(*batch, n)
        super().__init__(batch, (n,), validate_args)
        if name == "scale_tril":
            self._factor = matrix
        else:
            self._factor = linalg.cholesky(matrix if name == "covariance_matrix" else linalg.inv(matrix))

    def _as_given(self, name: str) -> Any:
        """The matrix if it was given by that name, else None."""
        return self._matrix if name in self.parameters else None

    @property
    def scale_tril(self) -> Any:
        """L, a lower triangle."""
        return self._factor if self._as_given("scale_tril") is None else self._matrix

    @property
    def covariance_matrix(self) -> Any:
        """Σ."""
        given = self._as_given("covariance_matrix")
        return self._factor @ self._factor.mT if given is None else given

    @property
    def precision_matrix(self) -> Any:
        """Σ⁻¹."""
        given = self._as_given("precision_matrix")
        return linalg.inv(self.covariance_matrix) if given is None else given

    def _draw(self, sample_shape: Size) -> Any:
        z = noise("normal", self._extended_shape(sample_shape), self.loc)
        return self.loc + (self._factor @ z.unsqueeze(-1)).squeeze(-1)

    def _log_scale(self) -> Any:
        """Σ log Lₖₖ, for each distribution of the batch."""
        return functions.log(functions.diagonal(self._factor, 0, -2, -1)).sum(-1).expand(*self.batch_shape)

    def _distance(self, value: Any) -> Any:
        """|L⁻¹(x − μ)|², which is Mahalanobis' distance squared."""
        z = linalg.solve_triangular(self._factor, (value - self.loc).unsqueeze(-1), upper=False).squeeze(-1)
        return (z * z).sum(-1)

    def _log_prob(self, value: Any) -> Any:
        return -self._distance(value) / 2 - self._log_scale() - 0.5 * self.event_shape[0] * math.log(2 * math.pi)

    def entropy(self) -> Any:
        return self._log_scale() + 0.5 * self.event_shape[0] * (1 + math.log(2 * math.pi))

    @property
    def mean(self) -> Any:
        return self.loc

    @property
    def mode(self) -> Any:
        return self.loc

    @property
    def variance(self) -> Any:
        return (self._factor**2).sum(-1).expand(*self._extended_shape())
