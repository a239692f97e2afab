"""Cases of the elementwise primitives and special functions, drawn away from their kinks and poles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.rules import elementwise as e
from tinygrad_edu.rules import special as s
from tinygrad_edu.testing import arrays, broadcastable, shapes

Cases = st.SearchStrategy[Call]
Range = tuple[float, float]

WHOLE, HALVES = [-3.0, -2, -1, 0, 1, 2, 3], [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]


def one(f: Callable[..., Any], low: float = -3, high: float = 3, avoid: Sequence[float] = (), **options: Any) -> Cases:
    """Calls of a function of one operand."""
    return arrays(shapes(), low, high, avoid=avoid).map(lambda a: Call(f, (a,), **options))


def several(
    f: Callable[..., Any], *ranges: Range, avoid: Sequence[Sequence[float]] = ((), (), ()), gap: float = 0.1
) -> Cases:
    """Calls of a function of operands that broadcast, each with numbers from its range."""

    def drawn(of: Sequence[tuple[int, ...]]) -> Cases:
        parts = zip(of, ranges, avoid, strict=False)
        return st.tuples(*(arrays(n, *r, avoid=a, gap=gap) for n, r, a in parts)).map(lambda xs: Call(f, xs))

    return broadcastable(len(ranges)).flatmap(drawn)


def apart(f: Callable[..., Any]) -> Cases:
    """Calls with operands that are nowhere nearly equal: one near whole numbers, the other near halves."""
    return several(f, (-3, 3), (-3, 3), avoid=(HALVES, WHOLE), gap=0.3)


def stepwise(f: Callable[..., Any]) -> Cases:
    """Calls f(t·b, b) of a function that jumps where the first is a multiple of the second: t is no whole number."""
    return several(lambda t, b: f(t * b, b), (-3, 3), (-3, 3), avoid=(WHOLE, (0,)), gap=0.2)


def either_side(f: Callable[..., Any]) -> Cases:
    """Calls f(condition, a, b), with a condition that broadcasts against the others."""

    def drawn(of: Sequence[tuple[int, ...]]) -> Cases:
        condition = arrays(of[0], dtype=bool)
        return st.tuples(condition, arrays(of[1]), arrays(of[2])).map(
            lambda xs: Call(lambda a, b: f(xs[0], a, b), (xs[1], xs[2]))
        )

    return broadcastable(3).flatmap(drawn)


def with_scipy(f: Callable[..., Any]) -> Callable[..., Any]:
    def call(*xs: Any) -> Any:
        pytest.importorskip("scipy")
        return f(*xs)

    return call


ANY: Range = (-3, 3)
POSITIVE: Range = (0.3, 3)
filled = st.tuples(arrays(shapes()), arrays(())).map(lambda xs: Call(e.fill, xs))

CASES: dict[str, Cases] = {
    # arithmetic
    "add": several(e.add, ANY, ANY),
    "subtract": several(e.subtract, ANY, ANY) | one(lambda x: 2 - x),
    "multiply": several(e.multiply, ANY, ANY) | one(lambda x: e.multiply(x, x)),
    "divide": several(e.divide, ANY, ANY, avoid=((), (0,)), gap=0.3) | one(lambda x: 2 / x, 0.3),
    "negative": one(e.negative),
    "reciprocal": one(e.reciprocal, avoid=(-0.1, 0, 0.1)),
    "absolute": one(e.absolute, avoid=(0,)),
    "square": one(e.square),
    "sqrt": one(e.sqrt, 0.2),
    "rsqrt": one(e.rsqrt, 0.3),
    "power": st.one_of(
        several(e.power, POSITIVE, (-2, 2)),
        one(lambda x: e.power(x, 3)),
        one(lambda x: e.power(x, 0)),
        one(lambda x: e.power(x, -2.0), avoid=(-0.2, 0, 0.2)),
        one(lambda x: e.power(x, 1.5), 0.2),
        one(lambda x: e.power(2, x)),
    ),
    "lerp": several(e.lerp, ANY, ANY, ANY),
    "fill": filled,
    # rounding and signs
    "floor": one(e.floor, avoid=WHOLE),
    "ceil": one(e.ceil, avoid=WHOLE),
    "trunc": one(e.trunc, avoid=WHOLE),
    "round": one(e.round, avoid=HALVES) | one(lambda x: e.round(10 * x, decimals=-1), avoid=HALVES),
    "sign": one(e.sign, avoid=(0,)),
    "copysign": several(e.copysign, ANY, ANY, avoid=((0,), (0,))),
    "frac": one(e.frac, avoid=WHOLE),
    "fmod": stepwise(e.fmod),
    "remainder": stepwise(e.remainder),
    "floor_divide": stepwise(e.floor_divide),
    # exponentials and logarithms
    "exp": one(e.exp),
    "exp2": one(e.exp2),
    "expm1": one(e.expm1),
    "log": one(e.log, 0.2),
    "log2": one(e.log2, 0.2),
    "log10": one(e.log10, 0.2),
    "log1p": one(e.log1p, -0.8),
    "logaddexp": several(s.logaddexp, ANY, ANY),
    "logaddexp2": several(s.logaddexp2, ANY, ANY),
    # trigonometry
    "sin": one(e.sin),
    "cos": one(e.cos),
    "tan": one(e.tan, -1.2, 1.2),
    "arcsin": one(e.arcsin, -0.9, 0.9),
    "arccos": one(e.arccos, -0.9, 0.9),
    "arctan": one(e.arctan),
    "arctan2": several(e.arctan2, ANY, ANY, avoid=((0,), (0,)), gap=0.3),
    "sinh": one(e.sinh),
    "cosh": one(e.cosh),
    "tanh": one(e.tanh),
    "arcsinh": one(e.arcsinh),
    "arccosh": one(e.arccosh, 1.2, 4),
    "arctanh": one(e.arctanh, -0.9, 0.9),
    "hypot": several(e.hypot, ANY, ANY, avoid=((0,), (0,)), gap=0.3),
    "deg2rad": one(e.deg2rad),
    "rad2deg": one(e.rad2deg),
    "sinc": one(s.sinc),
    # the larger, the smaller, one or the other
    "maximum": apart(e.maximum),
    "minimum": apart(e.minimum),
    "fmax": apart(e.fmax),
    "fmin": apart(e.fmin),
    "clip": st.one_of(
        one(lambda x: e.clip(x, min=-1, max=2), avoid=(-1, 2)),
        one(lambda x: e.clip(x, min=0.5), avoid=(0.5,)),
        one(lambda x: e.clip(x, max=0.5), avoid=(0.5,)),
    ),
    "where": either_side(e.where),
    "nan_to_num": one(e.nan_to_num),
    # special functions
    "sigmoid": one(s.sigmoid, -6, 6),
    "logit": one(s.logit, 0.1, 0.9),
    "erf": one(s.erf),
    "erfc": one(s.erfc, -3, 6),
    "erfinv": one(with_scipy(s.erfinv), -0.9, 0.9),
    "ndtri": one(with_scipy(s.ndtri), 0.05, 0.95),
    "entr": one(s.entr, 0.2),
    "xlogy": several(s.xlogy, ANY, POSITIVE),
    "xlog1py": several(s.xlog1py, ANY, (-0.7, 3)),
    "lgamma": one(with_scipy(s.lgamma), 0.4),
    "polygamma": one(with_scipy(lambda x: s.polygamma(x, n=0)), 0.6)
    | one(with_scipy(lambda x: s.polygamma(x, n=2)), 0.8),
}
