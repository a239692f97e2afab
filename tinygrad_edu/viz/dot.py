"""A graph as source text for Graphviz: what each kind of node looks like, and the labels.

Shape and colour say the same, so that pictures hold in greyscale: what is trained is a solid blue box,
what is given a grey one, what is computed a rounded white one, and the result dark.
"""

from __future__ import annotations

import math
from collections import Counter
from html import escape
from typing import TYPE_CHECKING, Any

import graphviz  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph, Vertex

__all__ = ["number", "shape_text", "small", "source"]

_FONT = "Arial"
_FAINT = "#5b6472"
_FORMULA = "#a33c00"
_LOOKS = {
    "leaf": {"shape": "box", "style": "filled", "fillcolor": "#cfe3ff", "color": "#2f6fc4"},
    "parameter": {"shape": "box", "style": "filled", "fillcolor": "#cfe3ff", "color": "#2f6fc4"},
    "buffer": {"shape": "box", "style": "filled", "fillcolor": "#ececec", "color": "#ececec"},
    "constant": {"shape": "box", "style": "filled", "fillcolor": "#ececec", "color": "#ececec"},
    "primitive": {"shape": "box", "style": "rounded,filled", "fillcolor": "#ffffff", "color": "#8a93a3"},
    "output": {"shape": "box", "style": "rounded,filled", "fillcolor": "#26324a", "color": "#26324a"},
}


def source(graph: Graph, direction: str = "TB") -> str:
    """The DOT text of a graph that grows downwards (TB) or to the right (LR)."""
    if direction not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"direction must be TB (downwards), LR (to the right), BT or RL, not {direction!r}")
    out = graphviz.Digraph(
        graph_attr={"rankdir": direction, "bgcolor": "white", "nodesep": "0.3", "ranksep": "0.35", "pad": "0.15"},
        node_attr={"fontname": _FONT, "fontsize": "13", "margin": "0.14,0.07", "height": "0.3", "penwidth": "1.3"},
        edge_attr={"fontname": _FONT, "fontsize": "11", "arrowsize": "0.65", "color": "#8a93a3"},
    )
    formulas = any(e.formula is not None for e in graph.edges)
    dtypes = Counter(v.dtype for v in graph.nodes if v.dtype is not None).most_common(1)
    usual = dtypes[0][0] if dtypes else None
    for v in graph.nodes:
        look = _LOOKS[v.kind]
        out.node(v.key, _label(v, formulas, usual), **look)
    for e in graph.edges:
        result = "" if e.result is None else f"[{e.result}]"
        text = graphviz.escape(" ".join(filter(None, (result, e.formula))))
        out.edge(e.source, e.target, **({"label": f" {text} ", "fontcolor": _FORMULA} if text else {}))
    return str(out.source)


def shape_text(shape: Any) -> str:
    """A shape for people: (5, 1), or scalar; nothing if it is not known."""
    if shape is None:
        return ""
    if shape and isinstance(shape[0], tuple):
        return " ".join(map(shape_text, shape))
    return str(tuple(shape)) if shape else "scalar"


def small(v: Vertex) -> bool:
    """Whether it has one element, so that its value is a number."""
    return v.shape is not None and math.prod(v.shape) == 1


def number(v: Vertex) -> str | None:
    """The value of a tensor of one element."""
    return v.value if small(v) else None


def _label(v: Vertex, formulas: bool, usual: str | None) -> str:
    """The label in Graphviz's HTML: what it is, and below it in small letters what is known about it."""
    dark = v.output and v.primitive is not None
    symbol = v.symbol if formulas else v.name  # formulas need to call it something
    if v.primitive is None:
        title = f"<B>{_safe(v.name or symbol)}</B>" if v.name or symbol else _safe(v.value or v.kind)
    else:
        title = f"<B>{_safe(symbol)}</B> = {_safe(v.primitive)}" if symbol else f"<B>{_safe(v.primitive)}</B>"
    facts = [_short(v, usual), f"grad {v.gradient}" if v.gradient else "", f"where {v.where}" if v.where else ""]
    small = "".join(
        f'<BR/><FONT POINT-SIZE="10" COLOR="{"#c6cede" if dark else _FAINT}">{_safe(f)}</FONT>' for f in facts if f
    )
    return f'<<FONT COLOR="white">{title}</FONT>{small}>' if dark else f"<{title}{small}>"


def _short(v: Vertex, usual: str | None) -> str:
    """Shape, value, and dtype where it is not that of most nodes; a number needs none of them."""
    if v.kind == "constant" and v.symbol == v.value:
        return ""
    shape = "" if v.value and v.shape == () else shape_text(v.results or v.shape)
    return " ".join(filter(None, (shape, f"= {number(v)}" if number(v) else "", v.dtype if v.dtype != usual else "")))


def _safe(text: Any) -> str:
    """Escaped for an HTML-like label; control characters, which no picture can show, are replaced."""
    return escape("".join(c if c.isprintable() else "�" for c in str(text)))
