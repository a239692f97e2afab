"""Arrays for a page: small ones with every number, large ones as a heat map of blocks and what can be said in words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.viz.values import bad, short

__all__ = ["Arrays"]

_NUMBERS = 48  # elements: as many are shown as numbers
_WIDE = 8  # in a row
_BUDGET = 1_500_000  # heat map cells in a page
_CELLS = (1024, 576, 256, 100, 36, 16)  # in one heat map: as many as the budget allows
_FILL, _NAN, _MINUS, _PLUS = 254, 253, 252, 251  # codes of cells that have no finite value
_STEPS = 250  # finite values: −largest … largest


class Arrays:
    """The arrays that a page shows, each once; a page refers to them by number."""

    def __init__(self) -> None:
        self._found: dict[Any, int] = {}
        self._arrays: list[Any] = []

    def add(self, x: Any) -> int:
        """The number of an array."""
        a = np.asarray(x) if isinstance(x, (bool, int, float, np.generic)) else x
        key: Any = id(a)  # the film keeps it alive
        if type(a) is ndarray and a.nbytes <= 4096 and a.dtype.kind in "bifu":
            key = (a.shape, a.dtype.str, a.tobytes())
        if key not in self._found:
            self._found[key] = len(self._arrays)
            self._arrays.append(a)
        return self._found[key]

    def json(self) -> list[dict[str, Any]]:
        """All arrays as data for the page, in the order of their numbers."""
        large = sum(_is_array(a) and not _is_small(a) for a in self._arrays)
        cells = next((n for n in _CELLS if n * large <= _BUDGET), _CELLS[-1])
        return [_described(a, cells) for a in self._arrays]


def _is_array(a: Any) -> bool:
    return type(a) is ndarray and a.dtype.kind in "bifu"


def _is_small(a: ndarray) -> bool:
    return a.size <= _NUMBERS and (a.ndim == 0 or a.shape[-1] <= _WIDE)


def _described(a: Any, cells: int) -> dict[str, Any]:
    if not _is_array(a):
        shape = getattr(a, "shape", None)
        kind = type(a).__name__ if not hasattr(a, "dtype") else f"{type(a).__module__.partition('.')[0]} array"
        return {
            "shape": None if shape is None else list(map(str, shape)),
            "type": kind,
            "text": f"{kind}: not computed",
        }
    out: dict[str, Any] = {"shape": list(a.shape), "type": str(a.dtype), "text": short(a), "bad": bad(a)}
    if _is_small(a):
        return {**out, "numbers": [_number(x) for x in a.reshape(-1)]}
    if a.size == 0:
        return out
    b = a.astype(np.float64)
    finite = np.isfinite(b)
    good = b[finite]
    out["zeros"] = float(np.mean(b == 0))
    out["nan"] = int(np.isnan(b).sum())
    out["infinite"] = int(np.isinf(b).sum())
    if good.size:
        out |= {"min": _number(good.min()), "max": _number(good.max()), "mean": _number(np.mean(good))}
    return {**out, "map": _heat(_flat(b), cells)}


def _number(x: Any) -> float | str:
    """A number that JSON can hold, as short as the dtype allows; otherwise text."""
    if isinstance(x, (np.floating, float)):
        if np.isnan(x):
            return "NaN"
        return ("∞" if x > 0 else "−∞") if np.isinf(x) else float(str(x))
    return int(x) if abs(int(x)) < 2**53 else str(x)


def _flat(b: ndarray) -> ndarray:
    """An array of any dimension as a picture: matrices side by side and below each other, with a gap between them."""
    if b.ndim <= 2:
        return b.reshape(1, -1) if b.ndim < 2 else b
    rows, columns = b.shape[-2:]
    tiles = b.reshape(-1, rows, columns)
    across = max(1, min(len(tiles), round((len(tiles) * rows / columns * 1.6) ** 0.5)))
    down = -(-len(tiles) // across)
    out = np.full((down * (rows + 1) - 1, across * (columns + 1) - 1), _Gap)
    for k, tile in enumerate(tiles):
        y, x = k // across * (rows + 1), k % across * (columns + 1)
        out[y : y + rows, x : x + columns] = tile
    return out


_Gap = -1.2345678e300  # a number that nobody computes: between matrices


def _heat(b: ndarray, cells: int) -> dict[str, Any]:
    """The means of blocks as bytes, with codes for what is not finite."""
    rows, columns = b.shape
    shrink = max(1.0, (b.size / cells) ** 0.5)
    down, across = max(1, round(rows / shrink)), max(1, round(columns / shrink))
    if down == 1 or across == 1:  # a long row
        down, across = min(rows, cells) if across == 1 else 1, min(columns, cells) if down == 1 else 1
    gap = b == _Gap
    finite = np.isfinite(b) & ~gap
    counts = _blocks(finite, down, across)
    sums = _blocks(np.where(finite, b, 0.0), down, across)
    means = sums / np.maximum(counts, 1)
    top = float(np.max(np.abs(means), initial=0.0)) or 1.0
    codes = np.rint((means / top + 1) * (_STEPS / 2)).astype(np.uint8)
    codes[counts == 0] = _FILL
    codes[_blocks(b == np.inf, down, across) > 0] = _PLUS
    codes[_blocks(b == -np.inf, down, across) > 0] = _MINUS
    codes[_blocks(np.isnan(b), down, across) > 0] = _NAN
    return {"rows": down, "columns": across, "top": top, "codes": base64.b64encode(codes.tobytes()).decode()}


def _blocks(b: ndarray, down: int, across: int) -> ndarray:
    """Sums over blocks: `b` cut into `down` × `across` of them, as equal as can be."""
    y, x = (_starts(n, k) for n, k in zip(b.shape, (down, across), strict=True))
    return np.add.reduceat(np.add.reduceat(b.astype(np.float64), y, axis=0), x, axis=1)


def _starts(n: int, k: int) -> Sequence[int]:
    return [i * n // k for i in range(k)]
