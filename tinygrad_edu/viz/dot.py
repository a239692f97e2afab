"""A graph as source text for Graphviz: nodes with labels in the looks of the palette, clusters, and a legend."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import graphviz  # type: ignore[import-untyped]

from tinygrad_edu.viz import labels, palette

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph
    from tinygrad_edu.viz.parts import Vertex

__all__ = ["source"]

_FONT = "Arial"
_MANY = 500  # nodes, from which on the layout takes a little less trouble (it would take minutes)


def source(graph: Graph, direction: str = "TB", legend: bool = True) -> str:
    """The DOT text of a graph that grows downwards (TB) or to the right (LR). Its folded clusters are nodes already.

    Raises ValueError for another direction.
    """
    if direction not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"direction must be TB (downwards), LR (to the right), BT or RL, not {direction!r}")
    out = graphviz.Digraph(
        graph_attr={"rankdir": direction, "bgcolor": palette.PAPER, "nodesep": "0.3", "ranksep": "0.35", "pad": "0.15",
                    "fontname": _FONT, "fontsize": "11"},
        node_attr={"fontname": _FONT, "fontsize": "13", "margin": "0.14,0.07", "height": "0.3", "shape": "box"},
        edge_attr={"fontname": _FONT, "fontsize": "11", "arrowsize": "0.65", "color": palette.EDGE},
    )  # fmt: skip
    places = {c.key: graphviz.Digraph(f"cluster_{c.key}", graph_attr=_frame(c)) for c in graph.clusters}
    formulas, usual = labels.has_formulas(graph), labels.dtype_of_most(graph)
    for v in graph.nodes:
        (places[v.cluster] if v.cluster is not None else out).node(v.key, _label(v, formulas, usual), **_look(v))
    inner: dict[str | None, list[str]] = {}
    for c in reversed(graph.clusters):  # inner ones first: a cluster is complete before it is put into its parent
        for key in reversed(inner.get(c.key, [])):
            places[c.key].subgraph(places[key])
        inner.setdefault(c.parent, []).append(c.key)
    for key in reversed(inner.get(None, [])):
        out.subgraph(places[key])
    for e in graph.edges:
        result = "" if e.result is None else f"[{e.result}]"
        text = labels.printable(" ".join(filter(None, (result, e.formula))))
        out.edge(
            e.source,
            e.target,
            **({"label": f" {graphviz.escape(text)} ", "fontcolor": palette.FORMULA} if text else {}),
        )
    if len(graph.nodes) > _MANY:
        out.attr(splines="polyline", nslimit="0.5", nslimit1="0.5", mclimit="0.1")
    if legend:
        out.attr(label=_legend(graph), labelloc="b")
    return str(out.source)


def _look(v: Vertex) -> dict[str, str]:
    look = palette.look(v)
    style = ["filled", *(["rounded"] if look.rounded else []), *(["dashed"] if look.dashed else []),
             *(["dotted"] if look.dotted else [])]  # fmt: skip
    return {
        "style": ",".join(style),
        "fillcolor": look.fill,
        "color": look.line,
        "penwidth": str(look.width),
        "class": v.kind,
        **({"peripheries": "2"} if look.double else {}),
    }


def _frame(cluster: Any) -> dict[str, str]:
    fill, line = palette.CLUSTER[cluster.kind]
    return {
        "label": f"<{_safe(cluster.label)}>",
        "style": "filled,rounded",
        "fillcolor": fill,
        "color": line,
        "fontcolor": palette.FAINT,
        "fontname": _FONT,
        "fontsize": "11",
        "labeljust": "l",
    }


def _label(v: Vertex, formulas: bool, usual: str | None) -> str:
    """The label in Graphviz's HTML: what it is, and below it in small letters what is known about it."""
    look = palette.look(v)
    name, what = labels.title(v, formulas)
    bold = f"<B>{_safe(name)}</B>" if name else ""
    heading = (
        f"{bold}\u00a0= {_safe(what)}"  # an SVG text drops the space that it begins with
        if name and what
        else bold or (f"<B>{_safe(what)}</B>" if v.primitive else _safe(what))
    )
    lines = [_small(line, look.faint) for line in labels.facts(v, usual) if line != labels.warning(v)]
    if labels.warning(v):
        lines.append(_small(labels.warning(v), palette.warning_color(v)))
    return f'<<FONT COLOR="{look.text}">{heading}</FONT>{"".join(lines)}>'


def _small(text: str, color: str) -> str:
    return f'<BR/><FONT POINT-SIZE="10" COLOR="{color}">{_safe(text)}</FONT>'


def _legend(graph: Graph) -> str:
    """A line for every kind of node that occurs."""
    here: set[str] = {v.kind for v in graph.nodes}
    here |= {("derived", "derived twice")[min(v.order, 2) - 1] for v in graph.nodes if v.order}
    here |= {"bad"} if any(v.bad for v in graph.nodes) else set()
    rows = []
    for kind, words in palette.LEGEND:
        if kind in here:
            look = palette.LOOKS.get(kind, palette.LOOKS["primitive"])
            line = palette.WARNING if kind == "bad" else look.line
            style = ' STYLE="rounded"' if look.rounded else ""
            style = ' STYLE="dashed"' if look.dashed else ' STYLE="dotted"' if look.dotted else style
            width = 2 if look.width > 2 or kind == "bad" else 1
            box = f'<TABLE BORDER="{width}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1" BGCOLOR="{look.fill}"'
            box += f' COLOR="{line}"{style}><TR><TD WIDTH="18" HEIGHT="7" FIXEDSIZE="TRUE"></TD></TR></TABLE>'
            rows.append(
                f'<TR><TD>{box}</TD><TD ALIGN="LEFT"><FONT COLOR="{palette.FAINT}">{_safe(words)}</FONT></TD></TR>'
            )
    table = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="1" CELLPADDING="1">'
    return f"<{table}{''.join(rows)}</TABLE>>" if rows else ""


def _safe(text: Any) -> str:
    """Escaped for an HTML-like label."""
    return escape(labels.printable(text))
