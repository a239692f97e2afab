"""Arrays for a page: small ones with every number, large ones as a heat map of blocks and what can be said in words."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.viz.values import bad, number, short

__all__ = ["Arrays"]

_NUMBERS = 48  # elements: as many are shown as numbers
_WIDE = 6  # in a row
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
        sides = None if shape is None else list(map(str, shape))
        return {"shape": sides, "type": kind, "text": f"{kind}: not computed"}
    out: dict[str, Any] = {"shape": list(a.shape), "type": str(a.dtype)}
    if _is_small(a):
        return {**out, "text": short(a), "bad": bad(a), "numbers": [_number(x) for x in a.reshape(-1)]}
    if a.size == 0:
        return {**out, "text": "empty"}
    low, high = a.min(), a.max()
    finite = a.dtype.kind != "f" or bool(np.isfinite(low) and np.isfinite(high))
    out["zeros"] = 1 - np.count_nonzero(a) / a.size
    good = a
    if not finite:
        good = a[np.isfinite(a)]
        out["nan"] = int(np.isnan(a).sum())
        out["infinite"] = a.size - good.size - out["nan"]
        out["bad"] = "nan" if out["nan"] else "inf"
        low, high = (good.min(), good.max()) if good.size else (None, None)
    if low is not None:
        mean = np.add.reduce(good, axis=None, dtype=np.float64) / good.size
        out |= {"min": _number(low), "max": _number(high), "mean": float(mean)}
        out["text"] = f"all {number(low)}" if low == high and finite else f"{number(low)} … {number(high)}"
    else:
        out["text"] = "nothing finite"
    return {**out, "map": _heat(a, cells, finite)}


def _number(x: Any) -> float | str:
    """A number that JSON can hold, as short as the dtype allows; otherwise text."""
    if isinstance(x, (np.floating, float)):
        if np.isnan(x):
            return "NaN"
        return ("∞" if x > 0 else "−∞") if np.isinf(x) else float(str(x))
    return int(x) if abs(int(x)) < 2**53 else str(x)


def _flat(a: ndarray) -> tuple[ndarray, ndarray | None]:
    """An array of any dimension as a picture: matrices side by side and below each other, and where none is."""
    if a.ndim <= 2:
        return (a.reshape(1, -1) if a.ndim < 2 else a), None
    rows, columns = a.shape[-2:]
    tiles = a.reshape(-1, rows, columns)
    across = max(1, min(len(tiles), round((len(tiles) * rows / columns * 1.6) ** 0.5)))
    down = -(-len(tiles) // across)
    out = np.zeros((down * (rows + 1) - 1, across * (columns + 1) - 1), a.dtype)
    gap = np.ones(out.shape, bool)
    for k, tile in enumerate(tiles):
        y, x = k // across * (rows + 1), k % across * (columns + 1)
        out[y : y + rows, x : x + columns] = tile
        gap[y : y + rows, x : x + columns] = False
    return out, gap


def _heat(a: ndarray, cells: int, finite: bool) -> dict[str, Any]:
    """The means of blocks as bytes, with codes for what is not finite."""
    b, gap = _flat(a)
    rows, columns = b.shape
    shrink = max(1.0, (b.size / cells) ** 0.5)
    down, across = max(1, round(rows / shrink)), max(1, round(columns / shrink))
    if down == 1 or across == 1:  # a long row
        down, across = (min(rows, cells), 1) if across == 1 else (1, min(columns, cells))
    blocks = _Blocks(b.shape, down, across)
    b = b.astype(np.float64)
    if finite and gap is None:
        means = blocks.sums(b) / blocks.sizes
    else:
        good = np.isfinite(b) if gap is None else np.isfinite(b) & ~gap
        counts = blocks.sums(good.astype(np.float64))
        means = blocks.sums(np.where(good, b, 0.0)) / np.maximum(counts, 1)
    top = float(max(means.max(), -means.min())) or 1.0
    codes = np.rint((means / top + 1) * (_STEPS / 2)).astype(np.uint8)
    if not finite or gap is not None:
        codes[counts == 0] = _FILL
        for code, where in ((_PLUS, b == np.inf), (_MINUS, b == -np.inf), (_NAN, np.isnan(b))):
            codes[blocks.sums(where.astype(np.float64)) > 0] = code
    return {"rows": down, "columns": across, "top": top, "codes": base64.b64encode(codes.tobytes()).decode()}


class _Blocks:
    """A matrix cut into `down` × `across` blocks, as equal as can be."""

    def __init__(self, shape: tuple[int, int], down: int, across: int) -> None:
        self.y, self.x = _starts(shape[0], down), _starts(shape[1], across)
        self.whole = shape == (down, across)
        self.sizes = np.diff([*self.y, shape[0]])[:, None] * np.diff([*self.x, shape[1]])

    def sums(self, b: ndarray) -> ndarray:
        return b if self.whole else np.add.reduceat(np.add.reduceat(b, self.y, axis=0), self.x, axis=1)


def _starts(n: int, k: int) -> Sequence[int]:
    return [i * n // k for i in range(k)]
