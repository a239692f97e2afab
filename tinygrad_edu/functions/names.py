"""NumPy's names for arguments that PyTorch's functions also answer to."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

__all__ = ["numpy_names"]

P = ParamSpec("P")
R = TypeVar("R")

_ALIASES = (("x", "input"), ("a", "input"), ("axis", "dim"), ("axis", "dims"), ("keepdims", "keepdim"))


def numpy_names(f: Callable[P, R]) -> Callable[P, R]:
    """Let `f` answer to NumPy's names too: `axis` for `dim`(s), `keepdims` for `keepdim`, `x` or `a` for `input`."""
    code = inspect.unwrap(f).__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    aliases = {alias: name for alias, name in _ALIASES if name in names and alias not in names}

    @functools.wraps(f)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if kwargs:
            kwargs = {aliases.get(k, k): v for k, v in kwargs.items()}  # type: ignore[assignment]
        return f(*args, **kwargs)

    return call
