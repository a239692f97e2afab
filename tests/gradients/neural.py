"""Cases of the primitives of neural networks: rectifiers, softmax, losses, layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.gradients.elementwise import one, several
from tests.gradients.harness import Call
from tinygrad_edu.rules import activations as a
from tinygrad_edu.rules import losses, neural, normalization
from tinygrad_edu.testing import arrays, broadcastable, shapes

Cases = st.SearchStrategy[Call]


def along(f: Callable[..., Any]) -> Cases:
    """Calls f(x, axis) of a function along one axis."""

    def drawn(shape: tuple[int, ...]) -> Cases:
        return st.builds(
            lambda x, axis: Call(lambda x: f(x, axis), (x,)), arrays(shape), st.integers(0, len(shape) - 1)
        )

    return shapes(min_dims=1).flatmap(drawn)


def pairs(f: Callable[..., Any], x: tuple[float, float], target: tuple[float, float]) -> Cases:
    """Calls f(x, target) with two arrays of one shape that is not empty."""
    return shapes(min_side=1).flatmap(
        lambda shape: st.tuples(arrays(shape, *x), arrays(shape, *target)).map(lambda xs: Call(f, xs))
    )


def classes() -> Cases:
    def drawn(shape: tuple[int, ...]) -> Cases:
        n, c = shape
        target = arrays((n,), 0, c - 1, dtype=np.int64)
        return st.builds(lambda x, t: Call(lambda x: losses.cross_entropy(x, t), (x,)), arrays(shape), target)

    return shapes(2, 2, min_side=1).flatmap(drawn)


@st.composite
def layers(draw: Any) -> Call:
    batch, n, m = draw(shapes(0, 2)), draw(st.integers(0, 4)), draw(st.integers(0, 4))
    x, w, b = draw(arrays((*batch, n))), draw(arrays((m, n))), draw(arrays((m,)))
    if draw(st.booleans()):
        return Call(neural.linear, (x, w, b))
    return Call(lambda x, w: neural.linear(x, w, None), (x, w))


@st.composite
def standardized(draw: Any) -> Call:
    shape = draw(shapes(1, 3, min_side=1))
    axes = st.lists(st.integers(0, len(shape) - 1), min_size=1, max_size=len(shape), unique=True)
    axis = tuple(draw(axes))
    eps = draw(st.sampled_from([0.1, 1.0]))  # the slope is as steep as 1/√eps where all are nearly equal
    return Call(lambda x: neural.standardize(x, axis=axis, eps=eps), (draw(arrays(shape)),))


@st.composite
def batch_normalized(draw: Any) -> Call:
    """All three results; the same channels may lie in memory in another order."""
    shape = draw(shapes(2, 4, min_side=1))
    column = (1, shape[1], *(1,) * (len(shape) - 2))
    eps = draw(st.sampled_from([0.1, 1.0]))
    x, w, b = draw(arrays(shape)), draw(arrays(column)), draw(arrays(column))
    if draw(st.booleans()):
        return Call(lambda x, w, b: normalization.batch_norm(x, w, b, eps=eps), (x, w, b))
    return Call(lambda x: normalization.batch_norm(x, None, None, eps=eps), (x,))


@st.composite
def dropped(draw: Any) -> Call:
    shape = draw(shapes())
    mask = draw(arrays(shape, dtype=bool)) * 2.0
    return Call(lambda x: neural.dropout(x, mask.astype(x.dtype)), (draw(arrays(shape)),))


def no_empty_mean(f: Callable[..., Any]) -> Cases:
    """Calls of the mean over operands that broadcast."""
    return broadcastable(2, min_side=1).flatmap(
        lambda of: st.tuples(*(arrays(shape) for shape in of)).map(lambda xs: Call(f, xs))
    )


CASES: dict[str, Cases] = {
    # rectifiers
    "relu": one(a.relu, avoid=(0,)),
    "leaky_relu": several(a.leaky_relu, (-3, 3), (-1, 1), avoid=((0,), ()))
    | one(lambda x: a.leaky_relu(x, 0.1), avoid=(0,)),
    "elu": one(a.elu, avoid=(0,)) | one(lambda x: a.elu(x, alpha=1.5, scale=0.7, rate=2.0), avoid=(0,)),
    "softplus": one(a.softplus) | one(lambda x: a.softplus(x, beta=2.0, threshold=1.0), avoid=(0.5,)),
    # along an axis
    "softmax": along(lambda x, axis: a.softmax(x, axis=axis)),
    "log_softmax": along(lambda x, axis: a.log_softmax(x, axis=axis)),
    # losses
    "mse_loss": no_empty_mean(losses.mse_loss),
    "binary_cross_entropy": pairs(losses.binary_cross_entropy, (0.1, 0.9), (0, 1)),
    "binary_cross_entropy_with_logits": pairs(losses.binary_cross_entropy_with_logits, (-6, 6), (0, 1)),
    "cross_entropy": classes(),
    # layers
    "linear": layers(),
    "standardize": standardized(),
    "batch_norm": batch_normalized(),
    "dropout": dropped(),
}
