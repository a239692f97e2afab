"""Answers for programs that ask for Apple's GPUs: none is used."""

from __future__ import annotations

__all__ = ["device_count", "empty_cache", "is_available", "manual_seed", "synchronize"]


def is_available() -> bool:
    """False."""
    return False


def device_count() -> int:
    """0."""
    return 0


def manual_seed(seed: int) -> None:
    """Does nothing: there is no GPU whose random numbers could start again."""


def empty_cache() -> None:
    """Does nothing."""


def synchronize() -> None:
    """Does nothing: every call is complete when it returns."""
