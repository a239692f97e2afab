"""Attention and transformers are PyTorch's: state dicts both ways, outputs and gradients to 1e-9."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.torch.pairs import assert_same, twins

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)
Q, K, V = rng.standard_normal((2, 4, 5, 3)), rng.standard_normal((2, 4, 6, 3)), rng.standard_normal((2, 4, 6, 2))
SEEN = rng.random((5, 6)) < 0.5  # where a query may look
SEEN[:, 0] = True
BIAS = rng.standard_normal((4, 5, 6))

SDPA = {
    "plain": lambda F, lib, q, k, v, b: F(q, k, v),
    "scale": lambda F, lib, q, k, v, b: F(q, k, v, scale=0.3),
    "causal": lambda F, lib, q, k, v, b: F(q, k, v, is_causal=True),
    "bool mask": lambda F, lib, q, k, v, b: F(q, k, v, lib.tensor(SEEN)),
    "float mask": lambda F, lib, q, k, v, b: F(q, k, v, b),
    "float32 mask": lambda F, lib, q, k, v, b: F(q, k, v, lib.tensor(BIAS.astype(np.float32))),
    "broadcast": lambda F, lib, q, k, v, b: F(q, k[:, :1], v[:1]),
    "shared heads": lambda F, lib, q, k, v, b: F(q, k[:, :2], v[:, :2], enable_gqa=True),
    "no batch": lambda F, lib, q, k, v, b: F(q[0, 0], k[0, 0], v[0, 0]),
    "nothing seen": lambda F, lib, q, k, v, b: F(q, k, v, lib.tensor(SEEN & (np.arange(5) > 1)[:, None])),
}


@pytest.mark.parametrize("name", SDPA)
def test_scaled_dot_product_attention(name):
    def call(lib, _, *xs):
        return SDPA[name](lib.nn.functional.scaled_dot_product_attention, lib, *xs)

    assert_same(call, None, Q, K, V, BIAS)


OPTIONS = [{}, {"bias": False}, {"kdim": 3, "vdim": 5}, {"add_bias_kv": True}, {"add_zero_attn": True}]
LAST = np.zeros((3, 6), bool)  # padding at the end of each sequence
LAST[0, 4:] = LAST[2, 5:] = True
FUTURE = np.triu(np.ones((5, 6), bool), 2)
MASKS = {
    "none": {},
    "bool": {"key_padding_mask": LAST, "attn_mask": FUTURE},
    "float": {"key_padding_mask": np.where(LAST, -np.inf, 0.1), "attn_mask": np.where(FUTURE, -np.inf, 0.3)},
    "padding": {"key_padding_mask": LAST},
    "heads": {"attn_mask": np.broadcast_to(FUTURE, (12, 5, 6)).copy()},
}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("masks", MASKS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_multi_head_attention(options, masks, batch_first):
    pair = twins("MultiheadAttention", 8, 4, batch_first=batch_first, **options)
    q, k = rng.standard_normal((5, 3, 8)), rng.standard_normal((6, 3, pair[0].kdim))
    v = rng.standard_normal((6, 3, pair[0].vdim))
    if batch_first:
        q, k, v = (x.swapaxes(0, 1).copy() for x in (q, k, v))
    for need, average in ((True, True), (True, False), (False, True)):

        def call(lib, module, q, k, v, need=need, average=average):
            given = {name: lib.tensor(m) for name, m in MASKS[masks].items()}
            return module(q, k, v, need_weights=need, average_attn_weights=average, **given)

        assert_same(call, pair, q, k, v)
        for module in pair:
            module.zero_grad()


@pytest.mark.parametrize("average", [True, False])
def test_multi_head_attention_without_a_batch(average):
    pair = twins("MultiheadAttention", 8, 4)

    def call(lib, module, q, k):
        return module(q, k, k, key_padding_mask=lib.tensor(LAST[0]), average_attn_weights=average)

    assert_same(call, pair, rng.standard_normal((5, 8)), rng.standard_normal((6, 8)))


def test_self_attention():
    for options in ({}, {"batch_first": True}):
        pair = twins("MultiheadAttention", 8, 2, **options)
        assert_same(lambda lib, module, x: module(x, x, x), pair, rng.standard_normal((5, 3, 8)))


def test_what_is_printed_and_initial_values():
    for options in OPTIONS:
        ours, theirs = (lib.nn.MultiheadAttention(64, 2, **options) for lib in (tg, torch))
        assert repr(ours) == repr(theirs)
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            a, b = a.detach().numpy(), b.detach().numpy()
            if a.size < 1000:  # too few to compare
                continue
            assert abs(a.std() - b.std()) <= 0.1 * b.std()
            assert abs(np.abs(a).max() - np.abs(b).max()) <= 0.1 * b.std()


# -- transformers ---------------------------------------------------------------------------------------------------

LAYER = [
    {"dropout": 0.0, "batch_first": first, "norm_first": before, "activation": act, "bias": bias}
    for first, before, act, bias in itertools.product((False, True), (False, True), ("relu", "gelu"), (True, False))
]
SRC, TGT = rng.standard_normal((6, 3, 8)), rng.standard_normal((5, 3, 8))
CAUSAL = np.triu(np.ones((5, 5), bool), 1)


def ordered(options, *xs):
    return [x.swapaxes(0, 1).copy() for x in xs] if options["batch_first"] else xs


@pytest.mark.parametrize("options", LAYER, ids=str)
def test_transformer_layers(options):
    src, tgt = ordered(options, SRC, TGT)
    encoder = twins("TransformerEncoderLayer", 8, 2, 16, **options)
    assert_same(lambda lib, m, x: m(x, src_key_padding_mask=lib.tensor(LAST)), encoder, src)
    decoder = twins("TransformerDecoderLayer", 8, 2, 16, **options)

    def call(lib, m, x, y):
        return m(y, x, tgt_mask=lib.tensor(CAUSAL), memory_key_padding_mask=lib.tensor(LAST))

    assert_same(call, decoder, src, tgt)


@pytest.mark.parametrize("options", LAYER[:3], ids=str)
def test_transformers(options):
    src, tgt = ordered(options, SRC, TGT)
    pair = twins("Transformer", 8, 2, 2, 2, 16, **options)

    def call(lib, m, x, y):
        return m(
            x, y, tgt_mask=m.generate_square_subsequent_mask(5, dtype=lib.float64),
            src_key_padding_mask=lib.tensor(np.where(LAST, -np.inf, 0)),
            memory_key_padding_mask=lib.tensor(np.where(LAST, -np.inf, 0)), tgt_is_causal=True,
        )  # fmt: skip

    assert_same(call, pair, src, tgt)


def test_an_encoder_of_copies_with_a_norm():
    def made(lib):
        layer = lib.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
        return lib.nn.TransformerEncoder(layer, 3, norm=lib.nn.LayerNorm(8), enable_nested_tensor=False).double()

    ours, theirs = made(tg), made(torch)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    theirs.load_state_dict({k: torch.tensor(t.numpy()) for k, t in ours.state_dict().items()})
    assert_same(lambda lib, m, x: m(x, lib.tensor(np.triu(np.ones((6, 6), bool), 1))), (ours, theirs), SRC)


def test_what_transformers_print():
    ours, theirs = (lib.nn.Transformer(8, 2, 1, 2, 16, batch_first=True) for lib in (tg, torch))
    assert repr(ours) == repr(theirs)
