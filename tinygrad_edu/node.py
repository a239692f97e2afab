"""The graph: what the engine knows of a tensor, and the nodes that say how it was made."""

from __future__ import annotations

import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.dtypes import NO_GRADIENT, float32
from tinygrad_edu.memory import tick

if TYPE_CHECKING:
    from tinygrad_edu.memory import View
    from tinygrad_edu.primitive import Plan, Primitive
    from tinygrad_edu.tensor import Tensor

__all__ = ["Leaf", "Node", "Pick", "TensorBase", "ghost", "pick", "record", "recorded_type", "wrap"]

_new = object.__new__


class TensorBase:
    """What the engine knows of a tensor: its array and how it was made."""

    __slots__ = ("__dict__", "__weakref__", "_array", "_grad", "_node", "_view")
    _array: Any  # an ndarray, or another library's array
    _node: Node | Leaf | None  # the recorded call that made it, or itself as a leaf that requires grad
    _grad: Any  # its gradient: None or a Tensor
    _view: View | None  # set where it shares memory with an older tensor
    retains_grad: bool  # whether it was computed and keeps its gradient all the same

    def _move(self, node: Node | Leaf | None) -> None:
        """Change in place: from now on `node` made it, and the gradient that is retained is that of the new numbers."""
        old, self._node = self._node, node
        if self.retains_grad and isinstance(old, Node) and isinstance(node, Node) and old.hooks is not None:
            node.hooks = type(old.hooks)()
            node.hooks.last, old.hooks.last = old.hooks.last, None

    def _edge(self) -> Node | Leaf | None:
        """Where this tensor's cotangent goes (None: nowhere)."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node


class Leaf:
    """Stands for a leaf tensor in the graph: its cotangent ends here. It does not keep the tensor alive."""

    __slots__ = ("dtype", "shape", "tensor")
    edges = next_functions = ()

    def __init__(self, tensor: TensorBase) -> None:
        self.tensor = weakref.ref(tensor)
        self.shape, self.dtype = tensor._array.shape, tensor._array.dtype

    def name(self) -> str:
        """What PyTorch calls it."""
        return "AccumulateGrad"

    @property
    def variable(self) -> TensorBase | None:
        """The leaf tensor, by PyTorch's name (None if it is gone)."""
        return self.tensor()


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

    __slots__ = ("__dict__", "dtype", "edges", "hooks", "kwargs", "plan", "saved", "seq", "shape")
    plan: Plan
    edges: tuple[Node | Leaf, ...]  # for each operand that the plan wants: where its cotangent goes
    saved: tuple[Any, ...] | None  # None once released
    shape: Any  # of the result; a tuple of shapes if there are several
    dtype: Any
    seq: int  # position in time: a node is younger than everything that it refers to
    kwargs: dict[str, Any] | None
    hooks: Any  # None, or autograd.hooks.Hooks
    materialize: bool = True  # whether a rule for several results gets zeros for those that nothing depends on
    site: str | None = None  # where the user's program made it, if an observer noted that
    module: tuple[int, str] | None = None  # the model (its id) and the path in it of the module that made it, if noted
    order: int = 0  # how often was differentiated to get here (create_graph)

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


def pick(node: Node, k: int) -> Node:
    """The node of the k-th of several results."""
    out = Pick()
    out.plan, out.edges, out.saved, out.index = node.plan, (node,), (), k
    out.shape, out.dtype, out.seq, out.hooks, out.kwargs = node.shape[k], node.dtype[k], tick(), None, None
    return out


def record(plan: Plan, edges: tuple[Any, ...], env: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Tensor:
    """The result of a call with its node: `env` is (result, operands …, by-products …)."""
    y = env[0]
    out: Any = _new(_Tensor)
    out._array = y
    out._grad = out._view = None
    out._node = node = Node()
    node.plan = plan
    node.edges = edges
    node.saved = plan.keep(env)
    if plan.ghosts:
        node.saved = tuple(ghost(a) if k in plan.ghosts else a for k, a in enumerate(node.saved))
    if type(y) is tuple:  # of several results: `pick` has the node of each
        plan.several = True
        node.shape, node.dtype = tuple(a.shape for a in y), tuple(a.dtype for a in y)
    else:
        dtype = node.dtype = y.dtype
        if dtype is not float32 and dtype.kind == "c":
            raise RuntimeError(f"{plan.primitive.name}: {NO_GRADIENT} Where none is wanted: x.detach(), no_grad().")
        node.shape = y.shape
    node.kwargs = kwargs
    node.hooks = None
    node.seq = tick()
    return out


@lru_cache(maxsize=4096)
def _ghost(shape: tuple[int, ...], dtype: np.dtype[Any]) -> ndarray:
    """An array of NaN that holds no memory: one element, seen with strides 0."""
    if lazy.unknown_size(shape):
        raise ValueError(f"the derivative needs the size of an array of shape {shape}.{lazy.unknown_size(shape)}")
    nan = np.full((), np.nan if dtype.kind in "fc" else 0, dtype)
    return np.ndarray(shape, dtype, nan, strides=(0,) * len(shape))


def ghost(x: Any) -> Any:
    """What a rule receives that promised to use only the shape and dtype of `x` (or of each in it)."""
    if isinstance(x, (tuple, list)):
        return tuple(map(ghost, x))
    return _ghost(x.shape, x.dtype) if hasattr(x, "dtype") else x
