"""Dtypes of tensors: what they are, what two give together, and casts (which are recorded)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.device import check_device, device
from tinygrad_edu.dtypes import CATEGORY, NO_GRADIENT, DType, as_dtype, join, promoted
from tinygrad_edu.memory import recording
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "can_cast", "detach", "is_complex", "is_floating_point", "is_nonzero", "is_same_size", "is_signed", "is_storage",
    "is_tensor", "numel", "promote_types", "result_type",
]  # fmt: skip


def cast(input: Any, dtype: Any, copy: bool = False) -> Tensor:
    """`input` in `dtype`: itself if it has it already (unless `copy`). Recorded, unless the result is no float."""
    d, a = as_dtype(dtype), input._array
    if a.dtype == d and not copy:
        return input
    if d.kind == "c" and recording.get() and input._edge() is not None:
        raise RuntimeError(f"to({d}): {NO_GRADIENT}")
    return shaping.cast(input, dtype=d) if d.kind == "f" else wrap(a.astype(d))


def to(input: Any, *args: Any, **kwargs: Any) -> Tensor:
    """The tensor in another dtype: ``x.to(float64)``, ``x.to("cpu")``, ``x.to("cpu", float64)``, ``x.to(other)``.

    The tensor itself is returned if nothing changes, unless copy=True. Raises RuntimeError for a GPU.
    """
    dtype, copy = kwargs.pop("dtype", None), kwargs.pop("copy", False)
    check_device(kwargs.pop("device", None))
    other = kwargs.pop("other", None)
    for name in ("non_blocking", "memory_format"):
        kwargs.pop(name, None)
    if kwargs:
        raise TypeError(f"to: unknown argument {next(iter(kwargs))}")
    for k, arg in enumerate(args):
        if isinstance(arg, TensorBase):
            other = arg
        elif arg is True or arg is False:  # non_blocking, copy
            copy = arg if k and (args[k - 1] is True or args[k - 1] is False) else copy
        elif isinstance(arg, device) or (isinstance(arg, str) and arg.partition(":")[0] in _DEVICES):
            check_device(arg)
        elif arg is not None:
            dtype = arg
    if other is not None:
        dtype = other._array.dtype
    return cast(input, input._array.dtype if dtype is None else dtype, copy)


_DEVICES = {"cpu", "cuda", "mps", "xpu", "xla", "meta", "hip", "tpu", "gpu"}


# -- what dtypes are and become -----------------------------------------------------------------------------


def result_type(tensor1: Any, tensor2: Any) -> DType:
    """The dtype of ``tensor1 + tensor2``: the higher category wins, then dimensions, then size.

    >>> from tinygrad_edu import result_type, tensor
    >>> result_type(tensor([1, 2]), 0.5)
    dtype('float32')
    """
    operands = (x._array if isinstance(x, TensorBase) else as_operand(x, "result_type") for x in (tensor1, tensor2))
    return promoted(tuple(operands))


def promote_types(type1: Any, type2: Any) -> DType:
    """The dtype that holds both: floats stay what they are among ints.

    >>> from tinygrad_edu import float16, int64, promote_types
    >>> promote_types(float16, int64)
    dtype('float16')
    """
    return join(as_dtype(type1), as_dtype(type2))


def can_cast(from_: Any, to: Any) -> bool:
    """Whether casting stays in the category (bool < int < float < complex) or goes up.

    >>> from tinygrad_edu import can_cast, float32, int64
    >>> can_cast(int64, float32), can_cast(float32, int64)
    (True, False)
    """
    return CATEGORY[as_dtype(from_).kind] <= CATEGORY[as_dtype(to).kind]


def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, TensorBase)


def is_storage(obj: Any) -> bool:
    """False: there are no storages here; a tensor's memory is its NumPy array's."""
    return False


def is_floating_point(input: Any) -> bool:
    """Whether its elements are floats."""
    kind: str = input._array.dtype.kind
    return kind == "f"


def is_complex(input: Any) -> bool:
    """Whether its elements are complex numbers."""
    kind: str = input._array.dtype.kind
    return kind == "c"


def is_signed(input: Any) -> bool:
    """Whether its dtype holds negative numbers."""
    kind: str = input._array.dtype.kind
    return kind in "fic"


def is_same_size(input: Any, other: Any) -> bool:
    """Whether both have the same shape."""
    return bool(input._array.shape == other._array.shape)


def detach(input: Any) -> Tensor:
    """The same memory as a tensor that is cut off from the graph.

    >>> from tinygrad_edu import detach, ones
    >>> detach(ones(1, requires_grad=True)).requires_grad
    False
    """
    return wrap(input._array)


def is_nonzero(input: Any) -> bool:
    """Whether a tensor of one element is not 0. Raises RuntimeError for more."""
    return bool(input)


def numel(input: Any) -> int:
    """The number of elements.

    >>> from tinygrad_edu import numel, zeros
    >>> numel(zeros(2, 3))
    6
    """
    n: int = input._array.size
    return n
