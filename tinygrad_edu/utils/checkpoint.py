"""Memory for time: what a part of a model computes is forgotten, and computed again in the backward pass.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.utils.checkpoint import checkpoint
>>> x = tg.tensor(2.0, requires_grad=True)
>>> checkpoint(lambda x: (x * x).exp().log(), x, use_reentrant=False).backward()
>>> x.grad
tensor(4.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.autograd.function import Function
from tinygrad_edu.autograd.grad_mode import enable_grad
from tinygrad_edu.functions.creation import zeros
from tinygrad_edu.functions.random import get_rng_state, set_rng_state
from tinygrad_edu.memory import recording
from tinygrad_edu.tensor import Tensor

__all__ = ["checkpoint", "checkpoint_sequential"]


class _Forgetful(Function):
    """A function of tensors of which only the inputs are kept."""

    @staticmethod
    def forward(ctx: Any, anchor: Any, call: Callable[..., Any], preserve: bool, *args: Any) -> Any:
        ctx.call, ctx.state = call, get_rng_state() if preserve else None
        ctx.places = [k for k, x in enumerate(args) if isinstance(x, Tensor)]
        ctx.rest = [None if isinstance(x, Tensor) else x for x in args]
        ctx.save_for_backward(*(args[k] for k in ctx.places))
        with enable_grad():
            out = call(*_detached(args, ctx.needs_input_grad[3:]))
        several = isinstance(out, (tuple, list))
        results = [x.detach() if isinstance(x, Tensor) else x for x in (out if several else (out,))]
        for old, new in zip(out if several else (out,), results, strict=True):
            if isinstance(old, Tensor) and not old.requires_grad:
                ctx.mark_non_differentiable(new)
        return tuple(results) if several else results[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        args = list(ctx.rest)
        for k, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[k] = t
        needed = ctx.needs_input_grad[3:]
        now = get_rng_state()
        if ctx.state is not None:  # dropout drops what it dropped the first time
            set_rng_state(ctx.state)
        try:
            with enable_grad():
                inputs = _detached(args, needed)
                out = ctx.call(*inputs)
        finally:
            if ctx.state is not None:
                set_rng_state(now)
        outputs = out if isinstance(out, (tuple, list)) else (out,)
        pairs = [
            (y, g)
            for y, g in zip(outputs, grads, strict=True)
            if isinstance(y, Tensor) and y.requires_grad and g is not None
        ]
        backward([y for y, _ in pairs], [g for _, g in pairs])
        return (None, None, None, *(x.grad if on else None for x, on in zip(inputs, needed, strict=True)))


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

    Gradients are those of the function itself; a gradient of them (`create_graph`) cannot be had. Those of parameters,
    and of other tensors that are no arguments, are added to their `grad` by every backward pass: take them by
    ``loss.backward()``, not by `autograd.grad`.
    """
    if recording.get() is False:
        return function(*args, **kwargs)

    def call(*args: Any) -> Any:
        return function(*args, **kwargs)

    return _Forgetful.apply(zeros((), requires_grad=True), call, preserve_rng_state, *args)


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
