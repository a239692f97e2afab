"""Functions that can be undone and whose slope is known: what turns one distribution into another.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.distributions import ExpTransform
>>> t = ExpTransform()
>>> x = tg.tensor([0.0, 1.0])
>>> t(x), t.log_abs_det_jacobian(x, t(x))
(tensor([1.0000, 2.7183]), tensor([0., 1.]))
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.distributions import constraints
from tinygrad_edu.distributions.discrete import softplus
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.size import Size

__all__ = [
    "AbsTransform", "AffineTransform", "ComposeTransform", "ExpTransform", "PowerTransform", "SigmoidTransform",
    "SoftplusTransform", "TanhTransform", "Transform", "identity_transform",
]  # fmt: skip


class Transform:
    """A function y = f(x). A family defines `_call`, `_inverse` and `log_abs_det_jacobian`.

    With ``cache_size=1`` the last x and y are kept, so that ``t.inv(t(x))`` is x itself, whatever rounding does.
    """

    bijective = True
    sign: Any = 1  # of the slope
    domain: Any = constraints.real
    codomain: Any = constraints.real

    def __init__(self, cache_size: int = 0) -> None:
        if cache_size not in (0, 1):
            raise ValueError(f"cache_size must be 0 or 1, not {cache_size!r}")
        self._cache_size = cache_size
        self._last: tuple[Any, Any] = (None, None)

    @property
    def event_dim(self) -> int:
        """How many of the last dimensions it sees together."""
        return max(self.domain.event_dim, self.codomain.event_dim)

    def __call__(self, x: Any) -> Any:
        if self._cache_size == 0:
            return self._call(x)
        if x is not self._last[0]:
            self._last = x, self._call(x)
        return self._last[1]

    def _undo(self, y: Any) -> Any:
        """The x of which y is the value."""
        if self._cache_size == 0:
            return self._inverse(y)
        if y is not self._last[1]:
            self._last = self._inverse(y), y
        return self._last[0]

    @property
    def inv(self) -> Transform:
        """The function that undoes this one."""
        return _Inverse(self)

    def with_cache(self, cache_size: int = 1) -> Transform:
        """The same function that keeps its last value (1) or not (0)."""
        other = copy.copy(self)
        other._cache_size, other._last = cache_size, (None, None)
        return other

    def _call(self, x: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no _call")

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no inverse")

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """log |dy / dx|."""
        raise NotImplementedError(f"{type(self).__name__} has no log_abs_det_jacobian")

    def forward_shape(self, shape: Any) -> Size:
        """The shape of the values for an x of that shape."""
        return Size(shape)

    def inverse_shape(self, shape: Any) -> Size:
        """The shape of the x for values of that shape."""
        return self.forward_shape(shape)

    def _key(self) -> tuple[Any, ...]:
        """What two equal functions of one family have in common."""
        return ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _alike(self._key(), other._key())

    def __hash__(self) -> int:
        return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


def _alike(a: Any, b: Any) -> bool:
    """Equal tuples, in which tensors are compared by their numbers."""
    if isinstance(a, tuple):
        return len(a) == len(b) and all(_alike(i, j) for i, j in zip(a, b, strict=True))
    same = a is b or a == b
    return bool(same.all() if isinstance(same, TensorBase) else same)  # type: ignore[attr-defined]


def _total(x: Any, dims: int) -> Any:
    """The sum over the last dimensions."""
    return x.sum(tuple(range(-dims, 0))) if dims else x


class _Inverse(Transform):
    """A transform backwards."""

    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self._forward = transform
        self.bijective, self.sign = transform.bijective, transform.sign

    @property
    def domain(self) -> Any:
        return self._forward.codomain

    @property
    def codomain(self) -> Any:
        return self._forward.domain

    def _call(self, x: Any) -> Any:
        return self._forward._undo(x)

    def _inverse(self, y: Any) -> Any:
        return self._forward(y)

    @property
    def inv(self) -> Transform:
        return self._forward

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -self._forward.log_abs_det_jacobian(y, x)

    def forward_shape(self, shape: Any) -> Size:
        return self._forward.forward_shape(shape)

    def _key(self) -> tuple[Any, ...]:
        return (self._forward,)

    def __repr__(self) -> str:
        return f"{self._forward!r}.inv"


class ExpTransform(Transform):
    """y = eˣ."""

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return functions.exp(x)

    def _inverse(self, y: Any) -> Any:
        return functions.log(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return x


class PowerTransform(Transform):
    """y = x^exponent, for positive x.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import PowerTransform
    >>> PowerTransform(2)(tensor([3.0]))
    tensor([9.])
    """

    domain = codomain = constraints.positive

    def __init__(self, exponent: Any, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.exponent = exponent

    @property
    def sign(self) -> Any:
        return functions.sign(functions.as_tensor(self.exponent))

    def _call(self, x: Any) -> Any:
        return x**self.exponent

    def _inverse(self, y: Any) -> Any:
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return functions.log(functions.abs(self.exponent * y / x))

    def forward_shape(self, shape: Any) -> Size:
        return _broadcast(shape, self.exponent)

    def _key(self) -> tuple[Any, ...]:
        return (self.exponent,)

    def __repr__(self) -> str:
        return f"PowerTransform(exponent={self.exponent})"


class SigmoidTransform(Transform):
    """y = 1 / (1 + e⁻ˣ).

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import SigmoidTransform
    >>> SigmoidTransform().inv(tensor([0.5]))
    tensor([0.])
    """

    codomain = constraints.unit_interval

    def _call(self, x: Any) -> Any:
        return functions.sigmoid(x)

    def _inverse(self, y: Any) -> Any:
        return functions.log(y) - functions.log1p(-y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """log y(1 − y), without rounding to 0."""
        return -softplus(x) - softplus(-x)


class TanhTransform(Transform):
    """y = tanh x. Where y rounds to ±1, only ``cache_size=1`` finds the way back.

    >>> from tinygrad_edu import zeros
    >>> from tinygrad_edu.distributions import TanhTransform
    >>> TanhTransform().log_abs_det_jacobian(zeros(1), zeros(1))
    tensor([0.])
    """

    codomain = constraints.interval(-1.0, 1.0)

    def _call(self, x: Any) -> Any:
        return functions.tanh(x)

    def _inverse(self, y: Any) -> Any:
        return functions.atanh(y)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """log(1 − tanh² x) = 2 (log 2 − x − log(1 + e^(−2x))), which does not round to log 0."""
        return 2 * (math.log(2) - x - softplus(-2 * x))


class SoftplusTransform(Transform):
    """y = log(1 + eˣ)."""

    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return softplus(x)

    def _inverse(self, y: Any) -> Any:
        return y + functions.log(-functions.expm1(-y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return -softplus(-x)


class AbsTransform(Transform):
    """y = |x|, of which the inverse takes the positive half."""

    bijective = False
    codomain = constraints.positive

    def _call(self, x: Any) -> Any:
        return functions.abs(x)

    def _inverse(self, y: Any) -> Any:
        return y


class AffineTransform(Transform):
    """y = loc + scale · x; the last `event_dim` dimensions are one draw.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.distributions import AffineTransform
    >>> AffineTransform(1.0, 2.0)(tensor([0.0, 1.0]))
    tensor([1., 3.])
    """

    def __init__(self, loc: Any, scale: Any, event_dim: int = 0, cache_size: int = 0) -> None:
        super().__init__(cache_size)
        self.loc, self.scale = loc, scale
        self._event_dim = event_dim

    @property
    def domain(self) -> Any:
        return constraints.independent(constraints.real, self._event_dim)

    codomain = domain

    @property
    def sign(self) -> Any:
        return functions.sign(functions.as_tensor(self.scale))

    def _call(self, x: Any) -> Any:
        return self.loc + self.scale * x

    def _inverse(self, y: Any) -> Any:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        scale = functions.abs(functions.zeros_like(x) + self.scale)
        return _total(functions.log(scale), self.event_dim)

    def forward_shape(self, shape: Any) -> Size:
        return _broadcast(shape, self.loc, self.scale)

    def _key(self) -> tuple[Any, ...]:
        return (self.loc, self.scale, self.event_dim)

    def __repr__(self) -> str:
        return f"AffineTransform(loc={self.loc}, scale={self.scale})"


def _broadcast(shape: Any, *parameters: Any) -> Size:
    return Size(functions.broadcast_shapes(tuple(shape), *(tuple(getattr(p, "shape", ())) for p in parameters)))


class ComposeTransform(Transform):
    """One function after another: the first of the list comes first.

    >>> from tinygrad_edu import zeros
    >>> from tinygrad_edu.distributions import AffineTransform, ComposeTransform, ExpTransform
    >>> ComposeTransform([AffineTransform(0.0, 2.0), ExpTransform()])(zeros(1))
    tensor([1.])
    """

    def __init__(self, parts: Sequence[Transform], cache_size: int = 0) -> None:
        super().__init__(cache_size)
        for part in parts:
            if not isinstance(part, Transform):
                raise ValueError(f"ComposeTransform: parts must be Transforms, but found {part!r}")
        self.parts = list(parts)
        self.bijective = all(t.bijective for t in self.parts)

    def _seen(self, part: Transform, constraint: Any) -> Any:
        """A constraint of a part, over as many dimensions as the part that sees most of them."""
        dims = max(t.event_dim for t in self.parts)
        return constraints.independent(constraint, dims - part.event_dim)

    @property
    def domain(self) -> Any:
        return self._seen(self.parts[0], self.parts[0].domain) if self.parts else constraints.real

    @property
    def codomain(self) -> Any:
        return self._seen(self.parts[-1], self.parts[-1].codomain) if self.parts else constraints.real

    @property
    def sign(self) -> Any:
        return math.prod((t.sign for t in self.parts), start=1)

    def _call(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x

    def _inverse(self, y: Any) -> Any:
        for part in reversed(self.parts):
            y = part._undo(y)
        return y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        """The chain rule: slopes multiply, so their logarithms add up."""
        total = _total(functions.zeros_like(x), self.event_dim)
        for i, part in enumerate(self.parts):
            value = part(x) if i < len(self.parts) - 1 else y
            total = total + _total(part.log_abs_det_jacobian(x, value), self.event_dim - part.event_dim)
            x = value
        return total

    def forward_shape(self, shape: Any) -> Size:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return Size(shape)

    def _key(self) -> tuple[Any, ...]:
        return tuple(self.parts)

    def __repr__(self) -> str:
        return f"ComposeTransform({self.parts})"


identity_transform = ComposeTransform([])
