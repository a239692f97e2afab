"""PyTorch's `torch.fft`: discrete Fourier transforms, by NumPy's. Complex numbers carry no gradients here.

    y_k = c Σ_j x_j e^(−2πi jk / n),    back: x_j = c' Σ_k y_k e^(2πi jk / n),    c c' = 1/n

Where `norm` is "backward" (the default) c = 1, where it is "forward" c = 1/n, and where it is "ortho" c = 1/√n.

>>> import tinygrad_edu as tg
>>> y = tg.fft.rfft(tg.tensor([0., 1., 0., -1.]))  # a sine wave: one frequency
>>> y.abs()
tensor([0., 2., 0.])
>>> tg.fft.irfft(y)
tensor([ 0.,  1.,  0., -1.])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.dtypes import NO_GRADIENT, as_dtype, complex_of, float32, float64, get_default_dtype
from tinygrad_edu.functions.creation import made
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.functions.rearranging import roll
from tinygrad_edu.functions.shaping import as_ints, one_axis
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import wrap
from tinygrad_edu.size import sides

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "irfft2", "irfftn",
    "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


# -- along one dimension ------------------------------------------------------------------------------------


def fft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The Fourier transform along `dim`, real or complex numbers (…, m) → complex (…, n).

    Args:
        n: how many numbers to take, cutting off or adding zeros at the end (default: all m).
        norm: "backward", "forward" or "ortho", see above.

    Raises RuntimeError for tensors that are being recorded, since there are no gradients.

    >>> import tinygrad_edu as tg
    >>> tg.fft.fft(tg.tensor([1., 0., -1., 0.]))
    tensor([0.+0.j, 2.+0.j, 0.+0.j, 2.+0.j])
    """
    return _transformed("fft", np.fft.fftn, input, n, dim, norm)


def ifft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `fft`, (…, m) → complex (…, n). Raises as `fft`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.ifft(tg.tensor([0., 2., 0., 2.]))
    tensor([ 1.+0.j,  0.+0.j, -1.+0.j,  0.+0.j])
    """
    return _transformed("ifft", np.fft.ifftn, input, n, dim, norm)


def rfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The first half of `fft` of real numbers, (…, n) → complex (…, n//2 + 1): the other half is its mirror image.

    Raises as `fft`, and RuntimeError for complex numbers.

    >>> import tinygrad_edu as tg
    >>> tg.fft.rfft(tg.tensor([1., 0., -1., 0.]))
    tensor([0.+0.j, 2.+0.j, 0.+0.j])
    """
    return _transformed("rfft", np.fft.rfftn, input, n, dim, norm)


def irfft(input: Any, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    """The inverse of `rfft`, (…, m) → real (…, n). An odd n must be said: the default is 2 (m − 1). Raises as `fft`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.irfft(tg.fft.rfft(tg.tensor([1., 2., 3.])), n=3)
    tensor([1., 2., 3.])
    """
    return _transformed("irfft", np.fft.irfftn, input, n, dim, norm)


# -- along two dimensions, and along many -------------------------------------------------------------------


def fft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """`fft` along two dimensions, of an image, say; s are the two n.

    >>> import tinygrad_edu as tg
    >>> tg.fft.fft2(tg.ones(2, 2))
    tensor([[4.+0.j, 0.+0.j],
            [0.+0.j, 0.+0.j]])
    """
    return _transformed("fft2", np.fft.fftn, input, s, dim, norm)


def ifft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `fft2`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.ifft2(tg.fft.fft2(tg.ones(1, 2)))
    tensor([[1.+0.j, 1.+0.j]])
    """
    return _transformed("ifft2", np.fft.ifftn, input, s, dim, norm)


def rfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """`rfft` along the last of two dimensions, then `fft` along the other.

    >>> import tinygrad_edu as tg
    >>> tg.fft.rfft2(tg.ones(3, 8)).shape
    Size([3, 5])
    """
    return _transformed("rfft2", np.fft.rfftn, input, s, dim, norm)


def irfft2(input: Any, s: Any = None, dim: Any = (-2, -1), norm: str | None = None) -> Tensor:
    """The inverse of `rfft2`. An odd last side must be said, by `s`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.irfft2(tg.fft.rfft2(tg.ones(1, 3)), s=(1, 3))
    tensor([[1., 1., 1.]])
    """
    return _transformed("irfft2", np.fft.irfftn, input, s, dim, norm)


def fftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """`fft` along the dimensions `dim` (default: as many from the last as `s` has, without `s` all).

    >>> import tinygrad_edu as tg
    >>> tg.fft.fftn(tg.ones(2, 2, 2)).abs().sum()
    tensor(8.)
    """
    return _transformed("fftn", np.fft.fftn, input, s, dim, norm)


def ifftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `fftn`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.ifftn(tg.fft.fftn(tg.ones(1, 2)))
    tensor([[1.+0.j, 1.+0.j]])
    """
    return _transformed("ifftn", np.fft.ifftn, input, s, dim, norm)


def rfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """`rfft` along the last of the dimensions `dim` (default as `fftn`), then `fft` along the others.

    >>> import tinygrad_edu as tg
    >>> tg.fft.rfftn(tg.ones(2, 3, 8)).shape
    Size([2, 3, 5])
    """
    return _transformed("rfftn", np.fft.rfftn, input, s, dim, norm)


def irfftn(input: Any, s: Any = None, dim: Any = None, norm: str | None = None) -> Tensor:
    """The inverse of `rfftn`. An odd last side must be said, by `s`.

    >>> import tinygrad_edu as tg
    >>> tg.fft.irfftn(tg.fft.rfftn(tg.ones(1, 3)), s=(1, 3))
    tensor([[1., 1., 1.]])
    """
    return _transformed("irfftn", np.fft.irfftn, input, s, dim, norm)


def _transformed(name: str, transform: Callable[..., Any], input: Any, s: Any, dim: Any, norm: str | None) -> Tensor:
    """The `transform` of `input`, in PyTorch's dtype."""
    if norm not in (None, "backward", "forward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}" ({name} has "backward", "forward" and "ortho")')
    a = _numbers(name, input)
    if transform is np.fft.rfftn:
        if a.dtype.kind == "c":
            raise RuntimeError(f"{name} expects a real input tensor, but got {a.dtype}: use {name[1:]}.")
    elif a.dtype.kind != "c":
        a = a.astype(complex_of(a.dtype))
    lengths, axes = _sides(name, a, s, dim, half=transform is np.fft.irfftn)
    if not axes and transform in (np.fft.rfftn, np.fft.irfftn):
        raise RuntimeError(f"{name} must transform at least one axis: the shape is {tuple(a.shape)}, and dim is {dim}")
    return wrap(transform(a, lengths, axes, norm) if axes else a.copy())


def _numbers(name: str, input: Any) -> Any:
    """The array to transform, in a dtype that has complex numbers of its precision."""
    a: Any = input if isinstance(input, (list, tuple)) else raw(input, f"fft.{name}")
    if not hasattr(a, "dtype"):
        raise TypeError(
            f"fft.{name}: expected a Tensor or an array, got {type(input).__name__}: write tensor({input})."
        )
    if recording.get() and getattr(input, "requires_grad", False):
        raise RuntimeError(f"fft.{name}: {NO_GRADIENT} Where none is wanted: fft.{name}(x.detach()).")
    if a.dtype.kind not in "fc":
        return a.astype(get_default_dtype())
    if a.dtype.kind == "f" and a.dtype not in (float32, float64):
        raise RuntimeError(f"fft.{name}: Unsupported dtype {a.dtype}. Convert it first: x.float().")
    return a


def _sides(name: str, a: Any, s: Any, dim: Any, half: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How many numbers to take along which axes; `half`: what is there of the last is the half of it."""
    asked = None if s is None else as_ints(s, (), f"fft.{name}")
    if dim is None:
        if asked is not None and len(asked) > a.ndim:
            raise RuntimeError(
                f"fft.{name}: Got shape with {len(asked)} values but input tensor only has {a.ndim} dimensions."
            )
        axes = tuple(range(a.ndim) if asked is None else range(a.ndim - len(asked), a.ndim))
    else:
        axes = tuple(one_axis(d, a.ndim, f"fft.{name}") for d in as_ints(dim, (), f"fft.{name}"))
    if axes and not a.ndim:
        raise IndexError(f"fft.{name}: Dimension specified as {dim} but tensor has no dimensions")
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"fft.{name}: FFT dims must be unique, not {dim}")
    lengths = [a.shape[d] for d in axes]
    if half and lengths:
        lengths[-1] = 2 * (lengths[-1] - 1)
    if asked is not None:
        if len(asked) != len(axes):
            raise RuntimeError(
                f"fft.{name}: When given, dim and shape arguments must have the same length, not {dim} and {s}"
            )
        lengths = [old if n == -1 else n for n, old in zip(asked, lengths, strict=True)]
    for n in lengths:
        if n < 1:
            raise RuntimeError(f"fft.{name}: Invalid number of data points ({n}) specified: at least 1 is needed.")
    return tuple(lengths), axes


# -- frequencies --------------------------------------------------------------------------------------------


def fftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """The frequencies that the n results of `fft` stand for, of samples at distances d: [0, 1, …, −2, −1] / (n d).

    >>> import tinygrad_edu as tg
    >>> tg.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    k = np.arange(_count("fftfreq", n))
    return _frequencies("fftfreq", np.where(k < (n + 1) // 2, k, k - n), n, d, dtype, device, requires_grad)


def rfftfreq(
    n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:  # fmt: skip
    """The frequencies that the n//2 + 1 results of `rfft` stand for: [0, 1, …, n//2] / (n d).

    >>> import tinygrad_edu as tg
    >>> tg.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    k = np.arange(_count("rfftfreq", n) // 2 + 1)
    return _frequencies("rfftfreq", k, n, d, dtype, device, requires_grad)


def _count(name: str, n: Any) -> int:
    (whole,) = sides((n,), f"fft.{name}")
    return whole


def _frequencies(name: str, k: Any, n: int, d: float, dtype: Any, device: Any, requires_grad: bool) -> Tensor:
    check_device(device)
    kind = get_default_dtype() if dtype is None else as_dtype(dtype)
    if kind.kind not in "fc":
        raise RuntimeError(f"{name} requires a floating point or complex dtype, not {kind}")
    with np.errstate(divide="ignore", invalid="ignore"):  # frequencies of samples at distance 0
        return made(np.divide(k, n * d).astype(kind), requires_grad)


def fftshift(input: Any, dim: Any = None) -> Tensor:
    """Frequency 0 from the front to the middle, along `dim` (default: all dimensions). Any numbers; gradients flow.

    >>> import tinygrad_edu as tg
    >>> tg.fft.fftshift(tg.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    return _rolled("fftshift", input, dim, lambda n: n // 2)


def ifftshift(input: Any, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`: frequency 0 from the middle to the front.

    >>> import tinygrad_edu as tg
    >>> tg.fft.ifftshift(tg.tensor([-2, -1, 0, 1, 2]))
    tensor([ 0,  1,  2, -2, -1])
    """
    return _rolled("ifftshift", input, dim, lambda n: -(n // 2))


def _rolled(name: str, input: Any, dim: Any, shift: Callable[[int], int]) -> Tensor:
    shape = tuple(raw(input, f"fft.{name}").shape)
    dims = tuple(range(len(shape))) if dim is None else as_ints(dim, (), f"fft.{name}")
    axes = tuple(one_axis(d, len(shape), f"fft.{name}") for d in dims)
    return roll(input, tuple(shift(shape[d]) for d in axes), axes)
