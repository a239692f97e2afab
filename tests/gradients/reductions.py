"""Cases of reductions and cumulative functions: over no, one, several and all axes, with zeros among the factors.

Extremes and medians are drawn without ties (those are tested by hand), norms and deviations away from 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.rules import cumulative as c
from tinygrad_edu.rules import reductions as r
from tinygrad_edu.testing import arrays, axes, shapes

Cases = st.SearchStrategy[Call]


def counted(axis: Any, ndim: int) -> Any:
    """The axis as rules are given it: counted from the front."""
    return axis if axis is None else axis % ndim if isinstance(axis, int) else tuple(k % ndim for k in axis)


@st.composite
def reduced(draw: Any, f: Callable[..., Any], min_side: int = 0, zeros: bool = False, **options: Any) -> Call:
    """A reduction over any axes; `zeros` puts up to three zeros among the elements."""
    shape = draw(shapes(min_side=min_side))
    axis, keepdims = counted(draw(axes(len(shape))), len(shape)), draw(st.booleans())
    a = draw(arrays(shape, **options))
    if zeros and a.size:
        for k in draw(st.lists(st.integers(0, a.size - 1), max_size=3)):
            a.flat[k] = 0
    return Call(lambda x: f(x, axis=axis, keepdims=keepdims), (a,))


@st.composite
def deviating(draw: Any, f: Callable[..., Any]) -> Call:
    """A variance with at least half a degree of freedom, of elements that are not all nearly equal."""
    shape = draw(shapes(min_side=2, min_dims=1))
    axis, keepdims = counted(draw(axes(len(shape), empty=False)), len(shape)), draw(st.booleans())
    correction = draw(st.sampled_from([0, 1, 0.5, 1.5]))
    a = draw(arrays(shape, distinct=True))
    return Call(lambda x: f(x, axis=axis, correction=correction, keepdims=keepdims), (a,))


@st.composite
def running(draw: Any, f: Callable[..., Any], zeros: bool = False, **options: Any) -> Call:
    """A cumulative function along one axis."""
    shape = draw(shapes(min_dims=1))
    axis = draw(st.integers(0, len(shape) - 1))
    a = draw(arrays(shape, **options))
    if zeros and a.size:
        for k in draw(st.lists(st.integers(0, a.size - 1), max_size=3)):
            a.flat[k] = 0
    return Call(lambda x: f(x, axis=axis), (a,))


@st.composite
def recurrences(draw: Any) -> Call:
    shape = draw(shapes(min_dims=1))
    axis = draw(st.integers(0, len(shape) - 1))
    return Call(lambda x, decay: c.decayed_sum(x, decay, axis=axis), (draw(arrays(shape)), draw(arrays(shape))))


@st.composite
def norms(draw: Any) -> Call:
    shape = draw(shapes(min_side=1))
    axis, keepdims = counted(draw(axes(len(shape), empty=False)), len(shape)), draw(st.booleans())
    ord = draw(st.sampled_from([0, 0.5, 1, 1.5, 2, 3, 4.5, -1, -2, np.inf, -np.inf]))
    a = draw(arrays(shape, 0.3, 3, distinct=True)) * np.where(draw(arrays(shape, dtype=bool)), 1.0, -1.0)
    return Call(lambda x: r.norm(x, ord=ord, axis=axis, keepdims=keepdims), (a,))


CASES: dict[str, Cases] = {
    "sum": reduced(r.sum),
    "mean": reduced(r.mean, min_side=1),
    "prod": reduced(r.prod, zeros=True, low=-2, high=2),
    "var": deviating(r.var),
    "std": deviating(r.std),
    "amax": reduced(r.amax, min_side=1, distinct=True),
    "amin": reduced(r.amin, min_side=1, distinct=True),
    "logsumexp": reduced(r.logsumexp, min_side=1),
    "norm": norms(),
    "median": arrays(shapes(min_side=1), distinct=True).map(lambda a: Call(r.median, (a,))),
    "cumsum": running(c.cumsum),
    "cumprod": running(c.cumprod, zeros=True, low=-2, high=2),
    "logcumsumexp": running(c.logcumsumexp),
    "decayed_sum": recurrences(),
}
