"""Tensors for the names in a formula: those that the user gives, and random ones of shapes that fit.

Shapes are found by trying. Without a matrix product every name is a number, or, where something is summed, sorted
out or normalised (sum, max, softmax …), a vector of 3. With one, what stands left of an @ is tried as a (2, 3)
matrix first, what stands right of it as a vector of 3, and the others as vectors of 2: in ``sigmoid(w @ x + b)`` w is
(2, 3), x is (3,), b is (2,). Sides of given shapes are tried, too: if w is given as [[1, 2]], x is (2,), b is (1,).
What a loss compares with needs no gradient; the second operand of cross_entropy holds numbers of classes.

Random numbers are rounded to a tenth, so that they can be followed with pencil and paper, and positive if the
formula is not finite otherwise (log, sqrt).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import tinygrad_edu as tg
from tinygrad_edu.viz.expressions import MOST, Formula, FormulaError, numbers

_OF_MANY = """
amax amin cat cosine_similarity cummax cummin cumprod cumsum dot glu inner layer_norm log_softmax logsumexp max mean
median min norm normalize outer prod softmax softmin stack std sum var
"""

__all__ = ["given", "leaves"]

_TRIES = 3000
_ALIKE = [(), (3,), (2, 3)]
_LEFT = [(2, 3), (3, 2), (3, 3), (2, 2), (3,), (2,)]
_RIGHT = [(3,), (3, 2), (2,), (2, 3), (3, 3)]
_OTHER = [(2,), (3,), (), (2, 3), (3, 2), (2, 2), (3, 3)]


def given(words: Sequence[str]) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Values and shapes as they are given: ``w=[[1,2]]`` is a value, ``w:2x3`` a shape (``w:scalar`` a number).

    Raises FormulaError for anything else, ragged lists, and more than 1000 elements.
    """
    values: dict[str, Any] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for word in words:
        name, sign, rest = re.match(r"\s*(\w*)\s*([=:]?)(.*)", word, re.DOTALL).groups()  # type: ignore[union-attr]
        if not name.isidentifier() or not sign:
            raise FormulaError(f"{word!r}: names are given as w=[[1,2]] (numbers) or w:2x3 (a shape)")
        if name in values or name in shapes:
            raise FormulaError(f"{name} is given twice")
        if sign == "=":
            values[name] = numbers(rest)
        else:
            shapes[name] = _shape(name, rest.strip())
    for name, value in values.items():
        try:
            array = np.array(value)
        except ValueError:
            raise FormulaError(f"{name}: the lists are not of the same length") from None
        if array.dtype.kind not in "if" or array.size > MOST:
            raise FormulaError(f"{name}: at most {MOST} numbers in lists of the same length")
    return values, shapes


def _shape(name: str, text: str) -> tuple[int, ...]:
    if text in ("scalar", "()", "1"):
        return () if text != "1" else (1,)
    sides = re.split(r"[x×,]", text.strip("()"))
    if not all(re.fullmatch(r"\s*[0-9]{1,4}\s*", s) for s in sides) or len(sides) > 8:
        raise FormulaError(f"{name}:{text}: a shape is written 2x3, or scalar")
    shape = tuple(map(int, sides))
    if not 0 < np.prod(shape, dtype=float) <= MOST:
        raise FormulaError(f"{name}:{text}: a tensor has between 1 and {MOST} elements here")
    return shape


def leaves(
    formula: Formula, values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], seed: int
) -> dict[str, Any]:
    """A tensor for each name of the formula, which can be computed from them.

    Raises FormulaError where it cannot, and for given names that do not occur.
    """
    for name in (*values, *shapes):
        if name not in formula.names:
            names = f"its names are {', '.join(formula.names)}" if formula.names else "it has no names"
            raise FormulaError(f"{name} is given, but it does not occur in the formula: {names}")
    open_ = [n for n in formula.names if n not in values and n not in shapes]
    known = [*shapes.values(), *(np.shape(v) for v in values.values())]
    sides = sorted({n for shape in known for n in shape} - {2, 3})[:4]
    error: FormulaError | None = None
    finite = None
    for chosen in itertools.islice(_guesses(formula, open_, sides), _TRIES):
        for positive in (False, True):
            tensors = _made(formula, values, {**shapes, **chosen}, seed, positive)
            try:
                with np.errstate(all="ignore"):
                    result = formula.compute(tensors)
            except FormulaError as failed:
                error = error or failed
                break
            finite = finite or tensors
            if np.isfinite(result._array if hasattr(result, "_array") else result).all():
                return tensors
    if finite is not None:
        return finite
    if open_ and not shapes and not values:
        raise FormulaError(
            f"{error} (No shapes were found that fit together; give some: {' '.join(f'{n}:2x3' for n in open_[:2])})"
        )
    raise error or FormulaError("the formula cannot be computed")


def _guesses(formula: Formula, names: list[str], sides: list[int]) -> Iterator[dict[str, tuple[int, ...]]]:
    """Shapes for the names that were not given, the likeliest first."""
    if not formula.products:
        shapes = _ALIKE[1:] if formula.calls & set(_OF_MANY.split()) else _ALIKE
        yield from ({n: shape for n in names} for shape in shapes)
        classes = formula.targets
        yield {n: () if n in classes else (3,) for n in names}
        yield {n: (2,) if n in classes else (2, 3) for n in names}
    more: list[Any] = [(n,) for n in sides] + [
        (n, m) for n in [*sides, 2, 3] for m in [*sides, 2, 3] if n in sides or m in sides
    ]
    # what is added to a row or a column would make a matrix of it, if it had two numbers
    kinds = {"left": _LEFT, "right": _RIGHT, None: [(1,), *_OTHER] if 1 in sides else _OTHER}
    choices = [kinds[formula.products.get(n)] + more for n in names]
    if "linear" in formula.calls:  # a weight has a row for each result
        choices = [
            [(2, 3), *c] if formula.products.get(n) == "right" else c for n, c in zip(names, choices, strict=True)
        ]
    # the sum of the positions grows: no name is far from its likeliest shape before others have been tried
    places = sorted(itertools.islice(itertools.product(*(range(len(c)) for c in choices)), 20_000), key=sum)
    for place in places:
        yield {n: c[k] for n, c, k in zip(names, choices, place, strict=True)}


def _made(
    formula: Formula, values: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]], seed: int, positive: bool
) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    tensors = {}
    for name in formula.names:
        target = name in formula.targets
        if name in values:
            array = np.array(values[name], np.int64 if target else np.float32)
        elif target:
            array = random.integers(0, 2, shapes[name])
        else:
            array = np.round(random.normal(size=shapes[name]), 1).astype(np.float32)
            array = np.abs(array) + np.float32(0.1) if positive else array
        tensors[name] = tg.tensor(array, requires_grad=not target and name not in formula.given)
    return tensors
