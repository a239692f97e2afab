"""IDX files: arrays with a heading, as MNIST is published. (http://yann.lecun.com/exdb/mnist, at its end.)

Two bytes 0, one for the type of the elements, one for the number of dimensions; the length of each dimension in four
bytes; the elements. All numbers have their highest byte first.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
from numpy import ndarray

__all__ = ["parse", "read"]

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read(path: Path) -> ndarray:
    """The array in an IDX file, which may be packed by gzip. Raises ValueError for any other, or a part of one."""
    return parse(path.read_bytes(), str(path))


def parse(raw: bytes, name: str) -> ndarray:
    """The array in the bytes of an IDX file; `name` is what to call it in a message."""
    if raw[:2] == b"\x1f\x8b":
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{name} is damaged or cut off: gzip cannot unpack it ({error})") from None
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _TYPES:
        raise ValueError(
            f"{name} is no IDX file: it starts with {raw[:4].hex(' ') or 'nothing'}, and not with the magic number "
            f"00 00, a type and the number of dimensions. Did a download fail?"
        )
    start = 4 + 4 * raw[3]
    shape = tuple(int.from_bytes(raw[k : k + 4], "big") for k in range(4, start, 4))
    dtype = np.dtype(_TYPES[raw[2]])
    expected = start + dtype.itemsize * math.prod(shape)
    if len(raw) != expected:
        raise ValueError(
            f"{name} is {'cut off' if len(raw) < expected else 'too long'}: its heading says shape {shape}, which are "
            f"{expected} bytes in all, but there are {len(raw)}. Download it again."
        )
    return np.frombuffer(raw, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))
