"""How tensors print. (Compared with PyTorch's in tests/torch.)"""

import math

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (3, "tensor(3)"),
        (3.0, "tensor(3.)"),
        (0.5, "tensor(0.5000)"),
        (True, "tensor(True)"),
        ([], "tensor([])"),
        ([1.0, 2.0], "tensor([1., 2.])"),
        ([1.5, -2.0], "tensor([ 1.5000, -2.0000])"),
        ([1e-5, 1.0], "tensor([1.0000e-05, 1.0000e+00])"),
        ([1.0, math.nan, math.inf], "tensor([1., nan, inf])"),
        ([True, False], "tensor([ True, False])"),
        ([[1, 20], [300, 4]], "tensor([[  1,  20],\n        [300,   4]])"),
        (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
        (np.zeros((2, 0), np.int64), "tensor([], size=(2, 0), dtype=int64)"),
        (np.array([1.0, 2.0]), "tensor([1., 2.], dtype=float64)"),
        ([[[1.0]], [[2.0]]], "tensor([[[1.]],\n\n        [[2.]]])"),
    ],
)
def test_repr(data, text):
    assert repr(tg.tensor(data)) == str(tg.tensor(data)) == text


def test_the_graph_shows():
    w = tg.tensor([1.0], requires_grad=True)
    assert repr(w) == "tensor([1.], requires_grad=True)"
    assert repr(w * 2) == "tensor([2.], grad_fn=<multiply>)"
    assert repr(w.detach()) == "tensor([1.])"


def test_many_elements_are_summarised():
    assert repr(tg.arange(1001)) == "tensor([   0,    1,    2,  ...,  998,  999, 1000])"
    assert repr(tg.arange(1000)).count(",") == 999
    assert repr(tg.zeros(50, 50)).count("\n") == 6


def test_printing_does_not_write_or_record():
    w = tg.tensor([1.0], requires_grad=True)
    y = w * 2
    before = y.grad_fn, y._version
    repr(y)
    assert (y.grad_fn, y._version) == before


def test_options_hold_until_they_are_changed_and_within_a_block():
    pi = tg.tensor([math.pi])
    tg.set_printoptions(precision=2)
    try:
        assert repr(pi) == "tensor([3.14])"
        with tg.printoptions(precision=6):
            assert repr(pi) == "tensor([3.141593])"
        assert repr(pi) == "tensor([3.14])"
        assert tg.get_printoptions()["precision"] == 2
    finally:
        tg.set_printoptions(profile="default")
    assert repr(pi) == "tensor([3.1416])"
    assert tg.get_printoptions() == {
        "precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None,
    }  # fmt: skip


def test_profiles():
    with tg.printoptions(profile="short"):
        assert repr(tg.rand(2000)).count(",") == 4
        assert repr(tg.tensor(0.123)) == "tensor(0.12)"
    with tg.printoptions(profile="full"):
        assert repr(tg.arange(2000)).count(",") == 1999


@pytest.mark.parametrize(
    "wrong", [{"profile": "long"}, {"precision": -1}, {"threshold": "many"}, {"edgeitems": math.nan}]
)
def test_wrong_options_change_nothing(wrong):
    before = tg.get_printoptions()
    with pytest.raises(ValueError, match="set_printoptions"):
        tg.set_printoptions(**{"linewidth": 20, **wrong})
    assert tg.get_printoptions() == before


def test_a_lazy_tensor_shows_its_shape_and_chunks_and_computes_nothing():
    da = pytest.importorskip("dask.array")

    def explode(block):
        raise AssertionError("computed")

    d = da.ones((4, 3), chunks=(2, 3)).map_blocks(explode, dtype="float64", meta=np.zeros((0, 0)))
    text = "tensor(..., size=(4, 3), dtype=float64, chunks=((2, 2), (3,)))"
    assert repr(tg.as_tensor(d)) == text
