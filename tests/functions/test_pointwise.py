"""Arithmetic, rounding, trigonometry, exponentials and special functions: values, dtypes, operators, errors."""

from __future__ import annotations

import math
import operator
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, special
from tinygrad_edu.testing import arrays, broadcastable

FLOATS = [np.float32, np.float64]


def t(x: Any, dtype: Any = np.float64) -> Any:
    return wrap(np.array(x, dtype))


def leaf(x: Any, dtype: Any = np.float64) -> Any:
    return wrap(np.array(x, dtype), leaf=True)


# -- values: NumPy's, on whatever shapes broadcast --------------------------------------------------------

UNARY = {
    "abs": np.abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atanh": np.arctanh, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "deg2rad": np.deg2rad, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "floor": np.floor, "log": np.log, "log10": np.log10, "log1p": np.log1p,
    "log2": np.log2, "neg": np.negative, "rad2deg": np.rad2deg, "round": np.round, "sign": np.sign, "sgn": np.sign,
    "sin": np.sin, "sinc": np.sinc, "sinh": np.sinh, "sqrt": np.sqrt, "square": np.square, "tan": np.tan,
    "tanh": np.tanh, "trunc": np.trunc, "fix": np.trunc, "positive": np.positive, "absolute": np.abs,
    "arccos": np.arccos, "arcsin": np.arcsin, "arctan": np.arctan, "arcsinh": np.arcsinh, "arccosh": np.arccosh,
    "arctanh": np.arctanh, "negative": np.negative, "reciprocal": lambda x: 1 / x, "rsqrt": lambda x: 1 / np.sqrt(x),
    "frac": lambda x: x - np.trunc(x), "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "logit": lambda x: np.log(x / (1 - x)),
}  # fmt: skip
ABOVE_1 = {"acosh", "arccosh"}
BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "fmod": np.fmod,
    "remainder": np.remainder, "floor_divide": np.floor_divide, "atan2": np.arctan2, "hypot": np.hypot,
    "copysign": np.copysign, "logaddexp": np.logaddexp, "logaddexp2": np.logaddexp2, "maximum": np.maximum,
    "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin, "true_divide": np.divide, "divide": np.divide,
    "multiply": np.multiply, "subtract": np.subtract, "arctan2": np.arctan2, "float_power": np.float_power,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("dtype", FLOATS)
@given(a=arrays(low=0.1, high=0.9))
def test_a_function_of_one_operand_has_numpys_values_and_keeps_the_dtype(name: str, dtype: Any, a: Any) -> None:
    a = (a + (name in ABOVE_1)).astype(dtype)
    y = getattr(tg, name)(wrap(a))._array
    assert y.dtype == dtype and y.shape == a.shape
    assert_allclose(y, UNARY[name](a), rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("name", BINARY)
@given(data=st.data())
def test_a_function_of_two_operands_broadcasts_as_numpy(name: str, data: Any) -> None:
    left, right = data.draw(broadcastable(2))
    a, b = data.draw(arrays(left, 0.2, 3)), data.draw(arrays(right, 0.2, 3))
    expected = BINARY[name](a, b)
    assert_allclose(getattr(tg, name)(wrap(a), wrap(b))._array, expected, rtol=1e-12)
    assert_allclose(getattr(tg, name)(a, wrap(b))._array, expected, rtol=1e-12)


@pytest.mark.parametrize("name", [n for n in UNARY if n != "sinc"] + ["erf", "erfc"])
def test_methods_are_the_functions(name: str) -> None:
    x = t([0.3, 0.6]) + (name in ABOVE_1)
    assert_array_equal(getattr(x, name)()._array, getattr(tg, name)(x)._array)


# -- dtypes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.bool_])
@pytest.mark.parametrize(
    "name", ["exp", "log1p", "sqrt", "sin", "sigmoid", "erf", "reciprocal", "deg2rad", "tanh", "rsqrt"]
)
def test_integers_give_the_default_dtype_where_the_result_is_not_whole(name: str, dtype: Any) -> None:
    y = getattr(tg, name)(t([1, 1], dtype))
    assert y.dtype == np.float32
    assert_allclose(y._array, getattr(tg, name)(t([1, 1], np.float32))._array, rtol=1e-6)


@pytest.mark.parametrize("name", ["sigmoid", "logit", "sinc", "entr", "lgamma"])
def test_the_table_itself_takes_integers(name: str) -> None:
    if name == "lgamma":
        pytest.importorskip("scipy")
    with np.errstate(all="ignore"):
        assert getattr(special, name)(t([1, 2], np.int64)).dtype == np.float32


def test_three_operands_are_promoted_as_two_are() -> None:
    y = elementwise.lerp(t([1.0, 2.0], np.float32), t([3.0, 4.0], np.float32), t(0.5))  # dimensions beat none
    assert (y.dtype, y.tolist()) == (np.float32, [2, 3])


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "round"])
def test_rounding_leaves_integers_as_they_are_but_in_memory_of_their_own(name: str) -> None:
    x = t([1, 2], np.int64)
    y = getattr(tg, name)(x)
    assert y.dtype == np.int64 and not np.shares_memory(x._array, y._array)
    assert_array_equal(y._array, x._array)


def test_round_to_decimals_and_halves_to_even() -> None:
    assert_array_equal(tg.round(t([0.5, 1.5, 2.5, -0.5]))._array, [0, 2, 2, 0])
    assert_allclose(tg.round(t([1.2345, 150.0]), decimals=2)._array, [1.23, 150])
    assert_array_equal(tg.round(t([149, 151], np.int64), decimals=-2)._array, [100, 200])


def test_float_power_is_computed_in_float64_and_passes_gradients() -> None:
    x = leaf([2.0, 3.0], np.float32)
    y = tg.float_power(x, 3)
    assert y.dtype == np.float64
    (g,) = tg.autograd.grad(y, x, t([1.0, 10.0]))
    assert g.dtype == np.float32
    assert_allclose(g._array, [12, 270])
    assert_array_equal(tg.float_power(t([2, 3], np.int64), 2)._array, [4, 9])


def test_scalars_do_not_change_the_dtype_of_tensors() -> None:
    x = t([1.0, 2.0], np.float32)
    for y in (
        x + 1,
        x * 2.5,
        2 - x,
        x**3,
        2**x,
        x / 3,
        x % 2,
        x // 2,
        tg.xlogy(x, 2.0),
        tg.xlogy(2.0, x),
        x.clamp(0, 1),
    ):
        assert y.dtype == np.float32


# -- operators --------------------------------------------------------------------------------------------

OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
]  # fmt: skip


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_work_from_both_sides_with_numbers_and_arrays(op: Any) -> None:
    a, b = np.array([1.5, 2.5, -3.5]), np.array([2.0, 3.0, 4.0])
    for left, right in ((t(a), t(b)), (a, t(b)), (t(a), b), (t(a), 2.0), (t(a), 3), (t(b), 3), (2.5, t(b)), (2, t(b))):
        plain = [x._array if isinstance(x, tg.Tensor) else x for x in (left, right)]
        y = op(left, right)
        assert isinstance(y, tg.Tensor)
        assert_allclose(y._array, op(*plain))


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_pass_gradients_to_either_side(op: Any) -> None:
    a, b = np.array([1.6, 2.3]), np.array([0.7, 1.2])
    assert tg.autograd.gradcheck(lambda x: op(x, b), (leaf(a),))
    assert tg.autograd.gradcheck(lambda x: op(a, x), (leaf(b),))
    assert tg.autograd.gradcheck(lambda x: op(2.5, x), (leaf(b),))


def test_unary_operators() -> None:
    x = t([1.5, -2.0])
    assert_array_equal((-x)._array, [-1.5, 2])
    assert_array_equal(abs(x)._array, [1.5, 2])
    assert +x is x


@pytest.mark.parametrize("op", ["iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow"])
def test_in_place_operators_change_the_tensor_itself(op: str) -> None:
    x = t([3.0, 5.0])
    memory, expected = x._array, getattr(operator, op)(np.array([3.0, 5.0]), 2.0)
    y = getattr(operator, op)(x, 2.0)
    assert y is x and x._array is memory
    assert_array_equal(memory, expected)


def test_bits_in_place() -> None:
    x = t([6, 5], np.int64)
    x &= 3
    x |= 8
    x ^= 1
    x <<= 2
    x >>= 1
    assert_array_equal(x._array, [((((v & 3) | 8) ^ 1) << 2) >> 1 for v in (6, 5)])


@pytest.mark.parametrize(
    "name", ["abs_", "exp_", "sigmoid_", "sqrt_", "floor_", "erf_", "neg_", "reciprocal_", "tanh_"]
)
def test_in_place_methods_record_as_the_plain_ones(name: str) -> None:
    x = leaf([0.3, 2.6])
    y = (x * 2).clone() if hasattr(x, "clone") else x * 2
    getattr(y, name)()
    z = getattr(tg, name.rstrip("_"))(x * 2)
    assert_array_equal(y._array, z._array)
    c = t([1.0, 5.0])
    assert_array_equal(tg.autograd.grad(y, x, c)[0]._array, tg.autograd.grad(z, x, c)[0]._array)


def test_an_integer_tensor_cannot_become_its_quotient_in_place() -> None:
    x = t([3, 4], np.int64)
    with pytest.raises(RuntimeError, match="int64"):
        x /= 2
    assert_array_equal(x._array, [3, 4])


def test_operands_that_are_no_numbers_are_refused() -> None:
    x = t([1.0])
    for bad in (None, "1", object(), [1.0]):
        with pytest.raises(TypeError, match="expected a Tensor, an array or a number"):
            x + bad
        with pytest.raises(TypeError, match="expected a Tensor, an array or a number"):
            tg.pow(x, bad)


# -- single functions -------------------------------------------------------------------------------------


def test_alpha_and_value_scale_the_second_part() -> None:
    a, b, c = t([1.0, 2.0]), t([3.0, 4.0]), t([5.0, 8.0])
    assert_array_equal(tg.add(a, b, alpha=10)._array, [31, 42])
    assert_array_equal(tg.sub(a, b, alpha=10)._array, [-29, -38])
    assert_array_equal(tg.rsub(a, b, alpha=10)._array, [-7, -16])
    assert_array_equal(tg.addcmul(a, b, c, value=2)._array, [31, 66])
    assert_array_equal(tg.addcdiv(a, c, b, value=3)._array, [6, 8])


@given(a=arrays(low=-9, high=9, dtype=np.int64), b=st.sampled_from([-3, -2, 2, 3, 5]))
def test_rounded_division_of_integers_is_exact_and_stays_integer(a: Any, b: int) -> None:
    down, towards_0 = tg.div(wrap(a), b, rounding_mode="floor"), tg.div(wrap(a), b, rounding_mode="trunc")
    assert down.dtype == towards_0.dtype == np.int64
    assert_array_equal(down._array, a // b)
    assert_array_equal(towards_0._array, np.trunc(a / b))
    assert_array_equal((wrap(a) % b)._array, a % b)
    assert_array_equal(tg.fmod(wrap(a), b)._array, np.fmod(a, b))


def test_rounded_division_of_floats() -> None:
    assert_array_equal(tg.div(t([-7.0, 7.0]), 2, rounding_mode="floor")._array, [-4, 3])
    assert_array_equal(tg.div(t([-7.0, 7.0]), 2, rounding_mode="trunc")._array, [-3, 3])
    with pytest.raises(RuntimeError, match="'trunc' or 'floor', not 'up'"):
        tg.div(t([1.0]), 2, rounding_mode="up")


@pytest.mark.parametrize(
    "f", [tg.floor_divide, tg.remainder, tg.fmod, lambda a, b: tg.div(a, b, rounding_mode="trunc")]
)
def test_integers_cannot_be_divided_by_zero(f: Any) -> None:
    with pytest.raises(RuntimeError, match="by zero"):
        f(t([1, 2], np.int64), t([1, 0], np.int64))


def test_integers_have_no_negative_powers_but_floats_do() -> None:
    with pytest.raises(RuntimeError, match=r"x\.float\(\)"):
        t([1, 2], np.int64) ** -1
    assert_array_equal((t([1.0, 2.0]) ** -1)._array, [1, 0.5])
    assert_array_equal((t([2, 3], np.int64) ** 2)._array, [4, 9])


def test_a_square_and_a_root_are_recorded_as_such() -> None:
    x = leaf([2.0])
    assert [(x**n).grad_fn.name() for n in (2, 2.0, 0.5, -1, -0.5, 3)] == [
        "square", "square", "sqrt", "reciprocal", "rsqrt", "power",
    ]  # fmt: skip


def test_clamp_takes_numbers_tensors_and_either_bound() -> None:
    x = t([-2.0, 0.0, 2.0])
    assert_array_equal(tg.clamp(x, -1, 1)._array, [-1, 0, 1])
    assert_array_equal(tg.clamp(x, max=1)._array, [-2, 0, 1])
    assert_array_equal(x.clip(t([0.0, 1.0, 3.0]), 2)._array, [0, 1, 2])
    assert_array_equal(tg.clamp(x, np.float64(-1), t([0.0, -1.0, 5.0]))._array, [-1, -1, 2])
    assert_array_equal(tg.clamp_min(x, t([1.0, -1.0, 3.0]))._array, [1, 0, 3])
    assert tg.clamp(t([0, 3], np.int64), 1, 2).dtype == np.int64
    assert tg.clamp(t([0, 3], np.int64), 0.5).dtype == np.float32
    with pytest.raises(RuntimeError, match="at least one"):
        tg.clamp(x)


def test_nan_to_num_replaces_each_kind() -> None:
    x = t([np.nan, np.inf, -np.inf, 1.0])
    assert_array_equal(tg.nan_to_num(x, 7, 8, 9)._array, [7, 8, 9, 1])
    big = np.finfo(np.float64).max
    assert_array_equal(x.nan_to_num()._array, [0, big, -big, 1])


def test_lerp_runs_from_start_to_end() -> None:
    assert_allclose(tg.lerp(t([0.0, 10.0]), t([1.0, 20.0]), t([0.25, 0.5]))._array, [0.25, 15])
    assert_allclose(tg.lerp(t([0.0, 10.0]), t([1.0, 20.0]), 0.5)._array, [0.5, 15])


def test_fill_takes_a_number_or_a_0d_tensor_that_receives_the_whole_gradient() -> None:
    value = leaf(3.0)
    y = tg.fill(t([1.0, 2.0]), value)
    assert_array_equal(y._array, [3, 3])
    assert_array_equal(tg.autograd.grad(y, value, t([1.0, 10.0]))[0]._array, 11)
    with pytest.raises(RuntimeError, match="0-d"):
        tg.fill(t([1.0, 2.0]), t([1.0, 2.0]))


def test_bools_have_signs_of_their_own() -> None:
    b = t([True, False], np.bool_)
    assert_array_equal(tg.sign(b)._array, [True, False])
    with pytest.raises(RuntimeError, match="bool"):
        tg.positive(b)
    with pytest.raises(RuntimeError, match="boolean"):
        b - b
    with pytest.raises(RuntimeError, match="mask"):
        assert -b is None


def test_sigmoid_and_erf_of_unsigned_integers_do_not_wrap_around() -> None:
    assert_allclose(tg.sigmoid(t([2], np.uint8))._array, 1 / (1 + np.exp(-2)), rtol=1e-6)
    assert_allclose(tg.erf(t([2], np.uint8))._array, math.erf(2), rtol=1e-6)


# -- the error function -----------------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [1, 5, 50])  # few, many, several blocks
def test_erf_and_erfc_are_exact_to_14_digits(copies: int) -> None:
    x = np.repeat(
        np.concatenate([np.linspace(-6.5, 6.5, 201), [0.46875, 4.0, 1e-300, 0.0], np.linspace(4, 26, 90)]), copies
    )
    assert_allclose(tg.erf(wrap(x))._array, [math.erf(v) for v in x], rtol=1e-14)
    assert_allclose(tg.erfc(wrap(x))._array, [math.erfc(v) for v in x], rtol=1e-14)


@pytest.mark.parametrize("n", [1, 1000, 5000])
def test_erf_in_float32_has_7_digits(n: int) -> None:
    x = np.linspace(-5, 5, n, dtype=np.float32)
    assert tg.erf(wrap(x)).dtype == np.float32
    assert_allclose(tg.erf(wrap(x))._array, [math.erf(v) for v in x.tolist()], rtol=1e-6)
    assert_allclose(tg.erfc(wrap(x))._array, [math.erfc(v) for v in x.tolist()], rtol=1e-5)


@pytest.mark.parametrize("copies", [1, 1000])
def test_erf_and_erfc_at_the_ends_and_of_nan(copies: int) -> None:
    x = np.repeat([-np.inf, np.inf, np.nan, -0.0], copies)
    assert_array_equal(tg.erf(wrap(x))._array, np.repeat([-1, 1, np.nan, 0], copies))
    assert_array_equal(tg.erfc(wrap(x))._array, np.repeat([2, 0, np.nan, 1], copies))


def test_erfinv_undoes_erf() -> None:
    pytest.importorskip("scipy")
    x = np.linspace(-2, 2, 9)
    assert_allclose(tg.erfinv(tg.erf(wrap(x)))._array, x, atol=1e-12)


@pytest.mark.parametrize(("f", "pole"), [(tg.xlogy, 0.0), (tg.special.xlog1py, -1.0)])
def test_nothing_times_a_logarithm_is_nothing_but_nan_stays(f: Any, pole: float) -> None:
    a = t([0.0, 0.0, 0.0, 2.0, 2.0, 1.0])
    b = t([pole, pole - 1, np.nan, pole, pole + 3, np.nan])
    with np.errstate(all="ignore"):
        assert_allclose(f(a, b)._array, [0, 0, np.nan, -np.inf, 2 * np.log(3), np.nan])


# -- the gamma function, with and without SciPy -----------------------------------------------------------


def test_the_gamma_family_has_the_textbook_values() -> None:
    pytest.importorskip("scipy")
    euler = 0.5772156649015329
    assert_allclose(tg.lgamma(t([1.0, 5.0, 0.5]))._array, [0, np.log(24), np.log(np.pi) / 2], atol=1e-15)
    assert_allclose(tg.digamma(t([1.0, 2.0]))._array, [-euler, 1 - euler])
    assert_allclose(tg.polygamma(1, t([1.0]))._array, np.pi**2 / 6)
    assert_allclose(tg.mvlgamma(t([3.0]), 2)._array, np.log(np.pi) / 2 + np.log(2) + math.lgamma(2.5))
    assert tg.polygamma(2, t([1.0], np.float32)).dtype == tg.lgamma(t([1], np.int64)).dtype == np.float32
    for bad in (lambda: tg.polygamma(-1, t([1.0])), lambda: tg.mvlgamma(t([1.0]), 0)):
        with pytest.raises(RuntimeError, match="must be"):
            bad()


def test_without_scipy_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    families = (lambda x: tg.polygamma(1, x)), (lambda x: tg.mvlgamma(x, 2))
    for f in (tg.lgamma, tg.digamma, tg.erfinv, tg.special.ndtri, *families):
        with pytest.raises(ImportError, match=r"pip install tinygrad_edu\[special\]"):
            f(t([0.5]))


def test_scipy_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, tinygrad_edu; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_mantissas_and_exponents() -> None:
    tiny = np.nextafter(np.float64(0), 1)
    numbers = np.array([0.0, -0.0, 1.0, -3.0, 0.3, 1e300, tiny, 1e-310, np.inf, -np.inf, np.nan])
    for dtype in (*FLOATS, np.float16):
        with np.errstate(over="ignore", under="ignore"):
            a = numbers.astype(dtype)
        mantissa, exponent = tg.frexp(t(a, dtype))
        expected, powers = np.frexp(a)
        assert_array_equal(mantissa._array, expected)
        assert_array_equal(exponent._array, np.where(np.isfinite(a), powers, 0))
        assert mantissa.dtype == dtype and exponent.dtype == tg.int32
        assert_array_equal(tg.ldexp(*tg.frexp(t(a[2:5], dtype)))._array, a[2:5])
    x = leaf([3.0, -0.3])
    tg.frexp(x).mantissa.sum().backward()
    assert_array_equal(x.grad._array, [0.25, 2.0])
    with pytest.raises(RuntimeError, match=r"frexp\(\) only supports floating-point dtypes, not int64.*x\.float"):
        tg.frexp(tg.tensor([1, 2]))


def test_times_powers_of_two() -> None:
    assert tg.ldexp(tg.tensor([1, 3]), tg.tensor([[0], [2]])).tolist() == [[1, 3], [4, 12]]
    assert tg.ldexp(t([1.5]), tg.tensor([-1])).dtype == tg.float64 and tg.tensor([1.5]).ldexp(2).tolist() == [6]
    x = t([1.0, 2.0])
    assert x.ldexp_(tg.tensor([1, 2])) is x and x.tolist() == [2, 8]


def test_the_normal_distributions_probabilities() -> None:
    special = pytest.importorskip("scipy.special")
    a = np.array([-30, -5, -1, -1e-8, 0, 0.5, 3, 9, np.inf, -np.inf, np.nan])
    assert_allclose(tg.special.ndtr(t(a))._array, special.ndtr(a), rtol=1e-13)
    p = np.array([0, 1e-300, 1e-10, 0.3, 0.5, 0.999, 1, 1.5, np.nan])
    assert_allclose(tg.special.ndtri(t(p))._array, special.ndtri(p), rtol=1e-13)
    assert tg.special.ndtri(t([0.5], np.float16)).dtype == tg.float16 and tg.special.ndtr(tg.tensor([0])).item() == 0.5
    x = leaf([-1.5, 0.0, 2.0])
    tg.special.ndtr(x).sum().backward()
    assert_allclose(x.grad._array, np.exp(-(x._array**2) / 2) / math.sqrt(2 * math.pi), rtol=1e-12)


def test_torchs_names_in_the_namespace_special() -> None:
    x = t([0.3, 0.6])
    assert_array_equal(tg.special.expit(x)._array, tg.sigmoid(x)._array)
    assert_array_equal(tg.special.xlogy(x, x)._array, tg.xlogy(x, x)._array)
    assert set(tg.special.__all__) <= set(dir(tg.special))


# -- warnings ---------------------------------------------------------------------------------------------


def test_functions_that_are_fine_everywhere_never_warn() -> None:
    x = leaf([-1e4, -700.0, -1.0, 0.0, 1.0, 700.0, 1e4])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for f in (
            tg.sigmoid,
            tg.erf,
            tg.erfc,
            tg.sinc,
            lambda x: tg.xlogy(0 * x, abs(x) + 1),
            lambda x: x**0,
            lambda x: x**2,
        ):
            y = f(x)
            tg.autograd.grad(y, x, t(np.linspace(1, 2, 7)))


def test_what_is_really_infinite_warns_as_numpy_does() -> None:
    for f in (lambda: tg.log(t([0.0])), lambda: 1 / t([0.0]), lambda: tg.exp(t([1e4]))):
        with pytest.warns(RuntimeWarning, match="encountered in"):
            f()


# -- the rest -----------------------------------------------------------------------------------------------


def test_numpys_scalars_count_as_pythons_on_either_side() -> None:
    x = leaf([1.0, 2.0], np.float32)
    for y in (np.float64(2) * x, x * np.float64(2), np.int64(2) * x, x * np.int64(2)):
        assert isinstance(y, tg.Tensor) and y.dtype == np.float32 and y.requires_grad
        assert_array_equal(y._array, [2, 4])


def test_fill_in_place_takes_the_gradient_from_what_was_there() -> None:
    x = leaf([1.0, 2.0])
    y = x * 3
    y.fill_(7.0)
    assert_array_equal(y._array, [7, 7])
    assert_array_equal(tg.autograd.grad(y * x, x, t([1.0, 10.0]))[0]._array, [7, 70])


def test_an_elementwise_rule_may_have_an_operand_without_derivative_or_an_option_without_default() -> None:
    masked = tg.rule(lambda a, b: a * b, lambda g, b: g * b, None, name="masked", elementwise=True)
    a, b = leaf([1.0, 2.0]), leaf([3.0, 5.0])
    da, db = tg.autograd.grad(masked(a, b), (a, b), t([1.0, 10.0]), allow_unused=True)
    assert_array_equal(da._array, [3, 50])
    assert db is None
    scaled = tg.rule(lambda x, *, by: x * by, lambda g, by: g * by, name="scaled", elementwise=True)
    assert_array_equal(tg.autograd.grad(scaled(a, by=4), a, t([1.0, 10.0]))[0]._array, [4, 40])
