"""The page of what the lessons did opens without network or complaint, narrow and wide, light and dark."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

from demos.__main__ import main  # noqa: E402
from tests.viz.conftest import browser  # noqa: E402, F401 - a fixture


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    main(["line", "plane", "--out", str(folder), "--no-show"])
    return folder / "report.html"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_opens_quietly_and_fits(report, browser, width, scheme):  # noqa: F811
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"file://{report}")
    assert page.title() == "The lessons of tinygrad_edu"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert page.locator("figure.graph svg").count() == 2 and page.locator("section").count() == 2
    page.click("nav a >> nth=1")
    assert page.url.endswith("#plane")
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_no_two_drawings_share_an_id(report):
    ids = re.findall(r'\bid="([^"]+)"', report.read_text())
    assert len(ids) == len(set(ids)) > 20


def test_what_was_printed_is_on_the_page_in_order(report):
    text = report.read_text()
    places = [
        text.index(words) for words in ("agrees with the measured one", "Nowhere on the way", "Subtract 3 from x")
    ]
    assert places == sorted(places)
    assert "  wrote " not in text
