"""`Function`: an operation with a backward of one's own, in PyTorch's form.

A class rather than a line: for what `rule` cannot say (state kept in `ctx`, changes in place, results
without a gradient). A call of `apply` becomes one node whose joint rule runs the class's `backward`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.dtypes import NO_GRADIENT
from tinygrad_edu.memory import View, recording, tick
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import Leaf, Node, Plan, Primitive, TensorBase, pick, wrap

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class FunctionCtx:
    """What `forward` leaves for `backward`. Attributes of any kind may be set on it."""

    needs_input_grad: tuple[bool, ...] = ()
    """For each input whether its gradient is wanted."""

    _to_save: tuple[Any, ...] = ()
    _dirty: tuple[Any, ...] = ()
    _constant: tuple[Any, ...] = ()
    _materialize = True
    _unpacked: tuple[Any, ...] | None = None

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, results or other tensors (or None) for `backward`, which finds them in `saved_tensors`."""
        for k, t in enumerate(tensors):
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save tensors, but argument {k} is of type {type(t).__name__}; "
                    f"keep it as an attribute: ctx.name = value"
                )
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, in order. RuntimeError outside of `backward`."""
        if self._unpacked is None:
            raise RuntimeError("ctx.saved_tensors is there while backward runs; in forward use the tensors themselves")
        return self._unpacked

    def mark_dirty(self, *tensors: Any) -> None:
        """Say which inputs `forward` has changed in place; it must return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Say which results have no gradient (indices, masks)."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether `backward` gets zeros (default), or None, for results that nothing depends on."""
        self._materialize = value


class FunctionNode(Node):
    """The recorded call of a `Function`."""

    __slots__ = ("arity", "ctx", "origins")
    ctx: FunctionCtx
    arity: int  # of forward
    origins: tuple[
        Any, ...
    ]  # of each saved array: the node or leaf that it belongs to, the number of the result, or None

    @property
    def kwargs(self) -> dict[str, Any]:  # type: ignore[override]  # made anew: kept, it would be a reference cycle
        return {"node": self}

    @property
    def materialize(self) -> bool:  # type: ignore[override]
        return self.ctx._materialize

    def unpacked(self) -> tuple[Any, ...]:
        """The saved arrays as tensors that lead back into the graph."""
        arrays = self.saved[0] if self.saved else ()
        return tuple(None if a is None else wrap(a, self._origin(o)) for a, o in zip(arrays, self.origins, strict=True))

    def _origin(self, o: Any) -> Any:
        if not isinstance(o, int):
            return o
        return pick(self, o) if isinstance(self.shape, tuple) and isinstance(self.dtype, tuple) else self


class Function:
    """Base class: subclasses define `forward` and `backward` as static methods, and are called by `apply`.

    >>> import tinygrad_edu as tg
    >>> class Cube(tg.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x * x * x
    ...     @staticmethod
    ...     def backward(ctx, grad_output):
    ...         (x,) = ctx.saved_tensors
    ...         return grad_output * 3 * x * x
    >>> x = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> Cube.apply(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """

    _plans: dict[bool, Primitive]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self).__name__} is not made into an object: its methods are static. "
            f"Call {type(self).__name__}.apply(…)."
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the results: ``forward(ctx, *inputs)``, or ``forward(*inputs)`` if there is a `setup_context`."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *inputs)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Save what `backward` needs, apart from `forward`."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Turn the cotangent of each result into one gradient (or None) for each input of `forward`."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    vjp = backward

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Call `forward` on the inputs, recorded.

        Raises TypeError for arguments that `forward` does not take, RuntimeError where an input that was changed in
        place is a leaf that requires grad, or was not returned.
        """
        ctx = FunctionCtx()
        apart = cls.setup_context is not Function.setup_context
        if kwargs or apart:  # `backward` counts inputs by position
            bound = inspect.signature(cls.forward).bind(*(args if apart else (ctx, *args)), **kwargs)
            bound.apply_defaults()
            args = bound.args if apart else bound.args[1:]
        edges = [x._edge() if isinstance(x, TensorBase) else None for x in args]
        ctx.needs_input_grad = tuple(e is not None for e in edges)
        mode = recording.get()
        with no_grad():
            if apart:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
            else:
                result = cls.forward(ctx, *args)
        several = isinstance(result, (tuple, list))
        results = list(result) if several else [result]
        recorded = bool(mode) and any(ctx.needs_input_grad)
        _check_dirty(cls.__name__, ctx, results, recorded)
        if not recorded:
            return tuple(results) if several else result
        node = _recorded(cls, ctx, args, edges, results, several)
        outs = [_connected(t, k, node, ctx, args, several) for k, t in enumerate(results)]
        if mode is not True:
            mode(node, args, tuple(outs) if several else outs[0])
        return tuple(outs) if several else outs[0]


def _check_dirty(name: str, ctx: FunctionCtx, results: Sequence[Any], recorded: bool) -> None:
    for t in ctx._dirty:
        if not any(t is r for r in results):
            raise RuntimeError(f"{name}: an input that was marked as dirty must be returned by forward")
        if recorded and isinstance(t._node, Leaf):
            raise RuntimeError(
                f"{name}: a leaf that requires grad (shape {tuple(t._array.shape)}) was changed in place and marked as "
                f"dirty; its use is recorded, so it must not change. Pass a copy: x.clone()."
            )
        if recorded and t._view is not None:
            raise RuntimeError(f"{name}: a view was changed in place and marked as dirty. Pass a copy: x.clone().")


def _recorded(
    cls: Any, ctx: FunctionCtx, args: Sequence[Any], edges: Sequence[Any], results: Sequence[Any], several: bool
) -> FunctionNode:
    """The node of one call; it keeps arrays and edges, never a tensor."""
    node = FunctionNode()
    mask = sum(1 << k for k, e in enumerate(edges) if e is not None)
    node.plan = _plan(cls, bool(ctx._to_save), mask)
    node.edges = tuple(e for e in edges if e is not None)
    node.ctx, node.arity = ctx, len(args)
    arrays, origins = [], []
    for t in ctx._to_save:
        arrays.append(None if t is None else t._array)
        is_input = any(t is x for x in args) and not any(t is d for d in ctx._dirty)
        place = None if is_input else next((k for k, r in enumerate(results) if r is t), None)
        if place is None:
            origins.append(None if t is None else t._edge())
        else:
            origins.append(None if any(t is c for c in ctx._constant) else place)
    node.saved, node.origins = (tuple(arrays),) if arrays else (), tuple(origins)
    ctx._to_save = ()
    shapes = tuple(t._array.shape if isinstance(t, TensorBase) else () for t in results)
    dtypes = tuple(t._array.dtype if isinstance(t, TensorBase) else np.dtype(bool) for t in results)
    node.shape, node.dtype = (shapes, dtypes) if several else (shapes[0], dtypes[0])
    node.plan.several |= several
    node.hooks, node.seq = None, tick()
    return node


def _connected(t: Any, k: int, node: FunctionNode, ctx: FunctionCtx, args: Sequence[Any], several: bool) -> Any:
    """Result `k` of a call as its caller gets it."""
    if not isinstance(t, TensorBase) or t._array.dtype.kind not in "fc" or any(t is c for c in ctx._constant):
        return t
    if t._array.dtype.kind == "c":
        raise RuntimeError(f"{node.name()}: {NO_GRADIENT} Or say so: ctx.mark_non_differentiable(z).")
    edge = pick(node, k) if several else node
    if any(t is d for d in ctx._dirty):
        t._move(edge)
        return t
    out = wrap(t._array, edge)  # inputs that are returned as they are stay what they were
    whole = t if t._view is None else t._view.base
    for x in args:
        if isinstance(x, TensorBase) and whole is (x if t is x or x._view is None else x._view.base):
            out._view = _Returned(x, functools.partial(_not_made_anew, node.name()), several=True)
            break
    return out


class _Returned(View):
    """Of a result that is an input, or a view of one: from a changed input it cannot be made anew."""

    __slots__ = ()

    def refresh(self, tensor: TensorBase) -> None:
        if recording.get():
            super().refresh(tensor)


def _not_made_anew(name: str, base: Any) -> Any:
    raise RuntimeError(
        f"{name}: what it returned shares memory with its input, which has been changed in place since. Return a copy "
        f"(x.clone()), or change the input out of place."
    )


def _plan(cls: Any, saves: bool, mask: int) -> Plan:
    """The plan of a class's calls; one that saved nothing can run backward any number of times."""
    if "_plans" not in cls.__dict__:
        cls._plans = {
            True: _primitive(cls, lambda g, kept, node: _run(cls, g, node)),
            False: _primitive(cls, lambda g, node: _run(cls, g, node)),
        }
    return cls._plans[saves].plan(mask)


def _primitive(cls: Any, joint: Callable[..., Any]) -> Primitive:
    return Primitive(
        cls.forward, (), name=cls.__name__, operands=(), saves={"kept": lambda node: node.saved}, joint=joint,
        view=False, spread=False, elementwise=False,
    )  # fmt: skip


def _run(cls: Any, g: Any, node: FunctionNode) -> list[Any]:
    """The joint rule: the class's `backward`, on tensors; arrays in and out unless a graph is being created."""
    ctx = node.ctx
    given = list(g) if isinstance(g, tuple) else [g]
    dtypes = node.dtype if isinstance(node.dtype, tuple) else (node.dtype,)
    lift = not any(isinstance(x, TensorBase) for x in given)
    cots = [_cotangent(x) if d.kind == "f" or x is None else None for x, d in zip(given, dtypes, strict=True)]
    ctx._unpacked = node.unpacked()
    before = recording.get()
    if lift:
        recording.set(False)
    try:
        found = (cls.vjp if cls.backward is Function.backward else cls.backward)(ctx, *cots)
    finally:
        recording.set(before)
        ctx._unpacked = None
    return _checked(cls.__name__, found, node, lift)


def _cotangent(x: Any) -> Any:
    """A cotangent as a tensor that may not be written to: the engine may be passing the same array elsewhere."""
    if x is None or isinstance(x, TensorBase):
        return x
    a = np.asarray(x).view() if isinstance(x, (np.ndarray, np.generic)) else x
    if isinstance(a, np.ndarray):
        a.flags.writeable = False
    return wrap(a)


def _checked(name: str, found: Any, node: FunctionNode, lift: bool) -> list[Any]:
    """One gradient for each input, as the engine takes them."""
    grads = list(found) if isinstance(found, (tuple, list)) else [found]
    while len(grads) > node.arity and grads[-1] is None:
        grads.pop()
    if len(grads) != node.arity:
        raise RuntimeError(
            f"{name}.backward returned {len(grads)} gradients, but forward has {node.arity} inputs (without ctx): "
            f"return one for each, None for those without a gradient"
        )
    out: list[Any] = []
    for k, c in enumerate(grads):
        if c is None:
            out.append(None)
        elif k not in node.plan.wanted and not isinstance(c, TensorBase):
            raise RuntimeError(f"{name}.backward returned {type(c).__name__} for input {k}: return None for it")
        elif lift:
            out.append(np.asarray(c._array if isinstance(c, TensorBase) else as_operand(c, f"{name}.backward")))
        else:
            out.append(c if isinstance(c, TensorBase) else wrap(np.asarray(as_operand(c, f"{name}.backward"))))
    return out


class _Once(Function):
    """Passes gradients on, and refuses to be differentiated."""

    @staticmethod
    def forward(ctx: Any, n: int, *args: Any) -> Any:
        return tuple(None if t is None else wrap(t._array) for t in args[:n])

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function whose backward is marked with @once_differentiable: write it "
            "with tensor operations only, and remove the mark"
        )


def once_differentiable(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator for a `backward` that computes outside of the graph (with NumPy): differentiating it is an error.

    >>> from tinygrad_edu.autograd.function import once_differentiable
    """

    @functools.wraps(f)
    def backward(ctx: Any, *grads: Any) -> Any:
        with no_grad():
            found = f(ctx, *grads)
        parts = list(found) if isinstance(found, (tuple, list)) else [found]
        if not recording.get():
            return found
        marked = _Once.apply(len(parts), *parts, *grads, *(t for t in ctx.saved_tensors if t is not None))
        return marked if isinstance(found, (tuple, list)) else marked[0]

    return backward
