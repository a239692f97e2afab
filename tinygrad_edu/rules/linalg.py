"""Linear algebra. Sources: Giles 2008, "Collected matrix derivative results for forward and reverse mode AD"."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.primitive import rule


def left_of_matmul(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in a @ b, for vectors, matrices and batches of them."""
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(np.matmul(np.expand_dims(g, -2), np.swapaxes(b, -1, -2)), -2)
    return np.matmul(g, np.swapaxes(b, -1, -2))


def right_of_matmul(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in a @ b; for one matrix under a batch, one product over all its rows."""
    if b.ndim == 1:
        return np.tensordot(g, a, g.ndim)
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if a.ndim == b.ndim:
        return np.matmul(np.swapaxes(a, -1, -2), g)
    if b.ndim == 2:
        rows = tuple(range(a.ndim - 1))
        return np.tensordot(a, g, (rows, rows))
    return np.matmul(np.swapaxes(a, -1, -2), g)


matmul = rule(
    np.matmul, lambda g, _a, b: left_of_matmul(g, _a, b), lambda g, a, _b: right_of_matmul(g, a, _b), name="matmul"
)
