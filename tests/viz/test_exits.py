"""Text, Mermaid, DOT, JSON: each shows the same graph, in looks that mean something."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
from tests.autograd.programs import random_program, run
from tinygrad_edu import autograd, nn, viz
from tinygrad_edu.viz import listing, palette


def some_graph(formulas=True):
    x = tg.tensor([1.0, 2.0, 3.0])
    w = tg.tensor(0.5, requires_grad=True)
    b = tg.tensor(0.0, requires_grad=True)
    loss = ((w * x + b - 1) ** 2).mean()
    return viz.graph(loss, formulas=formulas)


HOSTILE = [
    "<script>alert(1)</script>", 'quo"te', "it's", "back\\slash", "new\nline", "]]>", "\u202ertl", "&amp;", "", "%n",
    "a|b{c}",    "end", "--> x", "```", "#quot;", "\x00\x1b[31m", "</style>", "\\N\\G", "subgraph",
]  # fmt: skip


def hostile_graph(name):
    w = tg.tensor(1.0, requires_grad=True)
    return viz.graph(tg.exp(w) * w, params={name: w, "deep": w}, formulas=True)


def hostile_model(name):
    model = nn.Module()
    model.add_module(name, nn.Linear(1, 1))
    model.forward = lambda x: getattr(model, name)(x)
    return viz.graph(model, tg.ones(1, 1))


# -- JSON ----------------------------------------------------------------------------------------------------


def test_json_has_every_key_always():
    data = json.loads(json.dumps(some_graph().json()))
    assert data["version"] == 1
    node, edge = data["nodes"][0], data["edges"][0]
    assert list(sorted(node)) == [
        "bad", "born", "cluster", "dtype", "gradient", "id", "kind", "module", "name", "options", "order", "output",
        "primitive", "results", "shape", "site", "symbol", "value", "where",
    ]  # fmt: skip
    assert edge == {
        "source": "n0", "target": "n2", "operand": "a", "position": 0, "result": None, "formula": "g · x",
    }  # fmt: skip
    assert node["shape"] == []
    assert all(set(n) == set(node) for n in data["nodes"])


def test_json_of_clusters():
    data = viz.graph(nn.Sequential(nn.Linear(1, 1)), tg.ones(1, 1)).json()
    assert data["clusters"] == [
        {"id": "c0", "kind": "module", "label": "0: Linear", "path": "0", "parent": None, "folded": False, "count": 1}
    ]
    assert {n["cluster"] for n in data["nodes"]} == {"c0", None}


@pytest.mark.parametrize("name", HOSTILE)
def test_json_keeps_names_as_they_are(name):
    assert json.loads(json.dumps(hostile_graph(name).json()))["nodes"][0]["name"] == (name or None)


# -- text ----------------------------------------------------------------------------------------------------


def test_text_has_colours_only_where_a_terminal_has_them(monkeypatch):
    class Terminal:
        def isatty(self):
            return True

    graph = some_graph()
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" not in graph.text()  # standard output is no terminal here
    monkeypatch.setattr(listing.sys, "stdout", Terminal())
    assert "\x1b[" in graph.text()
    assert "\x1b[" not in graph.text(color=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in graph.text()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b[" not in graph.text()


def test_colours_change_nothing_else():
    graph = some_graph()
    assert re.sub(r"\x1b\[[\d;]*m", "", graph.text(color=True)) == graph.text(color=False)


@pytest.mark.parametrize("name", HOSTILE)
def test_text_cannot_be_torn_apart_by_names(name):
    for graph in (hostile_graph(name), hostile_model("x" + name.replace(".", ""))):
        text = graph.text(color=False)
        assert all(line.isprintable() for line in text.splitlines())
        assert len(text.splitlines()) == len(hostile_graph("plain").text().splitlines()) or graph.clusters


# -- Mermaid -------------------------------------------------------------------------------------------------

_MERMAID = re.compile(
    r"flowchart (TB|LR)|classDef \w+ [\w:#,. -]+|class c\d+(,c\d+)* (module|repeat)|subgraph c\d+\[\"[^\"]*\"\]|end|"
    r"(n|c)\d+(\[\"[^\"]*\"\]|\(\"[^\"]*\"\)|\[\[\"[^\"]*\"\]\]):::\w+|(n|c)\d+ -->(\|\"[^\"]*\"\|)? (n|c)\d+"
)


@pytest.mark.parametrize("name", HOSTILE)
def test_every_line_of_mermaid_is_one_of_a_few_forms(name):
    for graph in (some_graph(), hostile_graph(name), hostile_model("x" + name.replace(".", ""))):
        for line in graph.mermaid().splitlines():
            assert _MERMAID.fullmatch(line.strip()), line
            for label in re.findall(r'"([^"]*)"', line):
                assert set(re.findall(r"<[^>]*>", label)) <= {"<b>", "</b>", "<br/>", "<small>", "</small>"}


def test_mermaid_says_what_the_graph_says():
    lines = some_graph().mermaid("LR").splitlines()
    assert lines[0] == "flowchart LR"
    assert any("<b>w</b>" in line and line.endswith(":::leaf") for line in lines)
    assert '    n0 -->|"g · x"| n2' in lines
    with pytest.raises(ValueError, match="direction must be"):
        some_graph().mermaid("up")


def test_a_label_of_mermaid_decodes_to_the_name():
    label = re.search(r'n0\["<b>(.*?)</b>', hostile_graph('a<b> & "c" |#;').mermaid()).group(1)
    assert html.unescape(re.sub(r"#(\d+);", r"&#\1;", label)) == 'a<b> & "c" |#;'


# -- DOT -----------------------------------------------------------------------------------------------------


def parsed(source):
    """What Graphviz itself understands by a DOT text."""
    if shutil.which("dot") is None:
        pytest.skip("the program dot is not installed")
    done = subprocess.run(["dot", "-Tdot_json"], input=source.encode(), capture_output=True, check=True)
    assert not done.stderr
    return json.loads(done.stdout)


def test_dot_parsed_back_is_the_graph():
    graph = viz.graph(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)), tg.ones(5, 2), formulas=True)
    data = parsed(graph.dot("LR"))
    assert data["rankdir"] == "LR"
    objects = data["objects"]
    names = [o["name"] for o in objects]
    assert {n for n in names if not n.startswith("cluster")} == {v.key for v in graph.nodes}
    assert {n for n in names if n.startswith("cluster")} == {f"cluster_{c.key}" for c in graph.clusters}
    edges = [(names[e["tail"]], names[e["head"]], e.get("label", "").strip()) for e in data["edges"]]
    assert sorted(edges) == sorted((e.source, e.target, e.formula or "") for e in graph.edges)
    by_name = {o["name"]: o for o in objects}
    for c in graph.clusters:
        inside = {names[k] for k in by_name[f"cluster_{c.key}"]["nodes"]}
        assert inside == {v.key for v in graph.nodes if v.cluster == c.key}
    for v in graph.nodes:
        assert (v.name or v.primitive or "") in html.unescape(by_name[v.key]["label"])


@pytest.mark.parametrize("name", HOSTILE)
def test_dot_with_hostile_names_is_still_the_graph(name):
    for graph in (hostile_graph(name), hostile_model("x" + name.replace(".", ""))):
        data = parsed(graph.dot())
        nodes = [o for o in data["objects"] if not o["name"].startswith("cluster")]
        assert len(nodes) == len(graph.nodes)
        assert len(data["edges"]) == len(graph.edges)
        tree = ElementTree.fromstring(graph.svg())
        assert not {e.tag.rpartition("}")[2] for e in tree.iter()} & {"script", "a", "image", "foreignObject"}


@given(st.text(max_size=30))
@settings(max_examples=30, deadline=None)
def test_any_name_is_text_in_every_exit(name):
    graph = hostile_graph(name)
    assert graph.text(color=False).isprintable() or "\n" in graph.text()
    for line in graph.mermaid().splitlines():
        assert _MERMAID.fullmatch(line.strip()), line


def test_legends_explain_what_occurs_and_can_be_left_out():
    source = some_graph().dot()
    assert "a leaf: yours" in source
    assert "a parameter" not in source
    assert "a leaf: yours" not in some_graph().dot(legend=False)


# -- looks ---------------------------------------------------------------------------------------------------


def luminance(color):
    parts = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("kind", list(palette.LOOKS))
def test_text_has_enough_contrast_in_light_and_dark(kind):
    look = palette.LOOKS[kind]
    for text in (look.text, look.faint):
        assert contrast(text, look.fill) >= 4.5
        assert contrast(palette.DARK[text], palette.DARK[look.fill]) >= 4.5
    warning = palette.WARNING_ON_DARK if kind == "output" else palette.WARNING
    assert contrast(warning, look.fill) >= 4.5
    assert contrast(palette.DARK[warning], palette.DARK[look.fill]) >= 4.5
    for fill, _ in palette.CLUSTER.values():
        assert contrast(palette.FORMULA, fill) >= 4.5
        assert contrast(palette.DARK[palette.FORMULA], palette.DARK[fill]) >= 4.5


def test_kinds_differ_without_colour():
    def grey(look):
        bright = luminance(look.fill)
        shade = "dark" if bright < 0.2 else "white" if bright > 0.95 else "tinted"
        return look.rounded, look.dashed, look.dotted, look.double, look.width > 2, shade, luminance(look.line) < 0.25

    looks = {kind: grey(look) for kind, look in palette.LOOKS.items()}
    assert len(set(looks.values())) >= len(looks) - 1  # a buffer and a parameter differ in the shade only
    assert luminance(palette.LOOKS["parameter"].line) < luminance(palette.LOOKS["buffer"].line)


def test_every_colour_of_a_picture_has_its_dark_one():
    graph = some_graph()
    colors = set(re.findall(r"#[0-9a-f]{6}", graph.dot()))
    assert colors <= set(palette.DARK)
    used = [c for look in palette.LOOKS.values() for c in (look.fill,)]
    assert len(set(palette.DARK)) == len(palette.DARK)
    assert len(used) == len(set(used)) + 1  # parameters and leaves are both blue


def test_the_style_sheet_touches_this_picture_only():
    svg = some_graph().svg()
    assert 'class="tinygrad-graph"' in svg
    style = re.search(r"<style>(.*?)</style>", svg, re.S).group(1)
    assert style.startswith("@media (prefers-color-scheme: dark){")
    selectors = re.findall(r"[{}]([^{}]+)\{", style)
    assert all(s.startswith("svg.tinygrad-graph [") for s in selectors)


# -- notebooks -----------------------------------------------------------------------------------------------


def test_notebooks_get_the_picture_and_the_text():
    bundle = some_graph()._repr_mimebundle_()
    ElementTree.fromstring(bundle["image/svg+xml"])
    assert bundle["text/plain"].startswith("<Graph: ")


def test_without_a_layout_program_the_text_is_shown(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    bundle = some_graph()._repr_mimebundle_()
    assert list(bundle) == ["text/plain"]
    for text in (bundle["text/plain"], _error(lambda: some_graph().render(tmp_path / "x.svg"))):
        assert "pip install graphviz-pure" in text
        assert "apt install graphviz" in text
        assert "multiply(w, x)" in text


def _error(call):
    with pytest.raises(viz.LayoutMissing) as caught:
        call()
    return str(caught.value)


# -- derivatives, NaN ----------------------------------------------------------------------------------------


def test_first_and_second_derivatives_are_told_apart():
    x = tg.tensor(2.0, requires_grad=True)
    y = tg.tanh(x * x)
    (slope,) = autograd.grad(y, x, create_graph=True)
    penalty = slope * slope
    (curve,) = autograd.grad(slope, x, create_graph=True)
    third = autograd.grad(curve, x, create_graph=True)[0]
    orders = {v.name: v.order for v in viz.graph([y, slope, penalty, curve, third]).nodes}
    assert (orders["x"], orders["y"], orders["slope"], orders["penalty"]) == (0, 0, 1, 1)
    assert (orders["curve"], orders["third"]) == (2, 3)
    graph = viz.graph([y, curve])
    assert "∂ order 2" in graph.text()
    assert "dashed" in graph.dot()
    assert "dotted" in graph.dot()


def test_gradients_of_backward_belong_to_the_derivative():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    (w**3).sum().backward(create_graph=True)
    orders = [v.order for v in viz.graph((w.grad**2).sum()).nodes if v.primitive]
    assert min(orders) == 1 == max(orders)


def test_a_nan_is_followed_to_where_it_was_born():
    a = tg.tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        bad = tg.log(a)
        s = (tg.exp(bad) * 2 + a).sum()
    graph = viz.graph(s)
    assert [(v.primitive, v.bad) for v in graph.nodes if v.born] == [("log", "nan")]
    assert next(v for v in graph.nodes if v.output).bad == "nan"
    assert "⚠ NaN born here" in graph.text()
    assert "born here" in graph.dot()


def test_a_bad_constant_is_born_where_it_is_given():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    data = tg.tensor([1.0, float("inf")])
    graph = viz.graph((w * data).sum())
    assert [(v.name, v.bad) for v in graph.nodes if v.born] == [("data", "inf")]


def test_a_model_is_searched_through_every_node():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(tg.ones(3))

        def forward(self, x):
            return (((self.weight - 1) / (x - x)) + 1).sum()  # 0 / 0, and nothing is saved of the sums

    with np.errstate(all="ignore"):
        graph = viz.graph(Model(), tg.ones(3))
    assert [(v.primitive, v.bad) for v in graph.nodes if v.born] == [("divide", "nan")]


def test_who_is_not_looked_at_pays_nothing():
    """A step makes as many calls in a process that has filmed one as in one that knows nothing of viz."""
    code = """
import sys
import tinygrad_edu as tg
w = tg.ones(3, requires_grad=True)
def step():
    w.grad = None
    (tg.exp(w) * w).sum().backward()
def calls():
    count = [0]
    def look(frame, event, argument):
        count[0] += 1
    step(), step()
    sys.setprofile(look)
    step()
    sys.setprofile(None)
    return count[0]
before = calls()
assert "tinygrad_edu.viz" not in sys.modules
from tinygrad_edu import viz
with viz.record() as film:
    step()
film.graph().text()
assert calls() == before
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# -- looking changes nothing ---------------------------------------------------------------------------------


@given(st.integers(0, 10**6), st.booleans(), st.booleans())
@settings(max_examples=25, deadline=None)
def test_looking_on_never_changes_results(seed, filmed, create_graph):
    program = random_program(seed)

    def results(look):
        xs = [tg.tensor(x, requires_grad=True) for x in program.leaves]
        total = look(lambda: run(tg, program, xs))
        total.backward(create_graph=create_graph)
        return [total.item(), *(None if x.grad is None else x.grad.tolist() for x in xs)]

    def looked_at(compute):
        if filmed:
            with viz.record():
                total = compute()
        else:
            total = compute()
        graph = viz.graph(total, formulas=True)
        graph.text(), graph.mermaid(), graph.dot(), graph.json()
        return total

    assert results(looked_at) == results(lambda compute: compute())
