"""Operands that are no Tensors, or that do not fit together: what is made of them, or said of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import NUMBERS, SUPPORTED, DType, in_native_order
from tinygrad_edu.node import TensorBase

__all__ = ["answered_by_other", "as_operand", "mismatch", "plain_array"]

REFLECTED = {
    "add": "__radd__", "subtract": "__rsub__", "multiply": "__rmul__", "divide": "__rtruediv__", "power": "__rpow__",
    "matmul": "__rmatmul__",
}  # fmt: skip
"""For each primitive that is an operator: the method by which its right operand may answer."""


def as_operand(x: Any, name: str) -> Any:
    """An operand that is no Tensor: a number as Python's, an array as it is. Raises TypeError for others."""
    kind = type(x)
    if kind in NUMBERS or x is None:
        return x
    if isinstance(x, np.generic):
        x = x.item()
        if type(x) in NUMBERS:
            return x
    elif isinstance(x, ndarray) or hasattr(x, "__array_function__"):
        return plain_array(x)
    elif hasattr(x, "__index__") or isinstance(x, float):  # an IntEnum, say
        return x.__index__() if hasattr(x, "__index__") else x.__float__()
    remedy = ""
    if isinstance(x, tuple) and any(isinstance(part, TensorBase) for part in x):
        remedy = ", the several results of a function or a layer: take the one that is meant, x[0], or y, z = …"
    elif kind in (list, tuple):
        remedy = f"; make it one: tensor({'[...]' if kind is list else '(...)'})"
    raise TypeError(f"{name}: expected a Tensor, an array or a number, got {kind.__name__}{remedy}")


def plain_array(x: Any) -> Any:
    """`x` as an array that a tensor may hold, without a copy if it is one. Masked and object arrays are refused."""
    if isinstance(x, ndarray) and type(x) is not ndarray:
        if isinstance(x, np.ma.MaskedArray):
            raise TypeError(
                "masked arrays are not supported: the mask would be lost. Fill it first (x.filled(0.0)) and weigh "
                "or index the entries you mean."
            )
        x = x.view(ndarray)
    dtype = x.dtype
    if SUPPORTED.get(dtype) is dtype:
        return x
    native = in_native_order(dtype)
    if native is None:
        raise TypeError(f"an array of dtype {dtype} (shape {x.shape}) cannot become a tensor: {_why_not(dtype)}")
    return x.view(native) if native == dtype and isinstance(x, ndarray) else x.astype(native)


def _why_not(dtype: DType) -> str:
    if dtype.kind == "O":
        return "its rows have different lengths, or it holds text. Convert it first: x.astype('float32')."
    if dtype.kind == "c":
        return "the widest complex number is complex128. Convert it first: x.astype('complex128')."
    if dtype.kind == "u":
        return "of the unsigned integers only uint8 is supported. Convert it first: x.astype('int64')."
    if dtype.kind == "f":
        return "the widest float is float64. Convert it first: x.astype('float64')."
    if dtype.kind in "US":
        return "text must be made numbers first, for example indices into a list of its values."
    return "only numbers and bools are supported. Convert it first: x.astype('float32')."


def mismatch(name: str, arrays: Sequence[Any], error: ValueError) -> Exception:
    """What to raise instead of NumPy's error where the shapes of elementwise operands do not fit together."""
    shapes = [tuple(a.shape) for a in arrays if hasattr(a, "shape")]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        sides = [dict.fromkeys(n for n in side if n != 1) for side in zip_longest(*(s[::-1] for s in shapes))]
        k = next(k for k, different in enumerate(sides) if len(different.keys() - {None}) > 1)
        a, b, *_ = [n for n in sides[k] if n is not None]
        return RuntimeError(
            f"{name}: The size of tensor a ({a}) must match the size of tensor b ({b}) at non-singleton dimension "
            f"{len(sides) - 1 - k}: the shapes {' and '.join(map(str, shapes))} do not fit together. Sizes are "
            f"compared from the last dimension backwards, and each must be equal in all or 1. Reshape one of them "
            f"(x.unsqueeze(1), x.T)."
        )
    return error


def answered_by_other(name: str, operands: Sequence[Any]) -> Any:
    """What another library's object makes of ``tensor + it`` by its own ``__radd__``; else NotImplemented."""
    other = operands[-1]
    method = getattr(type(other), REFLECTED.get(name, ""), None)
    ours = isinstance(other, TensorBase) or type(other).__module__ == "builtins"
    if len(operands) != 2 or method is None or ours:
        return NotImplemented
    return method(operands[1], operands[0])
