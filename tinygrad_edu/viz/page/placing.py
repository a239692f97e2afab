"""Where everything is in a page's picture, for every state of folding at once.

Each cluster is laid out by itself, as a small graph in which the clusters inside it are folded boxes. The page
puts the open ones into one another, stretching the space that their folded boxes had. So one picture of each
cluster serves all combinations, and the work grows with the number of nodes only.

An edge that leaves or enters a cluster does so through a port, a point on the cluster's border; its picture is
the row of its pieces in the clusters that it crosses.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tinygrad_edu.viz import layout
from tinygrad_edu.viz.parts import Vertex

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph

__all__ = ["plan"]

_CHARACTER = 7.8  # pixels, at the size of a node's title
_SMALL = 6.2
_LONGEST = 34  # characters of a title
_HEAD = 26  # pixels, for the label of an open cluster
_PADDING = 14
_HEADER = """digraph {
graph [rankdir=TB nodesep=0.28 ranksep=0.52 pad=0 margin=0]
node [shape=box fixedsize=true label=""]
edge [arrowhead=none]"""
_AT_ONCE = 100  # graphs in one call: dot 2.43 crashes on more than a thousand
_CROSSED = 150  # ranks that all edges of a level may cross together, besides one for each node


@dataclass(slots=True)
class _Level:
    """One cluster (or the whole graph) as a small graph of its own."""

    boxes: list[str] = field(default_factory=list)  # nodes and clusters right inside
    pieces: dict[tuple[str, str, int], None] = field(default_factory=dict)  # of edges: from, to, which


def title(v: Vertex) -> str:
    """What a node is called in the picture: its symbol, and what made it.

    >>> title(Vertex("n0", "v₁", "primitive", primitive="exp"))
    'v₁ = exp'
    """
    if v.primitive is None:
        return _shortened(v.name or v.symbol)
    return _shortened(f"{v.symbol} = {v.primitive}")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _size(v: Vertex, lines: int, room: int) -> tuple[int, int]:
    number = v.kind == "constant" and v.symbol == v.value
    if number:
        return max(36, int(_CHARACTER * len(title(v)) + 22)), 30
    wide = max(_CHARACTER * len(title(v)), _SMALL * min(room, 27)) + 26
    return int(max(wide, 70)), 16 + 16 * lines


def plan(graph: Graph, *, played: bool = False) -> dict[str, Any]:
    """Sizes of nodes, and for each cluster the places of what is in it and the pieces of edges.

    Args:
        graph: what is to be drawn.
        played: leave room in each node for a value and a gradient, which a player fills in.

    Raises LayoutMissing where no layout program is installed.
    """
    sizes: dict[str, tuple[int, int]] = {}
    for v in graph.nodes:
        words = len(v.value or "")
        room = max(words, len(str(v.shape or v.results or "")), 6)
        if played:
            few = math.prod(v.shape) if v.shape else 0  # its gradient has as many numbers
            room = min(27, max(words + 2, 8 * few + 3 if 1 < few <= 4 else 14))
        sizes[v.key] = _size(v, 3 if played and v.kind not in ("constant", "buffer") else 2, room)
    for c in graph.clusters:
        sizes[c.key] = int(max(_CHARACTER * len(_shortened(c.label)) + 74, 120)), 44
    levels = _levels(graph)
    for level in levels.values():
        _drop_far(level)
    sources = {key: _source(level, sizes) for key, level in levels.items()}
    distinct = list(dict.fromkeys(sources.values()))  # what is alike is laid out once
    pictures = dict(zip(distinct, _pictures(distinct), strict=True))
    drawn = {key: _read(level, pictures[sources[key]]) for key, level in levels.items()}
    return {"sizes": sizes, "levels": drawn, "head": _HEAD, "padding": _PADDING}


def _levels(graph: Graph) -> dict[str, _Level]:
    """What is in each cluster ("": outside of all), with the pieces of edges."""
    parents = {c.key: c.parent or "" for c in graph.clusters}
    paths: dict[str, list[str]] = {"": [""]}  # of a cluster: from the outside to itself
    levels = {"": _Level()}
    for c in graph.clusters:
        paths[c.key] = [*paths[parents[c.key]], c.key]
        levels[c.key] = _Level()
        levels[parents[c.key]].boxes.append(c.key)
    places = {v.key: v.cluster or "" for v in graph.nodes}
    for v in graph.nodes:
        levels[places[v.key]].boxes.append(v.key)
    for e in graph.edges:
        up, down = paths[places[e.source]], paths[places[e.target]]
        common = 0
        while common < min(len(up), len(down)) and up[common] == down[common]:
            common += 1
        inside = e.source
        for cluster in reversed(up[common:]):  # out of the clusters that only the source is in
            levels[cluster].pieces[inside, f">{e.source}", 0] = None
            inside = cluster
        target = down[common] if common < len(down) else e.target
        several = inside == e.source and target == e.target
        levels[up[common - 1]].pieces[inside, target, e.position if several else 0] = None
        for k in range(common, len(down)):  # and into those that only the target is in
            target = down[k + 1] if k + 1 < len(down) else e.target
            levels[down[k]].pieces[f"<{e.source}", target, 0] = None
    return levels


def _drop_far(level: _Level) -> None:
    """Leave out the longest edges where there are many: a layout takes its time for each rank that an edge crosses.

    The page draws such an edge as a stub with the name of its source.
    """
    ranks = _ranks(level)
    spans = sorted((ranks[b] - ranks[a], k) for k, (a, b, _) in enumerate(level.pieces))
    budget = _CROSSED + len(level.boxes)
    keep = set()
    for span, k in spans:
        budget -= max(0, span - 1)
        if budget < 0:
            break
        keep.add(k)
    level.pieces = {piece: None for k, piece in enumerate(level.pieces) if k in keep}


def _ranks(level: _Level) -> dict[str, int]:
    """For each box and port, how far down a layout puts it: below what it comes from, sources just above their use.

    (Folded clusters may depend on each other in a circle; that is cut somewhere.)
    """
    names = _names(level)
    after: dict[str, list[str]] = {n: [] for n in names}
    missing = dict.fromkeys(names, 0)
    for a, b, _ in level.pieces:
        after[a].append(b)
        missing[b] += 1
    sources = {n for n in names if not missing[n]}
    ranks = dict.fromkeys(names, 0)
    ready, done = [n for n in names if not missing[n]], set[str]()
    waiting = iter(names)
    while len(done) < len(names):
        node = ready.pop() if ready else next(n for n in waiting if n not in done)
        if node in done:
            continue
        done.add(node)
        for b in after[node]:
            if b not in done:
                ranks[b] = max(ranks[b], ranks[node] + 1)
                missing[b] -= 1
                if not missing[b]:
                    ready.append(b)
    for n in sources:
        ranks[n] = min((ranks[b] - 1 for b in after[n]), default=0)
    return ranks


def _source(level: _Level, sizes: dict[str, tuple[int, int]]) -> str:
    """DOT text of one level: boxes of known sizes without text."""
    names = {name: f"x{k}" for k, name in enumerate(_names(level))}
    lines = [_HEADER]
    for name, short in names.items():
        w, h = sizes.get(name, (2, 2))
        lines.append(f"{short} [width={w / 72:.4f} height={h / 72:.4f}]")
    for sign, rank in (("<", "source"), (">", "sink")):
        ports = [short for name, short in names.items() if name.startswith(sign)]
        if ports:
            lines.append(f"{{ rank={rank}; {'; '.join(ports)} }}")
    lines += [f"{names[a]} -> {names[b]} [id={k}]" for k, (a, b, _) in enumerate(level.pieces)]
    return "\n".join([*lines, "}"])


def _names(level: _Level) -> dict[str, None]:
    names = dict.fromkeys(level.boxes)
    for a, b, _ in level.pieces:
        names.setdefault(a)
        names.setdefault(b)
    return names


def _pictures(sources: list[str]) -> Iterator[dict[str, Any]]:
    """The layouts of many small graphs, in few calls of the program."""
    for start in range(0, len(sources), _AT_ONCE):
        text = "\n".join(sources[start : start + _AT_ONCE])
        yield from _parsed(layout.picture(text, "json0").decode())


def _parsed(text: str) -> list[dict[str, Any]]:
    """Several JSON documents, one after another."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while text[at:].lstrip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        found.append(document)
    return found


def _read(level: _Level, picture: dict[str, Any]) -> dict[str, Any]:
    """Places in pixels, from the top left: centres of boxes, and the control points of the pieces of edges."""
    _, _, width, height = map(float, picture["bb"].split(","))
    names = list(_names(level))
    at = {}
    for thing in picture.get("objects", ()):
        if "pos" in thing:
            x, y = map(float, thing["pos"].split(","))
            at[names[int(thing["name"][1:])]] = [round(x, 1), round(height - y, 1)]
    pieces = []
    listed = list(level.pieces)
    for edge in picture.get("edges", ()):
        a, b, which = listed[int(edge["id"])]
        points = []
        for point in edge["pos"].split(" "):
            if not point.startswith(("s,", "e,")):
                x, y = map(float, point.split(","))
                points += [round(x, 1), round(height - y, 1)]
        pieces.append([a, b, which, points])
    return {"size": [round(width, 1), round(height, 1)], "at": at, "pieces": pieces}
