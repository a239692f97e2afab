"""Cases of the windows that slide over images: cut out and added up, summed, and the largest of each."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.rules import windows as w
from tinygrad_edu.testing import arrays

Cases = st.SearchStrategy[Call]


@st.composite
def grids(draw: Any, overlapping_margins: bool = True) -> tuple[w.Grid, tuple[int, ...]]:
    """A grid for one to three dimensions, and sides that at least one window fits into."""
    d = draw(st.integers(1, 3))
    most = 3 if d < 3 else 2

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(d))

    kernel, stride, dilation = each(1, most), each(1, 3), each(1, 2)
    padding = tuple((a, b) for a, b in zip(each(0, 2), each(0, 2), strict=True))
    reach = [(k - 1) * e + 1 for k, e in zip(kernel, dilation, strict=True)]
    if not overlapping_margins:  # every window has an element of the data
        padding = tuple((min(a, (r - 1) // 2), min(b, (r - 1) // 2)) for (a, b), r in zip(padding, reach, strict=True))
    sides = tuple(max(r - a - b, 1) + m for r, (a, b), m in zip(reach, padding, each(0, 2), strict=True))
    return w.Grid(kernel, stride, padding, dilation), sides


# some are more than eight times as many as a row is long, so that both orders of columns occur
batches = st.sampled_from([0, 1, 2, 9, 9, 17])


@st.composite
def cut_out(draw: Any) -> Call:
    grid, sides = draw(grids())
    groups = draw(st.integers(1, 2))
    x = draw(arrays((draw(batches), groups, *sides)))
    return Call(lambda x: w.patches(x, grid=grid, groups=groups), (x,))


@st.composite
def added_up(draw: Any) -> Call:
    grid, sides = draw(grids())
    n, groups = draw(batches), draw(st.integers(1, 2))
    shape = (n, groups, *sides)
    x = draw(arrays((groups, math.prod(grid.kernel), n * math.prod(grid.counts(sides)))))
    return Call(lambda x: w.overlap(x, shape=shape, grid=grid, groups=groups), (x,))


@st.composite
def as_rows(draw: Any) -> Call:
    _, sides = draw(grids())
    groups = draw(st.integers(1, 2))
    x = draw(arrays((draw(batches), 2 * groups, *sides)))
    return Call(lambda x: w.rows(x, groups=groups), (x,))


@st.composite
def as_planes(draw: Any) -> Call:
    _, sides = draw(grids())
    n, groups = draw(batches), draw(st.integers(1, 2))
    h = draw(arrays((groups, 2, n * math.prod(sides))))
    if draw(st.booleans()):
        return Call(lambda h: w.planes(h, None, n=n, counts=sides), (h,))
    return Call(lambda h, b: w.planes(h, b, n=n, counts=sides), (h, draw(arrays((2 * groups,)))))


@st.composite
def summed(draw: Any) -> Call:
    grid, sides = draw(grids())
    x = draw(arrays((draw(st.integers(0, 2)), 2, *sides)))
    return Call(lambda x: w.window_sum(x, grid=grid), (x,))


@st.composite
def spread(draw: Any) -> Call:
    grid, sides = draw(grids())
    shape = (draw(st.integers(0, 2)), 2, *sides)
    x = draw(arrays((*shape[:2], *grid.counts(sides))))
    return Call(lambda x: w.window_spread(x, shape=shape, grid=grid), (x,))


@st.composite
def largest(draw: Any) -> Call:
    grid, sides = draw(grids(overlapping_margins=False))
    shape = (draw(st.integers(0, 2)), 2, *sides)
    # all different, so that a small step does not change which is the largest
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.permutation(math.prod(shape)).reshape(shape) / 7.0
    return Call(lambda x: w.max_pool(x, grid=grid), (x,))


@st.composite
def positions(draw: Any, grid: w.Grid, shape: tuple[int, ...]) -> Any:
    """One of the positions in each window."""
    return draw(arrays((*shape[:2], *grid.counts(shape[2:])), 0, math.prod(grid.kernel) - 1, dtype=np.uint8))


@st.composite
def picked(draw: Any) -> Call:
    grid, sides = draw(grids())
    shape = (draw(st.integers(0, 2)), 2, *sides)
    at = draw(positions(grid, shape))
    return Call(lambda x: w.window_pick(x, at, grid=grid), (draw(arrays(shape)),))


@st.composite
def put(draw: Any) -> Call:
    grid, sides = draw(grids())
    shape = (draw(st.integers(0, 2)), 2, *sides)
    at = draw(positions(grid, shape))
    return Call(lambda x: w.window_put(x, at, shape=shape, grid=grid), (draw(arrays(at.shape)),))


CASES: dict[str, Cases] = {
    "patches": cut_out(),
    "overlap": added_up(),
    "rows": as_rows(),
    "planes": as_planes(),
    "window_sum": summed(),
    "window_spread": spread(),
    "window_pick": picked(),
    "window_put": put(),
    "max_pool": largest(),
}
