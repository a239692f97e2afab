"""Layers whose results are sums of weighted inputs."""

from __future__ import annotations

import math
import operator
from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional.layers import bilinear, linear
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.tensor import Tensor

__all__ = ["Bilinear", "Identity", "LazyLinear", "Linear", "count", "uniform_"]


def count(layer: str, name: str, n: Any, least: int = 0) -> int:
    """`n` as a number of features. Raises TypeError for what is no integer, ValueError for one that is too small."""
    try:
        whole = operator.index(n)
    except TypeError:
        fix = f": write {name}={n:.0f} (a // b divides without a remainder)" if isinstance(n, float) else ""
        raise TypeError(f"{layer}: {name} must be an integer, not {n!r}{fix}") from None
    if whole < least:
        raise ValueError(f"{layer}: {name} must be at least {least}, not {whole}")
    return whole


def uniform_(parameter: Tensor | None, fan_in: int) -> None:
    """Fill with numbers from U(−1/√fan_in, 1/√fan_in): He et al.'s distribution for leaky_relu with slope √5."""
    if parameter is not None and parameter.numel():
        bound = 1 / math.sqrt(fan_in) if fan_in else 0.0
        parameter.data.uniform_(-bound, bound)


class Linear(Module):
    """input @ weightᵀ + bias: (…, in_features) → (…, out_features).

    weight (out_features, in_features) and bias (out_features,) start from U(−1/√in_features, 1/√in_features).
    Raises RuntimeError where the last axis of the input is not in_features long.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(3, 2)
    >>> layer(tg.ones(5, 3)).shape, layer.weight.shape, layer.bias.shape
    (Size([5, 2]), Size([2, 3]), Size([2]))
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        check_device(device)
        self.in_features = count("Linear", "in_features", in_features)
        self.out_features = count("Linear", "out_features", out_features)
        self.weight = Parameter(creation.empty(self.out_features, self.in_features, dtype=dtype))
        self.register_parameter("bias", Parameter(creation.empty(self.out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        uniform_(self.weight, self.in_features)
        uniform_(self.bias, self.in_features)

    def forward(self, input: Tensor) -> Tensor:
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Bilinear(Module):
    """input1ᵀ · weightₖ · input2 + biasₖ for each output k: (…, in1), (…, in2) → (…, out).

    weight (out, in1, in2) and bias (out,) start from U(−1/√in1, 1/√in1).

    >>> import tinygrad_edu as tg
    >>> tg.nn.Bilinear(2, 3, 4)(tg.ones(5, 2), tg.ones(5, 3)).shape
    Size([5, 4])
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        self.in1_features = count("Bilinear", "in1_features", in1_features, 1)
        self.in2_features = count("Bilinear", "in2_features", in2_features)
        self.out_features = count("Bilinear", "out_features", out_features)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = Parameter(creation.empty(*shape, dtype=dtype))
        self.register_parameter("bias", Parameter(creation.empty(self.out_features, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew."""
        uniform_(self.weight, self.in1_features)
        uniform_(self.bias, self.in1_features)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Identity(Module):
    """Passes its input on; takes any arguments, and ignores them.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Identity(54, unused=True)(tg.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class LazyLinear(Linear):
    """A Linear that learns in_features from its first input, and is an ordinary Linear from then on.

    Until then its weight is empty, so the first input must come before anything looks at the parameters' shapes.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.LazyLinear(2)
    >>> layer(tg.ones(5, 3)).shape
    Size([5, 2])
    >>> layer
    Linear(in_features=3, out_features=2, bias=True)
    """

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, out_features, bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        if not input.ndim:
            raise RuntimeError("LazyLinear: the input is a single number, and must have an axis of features")
        self.in_features = input.shape[-1]
        self.weight.data = creation.empty(self.out_features, self.in_features, dtype=self.weight.dtype)
        self.__class__ = Linear  # type: ignore[assignment]
        self.reset_parameters()
        return self.forward(input)
