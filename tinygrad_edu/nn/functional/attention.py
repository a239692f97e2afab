"""Attention: each query gets a mean of values, weighted by how well their keys fit. (Vaswani et al., 2017.)"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.noise import check_probability, dropout
from tinygrad_edu.rules import activations, elementwise, linalg, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["attention_weights", "scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """softmax(query @ keyᵀ / √E + mask) @ value: (…, L, E), (…, S, E), (…, S, F) → (…, L, F).

    attn_mask (broadcast to (…, L, S)): True where a query may look at a key; or floats, which are added. A query that
    may look nowhere gets 0. is_causal: each may look at keys up to its own position. scale: in the place of 1/√E.
    dropout_p: the probability that a weight is dropped, in training or not. enable_gqa: several heads (dimension −3)
    of queries share one of keys and values. Raises RuntimeError for shapes and dtypes that do not fit.

    >>> import tinygrad_edu as tg
    >>> q, k = tg.tensor([[50.0, 0.0]]), tg.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> tg.nn.functional.scaled_dot_product_attention(q, k, tg.tensor([[3.0], [4.0]]))
    tensor([[3.]])
    """
    name = "scaled_dot_product_attention"
    q, k, v = (raw(x, name) for x in (query, key, value))
    _check_operands(name, q, k, v, enable_gqa)
    check_probability(dropout_p)
    if enable_gqa:
        key, value = (_shared_heads(name, x, q.shape[-3]) for x in (key, value))
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError(
                f"{name}: Explicit attn_mask should not be set when is_causal=True. Leave one of them out, or combine "
                f"them: attn_mask & ones(L, S).tril().bool()."
            )
        attn_mask = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
    weights = attention_weights(query, key, attn_mask, scale, name)
    return linalg.matmul(dropout(weights, dropout_p) if dropout_p else weights, value)


def attention_weights(
    query: Any, key: Any, mask: Any = None, scale: float | None = None, name: str = "attention"
) -> Tensor:
    """softmax(query @ keyᵀ · scale + mask): (…, L, E), (…, S, E) → (…, L, S), 0 where the mask is False or −∞."""
    q, k = raw(query, name), raw(key, name)
    factor = (1 / math.sqrt(q.shape[-1] or 1)) if scale is None else scale
    turned = shaping.transpose(key, axes=(*range(k.ndim - 2), k.ndim - 1, k.ndim - 2))
    scores = linalg.matmul(elementwise.multiply(query, factor), turned)
    if mask is None:
        return activations.softmax(scores, axis=-1)
    _check_mask(name, raw(mask, name), scores._array)
    m = raw(mask, name)
    allowed = m
    if m.dtype.kind == "f":
        allowed = m != -math.inf
        scores = elementwise.add(scores, elementwise.where(allowed, mask, 0))
    some = np.any(allowed, axis=-1, keepdims=True)
    # where nothing is allowed softmax has no meaning: it gets zeros, and its result is not used
    scores = elementwise.where(allowed, scores, np.where(some, -math.inf, 0).astype(scores.dtype))
    weights = activations.softmax(scores, axis=-1)
    return weights if some.all() else elementwise.where(some, weights, 0)


def _shared_heads(name: str, x: Any, heads: int) -> Any:
    """Each head of keys or values as often as makes `heads` of them."""
    n = x.shape[-3] if x.ndim > 2 else 0
    if not n or heads % n:
        raise RuntimeError(
            f"{name}: Number of heads in key and value must divide the number of heads in query, but {n} does not "
            f"divide {heads}; heads are dimension -3"
        )
    return functions.repeat_interleave(x, heads // n, -3)


def _check_operands(name: str, q: Any, k: Any, v: Any, shared: bool) -> None:
    if min(q.ndim, k.ndim, v.ndim) < 2:
        raise RuntimeError(
            f"{name}: Expected query, key, and value to all be at least 2 dimensional, but got query.dim: {q.ndim} "
            f"key.dim: {k.ndim} and value.dim: {v.ndim} instead."
        )
    if not q.dtype == k.dtype == v.dtype or q.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: Expected query, key, and value to have the same (floating) dtype, but got query.dtype: {q.dtype} "
            f"key.dtype: {k.dtype} and value.dtype: {v.dtype} instead."
        )
    fits = q.shape[-1] == k.shape[-1] and k.shape[-2] == v.shape[-2]
    try:
        np.broadcast_shapes(*(x.shape[: -3 if shared else -2] for x in (q, k, v)))
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{name}: the shapes do not fit: query (…, L, E), key (…, S, E) and value (…, S, F) are {tuple(q.shape)}, "
            f"{tuple(k.shape)} and {tuple(v.shape)}"
        )


def _check_mask(name: str, mask: Any, scores: Any) -> None:
    if mask.dtype not in (np.bool_, np.float32, scores.dtype):
        raise RuntimeError(
            f"{name}: Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype} and query.dtype: {scores.dtype} instead. For a mask of 0 and 1 write attn_mask.bool()."
        )
    try:
        fits = np.broadcast_shapes(mask.shape, scores.shape) == scores.shape
    except ValueError:
        fits = False
    if not fits:
        raise RuntimeError(
            f"{name}: the attn_mask must broadcast to (…, L, S) = {tuple(scores.shape)}, but its shape is "
            f"{tuple(mask.shape)}"
        )
