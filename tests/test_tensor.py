"""What a tensor is besides mathematics: shape, memory, numbers out, copies, pickles."""

import copy
import gc
import operator
import pickle
import sys
import weakref

import numpy as np
import pytest

import tinygrad_edu as tg


def test_size_is_a_tuple_that_prints_like_pytorchs():
    x = tg.zeros(2, 3)
    assert x.shape == x.size() == (2, 3)
    assert isinstance(x.shape, tg.Size) and isinstance(x.shape, tuple)
    assert repr(x.shape) == f"{x.shape}" == "Size([2, 3])"
    assert repr(tg.zeros(()).shape) == "Size([])"
    assert x.shape.numel() == 6
    one = (1,)
    assert x.shape + one == (2, 3, 1) and one + x.shape == (1, 2, 3)
    assert {type(s) for s in (x.shape[:1], x.shape + one, one + x.shape, x.shape * 2)} == {tg.Size}
    assert x.shape[-1] == 3
    assert pickle.loads(pickle.dumps(x.shape)) == x.shape
    assert hash(x.shape) == hash((2, 3))


def test_questions_about_its_shape_and_memory():
    x = tg.zeros(2, 3).double()
    assert (x.size(0), x.size(-1), x.dim(), x.ndim, x.ndimension()) == (2, 3, 2, 2, 2)
    assert x.numel() == x.nelement() == 6
    assert (x.element_size(), x.itemsize, x.nbytes) == (8, 8, 48)
    assert (x.stride(), x.stride(0), x.t().stride()) == ((3, 1), 3, (1, 3))
    assert x.is_contiguous() and not x.t().is_contiguous()
    assert x.data_ptr() == x.numpy().ctypes.data
    assert tg.from_numpy(x.numpy()[1:, 1:]).storage_offset() == 4
    assert x.is_same_size(tg.ones(2, 3)) and not x.is_same_size(tg.ones(3, 2))
    for dim in (2, -3):
        with pytest.raises(IndexError, match="2"):
            x.size(dim)


def test_it_is_on_the_cpu_and_says_so():
    x = tg.zeros(1)
    assert x.device == tg.device("cpu")
    assert (str(x.device), repr(x.device), x.device.type) == ("cpu", "device(type='cpu')", "cpu")
    assert str(tg.device("cpu:0")) == str(tg.device("cpu", 0)) == "cpu:0"
    assert not x.is_cuda
    assert tg.device("cuda" if tg.cuda.is_available() else "cpu") == x.device
    assert pickle.loads(pickle.dumps(x.device)) == x.device
    assert tg.cuda.device_count() == 0
    tg.cuda.manual_seed_all(0)
    with pytest.raises(RuntimeError, match="is_available"):
        tg.cuda.get_device_name(0)
    for wrong in ("gpu", "cpu:1", 3, None):
        with pytest.raises(RuntimeError, match="CPU"):
            tg.device(wrong)


# -- numbers out --------------------------------------------------------------------------------------------


def test_item_is_a_python_number():
    for x, kind in ((tg.tensor(3), int), (tg.tensor([[0.5]]), float), (tg.tensor(True), bool)):
        assert type(x.item()) is kind
    with pytest.raises(RuntimeError, match=r"\(2,\).*tolist"):
        tg.zeros(2).item()
    with pytest.raises(RuntimeError, match=r"\(0,\)"):
        tg.zeros(0).item()


def test_python_converts_and_formats_one_element_also_of_a_recorded_tensor():
    loss = (tg.tensor(1.5, requires_grad=True) * 2).sum()
    assert (float(loss), int(loss), bool(loss)) == (3.0, 3, True)
    assert f"{loss:.4f}" == "3.0000"
    assert f"{loss}" == "3.0"
    assert f"{tg.tensor([1.0])}" == "tensor([1.])"
    assert f"{tg.tensor(7):03d}" == "007"
    with pytest.raises(TypeError, match="one number"):
        f"{tg.tensor([1.0, 2.0]):.2f}"
    for convert in (float, int):
        with pytest.raises(ValueError, match="only one element"):
            convert(tg.zeros(2))


def test_integer_tensors_are_indices():
    assert "abc"[tg.tensor(1)] == "b"
    assert list(range(tg.tensor(3))) == [0, 1, 2]
    for wrong in (tg.tensor(1.0), tg.tensor([1, 2])):
        with pytest.raises(TypeError, match="index"):
            "abc"[wrong]


def test_truth_is_for_one_element():
    assert tg.tensor([[2.0]]) and not tg.tensor(0)
    for wrong in (tg.zeros(2), tg.zeros(0)):
        with pytest.raises(RuntimeError, match="ambiguous"):
            bool(wrong)


def test_tolist():
    assert tg.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert tg.tensor(0.5).tolist() == 0.5
    assert tg.tensor([1.0], requires_grad=True).tolist() == [1.0]


def test_numpy_shares_memory():
    x = tg.zeros(3)
    a = x.numpy()
    a[0] = 1
    x += 1
    assert a.tolist() == x.tolist() == [2, 1, 1]
    a.shape = (3, 1)
    assert x.shape == (3,)


def test_numpy_refuses_a_recorded_tensor_and_says_what_to_write():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    for x in (w, w * 2):
        for convert in (lambda t: t.numpy(), np.asarray, np.array, lambda t: np.array([t, t])):
            with pytest.raises(RuntimeError, match=r"detach\(\)\.numpy\(\)"):
                convert(x)
        assert np.shares_memory(x.detach().numpy(), x.numpy(force=True))
        with tg.no_grad():
            assert np.asarray(x).tolist() == x.tolist()


def test_asarray_takes_numpys_arguments():
    x = tg.tensor([1.0, 2.0])
    assert np.shares_memory(np.asarray(x), x.numpy())
    assert not np.shares_memory(np.array(x), x.numpy())
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert np.array(x, copy=False).tolist() == [1, 2]
    with pytest.raises(ValueError, match="copy"):
        np.array(x, dtype=np.float64, copy=False)
    assert np.array([tg.tensor(1.0), tg.tensor(2.0)]).tolist() == [1, 2]


def test_dlpack_shares_memory():
    x = tg.arange(6).double()
    a = np.from_dlpack(x)
    assert np.shares_memory(a, x.numpy())
    assert np.shares_memory(tg.from_dlpack(a).numpy(), a)
    assert tg.from_dlpack(x).tolist() == x.tolist()
    with pytest.raises(BufferError, match="detach"):
        np.from_dlpack(tg.tensor([1.0], requires_grad=True))


def test_lazy_tensors_compute_when_asked_for_numbers():
    da = pytest.importorskip("dask.array")
    x = tg.as_tensor(da.arange(4, chunks=2).astype("float64"))
    assert x.tolist() == x.numpy().tolist() == np.asarray(x).tolist() == [0, 1, 2, 3]
    total = tg.as_tensor(x._array.sum())
    assert float(total) == total.item() == 6
    assert type(total._array) is np.ndarray  # once is enough
    with pytest.raises(TypeError, match="compute"):
        x.stride()


# -- data, detach -------------------------------------------------------------------------------------------


def test_data_can_be_replaced():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    w.data = tg.tensor([3.0, 4.0])
    (w * w).sum().backward()
    assert w.grad.tolist() == [6, 8]
    w.grad = None
    w.data = tg.tensor([1.0, 2.0, 3.0])  # another shape
    (w * w).sum().backward()
    assert w.grad.tolist() == [2, 4, 6]
    with pytest.raises(TypeError, match="Tensor"):
        w.data = np.zeros(3)
    with pytest.raises(RuntimeError, match="int64"):
        w.data = tg.tensor([1, 2, 3])
    y = w * 2
    with pytest.raises(RuntimeError, match="gradient would not fit"):
        y.data = tg.zeros(2)
    assert y.tolist() == [2, 4, 6]


def test_detach_in_place_cuts_the_tensor_itself_off():
    w = tg.tensor([1.0], requires_grad=True)
    y = w * 2
    assert y.detach_() is y
    assert y.is_leaf and not y.requires_grad
    with pytest.raises(RuntimeError, match="view"):
        (w * 2).reshape(1, 1).detach_()


# -- copies -------------------------------------------------------------------------------------------------

COPIES = {
    "deepcopy": copy.deepcopy,
    "pickle": lambda t: pickle.loads(pickle.dumps(t)),
    "old pickle": lambda t: pickle.loads(pickle.dumps(t, 0)),
}


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("dtype", [tg.float32, tg.float64, tg.int64, tg.bool])
def test_copies_keep_dtype_and_requires_grad_and_share_nothing(duplicate, dtype):
    x = tg.tensor([0.0, 1.0]).to(dtype)
    if dtype.kind == "f":
        x.requires_grad_()
    x.note = "mine"
    y = duplicate(x)
    assert (y.tolist(), y.requires_grad, y.is_leaf, y.note) == (x.tolist(), x.requires_grad, True, "mine")
    assert y.dtype is x.dtype
    assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    if x.requires_grad:
        (y * 3).sum().backward()
        assert y.grad.tolist() == [3, 3]
        assert x.grad is None


def test_a_deep_copy_has_a_gradient_of_its_own():
    w = tg.tensor([1.0], requires_grad=True)
    (w * 2).backward()
    c = copy.deepcopy(w)
    assert c.grad.tolist() == [2]
    w.grad += 1
    assert c.grad.tolist() == [2]


def test_a_deep_copy_of_a_list_keeps_what_is_shared():
    w = tg.tensor([1.0], requires_grad=True)
    a, b, alias = copy.deepcopy([w, w, w.detach()])
    assert a is b
    assert np.shares_memory(a.detach().numpy(), alias.numpy())


def test_a_deep_copy_forgets_hooks():
    w = tg.tensor([1.0], requires_grad=True)
    calls = []
    w.register_hook(calls.append)
    (copy.deepcopy(w) * 2).backward()
    assert not calls


def test_a_shallow_copy_is_another_leaf_over_the_same_memory():
    w = tg.tensor([1.0], requires_grad=True)
    c = copy.copy(w)
    assert c is not w and c.requires_grad
    assert np.shares_memory(c.detach().numpy(), w.detach().numpy())


@pytest.mark.parametrize("duplicate", [*COPIES.values(), copy.copy], ids=[*COPIES, "copy"])
def test_a_computed_tensor_refuses_with_the_remedy(duplicate):
    y = tg.tensor([1.0], requires_grad=True) * 2
    with pytest.raises(RuntimeError, match=r"multiply.*detach\(\).*clone\(\)"):
        duplicate(y)
    assert duplicate(y.detach()).tolist() == [2]


def test_tensors_are_hashed_by_identity_and_can_be_referred_to_weakly():
    a, b = tg.tensor([1.0]), tg.tensor([1.0])
    assert len({a, b, a}) == 2
    ref = weakref.ref(a)
    gc.disable()
    try:
        del a
        assert ref() is None
    finally:
        gc.enable()


def test_shape_is_cheap():
    x = tg.zeros(2, 3)
    assert sys.getsizeof(x.shape) < 200
    assert not hasattr(x.shape, "__dict__")


class Length:
    """A quantity of another library, that knows how to be added to an array."""

    def __init__(self, metres):
        self.metres = metres

    def __radd__(self, other):
        return Length(self.metres + other) if isinstance(other, tg.Tensor) else NotImplemented

    __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __rmatmul__ = lambda self, other: ("asked", other)


def test_another_librarys_operand_is_asked_as_python_does():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    total = x + Length(tg.tensor(3.0))
    assert isinstance(total, Length) and total.metres.tolist() == [4, 5]
    for answer in (x - Length(1), x * Length(1), x / Length(1), x ** Length(1), x @ Length(1)):
        assert answer == ("asked", x)
    assert (tg.eye(2) @ Length(1))[0] == "asked"  # @ of matrices is recorded in another way
    with pytest.raises(TypeError, match="the result is no tensor but Length"):
        y = tg.ones(2)
        y += Length(1)
    assert y.tolist() == [1, 1]


def test_an_operand_that_cannot_answer_is_refused():
    class Silent:
        def __radd__(self, other):
            return NotImplemented

    x = tg.ones(2)
    for other in (Silent(), "a", [1, 2], (1, 2), {}):
        for operation in (operator.add, operator.mul, operator.pow, tg.maximum):
            with pytest.raises(TypeError, match="expected a Tensor, an array or a number, got"):
                operation(x, other)
