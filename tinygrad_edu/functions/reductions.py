"""Sums, means, products, extremes over all elements or some dimensions, under PyTorch's names.

`dim` is an int, negative from the end, or (where the docstring says dimensions) a tuple of them; None and an
empty tuple mean all. With `keepdim` the reduced dimensions stay, with one element.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.dtypes import float32, int64, refuse_complex, uint8
from tinygrad_edu.functions.axes import ValuesAndIndices, at, floats, in_dtype, nonempty, over, whole
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.pointwise import floating
from tinygrad_edu.functions.rounding import maximum, minimum
from tinygrad_edu.functions.shaping import lifted, one_axis
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise
from tinygrad_edu.rules import reductions as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "argmax", "argmin", "count_nonzero", "logsumexp", "max", "mean", "min",
    "nanmean", "nansum", "prod", "sum",
]  # fmt: skip


# -- sums and products --------------------------------------------------------------------------------------


@numpy_names
def sum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over the dimensions `dim`. Sums of integers and bools are int64; `dtype` is cast to first.

    >>> import tinygrad_edu as tg
    >>> tg.sum(tg.tensor([[1., 2.], [3., 4.]]), dim=0)
    tensor([4., 6.])
    """
    if dtype is not None:
        input = in_dtype(input, dtype, "sum")
    if dim is not None:
        input = lifted(input, "sum")
        dim = over(dim, input._array.ndim, "sum")
    return rules.sum(input, axis=dim, keepdims=keepdim)


@numpy_names
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over the dimensions `dim`; NaN over nothing.

    Raises RuntimeError for integers and bools, unless a floating `dtype` is given to compute in.

    >>> import tinygrad_edu as tg
    >>> tg.mean(tg.tensor([[1., 2.], [3., 4.]]), dim=1)
    tensor([1.5000, 3.5000])
    """
    x = in_dtype(lifted(input, "mean"), dtype, "mean")
    a = x._array
    if a.dtype is not float32 and a.dtype.kind not in "fc":
        raise RuntimeError(
            f"mean: could not infer output dtype. Input dtype must be a floating point dtype, got {a.dtype}. "
            f"Convert it, x.float().mean(), or say what to compute in: mean(dtype=float32)."
        )
    return rules.mean(x, axis=None if dim is None else over(dim, a.ndim, "mean"), keepdims=keepdim)


@numpy_names
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The product over the dimensions `dim`. Of integers and bools it is int64. Exact gradients where elements are 0.

    >>> import tinygrad_edu as tg
    >>> tg.prod(tg.tensor([[1., 2.], [3., 4.]]), dim=1)
    tensor([ 2., 12.])
    """
    x = in_dtype(lifted(input, "prod"), dtype, "prod")
    return rules.prod(x, axis=over(dim, x._array.ndim, "prod"), keepdims=keepdim)


@numpy_names
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The sum over the dimensions `dim`, NaN counted as 0.

    >>> import tinygrad_edu as tg
    >>> tg.nansum(tg.tensor([1., float("nan"), 2.]))
    tensor(3.)
    """
    x = in_dtype(lifted(input, "nansum"), dtype, "nansum")
    axis = over(dim, x._array.ndim, "nansum")
    if x._array.dtype.kind in "fc":
        x = elementwise.where(np.isnan(x._array), 0, x)
    return rules.sum(x, axis=axis, keepdims=keepdim)


@numpy_names
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """The mean over the dimensions `dim` of what is not NaN.

    Raises RuntimeError for integers and bools.

    >>> import tinygrad_edu as tg
    >>> tg.nanmean(tg.tensor([1., float("nan"), 2.]))
    tensor(1.5000)
    """
    x = floats("nanmean", in_dtype(input, dtype, "nanmean"))
    there = ~np.isnan(x._array)
    number = np.sum(there, axis=over(dim, x._array.ndim, "nanmean"), keepdims=keepdim, dtype=x._array.dtype)
    return elementwise.divide(nansum(x, dim, keepdim), whole(number))


@numpy_names
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Tensor:
    """log Σ eˣ over the dimensions `dim`, without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.logsumexp(tg.tensor([1000., 1000.]), dim=0)
    tensor(1000.6932)
    """
    x = floating(lifted(input, "logsumexp"))
    return rules.logsumexp(x, axis=over(dim, x._array.ndim, "logsumexp"), keepdims=keepdim)


# -- extremes -----------------------------------------------------------------------------------------------


class AMinMax(NamedTuple):
    """The smallest and the largest elements."""

    min: Tensor
    max: Tensor


@numpy_names
def amax(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The largest element over the dimensions `dim`. Equal ones share the gradient evenly.

    Raises RuntimeError or IndexError where there is no element.

    >>> import tinygrad_edu as tg
    >>> tg.amax(tg.tensor([[1., 2.], [4., 3.]]), dim=1)
    tensor([2., 4.])
    """
    x = lifted(input, "amax")
    axis = over(dim, x._array.ndim, "amax")
    nonempty("amax", x._array.shape, axis)
    return rules.amax(x, axis=axis, keepdims=keepdim)


@numpy_names
def amin(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The smallest element over the dimensions `dim`. Equal ones share the gradient evenly.

    Raises RuntimeError or IndexError where there is no element.

    >>> import tinygrad_edu as tg
    >>> tg.amin(tg.tensor([[1., 2.], [4., 3.]]), dim=1)
    tensor([1., 3.])
    """
    x = lifted(input, "amin")
    axis = over(dim, x._array.ndim, "amin")
    nonempty("amin", x._array.shape, axis)
    return rules.amin(x, axis=axis, keepdims=keepdim)


@numpy_names
def aminmax(input: Any, *, dim: Any = None, keepdim: bool = False) -> AMinMax:
    """`amin` and `amax` as a named tuple (min, max).

    >>> import tinygrad_edu as tg
    >>> tg.aminmax(tg.tensor([1., 3., 2.]))
    AMinMax(min=tensor(1.), max=tensor(3.))
    """
    return AMinMax(amin(input, dim, keepdim), amax(input, dim, keepdim))


@numpy_names
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along one dimension `dim` with its index; or, of two tensors, `maximum`.

    Returns:
        Without `dim` a tensor (equal elements share its gradient). With `dim` a named tuple (values, indices):
        the gradient goes to the index that is returned, the first of equal ones.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1., 2.], [4., 3.]])
    >>> tg.max(x), tg.max(x, dim=1).indices
    (tensor(4.), tensor([1, 0]))
    >>> tg.max(x, tg.tensor(2.5))
    tensor([[2.5000, 2.5000],
            [4.0000, 3.0000]])
    """
    if other is not None or isinstance(dim, (TensorBase, np.ndarray)):
        return maximum(input, dim if other is None else other)
    return amax(input, keepdim=keepdim) if dim is None else _extreme("max", np.argmax, input, dim, keepdim)


@numpy_names
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along one dimension `dim` with its index; or, of two tensors, `minimum`. As `max`.

    >>> import tinygrad_edu as tg
    >>> tg.min(tg.tensor([[1., 2.], [4., 3.]]), dim=1)
    ValuesAndIndices(values=tensor([1., 3.]), indices=tensor([0, 1]))
    """
    if other is not None or isinstance(dim, (TensorBase, np.ndarray)):
        return minimum(input, dim if other is None else other)
    return amin(input, keepdim=keepdim) if dim is None else _extreme("min", np.argmin, input, dim, keepdim)


def _extreme(name: str, find: Any, input: Any, dim: Any, keepdim: bool) -> ValuesAndIndices:
    x = lifted(input, name)
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"{name}: dim must be one int, not {dim}. Over several dimensions there is a{name}.")
    if x._array.dtype is not float32:
        refuse_complex(name, x._array)
    axis = one_axis(dim, x._array.ndim, name)
    if x._array.ndim == 0:
        return ValuesAndIndices(elementwise.add(x, 0), whole(0))
    nonempty(name, x._array.shape, axis)
    return at(x, find(x._array, axis=axis, keepdims=True), axis, keepdim)


# -- integers and bools, without gradient -------------------------------------------------------------------


def _position(name: str, find: Any, input: Any, dim: Any, keepdim: bool) -> Tensor:
    x = lifted(input, name)
    a = x._array
    if a.dtype.kind in "bc":
        refuse_complex(name, a)
        raise RuntimeError(f"{name}: does not support bools. Convert them first: x.int().")
    axis = None if dim is None else one_axis(dim, a.ndim, name)
    nonempty(name, a.shape, axis)
    out: Tensor = whole(find(a, axis=axis if a.ndim else None, keepdims=keepdim))
    return out


@numpy_names
def argmax(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The position of the largest element, the first of equal ones: along `dim`, or in the flat tensor.

    >>> import tinygrad_edu as tg
    >>> tg.argmax(tg.tensor([[1., 2.], [4., 3.]]), dim=1)
    tensor([1, 0])
    """
    return _position("argmax", np.argmax, input, dim, keepdim)


@numpy_names
def argmin(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """The position of the smallest element, the first of equal ones: along `dim`, or in the flat tensor.

    >>> import tinygrad_edu as tg
    >>> tg.argmin(tg.tensor([[1., 2.], [4., 3.]]))
    tensor(0)
    """
    return _position("argmin", np.argmin, input, dim, keepdim)


def _truth(name: str, function: Any, input: Any, dim: Any, keepdim: bool) -> Tensor:
    a = lifted(input, name)._array
    # PyTorch reduces over no dimension here if dim is (), unlike elsewhere
    axis = () if isinstance(dim, (tuple, list)) and not dim else over(dim, a.ndim, name)
    y: Tensor = whole(function(a, axis=axis, keepdims=keepdim))
    return whole(y._array.astype(uint8)) if a.dtype == uint8 else y


@numpy_names
def any(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether an element is true (not 0), over the dimensions `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.any(tg.tensor([[0, 1], [0, 0]]), dim=1)
    tensor([ True, False])
    """
    return _truth("any", np.any, input, dim, keepdim)


@numpy_names
def all(input: Any, dim: Any = None, keepdim: bool = False) -> Tensor:
    """Whether all elements are true (not 0), over the dimensions `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.all(tg.tensor([[0, 1], [1, 1]]), dim=1)
    tensor([False,  True])
    """
    return _truth("all", np.all, input, dim, keepdim)


@numpy_names
def count_nonzero(input: Any, dim: Any = None) -> Tensor:
    """How many elements are not 0, over the dimensions `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.count_nonzero(tg.tensor([[0., 1.], [2., 3.]]), dim=0)
    tensor([1, 2])
    """
    a = lifted(input, "count_nonzero")._array
    out: Tensor = whole(np.sum(a != 0, axis=over(dim, a.ndim, "count_nonzero"), dtype=int64))
    return out
