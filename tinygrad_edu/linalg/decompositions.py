"""Matrices as products of simpler ones: Cholesky, eigenvectors, singular vectors, QR."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.linalg.checks import matrices, square, transposed
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import decompositions as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["QR", "SVD", "Eigh", "cholesky", "eigh", "eigvalsh", "qr", "svd", "svdvals"]


def cholesky(A: Any, *, upper: bool = False) -> Tensor:
    """The lower triangle L with A = L Lᵀ (the upper one, Lᵀ, if `upper`) of positive definite matrices.

    The matrices are taken as symmetric, and the gradient is. Raises LinAlgError if one is not positive definite.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.cholesky(tg.tensor([[4., 2.], [2., 5.]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    square("cholesky", A)
    lower = rules.cholesky(A)
    return transposed(lower) if upper else lower


class Eigh(NamedTuple):
    """Eigenvalues in ascending order, and eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(A: Any, UPLO: str = "L") -> Eigh:
    """Eigenvalues (…, n) in ascending order and eigenvectors (…, n, n), as columns, of symmetric matrices.

    Args:
        UPLO: which triangle is read, "L" or "U".

    Eigenvectors have derivatives where the eigenvalues are distinct; each is unique up to its sign, so a
    loss should not depend on that.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.eigh(tg.tensor([[3., 0.], [0., 1.]])).eigenvalues
    tensor([1., 3.])
    """
    square("eigh", A)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"linalg.eigh: UPLO must be 'L' or 'U', not {UPLO!r}")
    return Eigh(*rules.eigh(A, UPLO=UPLO.upper()))


def eigvalsh(A: Any, UPLO: str = "L") -> Tensor:
    """The eigenvalues of symmetric matrices in ascending order, (…, n, n) → (…, n).

    >>> import tinygrad_edu as tg
    >>> tg.linalg.eigvalsh(tg.tensor([[3., 0.], [0., 1.]]))
    tensor([1., 3.])
    """
    return eigh(A, UPLO).eigenvalues


class SVD(NamedTuple):
    """A = U diag(S) Vh, the singular values in descending order."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """Singular values and vectors: A = U diag(S) Vh, (…, m, n) → (…, m, m), (…, k), (…, n, n) with k = min(m, n).

    Args:
        full_matrices: False leaves out the columns of U and the rows of Vh beyond the k-th, which are not unique
            (and through which no gradient flows).
        driver: for PyTorch's CUDA only; ignored.

    Singular vectors have derivatives where the singular values are distinct and not 0.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.svd(tg.tensor([[0., 2.], [3., 0.]])).S
    tensor([3., 2.])
    """
    matrices("svd", A)
    return SVD(*rules.svd(A, full_matrices=bool(full_matrices)))


def svdvals(A: Any, *, driver: str | None = None) -> Tensor:
    """The singular values in descending order, (…, m, n) → (…, min(m, n)).

    >>> import tinygrad_edu as tg
    >>> tg.linalg.svdvals(tg.tensor([[0., 2.], [3., 0.]]))
    tensor([3., 2.])
    """
    return svd(A, False).S


class QR(NamedTuple):
    """A = Q R with orthonormal columns in Q, and R an upper triangle."""

    Q: Tensor
    R: Tensor


def qr(A: Any, mode: str = "reduced") -> QR:
    """A = Q R: (…, m, n) → (…, m, k), (…, k, n) with k = min(m, n).

    Args:
        mode: "reduced"; "complete" for k = m (no derivative if m > n); "r" for R alone, with an empty Q.

    Its derivative needs the first k columns of A to be independent.

    >>> import tinygrad_edu as tg
    >>> abs(tg.linalg.qr(tg.tensor([[0., 2.], [3., 0.]])).R)
    tensor([[3., 0.],
            [0., 2.]])
    """
    matrices("qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"linalg.qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    q, r = rules.qr(A, mode="complete" if mode == "complete" else "reduced")
    return QR(wrap(np.zeros(0, A.dtype)) if mode == "r" else q, r)
