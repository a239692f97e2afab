"""Creation, dtypes and questions about tensors, against PyTorch."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


def _name(dtype):
    return str(dtype).removeprefix("torch.")


def _operands(lib):
    for name in DTYPES:
        yield lib.ones(2, dtype=getattr(lib, name))
        yield lib.ones((), dtype=getattr(lib, name))
    yield from (2, 0.5, True)


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_the_result_type_of_all_pairs(default):
    tg.set_default_dtype(getattr(tg, default))
    torch.set_default_dtype(getattr(torch, default))
    try:
        all_pairs = (itertools.product(_operands(lib), repeat=2) for lib in (tg, torch))
        for ours, theirs in zip(*all_pairs, strict=True):
            assert _name(tg.result_type(*ours)) == _name(torch.result_type(*theirs)), theirs
            if any(isinstance(t, torch.Tensor) for t in theirs):
                assert _name((ours[0] * ours[1]).dtype) == _name((theirs[0] * theirs[1]).dtype), theirs
    finally:
        tg.set_default_dtype(tg.float32)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(("a", "b"), [*itertools.product(DTYPES, repeat=2)])
def test_promote_types_and_can_cast(a, b):
    ours, theirs = (getattr(tg, a), getattr(tg, b)), (getattr(torch, a), getattr(torch, b))
    assert _name(tg.promote_types(*ours)) == _name(torch.promote_types(*theirs))
    assert tg.can_cast(*ours) == torch.can_cast(*theirs)


@pytest.mark.parametrize(("a", "b"), [*itertools.product(DTYPES, repeat=2)])
def test_casts(a, b):
    values = np.array([0, 1, 2.75, 100, -1.5 if a != "uint8" else 1]).astype(a)
    if b == "uint8" and a[0] in "f":
        values = np.abs(values)  # a negative float has no unsigned counterpart, and compilers differ
    ours = tg.from_numpy(values).to(getattr(tg, b))
    assert ours.tolist() == torch.from_numpy(values).to(getattr(torch, b)).tolist()


SCALARS = st.one_of(st.integers(-9, 9), st.floats(-9, 9), st.booleans())
STEPS = st.one_of(st.integers(-3, 3), st.floats(-3, -0.1), st.floats(0.1, 3))
RANGES = st.tuples(SCALARS, SCALARS, STEPS)


@given(RANGES, st.sampled_from([None, *DTYPES[1:7]]))
def test_arange(args, dtype):
    # PyTorch cuts the step itself off: arange(1, 0, -0.5, dtype=int8) is [1, 1] there
    assume(dtype is None or "float" in dtype or all(v == int(v) for v in args))
    try:
        theirs = torch.arange(*args, dtype=dtype and getattr(torch, dtype))
    except RuntimeError:
        with pytest.raises(RuntimeError):
            tg.arange(*args, dtype=dtype)
        return
    ours = tg.arange(*args, dtype=dtype)
    assert (_name(ours.dtype), tuple(ours.shape)) == (_name(theirs.dtype), tuple(theirs.shape))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-5)


@given(st.floats(-9, 9), st.floats(-9, 9), st.integers(0, 20), st.sampled_from([None, "float64"]))
def test_linspace_and_logspace(start, end, steps, dtype):
    for name in ("linspace", "logspace"):
        ours = getattr(tg, name)(start, end, steps, dtype=dtype)
        theirs = getattr(torch, name)(start, end, steps, dtype=dtype and getattr(torch, dtype))
        assert _name(ours.dtype) == _name(theirs.dtype)
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-5, atol=2e-5)


NESTED = st.recursive(
    st.one_of(
        SCALARS,
        st.sampled_from([np.float64(0.5), np.float32(2), np.int32(3), np.float16(1)]),
    ),
    lambda inner: st.one_of(st.tuples(inner, inner), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=6,
)


@given(NESTED)
def test_tensor_of_nested_lists(data):
    try:
        theirs = torch.tensor(data)
    except (TypeError, ValueError):
        with pytest.raises((TypeError, ValueError)):
            tg.tensor(data)
        return
    ours = tg.tensor(data)
    assert (_name(ours.dtype), tuple(ours.shape)) == (_name(theirs.dtype), tuple(theirs.shape))
    assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3), (2, 1, 4)])
def test_questions_about_a_tensor(shape):
    ours, theirs = tg.zeros(shape), torch.zeros(shape)
    for ask in (
        lambda t: t.size(), lambda t: t.dim(), lambda t: t.numel(), lambda t: t.stride(), lambda t: t.storage_offset(),
        lambda t: t.element_size(), lambda t: t.nbytes, lambda t: t.is_contiguous(), lambda t: t.is_floating_point(),
        lambda t: t.is_signed(), lambda t: t.get_device(), lambda t: t.tolist(), lambda t: t.is_leaf,
    ):  # fmt: skip
        assert ask(ours) == ask(theirs)
    assert str(ours.shape) == str(theirs.shape).removeprefix("torch.")


def test_memory_is_shared_with_pytorch():
    theirs = torch.zeros(3)
    ours = tg.from_dlpack(theirs)
    ours += 1
    assert theirs.tolist() == [1, 1, 1]
    back = torch.from_dlpack(ours)
    back += 1
    assert ours.tolist() == [2, 2, 2]
