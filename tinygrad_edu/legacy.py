"""The names of PyTorch's early days that tutorials still use: FloatTensor, LongTensor, Tensor(2, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu import dtypes
from tinygrad_edu.device import check_device
from tinygrad_edu.functions.creation import filled
from tinygrad_edu.functions.data import array_of
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.size import Size, negative

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "HalfTensor", "IntTensor", "LongTensor",
    "ShortTensor", "set_default_tensor_type", "typename",
]  # fmt: skip


def construct(data: tuple[Any, ...], dtype: Any, name: str, device: Any = None, **options: Any) -> Tensor:
    """``FloatTensor([1, 2])``: that data in the dtype; ``FloatTensor(2, 3)``: an uninitialised tensor of that shape."""
    check_device(device)
    if options:
        raise TypeError(f"{name} is an old form that takes data only: write tensor(data, {next(iter(options))}=…)")
    if not data:
        return filled((0,), None, dtype, None, False)
    if len(data) == 1 and not isinstance(data[0], int):
        given = data[0]
        if isinstance(given, Size):
            return filled(given, None, dtype, None, False)
        if isinstance(given, TensorBase):
            return given.detach() if given._array.dtype == dtype else wrap(given._array.astype(dtype))  # type: ignore[attr-defined]
        if isinstance(given, float):
            raise TypeError(f"{name}({given}): give a list, {name}([{given}]), or write tensor({given})")
        return wrap(array_of(given, dtype))
    if not all(isinstance(n, int) for n in data):
        raise TypeError(f"{name}{data}: give one list of data, or a shape made of whole numbers")
    return filled(_shape(data, name), None, dtype, None, False)


def _shape(sides: tuple[Any, ...], name: str) -> tuple[int, ...]:
    if any(n < 0 for n in sides):
        raise RuntimeError(negative(name, sides))
    return sides


class TensorType:
    """A dtype in its old clothes: makes tensors of it, and ``isinstance(x, FloatTensor)`` asks for it.

    >>> from tinygrad_edu import FloatTensor, LongTensor
    >>> FloatTensor([1, 2])
    tensor([1., 2.])
    >>> isinstance(LongTensor([1, 2]), FloatTensor)
    False
    """

    def __init__(self, name: str, dtype: Any) -> None:
        self.__name__ = self.__qualname__ = name
        self.dtype = dtype

    def __call__(self, *data: Any, **options: Any) -> Tensor:
        return construct(data, self.dtype, self.__name__, **options)

    def __instancecheck__(self, x: object) -> bool:
        return isinstance(x, TensorBase) and bool(x._array.dtype == self.dtype)

    def __repr__(self) -> str:
        return f"<class 'tinygrad_edu.{self.__name__}'>"


FloatTensor = TensorType("FloatTensor", dtypes.float32)
DoubleTensor = TensorType("DoubleTensor", dtypes.float64)
HalfTensor = TensorType("HalfTensor", dtypes.float16)
LongTensor = TensorType("LongTensor", dtypes.int64)
IntTensor = TensorType("IntTensor", dtypes.int32)
ShortTensor = TensorType("ShortTensor", dtypes.int16)
CharTensor = TensorType("CharTensor", dtypes.int8)
ByteTensor = TensorType("ByteTensor", dtypes.uint8)
BoolTensor = TensorType("BoolTensor", dtypes.bool)

PREFIX = "tinygrad_edu"  # of the names that `Tensor.type` gives

_TYPES = {
    t.dtype: t
    for t in (
        FloatTensor, DoubleTensor, HalfTensor, LongTensor, IntTensor, ShortTensor, CharTensor, ByteTensor, BoolTensor,
    )
}  # fmt: skip


_TYPES |= {d: TensorType(f"Complex{k}Tensor", d) for k, d in (("Float", dtypes.cfloat), ("Double", dtypes.cdouble))}


def name_of(dtype: Any) -> str:
    """The legacy name of a dtype."""
    return f"{PREFIX}.{_TYPES[dtype].__name__}"


def typename(obj: Any) -> str:
    """The name of what `obj` is: of a tensor that of its legacy type.

    >>> from tinygrad_edu import ones, typename
    >>> typename(ones(1)), typename([])
    ('tinygrad_edu.FloatTensor', 'list')
    """
    if isinstance(obj, TensorBase):
        return name_of(obj._array.dtype)
    kind = obj if isinstance(obj, type) else type(obj)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def meant(dtype: Any) -> Any:
    """The dtype meant by a dtype, a legacy type, or the name of one ('torch.FloatTensor')."""
    if isinstance(dtype, TensorType):
        return dtype.dtype
    if isinstance(dtype, str) and dtype.endswith("Tensor"):
        prefix, _, name = dtype.rpartition(".")
        for t in _TYPES.values():
            if t.__name__ == name and prefix in ("torch", "tinygrad_edu", ""):
                return t.dtype
        check_device("cuda" if "cuda" in prefix else None)
    return dtypes.as_dtype(dtype)


def set_default_tensor_type(t: Any) -> None:
    """The old form of `set_default_dtype`: ``set_default_tensor_type(DoubleTensor)``."""
    dtypes.set_default_dtype(meant(t))
