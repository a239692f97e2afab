"""The docstring of a function that is one primitive ends with the formula of its rule, read from the rule itself."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from types import FunctionType
from typing import Any

from tinygrad_edu.primitive import PRIMITIVES, Primitive
from tinygrad_edu.symbols import byproducts, derivatives

__all__ = ["document"]

_NUMPY_NAMES = {
    "abs": "absolute", "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan",
    "atan2": "arctan2", "atanh": "arctanh", "bmm": "matmul", "clamp": "clip", "div": "divide", "mm": "matmul",
    "mul": "multiply", "mv": "matmul", "neg": "negative", "pow": "power", "sub": "subtract",
}  # fmt: skip

_OTHERS = {"median", "scatter", "take"}  # functions that do more, or other things, than the primitive of their name
_PYTORCH_NAMES = {"axis": "dim", "keepdims": "keepdim"}
_PLAIN = {"axis", "dtype", "keepdims", "memory_format", "out"}  # options that change no formula


def _options(p: Primitive) -> tuple[str, ...]:
    """The keyword-only parameters of a primitive's function."""
    code = getattr(p.function, "__code__", None)
    return () if code is None else code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]


def document(functions: Iterable[Any]) -> None:
    """Add to the docstring of each function that stands for one primitive the formula of its rule.

    >>> import tinygrad_edu as tg
    >>> tg.exp.__doc__.splitlines()[-1]
    'Derivative: g · y'
    """
    for function in functions:
        name = getattr(function, "__name__", "")
        p = None if name in _OTHERS else PRIMITIVES.get(_NUMPY_NAMES.get(name, name))
        inner = inspect.unwrap(function)
        if p is None or not isinstance(inner, FunctionType) or not function.__doc__ or "Derivative" in function.__doc__:
            continue
        # in the words of the function's own parameters
        parameters = inspect.signature(inner).parameters
        options = {**_PYTORCH_NAMES, **dict.fromkeys(_options(p))}
        operands = [n for n, q in parameters.items() if n not in options and q.kind is q.POSITIONAL_OR_KEYWORD]
        names = {a: b for a, b in _PYTORCH_NAMES.items() if b in parameters}
        names |= zip(p.operands, operands, strict=False)
        found = {names.get(n, n): text for n, text in derivatives(p, names).items()}
        texts = [f"{n}: {text}" for n, text in found.items()] if len(found) > 1 else list(found.values())
        title = "Derivatives" if len(found) > 1 else "Derivative"
        if not _PLAIN.issuperset(n for n, q in parameters.items() if q.kind is q.KEYWORD_ONLY):
            title += " (default options)"
        where = "".join(f", where {n} = {text}" for n, text in byproducts(p, names).items())
        line = f"{title}: {'; '.join(texts)}"
        function.__doc__ = f"{inspect.cleandoc(function.__doc__)}\n\n{line}{where}"
