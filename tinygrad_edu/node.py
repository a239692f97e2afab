"""The graph: what the engine knows of a tensor, and the nodes that say how it was made."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinygrad_edu.memory import View
    from tinygrad_edu.primitive import Plan, Primitive
    from tinygrad_edu.tensor import Tensor

__all__ = ["Leaf", "Node", "Pick", "TensorBase", "recorded_type", "wrap"]

_new = object.__new__


class TensorBase:
    """What the engine knows of a tensor: its array and how it was made."""

    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_node", "_view")
    _array: Any  # an ndarray, or another library's array
    _node: Node | Leaf | None  # the recorded call that made it, or itself as a leaf that requires grad
    _grad: Any  # its gradient: None or a Tensor
    _view: View | None  # set where it shares memory with an older tensor

    def _edge(self) -> Node | Leaf | None:
        """Where this tensor's cotangent goes (None: nowhere)."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node


class Leaf:
    """Stands for a leaf tensor in the graph: its cotangent ends here. It does not keep the tensor alive."""

    __slots__ = ("dtype", "shape", "tensor")
    edges = ()

    def __init__(self, tensor: TensorBase) -> None:
        self.tensor = weakref.ref(tensor)
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype


_Tensor: type[TensorBase] = TensorBase


def recorded_type(cls: Any) -> Any:
    """Class decorator: results of recorded calls are of this class (it is `Tensor`)."""
    global _Tensor
    _Tensor = cls
    return cls


def wrap(array: Any, node: Node | Leaf | None = None, leaf: bool = False) -> Tensor:
    """A Tensor around an array, without a copy; as a leaf that requires grad if so asked."""
    out: Any = _new(_Tensor)
    out._array = array
    out._node = node
    out._grad = out._view = None
    if leaf:
        out._node = Leaf(out)
    return out


class Node:
    """One recorded call. It refers to older nodes, never to a tensor: dropping the result frees the graph."""

    __slots__ = ("__dict__", "dtype", "edges", "plan", "saved", "seq", "shape")
    plan: Plan
    edges: tuple[Node | Leaf, ...]  # for each operand that the plan wants: where its cotangent goes
    saved: tuple[Any, ...] | None  # None once released
    shape: Any  # of the result; a tuple of shapes if there are several
    dtype: Any
    seq: int  # position in time: a node is younger than everything that it refers to
    kwargs: dict[str, Any] | None = None
    hooks: Any = None  # autograd.hooks.Hooks, once there are any
    materialize: bool = True  # whether a rule for several results gets zeros for those that nothing depends on
    site: str | None = None  # where the user's program made it, if an observer noted that
    module: str | None = None  # the path of the module that made it, if an observer noted that
    derived: tuple[int, int] | None = None  # the result of a recorded backward pass: when that began, of which order

    @property
    def primitive(self) -> Primitive:
        """What was called."""
        return self.plan.primitive

    def name(self) -> str:
        """The primitive's name."""
        return self.primitive.name

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The operands' nodes with the index of their result, as in PyTorch."""
        return tuple((e.edges[0], e.index) if isinstance(e, Pick) else (e, 0) for e in self.edges)

    def __repr__(self) -> str:
        return f"<{self.name()}>"


class Pick(Node):
    """One of several results of a node, which is `edges[0]`."""

    __slots__ = ("index",)
    index: int
