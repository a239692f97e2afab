"""What PyTorch has of it outside of `torch.linalg`, too: the package exports these names itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.linalg import decompositions, solving
from tinygrad_edu.linalg.checks import transposed
from tinygrad_edu.linalg.determinants import det, logdet, matrix_power, slogdet
from tinygrad_edu.linalg.exponentials import matrix_exp
from tinygrad_edu.linalg.solving import inv as inverse
from tinygrad_edu.linalg.solving import pinv as pinverse
from tinygrad_edu.primitive import wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "cholesky", "cholesky_solve", "det", "inverse", "logdet", "matrix_exp", "matrix_power", "pinverse", "qr", "slogdet",
    "svd",
]  # fmt: skip


def cholesky(input: Any, upper: bool = False) -> Tensor:
    """`linalg.cholesky`.

    >>> import tinygrad_edu as tg
    >>> tg.cholesky(tg.tensor([[4.]]))
    tensor([[2.]])
    """
    return decompositions.cholesky(input, upper=upper)


def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Tensor:
    """The solution X of A X = B, given the factor L of A = L Lᵀ (or U of A = Uᵀ U, if `upper`): (…, n, k).

    >>> import tinygrad_edu as tg
    >>> tg.cholesky_solve(tg.tensor([[8.0]]), tg.tensor([[2.0]]))
    tensor([[2.]])
    """
    lower, raised = (transposed(L), L) if upper else (L, transposed(L))
    half = solving.solve_triangular(lower, B, upper=False)
    return solving.solve_triangular(raised, half, upper=True)


def qr(input: Any, some: bool = True) -> decompositions.QR:
    """`linalg.qr`, reduced if `some`, else complete.

    >>> import tinygrad_edu as tg
    >>> abs(tg.qr(tg.tensor([[3.], [4.]])).R)
    tensor([[5.]])
    """
    return decompositions.qr(input, "reduced" if some else "complete")


class USV(NamedTuple):
    """The parts of input = U diag(S) Vᵀ."""

    U: Tensor
    S: Tensor
    V: Tensor


def svd(input: Any, some: bool = True, compute_uv: bool = True) -> USV:
    """The singular value decomposition input = U diag(S) Vᵀ: V itself, where `linalg.svd` gives its transpose.

    Without `compute_uv`, U and V are zeros.

    >>> import tinygrad_edu as tg
    >>> tg.svd(tg.tensor([[0., 2.], [3., 0.]])).S
    tensor([3., 2.])
    """
    u, s, vh = decompositions.svd(input, not some)
    if compute_uv:
        return USV(u, s, transposed(vh))
    *batch, m, n = input.shape
    return USV(wrap(np.zeros((*batch, m, m), s.dtype)), s, wrap(np.zeros((*batch, n, n), s.dtype)))
