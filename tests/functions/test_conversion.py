"""Dtypes of tensors, and casts."""

import numpy as np
import pytest

import tinygrad_edu as tg

CASTS = {
    "float": tg.float32, "double": tg.float64, "half": tg.float16, "long": tg.int64, "int": tg.int32, "short": tg.int16,
    "char": tg.int8, "byte": tg.uint8, "bool": tg.bool,
}  # fmt: skip


@pytest.mark.parametrize("name", CASTS)
def test_every_dtype_has_a_method(name):
    t = getattr(tg.tensor([0.0, 1.5, 2.0]).double() if name != "double" else tg.tensor([0.0, 1.5, 2.0]), name)()
    assert t.dtype == CASTS[name]
    assert t.tolist() == np.array([0, 1.5, 2]).astype(CASTS[name]).tolist()
    assert getattr(t, name)() is t  # nothing to do


def test_casts_between_floats_are_recorded_and_come_back_in_the_operands_dtype():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    for cast in (
        lambda t: t.double(),
        lambda t: t.to(tg.float64),
        lambda t: t.type(tg.DoubleTensor),
        lambda t: t.type_as(tg.zeros(1).double()),
    ):
        w.grad = None
        y = cast(w)
        assert y.grad_fn.name() == "cast"
        (y * y.new_tensor([3, 5])).sum().backward()
        assert (w.grad.dtype, w.grad.tolist()) == (tg.float32, [3, 5])


def test_casts_to_whole_numbers_end_the_graph():
    w = tg.tensor([1.5], requires_grad=True)
    for t in (w.long(), w.bool(), w.to(tg.int32)):
        assert not t.requires_grad
        assert t.is_leaf


def test_to_understands_all_its_forms():
    x = tg.tensor([1.0])
    for same in (
        x.to("cpu"), x.to(tg.device("cpu")), x.to(tg.float32), x.to(device="cpu"), x.to("cpu", non_blocking=True),
        x.to(x), x.cpu(),
    ):  # fmt: skip
        assert same is x
    for double in (
        x.to(tg.float64), x.to("cpu", tg.float64), x.to(dtype=tg.float64), x.to(tg.zeros(1).double()), x.to(np.float64),
        x.to("float64"), x.to("cpu", tg.float64, True), x.to(other=tg.zeros(1).double()),
    ):  # fmt: skip
        assert double.dtype == tg.float64
    for copied in (x.to(tg.float32, copy=True), x.to("cpu", tg.float32, False, True), x.to("cpu", copy=True)):
        assert not np.shares_memory(copied.numpy(), x.numpy())
    with pytest.raises(TypeError, match="unknown argument"):
        x.to(tg.float32, colour=1)


@pytest.mark.parametrize("where", ["cuda", "cuda:0", "mps"])
def test_there_is_no_gpu_and_the_error_says_what_to_write(where):
    x = tg.zeros(1)
    for ask in (
        lambda: x.to(where),
        lambda: x.to(device=where),
        lambda: x.cuda(),
        lambda: tg.device(where),
        lambda: tg.zeros(1, device=where),
        lambda: tg.tensor(1.0, device=where),
        lambda: x.type("torch.cuda.FloatTensor"),
    ):
        with pytest.raises(RuntimeError, match="CPU"):
            ask()


def test_type_names_and_takes_legacy_types():
    x = tg.tensor([1.5])
    assert x.type() == "tinygrad_edu.FloatTensor"
    assert x.long().type() == "tinygrad_edu.LongTensor"
    for long in ("torch.LongTensor", "tinygrad_edu.LongTensor", tg.LongTensor, tg.int64, "int64"):
        assert x.type(long).dtype == tg.int64
    with pytest.raises(TypeError, match="FloTensor"):
        x.type("torch.FloTensor")


@pytest.mark.parametrize("wrong", [None, "complex256", np.uint16, str, "nonsense", object()])
def test_an_unsupported_dtype_is_refused(wrong):
    with pytest.raises(TypeError, match="use one of"):
        tg.promote_types(wrong, tg.float32)
    if wrong is not None:
        with pytest.raises(TypeError, match="use one of"):
            tg.zeros(1, dtype=wrong)


def test_questions_about_tensors():
    x = tg.zeros(2, 3)
    assert tg.is_tensor(x) and not tg.is_tensor(x.numpy())
    assert tg.is_floating_point(x) and not tg.is_floating_point(x.long())
    assert tg.numel(x) == 6
    assert not tg.is_complex(x)
    assert tg.is_nonzero(tg.tensor([2.0])) and not tg.is_nonzero(tg.tensor(0))
    assert tg.finfo(x.dtype).eps == np.finfo(np.float32).eps
    assert tg.iinfo(tg.int8).max == 127


def test_small_questions() -> None:
    x = tg.ones(2, 3, requires_grad=True)
    assert not tg.detach(x).requires_grad and tg.real(x) is x and x[tg.newaxis].shape == (1, 2, 3)
    assert tg.is_signed(x) and not tg.is_signed(x.bool()) and tg.is_same_size(x, x + 1) and not tg.is_same_size(x, x.T)
    assert tg.ones(1).is_nonzero() and not tg.zeros(1).is_nonzero()
    assert (
        [p.shape[1] for p in tg.split_with_sizes(x, (1, 2), 1)]
        == [1, 2]
        == [len(p) for p in x.T.split_with_sizes([1, 2])]
    )
