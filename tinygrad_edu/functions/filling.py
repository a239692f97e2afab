"""Filling tensors with random numbers in place: the methods `uniform_`, `normal_` and so on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import float64
from tinygrad_edu.functions.creation import number
from tinygrad_edu.functions.random import gaussian, probabilities, uniform, whole
from tinygrad_edu.generator import generator as source
from tinygrad_edu.inplace import assign
from tinygrad_edu.primitive import wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_", "random_", "uniform_"
]  # fmt: skip


def _fill(tensor: Any, name: str, draw: Any, floats: bool = True) -> Tensor:
    """Let `tensor` become what ``draw(shape, dtype)`` gives."""
    if floats and tensor.dtype.kind != "f":
        raise NotImplementedError(f"{name}: fills floating tensors, not {tensor.dtype}. Use random_ for whole numbers.")
    return assign(tensor, lambda old: wrap(draw(old._array.shape, old._array.dtype)), name)


def uniform_(input: Any, from_: float = 0.0, to: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with uniform numbers in [from_, to)."""
    low, high = number(from_), number(to)
    if not low <= high:
        raise RuntimeError(f"uniform_: fills from `from` to `to`, so from must be at most to, not {low} and {high}")
    return _fill(input, "uniform_", lambda n, d: (low + (high - low) * uniform(n, d, generator)).astype(d, copy=False))


def normal_(input: Any, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with normal numbers of that mean and standard deviation."""
    m, s = number(mean), number(std)
    if not s >= 0:
        raise RuntimeError(f"normal_: the standard deviation must be at least 0, not {s}")
    return _fill(input, "normal_", lambda n, d: (m + s * gaussian(n, d, generator)).astype(d, copy=False))


def exponential_(input: Any, lambd: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with exponential waiting times of rate `lambd`."""
    if not lambd > 0:
        raise RuntimeError(f"exponential_: the rate must be above 0, not {lambd}")
    return _fill(input, "exponential_", lambda n, d: np.asarray(source(generator).exponential(1 / lambd, n)).astype(d))


def log_normal_(input: Any, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Tensor:
    """Fill with e^z, where z is normal of that mean and standard deviation."""
    m, s = number(mean), number(std)
    if not s > 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={s}")
    return _fill(input, "log_normal_", lambda n, d: np.exp(m + s * gaussian(n, float64, generator)).astype(d))


def cauchy_(input: Any, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Tensor:
    """Fill with numbers of Cauchy's distribution: median + sigma · tan(π (u − ½)) for uniform u."""
    m, s = number(median), number(sigma)
    if not s > 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={s}")

    def draw(n: Any, d: Any) -> Any:
        return (m + s * np.tan(math.pi * (uniform(n, float64, generator) - 0.5))).astype(d)

    return _fill(input, "cauchy_", draw)


def geometric_(input: Any, p: float, *, generator: Any = None) -> Tensor:
    """Fill with how many trials it takes until the first succeeds (1, 2, …), if each does with probability `p`."""
    chance = number(p)
    if not 0 < chance < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={chance}")
    trials = lambda n, d: np.asarray(source(generator).geometric(chance, n)).astype(d)
    return _fill(input, "geometric_", trials, floats=False)


def bernoulli_(input: Any, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Fill with 1 with probability `p` (a number, or a tensor that broadcasts), 0 otherwise."""
    chance = probabilities(p)
    return _fill(input, "bernoulli_", lambda n, d: (uniform(n, float64, generator) < chance).astype(d), floats=False)


def random_(input: Any, from_: int = 0, to: int | None = None, *, generator: Any = None) -> Tensor:
    """Fill with whole numbers from `from_` to `to` - 1; ``random_(to)``: from 0; ``random_()``: up to the largest."""
    low, high = (0, from_) if to is None and from_ else (from_, to)
    if high is None:
        d = input.dtype
        high = 2 if d.kind == "b" else 2 ** (np.finfo(d).nmant + 1) if d.kind == "f" else int(np.iinfo(d).max)
    return _fill(input, "random_", lambda n, d: whole(low, high, n, d, generator, "random_"), floats=False)
