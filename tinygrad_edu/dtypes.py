"""Element types and PyTorch's promotion rules (category first, then dimensions, then size).

>>> from tinygrad_edu import result_type, tensor
>>> str(result_type(tensor([1, 2]), 0.5))               # a float beats an int
'float32'
>>> str(result_type(tensor([1., 2.]), tensor(0.5).double()))  # dimensions beat none
'float32'
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

__all__ = [
    "bool", "double", "finfo", "float", "float16", "float32", "float64", "get_default_dtype", "half", "iinfo", "int",
    "int8", "int16", "int32", "int64", "long", "set_default_dtype", "short", "uint8",
]  # fmt: skip

float16 = half = np.dtype(np.float16)
float32 = float = np.dtype(np.float32)
float64 = double = np.dtype(np.float64)
int8 = np.dtype(np.int8)
int16 = short = np.dtype(np.int16)
int32 = int = np.dtype(np.int32)
int64 = long = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
bool = np.dtype(np.bool_)
finfo, iinfo = np.finfo, np.iinfo

DType = np.dtype[Any]
_KINDS = {"b": 0, "u": 1, "i": 1, "f": 2}  # the categories, in ascending order
_NUMBERS = {True.__class__: bool, (1).__class__: int64, (1.0).__class__: float32}
_default = float32


def get_default_dtype() -> DType:
    """The dtype that Python's floats become: float32, unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Let Python's floats become `d`, a floating dtype. Raises TypeError for any other."""
    global _default
    dtype = as_dtype(d)
    if dtype.kind != "f":
        raise TypeError(f"the default dtype must be a floating one (float32, float64), not {dtype}")
    _default = dtype


def as_dtype(d: Any) -> DType:
    """The supported dtype that `d` means: a dtype, a Python type, a NumPy type or a name."""
    if d is (1.0).__class__:
        return _default
    try:
        dtype = np.dtype(d).newbyteorder("=")
    except TypeError:
        dtype = None
    if dtype is None or dtype.kind not in _KINDS or dtype.itemsize > 8:
        raise TypeError(
            f"dtype {d} is not supported; use one of float32, float64, float16, int64, int32, int16, int8, uint8, bool"
        )
    return dtype


def as_operand(x: Any, name: str) -> Any:
    """An operand that is no Tensor: a number as Python's, an array as it is. Raises TypeError for others."""
    kind = type(x)
    if kind in _NUMBERS or x is None:
        return x
    if isinstance(x, np.generic):
        x = x.item()
        if type(x) in _NUMBERS:
            return x
    elif isinstance(x, ndarray) or hasattr(x, "__array_function__"):
        return plain_array(x)
    raise TypeError(f"{name}: expected a Tensor, an array or a number, got {type(x).__name__}")


def plain_array(x: Any) -> Any:
    """`x` as an array that a tensor may hold, without a copy if it is one. Masked and object arrays are refused."""
    if isinstance(x, np.ma.MaskedArray):
        raise TypeError(
            "masked arrays are not supported: the mask would be lost. Fill it first (x.filled(0.0)) and weigh "
            "or index the entries you mean."
        )
    if isinstance(x, ndarray):
        x = x.view(ndarray) if type(x) is not ndarray else x
    if x.dtype.kind not in _KINDS or x.dtype.itemsize > 8:
        why = "its rows have different lengths, or it holds text" if x.dtype.kind == "O" else "numbers only"
        raise TypeError(
            f"an array of dtype {x.dtype} (shape {x.shape}) cannot become a tensor: {why}. "
            f"Convert it first: x.astype('float32')."
        )
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def _join(a: DType, b: DType) -> DType:
    if a.kind == "f" and b.kind != "f":
        return a
    return b if b.kind == "f" and a.kind != "f" else np.promote_types(a, b)


def promoted(operands: tuple[Any, ...]) -> DType:
    """PyTorch's result type: the highest category wins; in it, tensors with dimensions, then 0-d ones, then numbers."""
    best: list[DType | None] = [None, None, None]
    for x in operands:
        number = _NUMBERS.get(type(x))
        if number is not None:
            rank, d = 2, _default if number is float32 else number
        else:
            rank, d = (0 if x.ndim else 1), x.dtype
        have = best[rank]
        best[rank] = d if have is None else _join(have, d)
    result: DType | None = None
    for d_ in best:
        if d_ is None:
            continue
        if result is None:
            result = d_
        elif _KINDS[d_.kind] > _KINDS[result.kind]:
            result = _join(result, d_)
    assert result is not None
    return result


def promote(*operands: Any) -> list[Any]:
    """The operands in their common dtype. Numbers stay numbers where they do not change it."""
    dtype = promoted(operands)
    return [x if type(x) in _NUMBERS else x if x.dtype == dtype else x.astype(dtype) for x in operands]


def refloat(y: Any, function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """`y`, or if integers alone gave it: the same from operands in the default dtype (NumPy would choose float64)."""
    if y.dtype.kind != "f":
        return y
    for x in operands:
        if type(x) not in _NUMBERS and x.dtype.kind == "f":
            return y
    y = function(*(x if type(x) in _NUMBERS else x.astype(_default) for x in operands))
    return y if y.dtype == _default else y.astype(_default)
