"""Random tensors, drawn by NumPy's generators. The same seed gives the same numbers, but not PyTorch's."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import as_dtype, float16, float32, float64, get_default_dtype, int64
from tinygrad_edu.functions.creation import made, number
from tinygrad_edu.generator import Generator, current, default_generator
from tinygrad_edu.generator import generator as source
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.size import sides

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "Generator", "bernoulli", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed",
    "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "randperm", "seed", "set_rng_state",
]  # fmt: skip


def manual_seed(seed: int) -> Generator:
    """Start the default generator from `seed`: the same program then draws the same numbers.

    >>> from tinygrad_edu import manual_seed, rand
    >>> _ = manual_seed(0)
    >>> a = rand(3)
    >>> _ = manual_seed(0)
    >>> a.equal(rand(3))
    True
    """
    return current.get().manual_seed(seed)


def seed() -> int:
    """Start the default generator from a random seed, and return that."""
    return current.get().seed()


def initial_seed() -> int:
    """The seed that the default generator was started from."""
    return current.get().initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, for `set_rng_state`."""
    return current.get().get_state()


@contextlib.contextmanager
def fork_rng(devices: Any = None, enabled: bool = True) -> Iterator[None]:
    """What is drawn inside a ``with`` block does not change what is drawn after it.

    >>> from tinygrad_edu import fork_rng, manual_seed, rand
    >>> _ = manual_seed(0)
    >>> with fork_rng():
    ...     first = rand(1)
    >>> first.equal(rand(1))
    True
    """
    state = get_rng_state()
    try:
        yield
    finally:
        if enabled:
            set_rng_state(state)


def set_rng_state(new_state: Any) -> None:
    """Continue the default generator from a state that `get_rng_state` gave."""
    current.get().set_state(new_state)


# -- draws: arrays ------------------------------------------------------------------------------------------


def _floating(dtype: Any, name: str) -> Any:
    d = get_default_dtype() if dtype is None else as_dtype(dtype)
    if d.kind not in "fc":
        raise NotImplementedError(f"{name}: draws floats, not {d}. Use randint for whole numbers, bernoulli for bools.")
    return d


def uniform(shape: Any, dtype: Any, g: Any = None) -> Any:
    """Numbers in [0, 1), drawn in `dtype` itself. (The real and the imaginary parts of complex numbers are such.)"""
    if np.dtype(dtype).kind == "c":
        return uniform((*shape, 2), np.empty(0, dtype).real.dtype, g).view(dtype)[..., 0]
    u = source(g).random(shape, float32 if dtype == float16 else dtype)
    u = np.asarray(u)
    return (np.floor(u * 2048) / 2048).astype(float16) if dtype == float16 else u  # rounding could give 1


def gaussian(shape: Any, dtype: Any, g: Any = None) -> Any:
    """Numbers of mean 0 and standard deviation 1, drawn in `dtype` itself; half the variance goes to either part."""
    if np.dtype(dtype).kind == "c":
        parts = gaussian((*shape, 2), np.empty(0, dtype).real.dtype, g)
        return (parts / parts.dtype.type(math.sqrt(2))).view(dtype)[..., 0]
    z = source(g).standard_normal(shape, float32 if dtype == float16 else dtype)
    return np.asarray(z).astype(dtype, copy=False)


# -- new tensors --------------------------------------------------------------------------------------------


def rand(
    *shape: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Uniform in [0, 1), of the shape ``rand(2, 3)`` or ``rand((2, 3))``.

    >>> from tinygrad_edu import rand
    >>> bool((rand(100) < 1).all())
    True
    """
    check_device(device)
    return made(uniform(sides(shape, "rand", size), _floating(dtype, "rand"), generator), requires_grad)


def randn(
    *shape: Any,
    size: Any = None,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal with mean 0 and standard deviation 1, of the shape ``randn(2, 3)`` or ``randn((2, 3))``.

    >>> from tinygrad_edu import randn
    >>> randn(2, 3).shape
    Size([2, 3])
    """
    check_device(device)
    return made(gaussian(sides(shape, "randn", size), _floating(dtype, "randn"), generator), requires_grad)


def whole(low: Any, high: Any, shape: Any, dtype: Any, g: Any, name: str) -> Any:
    """Whole numbers from low to high - 1."""
    low, high, d = number(low), number(high), int64 if dtype is None else as_dtype(dtype)
    if not low < high:
        raise RuntimeError(f"{name}: draws from low to high - 1, so low must be less than high, not {low} and {high}")
    if d.kind in "iub":
        largest = 1 if d.kind == "b" else np.iinfo(d).max
        if low < (0 if d.kind == "b" else np.iinfo(d).min) or high - 1 > largest:
            raise RuntimeError(f"{name}: numbers from {low} to {high - 1} do not fit into {d}")
    return np.asarray(source(g).integers(low, high, shape, int64)).astype(d, copy=False)


def randint(
    low: Any,
    high: Any = None,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Whole numbers: ``randint(high, size)`` from 0 to high - 1, ``randint(low, high, size)`` from low.

    >>> from tinygrad_edu import randint
    >>> randint(5, 6, (3,))
    tensor([5, 5, 5])
    """
    check_device(device)
    if isinstance(high, (tuple, list)) and size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError("randint: say the shape as a tuple: randint(10, (3,)) or randint(0, 10, (3,))")
    return made(whole(low, high, sides((size,), "randint"), dtype, generator, "randint"), requires_grad)


def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """The numbers from 0 to n - 1 in random order.

    >>> from tinygrad_edu import randperm
    >>> sorted(randperm(4).tolist())
    [0, 1, 2, 3]
    """
    check_device(device)
    (n,) = sides((number(n),), "randperm")
    order = source(generator).permutation(n)
    return made(order.astype(int64 if dtype is None else as_dtype(dtype)), requires_grad)


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normal numbers: of the shape of `mean` and `std` (tensors, broadcast), or of `size` (where both are numbers).

    >>> from tinygrad_edu import normal, tensor
    >>> normal(tensor([0.0, 10.0]), tensor([0.0, 0.0]))
    tensor([ 0., 10.])
    """
    check_device(device)
    m, s = _array(mean, "normal"), _array(std, "normal")
    if size is None and not any(isinstance(v, (TensorBase, np.ndarray)) for v in (mean, std)):
        raise TypeError(f"normal: with two numbers say the shape, normal({mean}, {std}, size=(2, 3))")
    if (s < 0).any():
        raise RuntimeError(f"normal: the standard deviation must be at least 0, not {s.min()}")
    if dtype is None and size is None:
        dtypes = [v.dtype for v in (m, s) if v.dtype.kind == "f" and v.ndim]
        dtype = np.result_type(*dtypes) if dtypes else None
    shape = np.broadcast_shapes(m.shape, s.shape) if size is None else sides((size,), "normal")
    d = _floating(dtype, "normal")
    return made((m + s * gaussian(shape, d, generator)).astype(d, copy=False), requires_grad)


def rand_like(
    input: Any, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Uniform in [0, 1), of the shape and dtype of `input`."""
    d = input.dtype if dtype is None else dtype
    return rand(tuple(input.shape), generator=generator, dtype=d, device=device, requires_grad=requires_grad)


def randn_like(
    input: Any, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Normal with mean 0 and standard deviation 1, of the shape and dtype of `input`."""
    d = input.dtype if dtype is None else dtype
    return randn(tuple(input.shape), generator=generator, dtype=d, device=device, requires_grad=requires_grad)


def randint_like(
    input: Any, low: Any, high: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Whole numbers from low to high - 1 (from 0 to low - 1 without `high`), of the shape and dtype of `input`."""
    low, high = (0, low) if high is None else (low, high)
    d = input.dtype if dtype is None else dtype
    return randint(
        low, high, tuple(input.shape), generator=generator, dtype=d, device=device, requires_grad=requires_grad
    )


# -- draws with given probabilities ---------------------------------------------------------------------------


def _array(x: Any, name: str) -> Any:
    return np.asarray(x._array if isinstance(x, TensorBase) else as_operand(x, name))


def bernoulli(input: Any, p: float | None = None, *, generator: Any = None) -> Tensor:
    """1 with the probability that `input` says (or `p`, if given), 0 otherwise; in the dtype of `input`.

    Raises RuntimeError for probabilities outside of [0, 1].

    >>> from tinygrad_edu import bernoulli, tensor
    >>> bernoulli(tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    a = _array(input, "bernoulli")
    if p is None and a.dtype.kind != "f":
        raise RuntimeError(f"bernoulli: probabilities are floats, not {a.dtype}; convert them: x.float()")
    return wrap((uniform(a.shape, float64, generator) < probabilities(a if p is None else p)).astype(a.dtype))


def probabilities(p: Any) -> Any:
    p = _array(p, "bernoulli")
    if not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError(f"bernoulli: probabilities lie between 0 and 1, not {p[~((p >= 0) & (p <= 1))].flat[0]}")
    return p


def poisson(input: Any, generator: Any = None) -> Tensor:
    """Whole numbers (in the dtype of `input`) from Poisson distributions of these rates."""
    a = _array(input, "poisson")
    if not (a >= 0).all():
        raise RuntimeError("poisson: rates must be at least 0")
    return wrap(np.asarray(source(generator).poisson(a)).astype(a.dtype))


def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Indices drawn in proportion to the weights in `input`: (n) → (num_samples), (m, n) → (m, num_samples).

    Raises RuntimeError for weights that are negative, not finite or all 0, and if without replacement
    there are fewer than `num_samples` weights above 0.

    Without replacement: the `num_samples` smallest of exponential waiting times with the weights as
    rates (Efraimidis and Spirakis 2006).

    >>> from tinygrad_edu import multinomial, tensor
    >>> multinomial(tensor([0.0, 1.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    w = _array(input, "multinomial")
    if w.ndim not in (1, 2) or w.shape[-1] == 0 or w.dtype.kind != "f":
        raise RuntimeError(f"multinomial: weights are floats of shape (n) or (m, n), not {w.dtype} of shape {w.shape}")
    w = w.astype(float64)
    if not np.isfinite(w).all() or (w < 0).any():
        raise RuntimeError("multinomial: weights must be finite and at least 0")
    if (w.sum(-1) <= 0).any():
        raise RuntimeError("multinomial: the weights of a row are all 0")
    if num_samples < 1 or (not replacement and num_samples > (w > 0).sum(-1).min()):
        raise RuntimeError(
            f"multinomial: cannot draw {num_samples} of {(w > 0).sum(-1).min()} indices with weight above 0 "
            f"without replacement; num_samples must be at least 1, or pass replacement=True"
        )
    rng = source(generator)
    if not replacement:
        with np.errstate(divide="ignore"):
            times = rng.standard_exponential(w.shape) / w
        return wrap(np.argsort(times, -1, kind="stable")[..., :num_samples].astype(int64))
    levels = np.cumsum(w, -1)
    # below the last level whatever rounding does: an index of weight 0 is never drawn
    marks = np.minimum(rng.random((*w.shape[:-1], num_samples)) * levels[..., -1:], np.nextafter(levels[..., -1:], 0))
    rows = zip(np.atleast_2d(levels), np.atleast_2d(marks), strict=True)
    return wrap(np.array([np.searchsorted(c, u, side="right") for c, u in rows], int64).reshape(marks.shape))
