"""Long stretches cut into portions, so that no part of a page's picture is too large to be laid out and read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tinygrad_edu.viz.parts import Cluster

if TYPE_CHECKING:
    from tinygrad_edu.viz.graph import Graph

__all__ = ["portioned"]

_MOST = 90  # nodes and clusters right inside of one cluster
_EACH = 40  # in a portion


def portioned(graph: Graph) -> Graph:
    """The same graph, in which neighbours among too many are put into folded clusters."""
    parents: dict[str, str | None] = {c.key: c.parent for c in graph.clusters}
    first: dict[str, int] = {}  # of a node or cluster: its place in time
    children: dict[str | None, list[str]] = {}
    for k, v in enumerate(graph.nodes):
        first[v.key] = k
        children.setdefault(v.cluster, []).append(v.key)
        key = v.cluster
        while key is not None:
            first.setdefault(key, k)
            key = parents[key]
    for c in graph.clusters:
        children.setdefault(c.parent, []).append(c.key)
    waiting = [(key, inside) for key, inside in children.items() if len(inside) > _MOST]
    if not waiting:
        return graph
    added: list[Cluster] = []
    home: dict[str, str] = {}
    while waiting:
        parent, inside = waiting.pop()
        inside.sort(key=lambda key: first.get(key, 0))
        size = -(-len(inside) // -(-len(inside) // _EACH))  # portions of about the same size
        portions = []
        for start in range(0, len(inside), size):
            part = inside[start : start + size]
            label = f"{start + 1} … {start + len(part)} of {len(inside)}"
            cluster = Cluster(f"p{len(added)}", "repeat", label, None, parent, folded=True)
            added.append(cluster)
            portions.append(cluster.key)
            first[cluster.key] = first.get(part[0], 0)
            home.update(dict.fromkeys(part, cluster.key))
        if len(portions) > _MOST:
            waiting.append((parent, portions))
    nodes = [replace(v, cluster=home.get(v.key, v.cluster)) for v in graph.nodes]
    clusters = [replace(c, parent=home.get(c.key, c.parent)) for c in [*graph.clusters, *added]]
    return replace(graph, nodes=nodes, clusters=_outer_first(clusters))


def _outer_first(clusters: list[Cluster]) -> list[Cluster]:
    children: dict[str | None, list[Cluster]] = {}
    for c in clusters:
        children.setdefault(c.parent, []).append(c)
    out, waiting = list[Cluster](), children.get(None, [])[::-1]
    while waiting:
        out.append(waiting.pop())
        waiting += children.get(out[-1].key, [])[::-1]
    return out
