"""Making tensors: from data, and filled with numbers. (Random ones: `functions.random`.)"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import as_dtype, check_fits, get_default_dtype, int64, why_no_gradient
from tinygrad_edu.functions.data import array_of
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.size import sides
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "arange", "empty", "empty_like", "eye", "full", "full_like", "linspace", "logspace", "ones", "ones_like", "range",
    "scalar_tensor", "tensor", "zeros", "zeros_like",
]  # fmt: skip


def made(array: Any, requires_grad: bool = False) -> Tensor:
    """A new tensor around `array`, which nobody else has; as a leaf if its gradient is wanted."""
    if requires_grad and array.dtype.kind != "f":
        remedy = "Ask for dtype=float32, or write the numbers with a point (1.0)."
        raise RuntimeError(why_no_gradient(array.dtype, remedy))
    return wrap(array, leaf=bool(requires_grad))


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new tensor with a copy of `data`: a number, nested lists of equal lengths, an array, a tensor.

    Ints become int64, floats the default dtype (float32), complex numbers complex64, bools bool; arrays keep their
    dtype.

    Raises TypeError for text, objects and masked arrays, ValueError for rows of different
    lengths, RuntimeError for a list of tensors that are being recorded (`stack` them).

    >>> from tinygrad_edu import tensor
    >>> tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    >>> tensor([0.5, 1.0], requires_grad=True)
    tensor([0.5000, 1.0000], requires_grad=True)
    """
    check_device(device)
    return made(array_of(data, None if dtype is None else as_dtype(dtype)), requires_grad)


def scalar_tensor(s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A 0-d tensor of the default dtype (or `dtype`) with the number `s`.

    >>> from tinygrad_edu import scalar_tensor
    >>> scalar_tensor(3)
    tensor(3.)
    """
    d = get_default_dtype() if dtype is None else as_dtype(dtype)
    check_fits("scalar_tensor", s, d)
    return filled((), s, d, device, requires_grad)


# -- filled with one number -----------------------------------------------------------------------------


def _float(dtype: Any, device: Any) -> Any:
    """The dtype asked for, by default the default one; on the CPU."""
    check_device(device)
    return get_default_dtype() if dtype is None else as_dtype(dtype)


def filled(shape: tuple[int, ...], value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    """A new tensor of that shape with `value` everywhere."""
    array = np.empty(shape, _float(dtype, device))
    if value is not None:
        array.fill(value)
    return made(array, requires_grad)


def zeros(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of the shape ``zeros(2, 3)`` or ``zeros((2, 3))``.

    >>> from tinygrad_edu import zeros
    >>> zeros(2, 3)
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return filled(sides(shape, "zeros", size), 0, dtype, device, requires_grad)


def ones(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of the shape ``ones(2, 3)`` or ``ones((2, 3))``.

    >>> from tinygrad_edu import int64, ones
    >>> ones(3, dtype=int64)
    tensor([1, 1, 1])
    """
    return filled(sides(shape, "ones", size), 1, dtype, device, requires_grad)


def empty(*shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A tensor of that shape with whatever was in memory: write to it before you read it.

    >>> from tinygrad_edu import empty
    >>> empty(2, 3).shape
    Size([2, 3])
    """
    return filled(sides(shape, "empty", size), None, dtype, device, requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """`fill_value` everywhere; an int gives int64, a float the default dtype, a bool bool.

    >>> from tinygrad_edu import full
    >>> full((2, 2), 0.5)
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000]])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full: the shape is a tuple, full((2, 3), {fill_value}), not {size}")
    value = array_of(fill_value, None)
    check_fits("full", value, value.dtype if dtype is None else as_dtype(dtype))
    if value.ndim:
        raise TypeError(f"full: fill_value is one number, not a tensor of shape {value.shape}; use expand for that")
    return filled(sides((size,), "full"), value, value.dtype if dtype is None else dtype, device, requires_grad)


def _like(input: Any, value: Any, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    check_device(device)
    a = input._array if isinstance(input, TensorBase) else np.asarray(as_operand(input, "like"))
    d = a.dtype if dtype is None else as_dtype(dtype)
    check_fits("full_like", value, d)
    return made(np.full_like(a, value, dtype=d), requires_grad)


def zeros_like(
    input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None
) -> Tensor:
    """Zeros of the shape and dtype of `input`.

    >>> from tinygrad_edu import tensor, zeros_like
    >>> zeros_like(tensor([1, 2]))
    tensor([0, 0])
    """
    return _like(input, 0, dtype, device, requires_grad)


def ones_like(
    input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None
) -> Tensor:
    """Ones of the shape and dtype of `input`.

    >>> from tinygrad_edu import ones_like, tensor
    >>> ones_like(tensor([0.5, 2.0]))
    tensor([1., 1.])
    """
    return _like(input, 1, dtype, device, requires_grad)


def empty_like(
    input: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None
) -> Tensor:
    """An uninitialised tensor of the shape and dtype of `input`.

    >>> from tinygrad_edu import empty_like, tensor
    >>> empty_like(tensor([0.5, 2.0])).shape
    Size([2])
    """
    check_device(device)
    a = input._array if isinstance(input, TensorBase) else np.asarray(as_operand(input, "empty_like"))
    return made(np.empty_like(a, dtype=a.dtype if dtype is None else as_dtype(dtype)), requires_grad)


def full_like(
    input: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """`fill_value` everywhere, in the shape and dtype of `input`.

    >>> from tinygrad_edu import full_like, tensor
    >>> full_like(tensor([1, 2]), 7)
    tensor([7, 7])
    """
    return _like(input, number(fill_value), dtype, device, requires_grad)


# -- in order -------------------------------------------------------------------------------------------


def number(x: Any) -> Any:
    """The Python number that `x` is, also as a tensor or array of one element."""
    return x.item() if hasattr(x, "item") else x


def arange(
    start: Any = None,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``arange(end)``, ``arange(start, end)``, ``arange(start, end, step)``: evenly spaced, without `end`.

    All ints give int64, otherwise the default dtype. With steps that are no whole numbers rounding
    decides whether the last element is there: `linspace` says how many.

    Raises RuntimeError for step 0, and for an `end` that lies the other way.

    >>> from tinygrad_edu import arange
    >>> arange(1, 2, 0.25)
    tensor([1.0000, 1.2500, 1.5000, 1.7500])
    """
    check_device(device)
    if start is None or end is None:
        start, end = 0, start if end is None else end
    if end is None:
        raise TypeError("arange: say where it ends: arange(5)")
    start, end, step = number(start), number(end), number(step)
    if dtype is not None:
        d = as_dtype(dtype)
    else:
        d = get_default_dtype() if any(isinstance(v, float) for v in (start, end, step)) else int64
    if d == int64:
        start, end, step = int(start), int(end), int(step)
    _check_steps("arange", start, end, step)
    n = -((start - end) // step) if d == int64 else math.ceil((end - start) / step)
    return made((start + step * np.arange(n)).astype(d), requires_grad)


def _check_steps(name: str, start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError(f"step must be nonzero: {name} from {start} to {end} would never end")
    if not math.isfinite(start) or not math.isfinite(end):
        raise RuntimeError(f"unsupported range: {start} -> {end} ({name})")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: {name} does not get from {start} to {end} by "
            f"steps of {step}. Reverse its sign."
        )


def range(
    start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Evenly spaced floats, `end` included: an old form, about which it warns. Write `arange`, which is without it.

    >>> import warnings, tinygrad_edu as tg
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     tg.range(0, 2, 0.5)
    tensor([0.0000, 0.5000, 1.0000, 1.5000, 2.0000])
    """
    d = _float(dtype, device)
    if end is None:
        raise TypeError('range() missing 1 required positional arguments: "end". Write range(0, 5), or arange(5).')
    start, end, step = number(start), number(end), number(step)
    _check_steps("range", start, end, step)
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with "
        "Python's range builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    return made((start + step * np.arange(math.floor((end - start) / step) + 1)).astype(d), requires_grad)


def linspace(
    start: Any, end: Any, steps: int, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers, evenly spaced from `start` to `end`, both included.

    >>> from tinygrad_edu import linspace
    >>> linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    return made(_evenly(start, end, steps, "linspace").astype(_float(dtype, device)), requires_grad)


def logspace(
    start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers from base**start to base**end, their logarithms evenly spaced.

    >>> from tinygrad_edu import logspace
    >>> logspace(0, 3, 4)
    tensor([   1.,   10.,  100., 1000.])
    """
    powers = np.power(float(base), _evenly(start, end, steps, "logspace"))
    return made(powers.astype(_float(dtype, device)), requires_grad)


def _evenly(start: Any, end: Any, steps: Any, name: str) -> Any:
    (n,) = sides((number(steps),), name)
    return np.linspace(number(start), number(end), n)


def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The n × n identity matrix, or n × m with ones on the diagonal.

    >>> from tinygrad_edu import eye
    >>> eye(2, 3)
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    rows, columns = sides((n, n if m is None else m), "eye")
    return made(np.eye(rows, columns, dtype=_float(dtype, device)), requires_grad)


# -- methods: new tensors of the dtype of this one ---------------------------------------------------------


def new_tensor(input: Any, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of `data` in this tensor's dtype."""
    return tensor(data, dtype=input.dtype if dtype is None else dtype, device=device, requires_grad=requires_grad)


def new_zeros(
    input: Any, *shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros of that shape, in this tensor's dtype."""
    return filled(sides(shape, "new_zeros", size), 0, input.dtype if dtype is None else dtype, device, requires_grad)


def new_ones(
    input: Any, *shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones of that shape, in this tensor's dtype."""
    return filled(sides(shape, "new_ones", size), 1, input.dtype if dtype is None else dtype, device, requires_grad)


def new_empty(
    input: Any, *shape: Any, size: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """An uninitialised tensor of that shape, in this tensor's dtype."""
    return filled(sides(shape, "new_empty", size), None, input.dtype if dtype is None else dtype, device, requires_grad)


def new_full(
    input: Any, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`fill_value` everywhere in that shape, in this tensor's dtype."""
    d = input.dtype if dtype is None else dtype
    return full(size, fill_value, dtype=d, device=device, requires_grad=requires_grad)
