"""Random calls of every primitive that reads or writes by index, and of what writing through a view records."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.functions.indexing import parsed
from tinygrad_edu.inplace import put_view
from tinygrad_edu.rules import indexing, scattering
from tinygrad_edu.testing import arrays, indices, shapes


@st.composite
def index_for(draw: Any, shape: Any) -> Any:
    """What the rules are given: basic, or arrays among full slices. (Slices run forwards.)"""
    found = draw(indices(shape))
    parts = tuple(
        slice(i.start, i.stop, -i.step) if isinstance(i, slice) and (i.step or 1) < 0 else i
        for i in (found if isinstance(found, tuple) else (found,))
    )
    basic, arrays_ = parsed(parts, shape)
    if arrays_ is None or basic is None:
        return basic if arrays_ is None else arrays_
    return draw(st.sampled_from([basic, arrays_])) if np.empty(shape)[basic].shape == shape else basic


@st.composite
def reads(draw: Any) -> Call:
    x = draw(arrays())
    index = draw(index_for(x.shape))
    return Call(lambda t: indexing.getitem(t, index=index), (x,))


@st.composite
def adds(draw: Any) -> Call:
    shape = draw(shapes())
    index = draw(index_for(shape))
    x = draw(arrays(np.empty(shape)[index].shape))
    return Call(lambda t: indexing.scatter(t, index=index, shape=shape), (x,))


@st.composite
def writes(draw: Any) -> Call:
    """The value is of the shape that is replaced, or broadcasts to it."""
    x = draw(arrays())
    index = draw(index_for(x.shape))
    region = x[index].shape
    narrow = tuple(draw(st.sampled_from([1, n])) for n in region)[draw(st.integers(0, len(region))) :]
    return Call(lambda t, v: indexing.setitem(t, v, index=index), (x, draw(arrays(narrow))))


@st.composite
def writes_through_views(draw: Any) -> Call:
    x = draw(arrays())
    positions = np.arange(x.size).reshape(x.shape)[draw(index_for(x.shape))]
    return Call(lambda t, v: put_view(t, v, positions=positions), (x, draw(arrays(positions.shape))))


@st.composite
def rows(draw: Any, back: bool) -> Call:
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(st.integers(0, len(shape) - 1))
    n = shape[axis]
    at = draw(arrays(shapes(max_dims=2, max_side=3), -n, n - 1, dtype=np.int64))
    if not back:
        return Call(lambda t: indexing.take(t, at, axis=axis), (draw(arrays(shape)),))
    x = draw(arrays((*shape[:axis], *at.shape, *shape[axis + 1 :])))
    return Call(lambda t: indexing.scatter_rows(t, at, shape=shape, axis=axis), (x,))


@st.composite
def along(draw: Any, back: bool) -> Call:
    """Element by element along an axis; what is written may be shorter in the other dimensions."""
    shape = draw(shapes(min_dims=1, min_side=1))
    axis = draw(st.integers(0, len(shape) - 1))
    n = shape[axis]
    other = tuple(m if k == axis or not back else draw(st.integers(0, m)) for k, m in enumerate(shape))
    at = draw(arrays((*other[:axis], draw(st.integers(0, 4)), *other[axis + 1 :]), -n, n - 1, dtype=np.int64))
    if not back:
        return Call(lambda t: indexing.take_along_axis(t, at, axis=axis), (draw(arrays(shape)),))
    return Call(lambda t: indexing.scatter_along_axis(t, at, shape=shape, axis=axis), (draw(arrays(at.shape)),))


@st.composite
def combinations(draw: Any, rule: Any, **options: Any) -> Call:
    """Numbers that are apart (extremes) and not 0 (products; tests/rules has the zeros)."""
    shape = draw(shapes(min_dims=1, max_dims=2, min_side=1))
    axis = draw(st.integers(0, len(shape) - 1))
    sides = [draw(st.integers(0, m)) for m in shape]
    sides[axis] = draw(st.integers(0, 4))
    at = draw(arrays(tuple(sides), 0, shape[axis] - 1, dtype=np.int64))
    numbers = draw(arrays((int(np.prod(shape)) + at.size,), 0.5, 2.5, distinct=True))
    x, src = np.split(numbers, [int(np.prod(shape))])
    return Call(lambda t, s: rule(t, s, at, axis=axis, **options), (x.reshape(shape), src.reshape(at.shape)))


CASES: dict[str, st.SearchStrategy[Call]] = {
    "getitem": reads(),
    "scatter": adds(),
    "setitem": writes(),
    "put_view": writes_through_views(),
    "take": rows(back=False),
    "scatter_rows": rows(back=True),
    "take_along_axis": along(back=False),
    "scatter_along_axis": along(back=True),
    "scatter_prod": combinations(scattering.scatter_prod),
    "scatter_extreme": st.booleans().flatmap(lambda b: combinations(scattering.scatter_extreme, largest=b)),
}
