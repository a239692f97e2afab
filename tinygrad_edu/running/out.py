"""``torch.add(x, y, out=result)``: PyTorch's functions write into a tensor that is given.

The library's own functions return what they compute, and have no such argument.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import memory
from tinygrad_edu.tensor import Tensor

__all__ = ["WRITERS", "writing"]

WRITERS = [
    "abs", "absolute", "acos", "acosh", "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "all",
    "amax", "amin", "any", "arange", "argmax", "argmin", "asin", "asinh", "atan", "atan2", "atanh", "baddbmm",
    "bernoulli", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "bmm", "cat", "ceil", "clamp",
    "clamp_max", "clamp_min", "clip", "column_stack", "concat", "concatenate", "copysign", "cos", "cosh", "cross",
    "cumprod", "cumsum", "deg2rad", "diag", "diff", "div", "divide", "dot", "dstack", "empty", "eq", "erf", "erfc",
    "erfinv", "exp", "exp2", "expm1", "eye", "float_power", "floor", "floor_divide", "fmax", "fmin", "fmod", "frac",
    "full", "gather", "ge", "ger", "greater", "greater_equal", "gt", "hstack", "hypot", "index_select", "inner",
    "inverse", "kron", "le", "lerp", "less", "less_equal", "lgamma", "linspace", "log", "log10", "log1p", "log2",
    "logaddexp", "logical_and", "logical_not", "logical_or", "logical_xor", "logit", "logspace", "logsumexp", "lt",
    "masked_select", "matmul", "maximum", "mean", "minimum", "mm", "movedim", "mul", "multinomial", "multiply",
    "mv", "nan_to_num", "nansum", "ne", "neg", "negative", "nonzero", "norm", "normal", "not_equal", "ones",
    "outer", "pow", "prod", "quantile", "rad2deg", "rand", "randint", "randn", "randperm", "reciprocal",
    "remainder", "round", "rsqrt", "sigmoid", "sign", "sin", "sinh", "softmax", "sqrt", "square", "stack", "std",
    "sub", "subtract", "sum", "take", "tan", "tanh", "tensordot", "tril", "triu", "true_divide", "trunc", "var",
    "vstack", "where", "xlogy", "zeros",
]  # fmt: skip
"""The functions that PyTorch lets write into a tensor."""


def writing(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function, with an argument `out`: the tensor that the result is written into, and that is returned.

    One of another shape gets the result's (with a warning, as PyTorch has it). Raises RuntimeError where gradients
    would be lost, and for a result that the dtype of `out` cannot hold; TypeError if it is no tensor.
    """

    @functools.wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        return _written(name, out, function(*args, **kwargs))

    call.__module__, call.__qualname__ = "torch", name  # where a pickle finds it
    return call


def _written(name: str, out: Any, result: Any) -> Any:
    if not isinstance(out, Tensor):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(out).__name__}")
    if memory.recording.get() and (result._edge() is not None or out._edge() is not None):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            f"arguments requires grad. Write out = {name}(…), or do it under torch.no_grad()."
        )
    new, old = result._array, out._array
    if not np.can_cast(new.dtype, old.dtype, "same_kind"):
        raise RuntimeError(
            f"{name}(): result type {new.dtype} can't be cast to the desired output type {old.dtype}. Give an `out` "
            f"of that type, or write out = {name}(…)."
        )
    if new.shape == old.shape:
        np.copyto(old, new, casting="same_kind")
        memory.changed(old, name)
        return out
    if old.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape {list(old.shape)}, which does not "
            f"match the required output shape {list(new.shape)}. Give one of that shape, or an empty one.",
            stacklevel=3,
        )
    out.data = result.to(out.dtype)
    return out
