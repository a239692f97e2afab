"""What parameters and draws may be: sets of numbers, each with a test for membership.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.distributions import constraints
>>> constraints.positive, constraints.positive.check(tg.tensor([-1.0, 2.0]))
(GreaterThan(lower_bound=0.0), tensor([False,  True]))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.primitive import wrap

__all__ = [
    "Constraint", "boolean", "greater_than", "greater_than_eq", "half_open_interval", "independent",
    "integer_interval", "interval", "less_than", "lower_cholesky", "multinomial", "nonnegative",
    "nonnegative_integer", "one_hot", "positive", "positive_definite", "positive_integer", "real", "real_vector",
    "simplex", "unit_interval",
]  # fmt: skip


class Constraint:
    """A set: `check` tells for each event (the last `event_dim` dimensions) whether it belongs to it."""

    def __init__(
        self, name: str, check: Callable[[Any], Any], event_dim: int = 0, *, is_discrete: bool = False
    ) -> None:
        self.name, self.check, self.event_dim, self.is_discrete = name, check, event_dim, is_discrete

    def __repr__(self) -> str:
        return self.name


def _shown(bound: Any) -> Any:
    """A bound as it prints: a number, or the tensor of several."""
    return bound.item() if getattr(bound, "ndim", None) == 0 else bound


# -- sets with bounds -------------------------------------------------------------------------------------------


def greater_than(lower_bound: Any) -> Constraint:
    """(lower_bound, ∞)."""
    return Constraint(f"GreaterThan(lower_bound={_shown(lower_bound)})", lambda x: x > lower_bound)


def greater_than_eq(lower_bound: Any) -> Constraint:
    """[lower_bound, ∞)."""
    return Constraint(f"GreaterThanEq(lower_bound={_shown(lower_bound)})", lambda x: x >= lower_bound)


def less_than(upper_bound: Any) -> Constraint:
    """(−∞, upper_bound)."""
    return Constraint(f"LessThan(upper_bound={_shown(upper_bound)})", lambda x: x < upper_bound)


def interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """[lower_bound, upper_bound]."""
    bounds = f"lower_bound={_shown(lower_bound)}, upper_bound={_shown(upper_bound)}"
    return Constraint(f"Interval({bounds})", lambda x: (x >= lower_bound) & (x <= upper_bound))


def half_open_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """[lower_bound, upper_bound)."""
    bounds = f"lower_bound={_shown(lower_bound)}, upper_bound={_shown(upper_bound)}"
    return Constraint(f"HalfOpenInterval({bounds})", lambda x: (x >= lower_bound) & (x < upper_bound))


def _whole(x: Any, valid: Any) -> Any:
    """Whether numbers that are `valid` are also whole."""
    if x._array.dtype.kind in "iub":
        return valid
    return valid & (functions.floor(x) == x) & (functions.abs(x) < math.inf)


def integer_interval(lower_bound: Any, upper_bound: Any) -> Constraint:
    """The whole numbers from lower_bound to upper_bound."""
    bounds = f"lower_bound={_shown(lower_bound)}, upper_bound={_shown(upper_bound)}"
    return Constraint(
        f"IntegerInterval({bounds})",
        lambda x: _whole(x, (x >= lower_bound) & (x <= upper_bound)),
        is_discrete=True,
    )


def _whole_from(lowest: int) -> Constraint:
    """The whole numbers from `lowest` on."""
    return Constraint(f"IntegerGreaterThan(lower_bound={lowest})", lambda x: _whole(x, x >= lowest), is_discrete=True)


def multinomial(upper_bound: Any) -> Constraint:
    """Whole numbers that add up to upper_bound."""
    return Constraint(
        f"Multinomial(upper_bound={upper_bound})",
        lambda x: _whole(x, x >= 0).all(-1) & (x.sum(-1) == upper_bound),
        1,
        is_discrete=True,
    )


def independent(base_constraint: Constraint, reinterpreted_batch_ndims: int) -> Constraint:
    """Arrays whose last dimensions all fulfil a constraint."""
    n = reinterpreted_batch_ndims
    if n == 0:
        return base_constraint
    return Constraint(
        f"IndependentConstraint({base_constraint}, {n})",
        lambda x: _for_all(base_constraint.check(x), n),
        base_constraint.event_dim + n,
        is_discrete=base_constraint.is_discrete,
    )


def _for_all(valid: Any, n: int) -> Any:
    for _ in range(n):
        valid = valid.all(-1)
    return valid


# -- matrices ---------------------------------------------------------------------------------------------------


def _is_lower_cholesky(x: Any) -> Any:
    a = x._array
    return wrap(np.asarray((np.tril(a) == a).all((-2, -1)) & (np.diagonal(a, 0, -2, -1) > 0).all(-1)))


def _is_positive_definite(x: Any) -> Any:
    a = x._array
    mirrored = np.swapaxes(a, -2, -1)
    symmetric = np.isclose(a, mirrored, atol=1e-6).all((-2, -1))
    positive = np.linalg.eigvalsh(np.where(np.isfinite(a), a, 0)).min(-1, initial=np.inf) > 0
    return wrap(np.asarray(symmetric & positive & np.isfinite(a).all((-2, -1))))


# -- the sets themselves ----------------------------------------------------------------------------------------

real = Constraint("Real()", lambda x: x == x)
real_vector = independent(real, 1)
positive = greater_than(0.0)
nonnegative = greater_than_eq(0.0)
unit_interval = interval(0.0, 1.0)
boolean = Constraint("Boolean()", lambda x: (x == 0) | (x == 1), is_discrete=True)
nonnegative_integer = _whole_from(0)
positive_integer = _whole_from(1)
one_hot = Constraint(
    "OneHot()", lambda x: ((x == 0) | (x == 1)).all(-1) & (x.sum(-1) == 1), 1, is_discrete=True
)  # fmt: skip
simplex = Constraint("Simplex()", lambda x: (x >= 0).all(-1) & (functions.abs(x.sum(-1) - 1) < 1e-6), 1)
lower_cholesky = Constraint("LowerCholesky()", _is_lower_cholesky, 2)
positive_definite = Constraint("PositiveDefinite()", _is_positive_definite, 2)
