"""A graph as text: one line for each tensor, in columns, to be read like a program."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from tinygrad_edu.viz import labels

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph
    from tinygrad_edu.viz.parts import Edge

__all__ = ["has_color", "text"]

# bold for what is trained, faint for what is given, bold and turned around for the result: colour is not needed
_CODES = {"parameter": "1;34", "leaf": "1;34", "buffer": "2", "constant": "2", "output": "1;7", "folded": "33"}
_MOST, _WIDEST = 8, 60  # operands that are listed, and characters of a column that the others wait for
_FORMULA, _WARNING, _CLUSTER = "33", "1;31", "2;4"


def has_color() -> bool:
    """Whether standard output is a terminal with colours, and the user has not said NO_COLOR."""
    stream = sys.stdout
    terminal = bool(getattr(stream, "isatty", lambda: False)()) and os.environ.get("TERM") != "dumb"
    return terminal and not os.environ.get("NO_COLOR")


def text(graph: Graph, color: bool | None = None) -> str:
    """The lines of a graph whose folded clusters are nodes already; nodes of a cluster stand under its name."""
    color = has_color() if color is None else color
    symbols = {v.key: v.symbol for v in graph.nodes}
    operands: dict[str, list[Edge]] = {}
    for e in graph.edges:
        operands.setdefault(e.target, []).append(e)
    clusters = {c.key: c for c in graph.clusters}
    around = _around(graph)
    rows: list[tuple[str | None, list[str], str, list[str]]] = []
    for v in graph.nodes:
        if v.kind == "constant" and v.symbol == v.value:
            continue  # a number: it stands where it is used
        uses = sorted(operands.get(v.key, ()), key=lambda e: e.position)
        names = [symbols[e.source] + ("" if e.result is None else f"[{e.result}]") for e in uses]
        call = ", ".join(names if len(names) <= _MOST else [*names[:3], f"… {len(names)} in all"])
        call = f"{call}; {v.options}" if v.options else call
        made = f"{v.primitive or 'folded'}({call})" if v.primitive or v.kind == "folded" else v.kind
        value = labels.number(v)
        row = [v.symbol, made, labels.shape_text(v.results or v.shape), v.dtype or "", f"= {value}" if value else ""]
        row += [f"grad {v.gradient}"] if v.gradient and labels.small(v) else []
        row += [f"∂ order {v.order}"] if v.order else []
        row += [warning] if (warning := labels.warning(v)) else []
        notes = [f"{symbols[e.source]}: {e.formula}" for e in uses if e.formula]
        notes += [f"where {v.where}"] if v.where else []
        code = _WARNING if v.bad else _CODES.get(v.kind, "")
        indent = "  " * len(around[v.cluster])
        row[0] = indent + row[0]
        rows.append((v.cluster, [*map(labels.printable, row)], code, [indent + labels.printable(n) for n in notes]))
    widths = [min(max((labels.columns(row[k]) for _, row, _, _ in rows), default=0), _WIDEST) for k in range(4)]
    lines: list[str] = []
    before: list[str] = []
    seen: set[str] = set()
    for cluster, row, code, notes in rows:
        now = around[cluster]
        for depth, key in enumerate(now):
            if before[: depth + 1] != now[: depth + 1]:
                label = f"{clusters[key].label}{', continued' if key in seen else ''}"
                lines.append(_paint("  " * depth + labels.printable(f"[{label}]"), _CLUSTER, color))
                seen.add(key)
        before = now
        head, *columns = [labels.filled(cell, width) for cell, width in zip(row, widths, strict=False)]
        lines.append(_paint("  ".join([head, *columns, *row[4:]]).rstrip(), code, color))
        lines += [_paint(f"      {note}", _FORMULA, color) for note in notes]
    return "\n".join(lines)


def _around(graph: Graph) -> dict[str | None, list[str]]:
    """For each cluster, the keys of those around it and its own, the outermost first."""
    around: dict[str | None, list[str]] = {None: []}
    for c in graph.clusters:
        around[c.key] = [*around[c.parent], c.key]
    return around


def _paint(line: str, code: str, color: bool) -> str:
    return f"\x1b[{code}m{line}\x1b[0m" if color and code else line
