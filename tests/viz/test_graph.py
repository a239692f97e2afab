"""The graph as data, and its ways out: text, DOT, pictures."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import rule, viz
from tinygrad_edu.primitive import PRIMITIVES
from tinygrad_edu.viz import layout


def shorthand(graph):
    """Nodes and edges in a form that can be written by hand."""
    symbols = {v.key: v.symbol for v in graph.nodes}
    return (
        [(v.symbol, v.primitive or v.kind) for v in graph.nodes],
        [(symbols[e.source], symbols[e.target], e.operand) for e in graph.edges],
    )


def line():
    x = tg.tensor([1.0, 2.0, 3.0])
    w = tg.tensor(0.5, requires_grad=True)
    b = tg.tensor(0.0, requires_grad=True)
    return x, w, b


def test_nodes_and_edges_are_those_of_the_expression():
    x, w, b = line()
    total = (w * x + b).sum()
    assert shorthand(viz.graph(total)) == (
        [("w", "leaf"), ("x", "constant"), ("v₁", "multiply"), ("b", "leaf"), ("v₂", "add"), ("total", "sum")],
        [("w", "v₁", "a"), ("x", "v₁", "b"), ("v₁", "v₂", "a"), ("b", "v₂", "b"), ("v₂", "total", "x")],
    )


def test_nodes_know_shape_dtype_value_and_gradient():
    x, w, b = line()
    y = (w * x + b).sum()
    y.backward()
    by_symbol = {v.symbol: v for v in viz.graph(y).nodes}
    assert (by_symbol["w"].shape, by_symbol["w"].dtype, by_symbol["w"].value) == ((), "float32", "0.5")
    assert (by_symbol["w"].gradient, by_symbol["b"].gradient) == ("6", "3")
    assert by_symbol["v₁"].shape == (3,)
    assert by_symbol["v₁"].value is None
    assert (by_symbol["y"].value, by_symbol["y"].output) == ("3", True)


def test_after_backward_the_picture_has_the_same_structure():
    x, w, b = line()
    y = tg.exp(w * x + b).sum()
    before = viz.graph(y)
    y.backward()
    after = viz.graph(y)
    assert [v.primitive for v in after.nodes] == [v.primitive for v in before.nodes]
    assert [(e.source, e.target, e.position) for e in after.edges] == [
        (e.source, e.target, e.position) for e in before.edges
    ]


def test_reading_the_graph_changes_nothing():
    x, w, b = line()
    y = tg.exp(w * x + b).sum()
    viz.graph(y, formulas=True)
    y.backward()
    assert w.grad.shape == ()


def test_a_tensor_used_twice_is_one_node():
    w = tg.tensor(2.0, requires_grad=True)
    y = w * w
    nodes, edges = shorthand(viz.graph(y))
    assert nodes == [("w", "leaf"), ("y", "multiply")]
    assert edges == [("w", "y", "a"), ("w", "y", "b")]


def test_a_constant_used_twice_is_one_node():
    x = tg.tensor([1.0, 2.0])
    w = tg.tensor(2.0, requires_grad=True)
    nodes, _ = shorthand(viz.graph((w * x) * x))
    assert nodes.count(("x", "constant")) == 1


def test_names_come_from_params_before_the_callers_variables():
    _, w, b = line()
    y = w * b
    assert [v.name for v in viz.graph(y, params={"weight": w, "bias": b}).nodes] == ["weight", "bias", "y"]
    assert [v.name for v in viz.graph(y, params=[("weight", w)]).nodes] == ["weight", "b", "y"]


def test_a_list_of_names_names_the_leaves_in_the_order_of_their_use():
    def made():
        return tg.tensor(1.0, requires_grad=True) * tg.tensor(2.0, requires_grad=True)

    assert [v.name for v in viz.graph(made(), params=["first", "second"]).nodes[:2]] == ["first", "second"]


def test_modules_name_their_parameters():
    class Module:
        def named_parameters(self):
            return iter([("0.weight", weight)])

    weight = tg.tensor(1.0, requires_grad=True)
    assert viz.graph(weight * 2, params=Module()).nodes[0].name == "0.weight"


def test_params_of_another_kind_are_an_error():
    w = tg.tensor(1.0, requires_grad=True)
    with pytest.raises(TypeError, match="params must be"):
        viz.graph(w * 2, params=[w])


def test_formulas_are_written_in_the_names_of_this_graph():
    x, w, b = line()
    y = tg.exp(w * x) - b
    found = {e.formula for e in viz.graph(y, formulas=True).edges}
    assert found == {"g · x", "g · v₂", "g", "−g", None}  # None: nothing is passed back to the constant


def test_a_constant_number_is_known_by_its_value():
    w = tg.tensor(2.0, requires_grad=True)
    graph = viz.graph(w * 3, formulas=True)
    assert [v.symbol for v in graph.nodes] == ["w", "3", "v₁"]
    assert graph.edges[0].formula == "g · 3"


def test_several_outputs_are_one_graph():
    w = tg.tensor(2.0, requires_grad=True)
    graph = viz.graph([w * 2, tg.exp(w)])
    assert [v.primitive for v in graph.nodes if v.output] == ["multiply", "exp"]
    assert sum(v.kind == "leaf" for v in graph.nodes) == 1


def test_one_of_several_results_is_an_edge_with_an_index():
    before = dict(PRIMITIVES)
    halves = rule(lambda x: (x / 2, x * 2), lambda g: g[0] / 2 + g[1] * 2, name="halves")
    try:
        w = tg.tensor(2.0, requires_grad=True)
        graph = viz.graph(halves(w)[1] * 3, formulas=True)
    finally:
        PRIMITIVES.clear()
        PRIMITIVES.update(before)
    (edge,) = [e for e in graph.edges if e.result is not None]
    assert edge.result == 1
    assert "multiply(v₁[1], 3)" in graph.text()
    assert "[1]" in graph.dot()


def test_nothing_recorded_is_an_error_that_says_so():
    with pytest.raises(RuntimeError, match="nothing was recorded"):
        viz.graph(tg.tensor(1.0) * 2)
    with pytest.raises(TypeError, match="expected Tensors, got float"):
        viz.graph(1.0)


def test_the_leaf_alone_is_a_graph():
    w = tg.tensor(1.0, requires_grad=True)
    assert shorthand(viz.graph(w)) == ([("w", "leaf")], [])


def test_parameters_that_are_gone_keep_their_place():
    y = tg.exp(tg.tensor([1.0, 2.0], requires_grad=True))
    assert [(v.kind, v.shape) for v in viz.graph(y).nodes] == [("leaf", (2,)), ("output", (2,))]


def test_the_graph_of_a_gradient_can_be_drawn():
    x = tg.tensor(2.0, requires_grad=True)
    (slope,) = tg.autograd.grad(tg.exp(x * x), x, create_graph=True)
    graph = viz.graph(slope)
    assert graph.nodes[-1].name == "slope"
    assert sum(v.primitive == "multiply" for v in graph.nodes) >= 3


def test_a_chain_of_20_000_calls_needs_no_recursion():
    w = tg.tensor(1.0, requires_grad=True)
    y = w
    for _ in range(20_000):
        y = -y
    graph = viz.graph(y)
    assert len(graph.nodes) == 20_001
    assert [line.split()[-4:] for line in graph.text().splitlines()][-1] == ["scalar", "float32", "=", "1"]
    assert len(graph.text().splitlines()) < 10
    assert not any(c.folded for c in graph.unfold().clusters)


def test_text_reads_like_a_program():
    x, w, b = line()
    y = w * x + b
    assert viz.graph(y, formulas=True).text().splitlines() == [
        "w   leaf            scalar  float32  = 0.5",
        "x   constant        (3,)    float32",
        "v₁  multiply(w, x)  (3,)    float32",
        "      w: g · x",
        "b   leaf            scalar  float32  = 0",
        "y   add(v₁, b)      (3,)    float32",
        "      v₁: g",
        "      b: g",
    ]


HOSTILE = ["<script>alert(1)</script>", 'quo"te', "back\\slash", "new\nline", "]]>", "‮rtl", "&amp;", "", "%n", "é·λ"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_shown_as_they_are(name, pure):
    w = tg.tensor(1.0, requires_grad=True)
    out = tg.exp(w) * w
    svg = viz.graph(out, params={name: w}, formulas=True)._repr_svg_()
    tree = ElementTree.fromstring(svg)
    tags = {element.tag.rpartition("}")[2] for element in tree.iter()}
    assert tags <= {"svg", "style", "g", "title", "polygon", "path", "text"}
    if name.isprintable() and name:
        assert name in "".join(tree.itertext()).replace("\xa0", " ")


# -- pictures --------------------------------------------------------------------------------------


@pytest.fixture
def pure(monkeypatch):
    """Only graphviz-pure is installed."""
    path = shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    if path is None:
        pytest.skip("graphviz-pure is not installed")
    monkeypatch.setattr(shutil, "which", lambda name, path=None: pure_path if name == "graphviz-pure" else None)
    pure_path = path


def _some_graph():
    x, w, b = line()
    y_pred = tg.exp(w * x + b)
    loss = ((y_pred - 1) * (y_pred - 1)).mean()
    return viz.graph(loss, formulas=True)


def test_svg_png_and_the_notebook_work_with_graphviz_pure_alone(pure, tmp_path):
    graph = _some_graph()
    svg = graph.render(tmp_path / "deep" / "graph.svg")
    words = "".join(ElementTree.parse(svg).getroot().itertext())
    assert {"w", "y_pred", "loss"} <= set(re.findall(r"\w+", words))
    assert (tmp_path / "deep" / "graph.svg").read_bytes() == graph._repr_svg_().encode()
    with open(graph.render(str(tmp_path / "graph.png")), "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"
    assert graph.render(tmp_path / "no_ending").endswith("no_ending.svg")


def test_pdf_needs_dot_and_says_so(pure, tmp_path):
    with pytest.raises(viz.LayoutMissing, match="writes SVG and PNG"):
        _some_graph().render(tmp_path / "graph.pdf")
    assert not (tmp_path / "graph.pdf").exists()


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_every_format_works_with_dot(ending, tmp_path):
    if shutil.which("dot") is None:
        pytest.skip("the program dot is not installed")
    path = _some_graph().render(tmp_path / f"graph.{ending}")
    with open(path, "rb") as file:
        assert file.read(5).startswith({"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF-"}[ending])


def test_with_neither_program_the_error_names_both_remedies(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(viz.LayoutMissing, match=r"pip install graphviz-pure.*apt install graphviz.*graph\.text\(\)"):
        _some_graph().render(tmp_path / "graph.svg")
    assert list(tmp_path.iterdir()) == []


def test_the_package_graphviz_keeps_its_own_program(pure):
    before = layout.dot_command.DOT_BINARY
    _some_graph()._repr_svg_()
    assert before == layout.dot_command.DOT_BINARY


def test_unknown_formats_and_directions_are_errors(tmp_path):
    with pytest.raises(ValueError, match=r"not as \.jpg"):
        _some_graph().render(tmp_path / "graph.jpg")
    with pytest.raises(ValueError, match="direction must be"):
        _some_graph().dot("down")


def test_dot_text_has_a_line_for_each_node_and_edge():
    graph = _some_graph()
    source = graph.dot("LR")
    assert "rankdir=LR" in source
    assert len(re.findall(r"^\tn\d+ \[", source, re.M)) == len(graph.nodes)
    assert len(re.findall(r"^\tn\d+ -> n\d+", source, re.M)) == len(graph.edges)


def test_the_package_does_not_import_viz_by_itself():
    code = "import sys, tinygrad_edu; assert not {'tinygrad_edu.viz', 'graphviz'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_plain_arrays_of_the_caller_name_constants():
    table = np.ones(3, np.float32)
    w = tg.tensor(1.0, requires_grad=True)
    assert ("table", "constant") in shorthand(viz.graph(w * table))[0]


@pytest.mark.parametrize("params", [3, "w", {"w": 1}, [1], [("a",)], {1: tg.tensor(1.0)}, tg.tensor(1.0)])
def test_params_that_name_nothing_are_refused(params):
    with pytest.raises(TypeError, match="graph: params"):
        viz.graph(tg.tensor(1.0, requires_grad=True) * 2, params)


@pytest.mark.parametrize("name", ["", "folder/"])
def test_a_folder_is_no_name_of_a_picture_or_page(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    graph = viz.graph(tg.tensor(1.0, requires_grad=True) * 2)
    for write in (graph.render, graph.html):
        with pytest.raises(ValueError, match="a name in the folder, such as "):
            write(name)
    assert list(tmp_path.iterdir()) == []
