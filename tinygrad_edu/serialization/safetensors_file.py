"""safetensors files: the arrays by name, and what else there is as text in the file's metadata.

The layout is the `safetensors` package's (https://github.com/huggingface/safetensors): the length of a header, the
header as JSON, the arrays' bytes. What `save` adds to the metadata: the object's structure, and a checksum of it
and of all arrays, since the format itself has none.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import wrap
from tinygrad_edu.serialization import structure

__all__ = ["looks_like_one", "pack", "unpack"]

_STRUCTURE, _CHECKSUM = "tinygrad_edu.structure", "tinygrad_edu.sha256"
_MARK = b"tinygrad_edu."  # in the header of whatever `save` wrote; several times, so that damage does not hide it
_DTYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_, "C64": np.complex64,
}  # fmt: skip
_WIDER = {"U16": (np.uint16, np.int32), "U32": (np.uint32, np.int64)}  # what has no dtype here, and which holds it


def package(name: str) -> Any:
    """A module of the `safetensors` package. Raises ImportError that says how to install it."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(
            "save and load write and read safetensors files, which needs the package safetensors: "
            "pip install safetensors (or 'tinygrad_edu[files]')"
        ) from None


def looks_like_one(raw: bytes) -> bool:
    """Whether a file that starts so may be a safetensors file."""
    return raw[8:9] == b"{" and 2 <= int.from_bytes(raw[:8], "little") <= 100_000_000  # the format's own limit


def pack(obj: Any) -> bytes:
    """The file that holds `obj`. Raises structure.NotPlainError for what is not made of tensors and plain values."""
    text, arrays = structure.write(obj)
    save = package("safetensors.numpy").save
    for name, a in arrays.items():
        if a.dtype == np.complex128:
            raise TypeError(f"save: the file format has no complex128 ({name}): save z.cfloat(), or z.real and z.imag")
    # asarray, not ascontiguousarray, which would make a 0-d array 1-d
    whole = {name: np.asarray(a, a.dtype.newbyteorder("="), order="C") for name, a in arrays.items()}
    metadata = {"format": "pt", _STRUCTURE: text, _CHECKSUM: f"tinygrad_edu.{_checksum(text, whole)}"}
    return bytes(save(whole, metadata))


def unpack(raw: bytes) -> Any:
    """What the file holds: the object that `save` wrote, or a dict of tensors if another program wrote it.

    Raises ValueError for a file that is damaged, with the reason.
    """
    module = package("safetensors")
    try:
        entries = module.deserialize(raw)
    except module.SafetensorError as error:
        raise ValueError(str(error)) from None
    header = raw[8 : 8 + int.from_bytes(raw[:8], "little")]
    arrays = {name: _array(name, entry) for name, entry in entries}
    if _MARK not in header:
        return {name: wrap(a) for name, a in arrays.items()}
    metadata = json.loads(header).get("__metadata__", {})
    text, checksum = metadata.get(_STRUCTURE, ""), metadata.get(_CHECKSUM, "")
    if checksum != f"tinygrad_edu.{_checksum(text, arrays)}":
        raise ValueError("its checksum does not fit: some bytes have changed since it was saved")
    return structure.read(text, arrays)


def _array(name: str, entry: dict[str, Any]) -> ndarray:
    kind, data = entry["dtype"], bytearray(entry["data"])  # a copy that may be written to
    if kind == "BF16":  # the upper half of a float32
        a = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    elif kind in _WIDER:
        stored, wide = _WIDER[kind]
        a = np.frombuffer(data, np.dtype(stored).newbyteorder("<")).astype(wide)
    elif kind == "BOOL":
        a = np.frombuffer(data, np.uint8) != 0
    elif kind in _DTYPES:
        dtype = np.dtype(_DTYPES[kind])
        a = np.frombuffer(data, dtype.newbyteorder("<"))
        a = a.astype(dtype, copy=sys.byteorder == "big").view(dtype)
    else:
        raise ValueError(f"its tensor {name!r} has dtype {kind}, which is not supported here; save it as F32")
    return a.reshape(entry["shape"])


def _checksum(text: str, arrays: dict[str, ndarray]) -> str:
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        a = arrays[name]
        digest.update(f"\n{name!r} {a.dtype.name} {a.shape}\n".encode())
        digest.update(a.data if a.size else b"")
    return digest.hexdigest()
