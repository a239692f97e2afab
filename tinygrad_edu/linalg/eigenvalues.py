"""Eigenvalues of matrices that need not be symmetric: complex numbers, and so without gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.dtypes import NO_GRADIENT, complex_of
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.linalg.checks import square
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules.decompositions import LinAlgError

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["Eig", "eig", "eigvals"]

_SYMMETRIC = {"eig": "eigh", "eigvals": "eigvalsh"}


class Eig(NamedTuple):
    """Eigenvalues in no order, and eigenvectors as columns, of length 1."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eig(A: Any) -> Eig:
    """Eigenvalues (…, n) and eigenvectors (…, n, n), as columns: A v = λ v. Both are complex, also of real matrices.

    Raises RuntimeError for tensors that are being recorded (for symmetric matrices there is `eigh`), and
    LinAlgError, which is one, for NaN and inf.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.eig(tg.tensor([[2., 0.], [0., 3.]])).eigenvalues
    tensor([2.+0.j, 3.+0.j])
    """
    values, vectors = _decomposed("eig", np.linalg.eig, A)
    return Eig(values, vectors)


def eigvals(A: Any) -> Tensor:
    """The eigenvalues of square matrices, (…, n, n) → complex (…, n). Raises as `eig`.

    >>> import tinygrad_edu as tg
    >>> tg.linalg.eigvals(tg.tensor([[0., -1.], [1., 0.]])).abs()  # a rotation: i and −i
    tensor([1., 1.])
    """
    (values,) = _decomposed("eigvals", lambda a: (np.linalg.eigvals(a),), A)
    return values


def _decomposed(name: str, function: Any, A: Any) -> list[Tensor]:
    square(name, A, "fc")
    if recording.get() and getattr(A, "requires_grad", False):
        raise RuntimeError(
            f"linalg.{name}: {NO_GRADIENT} If A is symmetric, linalg.{_SYMMETRIC[name]} has real "
            f"results, and gradients. Where none is wanted: linalg.{name}(A.detach())."
        )
    a = raw(A, name)
    if not np.all(np.isfinite(a)):
        raise LinAlgError(f"linalg.{name}: input tensor should not contain infs or NaNs (shape {tuple(a.shape)})")
    kind = a.dtype if a.dtype.kind == "c" else complex_of(a.dtype)
    return [wrap(np.asarray(x).astype(kind, copy=False)) for x in function(a)]
