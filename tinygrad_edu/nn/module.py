"""Module: what a part of a model is: its parameters, its buffers, its own parts (`tree.py`), and how it computes."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from tinygrad_edu import dtypes, legacy, memory
from tinygrad_edu.autograd.hooks import RemovableHandle
from tinygrad_edu.device import check_device
from tinygrad_edu.functions import conversion
from tinygrad_edu.nn import state
from tinygrad_edu.nn.hooks import ModuleHooks
from tinygrad_edu.nn.members import BUFFER, PARAMETER
from tinygrad_edu.nn.tree import Tree, join, walk
from tinygrad_edu.primitive import wrap
from tinygrad_edu.tensor import Tensor

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")
_UNMADE = ModuleHooks()  # of a module whose __init__ has not been called


class Module(Tree):
    """A model or a part of one. A subclass makes its parameters and parts in `__init__`, and computes in `forward`.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(2, 8)
    ...         self.scale = nn.Parameter(tg.ones(1))
    ...     def forward(self, x):
    ...         return self.scale * self.hidden(x)
    >>> net = Net()
    >>> net(tg.ones(5, 2)).shape
    Size([5, 8])
    >>> [name for name, _ in net.named_parameters()]
    ['scale', 'hidden.weight', 'hidden.bias']
    >>> net
    Net(
      (hidden): Linear(in_features=2, out_features=8, bias=True)
    )
    """

    training: bool
    """Whether the module is in training mode; set by `train` and `eval`, and asked by Dropout, BatchNorm, …"""

    _module_hooks: ModuleHooks | None = _UNMADE

    def __init__(self) -> None:
        self.__dict__.update(training=True, _member_kinds={}, _module_hooks=None)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result. To be defined by the subclass; called as ``module(…)``, which also runs the hooks."""
        close = difflib.get_close_matches("forward", [n for n in dir(type(self)) if n != "forward"], cutoff=0.7)
        hint = f" (is `{close[0]}` meant to be it?)" if close else ""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function{hint}. Write def forward(self, '
            f"x): in the class, indented as __init__ is."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._module_hooks is None:
            return self.forward(*args, **kwargs) if kwargs else self.forward(*args)  # empty ** takes time
        self._kinds_of_members("call it")
        return self._module_hooks.call(self, args, kwargs)

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` on every part, then on the module itself; returns the module."""
        for part in self.children():
            part.apply(fn)
        fn(self)
        return self

    # -- saving and loading --------------------------------------------------------------------------------

    def _state_places(self, prefix: str = "") -> dict[str, state.Place]:
        """Where each tensor that is saved belongs, by its key. Shared ones stand under each of their names."""
        places = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for kind in (PARAMETER, BUFFER):
                for name, _ in module._own_members(kind):
                    if kind is PARAMETER or name not in module._transient_buffers:
                        places[prefix + join(path, name)] = state.Place(module, name)
        return places

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """Its parameters and persistent buffers by path. They share memory with the module (and with it, change).

        destination: a dict to write to. keep_vars: the parameters themselves, not detached.
        """
        found = OrderedDict() if destination is None else destination
        for key, place in self._state_places(prefix).items():
            found[key] = place.tensor if keep_vars else place.tensor.detach()
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> state.Keys:
        """Copy the tensors of a state dict into the module's.

        Args:
            state_dict: what `state_dict` of a module like this one returned (tensors, NumPy arrays, PyTorch's tensors).
            strict: whether the keys must be the same on both sides.
            assign: whether the tensors themselves take the places of the module's, instead of being copied.

        Returns the missing and the unexpected keys. Raises RuntimeError that lists every difference, and TypeError
        for what is no dict; the module is then as it was.
        """
        return state.load(self, self._state_places(), state_dict, strict, assign)

    # -- modes, gradients, dtypes ----------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode (or, with False, evaluation mode) in it and all its parts; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, not {type(mode).__name__}")
        for module in walk(self):
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Set evaluation mode: Dropout passes everything, BatchNorm uses its running statistics."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters (or set them to 0)."""
        for p in self.parameters():
            if p._grad is not None:
                p.grad = None if set_to_none else wrap(np.zeros_like(p._grad._array))

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Let all its parameters be trained, or (False) be left as they are; returns the module."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def _convert_members(self: Self, cast: Callable[[Any], Any]) -> Self:
        """Apply a cast to each parameter, in its own object (optimizers hold them), and to each buffer."""
        before = memory.recording.get()
        memory.recording.set(False)
        try:
            for module in walk(self):
                for _, p in module._own_members(PARAMETER):
                    grad = p._grad
                    p.data = cast(p.data)
                    if grad is not None:
                        p._grad = cast(grad)
                for name, buffer in module._own_members(BUFFER):
                    module.__dict__[name] = cast(buffer)
        finally:
            memory.recording.set(before)
        return self

    def to(self: Self, *args: Any, **kwargs: Any) -> Self:
        """Convert its floating parameters and buffers: ``to(float64)``, ``to("cpu")``, ``to(other_tensor)``.

        Raises RuntimeError for a GPU, TypeError for a dtype that is no float.
        """
        kwargs.pop("memory_format", None)
        asked = conversion.to(wrap(np.zeros((), np.bool_)), *args, **kwargs)._array.dtype
        if asked == np.bool_:
            return self
        if asked.kind != "f":
            raise TypeError(f"nn.Module.to only accepts floating point dtypes, but got desired dtype={asked}")
        return self._to_floating(asked)

    def _to_floating(self: Self, dtype: Any) -> Self:
        return self._convert_members(lambda t: conversion.cast(t, dtype) if t._array.dtype.kind == "f" else t)

    def double(self: Self) -> Self:
        """Convert its floating parameters and buffers to float64; returns the module."""
        return self._to_floating(dtypes.float64)

    def half(self: Self) -> Self:
        """Convert its floating parameters and buffers to float16; returns the module."""
        return self._to_floating(dtypes.float16)

    def type(self: Self, dst_type: Any) -> Self:
        """Convert all its parameters and buffers to a dtype; returns the module."""
        dtype = legacy.meant(dst_type)
        return self._convert_members(lambda t: conversion.cast(t, dtype))

    def cpu(self: Self) -> Self:
        """The module itself: it is on the CPU."""
        return self

    def cuda(self: Self, device: Any = None) -> Self:
        """Raises RuntimeError: there is no GPU."""
        check_device("cuda")
        return self

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: there is no compiler."""

    def share_memory(self: Self) -> Self:
        """The module itself: threads share memory anyway."""
        return self

    # -- hooks -----------------------------------------------------------------------------------------------

    def _hooks_of_its_own(self) -> ModuleHooks:
        self._kinds_of_members("register a hook")
        if self._module_hooks is None:
            self.__dict__["_module_hooks"] = ModuleHooks()
        return self._module_hooks  # type: ignore[return-value]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each `forward`; what it returns, if not None, replaces the arguments.

        prepend: before the hooks that are there. with_kwargs: ``hook(module, args, kwargs)``, which returns
        None or both. Returns a handle with a method `remove`.
        """
        hooks = self._hooks_of_its_own()
        return hooks.add(hooks.before, hook, with_kwargs, prepend=prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after each `forward`; what it returns, if not None, replaces the output.

        prepend: before the hooks that are there. with_kwargs: ``hook(module, args, kwargs, output)``.
        always_call: also after an error, with None as the output. Returns a handle with a method `remove`.

        >>> import tinygrad_edu as tg
        >>> layer = tg.nn.ReLU()
        >>> with layer.register_forward_hook(lambda module, args, output: print(args, "->", output)):
        ...     y = layer(tg.tensor([-1.0, 2.0]))
        (tensor([-1.,  2.]),) -> tensor([0., 2.])
        """
        hooks = self._hooks_of_its_own()
        return hooks.add(hooks.after, hook, with_kwargs, always_call, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` once the gradients of the module's inputs are known.

        Both are tuples, one gradient (or None) for each input and result. What the hook returns, if not None,
        replaces `grad_input`. Returns a handle with a method `remove`.
        """
        hooks = self._hooks_of_its_own()
        return hooks.add(hooks.backward, hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before gradients enter the module; what it returns replaces them."""
        hooks = self._hooks_of_its_own()
        return hooks.add(hooks.backward_before, hook, prepend=prepend)

    register_backward_hook = register_full_backward_hook

    # -- how it prints ---------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return self.__class__.__name__

    def extra_repr(self) -> str:
        """What stands between the brackets when it is printed; to be defined by the subclass."""
        return ""

    def _described_parts(self) -> list[tuple[str, str]]:
        """The name and the text of each part."""
        return [(name, repr(self.__dict__[name])) for name in self._modules]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        parts = [f"({name}): " + text.replace("\n", "\n  ") for name, text in self._described_parts()]
        if not parts and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return "\n  ".join([f"{self._get_name()}(", *lines, *parts]) + "\n)"

    # -- a name that hides Python's from here on ---------------------------------------------------------------

    def float(self: Self) -> Self:
        """Convert its floating parameters and buffers to float32; returns the module."""
        return self._to_floating(dtypes.float32)
