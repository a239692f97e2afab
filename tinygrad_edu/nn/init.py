"""Initial values of parameters. Each function fills a tensor in place, without recording it, and returns it.

    init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    init.zeros_(layer.bias)

The fans of a weight (out, in, …) are the numbers that one output is summed of and that one input goes to:
fan_in = in · (size of the kernel), fan_out = out · (size of the kernel). `generator=` says where random
numbers come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.functions import filling, random
from tinygrad_edu.generator import generator as source
from tinygrad_edu.inplace import assign
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "calculate_gain", "constant", "constant_", "dirac", "dirac_", "eye", "eye_", "kaiming_normal", "kaiming_normal_",
    "kaiming_uniform", "kaiming_uniform_", "normal", "normal_", "ones_", "orthogonal", "orthogonal_", "sparse",
    "sparse_", "trunc_normal_", "uniform", "uniform_", "xavier_normal", "xavier_normal_", "xavier_uniform",
    "xavier_uniform_", "zeros_",
]  # fmt: skip


# -- how large the numbers should be ------------------------------------------------------------------------

GAINS: dict[str, Callable[[float], float]] = {
    **dict.fromkeys(("linear", "sigmoid"), lambda _: 1.0),
    **dict.fromkeys((f"conv{kind}{n}d" for kind in ("", "_transpose") for n in (1, 2, 3)), lambda _: 1.0),
    "tanh": lambda _: 5 / 3,
    "relu": lambda _: math.sqrt(2),
    "leaky_relu": lambda slope: math.sqrt(2 / (1 + slope**2)),
    "selu": lambda _: 3 / 4,
}
"""For each nonlinearity: what the standard deviation of weights is multiplied by to make up for it."""


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """What keeps activations as large as they are through a nonlinearity: √2 for relu, 5/3 for tanh, …

    param: the negative slope of leaky_relu (0.01). Raises ValueError for a nonlinearity that is not in the table.

    >>> from tinygrad_edu.nn import init
    >>> round(init.calculate_gain("leaky_relu", 0.2), 4)
    1.3868
    """
    if nonlinearity not in GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: it is one of {', '.join(GAINS)}")
    slope = 0.01 if param is None else param
    if nonlinearity == "leaky_relu" and (isinstance(slope, bool) or not isinstance(slope, (int, float))):
        raise ValueError(f"negative_slope {slope} not a valid number")
    return GAINS[nonlinearity](slope)


def _calculate_fan_in_and_fan_out(tensor: Any) -> tuple[int, int]:
    """(fan_in, fan_out). The name is PyTorch's, which programs use to make their own layers."""
    shape = _array(tensor, "fan_in and fan_out").shape
    if len(shape) < 2:
        raise ValueError(
            f"Fan in and fan out can not be computed for tensor with fewer than 2 dimensions; this one's shape is "
            f"{tuple(shape)}. It is for weights (out, in, …); a bias is filled by zeros_ or uniform_."
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def _calculate_correct_fan(tensor: Any, mode: str) -> int:
    """fan_in or fan_out, as `mode` says."""
    fans = dict(zip(("fan_in", "fan_out"), _calculate_fan_in_and_fan_out(tensor), strict=True))
    if mode.lower() not in fans:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(fans)}")
    return fans[mode.lower()]


# -- filling --------------------------------------------------------------------------------------------------


def _array(tensor: Any, name: str) -> Any:
    if isinstance(tensor, TensorBase):
        return tensor._array
    hint = ": give one of its parameters, layer.weight" if hasattr(tensor, "parameters") else ""
    raise TypeError(f"{name}: expected a Tensor, not {type(tensor).__name__}{hint}")


def _fill(tensor: Any, name: str, make: Callable[[], Any]) -> Tensor:
    """Let the tensor hold what ``make()`` gives, an array of its shape."""
    a = _array(tensor, name)
    with no_grad():
        return assign(tensor, lambda _: wrap(make().astype(a.dtype, copy=False)), name)


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform numbers in [a, b). Raises RuntimeError for a > b.

    >>> import tinygrad_edu as tg
    >>> bool((tg.nn.init.uniform_(tg.empty(100), -1, 0) <= 0).all())
    True
    """
    _array(tensor, "uniform_")
    with no_grad():
        return filling.uniform_(tensor, a, b, generator=generator)


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Normal numbers of that mean and standard deviation. Raises RuntimeError for std < 0.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.normal_(tg.empty(2), mean=3, std=0)
    tensor([3., 3.])
    """
    _array(tensor, "normal_")
    with no_grad():
        return filling.normal_(tensor, mean, std, generator=generator)


def trunc_normal_(
    tensor: Any, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, generator: Any = None
) -> Tensor:
    """Normal numbers, those outside of [a, b] drawn again. Raises RuntimeError for a > b and std ≤ 0.

    >>> import tinygrad_edu as tg
    >>> bool((tg.nn.init.trunc_normal_(tg.empty(100), std=5).abs() <= 2).all())
    True
    """
    if not std > 0:
        raise RuntimeError(f"trunc_normal_: std must be positive, not {std}")
    if not a <= b:
        raise RuntimeError(f"trunc_normal_: numbers lie between a and b, so a must be at most b, not {a} and {b}")
    g = source(generator)

    def make() -> Any:
        z = _truncated_gaussian(g, tensor._array.size, (a - mean) / std, (b - mean) / std)
        return np.clip(mean + std * z, a, b).reshape(tensor._array.shape)  # rounding may lead over a bound

    return _fill(tensor, "trunc_normal_", make)


def _truncated_gaussian(g: Any, n: int, low: float, high: float) -> Any:
    """n draws of the standard normal distribution between the bounds, however far out they are.

    A uniform x is kept with probability exp((m² − x²) / 2), where m is the point nearest to 0, the likeliest.
    Where that is less than e⁻⁴⁰ no x need be tried: beyond √(m² + 80).
    """
    m = min(max(low, 0.0), high)
    reach = math.sqrt(m * m + 80)
    low, high = max(low, -reach), min(high, reach)
    out = np.empty(n)
    missing = np.arange(n)
    while missing.size:
        x = g.uniform(low, high, missing.size)
        kept = g.random(missing.size) < np.exp((m * m - x * x) / 2)
        out[missing[kept]] = x[kept]
        missing = missing[~kept]
    return out


def constant_(tensor: Any, val: float) -> Tensor:
    """Everywhere `val`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.constant_(tg.empty(2), 0.5)
    tensor([0.5000, 0.5000])
    """
    return _fill(tensor, "constant_", lambda: np.full(tensor._array.shape, val))


def zeros_(tensor: Any) -> Tensor:
    """Everywhere 0."""
    return constant_(tensor, 0)


def ones_(tensor: Any) -> Tensor:
    """Everywhere 1."""
    return constant_(tensor, 1)


def eye_(tensor: Any) -> Tensor:
    """A matrix that hands its inputs on: 1 on the diagonal, 0 elsewhere. Raises ValueError for other shapes.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.eye_(tg.empty(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    shape = _array(tensor, "eye_").shape
    if len(shape) != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported by eye_; this one's shape is {tuple(shape)}")
    return _fill(tensor, "eye_", lambda: np.eye(*shape))


def dirac_(tensor: Any, groups: int = 1) -> Tensor:
    """A kernel (out, in, …) that hands as many channels on as there are, in each of the groups: 1 at its centre.

    Raises ValueError for other than 3 to 5 dimensions, or where `groups` does not divide the outputs.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.dirac_(tg.empty(1, 2, 3))
    tensor([[[0., 1., 0.],
             [0., 0., 0.]]])
    """
    shape = _array(tensor, "dirac_").shape
    if len(shape) not in (3, 4, 5):
        raise ValueError(
            f"Only tensors with 3, 4, or 5 dimensions are supported by dirac_, kernels (out, in, …); this one's shape "
            f"is {tuple(shape)}"
        )
    if groups < 1 or shape[0] % groups:
        raise ValueError(f"dim 0 must be divisible by groups, but {shape[0]} is not by {groups}")
    centre = tuple(n // 2 for n in shape[2:])

    def make() -> Any:
        kernel = np.zeros(shape)
        size = shape[0] // groups
        for group in range(groups):
            for k in range(min(size, shape[1])):
                kernel[(group * size + k, k, *centre)] = 1
        return kernel

    return _fill(tensor, "dirac_", make)


# -- by the fans ----------------------------------------------------------------------------------------------


def xavier_uniform_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Uniform in ±gain · √(6 / (fan_in + fan_out)). (Glorot & Bengio, 2010.)

    Raises ValueError for fewer than 2 dimensions.

    >>> import tinygrad_edu as tg
    >>> bool((tg.nn.init.xavier_uniform_(tg.empty(2, 4)).abs() <= 1).all())
    True
    """
    fans = sum(_calculate_fan_in_and_fan_out(tensor))
    bound = gain * math.sqrt(6 / (fans or 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Any, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Normal with standard deviation gain · √(2 / (fan_in + fan_out)). (Glorot & Bengio, 2010.)

    Raises ValueError for fewer than 2 dimensions.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.xavier_normal_(tg.empty(2, 4)).shape
    Size([2, 4])
    """
    fans = sum(_calculate_fan_in_and_fan_out(tensor))
    return normal_(tensor, 0.0, gain * math.sqrt(2 / (fans or 1)), generator)


def _kaiming_deviation(tensor: Any, a: float, mode: str, nonlinearity: str) -> float:
    """gain / √fan."""
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Uniform in ±gain · √(3 / fan). (He et al., 2015.)

    a: the negative slope of leaky_relu. mode: "fan_in" keeps the size of activations, "fan_out" of gradients.
    Raises ValueError for fewer than 2 dimensions, and for a mode or nonlinearity that is unknown.

    >>> import tinygrad_edu as tg
    >>> bool((tg.nn.init.kaiming_uniform_(tg.empty(2, 6)).abs() <= 1).all())
    True
    """
    if _is_empty(tensor, "kaiming_uniform_"):
        return tensor
    bound = math.sqrt(3) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Any, a: float = 0, mode: str = "fan_in", nonlinearity: str = "leaky_relu", generator: Any = None
) -> Tensor:
    """Normal with standard deviation gain / √fan. (He et al., 2015.) Arguments and errors as kaiming_uniform_.

    >>> import tinygrad_edu as tg
    >>> tg.nn.init.kaiming_normal_(tg.empty(2, 6), nonlinearity="relu").shape
    Size([2, 6])
    """
    if _is_empty(tensor, "kaiming_normal_"):
        return tensor
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def _is_empty(tensor: Any, name: str) -> bool:
    if _array(tensor, name).size:
        return False
    warn("Initializing zero-element tensors is a no-op")
    return True


# -- matrices -------------------------------------------------------------------------------------------------


def orthogonal_(tensor: Any, gain: float = 1, generator: Any = None) -> Tensor:
    """A matrix with orthonormal rows or columns, whichever are fewer, times gain. (Saxe et al., 2013.)

    All but the first dimension count as one. Raises ValueError for fewer than 2 dimensions.

    >>> import tinygrad_edu as tg
    >>> w = tg.nn.init.orthogonal_(tg.empty(2, 3))
    >>> bool(tg.allclose(w @ w.T, tg.eye(2), atol=1e-6))
    True
    """
    shape, dtype = _array(tensor, "orthogonal_").shape, tensor._array.dtype
    if len(shape) < 2:
        raise ValueError(
            f"Only tensors with 2 or more dimensions are supported by orthogonal_; this one's shape is {tuple(shape)}"
        )
    if not tensor._array.size:
        return tensor

    def make() -> Any:
        rows, columns = shape[0], math.prod(shape[1:])
        z = random.gaussian((max(rows, columns), min(rows, columns)), np.promote_types(dtype, np.float32), generator)
        q, r = np.linalg.qr(z)
        q = q * np.where(np.diag(r) < 0, -1, 1)  # as a positive diagonal of r has it: all rotations alike likely
        return gain * (q if rows >= columns else q.T).reshape(shape)

    return _fill(tensor, "orthogonal_", make)


def sparse_(tensor: Any, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Normal numbers, of which in each column a share of `sparsity` (rounded up) is 0. (Martens, 2010.)

    Raises ValueError for other than matrices, and for a share outside of [0, 1].

    >>> import tinygrad_edu as tg
    >>> (tg.nn.init.sparse_(tg.empty(4, 3), 0.5) == 0).sum(0)
    tensor([2, 2, 2])
    """
    a = _array(tensor, "sparse_")
    if a.ndim != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported by sparse_; this one's shape is {a.shape}")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity is the share of zeros, between 0 and 1, not {sparsity}")

    def make() -> Any:
        z = std * random.gaussian(a.shape, a.dtype, generator)
        order = np.argsort(random.uniform(a.shape, np.float64, generator), axis=0)  # of each column, a random one
        return np.where(order < math.ceil(sparsity * a.shape[0]), 0, z)

    return _fill(tensor, "sparse_", make)


# -- older names ------------------------------------------------------------------------------------------------


def _deprecated(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    name = function.__name__

    @wraps(function)
    def old(*args: Any, **kwargs: Any) -> Tensor:
        warn(f"`nn.init.{name[:-1]}` is now deprecated in favor of `nn.init.{name}`.", FutureWarning)
        return function(*args, **kwargs)

    old.__name__ = old.__qualname__ = name[:-1]
    old.__doc__ = f"The older name of `{name}`."
    return old


uniform, normal, constant = _deprecated(uniform_), _deprecated(normal_), _deprecated(constant_)
eye, dirac, sparse, orthogonal = _deprecated(eye_), _deprecated(dirac_), _deprecated(sparse_), _deprecated(orthogonal_)
xavier_uniform, xavier_normal = _deprecated(xavier_uniform_), _deprecated(xavier_normal_)
kaiming_uniform, kaiming_normal = _deprecated(kaiming_uniform_), _deprecated(kaiming_normal_)
