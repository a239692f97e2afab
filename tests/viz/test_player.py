"""The page with the player, in a real browser."""

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
from tinygrad_edu import autograd, nn, viz

X = np.array([[3.0, -1.0, 2.0], [1.0, 0.0, 0.5]], np.float32)
T = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
W = np.array([[1.0, 2.0], [-1.0, 0.5], [-0.25, 0.1]], np.float32)
B = np.array([0.5, 0.1], np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pages")


@pytest.fixture(scope="module")
def small(folder):
    """loss = Σ (h² + h − t)², h = tanh(x w + b): h is used three times, b is broadcast."""
    x, t = tg.tensor(X), tg.tensor(T)
    w, b = tg.tensor(W, requires_grad=True), tg.tensor(B, requires_grad=True)
    with viz.record() as film:
        a = x @ w
        z = a + b
        h = tg.tanh(z)
        s = h * h
        y = s + h
        d = y - t
        q = d * d
        loss = q.sum()
        loss.backward()
    return film.html(folder / "small.html", "A small film")


@pytest.fixture(scope="module")
def folded(folder):
    tg.manual_seed(0)
    model = nn.Sequential(*(nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(24)))
    with viz.record() as film:
        loss = model(tg.randn(3, 4)).sum()
        loss.backward()
    return film.html(folder / "folded.html")


def expected():
    """Forward and backward by hand: for each step the numbers that it shows, by name."""
    a = X @ W
    z = a + B
    h = np.tanh(z)
    s = h * h
    y = s + h
    d = y - T
    q = d * d
    steps = [
        {"x": X, "w": W, "a": a}, {"a": a, "b": B, "z": z}, {"z": z, "h": h}, {"h": h, "s": s},
        {"s": s, "h": h, "y": y},
        {"y": y, "t": T, "d": d}, {"d": d, "q": q}, {"q": q, "loss": q.sum()}, {"∂loss/∂loss": 1},
    ]  # fmt: skip
    one = np.ones_like(q)
    dd = one * d + one * d
    ds = dh = dd
    dh_all = dh + ds * h + ds * h
    dz = dh_all * (1 - h * h)
    steps += [
        {"g = ∂loss/∂loss": 1, "to q:": one}, {"g = ∂loss/∂q": one, "to d:": one * d},
        {"g = ∂loss/∂d": dd, "to y:": dd},
        {"g = ∂loss/∂y": dd, "to s:": dd, "to h:": dd}, {"g = ∂loss/∂s": ds, "to h:": ds * h},
        {"g = ∂loss/∂h": dh_all, "to z:": dz}, {"g = ∂loss/∂z": dz, "to a:": dz, "to b:": dz.sum(0)},
        {"g = ∂loss/∂a": dz, "to w:": X.T @ dz},
    ]  # fmt: skip
    return steps, {"∂loss/∂w": X.T @ dz, "∂loss/∂b": dz.sum(0)}


def shown(page):
    """What a step shows: numbers by name, those of a part under the operand that they go to."""
    found = {}
    for name, cells in page.arrays("#told > .row, #told > .gives"):
        found.setdefault(name, cells)
    for name, cells in page.arrays("#told > .gives"):
        found[name] = cells
    for name, cells in page.evaluate(
        """() => [...document.querySelectorAll('#told .part')].map(part => [part.querySelector('.to').textContent,
            [...part.querySelectorAll('.row .cell')].map(c => [Number(c.dataset.value), c.textContent])])"""
    ):
        found.setdefault(name, cells)
    return found


def compare(found, wanted):
    for name, array in wanted.items():
        cells = found[name]
        assert np.allclose([c[0] for c in cells], np.ravel(array), rtol=1e-5, atol=1e-6), name
        for value, text in cells:
            assert text == f"{value:.4g}".replace("-", "−"), name


def test_every_step_shows_the_numbers_of_the_engine(open_page, small):
    page = open_page(small)
    steps, leaves = expected()
    assert page.count() == (0, len(steps) + 2)
    compare(dict(page.arrays("#told")), {"x": X, "w": W, "b": B, "t": T})
    for wanted in steps:
        page.keyboard.press("ArrowRight")
        compare(shown(page), wanted)
    for _ in leaves:
        page.keyboard.press("ArrowRight")
        found = shown(page)
        compare(found, {name: a for name, a in leaves.items() if name in found})
        assert set(found) & set(leaves)


def test_sums_are_shown_where_a_tensor_is_used_several_times(open_page, small):
    page = open_page(small, "#step=14")
    sums = page.locator("#told .sum")
    assert sums.count() == 2  # h * h gives h two more contributions
    cells = [[float(c) for c in page.evaluate("e => [...e.querySelectorAll('.cell')].map(c => c.dataset.value)", s)]
             for s in sums.element_handles()]  # fmt: skip
    for numbers in cells:
        before, part, total = np.split(np.array(numbers), 3)
        assert np.allclose(before + part, total)
    assert "h is used 3 times; this is contribution 3" in page.text_content("#told")


def test_gradients_of_every_node_are_in_the_picture_after_stepping_to_it(open_page, small):
    page = open_page(small, "#step=17")
    texts = {g.query_selector(".title").text_content(): g.query_selector(".gradient").text_content()
             for g in page.query_selector_all(".node:has(.gradient)")}  # fmt: skip
    grads = {name.split(" ")[0]: text for name, text in texts.items()}
    assert all(grads[name].startswith("∂ ") for name in ("w", "b", "a", "z", "h", "s", "y", "d", "q", "loss"))
    assert grads["loss"] == "∂ 1"
    page.keyboard.press("Home")
    assert all(not g.text_content() for g in page.query_selector_all(".gradient"))


def test_keyboard_buttons_and_slider_agree(open_page, small):
    page = open_page(small)
    total = page.count()[1]

    def state():
        return page.text_content("#say"), page.text_content("#told"), page.input_value("#slider"), page.count()[0]

    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(state())
    for k in (3, 2, 1):
        page.click("#back")
        assert state() == seen[k - 1]
    page.click("#next")
    assert state() == seen[1]
    page.locator("#slider").fill("4")
    assert state() == seen[3]
    page.focus("#slider")
    page.keyboard.press("ArrowLeft")
    assert state() == seen[2]
    page.click("#last")
    end = state()
    page.keyboard.press("Home")
    assert page.count()[0] == 0
    page.keyboard.press("End")
    assert state() == end and page.count() == (total, total)
    page.keyboard.press("ArrowRight")  # nothing comes after the end
    assert page.count() == (total, total)


def within(page, holds, tries=200):
    """Wait until something holds. (Playwright's own waiting needs eval, which the page forbids.)"""
    for _ in range(tries):
        if holds():
            return
        page.wait_for_timeout(25)
    assert holds()


def test_play_and_pause(open_page, small):
    page = open_page(small)
    page.select_option("#speed", "10")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    assert page.get_attribute("#play", "aria-label") == "Pause"
    within(page, lambda: page.count()[0] >= 3)
    page.click("#play")
    assert page.get_attribute("#play", "aria-label") == "Play"
    at = page.count()[0]
    page.evaluate("() => new Promise(r => setTimeout(r, 300))")  # two steps would have passed
    assert page.count()[0] == at
    page.click("#play")
    within(page, lambda: page.count() == (19, 19) and page.get_attribute("#play", "aria-label") == "Play")


def test_the_step_is_in_the_address(open_page, small):
    page = open_page(small, "#step=5")
    assert page.count()[0] == 5
    page.keyboard.press("ArrowRight")
    within(page, lambda: page.url.endswith("#step=6"))
    page.evaluate("location.hash = '#step=2'")
    within(page, lambda: page.count()[0] == 2)
    page.evaluate("location.hash = '#step=999'")  # beyond the end: the end
    within(page, lambda: page.count() == (19, 19))


def test_a_step_is_announced(open_page, small):
    page = open_page(small, "#step=10")
    assert page.get_attribute("#say", "aria-live") == "polite"
    assert page.text_content("#say") == "backward loss = sum(q)"
    assert page.get_attribute("#slider", "aria-valuetext") == "step 10 of 19, backward, loss"


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


def test_nan_is_followed_to_where_it_was_born(open_page, folder):
    x = tg.tensor([0.0, 1.0, 4.0], requires_grad=True)
    with np.errstate(all="ignore"), viz.record() as film:
        y = tg.log(x) * x
        loss = (y + 1).sum()
        loss.backward()
    page = open_page(film.html(folder / "nan.html"), "#step=4")
    assert "came from step 1" in page.text_content("#told .warning")
    page.click("#told .warning button")
    assert page.count()[0] == 1
    assert "born here" in page.text_content("#told .warning")
    assert page.locator("#told .cell.odd").all_text_contents() == ["−∞"]
    assert page.locator("#graph .node.bad").count() == 4
    assert page.locator("#graph .node.born .title").all_text_contents() == ["v₁ = log"]


def test_a_nan_of_the_backward_pass_is_born_in_a_rule(open_page, folder):
    x = tg.tensor([0.0, 4.0], requires_grad=True)
    with np.errstate(all="ignore"), viz.record() as film:
        (tg.sqrt(x) * tg.tensor([0.0, 1.0])).sum().backward()
    page = open_page(film.html(folder / "nan2.html"), "#step=7")
    assert "born here: this rule gives it" in page.text_content("#told .warning")
    page.keyboard.press("ArrowRight")
    assert "came from step 7" in page.text_content("#told .warning")


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


def test_recorded_backward_passes_are_shown_as_such(open_page, folder):
    w = tg.tensor([2.0, -1.0], requires_grad=True)
    with viz.record() as film:
        (dw,) = autograd.grad((w**3).sum(), w, create_graph=True)
        (dw * dw).sum().backward()
    page = open_page(film.html(folder / "second.html"))
    phases = []
    for _ in range(page.count()[1]):
        page.keyboard.press("ArrowRight")
        phases.append(page.text_content("#say .phase"))
    assert phases[:3] == ["forward", "forward", "backward"]
    assert "recorded backward" in phases and phases[-1] == "gradient"
    assert page.locator(".node.derived").count() >= 3


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


def test_a_variable_called_g_is_not_taken_for_the_cotangent(open_page, folder):
    g = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        (g * g).sum().backward()
    page = open_page(film.html(folder / "g.html"), "#step=5")
    assert page.text_content("#told .name") == "ḡ = ḡ(v₁)" or page.text_content("#told .name").startswith("ḡ = ")
    assert page.text_content("#told .rule code") == "ḡ · g"


def test_in_a_notebook_the_page_is_in_a_frame(open_page, folder, small):
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    with viz.record() as film:
        (w * w).sum().backward()
    file = folder / "notebook.html"
    file.write_text(f"<html data-ready>{film._repr_html_()}</html>", encoding="utf-8")
    frame = open_page(file).frame_locator("iframe")
    frame.locator("#next").click()
    assert frame.locator("#count").text_content() == "1 / 6"
    frame.locator("#last").click()
    assert frame.locator("#count").text_content() == "6 / 6"


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
