"""A graph as source text for Mermaid, which many Markdown viewers show as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.viz import labels, palette

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph
    from tinygrad_edu.viz.parts import Vertex

__all__ = ["source"]

_BOXES = {"parameter": ("[", "]"), "leaf": ("[", "]"), "buffer": ("[", "]"), "constant": ("[", "]"),
          "primitive": ("(", ")"), "output": ("(", ")"), "folded": ("[[", "]]")}  # fmt: skip


def source(graph: Graph, direction: str = "TB") -> str:
    """The text of a graph that grows downwards (TB) or to the right (LR); folded clusters are nodes already.

    Raises ValueError for another direction.
    """
    if direction not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"direction must be TB (downwards), LR (to the right), BT or RL, not {direction!r}")
    formulas, usual = labels.has_formulas(graph), labels.dtype_of_most(graph)
    inside: dict[str | None, list[str]] = {None: [], **{c.key: [] for c in graph.clusters}}
    for v in graph.nodes:
        inside[v.cluster].append(f"{v.key}{_node(v, formulas, usual)}:::{_style(v)}")
    for c in reversed(graph.clusters):  # inner ones first
        frame = [f'subgraph {c.key}["{_safe(c.label)}"]', *(f"  {line}" for line in inside[c.key]), "end"]
        inside[c.parent][:0] = frame
    lines = [f"flowchart {direction}", *(f"    {line}" for line in inside[None])]
    for e in graph.edges:
        text = " ".join(filter(None, ("" if e.result is None else f"[{e.result}]", e.formula)))
        arrow = f'-->|"{_safe(text)}"|' if text else "-->"
        lines.append(f"    {e.source} {arrow} {e.target}")
    styles = {_style(v): v for v in graph.nodes}
    lines += [f"    classDef {name} {_css(v)}" for name, v in styles.items()]
    for kind, (fill, line) in palette.CLUSTER.items():
        if keys := [c.key for c in graph.clusters if c.kind == kind]:
            lines.append(f"    classDef {kind} fill:{fill},stroke:{line},color:{palette.FAINT}")
            lines.append(f"    class {','.join(keys)} {kind}")
    return "\n".join(lines) + "\n"


def _node(v: Vertex, formulas: bool, usual: str | None) -> str:
    left, right = _BOXES[v.kind]
    name, what = labels.title(v, formulas)
    heading = _safe(f"{name} = {what}" if name and what else name or what)
    small = "".join(f"<br/><small>{_safe(line)}</small>" for line in labels.facts(v, usual))
    return f'{left}"<b>{heading or " "}</b>{small}"{right}'


def _style(v: Vertex) -> str:
    return (
        v.kind
        + ("Bad" if v.bad else "")
        + ("Born" if v.born else "")
        + ("", "Derived", "DerivedTwice")[min(v.order, 2)]
    )


def _css(v: Vertex) -> str:
    look = palette.look(v)
    dash = ",stroke-dasharray:5 3" if look.dashed else ",stroke-dasharray:2 2" if look.dotted else ""
    return f"fill:{look.fill},stroke:{look.line},color:{look.text},stroke-width:{look.width}px{dash}"


def _safe(text: Any) -> str:
    """Escaped for a label in quotes: everything that Mermaid, Markdown or HTML could take for its own is a number."""
    return "".join(c if c.isalnum() or c in " _.,=()·→…⚠∞−+/" else f"#{ord(c)};" for c in labels.printable(text))
