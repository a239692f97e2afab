"""Distances and similarities of vectors, and the losses that are made of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu import functions, linalg
from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import chosen_reduction, reduced
from tinygrad_edu.rules import activations, elementwise, indexing, reductions

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "cosine_similarity", "hinge_embedding_loss", "margin_ranking_loss", "normalize",
    "pairwise_distance", "pdist", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> Tensor:
    """`input` divided by its norms along `dim`, or by eps where they are less.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.normalize(tg.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    if out is not None:
        raise TypeError("normalize: out= is not supported; assign the result")
    return elementwise.divide(input, elementwise.clip(linalg.vector_norm(input, p, dim, True), min=eps))


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between the vectors along `dim`: x1 · x2 / (|x1| · |x2|), each norm at least eps.

    x1 and x2 broadcast.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.cosine_similarity(tg.tensor([3.0, 4.0]), tg.tensor([0.0, 2.0]), dim=0)
    tensor(0.8000)
    """
    x1, x2 = functions.broadcast_tensors(x1, x2)
    refuse_complex("cosine_similarity", x1._array, x2._array)
    unit1, unit2 = (normalize(x, 2.0, dim, eps) for x in (x1, x2))
    return functions.sum(elementwise.multiply(unit1, unit2), dim)


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of x1 − x2 + eps over the last dimension.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.pairwise_distance(tg.tensor([3.0, 4.0]), tg.zeros(2))
    tensor(5.0000)
    """
    difference = elementwise.add(elementwise.subtract(x1, x2), eps)
    return linalg.vector_norm(difference, p, -1, keepdim)


def pdist(input: Any, p: float = 2.0) -> Tensor:
    """The p-norms of the differences of every two rows: (N, M) → (N · (N − 1) / 2,), rows 0 and 1, 0 and 2, ….

    Raises RuntimeError for other than a matrix, for p < 0 and for whole numbers.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.pdist(tg.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]]))
    tensor([5., 4., 3.])
    """
    x = raw(input, "pdist")
    if x.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x.ndim}D")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got {p}")
    if x.dtype.kind != "f":
        raise RuntimeError(f"pdist only supports floating-point dtypes, got {x.dtype}: write input.float()")
    first, second = np.triu_indices(x.shape[0], 1)
    rows = (indexing.take(input, k, axis=0) for k in (first, second))
    return linalg.vector_norm(elementwise.subtract(*rows), p, -1)


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`input`, a distance, where target is 1; max(0, margin − input) where it is −1.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.hinge_embedding_loss(tg.tensor([0.2, 0.2]), tg.tensor([1.0, -1.0]), reduction="none")
    tensor([0.2000, 0.8000])
    """
    reduction = chosen_reduction("hinge_embedding_loss", reduction, size_average, reduce)
    t = raw(target, "hinge_embedding_loss")
    near = elementwise.where(t != -1, input, 0)
    far = elementwise.where(t != 1, activations.relu(elementwise.subtract(margin, input)), 0)
    return reduced(elementwise.add(near, far), reduction)


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, −target · (input1 − input2) + margin): target 1 wants input1 to be larger, −1 input2.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.margin_ranking_loss(tg.tensor([1.0]), tg.tensor([3.0]), tg.tensor([1.0]))
    tensor(2.)
    """
    reduction = chosen_reduction("margin_ranking_loss", reduction, size_average, reduce)
    a, b, t = (raw(x, "margin_ranking_loss") for x in (input1, input2, target))
    if not a.ndim == b.ndim == t.ndim:
        raise RuntimeError(
            f"margin_ranking_loss: input1, input2 and target should have the same number of dimensions, but have the "
            f"shapes {tuple(a.shape)}, {tuple(b.shape)} and {tuple(t.shape)}"
        )
    gap = elementwise.multiply(elementwise.negative(target), elementwise.subtract(input1, input2))
    return reduced(activations.relu(elementwise.add(gap, margin) if margin else gap), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, d(anchor, positive) − d(anchor, negative) + margin), with d the pairwise_distance.

    swap: the negative's distance is that to the nearer of anchor and positive. Raises ValueError for margin ≤ 0.

    >>> import tinygrad_edu as tg
    >>> zero = tg.zeros(1, 2)
    >>> tg.nn.functional.triplet_margin_loss(zero, tg.tensor([[3.0, 4.0]]), tg.tensor([[0.0, 2.0]]))
    tensor(4.0000)
    """
    reduction = chosen_reduction("triplet_margin_loss", reduction, size_average, reduce)
    distance = partial(pairwise_distance, p=p, eps=eps)
    return _triplet("triplet_margin_loss", (anchor, positive, negative), distance, margin, swap, reduction)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """triplet_margin_loss with a distance of your own: a function of two tensors (default: pairwise_distance).

    >>> import tinygrad_edu as tg
    >>> zero = tg.zeros(1, 2)
    >>> tg.nn.functional.triplet_margin_with_distance_loss(
    ...     zero, tg.tensor([[3.0, 4.0]]), tg.tensor([[0.0, 2.0]]), distance_function=lambda a, b: (a - b).abs().sum(1)
    ... )
    tensor(6.)
    """
    name = "triplet_margin_with_distance_loss"
    reduction = chosen_reduction(name, reduction)
    return _triplet(name, (anchor, positive, negative), distance_function or pairwise_distance, margin, swap, reduction)


def _triplet(
    name: str, triplet: Any, distance: Callable[[Any, Any], Any], margin: float, swap: bool, reduction: str
) -> Tensor:
    anchor, positive, negative = triplet
    if margin <= 0:
        raise ValueError(f"{name}: margin must be greater than 0, got {margin}")
    dimensions = [raw(x, name).ndim for x in triplet]
    if len(set(dimensions)) > 1:
        raise RuntimeError(
            f"{name}: The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {dimensions[0]}D, positive {dimensions[1]}D, and negative {dimensions[2]}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = elementwise.minimum(far, distance(positive, negative))
    return reduced(activations.relu(elementwise.add(elementwise.subtract(near, far), margin)), reduction)


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 − cosine where target is 1, max(0, cosine − margin) where it is −1: (N, D), (N, D), (N,) → (N,).

    Raises RuntimeError for shapes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.cosine_embedding_loss(tg.tensor([[3.0, 4.0]]), tg.tensor([[0.0, 2.0]]), tg.tensor([1.0]))
    tensor(0.2000)
    """
    name = "cosine_embedding_loss"
    reduction = chosen_reduction(name, reduction, size_average, reduce)
    a, b, t = (raw(x, name) for x in (input1, input2, target))
    if a.shape != b.shape or tuple(t.shape) != tuple(a.shape[:-1]) or not 1 <= a.ndim <= 2:
        raise RuntimeError(
            f"{name}: expected inputs (N, D) and a target (N,), or (D,) and (), but the shapes are {tuple(a.shape)}, "
            f"{tuple(b.shape)} and {tuple(t.shape)}"
        )
    # PyTorch's form: eps is added to the squared norms
    dot = reductions.sum(elementwise.multiply(input1, input2), axis=-1)
    squares = [elementwise.add(reductions.sum(elementwise.square(x), axis=-1), 1e-12) for x in (input1, input2)]
    cosine = elementwise.divide(dot, elementwise.sqrt(elementwise.multiply(*squares)))
    near = elementwise.where(t == 1, elementwise.subtract(1, cosine), 0)
    far = elementwise.where(t == -1, activations.relu(elementwise.subtract(cosine, margin)), 0)
    return reduced(elementwise.add(near, far), reduction)
