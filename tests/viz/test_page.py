"""Pages as text: what is in the file, and what can go wrong on the way to it."""

from __future__ import annotations

import json
import re
import shutil
import sysconfig
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn, viz
from tinygrad_edu.viz import layout, page
from tinygrad_edu.viz.page.arrays import Arrays
from tinygrad_edu.viz.page.portions import portioned


def example():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        loss = (w * w).sum()
        loss.backward()
    return film


def data_of(text):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in ("src", "href")]


def test_a_page_is_one_file_that_asks_for_nothing(tmp_path):
    path = example().html(tmp_path / "deep" / "film")
    assert path == str(tmp_path / "deep" / "film.html")
    text = Path(path).read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(text)
    assert tags.links == ["data:,"]
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)
    assert "default-src 'none'" in text


def test_the_data_are_the_graphs():
    film = example()
    data = data_of(page.document(film.graph(), film))
    assert [n["symbol"] for n in data["graph"]["nodes"]] == ["w", "v₁", "loss"]
    assert [s["kind"] for s in data["film"]["steps"]] == ["call", "call", "seed", "back", "back", "leaf"]
    assert data["graph"]["edges"][0] == {
        "source": "n0", "target": "n1", "operand": "a", "position": 0, "formula": "g · w",
    }  # fmt: skip


def test_without_javascript_the_graph_is_there_as_text():
    film = example()
    text = page.document(film.graph(), film)
    assert "multiply(w, w)" in text[text.index("<noscript>") : text.index("</noscript>")]


def test_a_page_has_no_other_ending(tmp_path):
    with pytest.raises(ValueError, match=r"a page is written as \.html, not as \.svg"):
        example().graph().html(tmp_path / "x.svg")


def test_jupyter_shows_the_page_in_a_frame():
    shown = example()._repr_html_()
    assert shown.startswith("<iframe") and "srcdoc=" in shown and "<script" not in shown


def test_both_layout_programs_will_do(monkeypatch, tmp_path):
    pure = shutil.which("graphviz-pure") or shutil.which("graphviz-pure", path=sysconfig.get_path("scripts"))
    found = [p for p in (shutil.which("dot"), pure) if p]
    if not found:
        pytest.skip("no layout program is installed")
    for program in found:
        monkeypatch.setattr(layout, "program", lambda *_, program=program: program)
        film = example()
        plan = data_of(page.document(film.graph(), film))["plan"]
        assert set(plan["levels"][""]["at"]) == {"n0", "n1", "n2"}
        assert len(plan["levels"][""]["pieces"]) == 3


def test_without_a_layout_program_the_error_names_both(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    film = example()
    with pytest.raises(viz.LayoutMissing, match=r"(?s)graphviz-pure.*Graphviz"):
        film.html(tmp_path / "x.html")
    assert not (tmp_path / "x.html").exists()


@given(st.text(max_size=12))
def test_any_name_survives(name):
    graph = viz.graph(tg.tensor(1.0, requires_grad=True) * 2, params={"x": tg.ones(1)})
    graph.nodes[0].name = graph.nodes[0].symbol = name
    text = page.document(graph)
    assert data_of(text)["graph"]["nodes"][0]["symbol"] == name
    assert text.count("<script") == 2


def test_clusters_are_laid_out_one_by_one():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    graph = viz.graph(model(tg.ones(4, 2)).sum(), params=model)
    levels = data_of(page.document(graph))["plan"]["levels"]
    assert set(levels) == {"", *(c.key for c in graph.clusters)}
    assert all(len(level["at"]) < len(graph.nodes) for level in levels.values())


def test_too_many_neighbours_are_cut_into_portions():
    w = tg.tensor(0.5, requires_grad=True)
    x = w
    for k in range(400):
        x = [tg.tanh, tg.cos, tg.sin][(k * k // 7) % 3](x * (k + 2.0))
    graph = portioned(viz.graph(x))
    children = {}
    for part in (*graph.nodes, *graph.clusters):
        key = part.cluster if hasattr(part, "cluster") else part.parent
        children[key] = children.get(key, 0) + 1
    assert max(children.values()) <= 90
    known = set()
    for c in graph.clusters:  # outer ones first
        assert c.parent is None or c.parent in known
        known.add(c.key)


def test_edges_across_thousands_of_ranks_do_not_slow_the_layout():
    w = tg.tensor(0.5, requires_grad=True)
    x = w
    for _ in range(60):
        x = tg.tanh(x * w)
    levels = data_of(page.document(viz.graph(x)))["plan"]["levels"]
    assert sum(len(level["pieces"]) for level in levels.values()) < 400


@given(st.lists(st.integers(0, 5), max_size=4), st.sampled_from(["float32", "float64", "int64", "bool"]), st.data())
def test_arrays_of_every_shape_can_be_shown(shape, dtype, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    a = (rng.standard_normal(shape) * 3).astype(dtype)
    if a.dtype.kind == "f" and a.size and data.draw(st.booleans()):
        a.reshape(-1)[rng.integers(a.size)] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    arrays = Arrays()
    arrays.add(a)
    (found,) = json.loads(json.dumps(arrays.json(), allow_nan=False))
    assert found["shape"] == shape and found["type"] == dtype
    if "numbers" in found:
        assert len(found["numbers"]) == a.size
    elif a.size:
        good = a[np.isfinite(a)]
        assert found.get("nan", 0) == np.isnan(a).sum()
        assert np.isclose(found["zeros"], np.mean(a == 0))
        if good.size:
            assert np.isclose(found["mean"], np.mean(good, dtype=np.float64), rtol=1e-6, atol=1e-9)


def test_large_arrays_take_little_room():
    arrays = Arrays()
    for k in range(50):
        arrays.add(np.random.default_rng(k).standard_normal((200, 300)))
    assert len(json.dumps(arrays.json())) < 50 * 2500
