"""PyTorch's compilers, which return what they are given: here functions run as they are written.

>>> import tinygrad_edu as tg
>>> @tg.compile
... def double(x):
...     return 2 * x
>>> double(tg.tensor(3.0))
tensor(6.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["compile", "export", "ignore", "is_scripting", "is_tracing", "script", "script_method", "trace", "unused"]


def compile(model: Any = None, **options: Any) -> Any:
    """The function or module itself; with options only, a decorator that returns what it decorates."""
    return model if model is not None else lambda decorated: decorated


def script(obj: Any, *args: Any, **options: Any) -> Any:
    """The function, class or module itself."""
    return obj


script_method = export = unused = script


def is_scripting() -> bool:
    """False."""
    return False


is_tracing = is_scripting


def ignore(function: Any = None, **options: Any) -> Any:
    """The function itself; with options only, a decorator that returns what it decorates."""
    return compile(function)


def trace(func: Callable[..., Any], example_inputs: Any = None, **options: Any) -> Any:
    """The function or module itself: nothing is recorded, so that its branches stay branches."""
    return func
