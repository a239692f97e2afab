"""Modules that stand in for PyTorch's: ``import torch`` gives a module with this library's names.

A stand-in holds the names of its counterpart (see `modules`). Asked for one that it does not have, it notes where
the program asked, and raises what any module raises.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Iterable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from tinygrad_edu.running import dialect, lacking, version
from tinygrad_edu.running.modules import MODULES, counterpart

__all__ = ["install", "uninstall"]

_OURS = "tinygrad_edu"


class _Finder(MetaPathFinder, Loader):
    """Finds the stand-in of everything that is named torch or torchvision, before an installed PyTorch is found."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in ("torch", "torchvision"):
            return None
        ours = counterpart(fullname)
        if ours is None or not _is_there(ours):
            lacking.asked(fullname)
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return ModuleSpec(fullname, self, origin=ours, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        assert spec.origin is not None
        return stand_in(spec.name, importlib.import_module(spec.origin))

    def exec_module(self, module: ModuleType) -> None:
        """Import what is below it, as PyTorch does. A function of the same name stays (`autograd.gradcheck`)."""
        for name, ours in MODULES.items():
            above, _, last = name.rpartition(".")
            if above == module.__name__ and last != "*" and _is_there(ours):
                function = vars(module).get(last)
                importlib.import_module(name)
                if function is not None:
                    setattr(module, last, function)


_finder = _Finder()


def install() -> None:
    """Let ``import torch`` mean this library from now on, in this process."""
    if _finder not in sys.meta_path:
        _forget()
        sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Let ``import torch`` mean PyTorch again."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        _forget()


def _forget() -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] in ("torch", "torchvision")]:
        del sys.modules[name]


def _is_there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not module.startswith(error.name):
            raise
        return False
    return True


def stand_in(name: str, ours: ModuleType) -> ModuleType:
    """A module `name` with the public names of `ours`, and with PyTorch's own where there are any."""
    module = ModuleType(name, ours.__doc__)
    chosen = getattr(ours, "__all__", ())
    found = {**vars(ours), **{k: getattr(ours, k) for k in getattr(ours, "_MEMBERS_OF", ())}}  # those loaded later, too
    public = {k: v for k, v in found.items() if (k[0] != "_" or k in chosen) and not isinstance(v, ModuleType)}
    module.__dict__.update(public)
    if hasattr(ours, "__all__"):
        module.__dict__["__all__"] = [k for k in chosen if k in public]
    module.__dict__["__file__"] = ours.__file__
    if name == "torch":
        module.__dict__.update(dialect.names(public), __version__=version.__version__)

    def missing(attribute: str) -> Any:
        """Note that the program asked for what is not here."""
        if attribute.startswith("__"):
            raise AttributeError(f"module {name!r} has no attribute {attribute!r}", name=attribute, obj=module)
        if attribute.startswith("_") and attribute in vars(ours):  # init._calculate_fan_in_and_fan_out
            return vars(ours)[attribute]
        if counterpart(f"{name}.*") and f"{name}.{attribute}" in lacking.pytorch_names() and attribute.islower():
            return importlib.import_module(f"{name}.{attribute}")  # one of the files that a package is made of
        lacking.asked(f"{name}.{attribute}")
        raise AttributeError(_message(name, attribute, vars(module)), name=attribute, obj=module)

    module.__dict__["__getattr__"] = missing
    return module


def _message(name: str, attribute: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(attribute, [n for n in names if not n.startswith("_")], 1)
    return f"module {name!r} has no attribute {attribute!r}" + (f". The nearest is {name}.{near[0]}." if near else "")
