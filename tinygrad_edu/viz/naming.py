"""What the user calls tensors: by module path, by `tensor.name`, or by the variable that holds them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tinygrad_edu.nn.module import Module
from tinygrad_edu.primitive import TensorBase

__all__ = ["Names"]

_PARAMS = 'graph: params must be a dict {"w": w}, pairs ("w", w), a module or a list of names'
_MEMBERS = 100  # of a list of tensors that is a variable


class Names:
    """Names of tensors, and values that the record may have released.

    Tensors are known by their node or leaf, those that are not recorded by the identity of their array.
    """

    def __init__(self, outputs: Iterable[Any] = ()) -> None:
        self.tensors: dict[Any, Any] = {t._edge(): t for t in outputs}  # by node or leaf
        self.names: dict[Any, str] = {}  # by node, leaf, or identity of an array
        self.roles: dict[Any, Literal["parameter", "buffer"]] = {}
        self.owners: dict[Any, str] = {}  # the module's path
        self.classes: dict[str, str] = {}  # of modules, by path
        self.roots: dict[int, str] = {}  # what is put before the paths in a model, by its id
        self.listed: list[str] = []  # names for leaves, in the order of their use
        self._held: list[Any] = []  # arrays known by identity stay alive as long as their names

    def params(self, params: Any) -> None:
        """Take the names in a dict {"w": w}, pairs, a module, or a list of names for the leaves.

        Raises TypeError for anything else.
        """
        if params is None:
            return
        if hasattr(type(params), "named_parameters"):
            self.module(params)
            return
        if isinstance(params, (str, TensorBase)) or not isinstance(params, Iterable):
            raise TypeError(_PARAMS)
        pairs = list(params.items() if isinstance(params, Mapping) else params)
        if pairs and all(isinstance(p, str) for p in pairs):
            self.listed = pairs
            return
        if not all(isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str) for p in pairs):
            raise TypeError(_PARAMS)
        for name, t in pairs:
            if not isinstance(t, (TensorBase, np.ndarray)):
                raise TypeError(f"graph: params: {name!r} names what is no Tensor, but {type(t).__name__}")
            self.tensor(name, t)
            if "." in name and isinstance(t, TensorBase):
                self.owners.setdefault(_key(t), name.rpartition(".")[0])

    def module(self, module: Any, before: str = "") -> None:
        """The parameters and buffers of a module, by path; `before` tells several modules apart."""
        start = f"{before}." if before else ""
        self._held.append(module)
        for path, inner in getattr(module, "named_modules", lambda: [("", module)])():
            full = f"{start}{path}".rstrip(".")
            self.classes.setdefault(full, type(inner).__name__)
            self.roots.setdefault(id(inner), full)
        for role in ("parameter", "buffer"):
            for path, t in getattr(module, f"named_{role}s", lambda: ())():
                if isinstance(t, TensorBase):
                    name = f"{start}{path}"
                    self.tensor(name, t)
                    self.roles.setdefault(_key(t), role)
                    self.owners.setdefault(_key(t), name.rpartition(".")[0])

    def tensor(self, name: str, t: Any) -> None:
        """The name of a tensor or array, unless it has one already."""
        if isinstance(t, TensorBase):
            self.names.setdefault(_key(t), name)
            if (edge := t._edge()) is not None:
                self.tensors.setdefault(edge, t)
            else:
                self._held.append(t._array)
        elif isinstance(t, np.ndarray):
            self.names.setdefault(id(t), name)
            self._held.append(t)

    def inputs(self, module: Module, inputs: Sequence[Any]) -> None:
        """What a module was called with, by the names of its forward's parameters."""
        code = getattr(type(module).forward, "__code__", None)
        parameters = code.co_varnames[1 : code.co_argcount] if code else ()
        for k, x in enumerate(inputs):
            self.tensor(parameters[k] if k < len(parameters) else f"input {k + 1}", x)

    def path(self, noted: tuple[int, str] | None) -> str | None:
        """The path of a module as it was noted, in the words of this graph; None for a model itself."""
        if noted is None:
            return None
        root, path = noted
        return ".".join(filter(None, (self.roots.get(root), path))) or None

    def caller(self, depth: int) -> None:
        """The variables of the function `depth` frames up, and of its file: tensors, lists of them, modules.

        What the user wrote as ``t.name = "…"`` comes first.
        """
        frame = sys._getframe(depth)
        found: list[tuple[str, Any]] = []
        for variables in (frame.f_locals, frame.f_globals):
            for name, x in list(variables.items()):
                if name.startswith("_") or not name.isidentifier():
                    continue
                if isinstance(x, (TensorBase, np.ndarray)):
                    found.append((name, x))
                elif type(x) in (list, tuple) and 0 < len(x) <= _MEMBERS:
                    found += [(f"{name}[{k}]", t) for k, t in enumerate(x) if isinstance(t, TensorBase)]
                elif type(x) is dict and 0 < len(x) <= _MEMBERS:
                    found += [(f"{name}[{k!r}]", t) for k, t in x.items() if isinstance(t, TensorBase)]
                elif isinstance(x, Module) and not self.classes:
                    found.append((name, x))
        models = _outermost([(name, x) for name, x in found if isinstance(x, Module)])
        for name, x in models:
            self.module(x, name if len(models) > 1 else "")
        for t in [*self.tensors.values(), *(x for _, x in found)]:
            if isinstance(t, TensorBase) and isinstance(own := t.__dict__.get("name"), str):
                self.names[_key(t)] = own
        for name, x in found:
            self.tensor(name, x)


def _outermost(modules: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Those that have parameters, are not part of another, and each once."""
    inner = {id(m) for _, x in modules for m in getattr(x, "modules", list)() if m is not x}
    found: dict[int, tuple[str, Any]] = {}
    for name, x in modules:
        if id(x) not in inner and next(iter(x.named_parameters()), None) is not None:
            found.setdefault(id(x), (name, x))
    return list(found.values())


def _key(t: TensorBase) -> Any:
    edge = t._edge()
    return id(t._array) if edge is None else edge
