"""`rule` and `primitive`: what may be given derivatives, what its rules may read, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import tinygrad_edu as tg
from tinygrad_edu.primitive import NUMPY, PRIMITIVES, primitive, rule


@pytest.fixture(autouse=True)
def table_as_before() -> Iterator[None]:
    tables = [(t, dict(t)) for t in (PRIMITIVES, NUMPY)]
    yield
    for table, before in tables:
        table.clear()
        table.update(before)


def leaf(*values: float, dtype: Any = np.float64) -> Any:
    return tg.tensor(np.array(values, dtype), requires_grad=True)


def slopes(y: Any, *xs: Any) -> list[Any]:
    """The gradients under uneven cotangents."""
    v = np.linspace(1, 2, y.numel()).reshape(y.shape).astype(y.detach().numpy().dtype)
    return [None if g is None else g.tolist() for g in tg.autograd.grad(y, xs, tg.tensor(v), allow_unused=True)]


# -- names and operands --------------------------------------------------------------------------------------


def test_it_is_called_as_its_function_unless_it_has_a_name():
    def cube(x):
        return x**3

    assert rule(cube, lambda g, x: g * 3 * x**2).__name__ == "cube"
    assert PRIMITIVES["cube"].operands == ("x",)
    named = rule(cube, lambda g, x: g * 3 * x**2, name="third_power")
    assert named.__name__ == named.__qualname__ == "third_power"
    assert repr(PRIMITIVES["third_power"]) == "<primitive third_power(x)>"


def test_operands_of_a_ufunc_are_x_or_a_b_c():
    one = rule(np.cbrt, lambda g, y: g / (3 * y * y))
    two = rule(np.heaviside, None, lambda g, a: np.where(a == 0, g, 0))
    assert PRIMITIVES["cbrt"].operands == ("x",)
    assert PRIMITIVES["heaviside"].operands == ("a", "b")
    assert_allclose(slopes(one(x := leaf(1.0, 8.0)), x), [[1 / 3, 2 / 12]])
    a, b = leaf(0.0, 3.0), leaf(5.0, 6.0)
    assert slopes(two(a, b), a, b) == [None, [1, 0]]
    assert np.cbrt(x).tolist() == [1, 2]  # NumPy's name leads to it, too


def test_a_function_without_code_of_its_own_takes_as_many_operands_as_it_has_rules():
    doubled = rule(partial(np.multiply, 2), lambda g, _x: 2 * g, name="doubled")
    product = rule(partial(np.einsum, "i,j->ij"), lambda g, b: g @ b, lambda g, a: a @ g, name="product")
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0, 5.0)
    assert slopes(doubled(x), x) == [[2, 4]]
    assert PRIMITIVES["product"].operands == ("a", "b")
    out = product(x, y)
    a, b = tg.autograd.grad(out.sum(), (x, y))
    assert a.tolist() == [12, 12] and b.tolist() == [3, 3, 3]


def test_ufuncs_promote_their_operands_and_other_functions_do_not():
    power = rule(np.float_power, lambda g, a, b: g * b * a ** (b - 1), lambda g, y, a: g * y * np.log(a))
    x = leaf(1.0, 2.0, dtype=np.float32)
    assert power(x, tg.tensor([2, 3])).tolist() == [1, 8]
    seen = []
    plain = rule(lambda a, b: (seen.append(b.dtype), a * b)[1], lambda g, b: g * b, None, name="plain")
    plain(x, tg.tensor([2, 3]))
    asked = rule(
        lambda a, b: (seen.append(b.dtype), a * b)[1], lambda g, b: g * b, None, name="asked", elementwise=True
    )
    asked(x, tg.tensor([2, 3]))
    assert seen == [np.int64, np.float32]
    with pytest.raises(RuntimeError, match=r"asked: The size .*: the shapes \(2,\) and \(3,\) do not fit together"):
        asked(x, tg.ones(3))
    with pytest.raises(ValueError, match="broadcast"):  # NumPy's own: who knows what the function makes of shapes
        plain(x, tg.ones(3))


def test_a_generalized_ufunc_does_not_promote():
    rule(np.vecdot, lambda g, b: np.expand_dims(g, -1) * b, lambda g, a: np.expand_dims(g, -1) * a)
    assert PRIMITIVES["vecdot"].elementwise is False
    rule(np.cbrt, lambda g, y: g / (3 * y * y))
    assert PRIMITIVES["cbrt"].elementwise is True


def test_any_number_of_operands():
    total = rule(lambda *xs: sum(xs), joint=lambda g, xs: [g * (k + 1) for k in range(len(xs))], name="total")
    assert PRIMITIVES["total"].operands == ("xs",)
    a, b, c = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    assert slopes(total(a, b, c), a, c) == [[1, 2], [3, 6]]
    assert slopes(total(a, tg.ones(2), c), c) == [[3, 6]]


def test_any_number_of_operands_and_an_option():
    def weighted(*xs, scale=1, shift=0):
        total = sum(xs)
        scaled = scale * total
        return scaled + shift

    f = rule(weighted, joint=lambda g, _xs, scale=1: [scale * g for _ in _xs])
    assert PRIMITIVES["weighted"].operands == ("xs",)
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    assert slopes(f(a, b, scale=5), a, b) == [[5, 10], [5, 10]]
    assert f(a, b, shift=1).tolist() == [5, 7]


def test_one_rule_for_all_operands():
    f = rule(lambda a, b: a * b, joint=lambda g, a, b: (g * b, g * a), name="f")
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    assert slopes(f(a, b), a, b) == [[3, 8], [1, 4]]
    assert slopes(f(a, tg.tensor([3.0, 4.0])), a) == [[3, 8]]
    assert slopes(f(tg.tensor([1.0, 2.0]), b), b) == [[1, 4]]
    h = rule(lambda a, b: a * b, joint=lambda g, a, b: (g * b, None), name="h")
    assert slopes(h(a, b), a, b) == [[3, 8], None]


def test_an_operand_without_a_rule_has_no_derivative():
    f = rule(lambda a, b, c: a * b * c, lambda g, b, c: g * b * c, None, lambda g, a, b: g * a * b, name="f")
    a, b, c = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    assert slopes(f(a, b, c), a, b, c) == [[15, 48], None, [3, 16]]
    assert not f(tg.ones(2), b, tg.ones(2)).requires_grad
    ufunc = rule(lambda a, b: a * b, lambda g, b: g * b, None, name="ufunc", elementwise=True)
    assert slopes(ufunc(a, b), a, b) == [[3, 8], None]
    assert not ufunc(tg.ones(2), b).requires_grad


def test_options_are_keywords_which_rules_may_read():
    f = rule(lambda x, *, n=2: x**n, lambda g, x, n=2: g * n * x ** (n - 1), name="f", elementwise=True)
    x = leaf(2.0, 3.0)
    assert slopes(f(x), x) == [[4, 12]]
    assert slopes(f(x, n=3), x) == [[12, 54]]
    assert slopes(f(x, n=1), x) == [[1, 2]]
    keyword = rule(lambda x, *, n=2: x**n, lambda g, x, *, n=2: g * n * x ** (n - 1), name="keyword", elementwise=True)
    assert slopes(keyword(x), x) == [[4, 12]]
    assert slopes(keyword(x, n=3), x) == [[12, 54]]


def test_by_products_are_kept_and_made_anew_when_the_pass_is_recorded():
    one = rule(
        lambda x: (x * np.exp(x), np.exp(x)),
        lambda g, x, e: g * e * (1 + x),
        saves={"e": lambda x: np.exp(x)},
        name="one",
        elementwise=True,
    )
    two = rule(
        lambda a, b: (np.sin(a) * np.exp(b), np.sin(a), np.exp(b)),
        lambda g, a, e: g * np.cos(a) * e,
        lambda g, s, e: g * s * e,
        saves={"s": lambda a: np.sin(a), "e": lambda b: np.exp(b)},
        name="two",
    )
    pair = rule(
        lambda a, b: (a * b, a + b), lambda g, b: g * b, lambda g, t, b: g * (t - b), saves={"t": np_sum}, name="p"
    )
    a, b = leaf(0.5, 1.0), leaf(2.0, -1.0)
    assert tg.autograd.gradcheck(one, a) and tg.autograd.gradgradcheck(one, a)
    for f in (two, pair):
        assert tg.autograd.gradcheck(f, (a, b)) and tg.autograd.gradgradcheck(f, (a, b))


def np_sum(a: Any, b: Any) -> Any:
    return a + b


def test_several_results_may_be_a_list():
    f = rule(lambda x: [x * 2, x * 3], lambda g: g[0] * 2 + g[1] * 3, name="f")
    x = leaf(1.0, 2.0)
    a, b = f(x)
    assert slopes(a + b, x) == [[5, 10]]
    assert [t.requires_grad for t in rule(lambda x: (x * 2, x > 1), lambda g: g[0] * 2, name="h")(x)] == [True, False]


def test_decorated():
    @primitive(lambda g, x: g * 2 * x, elementwise=True)
    def squared(x):
        """Its square."""
        return x * x

    assert slopes(squared(x := leaf(1.0, 2.0)), x) == [[2, 8]]


def test_integers_alone_give_floats_of_the_default_dtype():
    half = rule(lambda x, *, n=2: x / n, lambda g, n=2: g / n, name="half", elementwise=True)
    assert half(tg.tensor([1, 2])).dtype == tg.float32
    assert half(tg.tensor([1, 2]), n=4).tolist() == [0.25, 0.5]
    assert half(leaf(1.0)).dtype == tg.float64
    plain = rule(lambda x, *, n=2: x / n, lambda g, n=2: g / n, name="plain")  # not elementwise: as NumPy has it
    assert plain(tg.tensor([1, 2])).dtype == tg.float64


def test_a_view_of_what_is_no_tensor_is_a_tensor_of_its_own():
    first = rule(lambda x: x[:2], lambda g, _x: np.pad(g, (0, _x.shape[0] - 2)), name="first", view=True)
    array = np.arange(4.0)
    y = first(array)
    assert not y.requires_grad
    y += 10
    assert array.tolist() == [10, 11, 2, 3]
    x = leaf(1.0, 2.0, 3.0)
    z = x * 1
    first(z).mul_(10)
    assert z.tolist() == [10, 20, 3]
    assert slopes(z, x) == [[10, 15, 2]]


def test_a_view_is_made_anew_from_its_base_with_all_operands():
    behind = rule(lambda x, n: x[int(n) :], lambda g, n: np.pad(g, (int(n), 0)), None, name="behind", view=True)
    x = leaf(1.0, 2.0, 3.0)
    z = x * 1
    v = behind(z, tg.tensor(1))
    z.mul_(3)
    assert slopes(v, x) == [[0, 3, 6]]


# -- mistakes ------------------------------------------------------------------------------------------------


def test_as_many_rules_as_operands():
    with pytest.raises(TypeError, match=r"f has 2 operands \(a, b\) and 1 rules: give one rule for each operand"):
        rule(lambda a, b: a * b, lambda g, b: g * b, name="f")
    with pytest.raises(TypeError, match=r"f has 1 operands \(a\) and 2 rules"):
        rule(lambda a: a, lambda g: g, lambda g: g, name="f")


def test_what_is_saved_comes_before_keyword_arguments():
    with pytest.raises(TypeError, match=r"a rule of f must name what it reads before keyword arguments: \(n, x\)"):
        rule(lambda x, *, n: x**n, lambda g, n, x: g * n * x ** (n - 1), name="f")


# -- what is kept --------------------------------------------------------------------------------------------


def test_an_underscore_gives_shape_and_dtype_without_memory():
    seen = []

    def slope(g, _x):
        seen.append(_x)
        return g

    f = rule(lambda x: x * 1, slope, name="f")
    f(leaf(1.0, 2.0, dtype=np.float32)).sum().backward()
    (ghost,) = seen
    assert ghost.shape == (2,) and ghost.dtype == np.float32 and ghost.strides == (0,)
    assert np.isnan(ghost).all()
    several = rule(lambda *xs: sum(xs), joint=lambda g, _xs: (seen.append(_xs), [g] * len(_xs))[1], name="several")
    several(leaf(1.0, 2.0), tg.tensor([3, 4])).sum().backward()
    floats, ints = seen[-1]
    assert np.isnan(floats).all() and floats.shape == (2,)
    assert_array_equal(ints, [0, 0])


def test_a_second_pass_goes_through_what_keeps_nothing_and_stops_at_what_was_released():
    add = rule(lambda a, b: a + b, lambda g, _a: g, lambda g, _b: g, name="add_")
    x = leaf(1.0, 2.0)
    y = add(x, x)
    for _ in range(2):
        y.sum().backward()
    assert x.grad.tolist() == [4, 4]
    for reads in (lambda g, a, _b: g * 0 + g, lambda g, _a, b: g * 0 + g):
        partly = rule(lambda a, b: a + b, reads, lambda g: g, name="partly")
        z = partly(x, x).sum()
        z.backward()
        with pytest.raises(RuntimeError, match="backward through the graph a second time: what partly saved"):
            z.backward()


# -- whatever the number of operands ---------------------------------------------------------------------------


@pytest.mark.parametrize("operands", [1, 2, 3, 4])
@pytest.mark.parametrize("elementwise", [True, False])
def test_results_are_arrays_in_order_whatever_numpy_makes(operands: int, elementwise: bool) -> None:
    makers = [lambda a: a, lambda a, b: a + b, lambda a, b, c: a + b * c, lambda a, b, c, d: a + b * c - d]
    f = rule(makers[operands - 1], *[lambda g: g] * operands, name="f", elementwise=elementwise)
    number = f(*[tg.tensor(2.0, requires_grad=True)] * operands)
    assert type(number._array) is np.ndarray
    if not elementwise:
        turned = f(*[tg.arange(6.0).reshape(2, 3).t()] * operands)
        assert turned.is_contiguous() and turned.view(6).tolist() == turned.flatten().tolist()


@pytest.mark.parametrize("operands", [1, 2, 3, 4])
@pytest.mark.parametrize("elementwise", [True, False])
def test_several_results_are_several_whatever_the_number_of_operands(operands: int, elementwise: bool) -> None:
    makers = [
        lambda a: (a + a, a * a), lambda a, b: (a + b, a * b), lambda a, b, c: (a + b, a * b * c),
        lambda a, b, c, d: (a + b, a * b * c * d),
    ]  # fmt: skip
    rules = (
        [lambda g, a: g[0] * 2 + g[1] * 2 * a]
        if operands == 1
        else [lambda g: g[0]] + [lambda g: 0 * g[0]] * (operands - 1)
    )
    f = rule(makers[operands - 1], *rules, name="f", elementwise=elementwise)
    xs = [leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0), leaf(7.0, 8.0)][:operands]
    first, second = results = f(*xs)
    assert type(results) is tuple
    plain = makers[operands - 1](*(x.detach().numpy() for x in xs))
    assert [first.tolist(), second.tolist()] == [p.tolist() for p in plain]
    expected = [2 * 1 + 3 * 2 * 1, 2 * 10 + 3 * 2 * 2] if operands == 1 else [1, 10]
    loss = (first * tg.tensor([1.0, 10.0])).sum() + 3 * second.sum()
    assert tg.autograd.grad(loss, xs[0])[0].tolist() == expected


def test_results_keep_their_order_in_memory_and_of_each_other() -> None:
    f = rule(lambda a: (a.T * 2, (a * 3).T), lambda g: (g[0] * 2 + g[1] * 3).T, name="f")
    for y in f(tg.arange(6.0).reshape(2, 3)):
        assert y.is_contiguous()


def test_a_function_of_three_operands_may_have_a_by_product() -> None:
    f = rule(
        lambda a, b, c: (a * b * c, a * b),
        lambda g, b, c: g * b * c,
        lambda g, a, c: g * a * c,
        lambda g, p: g * p,
        saves={"p": lambda a, b: a * b},
        name="f",
    )
    a, b, c = leaf(2.0), leaf(3.0), leaf(5.0)
    assert slopes(f(a, b, c), a, b, c) == [[15], [10], [6]]


def test_mistakes_in_rules_are_named_where_the_rule_is_written() -> None:
    with pytest.raises(TypeError, match=r"a rule of scaled reads \['scalee'\]; there are only .*'scale'"):
        rule(lambda x, *, scale: x * scale, lambda g, scalee: g * scalee, name="scaled")
    with pytest.raises(TypeError, match=r"joined takes any number of operands: .*joint="):
        rule(lambda *xs: np.concatenate(xs), lambda g: g, name="joined")


@pytest.mark.parametrize(
    ("joint", "says"),
    [
        (lambda g, a, b: None, "must give a sequence"),
        (lambda g, a, b: (g * b,), "must give a sequence"),
        (lambda g, a, b: (g * b, 2.0), "gave a float, not an array"),
    ],
)
def test_a_joint_rule_that_gives_something_else_is_named(joint: Any, says: str) -> None:
    f = rule(lambda a, b: a * b, joint=joint, name="mine")
    with pytest.raises(TypeError, match=rf"rule of mine.*{says}"):
        f(leaf(1.0), leaf(2.0)).backward()


def test_a_rule_of_fewer_axes_than_its_operand_is_named() -> None:
    f = rule(lambda x: x * 2, lambda g: np.sum(g * 2), name="lost_axis")
    with pytest.raises(RuntimeError, match=r"lost_axis gave a cotangent of shape \(\) for an operand of shape \(2,\)"):
        f(leaf(1.0, 2.0)).sum().backward()


def test_rules_may_have_values_of_their_own_and_functions_may_be_decorated() -> None:
    doubled, tripled = (rule(lambda x, k=k: x * k, lambda g, k=k: g * k, None, name=f"times_{k}") for k in (2, 3))
    x = leaf(1.0, 2.0)
    assert slopes(doubled(x, 2.0), x) == [[2, 4]]
    assert slopes(tripled(x, 3.0), x) == [[3, 6]]
    quiet = rule(np.errstate(all="ignore")(lambda x: x * x), lambda g, x: g * 2 * x, name="quiet")
    assert slopes(quiet(x), x) == [[2, 8]]
