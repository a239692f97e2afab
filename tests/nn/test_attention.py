"""Attention against loops in NumPy; its gradients; that nothing is seen through a mask; and what bad input is told."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu import nn
from tinygrad_edu.autograd import gradcheck
from tinygrad_edu.testing import arrays

sdpa = F.scaled_dot_product_attention


def softmax(scores):
    """Over one row; 0 where nothing may be looked at."""
    if not len(scores) or scores.max() == -np.inf:
        return np.zeros_like(scores)
    e = np.exp(scores - scores.max())
    return e / e.sum()


def attention(q, k, v, bias, scale):
    """Row by row, for matrices; the bias is added to the scores. The result and the weights."""
    weights = np.array([softmax(k @ row * scale + b) for row, b in zip(q, bias, strict=True)]).reshape(len(q), len(k))
    return weights @ v, weights


@st.composite
def problems(draw):
    """Arrays q, k, v with up to two dimensions of batches and heads, and a mask or None."""
    batch = tuple(draw(st.lists(st.integers(1, 2), max_size=2)))
    queries, keys, e, f = (draw(st.integers(1, 3)) for _ in range(4))
    q, k, v = (draw(arrays((*batch, n, size))) for n, size in ((queries, e), (keys, e), (keys, f)))
    wide = draw(st.booleans())
    shape = (*batch, queries, keys) if wide else (queries, keys)
    kind = draw(st.sampled_from(["none", "bool", "float"]))
    mask = None
    if kind == "bool":
        mask = draw(arrays(shape, dtype=bool))
    elif kind == "float":
        mask = np.where(draw(arrays(shape, dtype=bool)), draw(arrays(shape)), -np.inf)
    return q, k, v, mask


def as_bias(mask, shape):
    if mask is None:
        return np.zeros(shape)
    return np.broadcast_to(np.where(mask, 0, -np.inf) if mask.dtype == bool else mask, shape)


@given(problems(), st.sampled_from([None, 0.5]))
def test_each_query_gets_the_mean_of_the_values_that_fit(problem, scale):
    q, k, v, mask = problem
    tensors = [tg.tensor(x) for x in (q, k, v)]
    found = sdpa(*tensors, None if mask is None else tg.tensor(mask), scale=scale).numpy()
    bias = as_bias(mask, (*q.shape[:-1], k.shape[-2]))
    assert found.shape == (*q.shape[:-1], v.shape[-1])
    for at in np.ndindex(q.shape[:-2]):
        expected, _ = attention(q[at], k[at], v[at], bias[at], 1 / math.sqrt(q.shape[-1]) if scale is None else scale)
        np.testing.assert_allclose(found[at], expected, rtol=1e-10, atol=1e-12)


@given(problems())
@settings(max_examples=25)
def test_gradients(problem):
    q, k, v, mask = problem
    leaves = [tg.tensor(x, requires_grad=True) for x in (q, k, v)]
    if mask is None or mask.dtype == bool:
        assert gradcheck(lambda q, k, v: sdpa(q, k, v, None if mask is None else tg.tensor(mask)), leaves)
        return
    seen = mask > -np.inf  # −∞ cannot be differentiated: put it where it belongs inside of the function
    bias = tg.tensor(np.where(seen, mask, 0.0), requires_grad=True)

    def f(q, k, v, bias):
        return sdpa(q, k, v, bias.masked_fill(tg.tensor(~seen), -math.inf))

    assert gradcheck(f, [*leaves, bias])


def test_a_causal_query_looks_back_only():
    q, k, v = (tg.randn(2, n, 3) for n in (5, 4, 4))
    y = sdpa(q, k, v, is_causal=True)
    assert tg.allclose(y, sdpa(q, k, v, tg.ones(5, 4).tril().bool()))
    changed = sdpa(q, *(tg.cat([x[:, :2], tg.randn(2, 2, 3)], 1) for x in (k, v)), is_causal=True)
    assert tg.equal(y[:, :2], changed[:, :2]) and (y[:, 2:] != changed[:, 2:]).any()


@pytest.mark.parametrize("mask", [tg.tensor([[0, 0], [1, 0]]) == 1, tg.tensor([[-np.inf, -np.inf], [0, -np.inf]])])
def test_a_query_that_may_look_nowhere_gets_zeros_and_no_gradient(mask):
    q, k, v = (tg.randn(2, 3).requires_grad_() for _ in range(3))
    y = sdpa(q, k, v, mask)
    assert (y[0] == 0).all() and tg.equal(y[1], v[0])
    y.sum().backward()
    assert all(np.isfinite(x.grad.numpy()).all() for x in (q, k, v))
    assert (q.grad == 0).all() and v.grad.tolist() == [[1, 1, 1], [0, 0, 0]]


def test_heads_that_share_keys_and_values():
    q, k, v = tg.randn(2, 6, 4, 3), tg.randn(2, 3, 5, 3), tg.randn(2, 3, 5, 2)
    y = sdpa(q, k, v, enable_gqa=True)
    for head in range(6):
        assert tg.allclose(y[:, head], sdpa(q[:, head], k[:, head // 2], v[:, head // 2]), atol=1e-6)


def test_dropped_weights():
    tg.manual_seed(0)
    q, k, v = tg.randn(400, 3), tg.randn(10, 3), tg.ones(10, 1)
    y = sdpa(q, k, v, dropout_p=0.5)
    assert abs(y.mean().item() - 1) < 0.1 and y.std() > 0.1  # the remaining weights are doubled
    assert (sdpa(q, k, v, dropout_p=1.0) == 0).all()


def test_float32_stays_float32_and_large_scores_do_not_overflow():
    y = sdpa(tg.full((1, 1), 1e20), tg.tensor([[1.0], [1e18]]), tg.tensor([[1.0], [2.0]]))
    assert y.dtype == tg.float32 and y.item() == 2


# -- several heads -----------------------------------------------------------------------------------------------------


def made(*args, **options):
    module = nn.MultiheadAttention(*args, **options).double()
    for k, p in enumerate(module.parameters()):
        nn.init.normal_(p, std=0.5, generator=tg.Generator().manual_seed(k))
    return module


def reference(module, q, k, v, bias):
    """For one sample, (L, E), (S, kdim), (S, vdim); bias (L, S)."""
    values = {name: p.detach().numpy() for name, p in module.named_parameters()}
    e, d = module.embed_dim, module.head_dim
    if "in_proj_weight" in values:
        wq, wk, wv = np.split(values["in_proj_weight"], 3)
    else:
        wq, wk, wv = (values[f"{n}_proj_weight"] for n in "qkv")
    bq, bk, bv = np.split(values.get("in_proj_bias", np.zeros(3 * e)), 3)
    q, k, v = q @ wq.T + bq, k @ wk.T + bk, v @ wv.T + bv
    if "bias_k" in values:
        k, v = np.concatenate([k, values["bias_k"][0]]), np.concatenate([v, values["bias_v"][0]])
    if module.add_zero_attn:
        k, v = np.concatenate([k, np.zeros((1, e))]), np.concatenate([v, np.zeros((1, e))])
    bias = np.concatenate([bias, np.zeros((len(bias), len(k) - bias.shape[1]))], 1)
    parts = [slice(h * d, (h + 1) * d) for h in range(module.num_heads)]
    heads = [attention(q[:, p], k[:, p], v[:, p], bias, 1 / math.sqrt(d)) for p in parts]
    y = np.concatenate([y for y, _ in heads], 1)
    y = y @ values["out_proj.weight"].T + values.get("out_proj.bias", 0)
    return y, np.array([w for _, w in heads])


OPTIONS = st.fixed_dictionaries(
    {
        "bias": st.booleans(), "add_bias_kv": st.booleans(), "add_zero_attn": st.booleans(),
        "kdim": st.sampled_from([None, 3]), "vdim": st.sampled_from([None, 2]), "batch_first": st.booleans(),
    }
)  # fmt: skip


@given(OPTIONS, st.sampled_from([None, "bool", "float"]), st.sampled_from([None, "bool", "float", "heads"]))
@settings(max_examples=40)
def test_several_heads_are_attention_in_subspaces(options, padding, masking):
    rng = np.random.default_rng(0)
    module = made(6, 2, **options)
    n, queries, keys = 2, 3, 4
    q = rng.standard_normal((n, queries, 6))
    k, v = rng.standard_normal((n, keys, module.kdim)), rng.standard_normal((n, keys, module.vdim))
    left_out, unseen = np.zeros((n, keys), bool), np.triu(np.ones((queries, keys), bool), 1)
    left_out[0, 2:] = True
    bias = np.zeros((n, queries, keys))
    given_masks = {}
    if padding:
        added = np.where(left_out, -np.inf, 0.0 if padding == "bool" else 0.2)
        bias = bias + added[:, None]
        given_masks["key_padding_mask"] = tg.tensor(left_out if padding == "bool" else added)
    if masking:
        added = np.where(unseen, -np.inf, 0.3 if masking == "float" else 0.0)
        bias = bias + added
        mask = np.broadcast_to(unseen, (4, queries, keys)).copy() if masking == "heads" else unseen
        given_masks["attn_mask"] = tg.tensor(added if masking == "float" else mask)
    tensors = [tg.tensor(x if options["batch_first"] else x.swapaxes(0, 1)) for x in (q, k, v)]
    y, weights = module(*tensors, **given_masks, average_attn_weights=False)
    fast, nothing = module(*tensors, **given_masks, need_weights=False)
    mean = module(*tensors, **given_masks)[1]
    assert nothing is None
    for found in (y, fast):
        found = found.detach().numpy()
        for s in range(n):
            expected, of_heads = reference(module, q[s], k[s], v[s], bias[s])
            row = found[s] if options["batch_first"] else found[:, s]
            np.testing.assert_allclose(row, expected, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(weights[s].detach().numpy(), of_heads, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(mean[s].detach().numpy(), of_heads.mean(0), rtol=1e-10, atol=1e-12)


@given(OPTIONS)
@settings(max_examples=10)
def test_gradients_of_several_heads(options):
    module = made(4, 2, **options)
    shapes = [(2, 2, 4), (2, 2, module.kdim), (2, 2, module.vdim)]
    names = [n for n, _ in module.named_parameters()]
    rng = np.random.default_rng(1)
    leaves = [tg.tensor(rng.standard_normal(s), requires_grad=True) for s in shapes]
    leaves += [tg.tensor(p.detach().numpy(), requires_grad=True) for p in module.parameters()]

    def f(q, k, v, *values):
        for name, value in zip(names, values, strict=True):
            part = module.out_proj if name.startswith("out_proj.") else module
            part.__dict__[name.removeprefix("out_proj.")] = value  # a tensor in the place of the parameter
        return module(q, k, v)

    assert gradcheck(f, leaves, fast_mode=True)


def test_without_a_batch_and_dropout_and_copies():
    module = nn.MultiheadAttention(4, 2, dropout=0.5)
    x = tg.randn(5, 4)
    module.eval()
    y, weights = module(x, x, x)
    batched, more = module(x[:, None], x[:, None], x[:, None])
    assert y.shape == (5, 4) and weights.shape == (5, 5)
    assert tg.allclose(y, batched[:, 0]) and tg.allclose(weights, more[0])
    assert tg.equal(copy.deepcopy(module)(x, x, x)[0], y)
    module.train()
    assert not tg.equal(module(x, x, x)[0], module(x, x, x)[0])
    assert (module(x, x, x, average_attn_weights=False)[1] == 0).any()


def test_initial_values():
    module = nn.MultiheadAttention(20, 2, add_bias_kv=True)
    bound = math.sqrt(6 / 80)
    assert 0.9 * bound < module.in_proj_weight.abs().max().item() <= bound
    assert (module.in_proj_bias == 0).all() and (module.out_proj.bias == 0).all()
    assert (module.bias_k != 0).all() and (module.bias_v != 0).all()
    assert module.out_proj.weight.abs().max().item() <= 1 / math.sqrt(20)


# -- transformers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_first", [False, True])
def test_padding_is_not_seen(norm_first):
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, norm_first=norm_first)
    x = tg.randn(2, 5, 8)
    longer = tg.cat([x, tg.randn(2, 2, 8)], 1)
    padding = tg.tensor([[False] * 5 + [True] * 2] * 2)
    assert tg.allclose(layer(longer, src_key_padding_mask=padding)[:, :5], layer(x), atol=1e-5)


def test_the_future_of_the_target_is_not_seen():
    model = nn.Transformer(8, 2, 1, 2, 16, batch_first=True).eval()
    src, tgt = tg.randn(2, 5, 8), tg.randn(2, 4, 8)
    mask = model.generate_square_subsequent_mask(4)
    y = model(src, tgt, tgt_mask=mask)
    other = tg.cat([tgt[:, :2], tg.randn(2, 2, 8)], 1)
    again = model(src, other, tgt_mask=mask)
    assert tg.allclose(y[:, :2], again[:, :2], atol=1e-5) and not tg.allclose(y[:, 2:], again[:, 2:], atol=1e-2)
    assert not tg.allclose(y[:, :2], model(src + 1, tgt, tgt_mask=mask)[:, :2], atol=1e-2)


def test_copies_of_a_layer_start_alike_and_learn_apart():
    layer = nn.TransformerEncoderLayer(8, 2, 16)
    encoder = nn.TransformerEncoder(layer, 3)
    assert len(list(encoder.parameters())) == 3 * len(list(layer.parameters()))
    first, second = encoder.layers[0].linear1.weight, encoder.layers[1].linear1.weight
    assert tg.equal(first, second) and first is not second
    encoder(tg.randn(4, 2, 8)).sum().backward()
    assert all(p.grad is not None for p in encoder.parameters()) and layer.linear1.weight.grad is None


def test_any_function_or_module_is_an_activation():
    x = tg.randn(4, 2, 8)
    for activation in ("gelu", F.silu, nn.Tanh(), lambda t: t * 0):
        assert nn.TransformerEncoderLayer(8, 2, 16, 0.0, activation)(x).shape == x.shape
        assert nn.TransformerDecoderLayer(8, 2, 16, 0.0, activation)(x, x).shape == x.shape


def test_dropout_is_for_training():
    x = tg.randn(4, 2, 8)
    for layer in (nn.TransformerEncoderLayer(8, 2, 16), nn.TransformerDecoderLayer(8, 2, 16)):
        inputs = (x,) if isinstance(layer, nn.TransformerEncoderLayer) else (x, x)
        assert not tg.equal(layer(*inputs), layer(*inputs))
        layer.eval()
        assert tg.equal(layer(*inputs), layer(*inputs))


def test_an_encoder_and_decoder_of_ones_own():
    class Same(nn.Module):
        def forward(self, x, *args, **kwargs):
            return x

    x = tg.randn(4, 2, 8)
    assert tg.equal(nn.Transformer(8, 2, custom_encoder=Same(), custom_decoder=Same())(x, x), x)


# -- bad input ---------------------------------------------------------------------------------------------------

Q, K, V = tg.zeros(4, 5, 3), tg.zeros(4, 6, 3), tg.zeros(4, 6, 2)
M = nn.MultiheadAttention(4, 2)
X, Y = tg.zeros(5, 2, 4), tg.zeros(6, 2, 4)
T = nn.Transformer(8, 2, 1, 1, 16)
BAD = [
    (lambda: sdpa(Q[0, 0], K, V), RuntimeError, "at least 2 dimensional, but got query.dim: 1 key.dim: 3"),
    (lambda: sdpa(Q, K.double(), V), RuntimeError, "dtype, but got query.dtype: float32 key.dtype: float64"),
    (lambda: sdpa(Q.long(), K.long(), V.long()), RuntimeError, "same .floating. dtype.*int64"),
    (lambda: sdpa(Q, V, V), RuntimeError, r"shapes do not fit.*\(4, 5, 3\), \(4, 6, 2\)"),
    (lambda: sdpa(Q, K, V[:, :5]), RuntimeError, r"shapes do not fit.*\(4, 6, 3\) and \(4, 5, 2\)"),
    (lambda: sdpa(Q, K[:3], V[:3]), RuntimeError, r"shapes do not fit.*\(4, 5, 3\), \(3, 6, 3\)"),
    (lambda: sdpa(Q, K, V, tg.ones(5, 6).bool(), is_causal=True), RuntimeError, "not be set when is_causal=True"),
    (lambda: sdpa(Q, K, V, tg.ones(5, 6).long()), RuntimeError, r"attn_mask.dtype: int64.*attn_mask.bool\(\)"),
    (lambda: sdpa(Q, K, V, tg.ones(5, 5).bool()), RuntimeError, r"broadcast to \(…, L, S\) = \(4, 5, 6\).*\(5, 5\)"),
    (lambda: sdpa(Q, K, V, tg.ones(2, 4, 5, 6).bool()), RuntimeError, r"broadcast to.*\(2, 4, 5, 6\)"),
    (lambda: sdpa(Q, K, V, dropout_p=2.0), ValueError, "between 0 and 1, but got 2.0"),
    (lambda: sdpa(Q, K[:3], V[:3], enable_gqa=True), RuntimeError, "Number of heads in key and value.*3.*4"),
    (lambda: sdpa(None, K, V), TypeError, "expected a Tensor"),
    (lambda: nn.MultiheadAttention(0, 2), ValueError, "must be greater than 0, got embed_dim=0 and num_heads=2"),
    (lambda: nn.MultiheadAttention(5, 2), AssertionError, "must be divisible by num_heads, but 5 is not by 2"),
    (lambda: M(X[0, 0], Y, Y), AssertionError, "unbatched 2D or batched 3D tensor but received 1-D query"),
    (lambda: M(X[:, 0], Y, Y), AssertionError, r"unbatched.*expected `key` and `value` to be 2-D but found 3"),
    (lambda: M(X[..., :3], Y, Y), AssertionError, "was expecting embedding dimension of 4, but got 3: the query's"),
    (lambda: M(X, Y[..., :3], Y), AssertionError, r"4, but got 3: the key's shape is \(6, 2, 3\).*kdim"),
    (lambda: M(X, Y, X), AssertionError, r"key shape \(6, 2, 4\) does not match value shape \(5, 2, 4\)"),
    (lambda: M(X[:, :1], Y, Y), RuntimeError, "same batch size, but with batch_first=False.*mean 1 and 2"),
    (lambda: M(X, Y, Y, tg.zeros(2, 5).bool()), AssertionError, r"key_padding_mask.shape to be \(2, 6\).*\(2, 5\)"),
    (lambda: M(X, Y, Y, tg.zeros(6).bool()), AssertionError, "expected `key_padding_mask`.*2-D but found 1-D"),
    (lambda: M(X, Y, Y, tg.zeros(2, 6).long()), AssertionError, "types of key_padding_mask.*int64"),
    (lambda: M(X, Y, Y, attn_mask=tg.zeros(5, 6).int()), AssertionError, r"types of attn_mask.*attn_mask.bool\(\)"),
    (lambda: M(X, Y, Y, attn_mask=tg.zeros(5, 5)), RuntimeError, r"2D attn_mask is \(5, 5\), but should be \(5, 6\)"),
    (lambda: M(X, Y, Y, attn_mask=tg.zeros(2, 5, 6)), RuntimeError, r"3D attn_mask is \(2, 5, 6\), but should be \(4"),
    (lambda: M(X, Y, Y, attn_mask=tg.zeros(6)), RuntimeError, "attn_mask's dimension 1 is not supported"),
    (lambda: M(X, Y, Y, attn_mask=[[1.0]]), TypeError, "attn_mask must be a Tensor, not list"),
    (lambda: M(X, X, X, is_causal=True), RuntimeError, "Need attn_mask if specifying the is_causal hint"),
    (lambda: M(X, Y, [1.0]), TypeError, "the value must be a Tensor, not list"),
    (lambda: nn.TransformerEncoderLayer(8, 2, activation="tanh"), RuntimeError, "should be relu/gelu, not tanh"),
    (lambda: T(tg.zeros(3, 2, 8), tg.zeros(3, 1, 8)), RuntimeError, "batch number of src and tgt.*2 and 1"),
    (lambda: T(tg.zeros(3, 2, 8), tg.zeros(3, 2, 7)), RuntimeError, r"must be equal to d_model = 8.*\(3, 2, 7\)"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "error", "message"), BAD)
def test_bad_input_is_told_what_is_wrong(f, error, message):
    with pytest.raises(error, match=message):
        f()
