"""Einstein summation: the equation, read and written out in full, and the product that it stands for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from string import ascii_letters
from typing import TYPE_CHECKING, Any

from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import linalg as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["einsum"]


def einsum(*args: Any) -> Tensor:
    """The sum of products of tensors that an equation names, index by index (Einstein's notation).

    An index in several operands multiplies along it, one that the output lacks is summed over, one that
    an operand has twice takes its diagonal; without "->" the output has the indices that occur once, in
    alphabetical order. "..." stands for broadcast dimensions; sides of 1 broadcast. Instead of a string,
    index lists may follow the operands: ``einsum(a, [0, 1], b, [1, 2], [0, 2])``.

    Raises RuntimeError for an equation that does not fit the operands.

    >>> import tinygrad_edu as tg
    >>> a, b = tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([10., 1.])
    >>> tg.einsum("ij,j->i", a, b)
    tensor([12., 34.])
    """
    equation, operands = _interleaved(args) if not args or not isinstance(args[0], str) else (args[0], args[1:])
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    shapes = tuple([tuple(x.shape) for x in operands])
    return rules.einsum(*operands, equation=written_out(equation, shapes))


def _interleaved(args: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """The equation and the operands of the form (operand, indices, operand, indices, …, output indices)."""
    if len(args) < 2:
        raise ValueError('einsum(): give an equation and its operands, einsum("ij,jk->ik", a, b)')
    pairs, output = (args[:-1], args[-1]) if len(args) % 2 else (args, None)
    operands, lists = pairs[::2], [_letters(indices) for indices in pairs[1::2]]
    return ",".join(lists) + ("" if output is None else "->" + _letters(output)), tuple(operands)


def _letters(indices: Any) -> str:
    if isinstance(indices, TensorBase) or not isinstance(indices, (tuple, list)):
        raise ValueError(f"einsum(): after each operand comes the list of its indices, not {type(indices).__name__}")
    if any(k is not Ellipsis and not 0 <= k < 52 for k in indices):
        raise ValueError(f"einsum(): index lists hold numbers from 0 to 51 and `...`, not {list(indices)}")
    in_order = ascii_letters[26:] + ascii_letters[:26]  # sorted as numbers and as letters alike
    return "".join("..." if k is Ellipsis else in_order[k] for k in indices)


@lru_cache(maxsize=1024)
def written_out(equation: str, shapes: tuple[tuple[int, ...], ...]) -> str:
    """The equation with its output given and its ellipses replaced by letters, checked against the shapes."""
    text = equation.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if any(c not in ascii_letters for part in (*terms, output) for c in part.replace("...", "", 1)):
        raise RuntimeError(f'einsum(): "{equation}" may hold letters, "...", "," and one "->" only')
    if len(terms) != len(shapes):
        raise RuntimeError(f'einsum(): "{equation}" names {len(terms)} operands, but {len(shapes)} were given')
    widths = [
        _width(equation, k, term, shape) for k, (term, shape) in enumerate(zip(terms, shapes, strict=True), start=1)
    ]
    free = [c for c in ascii_letters if c not in text][: max(widths)]
    if len(free) < max(widths):
        raise RuntimeError(f'einsum(): "{equation}" and its ellipses need more than {len(ascii_letters)} letters')
    ellipsis = "".join(free)
    terms = [t.replace("...", ellipsis[len(ellipsis) - w :]) for t, w in zip(terms, widths, strict=True)]
    if arrow:
        output = output.replace("...", ellipsis)
    else:
        every = "".join(terms)
        output = ellipsis + "".join(c for c in sorted(set(every)) if every.count(c) == 1 and c not in ellipsis)
    for c in output:
        if output.count(c) > 1 or not any(c in t for t in terms):
            why = "occurs twice in the output" if output.count(c) > 1 else "of the output is in none of the operands"
            raise RuntimeError(f'einsum(): in "{equation}" the index {c} {why}')
    _check_sides(equation, terms, shapes)
    return f"{','.join(terms)}->{output}"


def _width(equation: str, k: int, term: str, shape: tuple[int, ...]) -> int:
    """How many dimensions the ellipsis of operand `k` stands for."""
    named = len(term.replace("...", ""))
    if named > len(shape) or (named < len(shape) and "..." not in term):
        hint = "" if "..." in term else ' (write "..." for the rest of them)'
        raise RuntimeError(
            f'einsum(): in "{equation}" operand {k} has {named} indices, but its shape {shape} has {len(shape)} '
            f"dimensions{hint}"
        )
    return len(shape) - named


def _check_sides(equation: str, terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> None:
    sides: dict[str, tuple[int, int]] = {}
    for k, (term, shape) in enumerate(zip(terms, shapes, strict=True), start=1):
        within: dict[str, int] = {}
        for c, n in zip(term, shape, strict=True):
            if within.setdefault(c, n) != n:
                raise RuntimeError(
                    f'einsum(): in "{equation}" index {c} is repeated in operand {k}, whose sides there differ: '
                    f"{within[c]} and {n} (shape {shape})"
                )
            side, first = sides.get(c, (1, k))
            if n not in (1, side) and side != 1:
                raise RuntimeError(
                    f'einsum(): in "{equation}" operands {first} and {k} do not fit: index {c} has side {side} in '
                    f"{shapes[first - 1]} and side {n} in {shape}. Is one of them to be transposed?"
                )
            if side == 1:
                sides[c] = (n, k)
