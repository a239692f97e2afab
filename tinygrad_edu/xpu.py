"""Answers for programs that ask for Intel's GPUs: there are none."""

from __future__ import annotations

__all__ = ["device_count", "is_available", "manual_seed", "manual_seed_all"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing: there is no GPU whose random numbers could start again."""


manual_seed_all = manual_seed
