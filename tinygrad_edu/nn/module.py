"""Module: what a part of a model is — its parameters, its buffers, its own parts, and how it computes.

Parameters, buffers and submodules are ordinary attributes. When one is assigned, the module notes its name and
kind (`members.py`), and that is all it takes to find every parameter of a model, to name it by its path
("encoder.0.weight"), to save it and to load it.
"""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from tinygrad_edu import dtypes, legacy, memory
from tinygrad_edu.autograd.hooks import RemovableHandle
from tinygrad_edu.device import check_device
from tinygrad_edu.functions import conversion
from tinygrad_edu.nn import state
from tinygrad_edu.nn.hooks import ModuleHooks
from tinygrad_edu.nn.members import BUFFER, MODULE, PARAMETER, Members
from tinygrad_edu.nn.parameter import Buffer, Parameter
from tinygrad_edu.primitive import Node, TensorBase, wrap
from tinygrad_edu.tensor import Tensor

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")
_UNMADE = ModuleHooks()  # of a module whose __init__ has not been called


class Module:
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

    _kinds: dict[str, str] | None = None  # the kind of each attribute that is a parameter, buffer or submodule
    _hooks: ModuleHooks | None = _UNMADE
    _transient: frozenset[str] = frozenset()  # names of buffers that are not saved

    def __init__(self) -> None:
        self.__dict__.update(training=True, _kinds={}, _hooks=None)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the result. To be defined by the subclass; called as ``module(…)``, which also runs the hooks."""
        close = difflib.get_close_matches("forward", [n for n in dir(type(self)) if n != "forward"], cutoff=0.7)
        hint = f" (is `{close[0]}` meant to be it?)" if close else ""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function{hint}. Write def forward(self, '
            f"x): in the class, indented as __init__ is."
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._hooks is None:
            return self.forward(*args, **kwargs) if kwargs else self.forward(*args)  # empty ** takes time
        self._made("call it")
        return self._hooks.call(self, args, kwargs)

    # -- what belongs to it --------------------------------------------------------------------------------

    def _made(self, what: str) -> dict[str, str]:
        """The kinds of its members. Raises AttributeError if `Module.__init__` has not been called."""
        if self._kinds is None:
            raise AttributeError(
                f"cannot {what} before Module.__init__() call: write super().__init__() as the first line of "
                f"{type(self).__name__}.__init__"
            )
        return self._kinds

    def __setattr__(self, name: str, value: Any) -> None:
        have = self._kinds.get(name) if self._kinds else None
        if isinstance(value, Parameter):
            self._replace(name, PARAMETER, value, "parameters")
        elif have == PARAMETER:
            self._put(name, PARAMETER, value, value is None, "nn.Parameter or None expected")
        elif isinstance(value, Module):
            self._replace(name, MODULE, value, "module")
        elif have == MODULE:
            self._put(name, MODULE, value, value is None, "nn.Module or None expected")
        elif isinstance(value, Buffer):
            self._replace(name, BUFFER, value, "buffer")
        elif have == BUFFER:
            fits = value is None or isinstance(value, TensorBase)
            self._put(name, BUFFER, value, fits, "nn.Buffer, Tensor or None expected")
        else:
            object.__setattr__(self, name, value)

    def _put(self, name: str, kind: str, value: Any, fits: bool, expected: str) -> None:
        if not fits:
            what = "child module" if kind == MODULE else kind
            hint = ""
            if kind == PARAMETER and isinstance(value, TensorBase):
                hint = f": write nn.Parameter(x), or into the one that is there, {name}.data.copy_(x)"
            raise TypeError(f"cannot assign '{_typename(value)}' as {what} '{name}' ({expected}){hint}")
        self.__dict__[name] = value

    def _replace(self, name: str, kind: str, value: Any, what: str) -> None:
        """Assign a member, in the place of whatever had its name."""
        kinds = self._made(f"assign {what}")
        if kinds.get(name) != kind:
            _check_name(name, kind)
            _check_parameter(name, value) if kind == PARAMETER else None
            if getattr(type(self), name, None) is not None:
                raise KeyError(f"attribute '{name}' already exists: {type(self).__name__} has a method of that name")
            kinds.pop(name, None)
            kinds[name] = kind
        else:
            _check_parameter(name, value) if kind == PARAMETER else None
        self.__dict__[name] = value
        if kind == BUFFER:
            self._set_transient(name, not value.persistent)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if self._kinds:
            self._kinds.pop(name, None)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name[0].isdigit()]

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` an attribute of that name. None reserves the name.

        Raises KeyError for a name that is taken, TypeError for what is no Parameter, ValueError for a computed one.
        """
        self._check_new(name, PARAMETER)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        _check_parameter(name, param)
        self._register(name, PARAMETER, param)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Make `tensor` an attribute of that name which moves, converts and (if `persistent`) is saved with the module.

        Raises KeyError for a name that is taken, TypeError for what is neither a Tensor nor None.
        """
        self._check_new(name, BUFFER)
        if tensor is not None and not isinstance(tensor, TensorBase):
            raise TypeError(f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (Tensor or None required)")
        self._register(name, BUFFER, tensor)
        self._set_transient(name, not persistent)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make `module` a part of this one under that name. Raises KeyError for a name that is taken."""
        self._check_new(name, MODULE)
        self._register(name, MODULE, check_module(module))

    add_module = register_module

    def _check_new(self, name: str, kind: str) -> None:
        kinds = self._made(f"assign {kind}")
        _check_name(name, kind)
        if kinds.get(name) != kind and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def _register(self, name: str, kind: str, value: Any) -> None:
        self._made("register")[name] = kind
        self.__dict__[name] = value

    def _set_transient(self, name: str, transient: bool) -> None:
        if transient or self._transient:
            self.__dict__["_transient"] = self._transient | {name} if transient else self._transient - {name}

    @property
    def _parameters(self) -> Members:
        return Members(self.__dict__, self._made("list parameters"), PARAMETER)

    @property
    def _buffers(self) -> Members:
        return Members(self.__dict__, self._made("list buffers"), BUFFER)

    @property
    def _modules(self) -> Members:
        return Members(self.__dict__, self._made("list modules"), MODULE)

    # -- walking through it --------------------------------------------------------------------------------

    def _members(self, kind: str) -> Iterator[tuple[str, Any]]:
        """Its own members of one kind, without those that are None."""
        attributes = self.__dict__
        for name, k in list(self._made("list what belongs to it").items()):
            if k == kind and (value := attributes[name]) is not None:
                yield name, value

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module, its parts, their parts, …, each with its path from here; each once if `remove_duplicate`."""
        seen = set() if memo is None else memo
        stack: list[tuple[str, Module, Any]] = [(prefix, self, None)]
        while stack:
            path, module, above = entry = stack.pop()
            if remove_duplicate:
                if module in seen:
                    continue
                seen.add(module)
            else:
                _check_cycle(path, module, above)
            yield path, module
            parts = [(_join(path, name), part, entry) for name, part in module._members(MODULE)]
            stack += reversed(parts)

    def _named(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in module._members(kind):
                if once:
                    if id(value) in seen:
                        continue
                    seen.add(id(value))
                yield _join(path, name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Its parameters (with `recurse` those of its parts, too) with their paths; a shared one comes once."""
        return self._named(PARAMETER, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Its parameters, with `recurse` those of its parts, too: what an optimizer takes."""
        for _, value in self._named(PARAMETER, "", recurse, True):
            yield value

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Its buffers (with `recurse` those of its parts, too) with their paths."""
        return self._named(BUFFER, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Its buffers, with `recurse` those of its parts, too."""
        for _, value in self._named(BUFFER, "", recurse, True):
            yield value

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Its immediate parts with their names, each once."""
        seen = set()
        for name, part in self._members(MODULE):
            if part not in seen:
                seen.add(part)
                yield name, part

    def children(self) -> Iterator[Module]:
        """Its immediate parts, each once."""
        for _, part in self.named_children():
            yield part

    def modules(self) -> Iterator[Module]:
        """This module, its parts, their parts, …, each once."""
        for _, module in self.named_modules():
            yield module

    def get_submodule(self, target: str) -> Module:
        """The part at a path such as "encoder.0" ("" is the module itself). Raises AttributeError if there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Module):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def _get(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if module._made("list what belongs to it").get(name) != kind:
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "encoder.0.weight". Raises AttributeError if there is none."""
        return self._get(target, PARAMETER, "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path. Raises AttributeError if there is none."""
        return self._get(target, BUFFER, "a buffer")

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn(module)`` on every part, then on the module itself; returns the module."""
        for part in self.children():
            part.apply(fn)
        fn(self)
        return self

    # -- saving and loading --------------------------------------------------------------------------------

    def _places(self, prefix: str = "") -> dict[str, state.Place]:
        """Where each tensor that is saved belongs, by its key. Shared ones stand under each of their names."""
        places = {}
        for path, module in self.named_modules(remove_duplicate=False):
            for kind in (PARAMETER, BUFFER):
                for name, _ in module._members(kind):
                    if kind is PARAMETER or name not in module._transient:
                        places[prefix + _join(path, name)] = state.Place(module, name)
        return places

    def state_dict(
        self, *, destination: Any = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Tensor]:
        """Its parameters and persistent buffers by path. They share memory with the module (and with it, change).

        destination: a dict to write to. keep_vars: the parameters themselves, not detached.
        """
        found = OrderedDict() if destination is None else destination
        for key, place in self._places(prefix).items():
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
        return state.load(self, self._places(), state_dict, strict, assign)

    # -- modes, gradients, dtypes ----------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode (or, with False, evaluation mode) in it and all its parts; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError(f"training mode is expected to be boolean, not {type(mode).__name__}")
        for module in self.modules():
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

    def _convert(self: Self, cast: Callable[[Any], Any]) -> Self:
        """Apply a cast to each parameter, in its own object (optimizers hold them), and to each buffer."""
        before = memory.recording.get()
        memory.recording.set(False)
        try:
            for module in self.modules():
                for _, p in module._members(PARAMETER):
                    grad = p._grad
                    p.data = cast(p.data)
                    if grad is not None:
                        p._grad = cast(grad)
                for name, buffer in module._members(BUFFER):
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
        return self._to_float(asked)

    def _to_float(self: Self, dtype: Any) -> Self:
        return self._convert(lambda t: conversion.cast(t, dtype) if t._array.dtype.kind == "f" else t)

    def double(self: Self) -> Self:
        """Convert its floating parameters and buffers to float64; returns the module."""
        return self._to_float(dtypes.float64)

    def half(self: Self) -> Self:
        """Convert its floating parameters and buffers to float16; returns the module."""
        return self._to_float(dtypes.float16)

    def type(self: Self, dst_type: Any) -> Self:
        """Convert all its parameters and buffers to a dtype; returns the module."""
        dtype = legacy.meant(dst_type)
        return self._convert(lambda t: conversion.cast(t, dtype))

    def cpu(self: Self) -> Self:
        """The module itself: it is on the CPU."""
        return self

    def cuda(self: Self, device: Any = None) -> Self:
        """Raises RuntimeError: there is no GPU."""
        check_device("cuda")
        return self

    def share_memory(self: Self) -> Self:
        """The module itself: threads share memory anyway."""
        return self

    # -- hooks -----------------------------------------------------------------------------------------------

    def _hooked(self) -> ModuleHooks:
        self._made("register a hook")
        if self._hooks is None:
            self.__dict__["_hooks"] = ModuleHooks()
        return self._hooks  # type: ignore[return-value]

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before each `forward`; what it returns, if not None, replaces the arguments.

        prepend: before the hooks that are there. with_kwargs: ``hook(module, args, kwargs)``, which returns
        None or both. Returns a handle with a method `remove`.
        """
        hooks = self._hooked()
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
        hooks = self._hooked()
        return hooks.add(hooks.after, hook, with_kwargs, always_call, prepend=prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` once the gradients of the module's inputs are known.

        Both are tuples, one gradient (or None) for each input and result. What the hook returns, if not None,
        replaces `grad_input`. Returns a handle with a method `remove`.
        """
        hooks = self._hooked()
        return hooks.add(hooks.backward, hook, prepend=prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` before gradients enter the module; what it returns replaces them."""
        hooks = self._hooked()
        return hooks.add(hooks.backward_before, hook, prepend=prepend)

    register_backward_hook = register_full_backward_hook

    # -- how it prints ---------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return self.__class__.__name__

    def extra_repr(self) -> str:
        """What stands between the brackets when it is printed; to be defined by the subclass."""
        return ""

    def _repr_parts(self) -> list[tuple[str, str]]:
        """The name and the text of each part."""
        return [(name, repr(self.__dict__[name])) for name in self._modules]

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        parts = [f"({name}): " + text.replace("\n", "\n  ") for name, text in self._repr_parts()]
        if not parts and len(lines) <= 1:
            return f"{self._get_name()}({extra})"
        return "\n  ".join([f"{self._get_name()}(", *lines, *parts]) + "\n)"

    # -- a name that hides Python's from here on ---------------------------------------------------------------

    def float(self: Self) -> Self:
        """Convert its floating parameters and buffers to float32; returns the module."""
        return self._to_float(dtypes.float32)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _typename(value: Any) -> str:
    if type(value) is Tensor:
        return value.type()  # "tinygrad_edu.FloatTensor"
    module = type(value).__module__
    return type(value).__name__ if module == "builtins" else f"{module}.{type(value).__name__}"


def check_module(module: Any) -> Any:
    """The module, or None. Raises TypeError for anything else."""
    if module is None or isinstance(module, Module):
        return module
    hint = ""
    if isinstance(module, type) and issubclass(module, Module):
        hint = f": it is a class, write {module.__name__}() with brackets"
    elif isinstance(module, (list, tuple)):
        hint = ": unpack it, Sequential(*layers)"
    elif isinstance(module, dict):
        hint = ": make it a collections.OrderedDict"
    elif callable(module):
        hint = ": a function is called in forward; many have a module of their own (relu: nn.ReLU())"
    raise TypeError(f"{_typename(module)} is not a Module subclass{hint}")


def _check_name(name: Any, kind: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
    if "." in name:
        raise KeyError(f'{kind} name can\'t contain ".", got: {name}')
    if name == "":
        raise KeyError(f'{kind} name can\'t be empty string ""')


def _check_parameter(name: str, param: Any) -> None:
    if param is not None and isinstance(param._edge(), Node):
        raise ValueError(
            f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created explicitly. To "
            f"express '{name}' as a function of another Tensor, compute the value in the forward() method."
        )


def _check_cycle(path: str, module: Module, above: Any) -> None:
    while above is not None:
        if above[1] is module:
            raise RuntimeError(
                f"the module at {path!r} contains itself: it is the one at {above[0]!r}. Do not make a part point back "
                f"at what it belongs to; if it must, hide it in a list, self.parent = [parent]."
            )
        above = above[2]
