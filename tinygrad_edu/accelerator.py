"""Answers for programs that ask for whatever accelerator there is: none.

>>> from tinygrad_edu import accelerator
>>> accelerator.current_accelerator().type if accelerator.is_available() else "cpu"
'cpu'
"""

from __future__ import annotations

from typing import Any

__all__ = ["current_accelerator", "device_count", "is_available", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def current_accelerator(check_available: bool = False) -> Any:
    """None: there is none."""
    return None


def device_count() -> int:
    """0."""
    return 0


def synchronize(device: Any = None) -> None:
    """Does nothing: every call is complete when it returns."""
