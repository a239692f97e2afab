"""Accuracy from logits. All other metrics are scikit-learn's, whose functions take tensors as they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.tensor import Tensor
from tinygrad_edu.warning import warn

__all__ = ["accuracy"]


def accuracy(true: Any, predicted: Any) -> float:
    """The share of samples that are predicted right, from 0 to 1.

    Args:
        true: the class of each sample, (N,); of two classes also in the shape of `predicted`.
        predicted: logits. Of two classes (N,) or (N, 1): positive means 1 (sigmoid above one half).
            Of C classes (N, C): the largest is the predicted class.

    Raises ValueError for shapes that do not say which it is, above all one column of logits against a flat list
    of classes: the argmax over one column is always 0. Warns where the logits look like probabilities.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.training import accuracy
    >>> accuracy(tensor([2, 0]), tensor([[0.1, 0.2, 0.9], [0.3, 0.2, 0.1]]))
    1.0
    >>> accuracy(tensor([1.0, 0.0, 1.0, 1.0]), tensor([2.5, -1.0, -0.5, 0.1]))
    0.75
    """
    t, p = _array(true), _array(predicted)
    if not p.size:
        raise ValueError(f"accuracy: there is nothing to count in predictions of shape {p.shape}")
    if p.dtype.kind != "f":
        raise ValueError(
            f"accuracy: predicted must be logits (floats), but is {p.dtype}. For classes that are chosen already: "
            f"(true == predicted).float().mean()."
        )
    if t.shape == p.shape and (p.ndim == 1 or p.shape[1:] == (1,)):
        _check_classes(t, 2)
        if p.size > 1 and p.any() and p.min() >= 0 and p.max() <= 1:
            warn(
                "accuracy: all predictions are between 0 and 1. It takes logits, of which the positive ones mean 1; "
                "for probabilities (after sigmoid) write accuracy(true, predicted - 0.5)."
            )
        return float(np.mean((p > 0) == (t == 1)))
    if p.shape[1:] == (1,):
        raise ValueError(
            f"accuracy: predicted has one column (shape {p.shape}) and true has shape {t.shape}. One column is one "
            f"logit for yes or no, and its argmax would always be 0: give both the same shape, "
            f"predicted.squeeze(1) or true.unsqueeze(1). For several classes the model needs an output for each."
        )
    if p.ndim == 2 and t.shape == p.shape[:1]:
        _check_classes(t, p.shape[1])
        return float(np.mean(np.argmax(p, axis=1) == t))
    one_hot = " For one-hot rows write true.argmax(1)." if t.shape == p.shape else ""
    raise ValueError(
        f"accuracy: true has shape {t.shape} and predicted {p.shape}. Of C classes it takes true (N,) and predicted "
        f"(N, C), of two classes the same shape, (N,) or (N, 1), for both.{one_hot}"
    )


def _array(x: Any) -> Any:
    return np.asarray(x.detach() if isinstance(x, Tensor) else x)


def _check_classes(t: Any, classes: int) -> None:
    wrong = ~np.isin(t, np.arange(classes))
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise ValueError(
            f"accuracy: true[{', '.join(map(str, at))}] is {t[at]}, but with {classes} classes true is a whole number "
            f"from 0 to {classes - 1}."
        )
