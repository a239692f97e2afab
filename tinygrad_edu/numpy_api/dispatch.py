"""NumPy's functions on Tensors: strict dispatch (NEP 13 and NEP 18).

A NumPy function called on a Tensor is recorded if it stands in the table `NUMPY` (every ufunc that has
a rule, and the adapters of this package, whose signatures are NumPy's). Where nothing would be recorded
anyway, any NumPy function may run on the plain arrays; otherwise it is an error that names the function:
a gradient is never lost silently.
"""

from __future__ import annotations

import difflib
import inspect
from typing import Any

import numpy as np

from tinygrad_edu.dtypes import SUPPORTED
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import NUMPY, TensorBase, wrap

__all__ = ["array_function", "array_ufunc"]


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """`Tensor.__array_ufunc__`: np.exp(t), np.add(array, t), array @ t …"""
    out = kwargs.get("out")
    if out is not None:
        if not _recorded((inputs, out), kwargs):  # there is no gradient to lose
            return getattr(ufunc, method)(*_arrays(inputs), **{k: _arrays(v) for k, v in kwargs.items()})
        raise TypeError(
            f"np.{ufunc.__name__} cannot write a Tensor's result into a NumPy array (out=, or `array += tensor`): the "
            f"gradient would be lost. Write array = array + tensor."
        )
    return _call(ufunc, f"np.{ufunc.__name__}" + (f".{method}" if method != "__call__" else ""), method, inputs, kwargs)


def array_function(self: Any, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """`Tensor.__array_function__`: np.sum(t), np.where(mask, t, 0), np.stack([t, t]) …"""
    module = getattr(func, "__module__", "numpy").replace("numpy", "np", 1)
    return _call(func, f"{module}.{func.__name__}", "__call__", args, kwargs)


def _call(func: Any, name: str, method: str, args: Any, kwargs: Any) -> Any:
    ours = NUMPY.get(func) if method == "__call__" else None
    if ours is not None:
        try:
            inspect.signature(ours).bind(*args, **kwargs)
        except TypeError as error:
            if _recorded(args, kwargs):
                raise TypeError(f"{name} on a Tensor: {error}. Supported: {inspect.signature(ours)}.") from None
        else:
            try:
                return ours(*args, **kwargs)
            except TypeError:  # text among the arguments, say, which NumPy broadcasts
                if _recorded(args, kwargs):
                    raise
    elif _recorded(args, kwargs):
        near = difflib.get_close_matches(func.__name__, [f.__name__ for f in NUMPY], 1)
        raise TypeError(
            f"{name} has no derivative here, and its result would silently lose the gradient. "
            + (f"The nearest that is supported is np.{near[0]}. " if near else "")
            + "Where no gradient is wanted, call it on t.detach()."
        )
    plain = getattr(func, method)(*_arrays(args), **{k: _arrays(v) for k, v in kwargs.items()})
    return _wrapped(plain)


def _recorded(args: Any, kwargs: Any) -> bool:
    return bool(recording.get()) and any(t._edge() is not None for t in _tensors((args, kwargs)))


def _tensors(x: Any) -> Any:
    if isinstance(x, TensorBase):
        yield x
    elif isinstance(x, (tuple, list, dict)):
        for v in x.values() if isinstance(x, dict) else x:
            yield from _tensors(v)


def _arrays(x: Any) -> Any:
    if isinstance(x, TensorBase):
        return x._array
    if type(x) in (tuple, list):
        return type(x)(map(_arrays, x))
    return x


def _wrapped(x: Any) -> Any:
    if type(x) in (tuple, list):
        return type(x)(map(_wrapped, x))
    return wrap(np.asarray(x)) if isinstance(x, (np.ndarray, np.generic)) and x.dtype in SUPPORTED else x
