"""The player, in a real browser: every step, and every way to get to it."""

from __future__ import annotations

import numpy as np

import tinygrad_edu as tg
from tests.viz.conftest import B, T, W, X
from tinygrad_edu import autograd, viz


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


def test_what_an_optimizer_changes_is_shown_as_it_is_at_each_step(open_page, folder):
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    optimizer = tg.optim.SGD([w], lr=0.25)
    with viz.record() as film:
        for _ in range(2):
            optimizer.zero_grad()
            (w * w).sum().backward()
            optimizer.step()
    page = open_page(film.html(folder / "optimized.html"))

    def shown():
        return page.text_content(".node:has(.title:text-is('w')) .value")

    assert shown() == "[1, 2]"
    page.locator("#slider").fill(str(page.count()[1]))
    assert shown() == "[0.5, 1]"
