"""The activations of `nn.functional` as modules: each keeps the options that its function is called with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import activations as F
from tinygrad_edu.functions import creation
from tinygrad_edu.functions.exponentials import sigmoid
from tinygrad_edu.functions.trigonometry import tanh
from tinygrad_edu.nn.functional.noise import rrelu
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.tensor import Tensor

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


class Activation(Module):
    """An activation. The fields of the class are its options, and `inplace` lets the result take the input's place."""

    def __post_init__(self) -> None:
        super().__init__()
        name = type(self).__name__
        if any(isinstance(value, TensorBase) for value in self.__dict__.values()):
            raise TypeError(f"{name}: a layer is made first and called then, nn.{name}()(input)")

    def extra_repr(self) -> str:
        given = {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]
        if not given.get("inplace", True):
            del given["inplace"]
        return ", ".join(f"{name}={value!r}" for name, value in given.items())


# -- rectifiers ----------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class ReLU(Activation):
    """max(0, x).

    >>> import tinygrad_edu as tg
    >>> tg.nn.ReLU()(tg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


@dataclass(eq=False, repr=False)
class LeakyReLU(Activation):
    """x where x > 0, negative_slope · x elsewhere."""

    negative_slope: float = 0.01
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)


class PReLU(Module):
    """x where x > 0, weight · x elsewhere, with a slope that is learned (one, or one for each channel).

    >>> import tinygrad_edu as tg
    >>> tg.nn.PReLU()(tg.tensor([-1.0, 2.0]))
    tensor([-0.2500,  2.0000], grad_fn=<leaky_relu>)
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        check_device(device)
        self.num_parameters, self.init = num_parameters, init
        self.weight = Parameter(creation.full((num_parameters,), float(init), dtype=dtype))

    def reset_parameters(self) -> None:
        """Set the slopes to `init`."""
        self.weight.data.fill_(self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


@dataclass(eq=False, repr=False)
class RReLU(Activation):
    """x where x > 0, a · x elsewhere: in training mode a is drawn from U(lower, upper), else it is their mean."""

    lower: float = 1 / 8
    upper: float = 1 / 3
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return rrelu(input, self.lower, self.upper, self.training, self.inplace)


@dataclass(eq=False, repr=False)
class ELU(Activation):
    """x where x > 0, alpha · (eˣ − 1) elsewhere."""

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)


@dataclass(eq=False, repr=False)
class CELU(Activation):
    """x where x > 0, alpha · (e^(x/alpha) − 1) elsewhere."""

    alpha: float = 1.0
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)


@dataclass(eq=False, repr=False)
class SELU(Activation):
    """1.0507 · x where x > 0, 1.7581 · (eˣ − 1) elsewhere: keeps mean 0 and variance 1."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


@dataclass(eq=False, repr=False)
class Hardtanh(Activation):
    """x, but at least min_val and at most max_val."""

    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_val <= self.min_val:
            raise ValueError(f"Hardtanh: max_val must be larger than min_val, but {self.max_val} ≤ {self.min_val}")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)


@dataclass(eq=False, repr=False)
class ReLU6(Activation):
    """x, but at least 0 and at most 6."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)


@dataclass(eq=False, repr=False)
class Threshold(Activation):
    """x where x > threshold, value elsewhere."""

    threshold: float
    value: float
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)


# -- smooth ones ---------------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Sigmoid(Activation):
    """1 / (1 + e⁻ˣ)."""

    def forward(self, input: Tensor) -> Tensor:
        return sigmoid(input)


@dataclass(eq=False, repr=False)
class Tanh(Activation):
    """tanh x."""

    def forward(self, input: Tensor) -> Tensor:
        return tanh(input)


@dataclass(eq=False, repr=False)
class Softplus(Activation):
    """log(1 + e^(beta·x)) / beta; x itself where beta · x > threshold."""

    beta: float = 1.0
    threshold: float = 20.0

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)


@dataclass(eq=False, repr=False)
class GELU(Activation):
    """x · Φ(x), Φ the normal distribution function; approximate="tanh" computes it by a tanh."""

    approximate: str = "none"

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)


@dataclass(eq=False, repr=False)
class SiLU(Activation):
    """x · σ(x), also called swish."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


@dataclass(eq=False, repr=False)
class Mish(Activation):
    """x · tanh(softplus(x))."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


@dataclass(eq=False, repr=False)
class LogSigmoid(Activation):
    """log σ(x)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


@dataclass(eq=False, repr=False)
class Softsign(Activation):
    """x / (1 + |x|)."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


@dataclass(eq=False, repr=False)
class Tanhshrink(Activation):
    """x − tanh x."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


# -- in straight pieces --------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Hardsigmoid(Activation):
    """x/6 + 1/2, but at least 0 and at most 1."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


@dataclass(eq=False, repr=False)
class Hardswish(Activation):
    """x · hardsigmoid(x)."""

    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


@dataclass(eq=False, repr=False)
class Hardshrink(Activation):
    """x where |x| > lambd, 0 elsewhere."""

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


@dataclass(eq=False, repr=False)
class Softshrink(Activation):
    """x moved towards 0 by lambd, and 0 where |x| ≤ lambd."""

    lambd: float = 0.5

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


# -- along a dimension ---------------------------------------------------------------------------------------


@dataclass(eq=False, repr=False)
class Softmax(Activation):
    """eˣ / Σ eˣ along `dim`: numbers that sum to 1.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Softmax(dim=1)(tg.zeros(1, 4))
    tensor([[0.2500, 0.2500, 0.2500, 0.2500]])
    """

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)


@dataclass(eq=False, repr=False)
class LogSoftmax(Activation):
    """log(eˣ / Σ eˣ) along `dim`."""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)


@dataclass(eq=False, repr=False)
class Softmin(Activation):
    """e⁻ˣ / Σ e⁻ˣ along `dim`."""

    dim: int | None = None

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)


@dataclass(eq=False, repr=False)
class Softmax2d(Activation):
    """Softmax over the channels of (N, C, H, W) or (C, H, W). Raises ValueError for other shapes."""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D (got {input.ndim}D instead)")
        return F.softmax(input, -3)


@dataclass(eq=False, repr=False)
class GLU(Activation):
    """a · σ(b), where a and b are the halves of x along `dim`."""

    dim: int = -1

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)
