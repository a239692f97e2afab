"""What primitives do, and what the functions in their formulas do, in a few words: for what does not explain itself.

The functions in formulas are those that the rules call, and their words are the first sentence of their docstrings.
"""

from __future__ import annotations

from functools import lru_cache
from types import FunctionType

from tinygrad_edu.primitive import PRIMITIVES, Primitive

__all__ = ["glossary", "meaning"]

_MEANINGS = {
    "batch_norm": "each channel minus its mean, over its standard deviation in the batch; times weight, plus bias",
    "broadcast_to": "repeats rows and columns until the shape is this one; on the way back the repetitions are summed",
    "cast": "the same numbers in another dtype",
    "clip": "what is outside of the bounds becomes the bound",
    "clone": "a copy with memory of its own",
    "cofactor": "the matrix of cofactors: the derivative of a determinant",
    "concatenate": "joined along an axis",
    "copysign": "the size of one number with the sign of another",
    "cumsum": "the sum of everything up to each place",
    "cumprod": "the product of everything up to each place",
    "decayed_sum": "running averages: each place is its own number plus the decayed one before it",
    "dropout": "some numbers, drawn at random, become 0; the others grow to make up for it",
    "einsum": "products, summed as the equation says",
    "entr": "−x · log x, and 0 for 0",
    "fill": "other numbers where a mask says so",
    "getitem": "the part x[index]",
    "lerp": "between start and end, as far as the weight says",
    "linear": "x @ weightᵀ + bias: a layer",
    "logcumsumexp": "log Σ eˣ of everything up to each place",
    "logsumexp": "log Σ eˣ, written so that nothing overflows",
    "max_pool": "the largest number of every window of the image",
    "mean": "the sum over the count",
    "nan_to_num": "numbers for NaN and infinities",
    "overlap": "columns put back as windows of an image, and added up where windows overlap",
    "patches": "every window of the image as a column of a matrix, so that a convolution is a matrix product",
    "planes": "the rows of a matrix as planes of an image again, one for each filter, plus the bias",
    "put_view": "the array with a part of it replaced, after a view of it was written to",
    "rows": "the planes of an image as the rows of a matrix",
    "rsqrt": "1 / √x",
    "scatter": "zeros, with the numbers added at an index",
    "scatter_along_axis": "zeros, with the numbers added at indices along an axis",
    "scatter_diagonal": "zeros, with the numbers on a diagonal",
    "scatter_extreme": "the largest (or smallest) of what is put at each index",
    "scatter_prod": "the product of what is put at each index",
    "scatter_rows": "zeros, with rows added at indices",
    "setitem": "the array with a part of it replaced: x[index] = value",
    "standardize": "minus the mean, over the standard deviation",
    "take": "the rows that indices name: an embedding, for instance",
    "take_along_axis": "one number for each index along an axis",
    "tile": "copies of the array side by side",
    "unbind": "the array cut into slices",
    "unfold": "every window along an axis",
    "overlap_add": "windows put back along an axis, and added up where they overlap",
    "where": "from one array where the condition holds, from another where it does not",
    "window_pick": "one number of every window, at a place that was noted",
    "window_put": "zeros, with each number at a noted place of its window",
    "window_spread": "each number given to all of its window, and added up where windows overlap",
    "window_sum": "the sum of every window of the image",
}


@lru_cache(maxsize=1024)
def meaning(primitive: str) -> str | None:
    """What a primitive does; None where its name says it, or nothing is known. (A user's own says it in its docstring.)

    >>> meaning("rows")
    'the planes of an image as the rows of a matrix'
    """
    p = PRIMITIVES.get(primitive)
    return _MEANINGS.get(primitive) or (_first_sentence(p.function) if p is not None else None)


def glossary(primitive: str) -> dict[str, str]:
    """The functions that the formulas of a primitive may name, with what they do.

    >>> glossary("transpose")
    {'inverse': 'the order of axes that undoes the order axes'}
    """
    p = PRIMITIVES.get(primitive)
    return {} if p is None else _called(p)


def _called(p: Primitive) -> dict[str, str]:
    found: dict[str, str] = {}
    functions = [r for r in (p.joint, *p.rules) if isinstance(r, FunctionType)]
    found |= {f.__name__: words for f in functions if f.__name__ != "<lambda>" and (words := _first_sentence(f))}
    for function in functions:  # which grows meanwhile
        for name in function.__code__.co_names:
            inner = function.__globals__.get(name)
            if isinstance(inner, FunctionType) and name not in found and (words := _first_sentence(inner)):
                found[name] = words
                functions.append(inner)
    return found


def _first_sentence(function: object) -> str | None:
    """The beginning of the docstring of a Python function that is not NumPy's."""
    if not isinstance(function, FunctionType) or (function.__module__ or "").partition(".")[0] == "numpy":
        return None
    text = " ".join((function.__doc__ or "").partition("\n\n")[0].split()).replace("`", "")
    text = text.partition(". ")[0].rstrip(".")
    return (text[0].lower() + text[1:] if text[:1].isascii() and text[1:2].islower() else text) or None
