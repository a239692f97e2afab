"""What distributions have in common: shapes, checks of parameters and values, printing."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Number
from typing import Any, ClassVar

from tinygrad_edu import functions
from tinygrad_edu.autograd import no_grad
from tinygrad_edu.distributions import constraints
from tinygrad_edu.dtypes import get_default_dtype
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.size import Size

__all__ = ["Distribution", "Independent"]


class Distribution:
    """A distribution, or a batch of them: its parameters' shape is `batch_shape`, that of one draw is `event_shape`.

    A family sets its parameters as attributes, then calls this constructor, which checks them against
    `arg_constraints` unless `validate_args` is False; then values are not checked, either. It defines `_draw` (or
    `rsample`) and `_log_prob`, which get what has been checked.
    """

    parameters: tuple[str, ...] = ()  # the names of those it was given, as they print
    constants: tuple[str, ...] = ()  # other arguments that its constructor needs
    arg_constraints: ClassVar[Mapping[str, constraints.Constraint]] = {}
    has_rsample = False
    has_enumerate_support = False
    _validate_args = True

    def __init__(self, batch_shape: Any = (), event_shape: Any = (), validate_args: bool | None = None) -> None:
        self.batch_shape, self.event_shape = Size(batch_shape), Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if not self.parameters:  # a family from a PyTorch program says only what they may be
            self.parameters = tuple(name for name in self.arg_constraints if name in vars(self))
        if not self._validate_args:
            return
        for name in self.parameters:
            constraint, given = self.arg_constraints[name], getattr(self, name)
            if not constraint.check(given).all():
                raise ValueError(
                    f"Expected parameter {name} (Tensor of shape {tuple(given.shape)}) of distribution {self!r} to "
                    f"satisfy the constraint {constraint}, but found invalid values:\n{given.detach()}"
                )

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Whether parameters and values are checked where `validate_args` is not given: True at first."""
        if value not in (True, False):
            raise ValueError(f"set_default_validate_args: True or False, not {value!r}")
        Distribution._validate_args = value

    # -- draws --------------------------------------------------------------------------------------------------

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw for each distribution of the batch (`sample_shape` of them), which is not recorded."""
        with no_grad():
            return self.rsample(sample_shape) if self.has_rsample else self._draw(Size(sample_shape))

    def sample_n(self, n: int) -> Any:
        """`n` draws: an old form of ``sample((n,))``."""
        return self.sample((n,))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """A draw that is a differentiable function of the parameters; NotImplementedError where there is none."""
        if not self.has_rsample:
            raise NotImplementedError(
                f"{type(self).__name__} has no rsample: its draws jump, so no gradient passes through them. Use "
                f"sample() and the gradient of log_prob."
            )
        return self._draw(Size(sample_shape))

    def _draw(self, sample_shape: Size) -> Any:
        raise self._lacks("sample")

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        """The shape of draws."""
        return Size(tuple(sample_shape) + self.batch_shape + self.event_shape)

    def enumerate_support(self, expand: bool = True) -> Any:
        """All values that a draw can have, along a new first dimension, for each distribution of the batch.

        With ``expand=False`` the dimensions of the batch have length 1.
        """
        raise self._lacks("enumerate_support")

    def _enumerated(self, values: Any, expand: bool) -> Any:
        """(n) values, or (n, *event_shape), with dimensions of the batch in between."""
        tail = values.shape[1:]
        values = values.reshape(-1, *(1,) * len(self.batch_shape), *tail)
        return values.expand(-1, *self.batch_shape, *tail) if expand else values

    # -- probabilities ------------------------------------------------------------------------------------------

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density (or probability) at `value`. Raises ValueError for what cannot be drawn."""
        return self._log_prob(self._checked(value))

    def _log_prob(self, value: Any) -> Any:
        raise self._lacks("log_prob")

    def cdf(self, value: Any) -> Any:
        """The probability of a draw up to `value`."""
        return self._cdf(self._checked(value))

    def _cdf(self, value: Any) -> Any:
        raise self._lacks("cdf")

    def icdf(self, value: Any) -> Any:
        """The number up to which draws fall with probability `value`."""
        raise self._lacks("icdf")

    def entropy(self) -> Any:
        """The expected −log_prob."""
        raise self._lacks("entropy")

    def perplexity(self) -> Any:
        """e^entropy: how many values that are alike are as uncertain."""
        return functions.exp(self.entropy())

    # -- moments ------------------------------------------------------------------------------------------------

    @property
    def mean(self) -> Any:
        """The expected value."""
        raise self._lacks("mean")

    @property
    def mode(self) -> Any:
        """The most probable value."""
        raise self._lacks("mode")

    @property
    def variance(self) -> Any:
        """The expected squared deviation from the mean."""
        raise self._lacks("variance")

    @property
    def stddev(self) -> Any:
        """The square root of the variance."""
        return functions.sqrt(self.variance)

    # -- shapes and checks --------------------------------------------------------------------------------------

    @property
    def support(self) -> constraints.Constraint:
        """What can be drawn."""
        raise self._lacks("support")

    def expand(self, batch_shape: Any) -> Any:
        """The same distribution for each place of a larger batch."""
        given = {}
        for name in self.parameters:
            tensor = getattr(self, name)
            event = tensor.shape[tensor.ndim - self.arg_constraints[name].event_dim :]
            given[name] = tensor.expand(*batch_shape, *event)
        constants = {name: getattr(self, name) for name in self.constants}
        return type(self)(**constants, **given, validate_args=False)._checks_like(self)

    def _checks_like(self, other: Distribution) -> Any:
        """Itself, which checks values if `other` does."""
        self._validate_args = other._validate_args
        return self

    def _checked(self, value: Any) -> Any:
        """`value` as a tensor, whole numbers in the dtype of draws, unless it cannot be a draw."""
        value = value if isinstance(value, TensorBase) else as_tensor(value, dtype=self._dtype_of(value))
        if self._validate_args:
            self._validate_sample(value)
        return value.to(self._draws_dtype()) if value._array.dtype.kind in "iub" else value

    def _draws_dtype(self) -> Any:
        """That of the parameters."""
        return getattr(self, self.parameters[0])._array.dtype if self.parameters else get_default_dtype()

    def _dtype_of(self, value: Any) -> Any:
        """The dtype for a number: that of draws, but floats stay floats."""
        dtype = self._draws_dtype()
        return None if dtype.kind == "i" and isinstance(value, float) else dtype

    def _validate_sample(self, value: Any) -> None:
        """Raises ValueError for a value that does not fit the batch or cannot be drawn."""
        shape, events = tuple(value.shape), len(self.event_shape)
        if shape[len(shape) - events :] != tuple(self.event_shape):
            raise ValueError(
                f"The right-most size of value must match event_shape: {shape} vs {tuple(self.event_shape)}."
            )
        expected = tuple(self.batch_shape + self.event_shape)
        for i, j in zip(reversed(shape), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(f"Value is not broadcastable with batch_shape+event_shape: {shape} vs {expected}.")
        support = self.support
        if not support.check(value).all():
            raise ValueError(
                f"Expected value argument (Tensor of shape {shape}) to be within the support ({support}) of the "
                f"distribution {self!r}, but found invalid values:\n{value.detach()}"
            )

    def _lacks(self, what: str) -> NotImplementedError:
        return NotImplementedError(f"{type(self).__name__} has no {what}")

    def __repr__(self) -> str:
        given = {name: getattr(self, name) for name in self.parameters}
        shown = (f"{k}: {v.item() if v.numel() == 1 else v.shape}" for k, v in given.items())
        return f"{type(self).__name__}({', '.join(shown)})"


def broadcast(*given: Any) -> list[Any]:
    """Numbers and tensors broadcast against one another; numbers take the dtype of the first tensor."""
    for value in given:
        if not isinstance(value, (TensorBase, Number)):
            raise ValueError(
                f"Input arguments must all be instances of numbers.Number, torch.Tensor or objects implementing "
                f"__torch_function__; not {type(value).__name__}: write tensor({value!r})"
            )
    dtypes = [v._array.dtype for v in given if isinstance(v, TensorBase)]
    dtype = dtypes[0] if dtypes and dtypes[0].kind == "f" else get_default_dtype()
    tensors: list[Any] = [v if isinstance(v, TensorBase) else as_tensor(float(v), dtype=dtype) for v in given]
    same = all(t.shape == tensors[0].shape for t in tensors)
    return tensors if same else list(functions.broadcast_tensors(*tensors))


class Independent(Distribution):
    """Sees the last dimensions of a batch as one draw: log-probabilities add up over them.

    >>> from tinygrad_edu import zeros
    >>> from tinygrad_edu.distributions import Independent, Normal
    >>> Independent(Normal(zeros(2, 3), 1.0), 1)
    Independent(Normal(loc: Size([2, 3]), scale: Size([2, 3])), 1)
    """

    def __init__(
        self,
        base_distribution: Distribution,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        shape, split = base_distribution.batch_shape, len(base_distribution.batch_shape) - reinterpreted_batch_ndims
        if split < 0:
            raise ValueError(
                f"Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape): "
                f"reinterpreted_batch_ndims={reinterpreted_batch_ndims}, but the batch has shape {tuple(shape)}"
            )
        self.has_rsample = base_distribution.has_rsample
        super().__init__(shape[:split], shape[split:] + base_distribution.event_shape, validate_args)

    def _draw(self, sample_shape: Size) -> Any:
        return self.base_dist.rsample(sample_shape) if self.has_rsample else self.base_dist._draw(sample_shape)

    def _total(self, x: Any) -> Any:
        n = self.reinterpreted_batch_ndims
        return x.sum(tuple(range(-n, 0))) if n else x

    def log_prob(self, value: Any) -> Any:
        return self._total(self.base_dist.log_prob(value))  # which checks

    def entropy(self) -> Any:
        return self._total(self.base_dist.entropy())

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    @property
    def support(self) -> constraints.Constraint:
        return constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)

    def expand(self, batch_shape: Any) -> Any:
        inner = self.event_shape[: self.reinterpreted_batch_ndims]
        base = self.base_dist.expand(Size(batch_shape) + inner)
        return Independent(base, self.reinterpreted_batch_ndims)._checks_like(self)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
