"""Which of a module's attributes are its parameters, buffers and submodules."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

__all__ = ["BUFFER", "MODULE", "PARAMETER", "Members"]

PARAMETER, BUFFER, MODULE = "parameter", "buffer", "module"


class Members(MutableMapping[str, Any]):
    """The attributes of one kind by name, in the order in which they were first assigned.

    They are ordinary attributes (so reading them costs nothing); the module only notes their names and kinds.
    This is PyTorch's `module._parameters`, `_buffers` and `_modules`: what is written here is written to the module.

    >>> from tinygrad_edu import nn
    >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    >>> model._modules["1"] = nn.Tanh()
    >>> model[1]
    Tanh()
    """

    __slots__ = ("_attributes", "_kind", "_kinds")

    def __init__(self, attributes: dict[str, Any], kinds: dict[str, str], kind: str) -> None:
        self._attributes, self._kinds, self._kind = attributes, kinds, kind

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, kind in self._kinds.items() if kind == self._kind])

    def __len__(self) -> int:
        return list(self._kinds.values()).count(self._kind)

    def __getitem__(self, name: str) -> Any:
        if self._kinds.get(name) != self._kind:
            raise KeyError(name)
        return self._attributes[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._kinds[name] = self._kind
        self._attributes[name] = value

    def __delitem__(self, name: str) -> None:
        if self._kinds.get(name) != self._kind:
            raise KeyError(name)
        del self._kinds[name], self._attributes[name]

    def __repr__(self) -> str:
        return repr(dict(self))
