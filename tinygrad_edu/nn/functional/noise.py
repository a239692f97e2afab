"""Noise for training: elements or whole channels are dropped at random, or get a random slope."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.activations import softmax
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.random import uniform
from tinygrad_edu.generator import generator as source
from tinygrad_edu.inplace import assign
from tinygrad_edu.rules import elementwise
from tinygrad_edu.rules import neural as rules
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "gumbel_softmax",
    "rrelu",
]  # fmt: skip


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training, each element is 0 with probability `p`, and the others are divided by 1 − p.

    (Srivastava et al., 2014.) Raises ValueError for a `p` outside of [0, 1].

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.dropout(tg.tensor([1.0, 2.0]), training=False)
    tensor([1., 2.])
    """
    check_probability(p)
    if not training or p == 0:
        return input
    x = raw(input, "dropout")
    return _dropped("dropout_", input, p, x.shape, inplace)


def _dropped(name: str, input: Any, p: float, shape: tuple[int, ...], inplace: bool) -> Tensor:
    """Drop elements, or what an element of `shape` broadcasts to."""
    dtype = _float(input, name)
    mask = (uniform(shape, dtype) >= p) / dtype.type(1 - p if p < 1 else 1)
    return assign(input, lambda x: rules.dropout(x, mask), name) if inplace else rules.dropout(input, mask)


def _float(input: Any, name: str) -> Any:
    dtype = raw(input, name).dtype
    if dtype.kind != "f":
        raise RuntimeError(f"{name.rstrip('_')}: expected a floating input, but got {dtype}: write input.float()")
    return dtype


def check_probability(p: float) -> None:
    """Raises ValueError for a dropout probability outside of [0, 1]."""
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _channels(name: str, input: Any, sides: int) -> tuple[int, ...]:
    """The shape (N, C, 1, …) of one number for each channel of (N, C, …), or (C, 1, …) without a batch."""
    shape = tuple(raw(input, name).shape)
    n = len(shape)
    wanted = f"{sides + 1}D or {sides + 2}D"
    what = (
        f"channel-wise dropout on inputs with {sides} spatial dimension{'s' * (sides > 1)}, a channel dimension, and "
        f"an optional batch dimension (i.e. {wanted} inputs)"
    )
    if n < 2 or (sides == 1 and n > 3):
        raise RuntimeError(f"{name}: Expected {wanted} input, but received a {n}D input. {name} is {what}.")
    if n not in (sides + 1, sides + 2):
        warn(f"{name}: Received a {n}-D input, which is deprecated; please use dropout instead. {name} is {what}.")
    elif (sides, n) == (2, 3):
        warn(
            f"{name}: Received a 3D input, which is taken as (N, C, L), not as (C, H, W) without a batch. Please use "
            f"dropout1d to say so, or x.unsqueeze(0) for a single picture."
        )
        sides = 1
    channel = 0 if n == sides + 1 else 1
    return shape[: channel + 1] + (1,) * (n - channel - 1)


def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training, each channel of (N, C, L) or (C, L) is 0 with probability `p`, and others are divided by 1 − p.

    Raises ValueError for a `p` outside of [0, 1], RuntimeError for other shapes.
    """
    check_probability(p)
    shape = _channels("dropout1d", input, 1)
    return _dropped("dropout1d_", input, p, shape, inplace) if training and p else input


def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training, each channel of (N, C, H, W) is 0 with probability `p`, and the others are divided by 1 − p.

    Three dimensions are taken as (N, C, L), with a warning. Raises ValueError for a `p` outside of [0, 1].

    >>> import tinygrad_edu as tg
    >>> y = tg.nn.functional.dropout2d(tg.ones(2, 3, 4, 4))
    >>> sorted(set(y.sum((2, 3)).flatten().tolist())) in ([0.0], [0.0, 32.0], [32.0])
    True
    """
    check_probability(p)
    shape = _channels("dropout2d", input, 2)
    return _dropped("dropout2d_", input, p, shape, inplace) if training and p else input


def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """While training, each channel of (N, C, D, H, W) or (C, D, H, W) is 0 with probability `p`.

    The others are divided by 1 − p. Raises ValueError for a `p` outside of [0, 1].
    """
    check_probability(p)
    shape = _channels("dropout3d", input, 3)
    return _dropped("dropout3d_", input, p, shape, inplace) if training and p else input


ALPHA = 1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
"""−ALPHA is what selu goes to at −∞."""


def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """While training, each element becomes −1.7581, where selu ends, with probability `p`; mean and variance are kept.

    a · (x or −α) + α·a·p, with a = 1/√((1 − p)(1 + p·α²)). (Klambauer et al., "Self-Normalizing Neural Networks",
    2017.) Raises ValueError for a `p` outside of [0, 1].
    """
    check_probability(p)
    return _alpha(input, p, raw(input, "alpha_dropout").shape, inplace) if training and p else input


def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """`alpha_dropout` of whole channels of (N, C, …)."""
    check_probability(p)
    shape = raw(input, "feature_alpha_dropout").shape
    if len(shape) < 2:
        raise RuntimeError("feature_alpha_dropout: Feature dropout requires at least 2 dimensions in the input")
    return _alpha(input, p, shape[:2] + (1,) * (len(shape) - 2), inplace) if training and p else input


def _alpha(input: Any, p: float, shape: tuple[int, ...], inplace: bool) -> Tensor:
    dtype = _float(input, "alpha_dropout_")
    a = 1 / math.sqrt((1 - p) * (1 + p * ALPHA**2)) if p < 1 else 0.0
    kept = uniform(shape, dtype) >= p
    scale, shift = (a * kept).astype(dtype), (ALPHA * a * (p - ~kept)).astype(dtype)

    def compute(x: Any) -> Tensor:
        return elementwise.add(elementwise.multiply(x, scale), shift)

    return assign(input, compute, "alpha_dropout_") if inplace else compute(input)


def rrelu(
    input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """x where x > 0, a · x elsewhere: while training a is drawn from U(lower, upper) for each element, else their mean.

    (Xu et al., "Empirical Evaluation of Rectified Activations", 2015.) Raises ValueError for lower > upper.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.rrelu(tg.tensor([-24.0, 2.0]))
    tensor([-5.5000,  2.0000])
    """
    if not lower <= upper:
        raise ValueError(f"rrelu: lower must be at most upper, but {lower} > {upper}")
    x = raw(input, "rrelu")
    slope = lower + (upper - lower) * uniform(x.shape, x.dtype) if training else np.full(x.shape, (lower + upper) / 2)
    slope = np.where(x > 0, 1, slope).astype(x.dtype)

    def compute(x: Any) -> Tensor:
        return elementwise.multiply(x, slope)

    return assign(input, compute, "rrelu_") if inplace else compute(input)


def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random choice that can be differentiated: softmax((logits + noise) / tau), near to one-hot for a small `tau`.

    The noise is Gumbel's: the largest entry is class k with the probability softmax(logits)[k]. hard: exactly one-hot,
    with the gradient of the soft one. (Jang et al., 2017; Maddison et al., 2017.) `eps` changes nothing.
    Raises RuntimeError for whole numbers, ValueError for tau ≤ 0.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.gumbel_softmax(tg.tensor([0.0, 1000.0]), hard=True)
    tensor([0., 1.])
    """
    if not tau > 0:
        raise ValueError(f"gumbel_softmax: tau must be positive, but is {tau}")
    dtype = _float(logits, "gumbel_softmax")
    noise = source().gumbel(size=raw(logits, "gumbel_softmax").shape).astype(dtype)
    soft = softmax(elementwise.divide(elementwise.add(logits, noise), tau), dim)
    if not hard:
        return soft
    y = soft._array
    chosen = np.zeros_like(y)
    np.put_along_axis(chosen, np.argmax(y, axis=dim, keepdims=True), 1, axis=dim)
    return elementwise.add(elementwise.subtract(soft, y), chosen)  # soft's gradient, with other numbers
