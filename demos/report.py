"""One self-contained page of what the lessons printed and drew, in the order in which they did."""

from __future__ import annotations

import base64
import contextlib
import html
import io
import itertools
import re
import struct
import sys
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import Any, TextIO

__all__ = ["RESOLUTION", "Report"]

RESOLUTION = 120  # of plots, in dots per inch

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The lessons of tinygrad_edu</title>
<style>
:root {{ color-scheme: light dark; --ink: #1c2430; --paper: #fdfdfb; --faint: #5a6473; --line: #d8dce3;
  --link: #1f5fb4; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #e6e9ee; --paper: #14181f; --faint: #a5afbd; --line: #333b47;
  --link: #86b6f5; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 62rem; padding: 1.5rem 1rem 4rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, sans-serif; }}
a {{ color: var(--link); }}
h1 {{ font-size: 1.7rem; line-height: 1.2; }}
h2 {{ margin-top: 3rem; padding-top: 1.2rem; border-top: 1px solid var(--line); font-size: 1.3rem; line-height: 1.25; }}
nav ol {{ padding: 0; list-style: none; }}
nav li {{ margin: .3rem 0; }}
.about {{ max-width: 42rem; color: var(--faint); }}
.note {{ max-width: 46rem; padding-left: 3.6rem; }}
.note b {{ float: left; margin-left: -3.6rem; }}
code {{ font: .9em ui-monospace, monospace; }}
pre code {{ font-size: 1em; }}
@media (min-width: 62rem) {{ code {{ white-space: nowrap; }} }}
@media (max-width: 40rem) {{ .note {{ padding-left: 0; }} .note b {{ float: none; margin: 0 .5rem 0 0; }} }}
pre {{ margin: 1rem 0; padding: .8rem 1rem; overflow-x: auto; border-left: 3px solid var(--line);
  font: .86rem/1.5 ui-monospace, monospace; }}
figure {{ margin: 1.2rem 0; padding: .6rem; overflow-x: auto; background: #fff; border: 1px solid var(--line);
  border-radius: 6px; }}
figure img, figure svg {{ display: block; max-width: 100%; height: auto; margin: 0 auto; }}
figure.graph {{ background: none; }}
figure.graph figcaption {{ color: var(--faint); }}
figcaption {{ padding-top: .4rem; color: #5a6473; font-size: .85rem; }}
</style>
</head>
<body>
<h1>The lessons of tinygrad_edu</h1>
<p class="about">What the lessons printed and drew when <code>python -m demos</code> ran them. Every number comes from
that run.</p>
<nav aria-label="Lessons"><ol>{contents}</ol></nav>
{lessons}
</body>
</html>
"""


class Report:
    """What the lessons print (which still goes to the screen), and their pictures, as a page."""

    def __init__(self) -> None:
        self._lessons: list[tuple[str, str, list[str]]] = []  # name, docstring, parts as HTML
        self._text: io.StringIO | None = None

    @contextlib.contextmanager
    def lesson(self, name: str, about: str) -> Iterator[None]:
        """While this lesson runs, what is printed belongs to it."""
        self._lessons.append((name, about, []))
        self._text = io.StringIO()
        try:
            with contextlib.redirect_stdout(_Both(sys.stdout, self._text)):
                yield
        finally:
            self._flush()
            self._text = None

    def picture(self, path: Path, caption: str) -> None:
        """Show a PNG or SVG file after what has been printed so far."""
        if self._text is None:
            return
        self._flush()
        if path.suffix == ".svg":
            svg = path.read_text(encoding="utf-8")
            svg = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->", "", svg, flags=re.DOTALL).strip()
            drawn = _apart(svg, f"p{len(self._lessons)}_{len(self._lessons[-1][2])}_")
        else:
            data = path.read_bytes()
            width = round(struct.unpack(">I", data[16:20])[0] / RESOLUTION * 72)  # letters then have one size in all
            least = f"; min-width: min({width}px, 56rem)" if width > 480 else ""  # what has panels is moved, not shrunk
            drawn = (
                f'<img alt="{html.escape(caption)}" style="width: {width}px{least}" '
                f'src="data:image/png;base64,{base64.b64encode(data).decode()}">'
            )
        kind = ' class="graph"' if path.suffix == ".svg" else ""
        caption = f"<figcaption>{html.escape(caption)}</figcaption>"
        self._lessons[-1][2].append(f'<figure{kind} tabindex="0">{drawn}{caption}</figure>')

    def _flush(self) -> None:
        assert self._text is not None
        lines = [line for line in self._text.getvalue().splitlines() if not line.startswith("  wrote ")]
        for note, part in itertools.groupby(_noted(lines), key=itemgetter(0)):
            text = "\n".join(line for _, line in part).strip("\n")
            if text:
                self._lessons[-1][2].append(_prose(text, note) if note else f'<pre tabindex="0">{_text(text)}</pre>')
        self._text.seek(0)
        self._text.truncate()

    def write(self, path: Path) -> Path:
        """Write the page; returns where it is."""
        contents, lessons = [], []
        for name, about, parts in self._lessons:
            title, _, rest = about.strip().partition("\n")
            title = html.escape(title.rstrip("."))
            contents.append(f'<li><a href="#{name}">{title}</a></li>')
            paragraphs = "".join(f'<p class="about">{_text(p)}</p>' for p in rest.strip().split("\n\n") if p)
            lessons.append(f'<section id="{name}"><h2>{title}</h2>{paragraphs}{"".join(parts)}</section>')
        path.write_text(PAGE.format(contents="".join(contents), lessons="\n".join(lessons)), encoding="utf-8")
        return path


def _noted(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each line with the note to which it belongs, "Look" or "Next", or "" for none. A note's lines are indented."""
    note = ""
    for line in lines:
        start = re.match("(Look|Next): ", line)
        note = start[1] if start else note if note and line.startswith("      ") else ""
        yield note, line


def _text(text: str) -> str:
    """As HTML, with code between backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def _prose(text: str, note: str) -> str:
    """A note in lines that fit the page: where a sentence ends with a line, or code is shown, a new one begins."""
    text = re.sub(r"\n +", " ", re.sub(r"(?<=[.:>])\n +", "<br>", _text(text.removeprefix(f"{note}: "))))
    return f'<p class="note"><b>{note}:</b> {text}</p>'


def _apart(svg: str, prefix: str) -> str:
    """The same drawing with ids that no other drawing on the page has."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}\1"', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", svg)


class _Both(io.TextIOBase):
    """Writes to the screen and keeps a copy."""

    def __init__(self, screen: TextIO, copy: io.StringIO) -> None:
        self._screen, self._copy = screen, copy

    def write(self, text: str) -> int:
        self._copy.write(text)
        return self._screen.write(text)

    def flush(self) -> None:
        self._screen.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._screen, name)
