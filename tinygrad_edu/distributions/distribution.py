"""What distributions have in common: shapes, checks of parameters and values, printing."""

from __future__ import annotations

from typing import Any

from tinygrad_edu import functions
from tinygrad_edu.autograd import no_grad
from tinygrad_edu.functions.data import as_tensor
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.size import Size

__all__ = ["Distribution", "Independent"]


class Distribution:
    """A distribution, or a batch of them: its parameters' shape is `batch_shape`, that of one draw is `event_shape`."""

    parameters: tuple[str, ...] = ()  # the names of its parameters, as they print
    has_rsample = False
    batch_shape = event_shape = Size()

    def sample(self, sample_shape: Any = ()) -> Any:
        """A draw for each distribution of the batch (`sample_shape` of them), which is not recorded."""
        with no_grad():
            return self._draw(Size(sample_shape))

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

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density (or probability) at `value`."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def entropy(self) -> Any:
        """The expected −log_prob."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy")

    def _draw(self, sample_shape: Size) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no sample")

    @property
    def mean(self) -> Any:
        """The expected value."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def variance(self) -> Any:
        """The expected squared deviation from the mean."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self) -> Any:
        """The square root of the variance."""
        return functions.sqrt(self.variance)

    def __repr__(self) -> str:
        given = {name: getattr(self, name) for name in self.parameters}
        shown = (f"{k}: {v.item() if v.numel() == 1 else v.shape}" for k, v in given.items())
        return f"{type(self).__name__}({', '.join(shown)})"


def parameters(owner: str, **given: Any) -> list[Any]:
    """Numbers and tensors broadcast against one another. Raises ValueError for NaN."""
    tensors: list[Any] = [v if isinstance(v, TensorBase) else as_tensor(float(v)) for v in given.values()]
    for name, t in zip(given, tensors, strict=True):
        check(owner, name, t, t == t, "a number")
    same = all(t.shape == tensors[0].shape for t in tensors)
    return tensors if same else list(functions.broadcast_tensors(*tensors))


def check(owner: str, name: str, tensor: Any, valid: Any, what: str) -> None:
    """Raises ValueError, in PyTorch's words, unless `valid` holds everywhere."""
    if not valid.all():
        raise ValueError(
            f"Expected parameter {name} of {owner} to satisfy: {what}, but found invalid values:\n{tensor.detach()}"
        )


class Independent(Distribution):
    """Sees the last dimensions of a batch as one draw: log-probabilities add up over them."""

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: Any = None
    ) -> None:
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        shape, split = base_distribution.batch_shape, len(base_distribution.batch_shape) - reinterpreted_batch_ndims
        if split < 0:
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims={reinterpreted_batch_ndims}, but the batch has shape {shape}"
            )
        self.batch_shape, self.event_shape = Size(shape[:split]), Size(shape[split:] + base_distribution.event_shape)
        self.has_rsample = base_distribution.has_rsample

    def _draw(self, sample_shape: Size) -> Any:
        return self.base_dist._draw(sample_shape)

    def _total(self, x: Any) -> Any:
        n = self.reinterpreted_batch_ndims
        return x.sum(tuple(range(-n, 0))) if n else x

    def log_prob(self, value: Any) -> Any:
        return self._total(self.base_dist.log_prob(value))

    def entropy(self) -> Any:
        return self._total(self.base_dist.entropy())

    @property
    def mean(self) -> Any:
        return self.base_dist.mean

    @property
    def variance(self) -> Any:
        return self.base_dist.variance

    def __repr__(self) -> str:
        return f"Independent({self.base_dist}, {self.reinterpreted_batch_ndims})"
