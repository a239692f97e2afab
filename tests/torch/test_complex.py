"""Complex numbers: how they print, what they become, and what they give, compared with PyTorch."""

import itertools

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import printing

torch = pytest.importorskip("torch")


def as_torch(text):
    """PyTorch's text, with dtypes spelled as here."""
    return text.replace("torch.", "")


def same_text(array):
    """Are both printed alike, but for the longer names of PyTorch's dtypes, which make it begin a new line earlier?"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(printing, "dtype_name", lambda dtype: f"torch.{dtype}")
        assert repr(tg.tensor(array)) == repr(torch.tensor(array))


@pytest.mark.parametrize(
    "values",
    [
        [1 + 2j],
        [1 + 2j, -3 - 4j],
        [1.5 + 2j, 3 - 0.25j],
        [0j, -0.0 - 0j, complex(0.0, -0.0)],
        [1e-5 + 1j, 2 + 1e10j],
        [1e10 + 1e-10j],
        [1234567 + 0.5j, 1j],
        [100000 + 1j, 0.001 - 100j],
        [1 / 3 - 2j / 3, 1e3 + 1j],
        [complex(np.nan, 1), complex(np.inf, -np.inf), complex(1, -np.nan)],
        [complex(np.nan, np.inf)],
        [True, 2, 3.5, 1j],
        [*range(20), 1j],
        [k * (1.25 - 0.5j) for k in range(40)],
    ],
    ids=str,
)
def test_printing(values):
    for dtype in (np.complex64, np.complex128):
        same_text(np.array(values, dtype))
        for v in values:
            same_text(np.array(v, dtype))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shape", [(3,), (17,), (2, 3), (5, 9), (2, 2, 3), (0,), (2, 0), (1001,), (40, 30)])
def test_printing_of_many(shape, seed):
    rng = np.random.default_rng(seed)
    size = 10.0 ** rng.integers(-6, 7)
    a = (rng.standard_normal(shape) + 1j * rng.standard_normal(shape)) * size
    if seed % 2:
        a = np.round(a)
    if seed % 3 == 0:
        a = np.where(rng.random(shape) < 0.3, a.real, a)
    same_text(a.astype(np.complex64 if seed % 4 else np.complex128))


def test_printing_with_options_and_another_default():
    a = np.array([1.23456 - 7j, 0.1j])
    try:
        for options in ({"precision": 2}, {"sci_mode": True}, {"linewidth": 20}, {"sci_mode": False}):
            tg.set_printoptions(**options)
            torch.set_printoptions(**options)
            same_text(a * 1e5)
        tg.set_printoptions(profile="default")
        torch.set_printoptions(profile="default")
        tg.set_default_dtype(tg.float64)
        torch.set_default_dtype(torch.float64)
        same_text(a)
        same_text(a.astype(np.complex64))
        assert repr(tg.tensor(1j)) == repr(torch.tensor(1j))
    finally:
        for library in (tg, torch):
            library.set_printoptions(profile="default")
            library.set_default_dtype(library.float32)


DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64", "complex64", "complex128")


def operands(library):
    """Tensors with dimensions and without, and numbers."""
    shapes = ((2,), ())
    tensors = [library.ones(shape, dtype=getattr(library, d)) for d, shape in itertools.product(DTYPES, shapes)]
    return [*tensors, True, 2, 2.5, 1j]


def test_promotion():
    ours, theirs = operands(tg), operands(torch)
    for i, j in itertools.product(range(len(ours)), repeat=2):
        if i >= 16 and j >= 16:
            continue  # two numbers
        expected = as_torch(str(torch.result_type(theirs[i], theirs[j])))
        assert str(tg.result_type(ours[i], ours[j])) == expected
        pair = f"{ours[i]!r} and {ours[j]!r}"
        if "complex" in expected:
            assert str((ours[i] * ours[j]).dtype) == as_torch(str((theirs[i] * theirs[j]).dtype)) == expected, pair
            assert str((ours[i] / ours[j]).dtype) == as_torch(str((theirs[i] / theirs[j]).dtype)), pair


def test_promotion_of_dtypes():
    for a, b in itertools.product((*DTYPES, "float16"), repeat=2):
        if {a, b} == {"float16", "complex32"}:
            continue
        expected = as_torch(str(torch.promote_types(getattr(torch, a), getattr(torch, b))))
        assert str(tg.promote_types(getattr(tg, a), getattr(tg, b))) == expected, (a, b)
        assert tg.can_cast(getattr(tg, a), getattr(tg, b)) == torch.can_cast(getattr(torch, a), getattr(torch, b))


@pytest.mark.parametrize(
    "call",
    [
        lambda t, z, x: t.tensor([1, 2j]),
        lambda t, z, x: t.tensor([[1 + 1j, True], [2.5, 3]]),
        lambda t, z, x: t.complex(x, -x),
        lambda t, z, x: t.polar(x, x),
        lambda t, z, x: t.view_as_real(z),
        lambda t, z, x: t.view_as_complex(t.stack([x, x], -1)),
        lambda t, z, x: (z.real, z.imag, z.abs(), z.angle(), x.angle(), x.long().angle()),
        lambda t, z, x: (z.conj(), z.sgn(), z.isreal(), z.reshape(2, 1).mH, z.reshape(2, 1).H),
        lambda t, z, x: (z + x, z - 1, 1j - z, z * 1j, x * 1j, z / x, 1j / z, 2 / z),
        lambda t, z, x: (z**2, z**0.5, z**-1, z**1j, x**1j, 2**z, z**x, z.float_power(2)),
        lambda t, z, x: (z @ z, t.outer(z, z), t.vdot(z, z), z.dot(z), t.einsum("i,j->ij", z, z)),
        lambda t, z, x: (z == z, z == 1 + 2j, z != x, t.isclose(z, z), t.isfinite(z)),
        lambda t, z, x: (z.sum(), z.mean(), z.prod(), z.cumsum(0), z.cumprod(0), z.norm(), z.diff()),
        lambda t, z, x: (z.exp(), z.log(), z.sqrt(), z.sin(), z.cos(), z.tan(), z.sigmoid(), z.tanh()),
        lambda t, z, x: (z.asin(), z.acos(), z.atan(), z.sinh(), z.cosh(), z.log2(), z.log10(), z.log1p(), z.rsqrt()),
        lambda t, z, x: (t.cat([z, x]), t.stack([x, z]), t.where(x > 1, z, 0), t.where(x > 1, 1j, x)),
        lambda t, z, x: (z[0], z[1:], z.flip(0), z.reshape(2, 1), z.bool(), z.real.sum(), t.eye(2, dtype=t.cfloat)),
        lambda t, z, x: (
            x.to(t.complex64),
            x.cdouble(),
            t.full((2,), 1 + 1j),
            t.ones_like(z),
            t.empty(0, dtype=z.dtype),
        ),
        lambda t, z, x: (z.tolist(), z[0].item(), complex(z[0]), f"{z[0]:.2f}", z.is_complex(), x.is_complex()),
        lambda t, z, x: (t.is_complex(z), z.is_floating_point(), z.is_signed(), z.element_size(), t.is_conj(z)),
    ],
)
def test_a_tour(call):
    results = []
    for library in (tg, torch):
        z = library.tensor([1 + 2j, -3.5 + 0.25j])
        x = library.tensor([1.0, 2.0])
        results.append(repr(call(library, z, x)))
    assert results[0] == as_torch(results[1])


@pytest.mark.parametrize(
    "call",
    [
        lambda t, z: z < z,
        lambda t, z: z > 1,
        lambda t, z: z.max(),
        lambda t, z: z.max(0),
        lambda t, z: z.argmin(),
        lambda t, z: z.sort(),
        lambda t, z: z.topk(1),
        lambda t, z: z.clamp(0, 1),
        lambda t, z: z.round(),
        lambda t, z: z.floor(),
        lambda t, z: z.sign(),
        lambda t, z: z % 2,
        lambda t, z: z // 2,
        lambda t, z: t.maximum(z, z),
        lambda t, z: z.relu(),
        lambda t, z: z.softmax(0),
        lambda t, z: t.nn.functional.mse_loss(z, z),
        lambda t, z: z.real.imag,
        lambda t, z: z @ z.real,
        lambda t, z: z.real.add_(z),
        lambda t, z: float(z[0]),
        lambda t, z: t.complex(z.real, z.real.double()),
        lambda t, z: t.full_like(z.real, 1j),
    ],
)
def test_the_same_errors(call):
    for library in (tg, torch):
        with pytest.raises(RuntimeError):
            call(library, library.tensor([1 + 2j, -3.5 + 0.25j]))


def test_numbers_of_parts_drawn_at_random():
    x = torch.randn(20_000, dtype=torch.cfloat)
    ours = tg.randn(20_000, dtype=tg.cfloat)
    assert ours.real.std().item() == pytest.approx(x.real.std().item(), rel=0.05)
    assert ours.imag.std().item() == pytest.approx(x.imag.std().item(), rel=0.05)
