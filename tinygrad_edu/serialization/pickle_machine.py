"""A machine for pickles that runs nothing.

A pickle is a program for a stack machine (https://docs.python.org/3/library/pickletools.html): most instructions push
a value or put values together; GLOBAL asks for something by its name, and REDUCE calls it. Python's own machine
imports and calls whatever the program names. This one has a table of what there is, and no other way to anything.
"""

from __future__ import annotations

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Known", "run"]


@dataclass(frozen=True)
class Known:
    """Something that a pickle may ask for by name; to call, or as a name for `value`."""

    name: str
    call: Callable[..., Any] | None = None
    value: Any = None


_MARK = object()
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_TUPLE": lambda: (),
    "EMPTY_LIST": lambda: [], "EMPTY_DICT": lambda: {}, "EMPTY_SET": lambda: set(),
}  # fmt: skip
_LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "INT", "LONG", "BINFLOAT", "FLOAT", "BINUNICODE",
    "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BINSTRING",
    "SHORT_BINSTRING", "STRING",
}  # fmt: skip


def run(program: bytes, known: dict[str, Any], persistent: Callable[[Any], Any]) -> Any:
    """The object that a pickle builds.

    Args:
        program: the pickle.
        known: what it may ask for, by "module.name".
        persistent: gives what lies outside of the pickle, from its reference.

    Raises pickle.UnpicklingError for anything else that it asks for, ValueError if it is no pickle.
    """
    machine = _Machine(known, persistent)
    try:
        for instruction, argument, _ in pickletools.genops(program):
            machine.step(instruction.name, argument)
        (result,) = machine.stack
    except (IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ValueError(f"the pickle in it is damaged ({error})") from error
    return result


class _Machine:
    def __init__(self, known: dict[str, Any], persistent: Callable[[Any], Any]) -> None:
        self.known, self.persistent = known, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        """Carry out one instruction."""
        stack = self.stack
        if name in _LITERALS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memo[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name not in ("PROTO", "FRAME", "STOP"):
            build = _BUILD.get(name)
            if build is None:
                raise pickle.UnpicklingError(f"Weights only load failed: the instruction {name} has no use in weights")
            build(self, argument)

    def since_mark(self) -> list[Any]:
        """Takes what was pushed after the last mark, and the mark."""
        start = len(self.stack) - 1
        while self.stack[start] is not _MARK:
            start -= 1
            if start < 0:
                raise ValueError("a mark is missing")
        values = self.stack[start + 1 :]
        del self.stack[start:]
        return values

    def take(self, n: int) -> list[Any]:
        """Takes the last n values."""
        if n > len(self.stack):
            raise ValueError("values are missing")
        values = self.stack[-n:]
        del self.stack[-n:]
        return values

    def top(self, kind: type) -> Any:
        """The last value, if it is of that kind."""
        if not isinstance(self.stack[-1], kind):
            raise ValueError(f"a {type(self.stack[-1]).__name__} where there should be a {kind.__name__}")
        return self.stack[-1]

    def look_up(self, module: Any, name: Any) -> None:
        module = {"__builtin__": "builtins"}.get(module, module)  # Python 2's name, which old protocols use
        full = f"{module}.{name}"
        if full not in self.known:
            raise pickle.UnpicklingError(
                f"Weights only load failed: the file asks for {full}, which is not among what state dicts are made of "
                f"(tensors, numbers, texts, containers). Nothing was loaded, and nothing of it was run. If it holds a "
                f"whole module, write in PyTorch torch.save(model.state_dict(), path), and load that."
            )
        self.stack.append(self.known[full])

    def call(self) -> None:
        function, arguments = self.take(2)
        if not isinstance(function, Known) or function.call is None or not isinstance(arguments, tuple):
            raise pickle.UnpicklingError(
                f"Weights only load failed: the file wants to call {getattr(function, 'name', function)!r}, which is "
                f"not to be called"
            )
        self.stack.append(function.call(*arguments))

    def set_state(self) -> None:
        """An OrderedDict may have attributes: a state dict's `_metadata`, the versions of its modules."""
        (state,) = self.take(1)
        obj = self.stack[-1]
        if type(obj) is not OrderedDict or not isinstance(state, dict) or set(state) - {"_metadata"}:
            raise pickle.UnpicklingError(
                f"Weights only load failed: the file wants to set the inner state of a {type(obj).__name__}"
            )
        obj.__dict__.update(state)

    def extend(self, items: list[Any]) -> None:
        self.top(list).extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[key] = value

    def add(self, items: list[Any]) -> None:
        self.top(set).update(items)


_BUILD: dict[str, Callable[[_Machine, Any], Any]] = {
    "TUPLE": lambda m, _: m.stack.append(tuple(m.since_mark())),
    "TUPLE1": lambda m, _: m.stack.append(tuple(m.take(1))),
    "TUPLE2": lambda m, _: m.stack.append(tuple(m.take(2))),
    "TUPLE3": lambda m, _: m.stack.append(tuple(m.take(3))),
    "LIST": lambda m, _: m.stack.append(m.since_mark()),
    "FROZENSET": lambda m, _: m.stack.append(frozenset(m.since_mark())),
    "APPEND": lambda m, _: m.extend(m.take(1)),
    "APPENDS": lambda m, _: m.extend(m.since_mark()),
    "SETITEM": lambda m, _: m.set_items(m.take(2)),
    "SETITEMS": lambda m, _: m.set_items(m.since_mark()),
    "ADDITEMS": lambda m, _: m.add(m.since_mark()),
    "GLOBAL": lambda m, names: m.look_up(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.look_up(*m.take(2)),
    "REDUCE": lambda m, _: m.call(),
    "NEWOBJ": lambda m, _: m.call(),
    "BUILD": lambda m, _: m.set_state(),
    "BINPERSID": lambda m, _: m.stack.append(m.persistent(*m.take(1))),
}
