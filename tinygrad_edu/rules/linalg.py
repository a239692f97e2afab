"""Products of vectors, matrices and tensors: matmul, tensordot, einsum, cross."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import NUMPY, rule


def product(a: Any, b: Any) -> Any:
    """a @ b. Of two matrices np.dot makes the same in less time."""
    if type(a) is ndarray and type(b) is ndarray and a.ndim == 2 and b.ndim == 2:
        return np.dot(a, b)
    return np.matmul(a, b)


def left_of_matmul(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `a` in a @ b, for vectors, matrices and batches of them."""
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if a.ndim == 1:
        return np.squeeze(np.matmul(np.expand_dims(g, -2), np.swapaxes(b, -1, -2)), -2)
    return product(g, np.swapaxes(b, -1, -2))


def right_of_matmul(g: Any, a: Any, b: Any) -> Any:
    """The cotangent of `b` in a @ b; for one matrix under a batch, one product over all its rows."""
    if b.ndim == 1:
        return np.tensordot(g, a, g.ndim)
    if a.ndim == 1:
        return np.expand_dims(a, 1) * np.expand_dims(g, -2)
    if a.ndim == b.ndim:
        return product(np.swapaxes(a, -1, -2), g)
    if b.ndim == 2:
        rows = tuple(range(a.ndim - 1))
        return np.tensordot(a, g, (rows, rows))
    return np.matmul(np.swapaxes(a, -1, -2), g)


matmul = NUMPY[np.matmul] = rule(
    product, lambda g, _a, b: left_of_matmul(g, _a, b), lambda g, a, _b: right_of_matmul(g, a, _b), name="matmul"
)


def left_of_tensordot(g: Any, a: Any, b: Any, axes: Any) -> Any:
    """The cotangent of `a`: `g` and `b` multiplied over the axes that b alone gave to g, in a's order of axes."""
    over_a, over_b = axes
    free_a, free_b = others(a.ndim, over_a), others(b.ndim, over_b)
    c = np.tensordot(g, b, (tuple(range(len(free_a), g.ndim)), free_b))
    summed = [over_a[over_b.index(k)] for k in sorted(over_b)]  # c's last axes are b's in ascending order
    return np.transpose(c, inverse((*free_a, *summed)))


def right_of_tensordot(g: Any, a: Any, b: Any, axes: Any) -> Any:
    """The cotangent of `b`, likewise."""
    over_a, over_b = axes
    free_a, free_b = others(a.ndim, over_a), others(b.ndim, over_b)
    c = np.tensordot(a, g, (free_a, tuple(range(len(free_a)))))
    summed = [over_b[over_a.index(k)] for k in sorted(over_a)]
    return np.transpose(c, inverse((*summed, *free_b)))


def others(ndim: int, axes: Any) -> tuple[int, ...]:
    """The axes that are not among `axes`."""
    return tuple(k for k in range(ndim) if k not in axes)


def inverse(order: Any) -> tuple[int, ...]:
    """The permutation that undoes `order`."""
    return tuple(sorted(range(len(order)), key=order.__getitem__))


tensordot = rule(
    lambda a, b, *, axes: np.tensordot(a, b, axes),  # axes: two tuples of axes, counted from 0
    lambda g, _a, b, axes: left_of_tensordot(g, _a, b, axes),
    lambda g, a, _b, axes: right_of_tensordot(g, a, _b, axes),
    name="tensordot",
)


class EinsumCotangents:
    """The cotangents of all operands; each is computed when the engine asks for it (data needs none)."""

    def __init__(self, g: Any, xs: Any, equation: str) -> None:
        self.g, self.xs, self.equation = g, xs, equation

    def __getitem__(self, i: int) -> Any:
        return einsum_cotangent(self.g, self.xs, i, self.equation)


def einsum_cotangent(g: Any, xs: Any, i: int, equation: str) -> Any:
    """The cotangent of operand `i`: an einsum of `g` with the other operands.

    An index that operand i alone has was summed away: its cotangent is the same all along it. An index
    that it has twice took the diagonal: its cotangent is 0 off the diagonal.
    """
    adjoint, missing, repeated = adjoint_equation(equation, i)
    rest = [x for k, x in enumerate(xs) if k != i]
    c = np.einsum(adjoint, g, *rest, optimize=is_large(adjoint, g, *rest))
    if missing:
        c = np.expand_dims(c, missing)
    if c.shape != xs[i].shape:
        c = np.broadcast_to(c, np.broadcast_shapes(c.shape, xs[i].shape))
    return np.where(same_index(repeated, c.shape), c, 0) if repeated else c


@lru_cache(maxsize=1024)
def adjoint_equation(equation: str, i: int) -> tuple[str, tuple[int, ...], str]:
    """The equation for the cotangent of operand `i`, the axes that its result lacks, and i's labels if some repeat."""
    inputs, output = equation.split("->")
    labels = inputs.split(",")
    mine = labels.pop(i)
    known = "".join([output, *labels])
    once = [k for k, c in enumerate(mine) if c in known and c not in mine[:k]]
    adjoint = f"{','.join([output, *labels])}->{''.join(mine[k] for k in once)}"
    return adjoint, others(len(mine), once), mine if len(set(mine)) < len(mine) else ""


def same_index(labels: str, shape: tuple[int, ...]) -> Any:
    """True where axes with the same label have the same index."""
    index = np.ogrid[tuple(slice(n) for n in shape)]
    mask: Any = np.True_
    for k, c in enumerate(labels):
        mask = mask & (index[k] == index[labels.index(c)])
    return mask


def is_large(equation: str, *xs: Any) -> bool:
    """Is it worth 20 µs to look for matrix products in the equation? One product of numbers takes 1 ns."""
    if len(xs) < 2:
        return False
    terms = equation.partition("->")[0].split(",")
    sides = {c: n for term, x in zip(terms, xs, strict=True) for c, n in zip(term, x.shape, strict=True)}
    return math.prod(sides.values()) > 20_000


def sum_of_products(*xs: Any, equation: str) -> Any:
    """np.einsum over an equation written out in full, as an array of its own."""
    y = np.einsum(equation, *xs, optimize=is_large(equation, *xs))
    return np.array(y) if len(xs) == 1 and type(y) is ndarray else y


einsum = rule(
    sum_of_products,
    joint=lambda g, xs, equation: EinsumCotangents(g, xs, equation),
    name="einsum",
)

# a · (b × c) is the same for every cyclic order
cross = rule(
    lambda a, b, *, axis: np.cross(a, b, axis=axis),
    lambda g, b, axis: np.cross(b, g, axis=axis),
    lambda g, a, axis: np.cross(g, a, axis=axis),
    name="cross",
)
