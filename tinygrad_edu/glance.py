"""Tensors at a glance in notebooks: numbers where there are few, a heat map where there are many.

Above stands what one looks for first: shape, dtype, range, mean, and how many are NaN or infinite. Negative numbers
are blue, positive ones orange, 0 is white; NaN is magenta and infinity black. Dimensions before the last two are laid
out as tiles.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib
from html import escape
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.node import Node, TensorBase

__all__ = ["heat_map", "html"]

_FEW, _COLUMNS = 100, 16  # elements and columns that are shown as numbers
_SIDE = 240  # the most pixels of the picture, which is enlarged
_TILES = 64
_BLUE, _ORANGE = np.array([33, 102, 172]), np.array([201, 92, 8])
_NAN, _INFINITE, _GAP = (214, 0, 190), (0, 0, 0), (128, 128, 128)


def html(tensor: TensorBase) -> str:
    """What a notebook shows of a tensor. Computes nothing: of a lazy array, the text."""
    a = tensor._array
    if type(a) is not ndarray or a.dtype.kind not in "bifu":
        return f"<pre>{escape(repr(tensor))}</pre>"
    facts = _facts(a)
    edge = tensor._edge()
    if edge is not None:
        facts.append(f"grad_fn {edge.name()}" if isinstance(edge, Node) else "requires grad")
    head = f'<div style="font-family:monospace">{escape(type(tensor).__name__)} {escape(", ".join(facts))}</div>'
    if a.size == 0:
        return head
    small = a.size <= _FEW and a.ndim <= 2 and (a.ndim == 0 or a.shape[-1] <= _COLUMNS)
    return head + (_table(a) if small else _image(a, ", ".join(facts)))


def _facts(a: ndarray) -> list[str]:
    words = [str(tuple(a.shape)) if a.ndim else "scalar", str(a.dtype)]
    if a.dtype.kind == "b":
        return [*words, f"{int(a.sum())} of {a.size} true"]
    finite = a[np.isfinite(a)] if a.dtype.kind == "f" else a
    if finite.size and a.size > 1:
        words.append(f"{_number(finite.min())} … {_number(finite.max())}")
        words.append(f"mean {_number(np.mean(finite, dtype=np.float64))}")
        words.append(f"std {_number(np.std(finite, dtype=np.float64))}")
        if zeros := int(np.count_nonzero(finite == 0)):
            words.append(f"{100 * zeros / a.size:.3g} % zeros")
    if a.dtype.kind == "f":
        nan = int(np.isnan(a).sum())
        infinite = a.size - finite.size - nan
        words += [f"⚠ {nan} NaN"] if nan else []
        words += [f"⚠ {infinite} infinite"] if infinite else []
    return words


def _number(x: Any) -> str:
    if isinstance(x, (bool, np.bool_)):
        return str(bool(x))
    return f"{x:.4g}".replace("-", "−").replace("inf", "∞").replace("nan", "NaN")


def _table(a: ndarray) -> str:
    """The numbers, each on its colour."""
    colors = _colors(a)
    rows, shades = (a.reshape(1, -1), colors.reshape(1, -1, 3)) if a.ndim < 2 else (a, colors)
    cells = "".join(
        "<tr>" + "".join(_cell(x, c) for x, c in zip(row.tolist(), shade.tolist(), strict=True)) + "</tr>"
        for row, shade in zip(rows, shades, strict=True)
    )
    return f'<table style="border-collapse:collapse;font-family:monospace">{cells}</table>'


def _cell(x: Any, color: list[int]) -> str:
    r, g, b = color
    ink = "#000" if 0.299 * r + 0.587 * g + 0.114 * b > 140 else "#fff"
    return (
        f'<td style="background:rgb({r},{g},{b});color:{ink};padding:2px 6px;text-align:right;'
        f'border:1px solid #8884">{_number(x)}</td>'
    )


def _image(a: ndarray, words: str) -> str:
    picture = heat_map(a)
    height, width = picture.shape[:2]
    scale = max(1, min(16, 320 // max(height, width)))
    tall = max(height * scale, 16)  # a vector is a stripe
    data = base64.b64encode(_png(picture)).decode()
    return (
        f'<img alt="heat map: {escape(words)}" width="{width * scale}" height="{tall}" '
        f'style="image-rendering:pixelated;max-width:100%;border:1px solid #8886" src="data:image/png;base64,{data}">'
    )


def heat_map(a: ndarray) -> ndarray:
    """`a` as a picture of shape (height, width, 3) in bytes: large ones by the mean of each pixel's part.

    A pixel is magenta if any of its numbers is NaN, and black if any is infinite.
    """
    if a.ndim <= 2:
        return _colors(_means(np.atleast_2d(a), _SIDE))
    tiles = a.reshape(-1, *a.shape[-2:])[:_TILES]
    columns = min(len(tiles), max(1, math.ceil(math.sqrt(len(tiles) * tiles.shape[1] / max(tiles.shape[2], 1)))))
    shown = _colors(np.stack([_means(t, max(1, _SIDE // columns)) for t in tiles]))
    height, width = shown[0].shape[:2]
    rows = math.ceil(len(shown) / columns)
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), _GAP, np.uint8)
    for k, tile in enumerate(shown):
        y, x = k // columns * (height + 1), k % columns * (width + 1)
        sheet[y : y + height, x : x + width] = tile
    return sheet


def _scale(a: ndarray) -> float:
    """The number that has the full colour: the largest, but for a few outliers among many."""
    finite = np.abs(a[np.isfinite(a)])
    return float(np.quantile(finite, 0.995) or finite.max() or 1.0) if finite.size else 1.0


def _colors(a: ndarray) -> ndarray:
    x = a.astype(np.float64)
    with np.errstate(all="ignore"):
        t = np.nan_to_num(np.clip(x / _scale(x), -1, 1))[..., None]
    full = np.where(t < 0, _BLUE, _ORANGE)
    colors = np.round(255 + np.abs(t) * (full - 255)).astype(np.uint8)
    colors[np.isnan(x)] = _NAN
    colors[np.isinf(x)] = _INFINITE
    return colors


def _means(a: ndarray, side: int) -> ndarray:
    """A matrix of at most `side` rows and columns: its numbers, or the means of its parts."""
    x = a.astype(np.float64)
    for axis in (0, 1):
        n = x.shape[axis]
        if n > side:
            edges = np.arange(side) * n // side
            counts = np.diff([*edges, n])
            with np.errstate(all="ignore"):  # inf − inf is NaN, and shown as that
                total = np.add.reduceat(x, edges, axis)
            x = total / (counts[:, None] if axis == 0 else counts)
    return x


def _png(picture: ndarray) -> bytes:
    """A picture in the PNG format."""
    height, width = picture.shape[:2]
    lines = np.concatenate((np.zeros((height, 1), np.uint8), picture.reshape(height, -1)), 1)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(lines.tobytes())), (b"IEND", b"")]
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
