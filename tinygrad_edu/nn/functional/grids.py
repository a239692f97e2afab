"""Images sampled at positions that a network computes (spatial transformers; Jaderberg et al., 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.shaping import contiguous
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise, indexing, linalg, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["affine_grid", "grid_sample"]


def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Tensor:
    """Where the pixels of an image of that size come from: (N, 2, 3) → (N, H, W, 2), for `grid_sample`.

    Args:
        theta: for each image the matrix that takes (x, y, 1) to the position, both from −1 to 1.
        size: (N, C, H, W) of the image to be made.
        align_corners: whether −1 and 1 are the centres of the outermost pixels, rather than their outer edges.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.affine_grid(tg.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2))
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    a, size = raw(theta, "affine_grid"), tuple(size)
    if getattr(a, "dtype", np.dtype(int)).kind != "f":
        raise ValueError(f"Expected theta to have floating point type, but got {getattr(a, 'dtype', type(a))}")
    if len(size) != 4 or a.shape != (size[0], 2, 3):
        raise ValueError(
            f"affine_grid: Expected a batch of 2D affine matrices of shape Nx2x3 for size (N, C, H, W) {size}. Got "
            f"{tuple(a.shape)}."
        )
    n, _, h, w = size
    y, x = np.meshgrid(*(_centres(k, bool(align_corners)) for k in (h, w)), indexing="ij")
    points = np.stack([x, y, np.ones_like(x)], axis=-1).reshape(1, h * w, 3).astype(a.dtype)
    moved = linalg.matmul(points, shaping.transpose(theta, axes=(0, 2, 1)))
    return shaping.reshape(moved, shape=(n, h, w, 2))


def _centres(n: int, align_corners: bool) -> Any:
    """The centres of n pixels, from −1 to 1."""
    if align_corners:
        return np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
    return (2 * np.arange(n) + 1) / n - 1


def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The image at the positions in `grid`: (N, C, H, W) and (N, H', W', 2) → (N, C, H', W').

    Args:
        grid: for each pixel of the result x and y, from −1 (left, top) to 1.
        mode: "bilinear", or "nearest".
        padding_mode: outside there are "zeros", or the outermost pixels ("border"), or the image's "reflection".
        align_corners: whether −1 and 1 are the centres of the outermost pixels, rather than their outer edges.

    >>> import tinygrad_edu as tg
    >>> image = tg.tensor([[[[1.0, 3.0]]]])
    >>> tg.nn.functional.grid_sample(image, tg.tensor([[[[0.0, 0.0], [0.25, 0.0]]]]))
    tensor([[[[2.0000, 2.5000]]]])
    """
    a, at = raw(input, "grid_sample"), raw(grid, "grid_sample")
    if np.ndim(a) != 4 or np.ndim(at) != 4 or at.shape[-1] != 2 or at.shape[0] != a.shape[0]:
        raise RuntimeError(
            f"grid_sampler(): expected an input (N, C, H, W) and a grid (N, H', W', 2) with the same batch size, but "
            f"got input with sizes {list(np.shape(a))} and grid with sizes {list(np.shape(at))}. (Volumes are not "
            f"supported.)"
        )
    if a.dtype != at.dtype:
        raise RuntimeError(f"grid_sampler(): expected input and grid to have same dtype, but got {a.dtype}, {at.dtype}")
    if mode not in ("bilinear", "nearest"):
        raise ValueError(f"grid_sample: expected mode to be 'bilinear' or 'nearest', but got: '{mode}'")
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            f"grid_sample: expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        )
    if 0 in a.shape[2:]:
        raise RuntimeError(f"grid_sampler(): expected input to have non-empty spatial dimensions, got {list(a.shape)}")
    sides, corners = a.shape[2:], bool(align_corners)
    y, x = (_pixels(grid, k, sides, padding_mode, corners) for k in (0, 1))
    if mode == "nearest":
        value = _at(input, np.rint(raw(y, "y")), np.rint(raw(x, "x")))
    else:
        top, left = np.floor(raw(y, "y")), np.floor(raw(x, "x"))
        down, right = elementwise.subtract(y, top), elementwise.subtract(x, left)
        up, back = elementwise.subtract(1, down), elementwise.subtract(1, right)
        value = None
        for dy, v in ((0, up), (1, down)):
            for dx, u in ((0, back), (1, right)):
                share = shaping.reshape(elementwise.multiply(v, u), shape=(*at.shape[:3], 1))
                part = elementwise.multiply(_at(input, top + dy, left + dx), share)
                value = part if value is None else elementwise.add(value, part)
    return contiguous(shaping.transpose(value, axes=(0, 3, 1, 2)))


def _pixels(grid: Any, k: int, sides: tuple[int, ...], padding: str, corners: bool) -> Any:
    """The positions along side `k` (0: y, 1: x), counted in pixels; inside the image unless it is padded by zeros."""
    n = sides[k]
    at = indexing.getitem(grid, index=(Ellipsis, 1 - k))
    if corners:
        at = elementwise.multiply(elementwise.add(at, 1), (n - 1) / 2)
    else:
        at = elementwise.subtract(elementwise.multiply(elementwise.add(at, 1), n / 2), 0.5)
    if padding == "reflection":
        low, span = (0, n - 1) if corners else (-0.5, n)
        if not span:
            return wrap(np.zeros_like(raw(at, "grid")))
        far = np.abs(raw(at, "grid") - low)
        turns = np.floor(far / span)
        sign = np.where(turns % 2, -1, 1) * np.where(raw(at, "grid") < low, -1, 1)
        # low + |at − low| − span · turns, or the same from the other end
        flat = elementwise.multiply(elementwise.subtract(at, low), sign.astype(far.dtype))
        at = elementwise.add(flat, (np.where(turns % 2, turns + 1, -turns) * span + low).astype(far.dtype))
    return at if padding == "zeros" else elementwise.clip(at, min=0, max=n - 1)


def _at(input: Any, y: Any, x: Any) -> Any:
    """The pixels at whole positions, with the channels last; 0 outside."""
    n, _, h, w = raw(input, "grid_sample").shape
    inside = (y >= 0) & (y < h) & (x >= 0) & (x < w)
    rows, columns = (np.clip(np.nan_to_num(p), 0, m - 1).astype(int) for p, m in ((y, h), (x, w)))
    pixels = indexing.getitem(input, index=(np.arange(n)[:, None, None], slice(None), rows, columns))
    return pixels if inside.all() else elementwise.multiply(pixels, inside[..., None].astype(pixels._array.dtype))
