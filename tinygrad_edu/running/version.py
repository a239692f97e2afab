"""What the library says where a program asks for PyTorch's version: the one whose names and results it follows."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["TorchVersion", "cuda", "debug", "git_version", "hip"]

_NUMBERS = (2, 13, 0)


class TorchVersion(str):
    """A version as text that compares by its numbers: with other text, and with tuples.

    >>> TorchVersion("2.13.0") > "2.9", TorchVersion("2.13.0") < (2, 14)
    (True, True)
    """

    __slots__ = ()

    def __lt__(self, other: Any) -> bool:
        return _numbers(self) < _numbers(other)

    def __le__(self, other: Any) -> bool:
        return _numbers(self) <= _numbers(other)

    def __gt__(self, other: Any) -> bool:
        return _numbers(self) > _numbers(other)

    def __ge__(self, other: Any) -> bool:
        return _numbers(self) >= _numbers(other)


def _numbers(version: Any) -> tuple[int, ...]:
    """(2, 13) of "2.13.0+cpu": zeros at the end do not count."""
    parts = re.findall(r"\d+", version.partition("+")[0]) if isinstance(version, str) else version
    numbers = [int(n) for n in parts]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


__version__ = TorchVersion(".".join(map(str, _NUMBERS)) + "+tinygrad_edu")
cuda = hip = git_version = None
debug = False
