"""Connectionist temporal classification: a loss for a sequence of labels without saying when each of them occurs.

(Graves et al., "Connectionist temporal classification", 2006.)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.nn.functional.checks import chosen_reduction, reduced
from tinygrad_edu.rules import elementwise, indexing, joining, reductions, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["ctc_loss"]

NEVER = -1e30  # the logarithm of the probability 0: −∞ would give NaN for ∞ − ∞


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """−log of the probability that the steps spell the target: each label for any time, with blanks in between.

    log_probs (T, N, C) or (T, C): log-probabilities of the C labels at each step. targets: (N, S) labels, padded, or
    all in a row, (Σ target_lengths). input_lengths, target_lengths (N): how much of both counts. blank: the label that
    is none; it must stand between equal labels. "mean" divides each loss by its target's length before the mean.
    Where the steps are too few for the target, the loss is ∞; or 0 with `zero_infinity`.
    Raises RuntimeError for lengths and sizes that do not fit, IndexError for a label that is none.

    >>> import tinygrad_edu as tg
    >>> even = tg.full((3, 1, 2), 0.5).log()
    >>> tg.nn.functional.ctc_loss(even, tg.tensor([[1]]), [3], [1]).exp()  # 6 of 8 paths: 001 010 100 011 110 111
    tensor(1.3333)
    """
    reduction = chosen_reduction("ctc_loss", reduction)
    p = raw(log_probs, "ctc_loss")
    if p.ndim not in (2, 3) or p.dtype.kind != "f":
        raise RuntimeError(
            f"ctc_loss: log_probs are floats (T, N, C) or (T, C), not {p.dtype} of shape {tuple(p.shape)}"
        )
    single = p.ndim == 2
    if single:
        log_probs = shaping.reshape(log_probs, shape=(p.shape[0], 1, p.shape[1]))
    steps, n, classes = log_probs._array.shape
    if not 0 <= blank < classes:
        raise RuntimeError(f"ctc_loss: blank must be in label range, 0 to {classes - 1}, not {blank}")
    ends = _lengths("input_lengths", input_lengths, n)
    if n and ends.max() > steps:
        raise RuntimeError(
            f"ctc_loss: Expected input_lengths to have value at most {steps}, the number of steps, but got value "
            f"{ends.max()}"
        )
    sizes = _lengths("target_lengths", target_lengths, n)
    labels = _padded(raw(targets, "ctc_loss"), sizes, classes)
    loss = elementwise.negative(_log_probability(log_probs, _with_blanks(labels, blank), ends, sizes))
    possible = loss._array < -NEVER / 2
    loss = elementwise.where(possible, loss, 0.0 if zero_infinity else math.inf)
    if reduction == "mean":
        loss = elementwise.divide(loss, np.maximum(sizes, 1).astype(p.dtype))
    return reduced(shaping.reshape(loss, shape=()) if single else loss, reduction)


def _log_probability(log_probs: Any, labels: Any, ends: Any, sizes: Any) -> Any:
    """For each sample log Σ P(path) over the paths through `labels` (N, S′), which blanks surround.

    a[s] is that for the paths up to a step that are at label s by then. They were there before, or at the label
    before it, or, past a blank between different labels, at the one before that.
    """
    n, width = labels.shape
    may_skip = np.zeros(labels.shape, bool)
    may_skip[:, 2:] = (labels[:, 2:] != labels[:, :-2]) & (np.arange(2, width) % 2 == 1)
    nowhere = np.full((n, 2), NEVER, log_probs.dtype)
    start = np.arange(width) < np.minimum(2, 2 * sizes + 1)[:, None]
    a: Any = None
    for t, row in enumerate(joining.unbind(log_probs, axis=0)):
        here = indexing.take_along_axis(row, labels, axis=1)
        if a is None:
            a = elementwise.where(start, here, NEVER)
            continue
        earlier = joining.concatenate(nowhere, a, axis=1)
        one, two = (indexing.getitem(earlier, index=(slice(None), slice(k, k + width))) for k in (1, 0))
        ways = joining.stack(a, one, elementwise.where(may_skip, two, NEVER), axis=0)
        after = elementwise.add(reductions.logsumexp(ways, axis=0), here)
        a = elementwise.where((t < ends)[:, None], after, a)
    last = 2 * sizes[:, None] - np.array([0, 1])  # at the last blank, or at the last label
    final = elementwise.where(last >= 0, indexing.take_along_axis(a, np.maximum(last, 0), axis=1), NEVER)
    without_steps = np.where(sizes > 0, NEVER, 0).astype(a.dtype)
    return elementwise.where(ends > 0, reductions.logsumexp(final, axis=1), without_steps)


def _with_blanks(labels: Any, blank: int) -> Any:
    """(N, S) → (N, 2 S + 1): a blank before, between and after the labels."""
    out = np.full((labels.shape[0], 2 * labels.shape[1] + 1), blank)
    out[:, 1::2] = labels
    return out


def _lengths(name: str, given: Any, n: int) -> Any:
    lengths = np.atleast_1d(np.asarray(getattr(given, "_array", given))).astype(np.int64)
    if lengths.shape != (n,):
        raise RuntimeError(f"ctc_loss: {name} must be of size batch_size, ({n},), but has shape {lengths.shape}")
    if (lengths < 0).any():
        raise RuntimeError(f"ctc_loss: {name} must not be negative, but has {lengths.min()}")
    return lengths


def _padded(targets: Any, sizes: Any, classes: int) -> Any:
    """The labels (N, S) of each sample, with 0 for what does not count."""
    most = int(sizes.max(initial=0))
    used = np.arange(most) < sizes[:, None]
    if targets.ndim == 1:
        if targets.shape[0] < sizes.sum():
            raise RuntimeError(
                f"ctc_loss: targets in a row must be of size {sizes.sum()}, the sum of target_lengths, not "
                f"{targets.shape[0]}"
            )
        labels = np.zeros(used.shape, np.int64)
        labels[used] = targets[: sizes.sum()]
    elif targets.ndim == 2 and targets.shape[0] == len(sizes) and targets.shape[1] >= most:
        labels = np.where(used, targets[:, :most], 0).astype(np.int64)
    else:
        raise RuntimeError(
            f"ctc_loss: Expected targets to have size at least {most} at dimension 1, ({len(sizes)}, {most}) for these "
            f"target_lengths, but their shape is {tuple(targets.shape)}"
        )
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        raise IndexError(f"ctc_loss: the target {labels[wrong][0]} is no label, 0 to {classes - 1}")
    return labels
