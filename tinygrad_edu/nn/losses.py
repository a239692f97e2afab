"""The losses of `nn.functional` as modules: each keeps the options that its function is called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, InitVar, dataclass
from typing import Any, ClassVar

from tinygrad_edu.nn import functional as F
from tinygrad_edu.nn.functional.checks import chosen_reduction
from tinygrad_edu.nn.members import BUFFER
from tinygrad_edu.nn.module import Module
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.tensor import Tensor

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss", "HingeEmbeddingLoss",
    "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss",
    "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip


class Loss(Module):
    """A loss. The fields of the class are its options.

    reduction: "mean" or "sum" of the loss of each element, or "none": each of them. (`size_average` and `reduce`
    are PyTorch's older way of saying it.) Raises ValueError for another reduction.
    """

    reduction: str
    also: ClassVar[str] = ""  # a reduction that only this loss has

    def __init__(self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean") -> None:
        self.reduction = reduction  # of a loss that somebody else derives
        Loss.__post_init__(self, size_average, reduce)

    def __post_init__(self, size_average: bool | None = None, reduce: bool | None = None) -> None:
        super().__init__()
        name = type(self).__name__
        if isinstance(size_average, TensorBase) or isinstance(reduce, TensorBase):
            raise RuntimeError(
                f"{name}: a loss is made first and called then, nn.{name}()(input, target). (Its options are no "
                f"tensors, and the Boolean value of a Tensor with more than one value is ambiguous.)"
            )
        if self.reduction != self.also:
            self.reduction = chosen_reduction(name, self.reduction, size_average, reduce)
        for weight in ("weight", "pos_weight"):  # weights of elements or classes are buffers
            if weight in self.__dict__:
                value = self.__dict__.pop(weight)
                if not (value is None or isinstance(value, TensorBase)):
                    raise TypeError(
                        f"{name}: cannot assign '{type(value).__name__}' object to buffer '{weight}' (Tensor or None "
                        f"required): write {weight}=tensor({'[…]' if isinstance(value, (list, tuple)) else '…'})"
                    )
                self._register_member(weight, BUFFER, value)


class WeightedLoss(Loss):
    """A loss with a weight for each class or element, for others to derive from."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        self.__dict__["weight"] = weight
        super().__init__(size_average, reduce, reduction)


# -- numbers -------------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class MSELoss(Loss):
    """(input − target)².

    >>> import tinygrad_edu as tg
    >>> tg.nn.MSELoss()(tg.tensor([1.0, 2.0]), tg.tensor([1.0, 4.0]))
    tensor(2.)
    """

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class L1Loss(Loss):
    """|input − target|."""

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class SmoothL1Loss(Loss):
    """d² / (2·beta) where d = |input − target| < beta, d − beta/2 elsewhere."""

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    beta: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


@dataclass(eq=False, repr=False)
class HuberLoss(Loss):
    """d² / 2 where d = |input − target| < delta, delta · (d − delta/2) elsewhere."""

    reduction: str = "mean"
    delta: float = 1.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, self.reduction, self.delta)


@dataclass(eq=False, repr=False)
class PoissonNLLLoss(Loss):
    """e^input − target · input: of counts, given the logarithm of their rate (or, with log_input=False, the rate).

    full: add Stirling's approximation of log(target!). eps: keeps the logarithm of a rate finite.
    """

    log_input: bool = True
    full: bool = False
    size_average: InitVar[bool | None] = None
    eps: float = 1e-8
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class GaussianNLLLoss(Loss):
    """(log var + (input − target)² / var) / 2, with a variance for each element or row.

    full: add log(2π)/2. eps: the least variance.
    """

    _: KW_ONLY
    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


# -- yes or no -----------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class BCELoss(Loss):
    """−(target · log input + (1 − target) · log(1 − input)): of probabilities (after a Sigmoid).

    weight: a factor for each element.
    """

    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class BCEWithLogitsLoss(Loss):
    """BCELoss of σ(input), computed stably: of logits (without a Sigmoid before it).

    weight: a factor for each element. pos_weight: a factor for the term of target = 1, for each class.
    """

    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    pos_weight: Tensor | None = None

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


@dataclass(eq=False, repr=False)
class SoftMarginLoss(Loss):
    """log(1 + e^(−target · input)), target 1 or −1."""

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


# -- one of several classes ----------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class CrossEntropyLoss(Loss):
    """−log softmax(input)[target]: of logits (N, C, …) and classes (N, …), or probabilities (N, C, …).

    weight: a factor for each class. ignore_index: a target that is not counted. label_smoothing: the share of each
    target that is spread over all classes.

    >>> import tinygrad_edu as tg
    >>> tg.nn.CrossEntropyLoss()(tg.zeros(1, 4), tg.tensor([2]))
    tensor(1.3863)
    """

    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    ignore_index: int = -100
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    label_smoothing: float = 0.0

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


@dataclass(eq=False, repr=False)
class NLLLoss(Loss):
    """−input[target]: of log-probabilities (N, C, …), as LogSoftmax gives them, and classes (N, …).

    weight: a factor for each class. ignore_index: a target that is not counted.
    """

    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    ignore_index: int = -100
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class KLDivLoss(Loss):
    """target · (log target − input): of log-probabilities and probabilities (log_target: their logarithms).

    reduction="batchmean" divides the sum by the number of rows, as in the divergence's definition.
    """

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"
    log_target: bool = False
    also: ClassVar[str] = "batchmean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


@dataclass(eq=False, repr=False)
class MultiMarginLoss(Loss):
    """Σᵢ max(0, margin − input[target] + input[i])ᵖ / C over the classes i ≠ target.

    weight: a factor for each class.
    """

    p: int = 1
    margin: float = 1.0
    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


# -- several classes at once ---------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class MultiLabelMarginLoss(Loss):
    """Σ max(0, 1 − input[j] + input[i]) / C over the classes j that are targets and i that are not.

    The targets of a row stand first, and end at −1.
    """

    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class MultiLabelSoftMarginLoss(Loss):
    """BCEWithLogitsLoss, averaged over the classes. weight: a factor for each class."""

    weight: Tensor | None = None
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


# -- distances -----------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class HingeEmbeddingLoss(Loss):
    """input where target = 1, max(0, margin − input) where target = −1: of distances."""

    margin: float = 1.0
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class CosineEmbeddingLoss(Loss):
    """1 − cos(input1, input2) where target = 1, max(0, cos − margin) where target = −1."""

    margin: float = 0.0
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class MarginRankingLoss(Loss):
    """max(0, −target · (input1 − input2) + margin): target is 1 where input1 should be the larger one, else −1."""

    margin: float = 0.0
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


@dataclass(eq=False, repr=False)
class TripletMarginLoss(Loss):
    """max(0, d(anchor, positive) − d(anchor, negative) + margin), d the distance in the p-norm.

    swap: take d(positive, negative) where it is smaller than d(anchor, negative).
    """

    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: InitVar[bool | None] = None
    reduce: InitVar[bool | None] = None
    reduction: str = "mean"

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


@dataclass(eq=False, repr=False)
class TripletMarginWithDistanceLoss(Loss):
    """TripletMarginLoss with a distance function of one's own."""

    _: KW_ONLY
    distance_function: Callable[[Any, Any], Any] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
