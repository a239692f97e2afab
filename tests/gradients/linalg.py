"""Random calls of every primitive of products and linear algebra.

Matrices are drawn by their singular values or eigenvalues, which lie between 0.7 and 3 and stay 0.4 apart:
the derivatives of decompositions grow with the inverse of the gaps, and differences would say nothing.
What is unique up to a sign only (eigenvectors, singular vectors) is checked through functions that do not
depend on it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.harness import Call
from tinygrad_edu.functions import einsum
from tinygrad_edu.linalg.checks import transposed as T
from tinygrad_edu.rules import decompositions, elementwise, linalg
from tinygrad_edu.testing import arrays, broadcastable, shapes


@st.composite
def products(draw: Any) -> Call:
    """Operands of a @ b: vectors, matrices, batches that broadcast."""
    n, k, m = (draw(st.integers(0, 4)) for _ in range(3))
    left, right = draw(broadcastable(2, max_dims=2, max_side=3))
    a = (k,) if not left and draw(st.booleans()) else (*left, n, k)
    b = (k,) if not right and draw(st.booleans()) else (*right, k, m)
    return Call(linalg.matmul, (draw(arrays(a)), draw(arrays(b))))


@st.composite
def contractions(draw: Any) -> Call:
    a, b = draw(shapes()), list(draw(shapes()))
    n = draw(st.integers(0, min(len(a), len(b))))
    over_a = tuple(draw(st.permutations(range(len(a))))[:n])
    over_b = tuple(draw(st.permutations(range(len(b))))[:n])
    for i, j in zip(over_a, over_b, strict=True):
        b[j] = a[i]
    axes = (over_a, over_b)
    return Call(lambda x, y: linalg.tensordot(x, y, axes=axes), (draw(arrays(a)), draw(arrays(tuple(b)))))


@st.composite
def equations(draw: Any) -> Call:
    """One to three operands with some of four indices, repeated ones too; sides of 1 in some of them."""
    sides = {c: draw(st.integers(0 if c == "k" else 1, 3)) for c in "ijkl"}
    term = st.text("ijkl", min_size=0, max_size=3)
    terms = draw(st.lists(term, min_size=1, max_size=3))
    known = sorted(set("".join(terms)))
    output = "".join(draw(st.permutations(known))[: draw(st.integers(0, len(known)))])
    operands = []
    for t in terms:
        narrow = {c: 1 if draw(st.integers(0, 5)) == 0 else sides[c] for c in set(t)}
        operands.append(draw(arrays(tuple(narrow[c] for c in t), low=-1.5, high=1.5)))
    equation = f"{','.join(terms)}->{output}"
    return Call(lambda *xs: einsum(equation, *xs), tuple(operands))


@st.composite
def crosses(draw: Any) -> Call:
    a, b = draw(broadcastable(2, max_dims=2))
    axis = draw(st.integers(-1 - min(len(a), len(b)), -1))
    a, b = ((*s[: len(s) + 1 + axis], 3, *s[len(s) + 1 + axis :]) for s in (a, b))
    return Call(lambda x, y: linalg.cross(x, y, axis=axis), (draw(arrays(a)), draw(arrays(b))))


batches = shapes(max_dims=2, max_side=2)


@st.composite
def orthogonal(draw: Any, batch: tuple[int, ...], n: int) -> Any:
    a = draw(arrays((*batch, n, n), low=-1, high=1))
    return np.linalg.qr(a + 2 * np.eye(n))[0]


def spaced(rng: np.random.Generator, batch: tuple[int, ...], n: int) -> Any:
    """n numbers from 0.7 up, at least 0.4 apart."""
    return 0.3 + np.cumsum(rng.uniform(0.4, 0.7, (*batch, n)), axis=-1)


@st.composite
def matrices(draw: Any, batch: tuple[int, ...] = (), m: int = 2, n: int = 2) -> Any:
    """Matrices with singular values apart from each other and from 0."""
    k = min(m, n)
    s = spaced(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), batch, k)
    u, v = draw(orthogonal(batch, m))[..., :k], draw(orthogonal(batch, n))[..., :k]
    return (u * s[..., None, :]) @ np.swapaxes(v, -1, -2)


@st.composite
def symmetric(draw: Any, batch: tuple[int, ...], n: int) -> Any:
    """Half of a positive definite matrix, so that x + xᵀ is one."""
    w = spaced(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), batch, n)
    v = draw(orthogonal(batch, n))
    return (v * w[..., None, :]) @ np.swapaxes(v, -1, -2) / 2


def of_square(f: Any, least: int = 0) -> st.SearchStrategy[Call]:
    drawn = st.tuples(batches, st.integers(least, 4)).flatmap(lambda t: matrices(t[0], t[1], t[1]))
    return drawn.map(lambda x: Call(f, (x,)))


def of_symmetric(f: Any) -> st.SearchStrategy[Call]:
    drawn = st.tuples(batches, st.integers(0, 3)).flatmap(lambda t: symmetric(*t))
    return drawn.map(lambda x: Call(lambda x: f(elementwise.add(x, T(x))), (x,)))


def of_oblong(f: Any, least: int = 0, most: int = 3) -> st.SearchStrategy[Call]:
    drawn = st.tuples(batches, st.integers(least, most), st.integers(least, most)).flatmap(lambda t: matrices(*t))
    return drawn.map(lambda x: Call(f, (x,)))


@st.composite
def systems(draw: Any) -> Call:
    n, k = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    left, right = draw(broadcastable(2, max_dims=2, max_side=2))
    return Call(decompositions.solve, (draw(matrices(left, n, n)), draw(arrays((*right, n, k)))))


@st.composite
def determinants(draw: Any) -> Call:
    """Of matrices of every rank."""
    n = draw(st.integers(0, 4))
    x = draw(matrices(draw(batches), n, n))
    lost = draw(st.integers(0, n))
    if lost:
        u, s, vh = np.linalg.svd(x)
        s[..., n - lost :] = 0
        x = (u * s[..., None, :]) @ vh
    return Call(decompositions.det, (x,))


def scaled(x: Any) -> Any:
    """Each column times another number, as symmetric functions would not notice a permutation."""
    return elementwise.multiply(x, np.arange(1, x.shape[-1] + 1, dtype=x.dtype))


def of_eigh(x: Any) -> Any:
    w, v = decompositions.eigh(x)
    return w, elementwise.multiply(v, v), linalg.matmul(scaled(v), T(v))


def of_svd(x: Any) -> Any:
    u, s, vh = decompositions.svd(x)
    return s, elementwise.multiply(u, u), elementwise.multiply(vh, vh), linalg.matmul(scaled(u), vh)


def of_pinv(x: Any) -> Any:
    return decompositions.pinv(x, rtol=1e-3, atol=0.0, hermitian=False)


CASES = {
    "matmul": products(),
    "tensordot": contractions(),
    "einsum": equations(),
    "cross": crosses(),
    "inv": of_square(decompositions.inv),
    "solve": systems(),
    "det": determinants(),
    "cofactor": of_square(decompositions.cofactors),
    "slogdet": of_square(lambda x: decompositions.slogdet(x)[1]),
    "cholesky": of_symmetric(decompositions.cholesky),
    "eigh": of_symmetric(of_eigh),
    "svd": of_oblong(of_svd),
    "qr": of_oblong(decompositions.qr),
    "pinv": of_oblong(of_pinv),
}
