"""Registering what stands for a NumPy function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu.primitive import NUMPY

__all__ = ["stands_for"]


def stands_for(*functions: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register an adapter: a function with NumPy's signature, as far as it is supported."""

    def register(adapter: Callable[..., Any]) -> Callable[..., Any]:
        for f in functions:
            NUMPY[f] = adapter
        return adapter

    return register
