"""The page of what the lessons did opens without network or complaint, narrow and wide, light and dark."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("matplotlib").use("Agg")
pytest.importorskip("sklearn")
pytest.importorskip("tqdm")

from demos.__main__ import LESSONS, main  # noqa: E402
from demos.report import Report  # noqa: E402
from tests.viz.conftest import browser  # noqa: E402, F401 - a fixture

WHOLE = os.environ.get("TINYGRAD_EDU_REPORT")  # the report of all lessons, where they have just been run (the gate)
SHOWN = LESSONS if WHOLE else ["line", "plane"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    if WHOLE:
        return Path(WHOLE).resolve()
    folder = tmp_path_factory.mktemp("report")
    main([*SHOWN, "--out", str(folder), "--no-show"])
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
    assert page.evaluate("[...document.querySelectorAll('section')].map(s => s.id)") == SHOWN
    for name in SHOWN:
        page.click(f"nav a[href='#{name}']")
        assert -1 < page.locator(f"#{name} h2").bounding_box()["y"] < 800
        assert page.locator(f"#{name} :is(img, svg)").count() > 0 and page.locator(f"#{name} .note").count() == 2
    captions = [*page.locator("figcaption").all_inner_texts(), *page.evaluate("[...document.images].map(i => i.alt)")]
    assert all(captions)
    cut = "[...document.querySelectorAll('pre, figure')].filter(p => p.scrollWidth > p.clientWidth).length"
    assert width == 360 or page.evaluate(cut) == 0
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_no_two_drawings_share_an_id(report):
    ids = re.findall(r'\bid="([^"]+)"', report.read_text())
    assert len(ids) == len(set(ids)) > 20


def test_notes_are_prose_and_code_looks_like_code(tmp_path):
    report = Report()
    with report.lesson("a", "Title.\n\nBy `python -m a < b`."):
        print("1  2\nLook: a line\n      goes on.\nNext: one thing, or:\n      `x = 1`\n      Another.\nthe end")
    page = report.write(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h2>Title</h2>" in page and "<code>python -m a &lt; b</code>." in page
    assert "1  2</pre>" in page and ">the end</pre>" in page
    assert "<b>Look:</b> a line goes on.</p>" in page
    assert "<b>Next:</b> one thing, or:<br><code>x = 1</code><br>Another.</p>" in page


def test_what_was_printed_is_on_the_page_in_order(report):
    text = report.read_text()
    places = [
        text.index(words) for words in ("agrees with the measured one", "Nowhere on the way", "Subtract 3 from x")
    ]
    assert places == sorted(places)
    assert "  wrote " not in text
