"""How many numbers lie in which interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.axes import floats
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.primitive import TensorBase, wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["histogram"]


class Histogram(NamedTuple):
    """Counts, and the edges of the intervals: one more than counts."""

    hist: Tensor
    bin_edges: Tensor


def histogram(
    input: Any, bins: Any = 100, *, range: Any = None, weight: Any = None, density: bool = False
) -> Histogram:
    """How many elements (or how much of their `weight`) lie in each interval. No gradient.

    Args:
        bins: how many equal intervals, from the least element to the greatest or in `range`; or their edges.
        range: two numbers. Elements outside do not count.
        weight: of the input's shape.
        density: divide by the sum and by the width, so that the area is 1.

    >>> import tinygrad_edu as tg
    >>> hist, bin_edges = tg.histogram(tg.tensor([1.0, 2.0, 1.0]), bins=4, range=(0.0, 3.0))
    >>> hist, bin_edges
    (tensor([0., 2., 1., 0.]), tensor([0.0000, 0.7500, 1.5000, 2.2500, 3.0000]))
    """
    a = floats("histogram", input)._array
    w = None if weight is None else raw(weight, "histogram")
    if w is not None and w.shape != a.shape:
        raise RuntimeError(
            f"histogram(): if weight tensor is provided it should have the same shape as the input tensor, "
            f"{tuple(a.shape)}, not {tuple(w.shape)}"
        )
    edges: Any = bins
    if isinstance(bins, int):
        if bins <= 0:
            raise RuntimeError(f"histogram(): bins must be > 0, but got {bins}")
        if range is None and not a.size:
            range = (0.0, 1.0)
    elif range is not None:
        raise TypeError("histogram(): a range goes with a number of bins; edges of bins have their own")
    else:
        edges = raw(bins, "histogram") if isinstance(bins, TensorBase) else np.asarray(bins)
    try:
        counts, edges = np.histogram(a, edges, range and tuple(range), density, w)
    except ValueError as error:  # edges that fall, a range that is not finite
        raise RuntimeError(f"histogram(): {error}") from None
    return Histogram(wrap(counts.astype(a.dtype)), wrap(np.asarray(edges, a.dtype)))
