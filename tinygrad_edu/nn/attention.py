"""Multi-head attention as a module."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn import init
from tinygrad_edu.nn.functional.attention import attention_weights, scaled_dot_product_attention
from tinygrad_edu.nn.functional.layers import linear
from tinygrad_edu.nn.functional.noise import dropout as drop
from tinygrad_edu.nn.linear import Linear
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, indexing, joining, linalg, reductions, shaping
from tinygrad_edu.tensor import Tensor

__all__ = ["MultiheadAttention"]


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear, under the name that PyTorch prints for this part of attention."""


class MultiheadAttention(Module):
    """Attention in `num_heads` subspaces at once, joined by a linear map: (L, N, E), (S, N, E), (S, N, E) → (L, N, E).

    Called as ``attention(query, key, value)``; returns the result, and the weights (N, L, S), averaged over the heads.
    With `batch_first` the inputs are (N, L, E) and (N, S, E); without a batch (L, E) and (S, E).
    (Vaswani et al., "Attention is all you need", 2017.)

    Args:
        embed_dim: E, a multiple of num_heads. dropout: the probability that a weight is dropped, in training.
        bias: whether the linear maps have biases. add_bias_kv: a learned key and value behind the given ones.
        add_zero_attn: a key and a value of zeros behind them. kdim, vdim: the features of keys and values, if not E.

    >>> import tinygrad_edu as tg
    >>> attention = tg.nn.MultiheadAttention(8, num_heads=2, batch_first=True)
    >>> x = tg.ones(3, 5, 8)
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    (Size([3, 5, 8]), Size([3, 5, 5]))
    """

    in_proj_weight: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} "
                f"instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(f"embed_dim must be divisible by num_heads, but {embed_dim} is not by {num_heads}")
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.dropout, self.batch_first, self.add_zero_attn = dropout, batch_first, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim

        def parameter(name: str, *shape: int, when: bool = True) -> None:
            self.register_parameter(name, Parameter(creation.empty(shape, dtype=dtype)) if when else None)

        apart = not self._qkv_same_embed_dim
        parameter("q_proj_weight", embed_dim, embed_dim, when=apart)
        parameter("k_proj_weight", embed_dim, self.kdim, when=apart)
        parameter("v_proj_weight", embed_dim, self.vdim, when=apart)
        parameter("in_proj_weight", 3 * embed_dim, embed_dim, when=not apart)
        parameter("in_proj_bias", 3 * embed_dim, when=bias)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, dtype=dtype)
        parameter("bias_k", 1, 1, embed_dim, when=add_bias_kv)
        parameter("bias_v", 1, 1, embed_dim, when=add_bias_kv)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the initial values anew: weights by xavier_uniform_, the learned key and value by xavier_normal_."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for learned in (self.bias_k, self.bias_v):
            if learned is not None:
                init.xavier_normal_(learned)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """The result, and the weights of the values if `need_weights` (faster without).

        Args:
            key_padding_mask: (N, S), True for keys to be left out; or floats that are added to the scores.
            attn_mask: (L, S), or (N · num_heads, L, S): True where a query must not look, the other way round than in
                `scaled_dot_product_attention`; or floats that are added to the scores.
            average_attn_weights: the weights are (N, L, S); otherwise (N, num_heads, L, S), of every head.
            is_causal: says that `attn_mask` is causal; it must be given all the same.

        Where a query may look nowhere, the result is that of zeros, not NaN. Raises AssertionError and RuntimeError for
        shapes that do not fit.
        """
        self._check(query, key, value, key_padding_mask, attn_mask, is_causal)
        batched = query.ndim == 3
        x = self._batch_first(query)
        y = x if key is query else self._batch_first(key)
        q, k, v = self._projected(x, y, y if value is key else self._batch_first(value))
        mask = self._mask(q.shape[0], q.shape[1], k.shape[1], key_padding_mask, attn_mask)
        k, v, mask = self._extended(k, v, mask)
        q, k, v = (self._heads(x) for x in (q, k, v))
        p = self.dropout if self.training else 0.0
        if need_weights:
            weights = drop(attention_weights(q, k, mask), p)
            y = linalg.matmul(weights, v)
        else:
            y = scaled_dot_product_attention(q, k, v, mask, p)
        y = shaping.transpose(y, axes=(0, 2, 1, 3) if self.batch_first or not batched else (2, 0, 1, 3))
        y = self.out_proj(shaping.reshape(y, shape=(*y.shape[:2], self.embed_dim)))
        if not batched:
            y = shaping.reshape(y, shape=y.shape[1:])
        if not need_weights:
            return y, None
        if average_attn_weights:
            weights = reductions.mean(weights, axis=1)
        return y, weights if batched else indexing.getitem(weights, index=(0,))

    def _batch_first(self, x: Tensor) -> Any:
        if x.ndim == 2:
            return shaping.reshape(x, shape=(1, *x.shape))
        return x if self.batch_first else shaping.transpose(x, axes=(1, 0, 2))

    def _projected(self, query: Any, key: Any, value: Any) -> Any:
        """W_q query + b_q, W_k key + b_k, W_v value + b_v."""
        e, bias = self.embed_dim, self.in_proj_bias
        if query is key is value and self._qkv_same_embed_dim:  # self-attention: one product for all
            return joining.split(linear(query, self.in_proj_weight, bias), seams=(e, 2 * e), axis=-1)
        biases = [
            None if bias is None else indexing.getitem(bias, index=(slice(k * e, (k + 1) * e),)) for k in range(3)
        ]
        weights: list[Any] = [self.q_proj_weight, self.k_proj_weight, self.v_proj_weight]
        if self._qkv_same_embed_dim:
            w = self.in_proj_weight
            weights = [indexing.getitem(w, index=(slice(k * e, (k + 1) * e),)) for k in range(3)]
        return [linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]

    def _heads(self, x: Any) -> Any:
        """(N, L, E) → (N, num_heads, L, E / num_heads)."""
        return shaping.transpose(
            shaping.reshape(x, shape=(*x.shape[:2], self.num_heads, self.head_dim)), axes=(0, 2, 1, 3)
        )

    def _mask(self, n: int, queries: int, keys: int, key_padding_mask: Any, attn_mask: Any) -> Any:
        """Both masks as one, for `attention_weights`: True where a query may look, or what is added to the scores."""
        masks = []
        if attn_mask is not None:
            masks.append(attn_mask if attn_mask.ndim == 2 else attn_mask.reshape(n, self.num_heads, queries, keys))
        if key_padding_mask is not None:
            masks.append(key_padding_mask.reshape(n, 1, 1, keys))
        if not masks:
            return None
        if all(m.dtype == np.bool_ for m in masks):
            allowed = [~m._array for m in masks]
            return wrap(allowed[0] if len(allowed) == 1 else allowed[0] & allowed[1])
        dtype = self.out_proj.weight.dtype
        added = [wrap(np.where(m._array, -np.inf, 0).astype(dtype)) if m.dtype == np.bool_ else m for m in masks]
        return added[0] if len(added) == 1 else elementwise.add(*added)

    def _extended(self, k: Any, v: Any, mask: Any) -> tuple[Any, Any, Any]:
        """With the learned key and value, and those of zeros, at the end; every query may look there."""
        pairs: list[tuple[Any, Any]] = [] if self.bias_k is None else [(self.bias_k, self.bias_v)]
        if self.add_zero_attn:
            zero = wrap(np.zeros((1, 1, self.embed_dim), k.dtype))
            pairs.append((zero, zero))
        shape = (k.shape[0], 1, self.embed_dim)
        for key, value in pairs:
            k = joining.concatenate(k, shaping.broadcast_to(key, shape=shape), axis=1)
            v = joining.concatenate(v, shaping.broadcast_to(value, shape=shape), axis=1)
            if mask is not None:
                more = np.full((*mask.shape[:-1], 1), mask.dtype == np.bool_, mask.dtype)
                mask = joining.concatenate(mask, more, axis=-1)
        return k, v, mask

    def _check(self, q: Any, k: Any, v: Any, key_padding_mask: Any, attn_mask: Any, is_causal: bool) -> None:
        for name, x in (("query", q), ("key", k), ("value", v)):
            if not isinstance(x, Tensor):
                raise TypeError(f"MultiheadAttention: the {name} must be a Tensor, not {type(x).__name__}")
        if q.ndim not in (2, 3):
            raise AssertionError(
                f"query should be unbatched 2D or batched 3D tensor but received {q.ndim}-D query tensor"
            )
        what = "batched (3-D)" if q.ndim == 3 else "unbatched (2-D)"
        if not q.ndim == k.ndim == v.ndim:
            raise AssertionError(
                f"For {what} `query`, expected `key` and `value` to be {q.ndim}-D but found {k.ndim}-D and {v.ndim}-D "
                f"tensors respectively"
            )
        for name, x, size in (("query", q, self.embed_dim), ("key", k, self.kdim), ("value", v, self.vdim)):
            if x.shape[-1] != size:
                raise AssertionError(
                    f"was expecting embedding dimension of {size}, but got {x.shape[-1]}: the {name}'s shape is "
                    f"{tuple(x.shape)}, and its last dimension must be "
                    f"{'embed_dim' if name == 'query' else name[0] + 'dim'}"
                )
        if k.shape[:-1] != v.shape[:-1]:
            raise AssertionError(f"key shape {tuple(k.shape)} does not match value shape {tuple(v.shape)}")
        time = 1 if self.batch_first and q.ndim == 3 else 0
        n = q.shape[1 - time] if q.ndim == 3 else 1
        if q.ndim == 3 and k.shape[1 - time] != n:
            order = "(N, L, E)" if self.batch_first else "(L, N, E)"
            raise RuntimeError(
                f"MultiheadAttention: query and key must have the same batch size, but with batch_first="
                f"{self.batch_first}, {order}, the shapes {tuple(q.shape)} and {tuple(k.shape)} mean {n} and "
                f"{k.shape[1 - time]}"
            )
        if is_causal and attn_mask is None:
            raise RuntimeError(
                "Need attn_mask if specifying the is_causal hint: Transformer.generate_square_subsequent_mask(L)"
            )
        self._check_masks(q.ndim, n, q.shape[time], k.shape[time], key_padding_mask, attn_mask)

    def _check_masks(self, ndim: int, n: int, queries: int, keys: int, padding: Any, mask: Any) -> None:
        for name, m in (("key_padding_mask", padding), ("attn_mask", mask)):
            if m is not None and not isinstance(m, Tensor):
                raise TypeError(f"MultiheadAttention: {name} must be a Tensor, not {type(m).__name__}")
            if m is not None and m.dtype.kind not in "bf":
                raise AssertionError(
                    f"only bool and floating types of {name} are supported, not {m.dtype}: write {name}.bool()"
                )
        if padding is not None:
            if padding.ndim != ndim - 1:
                what = "batched (3-D)" if ndim == 3 else "unbatched (2-D)"
                raise AssertionError(
                    f"For {what} `query`, expected `key_padding_mask` to be `None` or {ndim - 1}-D but found "
                    f"{padding.ndim}-D tensor instead"
                )
            if padding.shape[-1] != keys or (ndim == 3 and padding.shape[0] != n):
                raise AssertionError(
                    f"Expected key_padding_mask.shape to be {(n, keys) if ndim == 3 else (keys,)}, (N, S), but got "
                    f"{tuple(padding.shape)}"
                )
        if mask is None:
            return
        if mask.ndim not in (2, 3):
            raise RuntimeError(
                f"attn_mask's dimension {mask.ndim} is not supported: it is (L, S) or (N * num_heads, L, S)"
            )
        expected = (queries, keys) if mask.ndim == 2 else (n * self.num_heads, queries, keys)
        if tuple(mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the {mask.ndim}D attn_mask is {tuple(mask.shape)}, but should be {expected}."
            )
