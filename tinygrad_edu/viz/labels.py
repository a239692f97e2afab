"""What is written on and beside a node, in every kind of picture."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any
from unicodedata import combining, east_asian_width

from tinygrad_edu.viz.words import meaning

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph
    from tinygrad_edu.viz.parts import Vertex

__all__ = [
    "columns", "dtype_of_most", "facts", "filled", "has_formulas", "number", "printable", "shape_text", "small",
    "title", "tooltips", "warning",
]  # fmt: skip

_POWERS = {2: "²", 3: "³", 4: "⁴", 5: "⁵"}
_BAD = {"nan": "NaN", "inf": "∞"}


def printable(text: Any) -> str:
    """`text` on one line; characters that no picture can show, or that turn others around, are replaced.

    >>> printable("new\\nline")
    'new�line'
    """
    text = str(text)
    return text if text.isprintable() else "".join(c if c.isprintable() else "�" for c in text)


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes.

    >>> columns("abc"), columns("日本")
    (3, 4)
    """
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(c) in "WF" else 0 if combining(c) else 1 for c in text)


def filled(text: str, width: int) -> str:
    """`text` with spaces after it, up to so many columns."""
    return text + " " * (width - columns(text))


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


def dtype_of_most(graph: Graph) -> str | None:
    """The dtype that most nodes have: pictures name the others only."""
    dtypes = Counter(v.dtype for v in graph.nodes if v.dtype is not None).most_common(1)
    return dtypes[0][0] if dtypes else None


def has_formulas(graph: Graph) -> bool:
    """Whether formulas are written on edges; then every node needs a name."""
    return any(e.formula is not None for e in graph.edges)


def title(v: Vertex, formulas: bool) -> tuple[str, str]:
    """The name of a node, and what it is: ("loss", "mean"); either may be empty."""
    symbol = v.symbol if formulas else v.name  # formulas need to call it something
    if v.kind == "folded":
        return v.symbol, ""
    if v.primitive is None:
        return (v.name or symbol or "", "") if v.name or symbol else ("", number(v) or v.kind)
    return symbol or "", v.primitive


def facts(v: Vertex, usual: str | None) -> list[str]:
    """What else is known, a line each: shape and value, gradient, what formulas name, NaN."""
    value = number(v)
    if v.primitive is None and v.symbol == v.value and v.shape == ():
        known = ""  # a number, which is the title
    else:
        shape = "" if value and v.shape == () else shape_text(v.results or v.shape)
        known = " ".join(filter(None, (shape, f"= {value}" if value else "", v.dtype if v.dtype != usual else "")))
    return [
        line
        for line in (
            v.options or "",
            known,
            f"∂{_POWERS.get(v.order, '')}" if v.order else "",
            f"grad {v.gradient}" if v.gradient and small(v) else "",
            f"where {v.where}" if v.where else "",
            warning(v),
        )
        if line
    ]


def tooltips(graph: Graph) -> dict[str, str]:
    """What a picture says of a node under the pointer: what it does, its value and gradient, who made it where."""
    out = {}
    for v in graph.nodes:
        says = meaning(v.primitive) if v.primitive else None
        lines = [f"{v.symbol} = {v.primitive}" if v.primitive else f"{v.symbol}: {v.kind}", says, shape_text(v.shape),
                 v.value, f"gradient {v.gradient}" if v.gradient else "", v.site]  # fmt: skip
        out[v.key] = "\n".join(printable(line) for line in lines if line and line != v.symbol)
    return out


def warning(v: Vertex) -> str:
    """The sign of a value that is not finite, and whether it came about here."""
    if v.bad:
        return f"⚠ {_BAD[v.bad]}{' born here' if v.born else ''}"
    return "⚠ NaN in its gradient" if v.gradient and "NaN" in v.gradient else ""
