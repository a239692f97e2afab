"""Pages in a real browser: Debian's chromium, driven by Playwright. Where either is missing, tests skip and say so.

With TINYGRAD_EDU_BROWSER=required (as in the gate) a missing browser is a failure.
"""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, viz

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def lacking(reason: str) -> None:
    """Skip, or fail where a browser is required."""
    if os.environ.get("TINYGRAD_EDU_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """A browser for the tests of one file. (For longer, its event loop would be in the way of other tests'.)"""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright is not installed: pip install tinygrad_edu[browser]")
    path = os.environ.get("TINYGRAD_EDU_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        lacking("no Chromium is installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


class Page:
    """A page that was opened, and what it has asked of the network and told the console."""

    def __init__(self, browser, file, fragment="", **options):
        options = {"viewport": {"width": 1280, "height": 800}, **options}
        self.page = browser.new_page(**options)
        self.requests, self.complaints = [], []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(m.text))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.goto(f"file://{file}{fragment}")
        self.page.wait_for_selector("[data-ready]", state="attached")

    def __getattr__(self, name):
        return getattr(self.page, name)

    def count(self):
        """What the player says: (step, steps)."""
        return tuple(int(n) for n in self.page.text_content("#count").split("/"))

    def arrays(self, where):
        """The numbers that are shown, by the name before them."""
        return self.page.evaluate(
            """where => [...document.querySelectorAll(where + ' .row')].map(row => [
                row.querySelector('.name').textContent,
                [...row.querySelectorAll('.cell')].map(c => [Number(c.dataset.value), c.textContent])])""",
            where,
        )


@pytest.fixture
def open_page(browser):
    opened = []

    def open_page(file, fragment="", **options):
        opened.append(Page(browser, file, fragment, **options))
        return opened[-1]

    yield open_page
    for page in opened:
        page.page.close()
        assert page.complaints == [], "the page complained"
        assert [u for u in page.requests if not u.startswith(("file:", "data:"))] == [], "the page used the network"


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
