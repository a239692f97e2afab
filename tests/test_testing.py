"""The strategies keep their promises."""

import importlib.util
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import testing

ONE = settings(max_examples=2000, phases=[Phase.generate], database=None, derandomize=True)  # not the smallest


@given(testing.broadcastable(3))
def test_broadcastable_shapes_broadcast(shapes):
    full = np.broadcast_shapes(*shapes)
    assert len(full) <= 3
    assert all(n <= 4 for n in full)


def test_broadcastable_shapes_are_0d_missing_dimensions_and_have_ones():
    for wanted in (lambda a, b: a == () != b, lambda a, b: 1 in a and len(a) == len(b) and a != b, lambda a, b: 0 in b):
        find(testing.broadcastable(2), lambda s, wanted=wanted: wanted(*s), settings=ONE)


@given(testing.shapes(min_dims=1, max_dims=2, max_side=3, min_side=1))
def test_shapes_keep_their_bounds(shape):
    assert 1 <= len(shape) <= 2
    assert all(1 <= n <= 3 for n in shape)


@given(testing.arrays(low=-2, high=2, avoid=(0.0, 1.0), gap=0.25, layout=st.sampled_from(testing.LAYOUTS)))
def test_arrays_stay_away_from_what_they_are_to_avoid(a):
    assert a.dtype == np.float64
    assert np.all((np.abs(a) >= 0.25) & (np.abs(a - 1) >= 0.25) & (np.abs(a) <= 2))


@given(testing.arrays((3, 4), distinct=True))
def test_distinct_elements_are_well_apart(a):
    assert np.min(np.diff(np.sort(a, axis=None))) > 0.4 * 6 / 12 * 0.99


@pytest.mark.parametrize("layout", testing.LAYOUTS)
def test_layouts(layout):
    a = np.arange(24.0).reshape(2, 3, 4)
    b = testing.laid_out(a, layout)
    assert np.array_equal(a, b)
    assert not np.shares_memory(a, b)
    assert b.flags.writeable == (layout != "read-only")
    assert b.flags.f_contiguous == (layout == "F")
    assert b.flags.c_contiguous == (layout in ("C", "read-only"))
    for shape in ((), (0, 2), (1,)):
        assert testing.laid_out(np.ones(shape), layout).shape == shape
    with pytest.raises(ValueError, match="one of C, F"):
        testing.laid_out(a, "sideways")


@given(st.data())
def test_axes_fit(data):
    ndim = data.draw(st.integers(0, 3))
    axis = data.draw(testing.axes(ndim))
    np.sum(np.ones((2,) * ndim), axis=axis)
    assert isinstance(data.draw(testing.axes(2, none=False, tuples=False)), int)


@given(st.data())
def test_indices_fit(data):
    shape = data.draw(testing.shapes())
    np.ones(shape)[data.draw(testing.indices(shape))]
    basic = np.ones(shape)[data.draw(testing.indices(shape, basic=True))]
    assert basic.ndim <= len(shape) + 1


def test_indices_are_of_every_kind():
    def has(kind):
        return lambda i: any(isinstance(p, kind) for p in (i if isinstance(i, tuple) else (i,)))

    for kind in (int, slice, type(None), type(Ellipsis)):
        find(testing.indices((3, 4)), has(kind), settings=ONE)
    for dtype in (bool, np.intp):
        find(
            testing.indices((3, 4)),
            lambda i, dtype=dtype: any(
                isinstance(p, np.ndarray) and p.dtype == dtype for p in (i if isinstance(i, tuple) else (i,))
            ),
            settings=ONE,
        )


@given(testing.tensors((2,), dtype=np.float32))
def test_tensors_are_leaves_that_require_grad(x):
    assert x.requires_grad
    assert x.is_leaf
    assert x.dtype == tg.float32


def test_integers_and_bools():
    assert find(testing.arrays((2,), 0, 5, dtype=np.int64), lambda a: 5 in a).dtype == np.int64
    assert find(testing.arrays((2,), dtype=bool), lambda a: a.any()).dtype == bool


def test_nothing_left_to_draw_from_is_an_error():
    with pytest.raises(ValueError, match="nothing is left of"):
        find(testing.arrays((1,), 0.0, 0.1, avoid=(0.05,), gap=1.0), lambda a: True)


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    spec = importlib.util.spec_from_file_location("testing_again", testing.__file__)
    with pytest.raises(ModuleNotFoundError, match=r"pip install tinygrad_edu\[test\]"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
