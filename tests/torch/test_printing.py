"""Tensors print as PyTorch's do, but for the names of dtypes and of recorded calls."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

FLOATS = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-4, 1e8, 1000.0, 0.99995, 12345.678]),
    st.integers(-1000, 1000).map(float),
    st.floats(-10, 10, width=16),
    st.floats(width=16),
)
DTYPES = [tg.float32, tg.float64, tg.float16, tg.int64, tg.int32, tg.int16, tg.int8, tg.uint8, tg.bool]


@st.composite
def _arrays(draw):
    dtype = draw(st.sampled_from(DTYPES))
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    elements = FLOATS if dtype.kind == "f" else hnp.from_dtype(dtype)
    palette = draw(st.lists(elements, min_size=1, max_size=9))
    with np.errstate(over="ignore"):
        values = np.array(palette).astype(dtype)
    return np.random.default_rng(draw(st.integers(0, 9))).choice(values, shape).reshape(shape)


@st.composite
def _options(draw):
    return {
        "precision": draw(st.integers(0, 7)),
        "threshold": draw(st.integers(0, 30)),
        "edgeitems": draw(st.integers(0, 4)),
        "linewidth": draw(st.integers(10, 100)),
        "sci_mode": draw(st.sampled_from([None, True, False])),
    }


def _theirs(a, **options):
    torch.set_printoptions(profile="default", **options)
    try:
        return repr(torch.from_numpy(a))
    finally:
        torch.set_printoptions(profile="default")


def _same(ours, theirs):
    """Equal, but for names: theirs are longer, so that the line may be full before them."""
    theirs = theirs.replace("torch.", "").replace("MulBackward0", "multiply")
    return re.sub(r",\n +([a-z])", r", \1", ours) == re.sub(r",\n +([a-z])", r", \1", theirs)


@given(_arrays())
def test_repr_is_that_of_pytorch(a):
    assert _same(repr(tg.from_numpy(a)), _theirs(a))


@settings(max_examples=200)
@given(_arrays(), _options())
def test_repr_is_that_of_pytorch_under_any_options(a, options):
    with tg.printoptions(profile="default", **options):
        ours = repr(tg.from_numpy(a))
    assert _same(ours, _theirs(a, **options))


@pytest.mark.parametrize("shape", [(1001,), (40, 40), (7, 7, 7, 7), (2, 600), (600, 2), (1, 1001, 1)])
def test_large_tensors_are_summarised_as_in_pytorch(shape):
    a = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert _same(repr(tg.from_numpy(a)), _theirs(a))


@pytest.mark.parametrize("shape", [(), (3,), (20,), (0,), (0, 3), (9, 9)])
def test_the_graph_is_shown_as_in_pytorch(shape):
    a = np.linspace(-1, 1, int(np.prod(shape))).reshape(shape)
    ours, theirs = tg.tensor(a, requires_grad=True), torch.tensor(a, requires_grad=True)
    assert _same(repr(ours), repr(theirs))
    assert _same(repr(ours * 2), repr(theirs * 2))
