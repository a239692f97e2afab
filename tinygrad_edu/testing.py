"""Hypothesis strategies for tensors: shapes that broadcast, arrays away from kinks, axes, indices.

For property tests of functions on tensors, this package's own and other people's:

>>> from hypothesis import given
>>> from tinygrad_edu import autograd, testing
>>> @given(testing.tensors(testing.shapes(max_dims=2), low=0.1, high=3.0))
... def test_that_log_has_the_right_gradient(x):
...     assert autograd.gradcheck(lambda x: x.log(), (x,))
>>> test_that_log_has_the_right_gradient()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.primitive import wrap

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "tinygrad_edu.testing needs Hypothesis, which is not installed: pip install tinygrad_edu[test]",
        name="hypothesis",
    ) from error

__all__ = ["LAYOUTS", "arrays", "axes", "broadcastable", "indices", "laid_out", "shapes", "tensors"]

Strategy = st.SearchStrategy
Shape = tuple[int, ...]

LAYOUTS = ("C", "F", "strided", "read-only")
"""How the same numbers may lie in memory: by rows, by columns, with gaps and backwards, or not writeable."""


def shapes(min_dims: int = 0, max_dims: int = 3, max_side: int = 4, min_side: int = 0) -> Strategy[Shape]:
    """Shapes, also () and empty ones. Shrinks towards few dimensions and small sides.

    >>> from tinygrad_edu import testing
    >>> testing.shapes(max_dims=2).example()    # doctest: +SKIP
    (2, 0)
    """
    # a side of 0 makes everything empty, which is worth testing but not every other time
    side = st.integers(max(min_side, 1), max_side)
    if min_side == 0:
        side = st.one_of(side, side, side, st.integers(0, max_side))
    return st.lists(side, min_size=min_dims, max_size=max_dims).map(tuple)


def _uniform(
    rng: np.random.Generator, shape: Shape, low: float, high: float, avoid: Iterable[float], gap: float, distinct: bool
) -> Any:
    """Uniform numbers from [low, high] without the surroundings of the points to avoid."""
    pieces, start = [], low
    for p in sorted(avoid):
        if p + gap > start and p - gap < high:
            if p - gap > start:
                pieces.append((start, p - gap))
            start = p + gap
    if start < high:
        pieces.append((start, high))
    if not pieces:
        raise ValueError(f"nothing is left of [{low}, {high}] at a distance of {gap} from the points to avoid")
    n = int(np.prod(shape))
    u = (rng.permutation(n) + rng.uniform(0.2, 0.8, n)) / max(n, 1) if distinct else rng.uniform(size=n)
    lengths = np.array([b - a for a, b in pieces])
    ends = np.cumsum(lengths)
    u = u * ends[-1]
    k = np.minimum(np.searchsorted(ends, u, side="right"), len(pieces) - 1)
    return (np.array([b for _, b in pieces])[k] - (ends[k] - u)).reshape(shape)


def laid_out(a: Any, layout: str) -> Any:
    """A copy of an array in one of the `LAYOUTS`."""
    if layout == "C":
        return np.array(a, order="C")
    if layout == "F":
        return np.array(a, order="F")
    if layout == "read-only":
        b = np.array(a, order="C")
        b.flags.writeable = False
        return b
    if layout == "strided":
        wide = np.zeros(tuple(2 * n + 1 for n in a.shape), a.dtype)
        b = wide[tuple(slice(2 * n - 1, None if n == 0 else -2 * n - 1, -2) if n else slice(0) for n in a.shape)]
        b = b if a.ndim else wide[()] if wide.ndim else wide
        np.copyto(b, a)
        return b
    raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}, not {layout!r}")


def arrays(
    shape: Shape | Strategy[Shape] | None = None,
    low: float = -3.0,
    high: float = 3.0,
    *,
    avoid: Sequence[float] = (),
    gap: float = 0.1,
    dtype: Any = np.float64,
    layout: str | Strategy[str] = "C",
    distinct: bool = False,
) -> Strategy[Any]:
    """Arrays of random numbers from [low, high] that stay `gap` away from the points in `avoid`.

    Args:
        shape: a shape or a strategy for one (default: `shapes()`).
        avoid, gap: kinks and poles, where differences say nothing about derivatives.
        dtype: floating, or an integer type (from low to high inclusive), or bool.
        layout: one of `LAYOUTS`, or ``st.sampled_from(LAYOUTS)``.
        distinct: no two elements are nearly equal, for functions that compare them (max, sort).

    The numbers come from a seed that Hypothesis draws: shapes shrink, numbers only change.
    """
    shape = shapes() if shape is None else shape
    kind = np.dtype(dtype)

    def make(shape: Shape, seed: int, layout: str) -> Any:
        rng = np.random.default_rng(seed)
        if kind.kind == "b":
            a = rng.integers(0, 2, shape).astype(bool)
        elif kind.kind in "iu":
            a = rng.integers(int(low), int(high) + 1, shape).astype(kind)
        else:
            a = _uniform(rng, shape, low, high, avoid, gap, distinct).astype(kind)
        return laid_out(np.asarray(a), layout)

    return st.builds(
        make,
        shape if isinstance(shape, st.SearchStrategy) else st.just(tuple(shape)),
        st.integers(0, 2**32 - 1),
        layout if isinstance(layout, st.SearchStrategy) else st.just(layout),
    )


@st.composite
def broadcastable(
    draw: Any, n: int = 2, min_dims: int = 0, max_dims: int = 3, max_side: int = 4, min_side: int = 0
) -> tuple[Shape, ...]:
    """`n` shapes that broadcast together: missing leading dimensions, sides of 1, 0-d and equal ones."""
    full = draw(shapes(min_dims, max_dims, max_side, min_side))
    found = []
    for _ in range(n):
        first = draw(st.integers(0, max(len(full) - min_dims, 0)))
        ones = draw(st.integers(0, 2 ** len(full) - 1)) if draw(st.booleans()) else 0
        found.append(tuple(1 if ones >> k & 1 else side for k, side in enumerate(full))[first:])
    return tuple(found)


def axes(ndim: int, *, none: bool = True, tuples: bool = True, empty: bool = True) -> Strategy[Any]:
    """What an `axis` or `dim` may be: None, an int, negative, a tuple of them without repeats, ()."""
    options: list[Strategy[Any]] = [st.none()] if none else []
    if ndim:
        one = st.integers(-ndim, ndim - 1)
        options.append(one)
        if tuples:
            options.append(st.lists(one, min_size=1, max_size=ndim, unique_by=lambda k: k % ndim).map(tuple))
    if tuples and empty:
        options.append(st.just(()))
    return st.one_of(options) if options else st.nothing()


@st.composite
def indices(draw: Any, shape: Shape, *, basic: bool = False) -> Any:
    """What fits between the brackets for an array of this shape.

    Integers, slices (backwards too, unless `basic`), None, an ellipsis; unless `basic` also integer
    arrays with repeats, boolean masks, and mixtures of them. A single index may come without a tuple.
    """
    parts: list[Any] = []
    used = 0
    dims = draw(st.integers(0, len(shape)))
    length = draw(st.integers(1, 3))  # of all index arrays in the tuple, so that they broadcast
    skip = draw(st.one_of(st.none(), st.integers(0, dims)))  # where an ellipsis stands
    rest = len(shape) - dims
    for k in range(dims):
        if k == skip:
            parts.append(Ellipsis)
            used += rest
        side = shape[used]
        kinds = ["slice", "slice"] + ["int"] * (side > 0)
        if not basic:
            kinds += ["mask"] + ["array", "array"] * (side > 0)
        kind = draw(st.sampled_from(kinds))
        if kind == "int":
            parts.append(draw(st.integers(-side, side - 1)))
        elif kind == "slice":
            start = draw(st.one_of(st.none(), st.integers(-side - 1, side + 1)))
            stop = draw(st.one_of(st.none(), st.integers(-side - 1, side + 1)))
            step = draw(st.sampled_from([None, 1, 2, 3] if basic else [None, 1, 2, -1, -2]))
            parts.append(slice(start, stop, step))
        elif kind == "array":
            parts.append(np.array(draw(st.lists(st.integers(-side, side - 1), min_size=length, max_size=length)), int))
        else:  # a mask with as many True as the other index arrays are long, or one (which broadcasts)
            count = draw(st.sampled_from([1, length]))
            chosen = draw(st.permutations(range(side)))[:count]
            if len(chosen) not in (1, length):
                parts.append(slice(None))
            else:
                mask = np.zeros(side, bool)
                mask[chosen] = True
                parts.append(mask)
        used += 1
    if skip == dims:
        parts.append(Ellipsis)
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), None)
    if not basic and draw(st.integers(0, 5)) == 0:
        return draw(arrays(shape, dtype=bool))  # a mask of the whole
    return parts[0] if len(parts) == 1 and draw(st.booleans()) else tuple(parts)


def tensors(
    shape: Shape | Strategy[Shape] | None = None,
    low: float = -3.0,
    high: float = 3.0,
    *,
    requires_grad: bool = True,
    **options: Any,
) -> Strategy[Any]:
    """Tensors that require grad, of random numbers; the options are those of `arrays`."""
    return arrays(shape, low, high, **options).map(lambda a: wrap(a, leaf=requires_grad))
