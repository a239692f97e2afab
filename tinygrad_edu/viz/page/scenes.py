"""The steps of a film as data for the page: which node, which numbers, and where a NaN or infinity was born."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.primitive import Pick
from tinygrad_edu.viz.page.arrays import Arrays
from tinygrad_edu.viz.recorder import Arrival, Back, Call, Seed
from tinygrad_edu.viz.values import bad

if TYPE_CHECKING:
    from tinygrad_edu.viz.film import Film

__all__ = ["steps"]


def steps(film: Film) -> dict[str, Any]:
    """``{"steps": [...], "arrays": [...], "given": {node: array}, "born": {step: step}}``.

    `given` are the values of leaves and constants before the first step; `born` says for each step that shows
    a NaN or an infinity in which step that was made (its own number, if there).
    """
    writer = _Writer(film)
    rows = [writer.row(k, step) for k, step in enumerate(film.steps)]
    return {"steps": rows, "given": writer.given, "born": writer.born, "arrays": writer.arrays.json()}


class _Writer:
    def __init__(self, film: Film) -> None:
        self.film, self.arrays = film, Arrays()
        self.given: dict[str, int] = {}
        self.born: dict[int, int] = {}
        self._bad: dict[int, str | None] = {}  # by place of the value
        self._forward: dict[Any, int] = {}  # by node: the step that made its first bad value
        self._backward: dict[Any, int] = {}  # by pass and node
        picture = film.graph()
        self._operands: dict[tuple[str, int], str] = {(e.target, e.position): e.source for e in picture.edges}

    def row(self, k: int, step: Any) -> dict[str, Any]:
        if isinstance(step, Call):
            return self.call(k, step)
        if isinstance(step, Seed):
            return self.seed(k, step)
        return self.back(k, step) if isinstance(step, Back) else self.arrival(k, step)

    def place(self, k: Any) -> Any:
        """Where the page finds a recorded value."""
        if isinstance(k, tuple):
            return [self.place(i) for i in k]
        return None if k is None else self.arrays.add(self.film.values[k])

    def is_bad(self, k: Any) -> bool:
        if isinstance(k, tuple):
            return any(self.is_bad(i) for i in k)
        if k is None:
            return False
        if k not in self._bad:
            self._bad[k] = bad(self.film.values[k])
        return self._bad[k] is not None

    def key(self, edge: Any) -> str | None:
        return self.film.keys.get(_unpicked(edge)[0])

    def call(self, k: int, step: Call) -> dict[str, Any]:
        key = self.film.keys[step.node]
        for i, (edge, value) in enumerate(zip(step.edges, step.operands, strict=True)):
            source = self._operands.get((key, i))
            if source is not None and value is not None and (edge is None or not edge.edges):
                self.given.setdefault(source, self.place(value))
        if self.is_bad(step.result):
            causes = [
                self._forward.get(_unpicked(edge)[0], k)
                for edge, value in zip(step.edges, step.operands, strict=True)
                if self.is_bad(value)
            ]
            self.born[k] = self._forward[step.node] = min(causes, default=k)
        return {
            "kind": "call", "node": key, "operands": self.place(step.operands), "result": self.place(step.result),
            "pass": step.number,
        }  # fmt: skip

    def seed(self, k: int, step: Seed) -> dict[str, Any]:
        main, index = _unpicked(step.edge)
        if self.is_bad(step.value):
            self.born[k] = self._backward[step.number, main] = k
        return {
            "kind": "seed", "node": self.key(step.edge), "index": index, "value": self.place(step.value),
            "pass": step.number, "recorded": step.recorded,
        }  # fmt: skip

    def back(self, k: int, step: Back) -> dict[str, Any]:
        causes = []
        if self.is_bad(step.incoming):
            causes.append(self._backward.get((step.number, step.node), k))
        elif any(map(self.is_bad, step.reads.values())):
            call = self._operands_of(step)
            causes += [self._forward[n] for n in call if n in self._forward]
        parts = []
        for part in step.parts:
            main, index = _unpicked(part.edge)
            if self.is_bad(part.value):
                self.born[k] = min(causes, default=k)
                self._backward.setdefault((step.number, main), self.born[k])
            parts.append(
                {"operand": part.position, "to": self.key(part.edge), "index": index, "value": self.place(part.value),
                 "total": self.place(part.total), "before": self.place(part.before), "uses": part.uses,
                 "raw": part.raw}
            )  # fmt: skip
        if causes and k not in self.born:
            self.born[k] = min(causes)
        return {
            "kind": "back", "node": self.film.keys[step.node], "incoming": self.place(step.incoming), "parts": parts,
            "reads": {n: self.place(v) for n, v in step.reads.items()}, "pass": step.number,
        }  # fmt: skip

    def _operands_of(self, step: Back) -> list[Any]:
        return [step.node, *(_unpicked(e)[0] for e in step.node.edges)]

    def arrival(self, k: int, step: Arrival) -> dict[str, Any]:
        if self.is_bad(step.total):
            self.born[k] = self._backward.get((step.number, step.edge), k)
        return {
            "kind": "leaf", "node": self.key(step.edge), "total": self.place(step.total),
            "before": self.place(step.before), "after": self.place(step.after), "pass": step.number,
        }  # fmt: skip


def _unpicked(edge: Any) -> tuple[Any, int | None]:
    return (edge.edges[0], edge.index) if isinstance(edge, Pick) else (edge, None)
