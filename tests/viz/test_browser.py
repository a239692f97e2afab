"""Pages in a real browser: the picture, its folding and search, hostile names, large graphs, accessibility."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import viz


def test_a_click_on_a_node_shows_its_details(open_page, small):
    page = open_page(small, "#step=19")
    page.click(".node[data-id]:has-text('h = tanh')")
    text = page.text_content("#node")
    assert "h = tanh" in text and "(2, 2) float32" in text and "g · (1 − h²)" in text
    page.click("#node .fact:has-text('used by') button:has-text('s')")
    assert page.text_content("#node h2") == "s = multiply"
    page.click("#node .fact:has-text('in the film') button")
    assert page.count()[0] == 4


def test_search_finds_nodes(open_page, folded):
    page = open_page(folded)
    page.keyboard.press("/")
    page.keyboard.type("20.0.weight")
    assert page.locator("#found button").count() == 1
    page.keyboard.press("Enter")
    assert page.text_content("#node h2") == "20.0.weight"
    assert page.locator(".node.selected .title").text_content() == "20.0.weight"
    page.fill("#query", "nothing like it")
    assert "nothing" in page.text_content("#found")


def test_folding_and_unfolding(open_page, folded):
    page = open_page(folded)

    def drawn():
        return page.evaluate("[...document.querySelectorAll('#graph .node')].map(g => g.dataset.id)")

    before = drawn()
    assert page.locator("#graph .k-folded").count() >= 1 and len(before) <= 60
    page.click("#unfold")
    assert page.locator("#graph .k-folded").count() == 0
    nodes = json.loads(page.text_content("#data"))["graph"]["nodes"]
    assert sorted(drawn()) == sorted(n["id"] for n in nodes)
    page.click("#fold")
    assert page.locator(".cluster").count() == 0
    page.focus("#graph .k-folded")
    page.keyboard.press("Enter")
    assert page.locator(".cluster").count() == 1
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    page.keyboard.press("Enter")
    assert page.locator(".cluster").count() == 0
    page.locator("#slider").fill("5")  # the step's node is hidden: it is unfolded, and folded again afterwards
    assert page.locator(".node.now:not(.k-folded)").count() == 1
    page.locator("#slider").fill("0")
    page.locator("#slider").fill(str(page.count()[1] // 3))
    assert len(drawn()) <= 60


def test_nothing_overlaps(open_page, folded):
    page = open_page(folded)
    page.click("#unfold")
    boxes = page.evaluate(
        """[...document.querySelectorAll('#graph .node > .body')].map(e => {
            const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] })"""
    )
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] + 0.5 or b[2] <= a[0] + 0.5 or a[3] <= b[1] + 0.5 or b[3] <= a[1] + 0.5


def test_texts_fit_into_their_boxes_at_every_step(open_page, folder):
    tg.manual_seed(0)
    x, w = tg.randn(4, 6), tg.randn(6, 5, requires_grad=True)
    a = tg.tensor([[1234.5, -0.00123], [1e-9, -1e9]], requires_grad=True)
    with viz.record() as film:
        u, s, _ = tg.linalg.svd(a * 2)
        loss = ((x @ w) @ w.T).mean() + (x @ w).std() + u.sum() * 1e-4 + s.sum()
        loss.backward()
    page = open_page(film.html(folder / "fitting.html"))
    for _ in range(page.count()[1] + 1):
        outside = page.evaluate(
            """() => [...document.querySelectorAll('#graph .node')].flatMap(node => {
                const box = node.querySelector('.body').getBoundingClientRect();
                return [...node.querySelectorAll('text:not(.sign)')].filter(text => {
                    const b = text.getBoundingClientRect();
                    return b.width && (b.left < box.left || b.right > box.right) }).map(text => text.textContent) })"""
        )
        assert outside == []
        page.keyboard.press("ArrowRight")


def test_pan_and_zoom(open_page, small):
    page = open_page(small)

    def transform():
        return [float(n) for n in re.findall(r"-?[\d.]+", page.get_attribute("#view", "transform"))]

    x, y, scale = transform()
    page.mouse.move(60, 400)
    page.mouse.down()
    page.mouse.move(110, 430, steps=4)
    page.mouse.up()
    moved = transform()
    assert np.allclose([moved[0] - x, moved[1] - y], [50, 30], atol=8)
    page.mouse.wheel(0, -300)
    assert transform()[2] > scale * 1.2
    page.keyboard.press("0")
    assert np.allclose(transform(), [x, y, scale], atol=1)
    page.keyboard.press("+")
    assert transform()[2] > scale


def test_large_arrays_are_heat_maps_with_facts(open_page, folder):
    rng = np.random.default_rng(0)
    a = rng.standard_normal((40, 30)).astype(np.float32)
    a[:10] = 0
    a[20, 3] = np.nan
    x, w = tg.tensor(a), tg.ones(30, requires_grad=True)
    with viz.record() as film:
        (x * w).sum().backward()
    page = open_page(film.html(folder / "heat.html"))
    facts = page.text_content("#told .row:has-text('x') .facts")
    good = a[np.isfinite(a)]
    words = f"{good.min():.4g} … {good.max():.4g}, mean {good.mean(dtype=np.float64):.4g}".replace("-", "−")
    assert words in facts and "(40, 30)" in facts and "25 % zeros" in facts and "1 NaN" in facts
    canvas = page.locator("#told .row:has-text('x') canvas")
    assert "heat map" in canvas.get_attribute("aria-label")
    pixels = page.evaluate("c => [...c.getContext('2d').getImageData(0, 0, 1, 1).data]", canvas.element_handle())
    assert pixels == [255, 255, 255, 255]  # zeros are the paper


HOSTILE = [
    "<script>document.title='hacked'</script>", '"quoted" \'names\'', "two\nlines\ttab", "\u202egnp.exe", "]]>",
    "</script>",
    "<!--", "&lt;b&gt;", "\u2028line", "${alert(1)}", "%%DATA%%",
]  # fmt: skip


def test_hostile_names_are_text(open_page, folder):
    leaves = {name: tg.tensor(1.0 + k, requires_grad=True) for k, name in enumerate(HOSTILE)}
    with viz.record(params=leaves) as film:
        total = sum(leaves.values(), tg.tensor(0.0))
        total.backward()
    file = film.html(folder / "hostile.html", title="</title><script>document.title='hacked'</script>")
    page = open_page(file)
    assert page.title() == "</title><script>document.title='hacked'</script>"
    titles = page.locator(".node .title").all_text_contents()
    assert "<script>document.title='hacked'</script>"[:33] in " ".join(titles)
    assert "\ufffdgnp.exe" in titles and "two\ufffdlines\ufffdtab" in titles and "]]>" in titles
    for _ in range(page.count()[1]):
        page.keyboard.press("ArrowRight")
    for node in page.query_selector_all(".node")[:4]:
        node.dispatch_event("click")
    assert page.evaluate("document.scripts.length") == 2
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u2028]", Path(file).read_text(encoding="utf-8"))


def test_a_graph_without_a_film_has_no_player(open_page, folder):
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    loss.backward()
    page = open_page(viz.graph(loss, formulas=True).html(folder / "graph.html"))
    assert page.is_hidden("#player") and page.is_hidden("#step")
    page.click(".node:has-text('w')")
    assert "[2, 4]" in page.text_content("#node")  # the gradient
    assert page.locator("#graph .node").count() == 3


def test_a_graph_of_3000_nodes_answers_at_once(open_page, folder):
    w, b = tg.tensor(0.9, requires_grad=True), tg.tensor(0.1, requires_grad=True)
    with viz.record() as film:
        x = tg.tensor([1.0, 2.0, 3.0])
        for _ in range(1000):
            x = tg.tanh(x * w + b)
        loss = x.sum()
        loss.backward()
    assert len(film.graph().nodes) > 3000
    file = film.html(folder / "large.html")
    assert Path(file).stat().st_size < 6_000_000
    page = open_page(file)
    session = page.context.new_cdp_session(page.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})  # work, not waiting for a busy machine

    def work(action):
        """Milliseconds of the page's thread until an action is painted."""

        def spent():
            return next(
                m["value"] for m in session.send("Performance.getMetrics")["metrics"] if m["name"] == "TaskDuration"
            )

        before = spent()
        page.evaluate(
            "async () => { " + action + "; await new Promise(r => setTimeout(r, 0));"
            "await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))); }"
        )
        return 1000 * (spent() - before)

    click = ".dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    work("location.hash = '#step=1500'")
    assert work("document.querySelector('.node:not(.k-folded)')" + click) < 200
    assert work("document.getElementById('next').click()") < 200
    assert work("document.getElementById('next').click()") < 200
    assert page.count()[0] == 1502


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """The text of axe-core, which looks for faults of accessibility, from the npm registry."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm, which fetches axe-core, is not installed")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run([npm, "pack", "axe-core@4", "--silent"], cwd=folder, capture_output=True, timeout=120)
    packed = next(folder.glob("*.tgz"), None)
    if done.returncode or packed is None:
        pytest.skip(f"axe-core could not be fetched: {done.stderr.decode(errors='replace')[-200:]}")
    with tarfile.open(packed) as archive:
        return archive.extractfile("package/axe.min.js").read().decode()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_no_serious_fault(browser, small, axe, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for step in (0, 14):
        page.goto(f"file://{small}#step={step}")
        page.reload()
        page.wait_for_selector("[data-ready]", state="attached")
        page.evaluate("document.getElementById('legend').open = true")
        page.locator(".node").first.dispatch_event("click")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
        bad = [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")]
        assert bad == []
    context.close()


@pytest.mark.parametrize("width", [320, 360, 800, 1280])
def test_nothing_is_wider_than_the_screen(open_page, small, width):
    page = open_page(small, "#step=14", viewport={"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in ("#first", "#back", "#play", "#next", "#last"):
        box = page.locator(button).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["width"] >= 24 and box["height"] >= 24


def test_reduced_motion_has_no_transitions(open_page, small):
    page = open_page(small, reduced_motion="reduce")
    duration = page.evaluate("getComputedStyle(document.querySelector('.node .body')).transitionDuration")
    assert duration in ("0s", "")


def test_on_paper_the_whole_graph_is_seen(open_page, folded):
    page = open_page(folded, viewport={"width": 700, "height": 500})
    page.click("#unfold")
    before = page.get_attribute("#view", "transform")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(
        """() => { const b = document.getElementById('graph').getBoundingClientRect();
            return [...document.querySelectorAll('#graph .body')].map(e => e.getBoundingClientRect())
                .every(r => b.left <= r.left && r.right <= b.right && b.top <= r.top && r.bottom <= b.bottom) }"""
    )
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.get_attribute("#view", "transform") == before
