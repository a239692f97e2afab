"""Inverses, determinants and decompositions of matrices, and of batches of them (…, m, n).

Sources: M. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008): inverse, determinant, Cholesky, eigenvalues. J. Townsend, "Differentiating the
singular value decomposition" (2016). S. Walter and L. Lehmann, "Algorithmic differentiation of linear
algebra functions" (2010): QR. G. Golub and V. Pereyra, "The differentiation of pseudo-inverses and
nonlinear least squares problems" (1973).

Eigenvectors and singular vectors have derivatives only where eigenvalues and singular values are distinct.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu.primitive import TensorBase, rule


class LinAlgError(np.linalg.LinAlgError, RuntimeError):
    """A matrix that is singular, not positive definite, or on which an iteration did not converge."""


T = np.matrix_transpose


def lapack(name: str, reason: str, function: Callable[..., Any], *operands: Any, **options: Any) -> Any:
    """Run one of NumPy's decompositions; its failure says what was wrong with the matrix and what to do."""
    try:
        return function(*operands, **options)
    except np.linalg.LinAlgError:
        raise LinAlgError(f"linalg.{name}: {reason} (shape {tuple(operands[0].shape)}).") from None


SINGULAR = (
    "because the input matrix is singular: its rows depend on each other. Use linalg.pinv or linalg.lstsq, or add a "
    "small multiple of the identity"
)
INDEFINITE = (
    "The factorization could not be completed because the input is not positive-definite. (Is it symmetric, with "
    "positive eigenvalues?) For a covariance, add a small multiple of the identity"
)
DIVERGED = "the iteration did not converge: does a matrix contain NaN or inf?"


def per_matrix(g: Any) -> Any:
    """`g`, one number for each matrix, so that it multiplies all of its elements."""
    return np.expand_dims(g, (-2, -1))


# -- inverse and determinant ------------------------------------------------------------------------------

inv = rule(
    lambda x: lapack("inv", f"The inversion could not be completed {SINGULAR}", np.linalg.inv, x),
    lambda g, y: -T(y) @ g @ T(y),
    name="inv",
)
solve = rule(
    lambda a, b: lapack(
        "solve", f"The solver failed {SINGULAR}", np.linalg.solve, a, b
    ),  # b: matrices, never one vector
    lambda g, y, a: -np.linalg.solve(T(a), g) @ T(y),
    lambda g, a: np.linalg.solve(T(a), g),
    name="solve",
)


def inverse(x: Any) -> Any:
    """x⁻¹, whose transpose is the derivative of log|det x|."""
    return lapack("slogdet", "log|det| has no derivative where a determinant is 0", np.linalg.inv, x)


def cofactor(x: Any) -> Any:
    """The matrix of cofactors: the derivative of det(x) by x, for matrices of every rank.

    With x = u diag(s) vᵀ it is det(u vᵀ) u diag(products of the other s) vᵀ. (det(x) x⁻ᵀ is the same
    where x has an inverse.)
    """
    if isinstance(x, TensorBase):
        return cofactors(x)
    u, s, vh = np.linalg.svd(x)
    return orientation(u, vh) * (u * np.expand_dims(product_of_others(s), -2)) @ vh


def orientation(u: Any, vh: Any) -> Any:
    """det(u vh), which is 1 or −1, as a constant for each matrix."""
    return per_matrix(np.sign(np.linalg.det(u) * np.linalg.det(vh)))


def product_of_others(s: Any) -> Any:
    """For each i the product of all s but s_i."""
    own = np.eye(s.shape[-1], dtype=bool)
    return np.prod(np.where(own, 1, np.expand_dims(s, -2)), axis=-1)


def product_of_third(s: Any) -> Any:
    """For each pair i ≠ j the product of all s but s_i and s_j; 0 on the diagonal."""
    own = np.eye(s.shape[-1], dtype=bool)
    either = own[:, None] | own[None]
    rest = np.prod(np.where(either, 1, np.expand_dims(s, (-3, -2))), axis=-1)
    return np.where(own, 0, rest)


def cofactor_cotangent(g: Any, x: Any) -> Any:
    """det(u vᵀ) u (diag(p diag(h)) − p ∘ hᵀ) vᵀ with h = uᵀ g v, where p holds the products of all s but two."""
    u, s, vh = np.linalg.svd(x)
    h, p = T(u) @ g @ T(vh), product_of_third(s)
    own = np.eye(s.shape[-1], dtype=bool)
    diagonal = np.sum(p * np.expand_dims(np.sum(np.where(own, h, 0), axis=-1), -2), axis=-1)
    return orientation(u, vh) * (u @ np.where(own, np.expand_dims(diagonal, -1), -p * T(h)) @ vh)


cofactors = rule(
    cofactor,
    lambda g, x: cofactor_cotangent(g, x),
    name="cofactor",
)
det = rule(
    lambda x: np.linalg.det(x),
    lambda g, x: per_matrix(g) * cofactor(x),
    name="det",
)
slogdet: Any = rule(
    lambda x: tuple(np.linalg.slogdet(x)),  # (sign, log|det|)
    lambda g, x: per_matrix(g[1]) * T(inverse(x)),
    name="slogdet",
)


# -- decompositions ---------------------------------------------------------------------------------------


def mirrored(x: Any) -> Any:
    """The symmetric matrix that has the lower triangle of `x`."""
    return np.tril(x) + T(np.tril(x, -1))


def quotient(a: Any, b: Any) -> Any:
    """a / b, and 0 where both are 0: what does not enter the loss does not care for equal values."""
    void = (a == 0) & (b == 0)
    return np.where(void, 0, a / np.where(void, 1, b))


def cholesky_cotangent(g: Any, y: Any) -> Any:
    """y⁻ᵀ s y⁻¹ where s is half of the symmetric matrix with the lower triangle of yᵀ g."""
    half = np.linalg.solve(T(y), mirrored(T(y) @ g) / 2)
    return T(np.linalg.solve(T(y), T(half)))


def eigh_cotangent(g: Any, y: Any) -> Any:
    """v (diag(gw) + ½ (vᵀ gv − gvᵀ v) / (w_j − w_i)) vᵀ, a symmetric matrix."""
    (gw, gv), (w, v) = g, y
    turn = T(v) @ gv
    turn = quotient((turn - T(turn)) / 2, np.expand_dims(w, -2) - np.expand_dims(w, -1))
    return (v * np.expand_dims(gw, -2) + v @ turn) @ T(v)


def svd_cotangent(g: Any, y: Any) -> Any:
    """u (diag(gs) + k(uᵀ gu) s_j + s_i k(vᵀ gv)) vᵀ with k(m) = (m − mᵀ) / (s_j² − s_i²).

    For oblong matrices the parts of gu and gv outside of the spaces that u and v span come on top.
    """
    (gu, gs, gvh), (u, s, vh) = g, y
    k, m, n = s.shape[-1], u.shape[-2], vh.shape[-1]
    if u.shape[-1] > k or vh.shape[-2] > k:  # full matrices: what is beyond the k-th is not unique
        u, gu, vh, gvh = u[..., :k], gu[..., :k], vh[..., :k, :], gvh[..., :k, :]
    v, gv = T(vh), T(gvh)
    row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)
    gap = (row - column) * (row + column)
    ku, kv = T(u) @ gu, T(v) @ gv
    left = u * np.expand_dims(gs, -2) + u @ (quotient(ku - T(ku), gap) * row + column * quotient(kv - T(kv), gap))
    if m > k:
        outside = quotient(gu, row)
        left = left + outside - u @ (T(u) @ outside)
    c = left @ vh
    if n > k:
        outside = quotient(gv, row)
        c = c + u @ T(outside - v @ (T(v) @ outside))
    return c


def qr_cotangent(g: Any, y: Any) -> Any:
    """(gq + q mirrored(r grᵀ − gqᵀ q)) r⁻ᵀ; what a wide matrix has beyond the square is q times the rest of r."""
    (gq, gr), (q, r) = g, y
    k, n = r.shape[-2:]
    if k < n:
        gq = gq + q @ r[..., k:] @ T(gr[..., k:])
        return np.concatenate([qr_cotangent((gq, gr[..., :k]), (q, r[..., :k])), q @ gr[..., k:]], axis=-1)
    if n < k:
        raise RuntimeError(
            f"linalg.qr: mode='complete' of matrices with more rows than columns ({k} by {n}) has no derivative, since "
            f"the last columns of Q are not unique. Use mode='reduced'."
        )
    return T(np.linalg.solve(r, T(gq + q @ mirrored(r @ T(gr) - T(gq) @ q))))


def pinv_cotangent(g: Any, y: Any, x: Any) -> Any:
    """(1 − x y) gᵀ y yᵀ + yᵀ y gᵀ (1 − y x) − yᵀ g yᵀ, for matrices whose rank does not change nearby."""
    if x.shape[-2] < x.shape[-1]:
        return T(pinv_cotangent(T(g), T(y), T(x)))
    h = y @ T(g)  # as small as y yᵀ: nothing here has as many columns as x has rows
    p = h @ y
    return (T(g) - x @ h) @ (y @ T(y)) + T(y) @ (h - p @ x) - T(p)


def pseudo_inverse(x: Any, *, rtol: Any, atol: Any, hermitian: bool) -> Any:
    """v diag(1/s) uᵀ over the singular values s > max(atol, rtol · largest)."""
    if hermitian:
        s, u = lapack("pinv", DIVERGED, np.linalg.eigh, x)
        vh = T(u)
    else:
        u, s, vh = lapack("pinv", DIVERGED, np.linalg.svd, x, full_matrices=False)
    size = np.abs(s)
    kept = size > np.maximum(atol, rtol * np.max(size, axis=-1, keepdims=True, initial=0))
    weights = np.where(kept, 1 / np.where(kept, s, 1), 0)
    return (T(vh) * np.expand_dims(weights, -2)) @ T(u)


cholesky = rule(
    lambda x: lapack("cholesky", INDEFINITE, np.linalg.cholesky, x),
    lambda g, y: cholesky_cotangent(g, y),
    name="cholesky",
)
eigh: Any = rule(
    lambda x, *, UPLO="L": tuple(lapack("eigh", DIVERGED, np.linalg.eigh, x, UPLO)),
    lambda g, y: eigh_cotangent(g, y),
    name="eigh",
)
svd: Any = rule(
    lambda x, *, full_matrices=False: tuple(lapack("svd", DIVERGED, np.linalg.svd, x, full_matrices)),
    lambda g, y: svd_cotangent(g, y),
    name="svd",
)
qr: Any = rule(
    lambda x, *, mode="reduced": tuple(lapack("qr", DIVERGED, np.linalg.qr, x, mode)),
    lambda g, y: qr_cotangent(g, y),
    name="qr",
)
pinv = rule(
    pseudo_inverse,
    lambda g, y, x: pinv_cotangent(g, y, x),
    name="pinv",
)
