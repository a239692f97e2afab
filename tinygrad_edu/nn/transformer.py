"""Transformers: attention and a small network for each position, in layers. (Vaswani et al., 2017.)

Sequences are (L, N, d_model); (N, L, d_model) with `batch_first`; (L, d_model) without a batch. Masks are as for
`MultiheadAttention`: True where a position must not look, or floats that are added to the scores.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import as_dtype, get_default_dtype
from tinygrad_edu.functions.activations import gelu, relu
from tinygrad_edu.nn import init
from tinygrad_edu.nn.attention import MultiheadAttention
from tinygrad_edu.nn.containers import ModuleList
from tinygrad_edu.nn.dropout import Dropout
from tinygrad_edu.nn.linear import Linear
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.normalization import LayerNorm
from tinygrad_edu.primitive import wrap
from tinygrad_edu.tensor import Tensor

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

ACTIVATIONS: dict[str, Callable[..., Any]] = {"relu": relu, "gelu": gelu}


def _activation(given: Any) -> Callable[..., Any]:
    if isinstance(given, str):
        if given not in ACTIVATIONS:
            raise RuntimeError(f"activation should be relu/gelu, not {given}; others are given as functions")
        return ACTIVATIONS[given]
    return given


class TransformerEncoderLayer(Module):
    """x ← norm1(x + attention(x, x, x)), then x ← norm2(x + linear2(activation(linear1(x)))): (L, N, d_model) → same.

    Args:
        nhead: heads of the attention. dim_feedforward: features between linear1 and linear2.
        dropout: the probability, for attention weights and for what is added. activation: "relu", "gelu" or a function.
        norm_first: x + attention(norm1(x)) and x + linear2(…(norm2(x))) instead. bias: of linear maps and norms.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(d_model=8, nhead=2, batch_first=True)
    >>> layer(tg.ones(3, 5, 8)).shape
    Size([3, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, bias, batch_first=batch_first, dtype=dtype)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self, src: Tensor, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """src_mask (L, L), src_key_padding_mask (N, L): as for attention. `is_causal` changes nothing."""
        x: Any = src
        masks = src_key_padding_mask, False, src_mask
        if self.norm_first:
            n = self.norm1(x)
            x = x + self.dropout1(self.self_attn(n, n, n, *masks)[0])
            return x + self._feed_forward(self.norm2(x))
        x = self.norm1(x + self.dropout1(self.self_attn(x, x, x, *masks)[0]))
        return self.norm2(x + self._feed_forward(x))

    def _feed_forward(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoderLayer(Module):
    """Attention within the target, then to the memory, then a small network: (T, N, d_model), (S, N, d_model) → first.

    Each is added to its input and normalised, as in TransformerEncoderLayer, whose arguments it has.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerDecoderLayer(d_model=8, nhead=2)
    >>> layer(tg.ones(3, 5, 8), tg.ones(4, 5, 8)).shape
    Size([3, 5, 8])
    """

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        attention = {"bias": bias, "batch_first": batch_first, "dtype": dtype}
        self.self_attn = MultiheadAttention(d_model, nhead, dropout, **attention)
        self.multihead_attn = MultiheadAttention(d_model, nhead, dropout, **attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, dtype=dtype)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, bias, dtype=dtype)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _activation(activation)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """tgt_mask (T, T), tgt_key_padding_mask (N, T): within the target; others, (T, S) and (N, S): to the memory.

        `tgt_is_causal` and `memory_is_causal` change nothing.
        """

        def within(x: Any) -> Any:
            return self.dropout1(self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask)[0])

        def across(x: Any) -> Any:
            y = self.multihead_attn(x, memory, memory, memory_key_padding_mask, False, memory_mask)
            return self.dropout2(y[0])

        x: Any = tgt
        if self.norm_first:
            x = x + within(self.norm1(x))
            x = x + across(self.norm2(x))
            return x + self._feed_forward(self.norm3(x))
        x = self.norm1(x + within(x))
        x = self.norm2(x + across(x))
        return self.norm3(x + self._feed_forward(x))

    def _feed_forward(self, x: Any) -> Any:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


def _copies(layer: Module, n: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(n)])


class TransformerEncoder(Module):
    """`num_layers` copies of an encoder layer in a row, and a norm at the end if given.

    The copies start from the same numbers. `enable_nested_tensor` and `mask_check` change nothing.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerEncoderLayer(d_model=8, nhead=2)
    >>> tg.nn.TransformerEncoder(layer, num_layers=3)(tg.ones(5, 1, 8)).shape
    Size([5, 1, 8])
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _copies(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self, src: Tensor, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Tensor:
        """The masks go to every layer."""
        x: Any = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, src_key_padding_mask=src_key_padding_mask)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """`num_layers` copies of a decoder layer in a row, and a norm at the end if given.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.TransformerDecoderLayer(d_model=8, nhead=2)
    >>> tg.nn.TransformerDecoder(layer, num_layers=2)(tg.ones(3, 1, 8), tg.ones(5, 1, 8)).shape
    Size([3, 1, 8])
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _copies(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The masks go to every layer."""
        x: Any = tgt
        for layer in self.layers:
            x = layer(
                x, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
            )  # fmt: skip
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder of the source and a decoder of the target that looks at it: (S, N, E), (T, N, E) → (T, N, E).

    Arguments as for the layers; `custom_encoder` and `custom_decoder` take the places of its own.

    >>> import tinygrad_edu as tg
    >>> model = tg.nn.Transformer(d_model=8, nhead=2, num_encoder_layers=1, num_decoder_layers=1)
    >>> mask = model.generate_square_subsequent_mask(3)
    >>> model(tg.ones(5, 1, 8), tg.ones(3, 1, 8), tgt_mask=mask).shape
    Size([3, 1, 8])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Any = relu,
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        args = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)

        def norm() -> LayerNorm:
            return LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)

        self.encoder = custom_encoder or TransformerEncoder(
            TransformerEncoderLayer(*args, device, dtype), num_encoder_layers, norm()
        )
        self.decoder = custom_decoder or TransformerDecoder(
            TransformerDecoderLayer(*args, device, dtype), num_decoder_layers, norm()
        )
        self.d_model, self.nhead, self.batch_first = d_model, nhead, batch_first
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draw the initial values of all matrices anew, by xavier_uniform_."""
        for p in self.parameters():
            if p.ndim > 1:
                init.xavier_uniform_(p)

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """The decoder's result. The masks go to the encoder and the decoder as they are named."""
        batch = 0 if self.batch_first else 1
        if src.ndim == tgt.ndim == 3 and src.shape[batch] != tgt.shape[batch]:
            raise RuntimeError(
                f"the batch number of src and tgt must be equal, but with batch_first={self.batch_first} the shapes "
                f"{tuple(src.shape)} and {tuple(tgt.shape)} mean {src.shape[batch]} and {tgt.shape[batch]}"
            )
        if src.shape[-1] != self.d_model or tgt.shape[-1] != self.d_model:
            raise RuntimeError(
                f"the feature number of src and tgt must be equal to d_model = {self.d_model}, but the shapes are "
                f"{tuple(src.shape)} and {tuple(tgt.shape)}"
            )
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask)
        return self.decoder(
            tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """A mask (sz, sz) under which every position looks at itself and what came before: 0 there, −∞ after it.

        >>> import tinygrad_edu as tg
        >>> tg.nn.Transformer.generate_square_subsequent_mask(2)
        tensor([[0., -inf],
                [0., 0.]])
        """
        check_device(device)
        d = get_default_dtype() if dtype is None else as_dtype(dtype)
        return wrap(np.triu(np.full((sz, sz), -np.inf), 1).astype(d))
