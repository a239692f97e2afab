"""The loss of sequences whose labels are not aligned with the steps, as a module."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinygrad_edu.nn.functional.ctc import ctc_loss
from tinygrad_edu.nn.losses import Loss
from tinygrad_edu.tensor import Tensor

__all__ = ["CTCLoss"]


@dataclass(eq=False, repr=False)
class CTCLoss(Loss):
    """`functional.ctc_loss`: (T, N, C) log-probabilities, targets, input_lengths (N) and target_lengths (N).

    >>> import tinygrad_edu as tg
    >>> even = tg.full((3, 1, 2), 0.5).log()
    >>> tg.nn.CTCLoss()(even, tg.tensor([[1]]), [3], [1])
    tensor(0.2877)
    """

    blank: int = 0
    reduction: str = "mean"
    zero_infinity: bool = False

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
