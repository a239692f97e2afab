"""Hooks of modules: functions that are called before and after `forward`, and as gradients pass through."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tinygrad_edu.autograd.function import Function
from tinygrad_edu.autograd.hooks import RemovableHandle
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.nn.module import Module

__all__ = ["ModuleHooks"]


class ModuleHooks:
    """The hooks of one module, each with its options, in the order in which they are called."""

    def __init__(self) -> None:
        self.before: list[tuple[Callable[..., Any], bool]] = []  # with_kwargs
        self.after: list[tuple[Callable[..., Any], bool, bool]] = []  # with_kwargs, always_call
        self.backward_before: list[tuple[Callable[..., Any]]] = []
        self.backward: list[tuple[Callable[..., Any]]] = []

    @staticmethod
    def add(hooks: list[Any], hook: Callable[..., Any], *options: bool, prepend: bool = False) -> RemovableHandle:
        """Register a hook in one of the lists."""
        if not callable(hook):
            raise TypeError(f"a hook must be a function, not {type(hook).__name__}")
        return RemovableHandle(hooks, (hook, *options), prepend)

    def call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call `forward` with every hook."""
        if not (self.before or self.after or self.backward or self.backward_before):  # all have been removed
            module.__dict__["_module_hooks"] = None
            return module.forward(*args, **kwargs)
        done: set[int] = set()
        try:
            return self._call(module, args, kwargs, done)
        except Exception:
            for entry in list(self.after):
                hook, with_kwargs, always = entry
                if always and id(entry) not in done:
                    self._call_after(hook, with_kwargs, module, args, kwargs, None)
            raise

    def _call(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any], done: set[int]) -> Any:
        for hook, with_kwargs in list(self.before):
            args, kwargs = self._call_before(hook, with_kwargs, module, args, kwargs)
        gate = Gate(module, self) if self.backward or self.backward_before else None
        if gate is not None:
            args = gate.enter(args)
        output = module.forward(*args, **kwargs)
        for entry in list(self.after):
            hook, with_kwargs, _ = entry
            done.add(id(entry))
            new = self._call_after(hook, with_kwargs, module, args, kwargs, output)
            output = output if new is None else new
        return output if gate is None else gate.leave(output)

    @staticmethod
    def _call_before(
        hook: Callable[..., Any], with_kwargs: bool, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        new = hook(module, args, kwargs) if with_kwargs else hook(module, args)
        if new is None:
            return args, kwargs
        if not with_kwargs:
            return new if isinstance(new, tuple) else (new,), kwargs
        if not isinstance(new, tuple) or len(new) != 2:
            raise RuntimeError(
                f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {new}."
            )
        return new

    @staticmethod
    def _call_after(
        hook: Callable[..., Any],
        with_kwargs: bool,
        module: Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        output: Any,
    ) -> Any:
        return hook(module, args, kwargs, output) if with_kwargs else hook(module, args, output)


class Gate:
    """What gradients pass through on their way into and out of one call of a module that has backward hooks."""

    def __init__(self, module: Module, hooks: ModuleHooks) -> None:
        self.module, self.hooks = module, hooks
        self.grad_output: tuple[Any, ...] | None = None
        self.watched = False  # whether the gradient of an input will come by

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, so that their gradients come by."""
        places = [k for k, x in enumerate(args) if isinstance(x, TensorBase)]
        self.watched = any(args[k]._edge() is not None for k in places)
        self.places, self.arity = places, len(args)
        if not self.watched:
            return args
        passed = iter(ModuleInput.apply(self, *(args[k] for k in places)))
        return tuple(next(passed) if isinstance(x, TensorBase) else x for x in args)

    def leave(self, output: Any) -> Any:
        """The result, so that its gradients come by: of a tensor, or of those in a tuple, list or dict."""
        items = list(output.items()) if isinstance(output, dict) else list(enumerate(_several(output)))
        tensors = {k: x for k, x in items if isinstance(x, TensorBase)}
        if not tensors:
            warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
                f"{type(output)}"
            )
            return output
        passed = dict(zip(tensors, ModuleOutput.apply(self, *tensors.values()), strict=True))
        if isinstance(output, dict):
            return {**output, **passed}
        if not isinstance(output, (tuple, list)):
            return passed[0]
        parts = [passed.get(k, x) for k, x in enumerate(output)]
        return type(output)(*parts) if hasattr(output, "_fields") else type(output)(parts)

    def output_gradients(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Called with the gradients of the results; returns what to pass on."""
        for (hook,) in list(self.hooks.backward_before):
            grads = _replaced(grads, hook(self.module, grads), "Backward pre hook", "grad_output")
        self.grad_output = grads
        if not self.watched:
            for (hook,) in list(self.hooks.backward):
                new = hook(self.module, (None,) * self.arity, grads)
                if new is not None and any(g is not None for g in _several(new)):
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always return None or None "
                        "for all gradients."
                    )
        return grads

    def input_gradients(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        """Called with the gradients of the inputs that are tensors; returns what to pass on."""
        if self.grad_output is None:
            return grads
        full: list[Any] = [None] * self.arity
        for k, g in zip(self.places, grads, strict=True):
            full[k] = g
        grads = tuple(full)
        for (hook,) in list(self.hooks.backward):
            grads = _replaced(grads, hook(self.module, grads, self.grad_output), "Backward hook", "grad_input")
        self.grad_output = None
        return tuple(grads[k] for k in self.places)


def _several(output: Any) -> Any:
    return output if isinstance(output, (tuple, list)) else (output,)


def _replaced(grads: tuple[Any, ...], new: Any, who: str, what: str) -> tuple[Any, ...]:
    """The gradients after one hook."""
    if new is None:
        return grads
    found = tuple(_several(new))
    if len(found) != len(grads):
        raise RuntimeError(
            f"{who} returned an invalid number of {what}, got {len(found)}, but expected {len(grads)}: return None, or "
            f"a tuple with one gradient (or None) for each"
        )
    return found


class _Passing(Function):
    """The identity on tensors. The results have memory of their own: a module may change its inputs in place."""

    @staticmethod
    def forward(ctx: Any, gate: Gate, *tensors: Any) -> Any:
        ctx.gate = gate
        ctx.set_materialize_grads(False)
        return tuple(t.clone() for t in tensors)


class ModuleInput(_Passing):
    """Where gradients leave a module."""

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.gate.input_gradients(grads))


class ModuleOutput(_Passing):
    """Where gradients enter a module."""

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return (None, *ctx.gate.output_gradients(grads))
