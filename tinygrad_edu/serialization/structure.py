"""Nested objects as JSON text plus named arrays, and back.

What JSON knows is written as it is; anything else as an object with one key that says what it is:
``{"tuple": [1, 2]}``, ``{"dict": [["lr", 0.1]]}``, ``{"tensor": "layer.weight"}``. Reading makes values of the kinds
listed here and of no others: no code is looked up by a name that stands in the file.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.device import cpu, device
from tinygrad_edu.dtypes import as_dtype
from tinygrad_edu.nn.parameter import Buffer, Parameter
from tinygrad_edu.primitive import wrap
from tinygrad_edu.size import Size
from tinygrad_edu.tensor import Tensor

__all__ = ["NotPlainError", "read", "write"]


class NotPlainError(Exception):
    """The object holds something (`value`, at `path`) that is not written as text and arrays."""

    def __init__(self, value: Any, path: str) -> None:
        super().__init__(f"{type(value).__module__}.{type(value).__qualname__}", path)


def write(obj: Any) -> tuple[str, dict[str, ndarray]]:
    """The text that describes `obj`, and its arrays by name: in a dict of tensors, their keys.

    Tensors that are the same memory are one array. Raises NotPlainError.
    """
    writer = _Writer()
    try:
        text = json.dumps(writer.plain(obj, ""))
    except RecursionError:  # it contains itself, or is deeper than Python's stack
        raise NotPlainError(obj, "") from None
    return text, writer.arrays


def read(text: str, arrays: dict[str, ndarray]) -> Any:
    """The object that `text` describes. Raises ValueError, KeyError or TypeError if it describes none."""
    return _value(json.loads(text), arrays)


class _Writer:
    def __init__(self) -> None:
        self.arrays: dict[str, ndarray] = {}
        self.names: dict[Any, str] = {}  # by where in memory an array lies

    def plain(self, x: Any, path: str) -> Any:
        """`x` as JSON's types."""
        kind = type(x)
        if x is None or kind in (bool, int, str) or (kind is float and math.isfinite(x)):
            return x
        if kind is list:
            return self.each(x, path)
        if kind in _ITEMS:
            keys_and_values = [[self.plain(k, path), self.plain(v, _below(path, k))] for k, v in x.items()]
            return {_ITEMS[kind]: keys_and_values}
        if kind in _SEQUENCES:
            return {_SEQUENCES[kind]: self.each(x, path)}
        if kind in (Tensor, Buffer, Parameter):
            tag = "parameter" if kind is Parameter else "tensor"
            reference = {tag: self.name(lazy.realise([x._array])[0], path)}
            return {**reference, "requires_grad": True} if x.requires_grad else reference
        if kind is ndarray and x.dtype.kind in "biuf":
            return {"array": self.name(x, path)}
        if kind is float:
            return {"float": str(x)}
        if kind is complex:
            return {"complex": str(x)}
        if kind is bytes:
            return {"bytes": base64.b64encode(x).decode()}
        if isinstance(x, np.generic) and x.dtype.kind in "biuf":
            return {"number": [str(x.dtype), self.plain(x.item(), path)]}
        if isinstance(x, np.dtype):
            return {"dtype": str(x)}
        if kind is device:
            return {"device": str(x)}
        raise NotPlainError(x, path)

    def each(self, values: Any, path: str) -> list[Any]:
        return [self.plain(v, _below(path, k)) for k, v in enumerate(values)]

    def name(self, a: ndarray, path: str) -> str:
        """The name under which an array is kept: its path, unless it has a name already or that one is taken."""
        where = (a.__array_interface__["data"][0], a.shape, a.strides, a.dtype) if a.size else id(a)
        if where not in self.names:
            plain = path.encode(errors="replace").decode() or "tensor"
            name, k = plain, 2
            while name in self.arrays or name == "__metadata__":
                name, k = f"{plain}#{k}", k + 1
            self.names[where], self.arrays[name] = name, a
        return self.names[where]


def _below(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


_ITEMS: dict[type, str] = {dict: "dict", OrderedDict: "OrderedDict", Counter: "Counter"}
_SEQUENCES: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset", Size: "Size"}


def _value(x: Any, arrays: dict[str, ndarray]) -> Any:
    if isinstance(x, list):
        return [_value(v, arrays) for v in x]
    if not isinstance(x, dict):
        return x
    requires_grad = x.pop("requires_grad", False)
    ((tag, content),) = x.items()
    if tag in ("tensor", "parameter", "array"):
        a = arrays[content]
        if tag == "array":
            return a
        return Parameter(wrap(a), requires_grad) if tag == "parameter" else wrap(a).requires_grad_(requires_grad)
    if tag in _READ_ITEMS:
        return _READ_ITEMS[tag]({_value(k, arrays): _value(v, arrays) for k, v in content})
    return _READ[tag](_value(content, arrays))


def _number(dtype: str, value: Any) -> Any:
    """A NumPy number."""
    if np.dtype(dtype).kind not in "biuf":
        raise ValueError(f"a number of dtype {dtype}")
    return np.dtype(dtype).type(value)


_READ_ITEMS: dict[str, Callable[[Any], Any]] = {name: kind for kind, name in _ITEMS.items()}
_READ: dict[str, Callable[[Any], Any]] = {
    **{name: kind for kind, name in _SEQUENCES.items()},
    "float": float,
    "complex": complex,
    "bytes": base64.b64decode,
    "number": lambda pair: _number(*pair),
    "dtype": as_dtype,
    "device": lambda name: cpu if name == "cpu" else device(name),
}
