"""The slopes of a function that is known at some points: `torch.gradient` (which is no gradient of the engine's)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import get_default_dtype
from tinygrad_edu.functions.axes import cut
from tinygrad_edu.functions.cumulative import diff
from tinygrad_edu.functions.joining import cat
from tinygrad_edu.functions.shaping import lifted, many_axes
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["gradient"]


def gradient(input: Any, *, spacing: Any = None, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """For each dimension in `dim` (default: all) the slope at each point, a tensor of the shape of `input`.

    Between two neighbours it is the mean of the slopes to both, weighted so that it is exact for parabolas.

    Args:
        spacing: the distance of neighbours (default 1), or a sequence with one number, or one tensor of coordinates,
            for each dimension.
        edge_order: 1 takes at the ends the slope to the only neighbour, 2 is exact for parabolas there, too.

    Raises RuntimeError where there are less than edge_order + 1 points, or spacing and dim do not fit together.
    Derivatives flow to `input`, not to coordinates.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([0., 1., 2., 3.])
    >>> tg.gradient(x**2)
    (tensor([1., 2., 4., 5.]),)
    >>> tg.gradient(x**2, spacing=(x,), edge_order=2)
    (tensor([0., 2., 4., 6.]),)
    """
    x = lifted(input, "gradient")
    if edge_order not in (1, 2):
        raise RuntimeError(f"torch.gradient only supports edge_order=1 and edge_order=2., not {edge_order}")
    ndim = x._array.ndim
    axes = tuple(range(ndim)) if dim is None else many_axes(dim, ndim, "gradient")
    for axis in axes:
        if ndim and x._array.shape[axis] <= edge_order:
            raise RuntimeError(
                f"torch.gradient expected each dimension size to be at least edge_order+1, but dimension {axis} of the "
                f"shape {tuple(x._array.shape)} has less than {edge_order + 1}. Choose others: dim=…"
            )
    places = _spacings(spacing, axes, dim is None)
    return tuple(_slopes(x, axis, place, edge_order) for axis, place in zip(axes, places, strict=True))


def _spacings(spacing: Any, axes: tuple[int, ...], all_of_them: bool) -> list[Any]:
    """For each dimension the distance of neighbours, or the coordinates."""
    if spacing is None:
        return [1] * len(axes)
    if not isinstance(spacing, (tuple, list)):
        if np.ndim(spacing._array if isinstance(spacing, TensorBase) else spacing):
            raise TypeError("gradient: coordinates are given in a tuple, one tensor for each dimension: spacing=(t,)")
        return [spacing] * len(axes)
    if len(spacing) != len(axes):
        if all_of_them:
            raise RuntimeError(
                f"torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to "
                f"'self.dim() = {len(axes)}', since dim argument was not given, but got a list of length {len(spacing)}"
            )
        raise RuntimeError(
            f"torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have "
            f"the same length, but got a spacing argument of length {len(spacing)} and a dim argument of length "
            f"{len(axes)}."
        )
    return list(spacing)


def _slopes(x: Any, axis: int, place: Any, edge_order: int) -> Any:
    """The slopes along one dimension."""
    if not x._array.ndim:
        return elementwise.multiply(x, 0)
    kind = x._array.dtype if x._array.dtype.kind in "fc" else get_default_dtype()
    n = x._array.shape[axis]
    at = np.asarray(place._array if isinstance(place, TensorBase) else place)
    share: Any = 0.5  # of the slope to the left: the width at the right, divided by both
    if at.ndim:
        if at.shape != (n,):
            raise RuntimeError(
                f"torch.gradient expected each element of spacing to have the size of its dimension, {n}, but the "
                f"coordinates for dimension {axis} have the shape {at.shape}"
            )
        widths = np.reshape(np.diff(at), (-1, *(1,) * (x._array.ndim - axis - 1))).astype(kind)
        share = widths[1:] / (widths[:-1] + widths[1:])
    else:
        widths = at.item()
    steps = elementwise.divide(diff(x, dim=axis), widths)
    left, right = cut(steps, axis, None, -1), cut(steps, axis, 1, None)
    middle = elementwise.add(elementwise.multiply(share, left), elementwise.multiply(1 - share, right))
    ends = cut(steps, axis, None, 1), cut(steps, axis, -1, None)
    if edge_order == 2:
        last = (share, share) if at.ndim == 0 else (share[:1], share[-1:])
        bend = elementwise.subtract(left, right)
        ends = (
            elementwise.add(ends[0], elementwise.multiply(1 - last[0], cut(bend, axis, None, 1))),
            elementwise.subtract(ends[1], elementwise.multiply(last[1], cut(bend, axis, -1, None))),
        )
    return cat([ends[0], middle, ends[1]], axis)
