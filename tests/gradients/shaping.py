"""Random calls of every primitive of changes of shape, joins and cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.rules import joining, shaping
from tinygrad_edu.testing import arrays, broadcastable, shapes


@st.composite
def reshaped(draw: Any) -> Call:
    x = draw(arrays())
    sides = draw(st.permutations([*x.shape, 1]))
    if len(sides) > 1 and draw(st.booleans()):
        sides = [sides[0] * sides[1], *sides[2:]]
    return Call(lambda t: shaping.reshape(t, shape=tuple(sides)), (x,))


@st.composite
def transposed(draw: Any) -> Call:
    x = draw(arrays())
    axes = tuple(k - x.ndim * draw(st.booleans()) for k in draw(st.permutations(range(x.ndim))))
    return Call(lambda t: shaping.transpose(t, axes=axes), (x,))


@st.composite
def broadcasts(draw: Any) -> Call:
    small, other = draw(broadcastable(2))
    full = np.broadcast_shapes(small, other)
    return Call(lambda t: shaping.broadcast_to(t, shape=full), (draw(arrays(small)),))


@st.composite
def flips(draw: Any) -> Call:
    x = draw(arrays(shapes(min_dims=1)))
    axis = draw(st.one_of(st.none(), st.lists(st.integers(0, x.ndim - 1), unique=True).map(tuple)))
    return Call(lambda t: shaping.flip(t, axis=axis), (x,))


@st.composite
def rolls(draw: Any) -> Call:
    x = draw(arrays(shapes(min_dims=1)))
    one = st.integers(-5, 5)
    if draw(st.booleans()):
        shift = draw(one)
        axis = draw(st.one_of(st.none(), st.integers(-x.ndim, x.ndim - 1)))
        return Call(lambda t: shaping.roll(t, shift=shift, axis=axis), (x,))
    pairs = draw(st.lists(st.tuples(one, st.integers(0, x.ndim - 1)), min_size=1, max_size=3))
    shifts, axes = zip(*pairs, strict=True)
    return Call(lambda t: shaping.roll(t, shift=shifts, axis=axes), (x,))


@st.composite
def tiles(draw: Any) -> Call:
    reps = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    return Call(lambda t: shaping.tile(t, reps=reps), (draw(arrays(shapes(max_side=3))),))


@st.composite
def pads(draw: Any) -> Call:
    x = draw(arrays(shapes(min_dims=1)))
    side = st.integers(0, 2)
    widths = tuple((draw(side), draw(side)) for _ in x.shape)
    return Call(lambda t: shaping.pad(t, widths=widths, value=1.5), (x,))


@st.composite
def triangles(draw: Any, rule: Any) -> Call:
    k = draw(st.integers(-4, 4))
    return Call(lambda t: rule(t, k=k), (draw(arrays(shapes(min_dims=2))),))


def plane(draw: Any, ndim: int) -> dict[str, int]:
    first, second = draw(st.permutations(range(ndim)))[:2]
    return {"offset": draw(st.integers(-3, 3)), "axis1": first, "axis2": second}


@st.composite
def diagonals(draw: Any) -> Call:
    x = draw(arrays(shapes(min_dims=2)))
    at = plane(draw, x.ndim)
    return Call(lambda t: shaping.diagonal(t, **at), (x,))


@st.composite
def diagonals_put(draw: Any) -> Call:
    shape = draw(shapes(min_dims=2))
    at = plane(draw, len(shape))
    x = draw(arrays(np.diagonal(np.empty(shape), **at).shape))
    return Call(lambda t: shaping.scatter_diagonal(t, shape=shape, **at), (x,))


@st.composite
def windows(draw: Any, back: bool) -> Call:
    shape = draw(shapes(min_dims=1, max_side=6, max_dims=2))
    axis = draw(st.integers(0, len(shape) - 1))
    at = {"axis": axis, "size": draw(st.integers(0, shape[axis])), "step": draw(st.integers(1, 3))}
    if not back:
        return Call(lambda t: shaping.unfold(t, **at), (draw(arrays(shape)),))
    x = draw(arrays(shaping.windows(np.empty(shape), **at).shape))
    return Call(lambda t: shaping.overlap_add(t, shape=shape, **at), (x,))


@st.composite
def joined(draw: Any) -> Call:
    shape = list(draw(shapes(min_dims=1)))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    xs = []
    for _ in range(draw(st.integers(1, 4))):
        shape[axis] = draw(st.integers(0, 3))
        xs.append(draw(arrays(tuple(shape))))
    return Call(lambda *ts: joining.concatenate(*ts, axis=axis % len(shape)), tuple(xs))


@st.composite
def stacked(draw: Any) -> Call:
    shape = draw(shapes(max_dims=2))
    axis = draw(st.integers(0, len(shape)))
    xs = tuple(draw(arrays(shape)) for _ in range(draw(st.integers(1, 4))))
    return Call(lambda *ts: joining.stack(*ts, axis=axis), xs)


@st.composite
def cut(draw: Any) -> Call:
    """All parts or some of them: those that are not used have no cotangent."""
    x = draw(arrays(shapes(min_dims=1)))
    axis = draw(st.integers(0, x.ndim - 1))
    seams = tuple(sorted(draw(st.lists(st.integers(0, x.shape[axis]), max_size=3))))
    used = draw(st.integers(1, len(seams) + 1))
    return Call(lambda t: joining.split(t, seams=seams, axis=axis)[:used], (x,))


@st.composite
def unbound(draw: Any) -> Call:
    x = draw(arrays(shapes(min_dims=1, min_side=1)))
    axis = draw(st.integers(0, x.ndim - 1))
    used = draw(st.integers(1, x.shape[axis]))
    return Call(lambda t: joining.unbind(t, axis=axis)[-used:], (x,))


CASES: dict[str, st.SearchStrategy[Call]] = {
    "cast": arrays().map(lambda x: Call(lambda t: shaping.cast(t, dtype=np.dtype(np.float64)), (x,))),
    "clone": arrays().map(lambda x: Call(shaping.clone, (x,))),
    "reshape": reshaped(),
    "transpose": transposed(),
    "broadcast_to": broadcasts(),
    "flip": flips(),
    "roll": rolls(),
    "tile": tiles(),
    "pad": pads(),
    "tril": triangles(shaping.tril),
    "triu": triangles(shaping.triu),
    "diagonal": diagonals(),
    "scatter_diagonal": diagonals_put(),
    "unfold": windows(back=False),
    "overlap_add": windows(back=True),
    "concatenate": joined(),
    "stack": stacked(),
    "split": cut(),
    "unbind": unbound(),
}
