"""PyTorch's `torch.testing`, as far as programs that test themselves use it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.tensor import Tensor

__all__ = ["assert_allclose", "assert_close"]

_TOLERANCES = {"float16": (1e-3, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7)}  # relative, absolute


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Raises AssertionError unless |actual − expected| ≤ atol + rtol · |expected| everywhere.

    Takes tensors, arrays, numbers, and sequences and mappings of them. Tolerances go by the dtype unless both are
    given. Shapes must be the same, dtypes, too (unless `check_dtype` is False).
    """
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be either specified or unspecified")
    said = _difference(actual, expected, rtol, atol, equal_nan, check_dtype)
    if said:
        raise AssertionError(said if msg is None else msg(said) if callable(msg) else msg)


def assert_allclose(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None) -> None:
    """The older form of `assert_close`, which lets dtypes differ and takes arrays and numbers for tensors."""
    assert_close(as_tensor(actual), as_tensor(expected), rtol=rtol, atol=atol, check_dtype=False)


def _difference(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool, check_dtype: bool) -> str:
    """What to say of the first difference; "" if there is none."""
    options = rtol, atol, equal_nan, check_dtype
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if set(a) != set(b):
            return f"The keys of the mappings do not match:\n{sorted(map(str, set(a) ^ set(b)))} are in one only"
        for k in a:
            if said := _difference(a[k], b[k], *options):
                return f"{said}\n\nThe failure occurred for item [{k!r}]"
        return ""
    if isinstance(a, Sequence) and isinstance(b, Sequence) and not isinstance(a, str):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}"
        for k, (x, y) in enumerate(zip(a, b, strict=True)):
            if said := _difference(x, y, *options):
                return f"{said}\n\nThe failure occurred for item [{k}]"
        return ""
    return _of_tensors(a, b, *options)


def _of_tensors(a: Any, b: Any, rtol: Any, atol: Any, equal_nan: bool, check_dtype: bool) -> str:
    scalars = not isinstance(a, (Tensor, np.ndarray)) and not isinstance(b, (Tensor, np.ndarray))
    if isinstance(a, Tensor) is not isinstance(b, Tensor) and not scalars:
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(a)} and {type(b)}.")
    x, y = (t.detach().numpy() if isinstance(t, Tensor) else np.asarray(t) for t in (a, b))
    if x.shape != y.shape:
        return f"The values for attribute 'shape' do not match: {a.shape} != {b.shape}."
    if check_dtype and x.dtype != y.dtype and not scalars:
        return f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}."
    known = [_TOLERANCES.get(str(t.dtype), (0.0, 0.0)) for t in (x, y)]
    rtol, atol = (max(t[k] for t in known) if given is None else given for k, given in enumerate((rtol, atol)))
    close = np.isclose(x, y, rtol, atol, equal_nan)
    if close.all():
        return ""
    if scalars:
        return f"Scalars are not close!\n\nExpected {b} but got {a}.\nAbsolute difference: {abs(a - b)}"
    wrong = int(np.sum(~close))
    with np.errstate(all="ignore"):
        gap = np.where(close, 0, np.abs(np.subtract(x, y, dtype=np.float64)))
        share = gap / np.abs(y)
    worst, most = (tuple(int(k) for k in np.unravel_index(np.argmax(g), g.shape)) for g in (gap, share))
    return (
        f"Tensor-likes are not close!\n\nMismatched elements: {wrong} / {x.size} ({100 * wrong / x.size:.1f}%)\n"
        f"Greatest absolute difference: {gap[worst]} at index {worst} (up to {atol} allowed)\n"
        f"Greatest relative difference: {share[most]} at index {most} (up to {rtol} allowed)"
    )
