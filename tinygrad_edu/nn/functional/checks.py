"""What losses have in common: comparing input and target, and reducing a loss per element to one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.primitive import Node
from tinygrad_edu.rules import elementwise, reductions
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["alike", "chosen_reduction", "meaning_of_broadcast", "reduced", "warn_of_broadcast", "warn_of_result"]


def alike(a: Any, b: Any) -> bool:
    """Whether both are Tensors of the same shape and floating dtype: nothing to check, warn of or convert."""
    try:
        x, y = a._array, b._array
    except AttributeError:
        return False
    return x.shape == y.shape and x.dtype is y.dtype and x.dtype.kind == "f"


def chosen_reduction(name: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """The reduction (ValueError for an unknown one); PyTorch's older `size_average` and `reduce` warn."""
    if size_average is not None or reduce is not None:
        reduction = "none" if reduce is False else "sum" if size_average is False else "mean"
        warn(f"{name}: size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}: {reduction!r} is not a valid value for reduction; it is 'none', 'mean' or 'sum'")
    return reduction


def reduced(loss: Any, reduction: str) -> Tensor:
    """The loss per element as it is, or its mean or sum. (The mean of nothing is NaN.)

    Raises RuntimeError for the mean of integers: of losses whose input and target are both integers.
    """
    if reduction == "none":
        return loss
    if reduction == "mean" and loss._array.dtype.kind != "f":
        raise RuntimeError(
            f"the mean of a loss needs floats, but the input and the target are integers ({loss._array.dtype}). Give "
            f"it what the model returns (argmax and comparisons have no gradient), or convert: input.float()."
        )
    if reduction == "mean" and loss._array.size:
        return reductions.mean(loss)
    total = reductions.sum(loss)
    return elementwise.multiply(total, np.nan) if reduction == "mean" else total


def meaning_of_broadcast(a: Any, b: Any) -> str:
    """What broadcasting makes of two shapes, and how to write it instead."""
    whole = np.broadcast_shapes(a, b)
    n = max(a[:1] + b[:1], default=1)
    columns = {len(a), len(b)} == {1, 2} and (a[-1:] == (1,) or b[-1:] == (1,))
    if columns and len(whole) == 2 and whole[0] == n:
        pairs = f"{whole[0]}×{whole[1]} = {whole[0] * whole[1]}"
        fix = "target.squeeze(1)" if len(b) == 2 else "input.squeeze(1)"
        back = "target.view(-1, 1)" if len(b) == 1 else "input.view(-1, 1)"
        return (
            f"Broadcasting compares every input with every target ({pairs} numbers instead of {n}), and the model will "
            f"learn to predict the mean. Make the shapes equal: {fix}, or {back}."
        )
    return f"Broadcasting makes {whole} of them. Make the shapes equal: view, squeeze or unsqueeze one."


def warn_of_broadcast(name: str, input: Any, target: Any) -> None:
    """Warn where the shapes differ. Raises RuntimeError where they do not even broadcast."""
    x, y = raw(input, name), raw(target, name)
    refuse_complex(name, x, y)
    a, b = tuple(np.shape(x)), tuple(np.shape(y))
    if a == b:
        return
    try:
        meaning = meaning_of_broadcast(a, b)
    except ValueError:
        raise RuntimeError(
            f"{name}: the input has shape {a} and the target {b}: the sizes must match. There is one target for "
            f"each number that the model gives."
        ) from None
    warn(
        f"{name}: Using a target size ({b}) that is different to the input size ({a}). This will likely lead to "
        f"incorrect results due to broadcasting. {meaning}"
    )


def warn_of_result(name: str, input: Any, function: str, remedy: str) -> None:
    """Warn if `input` is the result of a function that does not belong before this loss."""
    made = getattr(input, "_node", None)
    if isinstance(made, Node) and made.plan.primitive.name == function:
        warn(f"{name}: the input is the result of {function}. {remedy}")
