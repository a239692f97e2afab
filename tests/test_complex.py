"""Complex numbers, as data: NumPy is the reference."""

import copy
import pickle

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu.nn import functional as F

NUMBERS = np.array([1 + 2j, -3.5 + 0.25j, 2 - 1j, 0.5j, -4, 0.125 - 3j], np.complex64)


@pytest.fixture
def z():
    return tg.from_numpy(NUMBERS.copy())


def same(x, expected):
    """Whether a tensor has the numbers, the shape and the dtype of an array."""
    expected = np.asarray(expected)
    assert x.dtype == expected.dtype, (x.dtype, expected.dtype)
    assert x.shape == expected.shape
    np.testing.assert_allclose(x.numpy(), expected, rtol=2e-6, atol=2e-6)
    return True


# -- making them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1 + 2j, tg.complex64),
        ([1 + 2j, 3], tg.complex64),
        ([[True, 0.5], [2, 1j]], tg.complex64),
        (np.array([1j]), tg.complex128),
        (np.complex64(1j), tg.complex64),
        ([np.complex128(1j), 1], tg.complex128),
        ([tg.tensor(1j), 2.0], tg.complex64),
        ([tg.tensor(1j), tg.tensor(1.0, dtype=tg.float64)], tg.complex128),
    ],
)
def test_a_tensor_of_complex_numbers(data, dtype):
    x = tg.tensor(data)
    assert x.dtype == dtype and x.is_complex() and tg.is_complex(x)
    assert not x.is_floating_point() and x.is_signed() and not x.requires_grad
    plain = data.tolist() if hasattr(data, "tolist") else data
    assert x.tolist() == np.array(plain, complex).tolist()


def test_the_default_is_that_of_floats():
    assert tg.zeros(1, dtype=complex).dtype == tg.cfloat == tg.complex64
    tg.set_default_dtype(tg.float64)
    try:
        assert tg.tensor(1j).dtype == tg.zeros(1, dtype=complex).dtype == tg.cdouble == tg.complex128
        assert (tg.tensor([1]) * 1j).dtype == tg.complex128
    finally:
        tg.set_default_dtype(tg.float32)
    with pytest.raises(TypeError, match="floating one"):
        tg.set_default_dtype(tg.complex64)


def test_filled_and_in_order():
    assert same(tg.zeros(2, dtype=tg.complex64), np.zeros(2, np.complex64))
    assert same(tg.ones(2, 1, dtype=tg.complex128), np.ones((2, 1), complex))
    assert same(tg.eye(2, dtype=tg.cfloat), np.eye(2, dtype=np.complex64))
    assert same(tg.full((2,), 1 - 1j), np.full(2, 1 - 1j, np.complex64))
    assert same(tg.full_like(tg.ones(1, dtype=tg.cfloat), 2j), np.array([2j], np.complex64))
    assert same(tg.linspace(0, 1, 3, dtype=tg.cfloat), np.linspace(0, 1, 3).astype(np.complex64))
    assert same(tg.tensor(1j).new_tensor([1]), np.ones(1, np.complex64))
    assert tg.finfo(tg.complex64).eps == tg.finfo(tg.float32).eps


@pytest.mark.parametrize("draw", [tg.rand, tg.randn])
def test_random_ones(draw):
    x = draw(3, 5000, dtype=tg.complex128)
    assert x.shape == (3, 5000) and draw(2, dtype=tg.cfloat).dtype == tg.complex64
    spread = 1 / 12 if draw is tg.rand else 1 / 2  # in each part: together they have variance 1
    assert draw((), dtype=tg.cfloat).shape == () and draw(0, dtype=tg.cfloat).shape == (0,)
    for part in (x.real, x.imag):
        assert part.var().item() == pytest.approx(spread, rel=0.1)
        assert part.mean().item() == pytest.approx(0.5 if draw is tg.rand else 0, abs=0.05)


def test_of_two_real_tensors():
    a, b = np.array([[1.0], [2.0]], np.float32), np.array([3.0, -4.0], np.float32)
    assert same(tg.complex(tg.tensor(a), tg.tensor(b)), a + 1j * b)
    assert same(tg.complex(tg.tensor(1.0).double(), tg.tensor(2.0).double()), np.array(1 + 2j))
    assert same(tg.polar(tg.tensor(a), tg.tensor(b)), (a * np.exp(1j * b)).astype(np.complex64))
    pairs = tg.tensor([[1.0, 2.0], [3.0, 4.0]])
    x = tg.view_as_complex(pairs)
    assert same(x, np.array([1 + 2j, 3 + 4j], np.complex64))
    pairs[0, 1] = 9
    assert x[0].item() == 1 + 9j


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: tg.complex(tg.tensor([1]), tg.tensor([1])), RuntimeError, "int64 and int64"),
        (lambda: tg.complex(tg.ones(1), tg.ones(1).double()), RuntimeError, "float32 and float64"),
        (lambda: tg.complex(tg.ones(1), 2.0), RuntimeError, "one floating dtype"),
        (lambda: tg.complex(tg.ones(2), tg.ones(3)), RuntimeError, "do not fit together"),
        (lambda: tg.polar(tg.ones(1).half(), tg.ones(1).half()), RuntimeError, "float16"),
        (lambda: tg.view_as_complex(tg.ones(2, 3)), RuntimeError, "last dimension of size 2"),
        (lambda: tg.view_as_complex(tg.tensor(1.0)), RuntimeError, "last dimension of size 2"),
        (lambda: tg.view_as_real(tg.ones(2)), RuntimeError, "only supported for complex tensors"),
        (lambda: tg.ones(2).imag, RuntimeError, "imag is not implemented"),
        (lambda: tg.real(1j), TypeError, r"real: expected a Tensor or an array, got complex"),
        (lambda: tg.angle([1j]), TypeError, "angle: expected a Tensor"),
        (lambda: tg.tensor(1 + 2j, dtype=tg.float32), TypeError, "cannot become float32"),
        (lambda: tg.tensor([1j], dtype=tg.int64), TypeError, "cannot become int64"),
        (lambda: tg.full((1,), 1j, dtype=tg.float32), RuntimeError, "cannot be converted to float32"),
        (lambda: tg.full_like(tg.ones(1), 1j), RuntimeError, "cannot be converted to float32"),
        (lambda: tg.scalar_tensor(1j), RuntimeError, "cannot be converted to float32"),
        (lambda: tg.fill(tg.ones(1), 1j), RuntimeError, "cannot be converted to float32"),
        (lambda: tg.normal(0.0, 1.0, (2,), dtype=tg.int64), NotImplementedError, "draws floats"),
    ],
)
def test_what_cannot_become_a_complex_tensor(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.skipif(np.dtype(np.clongdouble) == np.complex128, reason="there are none that are wider here")
def test_wider_ones_are_refused():
    with pytest.raises(TypeError, match="the widest complex number is complex128"):
        tg.tensor(np.array([1j], np.clongdouble))


# -- taking them apart --------------------------------------------------------------------------------------


def test_parts(z):
    assert same(z.real, NUMBERS.real) and same(tg.real(z), NUMBERS.real)
    assert same(z.imag, NUMBERS.imag) and same(tg.imag(z), NUMBERS.imag)
    assert same(z.abs(), np.abs(NUMBERS)) and same(abs(z), np.abs(NUMBERS))
    assert same(z.angle(), np.angle(NUMBERS))
    assert same(z.conj(), NUMBERS.conj()) and same(tg.conj_physical(z), NUMBERS.conj())
    assert z.resolve_conj() is z and not z.conj().is_conj()
    assert same(z.sgn(), NUMBERS / np.abs(NUMBERS)) and tg.tensor(0j).sgn().item() == 0
    assert same(z.isreal(), NUMBERS.imag == 0)
    assert z.cdouble().real.dtype == z.cdouble().abs().dtype == z.cdouble().angle().dtype == tg.float64


def test_parts_share_the_memory(z):
    z.real[0] = 7
    z.imag[1] = 8
    tg.view_as_real(z)[2, 0] = 9
    assert z.tolist()[:3] == [7 + 2j, -3.5 + 8j, 9 - 1j]
    assert same(tg.view_as_real(z.reshape(2, 3).T), np.stack([z.reshape(2, 3).T.real, z.reshape(2, 3).T.imag], -1))


def test_real_numbers_have_parts_too():
    x = tg.tensor([1.0, -2.0], requires_grad=True)
    assert x.real is x and x.conj() is x and x.resolve_conj() is x
    assert same(x.detach().angle(), np.angle([1.0, -2.0]).astype(np.float32))
    assert same(tg.tensor([3, -1]).angle(), np.array([0, np.pi], np.float32))
    assert tg.angle(tg.tensor(float("nan"))).isnan()
    assert x.isreal().all()
    x.angle().sum().backward()
    assert x.grad.tolist() == [0, 0]


def test_transposed_and_conjugated(z):
    a, m = NUMBERS.reshape(2, 3), z.reshape(2, 3)
    assert same(m.mH, a.conj().T) and same(m.H, a.conj().T) and same(m.adjoint(), a.conj().T)
    assert same(m.mT, a.T) and same(m.T, a.T)


def test_out_to_python_and_numpy(z):
    assert z[0].item() == 1 + 2j and type(z[0].item()) is complex
    assert z.tolist() == NUMBERS.tolist()
    assert z.numpy().dtype == np.complex64 and np.shares_memory(z.numpy(), z.numpy())
    assert complex(z[0]) == 1 + 2j and complex(tg.tensor(3)) == 3
    assert float(z[4]) == -4.0 and int(z[4]) == -4 and bool(z[0]) and not bool(tg.tensor(0j))
    assert f"{z[0]:.1f}" == "1.0+2.0j"
    for convert in (float, int):
        with pytest.raises(RuntimeError, match="cannot be converted"):
            convert(z[0])
    with pytest.raises(TypeError, match="only an integer tensor"):
        range(z[4])
    assert z.type() == "tinygrad_edu.ComplexFloatTensor" and z.element_size() == 8
    for other in (copy.deepcopy(z), pickle.loads(pickle.dumps(z)), z.clone()):
        assert same(other, NUMBERS)


def test_through_a_file(z, tmp_path):
    pytest.importorskip("safetensors")
    tg.save({"z": z}, tmp_path / "z")
    assert same(tg.load(tmp_path / "z")["z"], NUMBERS)
    with pytest.raises(TypeError, match="no complex128"):
        tg.save({"z": z.cdouble()}, tmp_path / "z")
    assert same(tg.load(tmp_path / "z")["z"], NUMBERS)


def test_memory_is_shared_with_numpy():
    a = np.array([1j, 2], ">c8")
    assert same(tg.from_numpy(a), a.astype(np.complex64))
    a = NUMBERS.copy()
    tg.from_numpy(a)[0] = 5j
    assert a[0] == 5j


def test_samples_of_a_data_set(z):
    batches = list(tg.utils.data.DataLoader(tg.utils.data.TensorDataset(z), batch_size=4))
    assert same(batches[0][0], NUMBERS[:4])
    (batch,) = tg.utils.data.DataLoader(list(NUMBERS), batch_size=6)
    assert same(batch, NUMBERS)


# -- dtypes -------------------------------------------------------------------------------------------------


def test_casts(z):
    x = tg.tensor([1.0, 2.0])
    assert x.to(tg.complex64).dtype == x.cfloat().dtype == x.type(tg.complex64).dtype == tg.complex64
    assert tg.tensor([1]).cdouble().dtype == z.to(tg.complex128).dtype == tg.complex128
    assert same(z.bool(), NUMBERS != 0)
    with pytest.warns(np.exceptions.ComplexWarning, match="discards the imaginary part"):
        assert same(z.float(), NUMBERS.real)


def test_in_place_a_real_tensor_stays_real(z):
    x = tg.ones(6)
    for change in (
        lambda: x.mul_(z),
        lambda: x.add_(1j),
        lambda: x.copy_(z),
        lambda: x.fill_(1j),
        lambda: x.__setitem__(0, 1j),
        lambda: x.__setitem__(0, z[0]),
        lambda: x.masked_fill_(x > 0, 1j),
    ):
        with pytest.raises(
            RuntimeError, match=r"part would be lost|cast to the desired output type|fit into a float32"
        ):
            change()
    assert x.tolist() == [1] * 6
    z += 1j
    z *= 2
    z[1] = 3
    z[2] = 4j
    expected = (NUMBERS + 1j) * 2
    expected[1:3] = 3, 4j
    assert same(z, expected)


# -- computing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [2, -0.5, True, 1 - 2j, np.complex64(2j), np.float32(3)], ids=str)
def test_arithmetic_with_numbers(z, other):
    for f in (
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: b - a,
        lambda a, b: a * b,
        lambda a, b: b * a,
        lambda a, b: a / b,
        lambda a, b: a == b,
        lambda a, b: a != b,
    ):
        assert same(f(z, other), f(NUMBERS, other))


@pytest.mark.parametrize("dtype", [tg.float32, tg.int64, tg.bool, tg.complex64, tg.uint8])
def test_arithmetic_with_tensors(z, dtype):
    x = tg.tensor([1, 0, 1, 1, 0, 1]).to(dtype)
    a = x.numpy().astype(np.complex64)
    assert same(z + x, NUMBERS + a) and same(x - z, a - NUMBERS)
    assert same(z * x, NUMBERS * a) and same(x / z, a / NUMBERS)
    assert same(z == x, a == NUMBERS)
    assert same(tg.where(x != 0, z, x), np.where(a != 0, NUMBERS, a))
    assert same(tg.cat([x, z]), np.concatenate([a, NUMBERS])) and same(tg.stack([z, x]), np.stack([NUMBERS, a]))


def test_arithmetic_of_real_tensors_with_complex_numbers():
    x = tg.tensor([1.0, -2.0])
    a = x.numpy()
    for f in (lambda x: 1j * x, lambda x: x + 1j, lambda x: 1j - x, lambda x: x / 2j, lambda x: 1j / x):
        assert same(f(x), f(a).astype(np.complex64))
        assert same(f(x.double()), f(a.astype(float)))
        assert same(f(x.long()), f(a).astype(np.complex64))
        assert f(x.half()).dtype == tg.complex64
    assert same(tg.tensor(2.0) ** 1j, np.complex64(2**1j))
    assert same(2j ** tg.tensor([1, 2]), np.array([2j, -4], np.complex64))


@pytest.mark.parametrize("exponent", [2, 3, -1, 0.5, -0.5, 0, 2.5, 1j])
def test_powers(z, exponent):
    assert same(z**exponent, NUMBERS ** np.complex64(exponent))
    assert same(z.cdouble().pow(exponent), NUMBERS.astype(complex) ** exponent)
    assert z.float_power(2).dtype == tg.complex128


@pytest.mark.parametrize(
    "name",
    [
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "square", "reciprocal", "negative",
        "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
        "isnan", "isinf", "isfinite",
    ],
)  # fmt: skip
def test_functions(name):
    a = np.array([1 + 2j, -0.5 + 0.25j, 2 - 1j, 0.5j, 3 - 0.25j], np.complex64)
    assert same(getattr(tg, name)(tg.tensor(a)), getattr(np, name)(a))


def test_other_functions(z):
    assert same(z.rsqrt(), 1 / np.sqrt(NUMBERS))
    assert same(z.sigmoid(), 1 / (1 + np.exp(-NUMBERS)))
    assert same(+z, NUMBERS) and same(-z, -NUMBERS)
    assert same(tg.lerp(z, 2 * z, 0.5), 1.5 * NUMBERS)
    assert same(tg.addcmul(z, z, z, value=2j), NUMBERS + 2j * NUMBERS**2)
    assert tg.allclose(z, z + 1e-9) and tg.equal(z, z) and tg.isclose(z, z + 1).tolist() == [False] * 6


@pytest.mark.parametrize("dim", [None, 0, 1])
def test_reductions(z, dim):
    a, x = NUMBERS.reshape(2, 3), z.reshape(2, 3)
    along = {} if dim is None else {"dim": dim}
    assert (
        same(x.sum(**along), a.sum(dim)) and same(x.mean(**along), a.mean(dim)) and same(x.prod(**along), a.prod(dim))
    )
    assert same(x.nansum(**along), a.sum(dim))
    assert same(x.all(**along), a.all(dim)) and same(x.any(**along), a.any(dim))
    assert same(x.norm(**along), np.sqrt((abs(a) ** 2).sum(dim))) and same(x.norm(1, **along), abs(a).sum(dim))
    if dim is not None:
        assert same(x.cumsum(dim), a.cumsum(dim)) and same(x.cumprod(dim), a.cumprod(dim))
        assert same(x.diff(dim=dim), np.diff(a, axis=dim))
    assert x.count_nonzero().item() == 6


def test_products(z):
    a, m = NUMBERS.reshape(2, 3), z.reshape(2, 3)
    assert same(m @ m.T, a @ a.T) and same(tg.mm(m, m.mH), a @ a.conj().T) and same(z @ z, NUMBERS @ NUMBERS)
    assert same(z.dot(z), NUMBERS @ NUMBERS) and same(tg.vdot(z, z), np.vdot(NUMBERS, NUMBERS))
    assert same(tg.outer(z, z), np.outer(NUMBERS, NUMBERS))
    assert same(tg.einsum("ij,ij->i", m, m), (a * a).sum(1))
    assert same(F.linear(m, m), a @ a.T)
    with pytest.raises(RuntimeError, match="same dtype, but got complex64 and float32"):
        z @ tg.ones(6)


def test_shapes_and_indices(z):
    a, m = NUMBERS.reshape(2, 3), z.reshape(2, 3)
    assert same(m[1], a[1]) and same(m[:, 1:], a[:, 1:]) and same(z[tg.tensor([0, 0, 5])], NUMBERS[[0, 0, 5]])
    assert same(z[z.real > 0], NUMBERS[NUMBERS.real > 0])
    assert same(m.flatten(), a.ravel()) and same(m.unsqueeze(0), a[None]) and same(m.flip(1), a[:, ::-1])
    assert same(m.repeat(2, 1), np.tile(a, (2, 1))) and same(m.expand(2, 2, 3), np.broadcast_to(a, (2, 2, 3)))
    assert same(F.pad(z, (1, 2)), np.pad(NUMBERS, (1, 2))) and same(m.triu(), np.triu(a))
    assert [t.item() for t in z.split(1)] == NUMBERS.tolist() and same(m.unbind(1)[2], a[:, 2])
    assert same(z.masked_fill(z.real < 0, 1j), np.where(NUMBERS.real < 0, np.complex64(1j), NUMBERS))


def test_numpys_functions(z):
    for f in (np.real, np.imag, np.conj, np.angle, np.abs, np.exp, np.sum, np.mean, np.sqrt):
        assert same(f(z), f(NUMBERS))
    assert np.iscomplexobj(z) and not np.isrealobj(z) and np.isrealobj(tg.ones(1))
    assert same(np.array([2j] * 6, np.complex64) * z, 2j * NUMBERS)
    spectrum = np.fft.fft(tg.tensor([1.0, 2.0, 4.0]))
    assert spectrum.is_complex() and spectrum[0].item() == pytest.approx(7)
