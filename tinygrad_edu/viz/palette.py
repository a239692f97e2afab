"""What each kind of node looks like, and what that means: one table for pictures, pages and Mermaid.

Shape, line and colour say the same, so that pictures hold in greyscale and for the colour-blind: what is
trained is a blue box, what is given a grey one, what is computed a rounded white one, and the result dark.
What belongs to a first derivative has a dashed line, to a second one a dotted line, and what holds NaN or infinity
a thick red one and a sign.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

__all__ = ["DARK", "FAINT", "FORMULA", "LEGEND", "LOOKS", "WARNING", "Look", "css", "look", "warning_color"]


@dataclass(frozen=True, slots=True)
class Look:
    """How a node is drawn."""

    fill: str
    line: str
    text: str
    faint: str  # small text
    rounded: bool = False
    dashed: bool = False
    dotted: bool = False
    double: bool = False
    width: float = 1.3


LOOKS = {
    "parameter": Look("#cfe3ff", "#1f5fb4", "#10151f", "#44506a", width=2.6),
    "leaf": Look("#cfe3ff", "#2f6fc4", "#10151f", "#44506a"),
    "buffer": Look("#e9eaed", "#6b7280", "#10151f", "#4b5563", width=2.6),
    "constant": Look("#ecedf0", "#b9bec8", "#10151f", "#4b5563"),
    "primitive": Look("#ffffff", "#7b8494", "#10151f", "#566072", rounded=True),
    "output": Look("#26324a", "#26324b", "#fdfdfe", "#c6cede", rounded=True),
    "derived": Look("#f4eefb", "#7a5bb0", "#10151f", "#5d4f78", rounded=True, dashed=True),
    "derived twice": Look("#eadff8", "#5c3a98", "#10151f", "#54446f", rounded=True, dotted=True),
    "folded": Look("#fff7e0", "#a8872c", "#10151f", "#5f5638", rounded=True, double=True),
}
"""By kind of node; primitives that belong to derivatives have looks of their own."""

WARNING, WARNING_ON_DARK = "#c4161c", "#ffb3b6"
FAINT = "#566072"
FORMULA = "#9a3a00"
EDGE = "#7b8495"
CLUSTER = {"module": ("#f6f8fb", "#aeb6c4"), "repeat": ("#fcfaf3", "#cdbf8f")}
PAPER = "#fefefe"

LEGEND = (
    ("parameter", "a parameter: trained, and named by its module"),
    ("leaf", "a leaf: yours, and it requires grad"),
    ("buffer", "a buffer: belongs to a module, no gradient"),
    ("constant", "a constant: no gradient"),
    ("primitive", "computed by the primitive that is named"),
    ("output", "what the graph was asked for"),
    ("folded", "several nodes, folded"),
    ("derived", "∂ dashed: of the first derivative (create_graph)"),
    ("derived twice", "∂² dotted: of the second derivative, or a higher one"),
    ("bad", "⚠ holds NaN or infinity; “born here”: its operands do not"),
)
"""What the looks mean, in the order in which a legend shows them."""

DARK = {
    PAPER: "#14181f",
    "#cfe3ff": "#1d3f6e", "#1f5fb4": "#8cbcff", "#2f6fc4": "#6ea5ee",
    "#e9eaed": "#353b45", "#6b7280": "#a9b0bc", "#ecedf0": "#2b3038", "#b9bec8": "#59616e",
    "#ffffff": "#1c222c", "#7b8494": "#8d97a8",
    "#26324a": "#e6ecf7", "#26324b": "#ffffff", "#fdfdfe": "#14181e", "#c6cede": "#3d4a63",
    "#fff7e0": "#3a321a", "#a8872c": "#e0bf62", "#5f5638": "#d3c9a6",
    "#10151f": "#eef1f6", "#44506a": "#b8cbea", "#4b5563": "#bcc3ce", "#566072": "#a7b0c0",
    "#f4eefb": "#2b2338", "#7a5bb0": "#b79ae6", "#5d4f78": "#c3b4de",
    "#eadff8": "#3c2b58", "#5c3a98": "#d0b8f7", "#54446f": "#cfc1e8",
    "#ffb3b6": "#b3101a", "#c4161c": "#ff9a9f", "#9a3a00": "#ffb27a", "#7b8495": "#8d97a9",
    "#f6f8fb": "#1a1f28", "#aeb6c4": "#4b5566", "#fcfaf3": "#211e16", "#cdbf8f": "#6d6240",
}  # fmt: skip
"""For each colour of the light palette, which occurs in one role only, the one that stands for it on dark paper."""


def look(vertex: Any) -> Look:
    """The look of a vertex."""
    derived = ("", "derived", "derived twice")[min(vertex.order, 2)]
    base = LOOKS[derived if derived and vertex.kind == "primitive" else vertex.kind]
    if derived:
        base = replace(base, dashed=vertex.order == 1, dotted=vertex.order > 1)
    return replace(base, line=WARNING, width=3.2, double=base.double or vertex.born) if vertex.bad else base


def warning_color(vertex: Any) -> str:
    """The colour of a warning that is written on a vertex."""
    return WARNING_ON_DARK if vertex.kind == "output" else WARNING


def css(where: str = "") -> str:
    """A style sheet that gives an SVG in the light palette the dark one where the reader prefers that."""
    rules = [
        f'{where}[fill="{light}"]{{fill:{dark}}}{where}[stroke="{light}"]{{stroke:{dark}}}'
        for light, dark in DARK.items()
    ]
    return "@media (prefers-color-scheme: dark){" + "".join(rules) + "}"
