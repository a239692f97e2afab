"""The memory behind tensors: `x.storage()` shows that views are looks at the same numbers.

>>> import tinygrad_edu as tg
>>> x = tg.tensor([[1., 2.], [3., 4.]])
>>> x.T.storage().tolist()
[1.0, 2.0, 3.0, 4.0]
>>> x.T.storage().data_ptr() == x.storage().data_ptr()
True
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import memory, printing
from tinygrad_edu.device import cpu, device

__all__ = ["TypedStorage", "UntypedStorage", "typed", "untyped"]


def untyped(array: ndarray) -> UntypedStorage:
    """The bytes, in one row, of the array that owns the memory of this one."""
    return UntypedStorage(np.ravel(memory.owner(array), order="K").view(np.uint8))


def typed(array: ndarray) -> TypedStorage:
    """The numbers of its dtype, in one row, of the array that owns the memory of this one."""
    whole, size = untyped(array)._numbers, array.itemsize
    return TypedStorage(whole[: len(whole) // size * size].view(array.dtype))


class _Storage:
    """A stretch of memory as a row of numbers."""

    def __init__(self, numbers: ndarray) -> None:
        self._numbers = numbers

    def data_ptr(self) -> int:
        """The address of the first element."""
        address: int = self._numbers.__array_interface__["data"][0]
        return address

    def nbytes(self) -> int:
        """How many bytes there are."""
        return self._numbers.nbytes

    def __len__(self) -> int:
        return self._numbers.size

    def size(self) -> int:
        """How many elements there are."""
        return len(self)

    def element_size(self) -> int:
        """Bytes of one element."""
        return self._numbers.itemsize

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        numbers: list[Any] = self._numbers.tolist()
        return numbers

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        return self._numbers[self._checked(index)].item()

    def __setitem__(self, index: Any, value: Any) -> None:
        if not self._numbers.flags.writeable:
            raise RuntimeError("storage: this memory is read-only. Change a copy: x.clone().storage()")
        self._numbers[index if isinstance(index, slice) else self._checked(index)] = value
        memory.changed(self._numbers, "storage")

    def _checked(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"index {index} out of range for storage of size {len(self)}")
        return index

    def fill_(self, value: Any) -> Any:
        """Write `value` everywhere."""
        self[:] = value
        return self

    device: device = cpu
    is_cuda = False

    def is_shared(self) -> bool:
        """False: its memory is not shared with other processes."""
        return False

    def is_pinned(self) -> bool:
        """False: there is no GPU to copy it to."""
        return False

    def _title(self) -> str:
        return f"device={self.device}"

    def __repr__(self) -> str:
        kind = type(self)
        rows = "\n".join(f" {number}" for number in self)
        return f"{rows}\n[{kind.__module__}.{kind.__name__}({self._title()}) of size {len(self)}]"


class UntypedStorage(_Storage):
    """The bytes of a tensor's memory: all that the tensor has which it is a view of."""

    def __getitem__(self, index: Any) -> Any:
        return UntypedStorage(self._numbers[index]) if isinstance(index, slice) else super().__getitem__(index)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UntypedStorage) and self._place() == other._place()

    def __hash__(self) -> int:
        return hash(self._place())

    def _place(self) -> tuple[int, int]:
        return self.data_ptr(), self.nbytes()


class TypedStorage(_Storage):
    """The numbers in a tensor's memory, in the order in which they lie there.

    Two of them are equal only if they are the same object, as in PyTorch: compare ``data_ptr()``.
    """

    @property
    def dtype(self) -> Any:
        """The type of its elements."""
        return self._numbers.dtype

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return UntypedStorage(self._numbers.view(np.uint8))

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__. Write storage.tolist()[a:b].")
        return super().__getitem__(index)

    def _title(self) -> str:
        return f"dtype={printing.dtype_name(self._numbers.dtype)}, device={self.device}"
