"""Activation functions under PyTorch's names. (sigmoid and tanh stand with the exponentials and trigonometry.)

All are elementwise, on tensors of any shape, except glu, softmax and log_softmax, which work along `dim`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import refuse_complex
from tinygrad_edu.functions.exponentials import sigmoid
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.trigonometry import tanh
from tinygrad_edu.inplace import assign
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import activations as rules
from tinygrad_edu.rules import elementwise, shaping, special
from tinygrad_edu.rules.indexing import getitem
from tinygrad_edu.warning import warn

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["celu", "hardshrink", "log_softmax", "prelu", "relu", "selu", "softmax", "threshold"]

# (Klambauer et al., "Self-Normalizing Neural Networks", 2017: with these, mean 0 and variance 1 are a fixed point)
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _inplace(input: Any, name: str, compute: Callable[[Any], Any]) -> Tensor:
    """What ``inplace=True`` means: the result takes the place of `input`."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}: inplace=True needs a Tensor, not {type(input).__name__}")
    out: Tensor = assign(input, compute, f"{name}_")
    return out


# -- rectifiers -------------------------------------------------------------------------------------------


def relu(input: Any, inplace: bool = False) -> Tensor:
    """max(0, input). Its slope at 0 is 0.

    >>> import tinygrad_edu as tg
    >>> tg.relu(tg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return _inplace(input, "relu", rules.relu) if inplace else rules.relu(input)


def relu6(input: Any, inplace: bool = False) -> Tensor:
    """min(max(0, input), 6).

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.relu6(tg.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """`input` where it is positive, negative_slope · input elsewhere.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.leaky_relu(tg.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    if inplace:
        return _inplace(input, "leaky_relu", lambda x: rules.leaky_relu(x, negative_slope))
    return rules.leaky_relu(input, negative_slope)


def prelu(input: Any, weight: Any) -> Tensor:
    """leaky_relu with a slope that is learned: one for all, or one for each channel (dimension 1).

    input (N, C, …), weight (C,), (1,) or (). Raises RuntimeError for any other number of slopes.

    >>> import tinygrad_edu as tg
    >>> tg.prelu(tg.tensor([[-1.0, -2.0]]), tg.tensor([0.1, 0.5]))
    tensor([[-0.1000, -1.0000]])
    """
    x, w = raw(input, "prelu"), raw(weight, "prelu")
    if w.ndim and w.size != 1:
        channels = x.shape[1] if x.ndim > 1 else 1
        if w.ndim != 1 or w.size != channels:
            raise RuntimeError(
                f"prelu: weight must have one slope for all, or one for each of the {channels} channels of the input "
                f"(its dimension 1; input {tuple(x.shape)}), but its shape is {tuple(w.shape)}"
            )
        weight = shaping.reshape(weight, shape=(-1, *(1,) * (x.ndim - 2)))
    elif w.ndim:
        weight = shaping.reshape(weight, shape=())
    return rules.leaky_relu(input, weight)


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` where it is positive, alpha · (eˣ − 1) elsewhere. (Clevert et al., 2016.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.elu(tg.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    if inplace:
        return _inplace(input, "elu", lambda x: rules.elu(x, alpha=alpha))
    return rules.elu(input, alpha=alpha)


def selu(input: Any, inplace: bool = False) -> Tensor:
    """1.0507 · elu(input, 1.6733): through many layers, activations keep mean 0 and variance 1.

    >>> import tinygrad_edu as tg
    >>> tg.selu(tg.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    if inplace:
        return _inplace(input, "selu", selu)
    return rules.elu(input, alpha=_SELU_ALPHA, scale=_SELU_SCALE)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` where it is positive, alpha · (exp(input / alpha) − 1) elsewhere: smooth at 0 for every alpha.

    Raises RuntimeError for alpha = 0.

    >>> import tinygrad_edu as tg
    >>> tg.celu(tg.tensor([-1.0, 2.0]), 2.0)
    tensor([-0.7869,  2.0000])
    """
    if alpha == 0:
        raise RuntimeError("celu: alpha is divided by and must not be 0")
    if inplace:
        return _inplace(input, "celu", lambda x: celu(x, alpha))
    return rules.elu(input, alpha=alpha, rate=1 / alpha)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """`input` where it is greater than `threshold`, `value` elsewhere.

    >>> import tinygrad_edu as tg
    >>> tg.threshold(tg.tensor([0.1, 2.0]), 0.5, 9.0)
    tensor([9., 2.])
    """

    def compute(x: Any) -> Any:
        refuse_complex("threshold", raw(x, "threshold"))
        return elementwise.where(raw(x, "threshold") <= threshold, value, x)

    return _inplace(input, "threshold", compute) if inplace else compute(input)


# -- smooth rectifiers ------------------------------------------------------------------------------------


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta · input)) / beta: a smooth relu. Where beta · input > threshold, `input` itself.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.softplus(tg.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    return rules.softplus(input, beta=beta, threshold=threshold)


def gelu(input: Any, approximate: str = "none") -> Tensor:
    """input · Φ(input), with the normal distribution's Φ; ``approximate="tanh"`` replaces Φ by a formula with tanh.

    (Hendrycks & Gimpel, "Gaussian Error Linear Units", 2016.) Raises RuntimeError for any other `approximate`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.gelu(tg.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate == "none":
        double_phi = special.erfc(elementwise.multiply(input, -math.sqrt(0.5)))
        return elementwise.multiply(elementwise.multiply(input, 0.5), double_phi)
    if approximate != "tanh":
        raise RuntimeError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    cubic = elementwise.add(elementwise.multiply(elementwise.square(input), 0.044715), 1)
    inner = elementwise.multiply(elementwise.multiply(input, math.sqrt(2 / math.pi)), cubic)
    return elementwise.multiply(elementwise.multiply(input, 0.5), elementwise.add(tanh(inner), 1))


def silu(input: Any, inplace: bool = False) -> Tensor:
    """input · sigmoid(input), also called swish.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.silu(tg.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    return _inplace(input, "silu", silu) if inplace else elementwise.multiply(input, sigmoid(input))


def mish(input: Any, inplace: bool = False) -> Tensor:
    """input · tanh(softplus(input)). (Misra, 2019.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.mish(tg.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return _inplace(input, "mish", mish) if inplace else elementwise.multiply(input, tanh(softplus(input)))


# -- squashing --------------------------------------------------------------------------------------------


def logsigmoid(input: Any) -> Tensor:
    """log(sigmoid(input)), without overflow.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.logsigmoid(tg.tensor([-1000.0, 0.0]))
    tensor([-1.0000e+03, -6.9315e-01])
    """
    return elementwise.negative(rules.softplus(elementwise.negative(input)))


def softsign(input: Any) -> Tensor:
    """input / (1 + |input|).

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.softsign(tg.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return elementwise.divide(input, elementwise.add(elementwise.absolute(input), 1))


def tanhshrink(input: Any) -> Tensor:
    """input − tanh(input).

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.tanhshrink(tg.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """
    return elementwise.subtract(input, tanh(input))


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """`input` between the two bounds. Its slope at a bound is 0.

    Raises ValueError where min_val > max_val.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.hardtanh(tg.tensor([-3.0, 0.5]))
    tensor([-1.0000,  0.5000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val must not be greater than max_val, but {min_val} > {max_val}")
    if inplace:
        return _inplace(input, "hardtanh", lambda x: elementwise.clip(x, min=min_val, max=max_val))
    return elementwise.clip(input, min=min_val, max=max_val)


def hardsigmoid(input: Any, inplace: bool = False) -> Tensor:
    """A sigmoid of three straight lines: input / 6 + 1/2 between −3 and 3.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.hardsigmoid(tg.tensor([-4.0, 0.0, 1.5]))
    tensor([0.0000, 0.5000, 0.7500])
    """
    if inplace:
        return _inplace(input, "hardsigmoid", hardsigmoid)
    return elementwise.divide(elementwise.clip(elementwise.add(input, 3), min=0, max=6), 6)


def hardswish(input: Any, inplace: bool = False) -> Tensor:
    """input · hardsigmoid(input). (Howard et al., "Searching for MobileNetV3", 2019.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.hardswish(tg.tensor([-4.0, 1.5]))
    tensor([-0.0000,  1.1250])
    """
    return _inplace(input, "hardswish", hardswish) if inplace else elementwise.multiply(input, hardsigmoid(input))


def hardshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """`input`, but 0 between −lambd and lambd.

    >>> import tinygrad_edu as tg
    >>> tg.hardshrink(tg.tensor([-0.3, 2.0]))
    tensor([0., 2.])
    """
    a = raw(input, "hardshrink")
    refuse_complex("hardshrink", a)
    return elementwise.where((a >= -lambd) & (a <= lambd), 0, input)


def softshrink(input: Any, lambd: float = 0.5) -> Tensor:
    """`input` moved towards 0 by lambd, and 0 where it would cross it. Raises RuntimeError for lambd < 0.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.softshrink(tg.tensor([0.3, 2.0]))
    tensor([0.0000, 1.5000])
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambd must be greater or equal to 0, but is {lambd}")
    a = raw(input, "softshrink")
    refuse_complex("softshrink", a)
    return elementwise.where(np.abs(a) <= lambd, np.copysign(0, a), elementwise.subtract(input, np.sign(a) * lambd))


# -- along a dimension ------------------------------------------------------------------------------------


def glu(input: Any, dim: int = -1) -> Tensor:
    """a · sigmoid(b), where a and b are the two halves of `input` along `dim`.

    Raises RuntimeError for an odd length. (Dauphin et al., 2016.)

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.glu(tg.tensor([1.0, 2.0, 0.0, 0.0]))
    tensor([0.5000, 1.0000])
    """
    shape = raw(input, "glu").shape
    if not shape:
        raise RuntimeError("glu does not support 0-dimensional tensors: there is nothing to halve")
    axis = _axis("glu", len(shape), dim)
    half, odd = divmod(shape[axis], 2)
    if odd:
        raise RuntimeError(f"glu: Halving dimension must be even, but dimension {axis} is size {shape[axis]}")
    before = (slice(None),) * axis
    gate = sigmoid(getitem(input, index=(*before, slice(half, None))))
    return elementwise.multiply(getitem(input, index=(*before, slice(0, half))), gate)


def _axis(name: str, ndim: int, dim: int) -> int:
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        bounds = f"[{-max(ndim, 1)}, {max(ndim, 1) - 1}]"
        raise IndexError(f"{name}: Dimension out of range (expected to be in range of {bounds}, but got {dim})")
    return dim % max(ndim, 1)


def _along(name: str, rule: Callable[..., Any], input: Any, dim: int | None, dtype: Any) -> Tensor:
    """Apply a rule along `dim`, after the checks that softmax and log_softmax share."""
    if dtype is not None:
        input = shaping.cast(input, dtype=np.dtype(dtype))
    x = raw(input, name)
    ndim = x.ndim
    if dim is None:
        dim = 0 if ndim in (0, 1, 3) else 1
        warn(
            f"{name}: Implicit dimension choice for {name} has been deprecated; it took dim={dim} of the shape "
            f"{tuple(x.shape)}. Say which: dim=-1 is the last, over the classes of (N, C)."
        )
    if x.dtype.kind != "f":
        raise RuntimeError(f"{name}: expected floats, but the input is {x.dtype}. Convert it first: x.float()")
    axis = _axis(name, ndim, dim)
    if not ndim:
        return shaping.reshape(rule(shaping.reshape(input, shape=(1,)), axis=0), shape=())
    return rule(input, axis=axis)


@numpy_names
def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """exp(input) / Σ exp(input) along `dim`: positive numbers that add up to 1. Does not overflow.

    Raises IndexError for a dim that is not there, RuntimeError for integers.

    >>> import tinygrad_edu as tg
    >>> tg.softmax(tg.tensor([1000.0, 1000.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along("softmax", rules.softmax, input, dim, dtype)


@numpy_names
def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """input − log Σ exp(input) along `dim`: the logarithm of softmax, but exact where that would be 0.

    >>> import tinygrad_edu as tg
    >>> tg.log_softmax(tg.tensor([0.0, -1000.0]), dim=0)
    tensor([    0., -1000.])
    """
    return _along("log_softmax", rules.log_softmax, input, dim, dtype)


@numpy_names
def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """softmax(−input) along `dim`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.functional.softmin(tg.tensor([1.0, 1.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along("softmin", rules.softmax, elementwise.negative(input), dim, dtype)
