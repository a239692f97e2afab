"""Memory for time: what a part of a model computes is forgotten, and computed again in the backward pass.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.utils.checkpoint import checkpoint
>>> x = tg.tensor(2.0, requires_grad=True)
>>> checkpoint(lambda x: (x * x).exp().log(), x, use_reentrant=False).backward()
>>> x.grad
tensor(4.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tinygrad_edu.autograd.function import Function
from tinygrad_edu.autograd.grad_mode import enable_grad
from tinygrad_edu.autograd.propagate import ordered, propagate
from tinygrad_edu.functions.random import get_rng_state, set_rng_state
from tinygrad_edu.memory import recording
from tinygrad_edu.node import Leaf, wrap
from tinygrad_edu.tensor import Tensor

__all__ = ["checkpoint", "checkpoint_sequential"]


class Checkpoint(Function):
    """A call of which only what it was given is kept: the arguments, and the leaves (parameters) that it found."""

    @staticmethod
    def forward(ctx: Any, call: Callable[..., Any], state: Any, made: list[Any], leaves: int, *given: Any) -> Any:
        (out,) = made  # (in a list: it is no operand)
        ctx.call, ctx.state, ctx.leaves = call, state, leaves
        ctx.places = [k for k, x in enumerate(given) if isinstance(x, Tensor)]
        ctx.rest = [None if isinstance(x, Tensor) else x for x in given]
        ctx.save_for_backward(*(given[k] for k in ctx.places))
        results = [x.detach() if isinstance(x, Tensor) else x for x in _listed(out)]
        constant = [new for old, new in zip(_listed(out), results, strict=True) if _edge(old) is None]
        ctx.mark_non_differentiable(*(x for x in constant if isinstance(x, Tensor)))
        return tuple(results) if isinstance(out, (tuple, list)) else results[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if recording.get():
            raise RuntimeError(
                "checkpoint: gradients of gradients (create_graph=True) cannot be had of what is computed again. Call "
                "the function itself."
            )
        given, needed = list(ctx.rest), ctx.needs_input_grad[4:]
        for k, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            given[k] = t
        inputs = _detached(given[ctx.leaves :], needed[ctx.leaves :])
        now = get_rng_state()
        if ctx.state is not None:  # dropout drops what it dropped the first time
            set_rng_state(ctx.state)
        try:
            with enable_grad():
                out = ctx.call(*inputs)
        finally:
            if ctx.state is not None:
                set_rng_state(now)
        seeds: dict[Any, Any] = {}
        for y, g in zip(_listed(out), grads, strict=True):
            if g is not None and (edge := _edge(y)) is not None:
                seeds[edge] = seeds[edge] + g._array if edge in seeds else g._array
        goals = [_edge(x) if on else None for x, on in zip((*given[: ctx.leaves], *inputs), needed, strict=True)]
        found, _ = propagate(seeds, {edge for edge in goals if edge is not None}, True, False)
        return (None, None, None, None, *(wrap(found[edge]) if edge in found else None for edge in goals))


def _listed(out: Any) -> Sequence[Any]:
    return out if isinstance(out, (tuple, list)) else (out,)


def _edge(x: Any) -> Any:
    return x._edge() if isinstance(x, Tensor) else None


def _leaves(out: Any, inputs: Iterable[Any]) -> list[Any]:
    """The leaves that the results were computed from, apart from the inputs: parameters."""
    edges = [edge for x in _listed(out) if (edge := _edge(x)) is not None]
    below = dict.fromkeys([*edges, *(edge for node in ordered(edges) for edge in node.edges)])
    known = {_edge(x) for x in inputs}
    tensors = [edge.tensor() for edge in below if isinstance(edge, Leaf) and edge not in known]
    return [t for t in tensors if t is not None]


def _detached(args: Iterable[Any], needed: Iterable[bool]) -> list[Any]:
    """The arguments, tensors cut off from the graph, and as leaves where their gradient is needed."""
    return [x.detach().requires_grad_(on) if isinstance(x, Tensor) else x for x, on in zip(args, needed, strict=True)]


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    preserve_rng_state: bool = True,
    context_fn: Any = None,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """``function(*args, **kwargs)``, of which the backward pass keeps the arguments only, and computes the rest again.

    Args:
        function: a module or a function, of tensors and other arguments; it returns a tensor, or a tuple of some.
        preserve_rng_state: whether random numbers (dropout) are the same the second time.
        use_reentrant, context_fn, determinism_check, debug, early_stop: change nothing.

    Gradients are those of the function itself, for arguments and for leaves (parameters). A computed tensor whose own
    gradient is wanted (`autograd.grad`, a hook) must be one of `args`.

    Raises TypeError for a function that returns a dict, RuntimeError where a gradient of gradients is wanted
    (`create_graph`) and where a parameter was changed in place before the backward pass.
    """
    if recording.get() is False:
        return function(*args, **kwargs)

    def call(*args: Any) -> Any:
        return function(*args, **kwargs)

    state = get_rng_state() if preserve_rng_state else None
    with enable_grad():
        inputs = _detached(args, [_edge(x) is not None for x in args])
        out = call(*inputs)
    if isinstance(out, Mapping):
        raise TypeError("checkpoint: the function must return a tensor or a tuple of some, not a dict: its values, say")
    leaves = _leaves(out, inputs)
    return Checkpoint.apply(call, state, [out], len(leaves), *leaves, *args)


def checkpoint_sequential(functions: Any, segments: int, input: Any, use_reentrant: Any = None, **options: Any) -> Any:
    """A Sequential (or a list of modules) in so many parts, of each of which only the input is kept. (`checkpoint`)

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu.utils.checkpoint import checkpoint_sequential
    >>> layers = tg.nn.Sequential(tg.nn.Linear(2, 3), tg.nn.ReLU(), tg.nn.Linear(3, 1))
    >>> checkpoint_sequential(layers, 2, tg.ones(5, 2), use_reentrant=False).shape
    Size([5, 1])
    """
    layers = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(layers) // segments if segments > 0 else 0
    if not size:
        raise ValueError(f"checkpoint_sequential: {len(layers)} layers cannot be cut into {segments} parts")
    for k in range(segments):
        part = layers[k * size : (k + 1) * size if k < segments - 1 else None]
        input = checkpoint(_chain(part), input, use_reentrant=use_reentrant, **options)
    return input


def _chain(layers: list[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for layer in layers:
            x = layer(x)
        return x

    return run
