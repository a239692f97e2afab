"""PyTorch's promotion rules, where NumPy's differ."""

import enum

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.dtypes import promote


@pytest.mark.parametrize(
    ("a", "b", "dtype"),
    [
        (tg.tensor([1, 2]), 0.5, tg.float32),
        (tg.tensor([True]), 2, tg.int64),
        (tg.tensor([True]), True, tg.bool),
        (tg.tensor([1, 2]).int(), 2, tg.int32),
        (tg.tensor([1.0]).half(), 2.5, tg.float16),
        (tg.tensor([1.0]), tg.tensor(0.5).double(), tg.float32),
        (tg.tensor(1.0), tg.tensor(0.5).double(), tg.float64),
        (tg.tensor([1, 2]), tg.tensor(0.5).half(), tg.float16),
        (tg.tensor([1, 2]), tg.tensor([0.5]).half(), tg.float16),
        (tg.tensor([1]).byte(), tg.tensor([1]).char(), tg.int16),
        (tg.tensor([1]).byte(), tg.tensor(300), tg.uint8),
        (tg.tensor([1.0]), np.float64(2), tg.float32),
        (tg.tensor([1.0]), np.ones(1), tg.float64),
    ],
)
def test_category_first_then_dimensions_then_size(a, b, dtype):
    assert tg.result_type(a, b) == tg.result_type(b, a) == dtype
    assert (a * b).dtype == (b * a).dtype == dtype


def test_ints_divided_are_floats_of_the_default_dtype():
    assert (tg.tensor([1, 2]) / tg.tensor([2, 2])).dtype == tg.float32
    assert (tg.tensor([1, 2]) / 2).tolist() == [0.5, 1]


@pytest.mark.parametrize("f", [tg.reciprocal, tg.rsqrt, tg.exp, tg.sigmoid, tg.sinc, tg.special.entr])
def test_functions_of_ints_that_are_no_ints_are_floats_of_the_default_dtype(f):
    assert f(tg.tensor([1, 2])).dtype == tg.float32
    assert f(tg.tensor(True)).dtype == tg.float32


def test_whole_numbers_wrap_round_into_narrow_tensors():
    assert (tg.tensor([1]).byte() + (-2)).tolist() == [255]
    assert (tg.tensor([100]).char() * 3).tolist() == [44]


def test_pythons_numbers_stay_numbers():
    a, two = promote(np.ones(2, np.float32), 2)
    assert type(two) is int
    assert a.dtype == np.float32


def test_equal_dtypes_are_one_object():
    swapped = np.array([1.5, -2.0], ">f4")
    other = np.ones(2, np.dtype("f4").newbyteorder("="))
    assert other.dtype is not tg.float32
    for a in (swapped, other):
        assert tg.from_numpy(a).dtype is tg.float32
    assert tg.from_numpy(swapped).tolist() == [1.5, -2]
    assert np.shares_memory(tg.from_numpy(other).numpy(), other)
    assert tg.zeros(1, dtype="<f8").dtype is tg.float64


@pytest.mark.parametrize("wrong", ["2", [1, 2], (1, 2), {1}, object()])
def test_an_operand_must_be_a_number_an_array_or_a_tensor(wrong):
    with pytest.raises(TypeError, match="expected a Tensor, an array or a number") as caught:
        tg.exp(wrong)
    assert ("make it one: tensor(" in str(caught.value)) == isinstance(wrong, (list, tuple))


def test_several_results_are_no_operand():
    for several in (tg.ones(2, 2).max(1), (tg.ones(2), (tg.ones(2), tg.ones(2)))):
        with pytest.raises(TypeError, match=r"exp: .* several results .* take the one that is meant, x\[0\]"):
            tg.exp(several)


def test_other_peoples_whole_numbers_are_numbers():
    class Colour(enum.IntEnum):
        RED = 3

    assert (tg.tensor([1.0]) * Colour.RED).tolist() == [3]
    assert (tg.tensor([1.0]) * np.bool_(True)).dtype == tg.float32
