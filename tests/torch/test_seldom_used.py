"""Functions that few programs use, and the words of errors, against PyTorch's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(6)


def both(f: Any) -> tuple[Any, Any]:
    """What a function of a library gives: ours, and PyTorch's. Or the errors."""
    found: list[Any] = []
    for library in (tg, torch):
        try:
            found.append(f(library))
        except Exception as error:
            found.append(error)
    ours, theirs = found
    return ours, theirs


def same(f: Any) -> None:
    ours, theirs = both(f)
    assert not isinstance(ours, Exception) and not isinstance(theirs, Exception), (ours, theirs)
    for mine, other in zip(*((x if isinstance(x, tuple) else (x,)) for x in (ours, theirs)), strict=True):
        assert str(other.dtype) == f"torch.{mine.dtype}" and mine.shape == tuple(other.shape)
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=2e-6, atol=1e-7)


@pytest.mark.filterwarnings("ignore:torch.range is deprecated")
def test_range() -> None:
    for args in ((0, 4), (1, 2, 0.25), (5, 0, -2), (3, 3), (0, 1, 0.3), (-2.5, 2)):
        same(lambda lib: lib.range(*args))  # noqa: B023
    same(lambda lib: lib.range(0, 4, dtype=lib.int64))


def test_mantissas_exponents_and_powers_of_two() -> None:
    a = np.array([0.0, 1, -3, 0.3, 1e30, 1e-40, np.inf, -np.inf, np.nan])
    for dtype in (np.float32, np.float64):
        same(lambda lib: tuple(lib.frexp(lib.tensor(a.astype(dtype)))))  # noqa: B023
        same(lambda lib: lib.ldexp(lib.tensor(a[:5].astype(dtype)), lib.tensor([1, -2, 3, 0, 5])))  # noqa: B023
    same(lambda lib: lib.ldexp(lib.tensor([1, 2]), lib.tensor([[0], [3]])))
    x, z = tg.tensor([0.3, -5.0], requires_grad=True), torch.tensor([0.3, -5.0], requires_grad=True)
    tg.frexp(x)[0].sum().backward()
    torch.frexp(z)[0].sum().backward()
    assert x.grad.tolist() == z.grad.tolist()


def test_special_functions() -> None:
    pytest.importorskip("scipy")
    a = np.array([-12, -3, -0.5, 0, 0.1, 2, 6, np.inf, -np.inf, np.nan])
    p = np.array([0, 1e-30, 1e-5, 0.3, 0.5, 0.9, 1, 2])
    for dtype in (np.float32, np.float64):
        same(lambda lib: lib.special.ndtr(lib.tensor(a.astype(dtype))))  # noqa: B023
        same(lambda lib: lib.special.ndtri(lib.tensor(p.astype(dtype))))  # noqa: B023
    m = rng.standard_normal((3, 4))
    for name in ("softmax", "log_softmax"):
        same(lambda lib: getattr(lib.special, name)(lib.tensor(m), 1))  # noqa: B023
        same(lambda lib: getattr(lib.special, name)(lib.tensor(m), dim=0, dtype=lib.float32))  # noqa: B023
    same(lambda lib: lib.special.logsumexp(lib.tensor(m), 1, keepdim=True))
    same(lambda lib: lib.special.expit(lib.tensor(m)))
    for name, numbers in (("ndtr", a[1:7]), ("ndtri", p[2:6])):
        x, z = tg.tensor(numbers, requires_grad=True), torch.tensor(numbers, requires_grad=True)
        getattr(tg.special, name)(x).sum().backward()
        getattr(torch.special, name)(z).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-9)


def test_buffers() -> None:
    raw = bytearray(np.arange(4, dtype=np.int32).tobytes())
    for options in ({}, {"offset": 4}, {"count": 2}, {"count": 1, "offset": 12}):
        same(lambda lib: lib.frombuffer(raw, dtype=lib.int32, **options))  # noqa: B023
    same(lambda lib: lib.frombuffer(raw, dtype=lib.float64))


WORDS: dict[str, Any] = {
    "expand": lambda lib: lib.ones(2, 3).expand(3, 3),
    "expand to fewer": lambda lib: lib.ones(2, 3).expand(3),
    "expand in front": lambda lib: lib.ones(2, 3).expand(-1, 2, 3),
    "broadcast_to": lambda lib: lib.broadcast_to(lib.ones(6), (3, 5)),
    "ragged": lambda lib: lib.tensor([[1, 2], [3]]),
    "ragged within": lambda lib: lib.tensor([[[1, 2], [3, 4]], [[5, 6], [7]]]),
    "ragged matrices": lambda lib: lib.tensor([[[1, 2], [3, 4]], [[5, 6]]]),
    "len": lambda lib: len(lib.tensor(1.0)),
    "iteration": lambda lib: list(lib.tensor(1.0)),
    "randn": lambda lib: lib.randn(-1, 2),
    "empty": lambda lib: lib.empty(2, -3),
    "arange": lambda lib: lib.arange(0, 5, -1),
    "arange without steps": lambda lib: lib.arange(0, 5, 0),
    "arange without end": lambda lib: lib.arange(0, float("inf")),
    "range": lambda lib: lib.range(0, 5, -1),
    "cat": lambda lib: lib.cat([]),
    "concat": lambda lib: lib.concat([]),
    "stack": lambda lib: lib.stack([]),
    "hstack": lambda lib: lib.hstack([]),
    "frexp": lambda lib: lib.frexp(lib.tensor([1])),
    "few bytes": lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int32, count=3),
    "odd bytes": lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int32, offset=2),
    "no bytes": lambda lib: lib.frombuffer(bytearray(), dtype=lib.int32),
    "bytes behind": lambda lib: lib.frombuffer(bytearray(8), dtype=lib.int32, offset=8),
    "geometric_": lambda lib: lib.ones(2).geometric_(1.0),
    "log_normal_": lambda lib: lib.ones(2).log_normal_(0, 0),
    "cauchy_": lambda lib: lib.ones(2).cauchy_(0, 0),
    "fft": lambda lib: lib.fft.fft(lib.ones(2), norm="x"),
    "fft of nothing": lambda lib: lib.fft.fft(lib.ones(2), n=0),
    "fft of a number": lambda lib: lib.fft.fft(lib.tensor(1.0)),
    "fftn": lambda lib: lib.fft.fftn(lib.ones(2), s=(1, 1)),
    "matrix_exp": lambda lib: lib.linalg.matrix_exp(lib.ones(2, 3)),
    "index of a number": lambda lib: lib.tensor(1.0)[0],
    "indices of a number": lambda lib: lib.tensor(1.0)[0, 0],
    "too many indices": lambda lib: lib.ones(2, 2)[0, 0, 0],
    "size": lambda lib: lib.ones(2, 3).size(5),
    "size of a number": lambda lib: lib.tensor(1.0).size(0),
    "vander": lambda lib: lib.linalg.vander(lib.ones(2), N=1),
}


@pytest.mark.parametrize("mistake", WORDS.values(), ids=WORDS)
@pytest.mark.filterwarnings("ignore:torch.range is deprecated")
def test_errors_have_pytorchs_class_and_words(mistake: Any) -> None:
    ours, theirs = both(mistake)
    assert type(ours) is type(theirs)
    words = re.sub(
        r"^expand\(torch.*\): |[.:]$| or `tensor.item<T>\(\)` in C\+\+", "", str(theirs).split("\n")[0].strip()
    )
    assert words in str(ours)


LINALG: dict[str, Any] = {
    "inv": lambda lib: lib.linalg.inv(lib.ones(2, 2)),
    "inv_ex": lambda lib: lib.linalg.inv_ex(lib.ones(2, 2), check_errors=True),
    "solve": lambda lib: lib.linalg.solve(lib.ones(2, 2), lib.ones(2)),
    "cholesky": lambda lib: lib.linalg.cholesky(-lib.eye(2)),
    "cholesky_ex": lambda lib: lib.linalg.cholesky_ex(-lib.eye(2), check_errors=True),
    "eig": lambda lib: lib.linalg.eig(lib.full((2, 2), float("nan"))),
}


@pytest.mark.parametrize("mistake", LINALG.values(), ids=LINALG)
def test_what_has_no_result_is_refused_in_the_same_words(mistake: Any) -> None:
    ours, theirs = both(mistake)
    assert isinstance(ours, tg.linalg.LinAlgError) and isinstance(theirs, RuntimeError)
    said = re.search("because the input( matrix)? is [a-z-]+|input tensor should not contain infs or NaNs", str(theirs))
    assert said and said.group() in str(ours)


@pytest.mark.parametrize(
    ("draw", "quantiles"), [("log_normal_", (0.1, 0.9)), ("cauchy_", (0.2, 0.8)), ("geometric_", (0.3, 0.9))]
)
def test_draws_in_place_have_the_same_distribution(draw: str, quantiles: tuple[float, float]) -> None:
    args = (0.3,) if draw == "geometric_" else ()
    ours, theirs = (getattr(lib.empty(40_000), draw)(*args).numpy() for lib in (tg, torch))
    for q in quantiles:
        np.testing.assert_allclose(np.quantile(ours, q), np.quantile(theirs, q), rtol=0.15, atol=0.15)
