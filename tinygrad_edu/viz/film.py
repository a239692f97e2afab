"""Films of a computation: what the engine computed, step by step, forwards and backwards, in its own order.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu import viz
>>> w = tg.tensor(3.0, requires_grad=True)
>>> with viz.record() as film:
...     loss = w * w
...     loss.backward()
>>> film
<Film: 4 steps, 1 call, 1 backward pass>
>>> film.verify()                        # film.html("film.html") is a page with a player
4
"""

from __future__ import annotations

import html
import os
from typing import Any

from tinygrad_edu.autograd.backward import grad
from tinygrad_edu.autograd.propagate import ordered
from tinygrad_edu.primitive import Leaf, Pick, TensorBase, pick, wrap
from tinygrad_edu.viz import page, reading
from tinygrad_edu.viz.graph import Graph
from tinygrad_edu.viz.naming import Names
from tinygrad_edu.viz.recalled import recall
from tinygrad_edu.viz.recorder import Call, Recorder, Step, Values
from tinygrad_edu.viz.replay import verify

__all__ = ["Film", "play", "record"]


class Film:
    """Every recorded call and every step of every backward pass, with copies of the numbers."""

    def __init__(self, params: Any = None) -> None:
        self._recorder = Recorder()
        self._names = Names()
        self._names.params(params)
        self._graph: Graph | None = None
        self.keys: dict[Any, str] = {}

    @property
    def steps(self) -> list[Step]:
        """What happened, in the order in which it happened."""
        return self._recorder.steps

    @property
    def values(self) -> Values:
        """The numbers that the steps refer to."""
        return self._recorder.values

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        calls, passes = sum(isinstance(s, Call) for s in self.steps), self._recorder.passes
        return (
            f"<Film: {len(self)} steps, {calls} call{'s' * (calls != 1)}, {passes} backward pass{'es' * (passes != 1)}>"
        )

    def __enter__(self) -> Film:
        self._recorder.__enter__()
        self._graph = None
        return self

    def __exit__(self, *exc: object) -> None:
        self._recorder.__exit__(*exc)
        self._names.caller(2)

    def verify(self) -> int:
        """Compute every step again from its recorded values, through the table of rules; returns their number.

        Raises AssertionError, with the step, where a number that the film shows is not what the rules give.
        """
        return verify(self.steps, self.values)

    def graph(self) -> Graph:
        """Everything that was recorded, as one graph; after it `keys` says which vertex stands for which node."""
        if self._graph is None:
            calls = [step for step in self.steps if isinstance(step, Call)]
            if not calls:
                raise RuntimeError(
                    "the film is empty: nothing that requires grad was computed inside `with viz.record():`. Put the "
                    "forward pass and backward() inside; parameters are created with requires_grad=True."
                )
            used = {_unpicked(edge) for step in calls for edge in step.node.edges}
            outputs = [self._end(step) for step in calls if step.node not in used]
            found = reading.read(outputs, self._names, self._known(calls), formulas=True)
            self._graph, self.keys = found.graph, found.keys
        return self._graph

    def _known(self, calls: list[Call]) -> dict[Any, Any]:
        """Arrays by node and leaf, and those of operands by node and position."""
        found: dict[Any, Any] = {}
        for step in calls:
            if isinstance(step.result, int):
                found[step.node] = self.values[step.result]
            for place, edge in zip(step.operands, step.edges, strict=True):
                if isinstance(edge, Leaf) and place is not None:
                    found.setdefault(edge, self.values[place])
            for i, a in step.constants.items():
                found[step.node, i] = a
        return found

    def _end(self, step: Call) -> Any:
        """A tensor that stands for the result of a call."""
        if isinstance(step.result, tuple):
            return wrap(self.values[step.result[0]], pick(step.node, 0))
        node = pick(step.node, 0) if isinstance(step.node.dtype, tuple) else step.node
        return wrap(0.0 if step.result is None else self.values[step.result], node)

    def html(self, path: str | os.PathLike[str], title: str | None = None) -> str:
        """Write a page with the graph and a player to `path`; returns the path. The page needs no network.

        Raises LayoutMissing where no layout program is installed, RuntimeError where nothing was recorded.
        """
        return page.write(path, self.graph(), self, title)

    def _repr_html_(self) -> str:
        text = html.escape(page.document(self.graph(), self))
        return f'<iframe title="film" style="width:100%;height:640px;border:0" srcdoc="{text}"></iframe>'


def record(params: Any = None) -> Film:
    """Film what happens inside a ``with`` block: every recorded call, and every step of every backward pass.

    Args:
        params: names of tensors, as for `viz.graph`; what has no name there is called as the variable of the
            caller that holds it at the end of the block.

    The numbers are copied, so a film takes as much memory as all that it shows; it changes no result.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import viz
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> with viz.record() as film:
    ...     (w * w).sum().backward()
    >>> len(film), w.grad
    (6, tensor([2., 4.]))
    """
    return Film(params)


def play(loss: Any, params: Any = None) -> Film:
    """A film of a backward pass from `loss`, and of the forward pass that made it as far as its graph knows it.

    Args:
        loss: a tensor of one element. Its graph is kept, and no `.grad` is touched.
        params: names of tensors, as for `viz.graph`.

    What the graph did not keep is computed again from what it did; what cannot be (an added constant, say) is left
    open. `record` around the forward pass misses nothing.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import viz
    >>> w = tg.tensor(3.0, requires_grad=True)
    >>> viz.play(w * w)
    <Film: 4 steps, 1 call, 1 backward pass>
    """
    if not isinstance(loss, TensorBase):
        raise TypeError(f"play: expected a Tensor, got {type(loss).__name__}; viz.record() films any code")
    if loss._edge() is None or isinstance(loss._edge(), Leaf):
        raise RuntimeError(
            "play: nothing was recorded for this tensor, so that there is nothing to play. Compute the loss from "
            "parameters with requires_grad=True, outside of no_grad(), and do not detach it."
        )
    film = Film(params)
    film._names.caller(2)
    edges = dict.fromkeys(edge for node in ordered([loss._edge()]) for edge in node.edges if isinstance(edge, Leaf))
    leaves = [t for edge in edges if (t := edge.tensor()) is not None]
    with film._recorder:
        recall(loss._edge(), {loss._edge(): loss, **film._names.tensors}, film._recorder)
        grad(loss, leaves, retain_graph=True, allow_unused=True)
    return film


def _unpicked(edge: Any) -> Any:
    return edge.edges[0] if isinstance(edge, Pick) else edge
