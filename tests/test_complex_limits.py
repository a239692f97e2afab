"""What complex numbers do not have: an order, bits, layers and gradients."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.test_complex import NUMBERS, same
from tinygrad_edu.dtypes import UNDEFINED
from tinygrad_edu.nn import functional as F
from tinygrad_edu.primitive import PRIMITIVES


@pytest.fixture
def z():
    return tg.from_numpy(NUMBERS.copy())


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("lt", lambda z: z < z),
        ("le", lambda z: z <= 1),
        ("gt", lambda z: z > 1j),
        ("ge", lambda z: tg.ge(1, z)),
        ("lt", lambda z: z.real < 1j),
        ("amax", lambda z: z.max()),
        ("amin", lambda z: z.amin()),
        ("amin", lambda z: z.aminmax()),
        ("max", lambda z: z.max(0)),
        ("min", lambda z: z.min(dim=0)),
        ("argmax", lambda z: z.argmax()),
        ("argmin", lambda z: z.argmin(0)),
        ("sort", lambda z: z.sort()),
        ("sort", lambda z: z.argsort()),
        ("sort", lambda z: z.topk(1)),
        ("sort", lambda z: z.kthvalue(1)),
        ("median", lambda z: z.median()),
        ("mode", lambda z: z.mode()),
        ("quantile", lambda z: z.quantile(0.5)),
        ("unique", lambda z: z.unique()),
        ("searchsorted", lambda z: tg.searchsorted(z, z)),
        ("cummax", lambda z: z.cummax(0)),
        ("cummin", lambda z: z.cummin(0)),
        ("maximum", lambda z: tg.maximum(z, z)),
        ("minimum", lambda z: tg.minimum(z, tg.tensor(1.0))),
        ("fmax", lambda z: z.fmax(z)),
        ("clip", lambda z: z.clamp(0, 1)),
        ("clip", lambda z: z.clamp(min=0)),
        ("maximum", lambda z: z.real.clamp(min=1j)),
        ("floor", lambda z: z.floor()),
        ("ceil", lambda z: z.ceil()),
        ("round", lambda z: z.round()),
        ("trunc", lambda z: z.trunc()),
        ("frac", lambda z: z.frac()),
        ("sign", lambda z: z.sign()),
        ("signbit", lambda z: z.signbit()),
        ("heaviside", lambda z: tg.heaviside(z, z)),
        ("copysign", lambda z: tg.copysign(z, 1.0)),
        ("remainder", lambda z: z % 2),
        ("floor_divide", lambda z: z // 2),
        ("fmod", lambda z: z.fmod(2)),
        ("arctan2", lambda z: tg.atan2(z, z)),
        ("hypot", lambda z: z.hypot(z)),
        ("var", lambda z: z.var()),
        ("std", lambda z: z.std(0)),
        ("cov", lambda z: z.cov()),
        ("erf", lambda z: z.erf()),
        ("relu", lambda z: z.relu()),
        ("softmax", lambda z: z.softmax(0)),
        ("log_softmax", lambda z: z.log_softmax(0)),
        ("logsumexp", lambda z: z.logsumexp(0)),
        ("softplus", lambda z: F.softplus(z)),
        ("leaky_relu", lambda z: F.leaky_relu(z)),
        ("mse_loss", lambda z: F.mse_loss(z, z)),
        ("mse_loss", lambda z: F.mse_loss(z, z, reduction="sum")),
        ("l1_loss", lambda z: F.l1_loss(z, z)),
        ("cross_entropy", lambda z: F.cross_entropy(z[None], tg.tensor([0]))),
        ("binary_cross_entropy", lambda z: F.binary_cross_entropy(z, z)),
        ("softplus", lambda z: F.binary_cross_entropy_with_logits(z, z)),
        ("batch_norm", lambda z: F.batch_norm(z.reshape(6, 1), None, None, training=True)),
        ("standardize", lambda z: F.layer_norm(z, (6,))),
        ("max_pool1d", lambda z: F.max_pool1d(z[None], 2)),
        ("adaptive_max_pool1d", lambda z: F.adaptive_max_pool1d(z[None], 2)),
        ("hardshrink", lambda z: F.hardshrink(z)),
        ("softshrink", lambda z: F.softshrink(z)),
        ("threshold", lambda z: F.threshold(z, 0, 1)),
        ("rms_norm", lambda z: F.rms_norm(z, (6,))),
        ("local_response_norm", lambda z: F.local_response_norm(z.reshape(1, 6, 1), 2)),
        ("scatter_extreme", lambda z: z.scatter_reduce(0, tg.zeros(6, dtype=tg.int64), z, "amax")),
        ("scaled_dot_product_attention", lambda z: F.scaled_dot_product_attention(z[None], z[None], z[None])),
        ("cosine_similarity", lambda z: F.cosine_similarity(z, z, dim=0)),
        ("dropout", lambda z: F.dropout(z)),
        ("linear", lambda z: tg.nn.Linear(6, 1)(z)),
        ("cholesky", lambda z: tg.linalg.cholesky(z[:4].reshape(2, 2))),
        ("maximum", lambda z: np.maximum(z, z)),
        ("amax", lambda z: np.max(z)),
    ],
)
def test_complex_numbers_have_no_order_and_no_layers(z, name, call):
    with pytest.raises(RuntimeError, match=rf"^(linalg\.)?({name})\b.*complex64"):
        call(z)
    assert same(z, NUMBERS)


def test_what_is_undefined_are_primitives():
    assert set(UNDEFINED) <= set(PRIMITIVES)


def test_whole_numbers_take_the_default_dtype_as_before():
    tg.set_default_dtype(tg.float64)
    try:
        for dtype in (tg.int16, tg.uint8, tg.int64, tg.bool):  # for small ones NumPy has float32 and float16
            assert tg.ones(1, dtype=dtype).exp().dtype == tg.float64
    finally:
        tg.set_default_dtype(tg.float32)


class Twisted(tg.autograd.Function):
    """A function of the user's that returns complex numbers."""

    @staticmethod
    def forward(ctx, x):
        return x.detach() * 1j

    @staticmethod
    def backward(ctx, g):
        return g


def test_complex_numbers_have_no_bits(z):
    for call in (lambda: ~z, lambda: z & z, lambda: z | 1, lambda: z << 1):
        with pytest.raises(RuntimeError, match="works on integers and bools"):
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda w, z: w * z,
        lambda w, z: z - w,
        lambda w, z: 1j * w,
        lambda w, z: w + np.complex64(1j),
        lambda w, z: w / z,
        lambda w, z: w**1j,
        lambda w, z: tg.cat([z, w]),
        lambda w, z: tg.stack([w, z]),
        lambda w, z: tg.where(w > 0, z, w),
        lambda w, z: tg.where(w > 0, w, z),
        lambda w, z: tg.lerp(z, w, 0.5),
        lambda w, z: tg.einsum("i,i->", w, z),
        lambda w, z: tg.complex(w, w),
        lambda w, z: tg.polar(w.detach(), w),
        lambda w, z: tg.view_as_complex(w.reshape(3, 2)),
        lambda w, z: np.matmul(z, w),
        lambda w, z: z.numpy() @ w,
        lambda w, z: np.dot(w, z),
        lambda w, z: np.where(w > 0, z, w),
        lambda w, z: np.cross(w[:3], z[:3]),
        lambda w, z: w.masked_fill(w > 0, 1j),
        lambda w, z: tg.fill(z, w[0]),
        lambda w, z: F.bilinear(w[None], z[None], w.expand(1, 6, 6)),
        lambda w, z: Twisted.apply(w),
        lambda w, z: w.cfloat(),
        lambda w, z: w.to(tg.complex128),
        lambda w, z: tg.as_tensor(w, dtype=tg.cfloat),
        lambda w, z: z.mul_(w),
        lambda w, z: z.copy_(w),
        lambda w, z: z.__setitem__(0, w[0]),
        lambda w, z: z.requires_grad_(),
        lambda w, z: tg.zeros(1, dtype=tg.cfloat, requires_grad=True),
        lambda w, z: tg.tensor([1j], requires_grad=True),
        lambda w, z: tg.randn(2, dtype=tg.cfloat, requires_grad=True),
        lambda w, z: tg.nn.Parameter(z),
    ],
)
def test_complex_numbers_carry_no_gradients(z, call):
    w = tg.ones(6, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"complex numbers carry no gradients here.*two float tensors"):
        call(w, z)
    assert same(z, NUMBERS) and not z.requires_grad


def test_where_no_gradient_is_wanted_all_is_well(z):
    w = tg.ones(6, requires_grad=True)
    assert same(w.detach() * z, NUMBERS) and (w == z).tolist() == [False] * 6
    with tg.no_grad():
        assert same(w * z, NUMBERS) and same(tg.cat([w, z])[6:], NUMBERS)
        assert tg.complex(w, w).is_complex() and w.cfloat().is_complex()
    assert not tg.nn.Parameter(z, requires_grad=False).requires_grad


def test_gradients_go_through_the_parts():
    a, b = tg.tensor([3.0], requires_grad=True), tg.tensor([4.0], requires_grad=True)
    (a * a - b * b).backward()  # the real part of (a + bi)²
    assert (a.grad.item(), b.grad.item()) == (6, -8)
    z = tg.tensor([1j, 2])
    w = tg.ones(2, requires_grad=True)
    (w * z.real + w * z.abs()).sum().backward()  # the parts of data are floats like others
    assert w.grad.tolist() == [1, 4]
