"""Comparisons, logic, bits and where: values, dtypes, what carries no gradient, NumPy's names for them, errors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy import inf, nan
from numpy.testing import assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap
from tinygrad_edu.testing import arrays, broadcastable

COMPARISONS = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
LONG_NAMES = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip


def t(x: Any, dtype: Any = None) -> Any:
    return wrap(np.array(x, dtype))


def leaf(x: Any) -> Any:
    return wrap(np.array(x, np.float64), leaf=True)


@pytest.mark.parametrize("name", COMPARISONS)
@given(data=st.data())
def test_comparisons_are_plain_bools_with_numpys_values(name: str, data: Any) -> None:
    left, right = data.draw(broadcastable(2))
    a, b = (data.draw(arrays(n, -2, 2, dtype=np.int64)) for n in (left, right))
    op = COMPARISONS[name]
    for x, y in ((wrap(a), wrap(b)), (a, wrap(b)), (wrap(a), b), (wrap(a * 1.0, leaf=True), wrap(b))):
        for result in (op(x, y), getattr(tg, name)(x, y), LONG_NAMES[name](x, y)):
            assert isinstance(result, tg.Tensor) and result.dtype == np.bool_ and not result.requires_grad
            assert_array_equal(result._array, op(a, b))


def test_comparisons_with_numbers_are_made_in_the_tensors_precision() -> None:
    assert (t([0.1], np.float32) == 0.1)._array.all()  # 0.1 in float32 is another number than in float64
    assert (t([1, 2]) < 1.5)._array.tolist() == [True, False]
    assert operator.gt(2, t([1, 3]))._array.tolist() == [True, False]


def test_what_cannot_be_compared_is_unequal_and_has_no_order() -> None:
    x = t([1.0, 2.0])
    for other in (None, "text", object()):
        assert (x == other) is False
        assert (x != other) is True
        with pytest.raises(TypeError):
            x < other  # noqa: B015
        with pytest.raises(TypeError, match="expected a Tensor, an array or a number"):
            tg.eq(x, other)


def test_tensors_are_hashed_by_identity() -> None:
    x, y = t([1.0]), t([1.0])
    assert {x: 1, y: 2}[x] == 1


def test_shapes_that_do_not_broadcast_are_an_error() -> None:
    a, b = t([1.0, 2.0]), t([1.0, 2.0, 3.0])
    for compare in (operator.eq, operator.lt, tg.logical_or, tg.isclose, tg.allclose):
        with pytest.raises(RuntimeError, match=r"\(2,\) and \(3,\) do not fit together"):
            compare(a, b)


def test_in_place_comparison_writes_zeros_and_ones() -> None:
    x = t([1.0, 2.0])
    assert x.eq_(2) is x
    assert x.dtype == np.float64 and x._array.tolist() == [0, 1]


@pytest.mark.parametrize("name", ["isnan", "isinf", "isfinite", "isposinf", "isneginf"])
def test_kinds_of_numbers(name: str) -> None:
    a = np.array([nan, inf, -inf, 0.0, 1.0])
    for y in (getattr(tg, name)(leaf(a)), getattr(leaf(a), name)(), getattr(np, name)(leaf(a))):
        assert_array_equal(y._array, getattr(np, name)(a))
    assert_array_equal(getattr(tg, name)(t([1, 2]))._array, [name == "isfinite"] * 2)


def test_closeness_has_numpys_tolerances_and_treats_nan_as_asked() -> None:
    a, b = np.array([1.0, 1.0, nan, inf]), np.array([1.0 + 1e-6, 1.1, nan, inf])
    for f in (tg.isclose, np.isclose):
        assert f(leaf(a), t(b))._array.tolist() == [True, False, False, True]
        assert f(leaf(a), t(b), equal_nan=True)._array.tolist() == [True, False, True, True]
        assert f(t([1.0]), t([1.1]), rtol=0.0, atol=0.2)._array.all()
    assert tg.allclose(leaf([1.0]), t([1.0 + 1e-9])) is True
    assert leaf([1.0]).allclose(t([2.0])) is False
    assert np.allclose(leaf([nan]), t([nan]), equal_nan=True) is True


def test_tolerances_may_be_tensors() -> None:
    assert np.isclose(t([1.0, 2.0]), t([1.5, 2.1]), rtol=t([1.0, 0.0]), atol=t(0.2)).tolist() == [True, True]
    assert tg.allclose(t([1.0]), t([1.5]), atol=t(0.1)) is False


def test_equal_compares_shapes_too() -> None:
    assert tg.equal(t([1, 2]), t([1, 2])) is True
    assert tg.equal(t([1, 2]), t([1, 3])) is False
    assert leaf([1.0]).equal(t([[1.0]])) is False
    assert np.array_equal(leaf([1.0]), np.array([1.0])) is True


@pytest.mark.parametrize("name", ["logical_and", "logical_or", "logical_xor"])
@given(data=st.data())
def test_logic_takes_everything_but_0_as_true(name: str, data: Any) -> None:
    left, right = data.draw(broadcastable(2))
    a, b = data.draw(arrays(left, -1, 1, dtype=np.int64)), data.draw(arrays(right, dtype=bool))
    expected = getattr(np, name)(a, b)
    for y in (getattr(tg, name)(wrap(a), b), getattr(wrap(a), name)(wrap(b)), getattr(np, name)(wrap(a), wrap(b))):
        assert y.dtype == np.bool_
        assert_array_equal(y._array, expected)


def test_not() -> None:
    assert tg.logical_not(leaf([0.0, 2.0]))._array.tolist() == [True, False]
    assert (~t([True, False]))._array.tolist() == [False, True]
    assert (~t([0, 5]))._array.tolist() == [-1, -6]
    assert np.logical_not(leaf([0.0]))._array.tolist() == [True]


BITS = {
    "bitwise_and": operator.and_, "bitwise_or": operator.or_, "bitwise_xor": operator.xor,
    "bitwise_left_shift": operator.lshift, "bitwise_right_shift": operator.rshift,
}  # fmt: skip


@pytest.mark.parametrize("name", BITS)
def test_bits(name: str) -> None:
    a, b, op = np.array([6, 5, 9]), np.array([1, 3, 2]), BITS[name]
    for y in (op(wrap(a), wrap(b)), op(wrap(a), b), op(a, wrap(b)), getattr(tg, name)(wrap(a), wrap(b))):
        assert_array_equal(y._array, op(a, b))
    assert_array_equal(op(wrap(a), 2)._array, op(a, 2))
    assert_array_equal(op(200, wrap(b))._array, op(200, b))


@pytest.mark.parametrize("name", [*BITS, "bitwise_not"])
def test_floats_have_no_bits(name: str) -> None:
    operands = (leaf([1.0]),) if name == "bitwise_not" else (leaf([1.0]), leaf([2.0]))
    with pytest.raises(RuntimeError, match="integers and bools"):
        getattr(tg, name)(*operands)
    with pytest.raises(RuntimeError, match="in parentheses"):  # a > 0 & b > 0
        t([1.0]) & True


# -- where ------------------------------------------------------------------------------------------------


@given(data=st.data())
def test_where_broadcasts_condition_and_both_sides(data: Any) -> None:
    shapes = data.draw(broadcastable(3))
    c = data.draw(arrays(shapes[0], dtype=bool))
    a, b = data.draw(arrays(shapes[1])), data.draw(arrays(shapes[2]))
    expected = np.where(c, a, b)
    assert_array_equal(tg.where(wrap(c), wrap(a), wrap(b))._array, expected)
    assert_array_equal(tg.where(c, wrap(a), b)._array, expected)
    assert_array_equal(np.where(wrap(c), wrap(a), b)._array, expected)
    assert_array_equal(wrap(a).where(wrap(c), wrap(b))._array, expected)


def test_where_names_the_sides_that_do_not_fit() -> None:
    for sides in ((t([1.0, 2.0]), t([1.0, 2.0, 3.0, 4.0])), (0.0, t([1.0, 2.0])), (t([[1.0], [2.0]]), t([1.0, 2.0]))):
        with pytest.raises(RuntimeError, match=r"where: The size of tensor a \([23]\) must match .*fit together"):
            tg.where(np.array([True, False, True]), *sides)


def test_where_promotes_as_pytorch() -> None:
    c = t([True, False])
    assert tg.where(c, t([1.0, 2.0], np.float32), t(3.0, np.float64)).dtype == np.float32  # dimensions beat none
    assert tg.where(c, t([1.0, 2.0], np.float32), 0.5).dtype == np.float32
    assert tg.where(c, t([1, 2]), 0.5).dtype == np.float32
    assert tg.where(c, 1.0, 0.0).dtype == np.float32
    assert tg.where(c, 1, 0).dtype == np.int64


def test_where_sends_each_side_its_part_of_the_gradient() -> None:
    a, b = leaf([1.0, 2.0, 3.0]), leaf(5.0)
    y = tg.where(t([True, False, False]), a, b)
    da, db = tg.autograd.grad(y, (a, b), t([1.0, 10.0, 100.0]))
    assert_array_equal(da._array, [1, 0, 0])
    assert_array_equal(db._array, 110)


def test_where_with_the_condition_alone_gives_its_indices() -> None:
    rows, columns = tg.where(t([[0, 1], [2, 0]]))
    assert rows._array.tolist() == [0, 1] and columns._array.tolist() == [1, 0]
    assert np.where(leaf([0.0, 3.0]))[0]._array.tolist() == [1]


def test_where_wants_bools_and_both_sides() -> None:
    with pytest.raises(RuntimeError, match=r"float64.*x != 0"):
        tg.where(t([1.0, 0.0]), t([1.0, 2.0]), 0.0)
    with pytest.raises(TypeError, match="None"):
        tg.where(t([True]), t([1.0]))
    assert np.where(t([1.0, 0.0]), leaf([1.0, 2.0]), 0.0)._array.tolist() == [1, 0]  # as NumPy's


# -- NumPy's elementwise functions on tensors -------------------------------------------------------------

ON_TENSORS = {
    "radians": ([90.0, 180.0],), "degrees": ([1.0, 2.0],), "reciprocal": ([2.0, 4.0],), "fabs": ([-1.0, 2.0],),
    "positive": ([-1.0, 2.0],), "rint": ([1.2, 1.7],), "fix": ([-1.2, 1.7],), "sinc": ([0.3, 0.5],),
    "float_power": ([2.0, 3.0], [2.0, 0.5]), "nan_to_num": ([1.0, nan],), "clip": ([-3.0, 0.2], -1, 1),
    "around": ([1.26, 2.0], 1), "round": ([1.26, 2.0], 1), "mod": ([-7.0, 7.0], [3.0, 3.0]), "exp2": ([1.0, 2.0],),
    "abs": ([-1.0, 2.0],), "copysign": ([1.0, 2.0], [-1.0, 1.0]), "logaddexp": ([1.0, 2.0], [0.0, 5.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", ON_TENSORS)
def test_numpys_function_on_a_tensor_is_recorded_and_has_numpys_value(name: str) -> None:
    first, *rest = ON_TENSORS[name]
    f = getattr(np, name)
    y = f(leaf(first), *(t(x) if isinstance(x, list) else x for x in rest))
    assert isinstance(y, tg.Tensor) and y.requires_grad
    np.testing.assert_allclose(y._array, f(np.array(first), *rest))


def test_numpys_clip_takes_its_bounds_under_all_names() -> None:
    x, expected = leaf([-3.0, 0.5, 3.0]), [-1, 0.5, 1]
    for y in (np.clip(x, -1, 1), np.clip(x, a_min=-1, a_max=1), np.clip(x, t(-1.0), t(1.0))):
        assert_array_equal(y._array, expected)
    if np.lib.NumpyVersion(np.__version__) >= "2.1.0":  # before, NumPy itself knows no min and max
        assert_array_equal(np.clip(x, min=-1, max=1)._array, expected)
    assert_array_equal(np.clip(x, None, 1)._array, [-3, 0.5, 1])
    low = leaf([0.0, 1.0, 2.0])
    assert np.clip(np.zeros(3), low, 5).requires_grad


def test_numpys_functions_without_a_derivative_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"np\.i0 has no derivative"):
        np.i0(leaf([1.0]))
    with pytest.raises(TypeError, match=r"np\.heaviside has no derivative"):
        np.heaviside(leaf([1.0]), 0.5)


def test_isin_asks_for_each_element() -> None:
    x = tg.tensor([[1, 2], [3, 4]])
    assert tg.isin(x, tg.tensor([4, 1])).tolist() == [[True, False], [False, True]]
    assert tg.isin(x, 2, invert=True).tolist() == [[True, False], [True, True]]
    assert tg.isin(3, x).item() is True


@pytest.mark.parametrize(
    ("shapes", "sizes", "dimension"),
    [
        (((2, 3), (2, 4)), (3, 4), 1),
        (((2, 1), (3, 1)), (2, 3), 0),
        (((5, 2), (4, 3, 2)), (5, 3), 1),
        (((4,), (3,)), (4, 3), 0),
        (((3, 2, 2), (4, 1, 2)), (3, 4), 0),
    ],
)
def test_the_error_names_the_sizes_that_differ_and_where(shapes: Any, sizes: Any, dimension: int) -> None:
    a, b = (tg.zeros(shape) for shape in shapes)
    says = rf"tensor a \({sizes[0]}\) must match .* b \({sizes[1]}\) at non-singleton dimension {dimension}:"
    for f in (lambda: a + b, lambda: a < b):
        with pytest.raises(RuntimeError, match=says):
            f()
