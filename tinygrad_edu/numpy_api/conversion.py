"""NumPy's casts on Tensors, and its questions about dtype and memory, which take Tensors and need no gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.functions import complex_numbers, conversion
from tinygrad_edu.numpy_api.table import stands_for
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.printing import text


def _array(x: Any) -> Any:
    return x._array if isinstance(x, TensorBase) else x


@stands_for(np.real)
def _(val: Any) -> Any:
    return complex_numbers.real(val)


if hasattr(np, "astype"):  # from NumPy 2.1 on

    @stands_for(np.astype)
    def astype(x: Any, dtype: Any, /, *, copy: bool = True) -> Any:
        return conversion.cast(x, dtype, copy)


@stands_for(np.result_type)
def _(*arrays_and_dtypes: Any) -> Any:
    return np.result_type(*map(_array, arrays_and_dtypes))


@stands_for(np.can_cast)
def _(from_: Any, to: Any, casting: Any = "safe") -> Any:
    return np.can_cast(_array(from_).dtype, to, casting)


@stands_for(np.iscomplexobj)
def _(x: Any) -> bool:
    return conversion.is_complex(x)


@stands_for(np.isrealobj)
def _(x: Any) -> bool:
    return not conversion.is_complex(x)


@stands_for(np.shares_memory)
def _(a: Any, b: Any, /) -> bool:
    return np.shares_memory(_array(a), _array(b))


@stands_for(np.may_share_memory)
def _(a: Any, b: Any, /) -> bool:
    return np.may_share_memory(_array(a), _array(b))


@stands_for(np.array_repr, np.array_str, np.array2string)
def _(a: Any) -> str:
    return text(a)
