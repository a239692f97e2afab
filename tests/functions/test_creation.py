"""Tensors made from data, and filled with numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (3, "int64", ()),
        (0.5, "float32", ()),
        (True, "bool", ()),
        ([], "float32", (0,)),
        ([[]], "float32", (1, 0)),
        ([[], []], "float32", (2, 0)),
        ([1, 2], "int64", (2,)),
        ([1, 2.5], "float32", (2,)),
        ([True, 2], "int64", (2,)),
        ([True, 0.5], "float32", (2,)),
        (((1, 2), (3, 4), (5, 6)), "int64", (3, 2)),
        (range(4), "int64", (4,)),
        (np.float64(1.5), "float64", ()),
        ([np.float64(1.5)], "float64", (1,)),
        ([np.float32(1.5), 2.5], "float32", (2,)),
        ([np.int32(1)], "int32", (1,)),
        ([1, np.int32(1)], "int64", (2,)),
        (np.zeros((2, 3), np.float16), "float16", (2, 3)),
        ([np.arange(3), np.arange(3)], "int64", (2, 3)),
        (np.zeros(2, ">f8"), "float64", (2,)),
    ],
)
def test_the_dtype_follows_from_the_data(data, dtype, shape):
    t = tg.tensor(data)
    assert (str(t.dtype), tuple(t.shape)) == (dtype, shape)
    np.testing.assert_array_equal(t.numpy(), np.array(data).reshape(shape))


def test_tensors_in_a_list_count_with_their_dtypes():
    t = tg.tensor([tg.tensor(1).int(), tg.tensor(2.0).double(), 3])
    assert t.dtype == tg.float64
    assert t.tolist() == [1.0, 2.0, 3.0]


def test_tensor_copies_its_data():
    a = np.zeros(3)
    t = tg.tensor(a)
    a[0] = 1
    assert t.tolist() == [0, 0, 0]
    u = tg.tensor(t)
    t[1] = 5
    assert u.tolist() == [0, 0, 0]


def test_a_dtype_may_be_said():
    assert tg.tensor([1, 2], dtype=tg.float64).dtype == tg.float64
    assert tg.tensor([1.7, -1.7], dtype=tg.int64).tolist() == [1, -1]
    assert tg.tensor(np.ones(2), dtype=float).dtype == tg.float32  # Python's float is the default dtype


def test_the_default_dtype_is_that_of_pythons_floats():
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor([0.5]).dtype == tg.zeros(1).dtype == tg.rand(1).dtype == tg.float64
        assert tg.linspace(0, 1, 2).dtype == (tg.tensor([1, 2]) / 2).dtype == tg.float64
        assert tg.tensor(np.float32(1)).dtype == tg.float32
    finally:
        tg.set_default_dtype(tg.float32)
    with pytest.raises(TypeError, match="floating"):
        tg.set_default_dtype(tg.int64)


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        ("12", TypeError, "str"),
        (None, TypeError, "NoneType"),
        ({1, 2}, TypeError, "list"),
        ((i for i in range(3)), TypeError, "list"),
        ({"a": 1}, TypeError, "dict"),
        (["a", "b"], TypeError, "'a'"),
        ([1, None], TypeError, "None"),
        (np.array(["a"]), TypeError, "text"),
        (np.array([1, 2], np.uint16), TypeError, "int64"),
        (np.array([1, [2, 3]], object), TypeError, "different lengths"),
        (np.array([1.5], np.longdouble), TypeError, "widest float is float64"),
        (np.array([1j], np.clongdouble), TypeError, "widest complex number is complex128"),
        (np.array([b"a"]), TypeError, "text must be made numbers"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), TypeError, "filled"),
        (np.array(["2024-01-01"], "datetime64[D]"), TypeError, "datetime64.* only numbers and bools"),
        ([[1, 2], [3]], ValueError, r"data\[1\] has shape \(1,\) and data\[0\] has shape \(2,\)"),
        ([[[1], [2]], [[3], [4, 5]]], ValueError, r"data\[1\]\[1\]"),
        ([1, [2]], ValueError, r"data\[1\]"),
        ([np.zeros(2), np.zeros(3)], ValueError, r"data\[1\]"),
        (2**63, RuntimeError, "int64"),
    ],
)
def test_what_is_no_data_is_refused_and_why(data, error, says):
    with pytest.raises(error, match=says):
        tg.tensor(data)


def test_numbers_that_do_not_fit_are_refused():
    with pytest.raises(RuntimeError, match="uint8"):
        tg.tensor([300], dtype=tg.uint8)
    with pytest.raises(RuntimeError, match="int64"):
        tg.tensor([float("nan")], dtype=tg.int64)


def test_a_list_of_recorded_tensors_is_refused_since_it_would_cut_the_graph():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    for data in ([w[0], w[1]], [w, w], [1.0, w[0]], [[0.0], [w[1]]]):
        with pytest.raises(RuntimeError, match="stack"):
            tg.tensor(data)
    with tg.no_grad():
        assert tg.tensor([w[0], w[1]]).tolist() == [1, 2]


def test_copying_a_recorded_tensor_warns():
    w = tg.tensor([1.0], requires_grad=True)
    with pytest.warns(UserWarning, match="clone"):
        assert not tg.tensor(w).requires_grad


def test_only_floats_can_require_grad():
    for make in (
        lambda: tg.tensor([1, 2], requires_grad=True),
        lambda: tg.zeros(2, dtype=tg.int64, requires_grad=True),
        lambda: tg.arange(3, requires_grad=True),
        lambda: tg.randint(3, (2,), requires_grad=True),
    ):
        with pytest.raises(RuntimeError, match="floating"):
            make()


@pytest.mark.parametrize("make", [tg.zeros, tg.ones, tg.empty, tg.rand, tg.randn])
def test_shapes_are_said_in_any_form(make):
    for size in ((2, 3), ((2, 3),), ([2, 3],), (tg.Size([2, 3]),), (np.int64(2), tg.tensor(3))):
        assert make(*size).shape == (2, 3)
    assert make(size=(2, 3)).shape == make(size=[2, 3]).shape == (2, 3)
    assert make(()).shape == ()
    assert make(0, 3).shape == (0, 3)
    assert make(2, dtype=tg.float64).dtype == tg.float64
    assert make(2, requires_grad=True).is_leaf and make(2, requires_grad=True).requires_grad
    with pytest.raises(TypeError, match="shape"):
        make()
    with pytest.raises(TypeError, match="whole numbers"):
        make(2.5)
    with pytest.raises(TypeError, match="whole numbers"):
        make(2, (3,))
    with pytest.raises(RuntimeError, match="at least 0"):
        make(2, -1)
    with pytest.raises(RuntimeError, match="CPU"):
        make(2, device="cuda")


def test_full_takes_its_dtype_from_the_number():
    for value, dtype in ((1, tg.int64), (0.5, tg.float32), (True, tg.bool), (tg.tensor(2.0), tg.float32)):
        assert tg.full((2,), value).dtype == dtype
    assert tg.full((2,), 7, dtype=tg.float64).tolist() == [7.0, 7.0]
    with pytest.raises(TypeError, match="tuple"):
        tg.full(3, 1)


def test_like_forms_take_shape_and_dtype():
    x = tg.tensor([[1, 2, 3]]).int()
    for f in (tg.zeros_like, tg.ones_like, tg.empty_like, lambda t, **k: tg.full_like(t, 7, **k)):
        assert (f(x).shape, f(x).dtype) == ((1, 3), tg.int32)
        assert f(x, dtype=tg.float64).dtype == tg.float64
        assert f(x, dtype=tg.float32, requires_grad=True).requires_grad
    w = tg.tensor([1.0], requires_grad=True)
    assert not tg.zeros_like(w * 2).requires_grad
    for f in (tg.rand_like, tg.randn_like):
        assert (f(x.double()).shape, f(x.double()).dtype) == ((1, 3), tg.float64)
    assert tg.randint_like(x, 5).dtype == tg.int32


def test_new_forms_take_the_dtype():
    x = tg.tensor([1.0]).double()
    for t in (x.new_zeros(2, 3), x.new_ones((2, 3)), x.new_empty(2, 3), x.new_full((2, 3), 7)):
        assert (t.shape, t.dtype) == ((2, 3), tg.float64)
    assert x.new_tensor([1, 2]).dtype == tg.float64
    assert x.new_full((1,), 7).item() == 7


def test_arange_counts():
    assert tg.arange(3).tolist() == [0, 1, 2]
    assert tg.arange(5, 1, -2).tolist() == [5, 3]
    assert tg.arange(3.0).dtype == tg.float32
    assert tg.arange(0, 1, 0.25).tolist() == [0, 0.25, 0.5, 0.75]
    assert tg.arange(0).shape == (0,)
    assert tg.arange(end=3).tolist() == tg.arange(start=0, end=3).tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="ends"):
        tg.arange()
    assert tg.arange(tg.tensor(2)).tolist() == [0, 1]
    assert tg.arange(0, 2.5, dtype=tg.int64).tolist() == [0, 1]
    for wrong in ((5, 1), (1, 5, -1), (1, 5, 0), (0, float("inf"))):
        with pytest.raises(RuntimeError, match="arange"):
            tg.arange(*wrong)


@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(2, 50))
def test_linspace_has_both_ends(start, end, n):
    x = tg.linspace(start, end, n, dtype=tg.float64)
    assert x.shape == (n,)
    assert (x[0].item(), x[-1].item()) == (start, end)


def test_linspace_and_logspace_at_the_edges():
    assert tg.linspace(3, 10, 1).tolist() == [3]
    assert tg.linspace(3, 10, 0).shape == (0,)
    assert tg.logspace(0, 3, 4, base=2).tolist() == [1, 2, 4, 8]
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.linspace(0, 1, -1)


def test_eye():
    assert tg.eye(2).tolist() == [[1, 0], [0, 1]]
    assert tg.eye(2, 3, dtype=tg.int64).tolist() == [[1, 0, 0], [0, 1, 0]]
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.eye(-1)


# -- shared memory ------------------------------------------------------------------------------------------


def test_from_numpy_and_as_tensor_share_memory():
    for make in (tg.from_numpy, tg.as_tensor, tg.asarray):
        a = np.zeros((2, 2))
        t = make(a)
        a[0, 0] = 1
        t[1, 1] = 2
        assert t.tolist() == a.tolist() == [[1, 0], [0, 2]]


def test_from_numpy_takes_arrays_only():
    for wrong in ([1, 2], 3, tg.zeros(2)):
        with pytest.raises(TypeError, match="tensor"):
            tg.from_numpy(wrong)


def test_a_read_only_array_gives_a_tensor_that_cannot_be_changed():
    a = np.broadcast_to(np.float32(1), 3)
    t = tg.from_numpy(a)
    with pytest.raises(RuntimeError, match="clone"):
        t += 1
    assert (t + 1).tolist() == [2, 2, 2]


def test_subclasses_of_ndarray_become_plain():
    class Mine(np.ndarray):
        pass

    a = np.zeros(2).view(Mine)
    assert type(tg.from_numpy(a).numpy()) is type(tg.tensor(a).numpy()) is np.ndarray


def test_as_tensor_keeps_the_graph():
    w = tg.tensor([1.0], requires_grad=True)
    assert tg.as_tensor(w) is w
    y = tg.as_tensor(w * 2, dtype=tg.float64)
    y.sum().backward()
    assert w.grad.tolist() == [2]
    assert tg.as_tensor([1, 2], dtype=tg.float32).dtype == tg.float32


def test_asarray_copies_on_demand():
    a = np.zeros(2)
    assert not np.shares_memory(tg.asarray(a, copy=True).numpy(), a)
    assert np.shares_memory(tg.asarray(a, copy=False).numpy(), a)
    with pytest.raises(ValueError, match="copy"):
        tg.asarray([1, 2], copy=False)
    assert tg.asarray(a, requires_grad=True).requires_grad


def test_lazy_arrays_stay_lazy_in_as_tensor_and_are_copied_by_tensor():
    da = pytest.importorskip("dask.array")
    d = da.ones((4, 2), chunks=(2, 2))
    assert type(tg.as_tensor(d)._array) is type(tg.from_numpy(d)._array) is type(d)
    assert type(tg.zeros_like(tg.as_tensor(d))._array) is type(d)
    assert type(tg.tensor(d)._array) is np.ndarray


# -- legacy -------------------------------------------------------------------------------------------------


def test_legacy_constructors():
    assert tg.Tensor([1, 2]).dtype == tg.float32
    assert tg.Tensor(2, 3).shape == (2, 3)
    assert tg.Tensor().shape == (0,)
    assert tg.Tensor(tg.Size([2, 3])).shape == (2, 3)
    assert tg.FloatTensor(np.ones(2)).dtype == tg.float32
    assert tg.LongTensor([1.5]).tolist() == [1]
    assert tg.LongTensor(3).shape == (3,)
    assert isinstance(tg.DoubleTensor([1]), tg.DoubleTensor)
    assert not isinstance(tg.DoubleTensor([1]), tg.FloatTensor)
    assert isinstance(tg.FloatTensor([1]), tg.Tensor)
    with pytest.raises(TypeError, match="tensor"):
        tg.Tensor(2.5)
    with pytest.raises(TypeError, match="requires_grad"):
        tg.Tensor([1.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="at least 0"):
        tg.Tensor(-1)


def test_a_subclass_of_tensor_is_made_of_data():
    class Mine(tg.Tensor):
        pass

    t = Mine([1, 2])
    assert type(t) is Mine
    assert (t * 2).tolist() == [2, 4]


# -- range, and errors in PyTorch's words ---------------------------------------------------------------------


def test_range_includes_its_end_and_is_deprecated():
    with pytest.warns(UserWarning, match=r"torch\.range is deprecated.*Instead, use torch\.arange"):
        x = tg.range(0, 4)
    assert x.tolist() == [0, 1, 2, 3, 4] and x.dtype == tg.float32
    with pytest.warns(UserWarning, match="deprecated"):
        assert tg.range(1, 2, 0.25).tolist() == [1, 1.25, 1.5, 1.75, 2]
        assert tg.range(5, 0, -2).tolist() == [5, 3, 1] and tg.range(3, 3).tolist() == [3]
        assert tg.range(end=2, dtype=tg.int64).dtype == tg.int64
        assert tg.range(tg.tensor(1), 2, requires_grad=True).requires_grad
    with pytest.raises(TypeError, match=r'missing 1 required positional arguments: "end"'):
        tg.range(4)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: tg.range(0, 5, -1), RuntimeError, "^upper bound and lower bound inconsistent with step sign: range"),
        (lambda: tg.arange(0, 5, -1), RuntimeError, "^upper bound and lower bound inconsistent with step sign: arange"),
        (lambda: tg.range(0, 5, 0), RuntimeError, "^step must be nonzero"),
        (lambda: tg.arange(0, 5, 0), RuntimeError, "^step must be nonzero: arange"),
        (lambda: tg.range(0, float("inf")), RuntimeError, "^unsupported range: 0 -> inf"),
        (lambda: tg.arange(0, float("nan")), RuntimeError, "^unsupported range: 0 -> nan"),
        (lambda: tg.zeros(-1), RuntimeError, r"^Trying to create tensor with negative dimension -1: \[-1\] \(zeros"),
        (lambda: tg.randn(2, -3), RuntimeError, r"^Trying to create tensor with negative dimension -3: \[2, -3\]"),
        (lambda: tg.Tensor(2, -3), RuntimeError, r"^Trying to create tensor with negative dimension -3: \[2, -3\]"),
        (lambda: tg.tensor([[1, 2], [3]]), ValueError, r"^expected sequence of length 2 at dim 1 \(got 1\): rows"),
        (lambda: tg.tensor([[1], [2, 3]]), ValueError, r"^expected sequence of length 1 at dim 1 \(got 2\)"),
        (lambda: tg.tensor([[[1, 2]], [[3]]]), ValueError, r"^expected sequence of length 2 at dim 2 \(got 1\)"),
        (
            lambda: tg.tensor([[[1, 2], [3, 4]], [[5, 6], [7]]]),
            ValueError,
            r"^expected sequence of length 2 at dim 2 \(got 1\): rows .* but data\[1\]\[1\] has shape \(1,\)",
        ),
        (lambda: tg.tensor([[[1, 2], [3, 4]], [[5, 6]]]), ValueError, r"^expected sequence of length 2 at dim 1"),
        (lambda: tg.tensor([[1, 2], 3]), ValueError, r"^tensor: rows must have equal lengths"),
    ],
)
def test_errors_say_first_what_pytorchs_say(make, error, says):
    with pytest.raises(error, match=says):
        make()
