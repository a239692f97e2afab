"""Along one dimension: running sums, products and extremes, differences, and the area under points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import int64, refuse_complex
from tinygrad_edu.functions.axes import ValuesAndIndices, cut, floats, in_dtype, lines
from tinygrad_edu.functions.comparison import logical_xor
from tinygrad_edu.functions.joining import cat
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.shaping import lifted, one_axis
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import cumulative as rules
from tinygrad_edu.rules import elementwise, indexing, reductions, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "cummax", "cummin", "cumprod", "cumsum", "cumulative_trapezoid", "diff", "logcumsumexp", "trapezoid", "trapz"
]  # fmt: skip


def _summand(input: Any, dtype: Any, name: str) -> Any:
    """`input` in the dtype that its sums have: int64 for integers and bools."""
    kind = input._array.dtype.kind
    return in_dtype(input, dtype if dtype is not None or kind in "fc" else int64, name)


@numpy_names
@lines
def cumsum(input: Any, dim: Any, *, dtype: Any = None) -> Tensor:
    """The sums of all elements up to each along `dim`; of integers and bools they are int64.

    >>> import tinygrad_edu as tg
    >>> tg.cumsum(tg.tensor([1., 2., 3.]), dim=0)
    tensor([1., 3., 6.])
    """
    x = _summand(input, dtype, "cumsum")
    return rules.cumsum(x, axis=one_axis(dim, x._array.ndim, "cumsum"))


@numpy_names
@lines
def cumprod(input: Any, dim: Any, *, dtype: Any = None) -> Tensor:
    """The products of all elements up to each along `dim`. Exact gradients where elements are 0.

    >>> import tinygrad_edu as tg
    >>> tg.cumprod(tg.tensor([1., 2., 3.]), dim=0)
    tensor([1., 2., 6.])
    """
    x = _summand(input, dtype, "cumprod")
    return rules.cumprod(x, axis=one_axis(dim, x._array.ndim, "cumprod"))


@numpy_names
@lines
def logcumsumexp(input: Any, dim: Any) -> Tensor:
    """log Σ eˣ over all elements up to each along `dim`, without overflow.

    Raises RuntimeError for integers and bools.

    >>> import tinygrad_edu as tg
    >>> tg.logcumsumexp(tg.tensor([1000., 1000.]), dim=0)
    tensor([1000.0000, 1000.6932])
    """
    x = floats("logcumsumexp", input)
    return rules.logcumsumexp(x, axis=one_axis(dim, x._array.ndim, "logcumsumexp"))


def _running(name: str, ufunc: Any, x: Any, dim: Any) -> ValuesAndIndices:
    """The running extreme; of equal ones the last is meant, and a NaN stays."""
    a, axis = x._array, one_axis(dim, x._array.ndim, name)
    refuse_complex(name, a)
    best = ufunc.accumulate(a, axis)
    along = np.arange(a.shape[axis]).reshape(-1, *(1,) * (a.ndim - axis - 1))
    found = np.maximum.accumulate(np.where((a == best) | np.isnan(a), along, 0), axis)
    return ValuesAndIndices(indexing.take_along_axis(x, found, axis=axis), wrap(found))


@numpy_names
@lines
def cummax(input: Any, dim: Any) -> ValuesAndIndices:
    """The largest element up to each along `dim`, and where it is: the last of equal ones.

    >>> import tinygrad_edu as tg
    >>> tg.cummax(tg.tensor([1., 3., 2.]), dim=0)
    ValuesAndIndices(values=tensor([1., 3., 3.]), indices=tensor([0, 1, 1]))
    """
    return _running("cummax", np.maximum, input, dim)


@numpy_names
@lines
def cummin(input: Any, dim: Any) -> ValuesAndIndices:
    """The smallest element up to each along `dim`, and where it is: the last of equal ones.

    >>> import tinygrad_edu as tg
    >>> tg.cummin(tg.tensor([2., 3., 1.]), dim=0)
    ValuesAndIndices(values=tensor([2., 2., 1.]), indices=tensor([0, 0, 2]))
    """
    return _running("cummin", np.minimum, input, dim)


@numpy_names
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Tensor:
    """The differences of neighbours along `dim`, n times over; of bools, whether they differ.

    Args:
        prepend, append: what is put before and after it first, with its shape except along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.diff(tg.tensor([1., 4., 9., 16.]), n=2)
    tensor([2., 2.])
    """
    x = lifted(input, "diff")
    if x._array.ndim == 0:
        raise RuntimeError("diff: expects a tensor of at least one dimension, got a 0-d one")
    if n < 0:
        raise RuntimeError(f"diff: the order n must be at least 0, got {n}")
    axis = one_axis(dim, x._array.ndim, "diff")
    if n == 0:  # what is put before and after it has no neighbours then
        return elementwise.add(x, 0)
    if prepend is not None or append is not None:
        x = cat([lifted(t, "diff") for t in (prepend, x, append) if t is not None], axis)
    subtract = logical_xor if x._array.dtype.kind == "b" else elementwise.subtract
    for _ in range(min(n, x._array.shape[axis])):
        x = subtract(cut(x, axis, 1, None), cut(x, axis, None, -1))
    return x


def _strips(name: str, y: Any, x: Any, dx: Any, dim: int) -> tuple[Any, int]:
    """The areas between neighbours along `dim`."""
    y = lifted(y, name)
    axis = one_axis(dim, y._array.ndim, name)
    if y._array.ndim == 0:
        raise IndexError(f"{name}: expects a tensor of at least one dimension, got a 0-d one")
    width: Any = dx
    if x is not None:
        x = lifted(x, name)
        shape, ndim = x._array.shape, y._array.ndim
        if len(shape) == 1:  # the same points for every line
            shape = (*(1,) * axis, *shape, *(1,) * (ndim - axis - 1))
        along = axis - ndim
        if len(shape) < -along or shape[along] != y._array.shape[axis]:
            raise RuntimeError(
                f"{name}: There must be one `x` value for each sample point, but along dim {dim} the shapes are "
                f"{tuple(x._array.shape)} (x) and {tuple(y._array.shape)} (y)"
            )
        x = shaping.reshape(x, shape=shape)
        k = len(shape) + along
        width = elementwise.subtract(cut(x, k, 1, None), cut(x, k, None, -1))
    pairs = elementwise.add(cut(y, axis, 1, None), cut(y, axis, None, -1))
    areas = elementwise.multiply(elementwise.multiply(pairs, width), 0.5)
    return areas, axis - y._array.ndim + areas._array.ndim


def trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The area under points y along `dim`, by trapezoids; the points lie `dx` apart, or at `x`.

    Args:
        x: where the points lie: of the shape of y, or one line for all of them.

    >>> import tinygrad_edu as tg
    >>> tg.trapezoid(tg.tensor([1., 2., 3.]), dx=2)
    tensor(8.)
    """
    areas, axis = _strips("trapezoid", y, x, dx, dim)
    return reductions.sum(areas, axis=axis)


def trapz(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """`trapezoid` under its old name.

    >>> import tinygrad_edu as tg
    >>> tg.trapz(tg.tensor([1., 2., 3.]))
    tensor(4.)
    """
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1, dim: int = -1) -> Tensor:
    """The areas under the points y up to each along `dim`, by trapezoids: one fewer than points.

    >>> import tinygrad_edu as tg
    >>> tg.cumulative_trapezoid(tg.tensor([1., 2., 3.]))
    tensor([1.5000, 4.0000])
    """
    areas, axis = _strips("cumulative_trapezoid", y, x, dx, dim)
    return rules.cumsum(areas, axis=axis)
