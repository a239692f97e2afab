"""Modules that are made of others: in a row, in a list, in a dict."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinygrad_edu.nn.members import MODULE
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.tree import check_module

__all__ = ["ModuleDict", "ModuleList", "Sequential"]


class _Row(Module):
    """Modules in order, with numbers (or, in a Sequential, names)."""

    def _names(self) -> list[str]:
        return [name for name, kind in self._kinds_of_members("use it").items() if kind == MODULE]

    def _name_at(self, index: Any) -> str:
        names, k = self._names(), operator.index(index)
        if not -len(names) <= k < len(names):
            raise IndexError(f"index {k} is out of range: {self._get_name()} has {len(names)} modules")
        return names[k]

    def _take(self, names: Iterable[str], number: bool) -> Any:
        """A new container with some of the modules, under their names or under numbers from 0."""
        attributes = self.__dict__
        parts = [(name, attributes[name]) for name in names]
        return self._like([(str(k), part) for k, (_, part) in enumerate(parts)] if number else parts)

    def _like(self, parts: list[tuple[str, Any]]) -> Any:
        raise NotImplementedError

    def _set(self, parts: Iterable[Any]) -> None:
        """Let these be its modules, under the numbers from 0."""
        parts = list(parts)
        for name in self._names():
            delattr(self, name)
        for k, part in enumerate(parts):
            self._register_member(str(k), MODULE, part)

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def __setitem__(self, index: Any, module: Module) -> None:
        self._register_member(self._name_at(index), MODULE, check_module(module))

    def append(self, module: Module) -> Any:
        """Add a module at the end; returns the container."""
        self._register_member(str(len(self)), MODULE, check_module(module))
        return self

    def insert(self, index: int, module: Module) -> Any:
        """Add a module before the one at `index`."""
        parts = list(self)
        if not -len(parts) <= index <= len(parts):
            raise IndexError(f"Index out of range: {index}")
        parts.insert(index, check_module(module))
        self._set(parts)
        return self

    def extend(self, modules: Iterable[Module]) -> Any:
        """Add modules at the end; returns the container."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"{self._get_name()}.extend should be called with an iterable, but got {type(modules).__name__}"
            )
        for module in [check_module(module) for module in modules]:
            self.append(module)
        return self

    def pop(self, index: int = -1) -> Module:
        """Remove the module at `index`, and return it."""
        module: Module = getattr(self, self._name_at(index))
        del self[index]
        return module

    def __delitem__(self, index: Any) -> None:
        names = self._names()
        for name in names[index] if isinstance(index, slice) else [self._name_at(index)]:
            delattr(self, name)
        self._set(list(self))


class Sequential(_Row):
    """Modules in a row: each takes what the one before it gives.

    ``Sequential(first, second)`` numbers them; an OrderedDict of names and modules names them. A slice of it
    is a Sequential of the same modules.

    Raises TypeError for what is no module.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    >>> model(tg.ones(5, 2)).shape
    Size([5, 1])
    >>> model[:2]
    Sequential(
      (0): Linear(in_features=2, out_features=8, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], OrderedDict):
            for name, module in args[0].items():
                self.add_module(name, module)
        else:
            self._set([check_module(module) for module in args])

    def forward(self, input: Any) -> Any:
        attributes, kinds = self.__dict__, self._member_kinds
        for name in kinds:  # type: ignore[union-attr]
            if kinds[name] == MODULE:  # type: ignore[index]
                input = attributes[name](input)
        return input

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._take(self._names()[index], number=False)
        return getattr(self, self._name_at(index))

    def _like(self, parts: list[tuple[str, Any]]) -> Any:
        return self.__class__(OrderedDict(parts))

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return Sequential(*self, *other)

    def __iadd__(self, other: Any) -> Any:
        if not isinstance(other, Sequential):
            raise ValueError(f"add operator supports only objects of Sequential class, but {type(other)} is given.")
        return self.extend(other)

    def __mul__(self, n: int) -> Any:
        if not isinstance(n, int):
            raise TypeError(f"unsupported operand type(s) for *: {type(self)} and {type(n)}")
        if n <= 0:
            raise ValueError(f"Non-positive multiplication factor {n} for {type(self)}")
        return Sequential(*(list(self) * n))

    __rmul__ = __mul__

    def __imul__(self, n: int) -> Any:
        return self.extend(list(self * n)[len(self) :])


class ModuleList(_Row):
    """A list of modules that are parts of the module which holds it (in a plain list they would not be found).

    >>> from tinygrad_edu import nn
    >>> layers = nn.ModuleList([nn.Linear(2, 2) for _ in range(3)])
    >>> layers
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    >>> len(list(layers.parameters()))
    6
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._take(self._names()[index], number=True)
        return getattr(self, self._name_at(index))

    def _like(self, parts: list[tuple[str, Any]]) -> Any:
        return self.__class__([part for _, part in parts])

    def __iadd__(self, modules: Iterable[Module]) -> ModuleList:
        self.extend(modules)
        return self

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def _described_parts(self) -> list[tuple[str, str]]:
        """Equal neighbours stand on one line."""
        runs: list[tuple[int, int, str]] = []
        for k, part in enumerate(self):
            text = repr(part)
            if runs and runs[-1][2] == text:
                runs[-1] = (runs[-1][0], k, text)
            else:
                runs.append((k, k, text))
        return [(str(a), t) if a == b else (f"{a}-{b}", f"{b - a + 1} x {t}") for a, b, t in runs]


class ModuleDict(Module):
    """Modules under names that are chosen at run time; they are parts of the module which holds the dict.

    >>> from tinygrad_edu import nn
    >>> choices = nn.ModuleDict({"relu": nn.ReLU(), "tanh": nn.Tanh()})
    >>> choices["tanh"]
    Tanh()
    """

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]

    def __setitem__(self, key: str, module: Module) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def clear(self) -> None:
        """Remove all modules."""
        self._modules.clear()

    def pop(self, key: str) -> Module:
        """Remove a module, and return it."""
        return self._modules.pop(key)

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Names with modules."""
        return self._modules.items()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return self._modules.values()

    def update(self, modules: Any) -> None:
        """Add or replace modules, from a dict or from pairs of a name and a module."""
        if not isinstance(modules, Iterable):
            raise TypeError(
                f"ModuleDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(modules).__name__}"
            )
        pairs = list(modules.items()) if isinstance(modules, (Mapping, ModuleDict)) else list(modules)
        for k, pair in enumerate(pairs):
            if not isinstance(pair, Iterable) or len(pair := tuple(pair)) != 2:
                raise ValueError(f"ModuleDict update sequence element #{k} is no pair of a name and a module")
        for name, module in pairs:
            self[name] = module
