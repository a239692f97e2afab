"""Tree: what belongs to a module, and how to walk through it.

Parameters, buffers and submodules are ordinary attributes. When one is assigned, the module notes its name and
kind (`members.py`), and that is all it takes to find every parameter of a model, and to name it by its path
("encoder.0.weight").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tinygrad_edu.nn.members import BUFFER, MODULE, PARAMETER, Members
from tinygrad_edu.nn.overlooked import warn_of_overlooked
from tinygrad_edu.nn.parameter import Buffer, Parameter
from tinygrad_edu.primitive import Node, TensorBase
from tinygrad_edu.tensor import Tensor

if TYPE_CHECKING:
    from tinygrad_edu.nn.module import Module

__all__ = ["Tree", "check_module", "join", "walk"]


class Tree:
    """The half of `Module` that computes nothing: its members, by name and by path."""

    _member_kinds: dict[str, str] | None = None  # the kind of each attribute that is a parameter, buffer or submodule
    _transient_buffers: frozenset[str] = frozenset()  # names of buffers that are not saved

    # -- what belongs to it --------------------------------------------------------------------------------

    def _kinds_of_members(self, what: str) -> dict[str, str]:
        """The kinds of its members. Raises AttributeError if `Module.__init__` has not been called."""
        if self._member_kinds is None:
            raise AttributeError(
                f"cannot {what} before Module.__init__() call: write super().__init__() as the first line of "
                f"{type(self).__name__}.__init__"
            )
        return self._member_kinds

    if not TYPE_CHECKING:  # which would make every attribute Any

        def __getattr__(self, name):  # for those who extend it: super().__getattr__(name)
            return object.__getattribute__(self, name)  # raises what it raised before

    def __setattr__(self, name: str, value: Any) -> None:
        have = self._member_kinds.get(name) if self._member_kinds else None
        if isinstance(value, Parameter):
            self._replace_member(name, PARAMETER, value, "parameters")
        elif have == PARAMETER:
            self._put_member(name, PARAMETER, value, value is None, "nn.Parameter or None expected")
        elif isinstance(value, Tree):
            self._replace_member(name, MODULE, value, "module")
        elif have == MODULE:
            self._put_member(name, MODULE, value, value is None, "nn.Module or None expected")
        elif isinstance(value, Buffer):
            self._replace_member(name, BUFFER, value, "buffer")
        elif have == BUFFER:
            fits = value is None or isinstance(value, TensorBase)
            self._put_member(name, BUFFER, value, fits, "nn.Buffer, Tensor or None expected")
        else:
            object.__setattr__(self, name, value)

    def _put_member(self, name: str, kind: str, value: Any, fits: bool, expected: str) -> None:
        if not fits:
            what = "child module" if kind == MODULE else kind
            hint = ""
            if kind == PARAMETER and isinstance(value, TensorBase):
                hint = f": write nn.Parameter(x), or into the one that is there, {name}.data.copy_(x)"
            raise TypeError(f"cannot assign '{_typename(value)}' as {what} '{name}' ({expected}){hint}")
        self.__dict__[name] = value

    def _replace_member(self, name: str, kind: str, value: Any, what: str) -> None:
        """Assign a member, in the place of whatever had its name."""
        kinds = self._kinds_of_members(f"assign {what}")
        if kinds.get(name) != kind:
            _check_name(name, kind)
            _check_parameter(name, value) if kind == PARAMETER else None
            if getattr(type(self), name, None) is not None:
                raise KeyError(f"attribute '{name}' already exists: the class {type(self).__name__} has it")
            kinds.pop(name, None)
            kinds[name] = kind
        else:
            _check_parameter(name, value) if kind == PARAMETER else None
        self.__dict__[name] = value
        if kind == BUFFER:
            self._mark_transient(name, not value.persistent)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles are made from. A weight that is computed before each call leaves its graph behind."""
        computed = self.__dict__.get("_computed_weights", ())  # of nn.utils.weight_norm and spectral_norm
        return self.__dict__ | {name: self.__dict__[name].detach() for name in computed}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)  # (without asking for attributes: a subclass may define __getattr__)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if self._member_kinds:
            self._member_kinds.pop(name, None)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name[0].isdigit()]

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Make `param` an attribute of that name. None reserves the name.

        Raises KeyError for a name that is taken, TypeError for what is no Parameter, ValueError for a computed one.
        """
        self._check_new_member(name, PARAMETER)
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' (nn.Parameter or None required)"
            )
        _check_parameter(name, param)
        self._register_member(name, PARAMETER, param)

    def register_buffer(self, name: str, tensor: Any, persistent: bool = True) -> None:
        """Make `tensor` an attribute of that name which moves, converts and (if `persistent`) is saved with the module.

        Raises KeyError for a name that is taken, TypeError for what is neither a Tensor nor None.
        """
        self._check_new_member(name, BUFFER)
        if tensor is not None and not isinstance(tensor, TensorBase):
            raise TypeError(f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (Tensor or None required)")
        self._register_member(name, BUFFER, tensor)
        self._mark_transient(name, not persistent)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make `module` a part of this one under that name. Raises KeyError for a name that is taken."""
        self._check_new_member(name, MODULE)
        self._register_member(name, MODULE, check_module(module))

    add_module = register_module

    def _check_new_member(self, name: str, kind: str) -> None:
        kinds = self._kinds_of_members(f"assign {kind}")
        _check_name(name, kind)
        if kinds.get(name) != kind and hasattr(self, name):
            raise KeyError(f"attribute '{name}' already exists")

    def _register_member(self, name: str, kind: str, value: Any) -> None:
        self._kinds_of_members("register")[name] = kind
        self.__dict__[name] = value

    def _mark_transient(self, name: str, transient: bool) -> None:
        if transient or self._transient_buffers:
            self.__dict__["_transient_buffers"] = (
                self._transient_buffers | {name} if transient else self._transient_buffers - {name}
            )

    @property
    def _parameters(self) -> Members:
        return Members(self.__dict__, self._kinds_of_members("list parameters"), PARAMETER)

    @property
    def _buffers(self) -> Members:
        return Members(self.__dict__, self._kinds_of_members("list buffers"), BUFFER)

    @property
    def _modules(self) -> Members:
        return Members(self.__dict__, self._kinds_of_members("list modules"), MODULE)

    # -- walking through it --------------------------------------------------------------------------------

    def _own_members(self, kind: str) -> list[tuple[str, Any]]:
        """Its own members of one kind, without those that are None."""
        attributes, kinds = self.__dict__, self._kinds_of_members("list what belongs to it")
        return [(name, attributes[name]) for name, k in kinds.items() if k == kind and attributes[name] is not None]

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module, its parts, their parts, …, each with its path from here; each once if `remove_duplicate`."""
        seen = set() if memo is None else memo
        stack: list[tuple[str, Any, Any]] = [(prefix, self, None)]
        while stack:
            path, module, above = entry = stack.pop()
            if remove_duplicate:
                if module in seen:
                    continue
                seen.add(module)
            else:
                _check_cycle(path, module, above)
            yield path, module
            parts = [(join(path, name), part, entry) for name, part in module._own_members(MODULE)]
            stack += reversed(parts)

    def _named_members(self, kind: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        seen = set()
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in module._own_members(kind):
                if once:
                    if id(value) in seen:
                        continue
                    seen.add(id(value))
                yield join(path, name), value

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Its parameters (with `recurse` those of its parts, too) with their paths; a shared one comes once."""
        return self._named_members(PARAMETER, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Its parameters, with `recurse` those of its parts, too: what an optimizer takes.

        Warns, the first time, of modules in Python's lists and of other tensors that require grad, which PyTorch
        would leave untrained without a word.
        """
        if recurse:
            warn_of_overlooked(self, walk(self))
        return self._each_parameter(recurse)

    def _each_parameter(self, recurse: bool) -> Iterator[Parameter]:
        seen = set()
        for module in walk(self) if recurse else (self,):
            for _, p in module._own_members(PARAMETER):
                if p not in seen:
                    seen.add(p)
                    yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Its buffers (with `recurse` those of its parts, too) with their paths."""
        return self._named_members(BUFFER, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Its buffers, with `recurse` those of its parts, too."""
        for _, value in self._named_members(BUFFER, "", recurse, True):
            yield value

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Its immediate parts with their names, each once."""
        seen = set()
        for name, part in self._own_members(MODULE):
            if part not in seen:
                seen.add(part)
                yield name, part

    def children(self) -> Iterator[Module]:
        """Its immediate parts, each once."""
        for _, part in self.named_children():
            yield part

    def modules(self) -> Iterator[Module]:
        """This module, its parts, their parts, …, each once."""
        return walk(self)

    def get_submodule(self, target: str) -> Module:
        """The part at a path such as "encoder.0" ("" is the module itself). Raises AttributeError if there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            if not hasattr(module, name):
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = getattr(module, name)
            if not isinstance(module, Tree):
                raise AttributeError(f"`{name}` is not an nn.Module")
        return module

    def _member_at(self, target: str, kind: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if module._kinds_of_members("list what belongs to it").get(name) != kind:
            raise AttributeError(f"`{name}` is not {what}")
        return getattr(module, name)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as "encoder.0.weight". Raises AttributeError if there is none."""
        return self._member_at(target, PARAMETER, "an nn.Parameter")

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path. Raises AttributeError if there is none."""
        return self._member_at(target, BUFFER, "a buffer")


def walk(module: Any) -> Iterator[Any]:
    """A module, its parts, their parts, …, each once. (Programs call attributes of their own `modules`.)"""
    seen = set()
    stack = [module]
    while stack:
        module = stack.pop()
        if module not in seen:
            seen.add(module)
            yield module
            stack += reversed([part for _, part in module._own_members(MODULE)])


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _typename(value: Any) -> str:
    if type(value) is Tensor:
        return value.type()  # "tinygrad_edu.FloatTensor"
    module = type(value).__module__
    return type(value).__name__ if module == "builtins" else f"{module}.{type(value).__name__}"


def check_module(module: Any) -> Any:
    """The module, or None. Raises TypeError for anything else."""
    if module is None or isinstance(module, Tree):
        return module
    name, hint = _typename(module), ""
    if isinstance(module, type) and issubclass(module, Tree):
        name, hint = f"the class {module.__name__}", f": write {module.__name__}() with brackets"
    elif isinstance(module, (list, tuple)):
        hint = ": unpack it, Sequential(*layers)"
    elif isinstance(module, dict):
        hint = ": make it a collections.OrderedDict"
    elif callable(module):
        name = f"the function {getattr(module, '__name__', name)}"
        hint = ": call it in forward, or take the module that does the same (nn.ReLU() for relu)"
    raise TypeError(f"{name} is not a Module subclass{hint}")


def _check_name(name: Any, kind: str) -> None:
    if not isinstance(name, str):
        raise TypeError(f"{kind} name should be a string. Got {_typename(name)}")
    if "." in name:
        raise KeyError(f'{kind} name cannot contain ".", got: {name}')
    if name == "":
        raise KeyError(f'{kind} name cannot be empty string ""')


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
