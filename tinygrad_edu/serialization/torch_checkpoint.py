"""PyTorch's checkpoints (the zip files that `torch.save` writes), read without PyTorch and without running anything.

In the archive, `data.pkl` is a pickle: a program for a small stack machine that builds the object. The memory of the
tensors is next to it, one file for each storage. `pickle_machine` carries the program out; this file says what a
tensor is made of. What the program asks for is looked up in the table at the end, and what is not there is refused.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import dtypes
from tinygrad_edu.device import cpu
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.primitive import wrap
from tinygrad_edu.serialization.pickle_machine import Known, run
from tinygrad_edu.size import Size

__all__ = ["START", "unpack"]

START = b"PK\x03\x04"  # of a zip file


@dataclass(frozen=True)
class _Kind:
    """The elements of a storage: how they are stored, and which dtype they become."""

    stored: str
    dtype: Any

    def array(self, raw: bytes, order: str) -> ndarray:
        a = np.frombuffer(bytearray(raw), order + self.stored)
        if self is _BFLOAT16:  # the upper half of a float32
            return (a.astype(np.uint32) << 16).view(np.float32)
        return a.astype(self.dtype, copy=a.dtype != self.dtype).view(self.dtype)


_BFLOAT16 = _Kind("u2", dtypes.float32)
_KINDS = {
    "float64": _Kind("f8", dtypes.float64), "float32": _Kind("f4", dtypes.float32),
    "float16": _Kind("f2", dtypes.float16), "bfloat16": _BFLOAT16,
    "int64": _Kind("i8", dtypes.int64), "int32": _Kind("i4", dtypes.int32), "int16": _Kind("i2", dtypes.int16),
    "int8": _Kind("i1", dtypes.int8), "uint8": _Kind("u1", dtypes.uint8), "bool": _Kind("?", dtypes.bool),
    "uint16": _Kind("u2", dtypes.int32), "uint32": _Kind("u4", dtypes.int64),
}  # fmt: skip


def unpack(raw: bytes) -> Any:
    """What the checkpoint holds. Raises ValueError if it is damaged, pickle.UnpicklingError for what is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return _Checkpoint(archive).read()
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"the archive is damaged: {error}") from None


class _Checkpoint:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        names = archive.namelist()
        pickles = [n for n in names if n.count("/") == 1 and n.endswith("/data.pkl")]
        if any(n.endswith("/constants.pkl") for n in names):
            raise pickle.UnpicklingError(
                "this is a TorchScript archive (torch.jit.save): a program, not a state dict. In PyTorch, write "
                "torch.save(torch.jit.load(path).state_dict(), 'state.pt') and load that."
            )
        if any(n.endswith(".npy") for n in names):
            raise ValueError("it is NumPy's archive of arrays: write numpy.load(path)")
        if len(pickles) != 1:
            raise ValueError("it is a zip file, but not one of PyTorch's: there is no data.pkl in it")
        self.root = pickles[0].removesuffix("data.pkl")
        order = self.content("byteorder") if self.root + "byteorder" in names else b"little"
        self.order = {b"little": "<", b"big": ">"}[order]
        self.storages: dict[str, Any] = {}

    def content(self, name: str) -> bytes:
        return self.archive.read(self.root + name)

    def read(self) -> Any:
        return run(self.content("data.pkl"), _KNOWN, self.storage)

    def storage(self, reference: Any) -> Any:
        """The memory that tensors are views of: each once, so that they share it as they did."""
        _, kind, key, _, _ = reference  # "storage", its elements, its file, its device, their number
        if not isinstance(kind, Known):
            raise ValueError("a storage of unknown type")
        if key not in self.storages:
            raw = self.content(f"data/{key}")
            array = None if kind.value is None else kind.value.array(raw, self.order)
            self.storages[key] = _Storage(raw, self.order, array)
        return self.storages[key]


@dataclass
class _Storage:
    raw: bytes
    order: str
    array: ndarray | None  # None: only the tensor knows the type of the elements


def _tensor(
    storage: Any, offset: int, shape: Any, strides: Any, requires_grad: Any = False, hooks: Any = None, meta: Any = None
) -> Any:
    return _view(storage.array, offset, shape, strides, requires_grad)


def _tensor_of_untyped(
    storage: Any, offset: int, shape: Any, strides: Any, requires_grad: Any, hooks: Any, dtype: Any, meta: Any = None
) -> Any:
    kind = dtype.value if isinstance(dtype, Known) else next(k for k in _KINDS.values() if k.dtype == dtype)
    return _view(kind.array(storage.raw, storage.order), offset, shape, strides, requires_grad)


def _view(memory: ndarray, offset: int, shape: Any, strides: Any, requires_grad: Any) -> Any:
    size = memory.itemsize
    # NumPy checks that this stays within the memory
    a = np.ndarray(tuple(shape), memory.dtype, memory, offset * size, tuple(s * size for s in strides))
    return wrap(a).requires_grad_(bool(requires_grad) and a.dtype.kind == "f")


def _parameter(data: Any, requires_grad: Any, hooks: Any = None, state: Any = None) -> Any:
    return Parameter(data, bool(requires_grad))


def _encoded(text: str, codec: str) -> bytes:
    if codec != "latin1":
        raise ValueError(f"bytes in the encoding {codec}")
    return text.encode("latin1")


_STORAGES = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16", "Long": "int64",
    "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
}  # fmt: skip
_CALLS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_untyped,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
    "torch.Size": lambda sides: Size(sides),
    "torch.device": lambda *where: cpu,
    "collections.OrderedDict": lambda *items: OrderedDict(*items),
    "collections.Counter": lambda *items: Counter(*items),
    "builtins.set": lambda *items: set(*items),
    "builtins.frozenset": lambda *items: frozenset(*items),
    "builtins.complex": lambda real, imaginary: complex(real, imaginary),
    "_codecs.encode": _encoded,
}
_KNOWN: dict[str, Any] = {
    **{name: Known(name, call=make) for name, make in _CALLS.items()},
    **{f"torch.{name}Storage": Known(name, value=_KINDS[kind]) for name, kind in _STORAGES.items()},
    "torch.storage.UntypedStorage": Known("UntypedStorage"),
    **{f"torch.{name}": kind.dtype for name, kind in _KINDS.items() if name not in ("bfloat16", "uint16", "uint32")},
    **{f"torch.{name}": Known(name, value=_KINDS[name]) for name in ("bfloat16", "uint16", "uint32")},
}
