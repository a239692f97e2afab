"""Formulas are read from the rules themselves."""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import rule, rules
from tinygrad_edu.docstrings import document
from tinygrad_edu.primitive import PRIMITIVES
from tinygrad_edu.symbols import Symbol, byproducts, derivatives, formula

for _module in pkgutil.iter_modules(rules.__path__):
    importlib.import_module(f"tinygrad_edu.rules.{_module.name}")
# those of the package: rules that other tests add are not looked at
OURS = sorted(
    n
    for n, p in PRIMITIVES.items()
    if all(r is None or r.__module__.startswith("tinygrad_edu.") for r in (*p.rules, p.joint))
)


@pytest.fixture
def read():
    """The formula of a rule of one or more operands that is not in the table afterwards."""
    before = dict(PRIMITIVES)

    def text(derivative, function=lambda x: x, **options):
        rule(function, derivative, name="temporary", **options)
        return formula("temporary", PRIMITIVES["temporary"].operands[0])

    yield text
    PRIMITIVES.clear()
    PRIMITIVES.update(before)


@pytest.mark.parametrize("name", OURS)
def test_every_primitive_has_a_printable_formula_for_every_operand(name):
    p = PRIMITIVES[name]
    found = derivatives(p)
    assert list(found) == list(p.operands)
    for text in (*found.values(), *byproducts(p).values()):
        assert text and text.isprintable()
        assert "<" not in text or " < " in text, f"an object without a name shows through: {text}"


@pytest.mark.parametrize(
    ("name", "operand", "text"),
    [
        ("exp", "x", "g · y"),
        ("tanh", "x", "g · (1 − y²)"),
        ("divide", "b", "(−g / b) · (a / b)"),
        ("subtract", "b", "−g"),
        ("log", "x", "g / x"),
        ("sum", "x", "spread(g)"),
        ("mean", "x", "spread(g / count(x))"),
    ],
)
def test_formulas_read_like_a_calculus_book(name, operand, text):
    assert formula(name, operand) == text


@pytest.mark.parametrize(
    ("derivative", "text"),
    [
        (lambda g, x: g * (x + 1), "g · (x + 1)"),
        (lambda g, x: g * x + 1, "g · x + 1"),
        (lambda g, x: g - (x - 1), "g − (x − 1)"),
        (lambda g, x: g - x - 1, "g − x − 1"),
        (lambda g, x: g + (x - 1), "g + x − 1"),
        (lambda g, x: g / (2 * x), "g / (2 · x)"),
        (lambda g, x: g / x / 2, "g / x / 2"),
        (lambda g, x: g / (x / 2), "g / (x / 2)"),
        (lambda g, x: g / x * 2, "(g / x) · 2"),
        (lambda g, x: g * (2 / x) * x, "g · (2 / x) · x"),
        (lambda g, x: -(g + x), "−(g + x)"),
        (lambda g, x: -g * x, "−g · x"),
        (lambda g, x: g * -x, "g · (−x)"),
        (lambda g, x: g + -x, "g + (−x)"),
        (lambda g, x: (-x) ** 2, "(−x)²"),
        (lambda g, x: g * x**-2, "g · x⁻²"),
        (lambda g, x: (g * x) ** (x - 1), "(g · x)^(x − 1)"),
        (lambda g, x: 2**x * g, "2^x · g"),
        (lambda g, x: g * (x > 0), "g · (x > 0)"),
        (lambda g, x: g * ((x > 0) & (x < 1.5)), "g · (x > 0 and x < 1.5)"),
        (lambda g, x: g * ~(x > 0), "g · (not x > 0)"),
        (lambda g, x: -g * x * x, "−g · x²"),
        (lambda g, x: -x * x + x * x * x, "−x² + x³"),
        (lambda g, x: g * x * x / x, "g · x² / x"),
        (lambda g, x: (g + x) * x * x, "(g + x) · x²"),
        (lambda g, x: g * (x <= -1), "g · (x ≤ −1)"),
        (lambda g, x: g[..., None, 1:], "g[…, None, 1:]"),
    ],
)
def test_parentheses_stand_where_they_are_needed_and_nowhere_else(read, derivative, text):
    assert read(derivative) == text


SLOPE = 1.5


def _helper(g, x):
    if x.sum() > 0:  # cannot run on symbols
        raise ValueError
    return g


@pytest.mark.parametrize(
    ("derivative", "text"),
    [
        (lambda g, x: _helper(g, x) * SLOPE, "helper(g, x) · SLOPE"),
        (lambda g, x: g * np.sqrt(2 / np.pi), "g · √(2 / π)"),
        (lambda g, x: np.abs(x - 1), "|x − 1|"),
        (lambda g, x: np.matmul(g, np.swapaxes(x, -1, -2)), "g @ xᵀ"),
        (lambda g, x: np.where(np.isnan(x), 0, g), "where(isnan(x), 0, g)"),
        (lambda g, x: np.sum(g, axis=tuple(range(x.ndim))), "sum(g, axis=(range(x.ndim)[i],))"),
        (lambda g, _x: np.zeros(_x.shape, _x.dtype), "zeros(x.shape, x.dtype)"),
        (lambda g, x: g if x.ndim == 1 else g * x, "g if x.ndim = 1 else g · x"),
        (lambda g, x: g * (1 if x.ndim == 1 else 2), "g · 1 if x.ndim = 1 else g · 2"),
        (lambda g, x: g if x.ndim == 1 else g, "g"),  # noqa: RUF034
        (lambda g, x: g if x.ndim == 1 else -g if x.ndim == 2 else x, "g if x.ndim = 1 else −g if x.ndim = 2 else x"),
        (_helper, "helper(g, x)"),
    ],
)
def test_what_a_rule_calls_prints_as_its_name_and_is_not_run(read, derivative, text):
    assert read(derivative) == text


def test_a_rule_made_by_a_function_prints_what_it_was_made_with(read):
    def scaled(f, factor):
        return lambda g, x: g * f(x) * factor

    assert read(scaled(math.cos, 3)) == "g · cos(x) · 3"


def test_joint_rules_and_rules_of_many_operands_are_read_by_operand(read):
    assert read(None, lambda *xs: xs[0], joint=lambda g, xs: [g * x for x in xs]) == "g · xs[i]"


def test_keyword_arguments_and_by_products_print_as_their_names(read):
    text = read(lambda g, d, scale: g * d * scale, lambda x, *, scale: (x, x), saves={"d": lambda x: x - 1})
    assert text == "g · d · scale"
    assert byproducts("temporary") == {"d": "x − 1"}


def test_operands_can_be_called_by_other_names():
    assert derivatives("multiply", {"a": "w", "b": "x"}) == {"a": "g · x", "b": "g · w"}
    assert formula("divide", "b", {"b": "rate", "a": "way"}) == "(−g / rate) · (way / rate)"


def test_unknown_names_are_errors_that_list_the_known_ones():
    with pytest.raises(KeyError, match="no primitive 'expp'"):
        formula("expp", "x")
    with pytest.raises(KeyError, match="its operands are a, b"):
        formula("multiply", "x")


def test_a_symbol_alone_has_no_truth():
    with pytest.raises(TypeError, match="x > 0"):
        bool(Symbol("x") > 0)


def test_docstrings_of_primitives_end_with_the_formula_of_the_rule():
    assert inspect.getdoc(tg.exp).endswith("Derivative: g · y")
    assert inspect.getdoc(tg.Tensor.tanh).endswith("Derivative: g · (1 − y²)")
    assert "input: g · other; other: g · input" in tg.mul.__doc__


def test_a_function_that_only_shares_the_name_of_a_primitive_keeps_its_docstring():
    assert "Derivative" not in tg.scatter.__doc__


def test_documenting_twice_changes_nothing():
    before = tg.exp.__doc__
    document([tg.exp])
    assert tg.exp.__doc__ == before
