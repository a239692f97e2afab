"""Formulas as text: what they compute, and that nothing else is ever computed."""

from __future__ import annotations

import builtins
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.__main__ import main
from tinygrad_edu.viz import expressions, leaves
from tinygrad_edu.viz.expressions import FUNCTIONS, Formula, FormulaError, Refused

VALUES = {
    "w": tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]),
    "x": tg.tensor([1.0, 0.0, -1.0]),
    "b": tg.tensor([0.5, 1.0]),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("w @ x + b", [-1.5, -1.0]),
        ("sum(x ** 2)", 2.0),
        ("x^2", [1.0, 0.0, 1.0]),
        ("-x / 2 + 1", [0.5, 1.0, 1.5]),
        ("2 ** 3 * x", [8.0, 0.0, -8.0]),
        ("max(w, dim=1)", [3.0, 6.0]),
        ("stack([x, 2 * x])", [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0]]),
        ("mse_loss(x, [0, 0, 0], reduction='sum')", None),
        ("mse_loss(b, b, reduction='sum')", 0.0),
        ("ln(e) + 0 * x", [1.0, 1.0, 1.0]),
        ("reshape(x, (3, 1))", [[1.0], [0.0], [-1.0]]),
    ],
)
def test_formulas_compute_what_they_say(text, expected):
    if expected is None:
        with pytest.raises(FormulaError):
            Formula(text).compute(VALUES)
    else:
        np.testing.assert_allclose(Formula(text).compute(VALUES).numpy(), expected, rtol=1e-6)


HOSTILE = [
    "__import__('os').system('x')", "().__class__.__bases__", "x.__class__", "x.sum()", "tg.exp(x)", "eval('1')",
    "exec('1')", "open('x')", "getattr(x, 'y')", "compile('1', '', 'eval')", "print(x)", "save(x, 'f')", "load('f')",
    "[x for x in w]", "{x: 1 for x in w}", "(x for x in w)", "{1: 2}", "{1, 2}", "lambda: 1", "(lambda: 1)()",
    "x if x else b", "x and b", "not x", "~x", "x == b", "x < b", "x[0]", "x[__import__('os')]", "f'{x}'", "'a'",
    "x + 'a'", "b'a'", "x := 1", "(y := x)", "x; x", "import os", "await x", "yield x", "*x", "exp(*x)", "exp(**x)",
    "1j * x",
    "x // 2", "x % 2", "x << 2", "x | b", "x & b", "...", "exp", "_x + 1", "__builtins__", "exp(x, out=x)",
    "exp(x, __class__=x)", "zeros(10)", "ones((1000000, 1000000))", "randn(10)", "eye(100000)", "arange(10 ** 9)",
    "diag(x, 1000000000)", "reshape(x, (1000000000, 1))", "99999999999999999999 * x", "x\u202e + 1", "x\x00", "", "   ",
    "x +", "(" * 300 + "x" + ")" * 300, "-" * 1500 + "x", "x" + "+x" * 5000, "exp(" * 150 + "x" + ")" * 150, "0x",
    "x y",
    "[" * 150 + "x" + "]" * 150, "x" * 3000, "<script>alert(1)</script>", "x\nimport os", "exp(x))", "`x`", "$x", "x?",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_everything_else_is_refused_and_nothing_runs(text, monkeypatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("this must not be called")

    for name in ("eval", "exec", "open", "print"):
        monkeypatch.setattr(builtins, name, forbidden)
    monkeypatch.setattr(os, "system", forbidden)
    with pytest.raises(Refused):
        Formula(text).compute(VALUES)


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 9 ** 9 ** 9",
        "1 / 0",
        "(-8) ** (1 / 3)",
        "10 ** 400 * x",
        "x @ b",
        "softmax(x, dim=7)",
        "y + 1",
        "exp([x])",
    ],
)
def test_what_cannot_be_computed_is_an_error(text):
    with pytest.raises(FormulaError):
        Formula(text).compute(VALUES)


def test_large_results_are_refused_before_they_are_computed():
    big = {n: tg.ones(*s) for n, s in {"a": (1000,), "b": (1000, 1), "c": (1000, 1, 1)}.items()}
    assert Formula("a + b").compute(big).shape == (1000, 1000)
    for text in ("a + b + c", "outer(exp(a), a) + c", "cat([a + b, a + b, a + b, a + b, a + b])"):
        with pytest.raises(Refused, match=r"too many elements|more than"):
            Formula(text).compute(big)


def test_errors_say_what_to_write_instead():
    for text, words in {
        "sgimoid(x)": "Is it sigmoid",
        "x.exp()": r"exp\(…\)",
        "w.T": r"transpose\(…\)",
        "x == 1": "Compare",
        "exp": r"write exp\(…\)",
        "x % 2": r"not one of \+ - \* / @ \*\*",
    }.items():
        with pytest.raises(Refused, match=words):
            Formula(text)


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_formula_or_an_error(text):
    try:
        formula = Formula(text)
    except Refused:
        return
    assert all(n.isidentifier() for n in formula.names)


def test_functions_create_no_tensors_of_any_size_and_touch_no_files():
    suspicious = "zeros ones full empty eye arange linspace rand randn save load expand tile kron repeat_interleave"
    assert not {*suspicious.split(), "from_numpy", "tensor", "dropout", "manual_seed"} & set(FUNCTIONS)


# -- tensors for the names ---------------------------------------------------------------------------------


def shapes_of(text, *words):
    formula = Formula(text)
    return {n: tuple(t.shape) for n, t in leaves.leaves(formula, *leaves.given(words), 0).items()}


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("sigmoid(w @ x + b)", (), {"w": (2, 3), "x": (3,), "b": (2,)}),
        ("a * b + c", (), {"a": (), "b": (), "c": ()}),
        ("softmax(x, dim=0)", (), {"x": (3,)}),
        ("w @ x", ("w:4x5",), {"w": (4, 5), "x": (5,)}),
        ("w @ x", ("w=[[1,2]]",), {"w": (1, 2), "x": (2,)}),
        ("sigmoid(w @ x + b)", ("w=[[1,2]]",), {"w": (1, 2), "x": (2,), "b": (1,)}),
        ("x * y", ("x:scalar", "y=[1, -2]"), {"x": (), "y": (2,)}),
        ("linear(x, w, b)", (), {"x": (2, 3), "w": (2, 3), "b": (2,)}),
        ("relu(w2 @ relu(w1 @ x + b1) + b2)", (), {"w2": (3, 2), "w1": (2, 3), "x": (3,), "b1": (2,), "b2": (3,)}),
        ("cross_entropy(x, t)", (), {"x": (3,), "t": ()}),
    ],
)
def test_names_get_shapes_that_fit(text, words, expected):
    assert shapes_of(text, *words) == expected


def test_given_numbers_are_the_leaves_and_seeds_repeat():
    formula = Formula("w * x")
    values, shapes = leaves.given(["w=[1, 2.5]"])
    first, second = (leaves.leaves(formula, values, shapes, 3) for _ in range(2))
    assert first["w"].tolist() == [1.0, 2.5]
    assert first["w"].requires_grad
    assert first["x"].tolist() == second["x"].tolist()
    assert leaves.leaves(formula, values, shapes, 4)["x"].tolist() != first["x"].tolist()


def test_numbers_are_positive_where_the_formula_needs_it():
    for seed in range(5):
        tensors = leaves.leaves(Formula("log(x) + sqrt(y)"), {}, {}, seed)
        assert (tensors["x"] > 0).all()
        assert (tensors["y"] > 0).all()


def test_what_losses_compare_with_needs_no_gradient():
    tensors = leaves.leaves(Formula("cross_entropy(w @ x, t)"), {}, {}, 0)
    assert tensors["t"].dtype == tg.int64
    assert not tensors["t"].requires_grad
    assert not leaves.leaves(Formula("mse_loss(w * x, y)"), {}, {}, 0)["y"].requires_grad


@pytest.mark.parametrize(
    ("text", "words", "match"),
    [
        ("w * x", ["z=1"], "does not occur"),
        ("w * x", ["w=[[1],[1,2]]"], "same length"),
        ("w * x", ["w:100000"], "a shape is written"),
        ("w * x", ["w:1000x1000"], "between 1 and 1000"),
        ("w * x", ["w:0"], "between 1 and 1000"),
        ("w * x", ["w"], "names are given as"),
        ("w * x", ["w=1", "w:2"], "given twice"),
        ("w * x", ["w=x"], "neither a number nor a list"),
        ("w * x", ["w=__import__('os')"], "neither a number nor a list"),
        ("w * x", ["w=[1]*1000000000"], "neither a number nor a list"),
        ("w * x", ["w=" + "[" * 100 + "]" * 100], "levels|cannot be read"),
        ("w * x", ["w=" + repr([0] * 1001)], "characters|at most"),
        ("w @ x", ["w:4x5", "x=[1,2]"], "cannot be multiplied"),
    ],
)
def test_bad_values_are_errors(text, words, match):
    with pytest.raises(FormulaError, match=match):
        values, shapes = leaves.given(words)
        leaves.leaves(Formula(text), values, shapes, 0)


# -- the command -------------------------------------------------------------------------------------------


def test_the_command_prints_text(capsys):
    assert main(["graph", "sigmoid(w @ x + b)", "w=[[1,2]]", "x=[3,4]", "b=0", "--format", "text"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["w", "leaf", "(1,", "2)", "float32"]
    assert "matmul(w, x)" in lines[2]
    assert any("w: g @ xᵀ" in line for line in lines)


@pytest.mark.parametrize("form", ["mermaid", "dot", "json"])
def test_the_command_prints_sources(form, capsys):
    assert main(["graph", "w * x", "--format", form]) == 0
    assert "multiply" in capsys.readouterr().out


def test_the_command_writes_files_and_prints_their_paths(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for arguments, name in (([], "graph.html"), (["--format", "svg"], "graph.svg"), (["-o", "deep.txt"], "deep.txt")):
        assert main(["graph", "w * x", *arguments]) == 0
        assert capsys.readouterr().out.strip() == name
        assert "multiply" in (tmp_path / name).read_text(encoding="utf-8")


def test_gradients_of_the_command_are_those_of_the_formula(capsys):
    assert main(["graph", "w * x", "w=3", "x=5", "--format", "text"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("= 3  grad 5")
    assert out[1].endswith("= 5  grad 3")


@pytest.mark.parametrize(
    "arguments",
    [["open('x')"], ["3"], ["x"], ["w * x", "z=1"], ["w * x", "-o", "x.exe"], ["w * x", "-o", "no/where.txt"]],
)
def test_the_command_refuses_with_one_line(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["graph", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("python -m tinygrad_edu graph: ")
    assert list(tmp_path.iterdir()) == []


def test_opening_uses_the_browser(monkeypatch, tmp_path):
    opened = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["graph", "w * x", "--format", "svg", "--open"]) == 0
    assert opened == [(tmp_path / "graph.svg").as_uri()]


def test_without_a_layout_program_the_command_shows_the_text(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.which", lambda name, path=None: None)
    for form in ("svg", "html"):
        assert main(["graph", "--format", form, "--", "-w * x"]) == 2
        assert "multiply(v₁, x)" in capsys.readouterr().err


def test_the_module_is_no_other_way_to_run_python():
    source = Path(expressions.__file__).read_text(encoding="utf-8")
    assert not any(
        word in source for word in ("eval(", "exec(", "literal_eval", "compile(", "getattr(node", "import os")
    )


@pytest.mark.parametrize(
    ("book", "plain"),
    [("x·w − 3", "x * w - 3"), ("x² × w³", "x**2 * w**3"), ("−x ÷ w", "-x / w"), ("sin(π·x)", "sin(pi * x)")],
)
def test_signs_may_be_those_of_books(book, plain):
    values = {"x": tg.tensor(0.5), "w": tg.tensor(2.0)}
    assert Formula(book).compute(values).item() == Formula(plain).compute(values).item()


@pytest.mark.parametrize("text", ["", "  ", "x +"])
def test_what_ends_too_early_is_said_to(text):
    with pytest.raises(Refused, match="it is empty, or ends too early"):
        Formula(text)


def test_advice_for_programs_is_not_given_for_formulas(tmp_path, recwarn):
    assert main(["graph", "softmax(w @ x)", "-o", str(tmp_path / "x.txt")]) == 0
    assert not recwarn.list
