"""Bounding gradients, so that one bad batch does not throw the parameters far away."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.memory import changed
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.tensor import Tensor

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _gradients(parameters: Any, name: str) -> list[Tensor]:
    """The gradients of a tensor or of several. Raises TypeError for what is none."""
    found = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    for p in found:
        if not isinstance(p, TensorBase):
            hint = " (named_parameters() gives pairs; parameters() gives the tensors)" if isinstance(p, tuple) else ""
            raise TypeError(f"{name}: expected tensors, but one of the parameters is {type(p).__name__}{hint}")
    return [p._grad for p in found if p._grad is not None]


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The p-norm of all elements of several tensors, as if they were one vector. `foreach` changes nothing.

    Raises RuntimeError for a norm that is infinite or NaN, if error_if_nonfinite.

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.get_total_norm([tg.tensor([3.0]), tg.tensor([0.0, 4.0])])
    tensor(5.)
    """
    p, arrays = float(norm_type), [t._array for t in ([tensors] if isinstance(tensors, TensorBase) else tensors)]
    if p == 2:
        norm = np.sqrt(sum(np.vdot(a, a) for a in arrays)) if arrays else 0.0
    else:
        norm = np.linalg.norm([_norm(a.ravel(), p) for a in arrays], p) if arrays else 0.0
    total = np.asarray(norm, np.result_type(*arrays) if arrays else np.float32)
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {p} for gradients from `parameters` is non-finite ({total}), so it cannot be "
            f"clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
            f"`error_if_nonfinite=False`"
        )
    return wrap(total)


def _norm(a: ndarray, p: float) -> Any:
    return np.linalg.norm(a, p) if a.size else np.zeros((), a.dtype)


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Any, foreach: bool | None = None) -> None:
    """Scale the gradients by max_norm / total_norm in place, if that is less than 1."""
    if not float(max_norm) >= 0:  # the gradients would change their sign
        raise ValueError(f"clip_grad_norm_: max_norm must be at least 0, not {max_norm}")
    scale = float(max_norm) / (float(total_norm) + 1e-6)
    if scale < 1 or math.isnan(scale):
        for g in _gradients(parameters, "clip_grads_with_norm_"):
            with np.errstate(invalid="ignore"):  # ∞ · 0 is NaN, as it must be
                np.multiply(g._array, g._array.dtype.type(scale), out=g._array)
            changed(g._array, "clip_grad_norm_")


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients down together, in place, where their total norm exceeds max_norm. Returns what it was.

    Args:
        norm_type: the p of the p-norm (float("inf"): the largest magnitude).
        error_if_nonfinite: whether a norm that is infinite or NaN is an error (RuntimeError).
        foreach: changes nothing.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * tg.tensor([3.0, 4.0])).sum().backward()
    >>> tg.nn.utils.clip_grad_norm_([w], max_norm=1.0), w.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    parameters = [parameters] if isinstance(parameters, TensorBase) else list(parameters)
    total = get_total_norm(_gradients(parameters, "clip_grad_norm_"), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


clip_grad_norm = clip_grad_norm_


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Bound each element of the gradients to −clip_value … clip_value, in place. `foreach` changes nothing.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 1.0], requires_grad=True)
    >>> (w * tg.tensor([3.0, -0.5])).sum().backward()
    >>> tg.nn.utils.clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 1.0000, -0.5000])
    """
    bound = float(clip_value)
    if not bound >= 0:
        raise ValueError(f"clip_grad_value_: clip_value must be at least 0, not {clip_value}")
    for g in _gradients(parameters, "clip_grad_value_"):
        np.clip(g._array, -bound, bound, out=g._array)
        changed(g._array, "clip_grad_value_")
