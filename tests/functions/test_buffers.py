"""Tensors over the bytes of other objects."""

from __future__ import annotations

import array
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

BYTES = bytearray(np.arange(4, dtype=np.int32).tobytes())


def test_bytes_are_numbers() -> None:
    assert tg.frombuffer(BYTES, dtype=tg.int32).tolist() == [0, 1, 2, 3]
    assert tg.frombuffer(BYTES, dtype=tg.int32, count=2, offset=4).tolist() == [1, 2]
    assert tg.frombuffer(BYTES, dtype=tg.int32, count=-7).shape == (4,)
    assert tg.frombuffer(array.array("d", [1.5, 2.5]), dtype=tg.float64).tolist() == [1.5, 2.5]
    assert tg.frombuffer(BYTES, dtype=tg.float32, requires_grad=True).requires_grad


def test_the_memory_is_shared_unless_it_is_read_only() -> None:
    own = bytearray(BYTES)
    x = tg.frombuffer(own, dtype=tg.int32)
    x[0] = 7
    assert own[0] == 7
    own[4] = 9
    assert x[1].item() == 9
    with pytest.raises(RuntimeError, match="read-only"):
        tg.frombuffer(bytes(BYTES), dtype=tg.int32)[0] = 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"count": 5}, r"requested buffer length \(5 \* 4 bytes\) after offset \(0 bytes\)"),
        ({"count": 1, "offset": 14}, r"requested buffer length \(1 \* 4 bytes\) after offset \(14 bytes\)"),
        (
            {"offset": 2},
            r"buffer length \(14 bytes\) after offset \(2 bytes\) must be a multiple of element size \(4\)",
        ),
        ({"offset": 16}, r"offset \(16 bytes\) must be non-negative and no greater than"),
        ({"offset": -1}, r"offset \(-1 bytes\) must be non-negative"),
        ({"count": 0}, r"count \(0\) must not be 0"),
        ({"buffer": b""}, r"buffer length \(0\)"),
        ({"buffer": [1, 2]}, r"does not implement Python buffer protocol.*list"),
    ],
)
def test_what_is_not_there_is_refused(options: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tg.frombuffer(**{"buffer": BYTES, "dtype": tg.int32, **options})
    with pytest.raises(TypeError, match="dtype"):
        tg.frombuffer(BYTES, dtype="nonsense")
