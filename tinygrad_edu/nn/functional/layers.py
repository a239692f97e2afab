"""Layers with weights as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu import functions, memory
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.rules import elementwise, indexing, linalg
from tinygrad_edu.rules import neural as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["bilinear", "embedding", "linear"]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """input @ weightᵀ + bias: (…, in_features) → (…, out_features).

    weight: (out_features, in_features), or (in_features,) for a single output without an axis of its own.
    bias: (out_features,), or ().
    Raises RuntimeError where shapes or dtypes do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.linear(tg.tensor([[1.0, 2.0]]), tg.tensor([[3.0, 4.0]]), tg.tensor([0.5]))
    tensor([[11.5000]])
    """
    try:
        x, w = input._array, weight._array
        dtype = w.dtype
        n, features = w.shape
        fits = x.dtype is dtype and x.shape[-1] == features
        if bias is not None and fits:
            b = bias._array
            fits = b.dtype is dtype and b.shape == (n,)
    except (AttributeError, IndexError, ValueError):  # no Tensor, no axis, no matrix
        fits = False
    if fits:
        return rules.linear(input, weight, bias)
    _check_linear(input, weight, bias)
    if np.ndim(raw(weight, "linear")) == 1:
        y = linalg.matmul(input, weight)
        return y if bias is None else elementwise.add(y, bias)
    return rules.linear(input, weight, bias)


def _check_linear(input: Any, weight: Any, bias: Any) -> None:
    x, w = raw(input, "linear"), raw(weight, "linear")
    b = None if bias is None else raw(bias, "linear")
    for what, a in (("input", x), ("weight", w), ("bias", b)):
        if a is not None and not hasattr(a, "dtype"):
            raise TypeError(f"linear: the {what} must be a Tensor, not {type(a).__name__}")
        if a is not None and a.dtype != w.dtype:
            name = "X" if what == "input" else what
            raise RuntimeError(
                f"linear: mat1 and mat2 must have the same dtype, but the {what} is {a.dtype} and the weight is "
                f"{w.dtype}. Convert it: "
                f"{name} = {name}.{_method(w.dtype)}()"
                + (", once, where the data are loaded." if what == "input" else ".")
            )
    if w.ndim not in (1, 2):
        raise RuntimeError(f"linear: weight must be (out_features, in_features), but its shape is {tuple(w.shape)}")
    if not x.ndim:
        raise RuntimeError("linear: both arguments to linear need to be at least 1D, but the input is a single number")
    if x.shape[-1] != w.shape[-1]:
        rows = int(np.prod(x.shape[:-1]))
        why = (
            f"weight is stored as (out_features, in_features) = {tuple(w.shape)}: transpose it, weight.T"
            if w.ndim == 2 and x.shape[-1] == w.shape[0]
            else f"the layer takes {w.shape[-1]} features, and the last axis of the input (its shape is "
            f"{tuple(x.shape)}) must be as long"
        )
        shape = "x".join(map(str, w.shape[::-1]))
        raise RuntimeError(
            f"linear: mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and {shape}): {why}."
        )
    if b is not None and b.shape not in ((), w.shape[:-1]):
        raise RuntimeError(
            f"linear: the bias must have shape {tuple(w.shape[:-1])}, one number for each output of weight "
            f"{tuple(w.shape)}, but has {tuple(b.shape)}"
        )


def _method(dtype: Any) -> str:
    return {"float32": "float", "float64": "double", "int64": "long", "float16": "half"}.get(str(dtype), f"to({dtype})")


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Tensor:
    """input1ᵀ · weightₖ · input2 + biasₖ for each output k: (…, in1), (…, in2) → (…, out).

    weight: (out, in1, in2); bias: (out,). Raises RuntimeError where shapes do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.bilinear(tg.tensor([2.0]), tg.tensor([3.0]), tg.tensor([[[5.0]]]))
    tensor([30.])
    """
    a, b, w = (tuple(raw(x, "bilinear").shape) for x in (input1, input2, weight))
    if len(w) != 3 or a[:-1] != b[:-1] or a[-1:] + b[-1:] != w[1:]:
        raise RuntimeError(
            f"bilinear: input1 (…, in1), input2 (…, in2) and weight (out, in1, in2) do not fit: {a}, {b} and {w}"
        )
    if bias is not None and tuple(raw(bias, "bilinear").shape) != w[:1]:
        raise RuntimeError(f"bilinear: the bias must have shape {w[:1]}, not {tuple(raw(bias, 'bilinear').shape)}")
    y = functions.einsum("...i,oij,...j->...o", input1, weight, input2)
    return y if bias is None else elementwise.add(y, bias)


def embedding(
    input: Any,
    weight: Any,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of `weight` (num_embeddings, dim) that `input` (…) numbers: (…, dim).

    padding_idx: the row whose gradient stays 0. max_norm: rows that are used and longer (in the p-norm of norm_type)
    are first scaled down to it, in `weight` itself and unrecorded. scale_grad_by_freq: a row that occurs n times gets
    1/n of each gradient. `sparse` changes nothing.
    Raises IndexError for a number that is no row, RuntimeError for floats.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.embedding(tg.tensor([1, 1]), tg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([[3., 4.],
            [3., 4.]])
    """
    indices, w = raw(input, "embedding"), raw(weight, "embedding")
    if w.ndim != 2:
        raise RuntimeError(f"embedding: 'weight' must be 2-D (num_embeddings, dim), but its shape is {tuple(w.shape)}")
    if np.asarray(indices).dtype.kind not in "iu":
        raise RuntimeError(
            f"embedding: expected indices (long), but got {np.asarray(indices).dtype}: write input.long()"
        )
    n = w.shape[0]
    if indices.size and (indices.min() < 0 or indices.max() >= n):
        worst = indices.min() if indices.min() < 0 else indices.max()
        at = tuple(int(k) for k in np.argwhere(indices == worst)[0])
        raise IndexError(
            f"embedding: index out of range in self: input{list(at) if at else ''} = {worst}, but weight has {n} rows "
            f"(0 to {n - 1}). num_embeddings must be greater than the largest index."
        )
    if padding_idx is not None and not -n <= padding_idx < n:
        raise RuntimeError(f"embedding: padding_idx must be within num_embeddings ({n}), but is {padding_idx}")
    if max_norm is not None:
        _shrink(w, np.unique(indices), max_norm, norm_type)
    rows = indexing.take(weight, indices, axis=0)
    if padding_idx is None and not scale_grad_by_freq:
        return rows
    share = 1 / np.bincount(indices.reshape(-1), minlength=n)[indices] if scale_grad_by_freq else np.ones(indices.shape)
    if padding_idx is not None:
        share = np.where(indices == padding_idx % n, 0, share)
    # the same numbers, of whose gradient only a share goes on
    return elementwise.lerp(rows._array, rows, share[..., None].astype(w.dtype))


def _shrink(weight: Any, rows: Any, max_norm: float, p: float) -> None:
    """Scale the rows of an array that are longer than `max_norm` down to it, in place."""
    norms = np.linalg.norm(weight[rows], p, axis=1)
    long = norms > max_norm
    if long.any():
        weight[rows[long]] *= (max_norm / (norms[long] + 1e-7))[:, None].astype(weight.dtype)
        memory.changed(weight, "embedding(max_norm=…)")
