"""From other people's data to arrays and tensors: what `tensor(data)` accepts, and why it refuses the rest."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import as_dtype, complex64, float32, get_default_dtype, int64, join, of_number
from tinygrad_edu.dtypes import bool as bool_dtype
from tinygrad_edu.memory import recording
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import shaping
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["as_tensor", "asarray", "from_dlpack", "from_numpy"]

_PLAIN = {bool: bool_dtype, int: int64, float: float32, complex: complex64}


def array_of(data: Any, dtype: Any = None) -> ndarray:
    """A new array with a copy of `data`, in `dtype` or in the one that PyTorch would infer."""
    kind = type(data)
    if isinstance(data, TensorBase):
        if data._edge() is not None and recording.get():
            warn(
                "tensor(t) of a tensor that requires grad copies the numbers and cuts the graph. If you mean that, "
                "write t.detach().clone(); otherwise t.clone()."
            )
        return np.array(data._array, dtype=dtype)
    if kind is list or kind is tuple:
        return _nested(data, dtype)
    if kind in _PLAIN:
        return _converted(data, dtype or _inferred({kind}))
    if hasattr(data, "__array__") or isinstance(data, np.generic):
        return np.array(plain_array(data if hasattr(data, "__array_function__") else np.asarray(data)), dtype=dtype)
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _nested(list(data), dtype)
    if hasattr(data, "__index__") or hasattr(data, "__float__"):
        number = data.__index__() if hasattr(data, "__index__") else data.__float__()
        return array_of(number, dtype)
    iterable = hasattr(data, "__iter__") and not isinstance(data, (str, bytes, dict))
    hint = ". Write tensor(list(data))" if iterable else ""
    raise TypeError(f"tensor: expected a number, nested lists, an array or a tensor, not {kind.__name__}{hint}")


def _inferred(kinds: Iterable[Any]) -> Any:
    """The dtype for elements of these types and dtypes, as in PyTorch: Python's floats count as the default dtype."""
    dtypes = [of_number(k) if k in _PLAIN else k for k in kinds]
    return functools.reduce(join, dtypes) if dtypes else get_default_dtype()


def _converted(data: Any, dtype: Any) -> ndarray:
    try:
        return np.array(data, dtype=dtype)
    except OverflowError as error:
        raise RuntimeError(f"tensor: a number does not fit into {dtype}: {error}. Choose a wider dtype.") from None
    except TypeError as error:
        if "complex" not in str(error):
            raise
        raise TypeError(f"tensor: a complex number cannot become {dtype}. Write z.real, or leave out dtype.") from None
    except ValueError as error:
        _shape(data, "data")
        raise RuntimeError(f"tensor: the data cannot become {dtype}: {error}") from None


def _shape(data: Any, at: str) -> tuple[int, ...]:
    """The shape of nested lists. Raises ValueError for the first element that differs from its neighbours."""
    if not isinstance(data, (list, tuple)):
        return np.shape(data)
    shapes = [_shape(v, f"{at}[{k}]") for k, v in enumerate(data)]
    for k, s in enumerate(shapes):
        if s != shapes[0]:
            raise ValueError(
                f"{_lengths(shapes[0], s, at.count('[') + 1)}rows must have equal lengths, but {at}[{k}] has shape "
                f"{s} and {at}[0] has shape {shapes[0]}. Pad the shorter ones, or keep a list of tensors."
            ) from None
    return (len(data), *(shapes[0] if shapes else ()))


def _lengths(expected: tuple[int, ...], got: tuple[int, ...], dim: int) -> str:
    """Where two shapes differ (their first side is dimension `dim`), in PyTorch's words."""
    for d, (a, b) in enumerate(zip(expected, got, strict=False)):
        if a != b:
            return f"expected sequence of length {a} at dim {dim + d} (got {b}): "
    return "tensor: "


def _nested(data: Any, dtype: Any) -> ndarray:
    """The array that nested lists describe."""
    kinds = _kinds(data)
    if kinds <= _PLAIN.keys():
        return _converted(data, dtype or _inferred(kinds))
    found: set[Any] = set()
    rows = _as_arrays(data, found)
    return _converted(rows, dtype or _inferred(found))


def _kinds(data: Any) -> set[type]:
    """The types of the elements of nested lists."""
    kinds = set(map(type, data))
    if list in kinds or tuple in kinds:
        for row in data:
            if isinstance(row, (list, tuple)):
                kinds |= _kinds(row)
        kinds -= {list, tuple}
    return kinds


def _as_arrays(data: Any, found: set[Any]) -> Any:
    """Nested lists with arrays in place of tensors and other people's numbers; `found` gathers types and dtypes."""
    if isinstance(data, (list, tuple)):
        return [_as_arrays(v, found) for v in data]
    if type(data) in _PLAIN:
        found.add(type(data))
        return data
    if isinstance(data, TensorBase):
        if data._edge() is not None and recording.get():
            raise RuntimeError(
                "tensor: the list holds a tensor that requires grad, and copying its numbers would cut the graph. Use "
                "stack([t1, t2, …]) to keep it, or t.item() and t.detach() where no gradient is wanted."
            )
    elif not hasattr(data, "__array__") and not hasattr(data, "__float__"):
        raise TypeError(f"tensor: expected numbers in the list, not {data!r}")
    a = array_of(data)
    found.add(a.dtype)
    return a


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where that can be: a tensor stays itself (with its graph), an array is shared.

    Arrays that are computed later (Dask's) stay what they are.

    >>> import numpy as np
    >>> from tinygrad_edu import as_tensor
    >>> a = np.zeros(2)
    >>> t = as_tensor(a)
    >>> a[0] = 1
    >>> t
    tensor([1., 0.], dtype=float64)
    """
    check_device(device)
    d = None if dtype is None else as_dtype(dtype)
    if isinstance(data, TensorBase):
        return data.to(d)  # type: ignore[attr-defined]
    if isinstance(data, ndarray) or hasattr(data, "__array_function__"):
        a = plain_array(data)
        return wrap(a if d is None or a.dtype == d else a.astype(d))
    return wrap(array_of(data, d))


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """`obj` as a tensor; shared (copy=False: an error where that cannot be), copied (True), or whichever works (None).

    >>> from tinygrad_edu import asarray
    >>> asarray([1, 2])
    tensor([1, 2])
    """
    check_device(device)
    out: Any = as_tensor(obj, dtype)
    source = obj._array if isinstance(obj, TensorBase) else obj
    shared = isinstance(source, ndarray) and np.may_share_memory(source, out._array)
    if copy is False and not shared and out is not obj:
        raise ValueError(f"asarray: a {type(obj).__name__} cannot be had in {out.dtype} without a copy (copy=False)")
    if copy and (shared or out is obj):
        out = shaping.cast(out, dtype=out.dtype)
    return out.requires_grad_() if requires_grad else out


def from_numpy(ndarray: Any) -> Tensor:
    """A tensor that shares its memory with a NumPy array: changing one changes the other.

    A read-only array gives a tensor that cannot be changed in place. Raises TypeError for what is no array.

    >>> import numpy as np
    >>> from tinygrad_edu import from_numpy
    >>> from_numpy(np.array([1.0, 2.0]))
    tensor([1., 2.], dtype=float64)
    """
    if isinstance(ndarray, TensorBase) or not hasattr(ndarray, "__array_function__"):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(ndarray).__name__}. Use tensor(data).")
    return wrap(plain_array(ndarray))


def from_dlpack(ext_tensor: Any) -> Tensor:
    """A tensor that shares its memory with another library's array on the CPU (DLPack).

    >>> import numpy as np
    >>> from tinygrad_edu import from_dlpack
    >>> from_dlpack(np.array([1, 2]))
    tensor([1, 2])
    """
    return wrap(plain_array(np.from_dlpack(ext_tensor)))
