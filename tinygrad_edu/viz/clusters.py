"""Which nodes belong together: those of a module, and stretches that are repeated; and how much is folded at first.

A graph of a few dozen nodes is shown as it is. A larger one opens with its outer clusters folded into a node
each, the small ones open as long as there is room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.viz.parts import WINDOWS, Cluster, Edge, Vertex

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph

__all__ = ["clustered", "collapsed", "repeats"]

ROOM = 60  # nodes that a picture shows at first
_LONGEST = 200  # primitives in a stretch that is looked for
_ALIKE = 24  # clusters that are alike are worth a node each; of more, the first is shown as an example of the others
_BEGINNINGS, _ENDS = {"patches", "rows", "standardize"}, {"overlap", "planes"}
_FEW = 12  # primitives, of which a repetition is not worth a cluster


def clustered(graph: Graph, classes: Mapping[str, str]) -> None:
    """Put the nodes of a graph into clusters; `classes` names the classes of modules by path."""
    _begun_and_ended(graph)
    _beside(graph)
    _modules(graph, classes)
    _alike(graph)
    users = _users(graph)
    direct: dict[str | None, list[Vertex]] = {}
    for v in graph.nodes:
        direct.setdefault(v.cluster, []).append(v)
    for parent, nodes in direct.items():
        _stretches(graph, parent, nodes, users)
    _constants(graph)
    graph.clusters[:] = _outer_first(graph.clusters)
    _fold(graph)


def _begun_and_ended(graph: Graph) -> None:
    """Where nobody noted modules: what a layer does before its parameters come in, and after, belongs to the layer.

    A normalization standardizes, a convolution cuts out windows and puts planes together, and nothing else does that.
    """
    users, by_key = _users(graph), {v.key: v for v in graph.nodes}
    for e in graph.edges:
        ended = by_key[e.target]
        if ended.primitive in _ENDS and not ended.module:
            ended.module = by_key[e.source].module
    for v in graph.nodes:
        if v.primitive in _BEGINNINGS and not v.module:
            begun, after = [v], users.get(v.key, set())
            while len(after) == 1 and (one := by_key[next(iter(after))]).primitive == "reshape" and not one.module:
                begun.append(one)
                after = users.get(one.key, set())
            paths = {by_key[key].module for key in after}
            if len(paths) == 1:
                for each in begun:
                    each.module = next(iter(paths))


def _beside(graph: Graph) -> None:
    """Where nobody noted modules: what has no parameters stands beside the module whose result it takes.

    So the tanh between two layers of a block belongs to the block; what follows the last layer stays outside.
    """
    paths = {v.key: v.module for v in graph.nodes if v.primitive and v.module}
    if not paths or any(v.noted for v in graph.nodes):
        return
    owners = {v.module for v in graph.nodes if v.kind == "parameter"}
    operands: dict[str, list[str]] = {}
    for e in graph.edges:
        operands.setdefault(e.target, []).append(e.source)
    last = max(_number(key) for key in paths)
    parts: dict[str, int] = {}  # by path, the last node that one of the module's parts has made
    for key, path in paths.items():
        for outer in _prefixes(path)[:-1]:
            parts[outer] = max(parts.get(outer, -1), _number(key))
    for v in graph.nodes:
        known = [key for key in operands.get(v.key, ()) if key in paths]
        if known and not v.module and _number(v.key) < last:
            before = paths[max(known, key=_number)]  # of the youngest operand
            inside = before not in owners or _number(v.key) < parts.get(before, -1)
            v.module = (before if inside else before.rpartition(".")[0]) or None
            if v.module:
                paths[v.key] = v.module


def _number(key: str) -> int:
    return int(key[1:])


def _modules(graph: Graph, classes: Mapping[str, str]) -> None:
    """A cluster for every module that has several nodes, inside that of the module around it.

    But none for calls of one node each, a MaxPool2d that is used twice: it would hold what lies far apart.
    """
    members = [v for v in graph.nodes if v.module and (v.primitive or v.kind in ("parameter", "buffer"))]
    paths = {v.key: _prefixes(v.module) for v in members}
    joined = {path for e in graph.edges for path in paths.get(e.source, ()) if path in paths.get(e.target, ())}
    by_path: dict[str, Cluster] = {}
    for v in members:
        for path in _prefixes(v.module):
            if path not in joined:
                continue  # a Tanh: its one node says so
            if path not in by_path:
                name = f"{path}: {classes[path]}" if path in classes else path
                by_path[path] = Cluster(f"c{len(by_path)}", "module", name, path, v.cluster)
                graph.clusters.append(by_path[path])
            v.cluster = by_path[path].key


def _prefixes(path: str | None) -> list[str]:
    """The paths of the modules around and at `path`, the outermost first."""
    parts = path.split(".") if path else []
    return [".".join(parts[: k + 1]) for k in range(len(parts))]


def _alike(graph: Graph) -> None:
    """Neighbouring modules of the same structure (the blocks of a deep network) become one cluster."""
    inside = _inside(graph)
    children: dict[str | None, list[Cluster]] = {}
    for c in graph.clusters:
        children.setdefault(c.parent, []).append(c)
    for parent, siblings in children.items():
        first = {c.key: min(inside[c.key]) for c in siblings}
        siblings.sort(key=lambda c: first[c.key])
        shapes = [tuple(_looks(graph.nodes[k]) for k in sorted(inside[c.key]) if graph.nodes[k].primitive)
                  for c in siblings]  # fmt: skip
        for start, period, count in repeats(shapes, 3):
            group = siblings[start : start + period * count]
            repeat = rest = _new(graph, "repeat", _ends(group, count), parent, count)
            if count > _ALIKE:
                rest = _new(graph, "repeat", _ends(group[period:], count - 1), repeat.key, count - 1)
            for k, c in enumerate(group):
                c.parent = (repeat if k < period else rest).key


def _ends(group: Sequence[Cluster], count: int) -> str:
    return f"{group[0].path} … {group[-1].path} ({count} alike)"


def _stretches(graph: Graph, parent: str | None, nodes: list[Vertex], users: Mapping[str, set[str]]) -> None:
    """Repetitions among the primitives that are directly inside a cluster, with what only they use."""
    calls = [v for v in nodes if v.primitive and not v.output]
    place: dict[str, str] = {}  # of each call in a repetition: its cluster
    for start, period, count in repeats([_looks(v) for v in calls], _FEW + 1):
        names = [v.primitive or "" for v in calls[start : start + period]]
        words = " → ".join(names if period <= 3 else [names[0], "…", names[-1]])
        repeat = around = inner = _new(graph, "repeat", f"{count} × ({words})", parent, count)
        for k in range(count):
            if k == 1 and count > _ALIKE:
                label = f"{count - 1} more × ({words})"
                around = inner = _new(graph, "repeat", label, repeat.key, count - 1)
            if period >= 3 and (count <= _LONGEST or k == 0):
                inner = _new(graph, "repeat", f"{words}, {k + 1} of {count}", around.key)
            for v in calls[start + k * period : start + (k + 1) * period]:
                place[v.key] = v.cluster = inner.key
    for v in nodes:
        if v.primitive is None:
            places = {place.get(u) for u in users.get(v.key, ())}
            if len(places) == 1 and (only := places.pop()) is not None:
                v.cluster = only


def _constants(graph: Graph) -> None:
    """Constants without a name go where they are used, if that is one place."""
    place = {v.key: v.cluster for v in graph.nodes}
    users = _users(graph)
    for v in graph.nodes:
        if v.kind == "constant" and v.name in (None, WINDOWS) and v.cluster is None:
            places = {place[u] for u in users.get(v.key, ())}
            if len(places) == 1:
                v.cluster = places.pop()


def _users(graph: Graph) -> dict[str, set[str]]:
    users: dict[str, set[str]] = {}
    for e in graph.edges:
        users.setdefault(e.source, set()).add(e.target)
    return users


def _new(graph: Graph, kind: Any, label: str, parent: str | None, count: int = 1) -> Cluster:
    cluster = Cluster(f"c{len(graph.clusters)}", kind, label, None, parent, False, count)
    graph.clusters.append(cluster)
    return cluster


def _looks(v: Vertex) -> tuple[Any, ...]:
    return v.primitive, v.options, v.shape, v.results, v.order


def repeats(items: Sequence[Any], least: int) -> list[tuple[int, int, int]]:
    """Stretches of a sequence that come several times in a row, as (start, length of one, how many).

    Only those of at least `least` items in all..

    >>> repeats("xabcabcabcyzz", 3)
    [(1, 3, 3)]
    """
    numbers: dict[Any, int] = {}
    s = np.array([numbers.setdefault(x, len(numbers)) for x in items], np.int64)
    found = []
    waiting = [(0, len(s))]
    while waiting:
        low, high = waiting.pop()
        best = _best(s[low:high])
        if best is not None and best[1] * best[2] >= least:
            start, period, count = low + best[0], best[1], best[2]
            found.append((start, period, count))
            waiting += [(low, start), (start + period * count, high)]
    return sorted(found)


def _best(s: Any) -> tuple[int, int, int] | None:
    """The repetition that covers most, at least three times in a row; the shortest stretch of those."""
    best, covered = None, 0
    for period in range(1, min(len(s) // 3, _LONGEST) + 1):
        if covered >= len(s) - period:
            break
        same = np.concatenate(([0], s[:-period] == s[period:], [0]))
        turns = np.flatnonzero(np.diff(same))
        starts, lengths = turns[::2], turns[1::2] - turns[::2]
        if len(lengths):
            k = int(np.argmax(lengths))
            count = int(lengths[k]) // period + 1
            if count >= 3 and period * count > covered:
                best, covered = (int(starts[k]), period, count), period * count
    return best


def _inside(graph: Graph) -> dict[str, list[int]]:
    """The positions of the nodes in each cluster, those of the clusters in it included."""
    parents = {c.key: c.parent for c in graph.clusters}
    inside: dict[str, list[int]] = {c.key: [] for c in graph.clusters}
    for k, v in enumerate(graph.nodes):
        key = v.cluster
        while key is not None:
            inside[key].append(k)
            key = parents[key]
    return inside


def _outer_first(clusters: list[Cluster]) -> list[Cluster]:
    children: dict[str | None, list[Cluster]] = {}
    for c in clusters:
        children.setdefault(c.parent, []).append(c)
    out: list[Cluster] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        c = waiting.pop()
        out.append(c)
        waiting += reversed(children.get(c.key, []))
    return out


def _fold(graph: Graph) -> None:
    """Fold what there is no room for: the outer clusters, then open the smallest of them while they fit."""
    if len(graph.nodes) <= ROOM:
        return
    inside = _inside(graph)
    children: dict[str | None, list[Cluster]] = {}
    for c in graph.clusters:
        c.folded = True
        children.setdefault(c.parent, []).append(c)
    own: dict[str, int] = {}
    for v in graph.nodes:
        if v.cluster is not None:
            own[v.cluster] = own.get(v.cluster, 0) + 1
    shown = sum(v.cluster is None for v in graph.nodes) + len(children.get(None, []))
    waiting = [[c] for c in children.get(None, [])]
    while waiting:
        # clusters that are alike are opened together, or else the first of them as an example
        waiting.sort(key=lambda group: sum(len(inside[c.key]) for c in group), reverse=True)
        group = waiting.pop()
        for opened in (group, group[:1]):
            if opened[0].kind == "repeat" and own.get(opened[0].key, 0) + len(children.get(opened[0].key, [])) > _ALIKE:
                continue
            more = sum(own.get(c.key, 0) + len(children.get(c.key, [])) - 1 for c in opened)
            if shown + more <= ROOM:
                shown += more
                for c in opened:
                    c.folded = False
                    inner = children.get(c.key, [])
                    rest = [i for i in inner if c.kind != "repeat" or i.count > 1]
                    alike = [i for i in inner if i not in rest]
                    waiting += [*([i] for i in rest), *([alike] if alike else [])]
                break


def collapsed(graph: Graph) -> Graph:
    """The graph in which each folded cluster is one node; edges between the same two nodes are drawn once."""
    parents = {c.key: c.parent for c in graph.clusters}
    folded = {c.key: c for c in graph.clusters if c.folded}
    if not folded:
        return graph
    outer: dict[str | None, str | None] = {None: None}  # the outermost folded cluster around each cluster
    for c in graph.clusters:
        outer[c.key] = outer[c.parent] or (c.key if c.folded else None)
    out = replace(graph, nodes=[], edges=[], clusters=[c for c in graph.clusters if outer[c.key] is None])
    made: dict[str, Vertex] = {}
    place: dict[str, str] = {}
    for v in graph.nodes:
        key = outer[v.cluster]
        if key is None:
            out.nodes.append(v)
            place[v.key] = v.key
            continue
        if key not in made:
            made[key] = Vertex(key, folded[key].label, "folded", folded[key].label, cluster=parents[key])
            out.nodes.append(made[key])
        _gather(made[key], v)
        place[v.key] = key
    seen: set[Any] = set()
    for e in graph.edges:
        source, target = place[e.source], place[e.target]
        whole = source != e.source or target != e.target
        if source == target or (whole and (source, target) in seen):
            continue
        seen.add((source, target))
        plain = Edge(source, target, "", 0)
        out.edges.append(plain if target != e.target else Edge(source, target, e.operand, e.position, e.result))
        if not whole or target == e.target:
            out.edges[-1].formula = e.formula
    return _in_order(out)


def _gather(whole: Vertex, v: Vertex) -> None:
    """What a folded cluster says of its nodes: the shape that comes out last, the worst, the highest order."""
    if v.primitive:
        whole.shape, whole.results, whole.dtype = v.shape, v.results, v.dtype
    whole.output = whole.output or v.output
    whole.order = max(whole.order, v.order)
    whole.born = whole.born or v.born
    if v.bad:
        whole.bad = v.bad


def _in_order(graph: Graph) -> Graph:
    """Operands before what is computed from them, as far as folding has left no cycles."""
    position = {v.key: k for k, v in enumerate(graph.nodes)}
    after: dict[str, list[str]] = {}
    missing = dict.fromkeys(position, 0)
    for e in graph.edges:
        after.setdefault(e.source, []).append(e.target)
        missing[e.target] += 1
    nodes: list[Vertex] = []
    done: set[str] = set()
    for start in (*[k for k, n in missing.items() if n == 0], *position):  # what is in a cycle comes as it came
        waiting = [start]
        while waiting:
            key = waiting.pop()
            if key in done:
                continue
            done.add(key)
            nodes.append(graph.nodes[position[key]])
            for later in after.get(key, ()):
                missing[later] -= 1
                if missing[later] == 0:
                    waiting.append(later)
    graph.nodes = nodes
    return graph


def flagged(graph: Graph, names: Iterable[str], folded: bool) -> list[Cluster]:
    """The clusters with those folded or open that are named by path or key (none: all); KeyError for unknown ones."""
    chosen = set(names)
    known = {n for c in graph.clusters for n in (c.key, c.path)}
    for name in chosen - known:
        paths = ", ".join(str(c.path or c.key) for c in graph.clusters) or "none"
        raise KeyError(f"there is no cluster {name!r} in this graph; its clusters are: {paths}")
    open_ = set()
    if not folded:  # opening a cluster opens those around it
        parents = {c.key: c.parent for c in graph.clusters}
        for c in graph.clusters:
            if {c.key, c.path} & chosen:
                key: str | None = c.key
                while key is not None:
                    open_.add(key)
                    key = parents[key]
    out = []
    for c in graph.clusters:
        hit = not chosen or (bool({c.key, c.path} & chosen) if folded else c.key in open_)
        out.append(Cluster(c.key, c.kind, c.label, c.path, c.parent, folded if hit else c.folded, c.count))
    return out
