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

__all__ = [
    "bool", "cdouble", "cfloat", "complex64", "complex128", "double", "finfo", "float", "float16", "float32", "float64",
    "get_default_dtype", "half", "iinfo", "int", "int8", "int16", "int32", "int64", "long", "set_default_dtype",
    "short", "uint8",
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
complex64 = cfloat = np.dtype(np.complex64)
complex128 = cdouble = np.dtype(np.complex128)
finfo, iinfo = np.finfo, np.iinfo

DType = np.dtype[Any]
SUPPORTED = {d: d for d in (float32, float64, int64, bool, float16, int32, int16, int8, uint8, complex64, complex128)}
"""The dtypes of tensors. The values are NumPy's own objects, which can be told apart by `is`; equal ones may not be."""
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2, "c": 3}  # the categories, in ascending order
NUMBERS = {True.__class__: bool, (1).__class__: int64, (1.0).__class__: float32, 1j.__class__: complex64}
_NARROW = frozenset((int8, int16, int32, uint8))
_default = float32
_common: dict[Any, DType] = {}  # what `promoted` said before


def get_default_dtype() -> DType:
    """The dtype that Python's floats become: float32, unless `set_default_dtype` changed it."""
    return _default


def set_default_dtype(d: Any) -> None:
    """Let Python's floats become `d`, a floating dtype. Raises TypeError for any other.

    >>> from tinygrad_edu import float32, float64, set_default_dtype, tensor
    >>> set_default_dtype(float64)
    >>> tensor(0.5).dtype
    dtype('float64')
    >>> set_default_dtype(float32)
    """
    global _default
    dtype = as_dtype(d)
    if dtype.kind != "f":
        raise TypeError(f"the default dtype must be a floating one (float32, float64), not {dtype}")
    _default = dtype
    _common.clear()


def complex_of(dtype: DType) -> DType:
    """The complex dtype whose real and imaginary parts are of that floating one (of float16: complex64)."""
    return complex128 if dtype == float64 else complex64


def of_number(kind: type) -> DType:
    """The dtype that a Python number of this type becomes."""
    dtype = NUMBERS[kind]
    return _default if dtype is float32 else complex_of(_default) if dtype is complex64 else dtype


def as_dtype(d: Any) -> DType:
    """The supported dtype that `d` means: a dtype, a Python type, a NumPy type or a name."""
    if d is (1.0).__class__ or d is 1j.__class__:
        return of_number(d)
    try:
        dtype = d if isinstance(d, np.dtype) else np.dtype(d) if d is not None else None
    except TypeError:
        dtype = None
    known = in_native_order(dtype) if dtype is not None else None
    if known is None:
        raise TypeError(f"dtype {d} is not supported; use one of {', '.join(map(str, SUPPORTED))}")
    return known


def in_native_order(dtype: DType) -> DType | None:
    """The supported dtype that it is but for the order of bytes, if there is one."""
    return SUPPORTED.get(dtype) or SUPPORTED.get(dtype.newbyteorder("="))


def join(a: DType, b: DType) -> DType:
    """The smallest dtype that holds both; a float (or a complex number) stays what it is among ints."""
    if a.kind in "fc" and b.kind not in "fc":
        return a
    return b if b.kind in "fc" and a.kind not in "fc" else np.promote_types(a, b)


def promoted(operands: tuple[Any, ...]) -> DType:
    """PyTorch's result type: the highest category wins; in it, tensors with dimensions, then 0-d ones, then numbers."""
    best: list[DType | None] = [None, None, None]
    for x in operands:
        number = NUMBERS.get(type(x))
        if x is None:
            raise TypeError("expected a Tensor, an array or a number, got None")
        if number is not None:
            rank, d = 2, of_number(type(x))
        else:
            rank, d = (0 if x.ndim else 1), x.dtype
        have = best[rank]
        best[rank] = d if have is None else join(have, d)
    result: DType | None = None
    for d_ in best:
        if d_ is None:
            continue
        if result is None:
            result = d_
        elif CATEGORY[d_.kind] > CATEGORY[result.kind]:
            result = complex_of(result) if result.kind == "f" else join(result, d_)  # floats give the size
    assert result is not None
    return result


def promote(*operands: Any) -> list[Any]:
    """The operands in their common dtype. Python's numbers stay numbers: NumPy gives them the arrays' dtype."""
    try:
        key = tuple([t if (t := type(x)) in NUMBERS else (x.dtype, x.ndim) for x in operands])
    except AttributeError:
        key = None
    dtype = _common.get(key)
    if dtype is None:
        if len(_common) > 1000:
            _common.clear()
        dtype = _common[key] = promoted(operands)
    cast = [x if type(x) in NUMBERS else x if x.dtype is dtype else x.astype(dtype, copy=False) for x in operands]
    if dtype in _NARROW:
        return [np.array(x).astype(dtype) if type(x) in NUMBERS else x for x in cast]  # wraps round, as in PyTorch
    return cast


def refloat(y: Any, function: Callable[..., Any], operands: tuple[Any, ...]) -> Any:
    """`y`, or if integers alone gave it: the same from operands in the default dtype (NumPy would choose float64)."""
    if y.dtype.kind != "f":
        return y
    for x in operands:
        if type(x) not in NUMBERS and x.dtype.kind in "fc":
            return y
    y = function(*(x if type(x) in NUMBERS else x.astype(_default) for x in operands))
    y = y if y.dtype == _default else y.astype(_default)
    return np.array(y) if isinstance(y, np.generic) else y  # a scalar, where all operands are Python's numbers


# -- what complex numbers do not have -----------------------------------------------------------------------

NO_GRADIENT = (
    "complex numbers carry no gradients here. Compute with the real and the imaginary part as two float tensors."
)
UNDEFINED = frozenset((
    "amax", "amin", "batch_norm", "binary_cross_entropy", "clip", "elu", "entr", "erf", "erfc", "erfinv", "fmax",
    "fmin", "frac", "leaky_relu", "lgamma", "log_softmax", "logcumsumexp", "logit", "logsumexp", "max_pool", "maximum",
    "median", "minimum", "nan_to_num", "norm", "polygamma", "relu", "round", "scatter_extreme", "sign", "softmax",
    "softplus", "standardize", "std", "var", "xlog1py", "xlogy",
))  # fmt: skip
"""The primitives that have no meaning for complex numbers (or another one), though NumPy would compute something."""


def refuse_complex(name: str, *arrays: Any) -> None:
    """Raises NotImplementedError, which is a RuntimeError, if one of the operands is complex."""
    for a in arrays:
        dtype = a.dtype if hasattr(a, "dtype") else of_number(type(a))
        if dtype.kind == "c":
            raise NotImplementedError(
                f"{name} is not implemented for {dtype}: it takes real numbers. Give it x.abs(), or x.real and x.imag."
            )


def check_fits(name: str, value: Any, dtype: DType) -> None:
    """Raises RuntimeError for a complex value in a real tensor."""
    if dtype.kind != "c" and np.iscomplexobj(value):
        raise RuntimeError(
            f"{name}: a complex value cannot be converted to {dtype}: its imaginary part would be lost. Take its real "
            f"part (z.real), or ask for complex numbers: dtype=complex64, x.cfloat()."
        )


def why_no_gradient(dtype: DType, remedy: str) -> str:
    """The error for a tensor of integers, bools or complex numbers that is to require grad."""
    why = NO_GRADIENT if dtype.kind == "c" else f"small steps make no sense on it. {remedy}"
    return f"only Tensors of floating point dtype can require gradients, not {dtype}: {why}"
