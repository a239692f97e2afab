"""Powers of numbers, as polynomials are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.shaping import unsqueeze
from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["vander"]


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each element in a row of `N` columns (as many as elements): x^(N−1), …, x, 1, or `increasing`.

    >>> import tinygrad_edu as tg
    >>> tg.vander(tg.tensor([1.0, 2.0, 3.0]))
    tensor([[1., 1., 1.],
            [4., 2., 1.],
            [9., 3., 1.]])
    """
    shape = raw(x, "vander").shape
    if len(shape) != 1:
        raise RuntimeError(f"x must be a one-dimensional tensor, not of shape {tuple(shape)}: write x.flatten()")
    n = shape[0] if N is None else N
    if n < 0:
        raise RuntimeError(f"N must be non-negative, the number of columns, not {n}")
    powers = np.arange(n)
    return rules.power(unsqueeze(x, 1), powers if increasing else powers[::-1])
