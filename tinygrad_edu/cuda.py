"""Answers for programs that ask for a GPU: there is none.

>>> from tinygrad_edu import cuda
>>> cuda.is_available()
False
"""

from __future__ import annotations

from typing import Any, NoReturn

from tinygrad_edu import amp

__all__ = [
    "amp", "current_device", "device_count", "empty_cache", "get_device_capability", "get_device_name",
    "get_device_properties", "ipc_collect", "is_available", "is_initialized", "manual_seed", "manual_seed_all",
    "max_memory_allocated", "max_memory_reserved", "memory_allocated", "memory_reserved", "reset_peak_memory_stats",
    "seed_all", "set_device", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """False: this engine computes on the CPU."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing, as in PyTorch where there is no GPU; `tinygrad_edu.manual_seed` seeds the CPU's numbers."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Does nothing."""


def synchronize(device: Any = None) -> None:
    """Does nothing: every call is complete when it returns."""


def memory_allocated(device: Any = None) -> int:
    """0: no memory of a GPU is in use."""
    return 0


max_memory_allocated = memory_reserved = max_memory_reserved = memory_allocated


def reset_peak_memory_stats(device: Any = None) -> None:
    """Does nothing."""


ipc_collect = seed_all = empty_cache


def _missing(device: Any = None) -> NoReturn:
    """Raises RuntimeError: there is no GPU."""
    raise RuntimeError("there is no GPU: this engine computes on the CPU only. Ask cuda.is_available() first.")


current_device = get_device_name = get_device_properties = get_device_capability = set_device = _missing
