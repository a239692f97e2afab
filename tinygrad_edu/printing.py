"""How tensors print: as PyTorch's do, except that `grad_fn` shows the primitive's name, as in pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import bool as bool_dtype
from tinygrad_edu.dtypes import complex_of, get_default_dtype, int64
from tinygrad_edu.primitive import Node, TensorBase

__all__ = ["get_printoptions", "printoptions", "set_printoptions"]


@dataclass(frozen=True)
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=math.inf),
}
_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print from now on; what is None stays as it is (`sci_mode`: is chosen by the values).

    Args:
        precision: digits after the point (4).
        threshold: tensors of more elements are summarised (1000).
        edgeitems: how many elements a summary shows at either end of a dimension (3).
        linewidth: characters in a line (80).
        profile: "default", "short" or "full"; the other arguments override it.
        sci_mode: scientific notation always (True) or never (False).

    >>> from tinygrad_edu import set_printoptions, tensor
    >>> set_printoptions(precision=2)
    >>> tensor([1.12345])
    tensor([1.12])
    >>> set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, not {profile!r}")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in given.items():
        if value is not None and (not isinstance(value, (int, float)) or not value >= 0):
            raise ValueError(f"set_printoptions: {name} must be a number ≥ 0, not {value!r}")
    base = _options if profile is None else _PROFILES[profile]
    _options = replace(base, **{k: v for k, v in given.items() if v is not None}, sci_mode=sci_mode)  # type: ignore[arg-type]


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments of `set_printoptions`."""
    return asdict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Print so inside a ``with`` block only; takes what `set_printoptions` takes.

    >>> from tinygrad_edu import printoptions, tensor
    >>> with printoptions(sci_mode=True):
    ...     print(tensor([1.0, 2.0]))
    tensor([1.0000e+00, 2.0000e+00])
    """
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


def text(tensor: TensorBase) -> str:
    """What `repr` and `print` show of a tensor. Computes nothing: of a lazy array, shape and chunks."""
    a, start = tensor._array, "tensor("
    default = get_default_dtype()
    suffixes = []
    if type(a) is not ndarray:
        numbers = "..."
        suffixes.append(f"size={tuple(a.shape)}")
        suffixes.append(f"dtype={dtype_name(a.dtype)}")
        if hasattr(a, "chunks"):
            suffixes.append(f"chunks={a.chunks}")
    elif a.size == 0:
        numbers = "[]"
        if a.ndim != 1:
            suffixes.append(f"size={a.shape}")
        if a.dtype != default:  # nothing else would tell
            suffixes.append(f"dtype={dtype_name(a.dtype)}")
    else:
        numbers = _numbers(a, len(start))
        if not _options.edgeitems:
            suffixes.append(f"size={a.shape}")
        if a.dtype not in (default, complex_of(default), int64, bool_dtype):
            suffixes.append(f"dtype={dtype_name(a.dtype)}")
    edge = tensor._edge()
    if isinstance(edge, Node):
        suffixes.append(f"grad_fn=<{node_name(edge)}>")
    elif edge is not None:
        suffixes.append("requires_grad=True")
    return _with_suffixes(start + numbers, suffixes, len(start))


def dtype_name(dtype: Any) -> str:
    """How a dtype is written."""
    return str(dtype)


def node_name(node: Node) -> str:
    """How the call that made a tensor is written."""
    return node.name()


def _with_suffixes(body: str, suffixes: list[str], indent: int) -> str:
    """Each on the last line, or where it is full on a new one."""
    length = len(body) - body.rfind("\n") + 1
    for s in suffixes:
        if length + len(s) + 2 > _options.linewidth:
            body += ",\n" + " " * indent + s
            length = indent + len(s)
        else:
            body += ", " + s
            length += len(s) + 2
    return body + ")"


def _numbers(a: ndarray, indent: int) -> str:
    """The elements in nested brackets, the ends only if they are many."""
    summarised = a.size > _options.threshold
    if summarised:
        shown: Any = a
        for axis, n in enumerate(a.shape):
            shown = np.take(shown, [i for i in range(n) if _shown(i, n)], axis)
        width, write = _format(shown)
    else:
        width, write = _format(a)
    return _brackets(a, indent, summarised, width, write)


def _shown(i: int, n: int) -> bool:
    edge = _options.edgeitems
    return n <= 2 * edge or i < edge or i >= n - edge


def _brackets(a: ndarray, indent: int, summarised: bool, width: int, write: Callable[[Any], str]) -> str:
    """`a` from the column `indent` on. (It calls itself once a dimension.)"""
    if a.ndim == 0:
        return write(a.item())
    edge, n = _options.edgeitems, len(a)
    cut = summarised and n > 2 * edge
    if a.ndim == 1:
        items = [write(v) for v in (np.r_[a[:edge], a[n - edge :]] if cut else a).tolist()]
        if cut:
            items.insert(edge, " ..." if edge else "...")
        per_line = max(1, int((_options.linewidth - indent) / (width + 2)))
        lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
        between = ",\n"
    else:
        rows = [*a[:edge], *a[n - edge :]] if cut else list(a)
        lines = [_brackets(row, indent + 1, summarised, width, write) for row in rows]
        if cut:
            lines.insert(edge, "...")
        between = "," + "\n" * (a.ndim - 1)
    return "[" + (between + " " * (indent + 1)).join(lines) + "]"


def _format(a: ndarray) -> tuple[int, Callable[[Any], str]]:
    """The width of an element, and how it is written. Zeros, infinities and NaN take the others' form.

    The real and the imaginary parts of complex numbers have a form of their own each.
    """
    if a.dtype.kind == "c":
        (width, real), (other, imaginary) = _format(a.real), _format(a.imag)
        return width + other + 1, lambda z: real(z.real) + _with_sign(imaginary(z.imag)) + "j"
    if a.dtype.kind != "f":
        width = max((len(str(v)) for v in a.ravel().tolist()), default=1)
        return width, lambda v: str(v).rjust(width)
    values = a[np.isfinite(a) & (a != 0)].tolist()
    whole, scientific = True, False
    if values:
        whole = all(v == int(v) for v in values)
        smallest, largest = min(map(abs, values)), max(map(abs, values))
        scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
        if _options.sci_mode is not None:
            scientific = _options.sci_mode
    form = f".{_options.precision}e" if scientific else ".0f" if whole else f".{_options.precision}f"
    point = "." if whole and not scientific else ""
    width = max((len(format(v, form) + point) for v in values), default=1)
    return width, lambda v: (format(v, form) + (point if math.isfinite(v) else "")).rjust(width)


def _with_sign(number: str) -> str:
    number = number.lstrip()
    return number if number.startswith("-") else "+" + number
