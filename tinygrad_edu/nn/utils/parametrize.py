"""Parameters that are computed: a module's `weight` becomes a function of the parameters that are trained."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tinygrad_edu import memory
from tinygrad_edu.nn.containers import ModuleDict, ModuleList
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensor import Tensor

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "type_before_parametrizations",
]  # fmt: skip


class ParametrizationList(ModuleList):
    """The functions, in order, that one tensor goes through, and what it is made from: `original`.

    A first function whose `right_inverse` returns several tensors takes them: `original0`, `original1`, …
    """

    def __init__(self, modules: list[Module], original: Any) -> None:
        super().__init__(modules)
        value = original
        for module in reversed(modules):
            if hasattr(module, "right_inverse"):
                with contextlib.suppress(NotImplementedError):
                    value = _unrecorded(module.right_inverse, value)
        self.is_tensor = isinstance(value, Tensor)
        self.ntensors = 1 if self.is_tensor else len(value)
        trained = isinstance(original, Parameter)
        for name, part in zip(self._originals(), (value,) if self.is_tensor else value, strict=True):
            if trained:
                part = part if isinstance(part, Parameter) else Parameter(part.detach(), original.requires_grad)
                self.register_parameter(name, part)
            else:
                self.register_buffer(name, part)

    def _originals(self) -> list[str]:
        return ["original"] if self.is_tensor else [f"original{k}" for k in range(self.ntensors)]

    def forward(self) -> Any:
        """The tensor, computed from what it is made from."""
        first, *rest = list(self)
        value = first(*(getattr(self, name) for name in self._originals()))
        for module in rest:
            value = module(value)
        return value

    def right_inverse(self, value: Any) -> None:
        """Let the tensor become `value`, as far as the functions can be inverted."""
        for module in reversed(list(self)):
            if not hasattr(module, "right_inverse"):
                raise RuntimeError(
                    f"parametrization {type(module).__name__} does not implement right_inverse, so that no value can "
                    f"be assigned. Write one, or assign to …parametrizations.weight.original."
                )
            value = _unrecorded(module.right_inverse, value)
        for name, part in zip(self._originals(), (value,) if self.is_tensor else value, strict=True):
            _unrecorded(getattr(self, name).copy_, part)


def _unrecorded(function: Any, *args: Any) -> Any:
    before = memory.recording.get()
    memory.recording.set(False)
    try:
        return function(*args)
    finally:
        memory.recording.set(before)


def register_parametrization(module: Any, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> Any:
    """Let the parameter (or buffer) of that name be ``parametrization(original)`` from now on, computed at each use.

    What is trained is ``module.parametrizations.<name>.original``. One that is registered later is applied after it.
    If the parametrization has a method `right_inverse`, the original is that of the present value. Returns the module.

    Raises ValueError if the module has no such parameter, and for a result of another shape or dtype (unless `unsafe`).

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> from tinygrad_edu.nn.utils import parametrize
    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).transpose(-1, -2)
    >>> layer = parametrize.register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all())
    True
    """
    if is_parametrized(module, tensor_name):
        functions: Any = module.parametrizations[tensor_name]
        if not unsafe:
            before = _unrecorded(functions)
            _check(_unrecorded(parametrization, before), before)
        functions.append(parametrization)
        return module
    if tensor_name not in module._parameters and tensor_name not in module._buffers:
        raise ValueError(
            f"Module '{type(module).__name__}' does not have a parameter, a buffer, or a parametrized element with "
            f"name '{tensor_name}'. It has {', '.join([*module._parameters, *module._buffers]) or 'none'}."
        )
    original = getattr(module, tensor_name)
    functions = ParametrizationList([parametrization], original)
    if not unsafe:
        _check(_unrecorded(functions), original)
    if not is_parametrized(module):
        module.parametrizations = ModuleDict()
    delattr(module, tensor_name)
    module.parametrizations[tensor_name] = functions
    module.__class__ = _class_with(type_before_parametrizations(module), list(module.parametrizations))
    return module


def _check(value: Any, original: Any) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
    if value._array.shape != original._array.shape or value._array.dtype != original._array.dtype:
        raise ValueError(
            f"Registering a parametrization may not change the shape or the dtype of the tensor, unless unsafe=True: "
            f"it is {tuple(original.shape)} {original.dtype}, the result {tuple(value.shape)} {value.dtype}."
        )


def _class_with(plain: type, names: list[str]) -> type:
    """A class like `plain` whose attributes `names` are computed. Each module has its own: a copy may lose some."""
    if not names:
        return plain
    members = {"__module__": plain.__module__, "__reduce__": _reduced, "_plain": plain}
    return type(f"Parametrized{plain.__name__}", (plain,), members | {name: _computed(name) for name in names})


def _reduced(self: Any) -> tuple[Any, ...]:
    """What pickle and deepcopy make a parametrized module from: its class has no name that it could be found by."""
    return _made_anew, (type(self)._plain, list(self.parametrizations)), self.__getstate__()


def _made_anew(plain: type, names: list[str]) -> Any:
    cls: Any = _class_with(plain, names)
    return cls.__new__(cls)


def _computed(name: str) -> property:
    def get(self: Any) -> Any:
        return self.parametrizations[name]()

    def put(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def is_parametrized(module: Any, tensor_name: str | None = None) -> bool:
    """Whether some tensor of the module (or the one of that name) is computed by a parametrization."""
    parametrizations = module.__dict__.get("parametrizations")
    if not isinstance(parametrizations, ModuleDict):
        return False
    return len(parametrizations) > 0 if tensor_name is None else tensor_name in parametrizations


def remove_parametrizations(module: Any, tensor_name: str, leave_parametrized: bool = True) -> Any:
    """Make the tensor of that name an ordinary parameter again: with its present value, or else with the original.

    Raises ValueError if it has no parametrization. Returns the module.
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {type(module).__name__} does not have a parametrization on {tensor_name}")
    functions: Any = module.parametrizations[tensor_name]
    if not leave_parametrized and not functions.is_tensor:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    value = _unrecorded(functions) if leave_parametrized else functions.original.detach()
    first = getattr(functions, functions._originals()[0])
    del module.parametrizations[tensor_name]
    module.__class__ = _class_with(type_before_parametrizations(module), list(module.parametrizations))
    if isinstance(first, Parameter):
        module.register_parameter(tensor_name, Parameter(value.detach(), first.requires_grad))
    else:
        module.register_buffer(tensor_name, value.detach())
    if not is_parametrized(module):
        delattr(module, "parametrizations")
    return module


def type_before_parametrizations(module: Module) -> type:
    """The class of the module as it was written."""
    plain: type = getattr(type(module), "_plain", type(module))
    return plain


@contextlib.contextmanager
def cached() -> Iterator[None]:
    """A context that changes nothing: PyTorch computes parametrized tensors once in it."""
    yield
