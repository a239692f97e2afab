"""Exponentials, logarithms, and the special functions, under PyTorch's names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.dtypes import promoted
from tinygrad_edu.functions.pointwise import floating, raw
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise as rules
from tinygrad_edu.rules import special

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "frexp", "ldexp", "lgamma", "log", "log10", "log1p",
    "log2", "logaddexp", "logaddexp2", "logit", "mvlgamma", "polygamma", "sigmoid", "xlogy"
]  # fmt: skip


def exp(input: Any) -> Tensor:
    """e^input.

    >>> import tinygrad_edu as tg
    >>> tg.exp(tg.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return rules.exp(input)


def exp2(input: Any) -> Tensor:
    """2^input.

    >>> import tinygrad_edu as tg
    >>> tg.exp2(tg.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return rules.exp2(input)


def expm1(input: Any) -> Tensor:
    """e^input − 1, accurate near 0.

    >>> import tinygrad_edu as tg
    >>> tg.expm1(tg.tensor([0.0, 1e-3]))
    tensor([0.0000, 0.0010])
    """
    return rules.expm1(input)


def ldexp(input: Any, other: Any) -> Tensor:
    """input · 2^other, with broadcasting.

    >>> import tinygrad_edu as tg
    >>> tg.ldexp(tg.tensor([1.5]), tg.tensor([0, 1, -1]))
    tensor([1.5000, 3.0000, 0.7500])
    """
    return rules.multiply(input, rules.exp2(other))


class Frexp(NamedTuple):
    """Numbers as mantissa · 2^exponent."""

    mantissa: Tensor
    exponent: Tensor


def frexp(input: Any) -> Frexp:
    """The mantissa, from ½ up to 1, and the exponent (int32), so that mantissa · 2^exponent = input.

    Raises RuntimeError for whole numbers.

    >>> import tinygrad_edu as tg
    >>> tg.frexp(tg.tensor([0.75, 3.0, -8.0]))
    Frexp(mantissa=tensor([ 0.7500,  0.7500, -0.5000]), exponent=tensor([0, 2, 4], dtype=int32))
    """
    a = raw(input, "frexp")
    if not hasattr(a, "dtype") or a.dtype.kind != "f":
        found = getattr(a, "dtype", type(a).__name__)
        raise RuntimeError(f"torch.frexp() only supports floating-point dtypes, not {found}. Write x.float().")
    exponent = np.where(np.isfinite(a), np.frexp(a)[1], 0)
    half = exponent // 2  # two factors, since 2^−exponent itself may be too large
    scaled = rules.multiply(input, np.exp2(-half).astype(a.dtype))
    return Frexp(rules.multiply(scaled, np.exp2(half - exponent).astype(a.dtype)), wrap(np.asarray(exponent, np.int32)))


def log(input: Any) -> Tensor:
    """The natural logarithm; −∞ at 0, NaN below.

    >>> import tinygrad_edu as tg
    >>> tg.log(tg.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    return rules.log(input)


def log2(input: Any) -> Tensor:
    """The logarithm to base 2.

    >>> import tinygrad_edu as tg
    >>> tg.log2(tg.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return rules.log2(input)


def log10(input: Any) -> Tensor:
    """The logarithm to base 10.

    >>> import tinygrad_edu as tg
    >>> tg.log10(tg.tensor([1.0, 100.0]))
    tensor([0., 2.])
    """
    return rules.log10(input)


def log1p(input: Any) -> Tensor:
    """log(1 + input), accurate near 0.

    >>> import tinygrad_edu as tg
    >>> tg.log1p(tg.tensor([0.0, 1e-3]))
    tensor([0.0000, 0.0010])
    """
    return rules.log1p(input)


def logaddexp(input: Any, other: Any) -> Tensor:
    """log(e^input + e^other), without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.logaddexp(tg.tensor([0.0, 1000.0]), tg.tensor([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])
    """
    return special.logaddexp(input, other)


def logaddexp2(input: Any, other: Any) -> Tensor:
    """log₂(2^input + 2^other), without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.logaddexp2(tg.tensor([0.0, 1000.0]), tg.tensor([0.0, 1000.0]))
    tensor([1.0000e+00, 1.0010e+03])
    """
    return special.logaddexp2(input, other)


def sigmoid(input: Any) -> Tensor:
    """1 / (1 + e^−input), in (0, 1), without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.sigmoid(tg.tensor([-1000.0, 0.0, 2.0]))
    tensor([0.0000, 0.5000, 0.8808])
    """
    return special.sigmoid(floating(input))


def logit(input: Any, eps: float | None = None) -> Tensor:
    """log(input / (1 − input)), the inverse of `sigmoid`. With `eps`, `input` is clamped to [eps, 1 − eps] first.

    >>> import tinygrad_edu as tg
    >>> tg.logit(tg.tensor([0.5, 0.9]))
    tensor([0.0000, 2.1972])
    """
    p = floating(input)
    return special.logit(p if eps is None else rules.clip(p, min=eps, max=1 - eps))


def erf(input: Any) -> Tensor:
    """The error function 2/√π ∫₀ˣ e^(−t²) dt. Source: W. J. Cody (1969).

    >>> import tinygrad_edu as tg
    >>> tg.erf(tg.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return special.erf(floating(input))


def erfc(input: Any) -> Tensor:
    """1 − erf(input), accurate where it is small. Source: W. J. Cody (1969).

    >>> import tinygrad_edu as tg
    >>> tg.erfc(tg.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return special.erfc(floating(input))


def erfinv(input: Any) -> Tensor:
    """The inverse of `erf`; NaN outside of [−1, 1].

    Raises ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.erfinv(tg.tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
    return special.erfinv(floating(input))


def ndtr(input: Any) -> Tensor:
    """The probability that a standard normal number is at most `input`, accurate where it is small.

    >>> import tinygrad_edu as tg
    >>> tg.special.ndtr(tg.tensor([-1.0, 0.0, 1.0]))
    tensor([0.1587, 0.5000, 0.8413])
    """
    return rules.divide(special.erfc(rules.multiply(floating(input), -math.sqrt(0.5))), 2)


def ndtri(input: Any) -> Tensor:
    """The inverse of `ndtr`; NaN outside of [0, 1].

    Raises ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.special.ndtri(tg.tensor([0.5, 0.8413]))
    tensor([0.0000, 0.9998])
    """
    return special.ndtri(floating(input))


def xlogy(input: Any, other: Any) -> Tensor:
    """input · log(other), and 0 where `input` is 0 (NaN where `other` is NaN).

    >>> import tinygrad_edu as tg
    >>> tg.xlogy(tg.tensor([0.0, 2.0]), tg.tensor([0.0, 10.0]))
    tensor([0.0000, 4.6052])
    """
    return special.xlogy(*_same(input, other))


def xlog1py(input: Any, other: Any) -> Tensor:
    """input · log(1 + other), and 0 where `input` is 0 (NaN where `other` is NaN).

    >>> import tinygrad_edu as tg
    >>> tg.special.xlog1py(tg.tensor([0.0, 2.0]), tg.tensor([-1.0, 9.0]))
    tensor([0.0000, 4.6052])
    """
    return special.xlog1py(*_same(input, other))


def _same(*operands: Any) -> Any:
    """The operands with numbers as 0-d arrays of the common dtype."""
    arrays = [raw(x, "xlogy") for x in operands]
    dtype = promoted(tuple(arrays))
    return [x if hasattr(x, "dtype") else np.asarray(x, dtype) for x in operands]


def entr(input: Any) -> Tensor:
    """−input · log(input), the entropy of each element: 0 at 0, −∞ below.

    >>> import tinygrad_edu as tg
    >>> tg.special.entr(tg.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.3466, 0.0000])
    """
    return special.entr(floating(input))


def lgamma(input: Any) -> Tensor:
    """log |Γ(input)|.

    Raises ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.lgamma(tg.tensor([0.5, 5.0]))
    tensor([0.5724, 3.1781])
    """
    return special.lgamma(floating(input))


def digamma(input: Any) -> Tensor:
    """The derivative of `lgamma`.

    Raises ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.digamma(tg.tensor([0.5, 1.0]))
    tensor([-1.9635, -0.5772])
    """
    return special.polygamma(floating(input), n=0)


def polygamma(n: int, input: Any) -> Tensor:
    """The n-th derivative of `digamma`.

    Raises RuntimeError for a negative n, ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.polygamma(1, tg.tensor([0.5, 1.0]))
    tensor([4.9348, 1.6449])
    """
    if n < 0:
        raise RuntimeError(f"polygamma: n counts derivatives and must be 0 or more, not {n}")
    return special.polygamma(floating(input), n=n)


def mvlgamma(input: Any, p: int) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`: Σⱼ lgamma(x − j/2) + log π · p(p−1)/4, j < p.

    Raises RuntimeError for p < 1, ImportError without SciPy.

    >>> import tinygrad_edu as tg
    >>> tg.mvlgamma(tg.tensor([3.0, 4.0]), 2)
    tensor([1.5502, 3.5651])
    """
    if p < 1:
        raise RuntimeError(f"mvlgamma: p must be 1 or more, not {p}")
    x = floating(input)
    total = rules.add(special.lgamma(x), math.log(math.pi) * p * (p - 1) / 4)
    for j in range(1, p):
        total = rules.add(total, special.lgamma(rules.subtract(x, j / 2)))
    return total


# the names of torch.special
expit, gammaln, psi, multigammaln = sigmoid, lgamma, digamma, mvlgamma
