"""Complex numbers: made of two real ones, and taken apart again. They are data only, and carry no gradients.

>>> import tinygrad_edu as tg
>>> z = tg.tensor([3 + 4j, 1j])
>>> z * 1j
tensor([-4.+3.j, -1.+0.j])
>>> z.real, z.abs()
(tensor([3., 0.]), tensor([5., 1.]))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.dtypes import NO_GRADIENT, complex_of, float32, float64
from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.memory import recording
from tinygrad_edu.operands import mismatch
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import elementwise as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "angle", "complex", "conj", "conj_physical", "imag", "is_conj", "isreal", "polar", "real", "resolve_conj",
    "view_as_complex", "view_as_real",
]  # fmt: skip


# -- made of real numbers -----------------------------------------------------------------------------------


def complex(real: Any, imag: Any) -> Tensor:
    """The complex numbers real + imag · i, of two tensors of the same floating dtype, with broadcasting.

    Raises RuntimeError for other dtypes, and for tensors that are being recorded: there are no gradients.

    >>> import tinygrad_edu as tg
    >>> tg.complex(tg.tensor([1., 2.]), tg.tensor([3., -4.]))
    tensor([1.+3.j, 2.-4.j])
    """
    a, b = _parts("complex", real, imag)
    try:
        z = np.empty(np.broadcast_shapes(a.shape, b.shape), complex_of(a.dtype))
    except ValueError as error:
        raise mismatch("complex", (a, b), error) from None
    z.real, z.imag = a, b
    return wrap(z)


def polar(abs: Any, angle: Any) -> Tensor:
    """The complex numbers at that distance from 0, in that direction (in radians). Raises as `complex`.

    >>> import tinygrad_edu as tg
    >>> tg.polar(tg.tensor([1., 2.]), tg.tensor([0., 1.]))
    tensor([1.0000+0.0000j, 1.0806+1.6829j])
    """
    _parts("polar", abs, angle)
    return complex(rules.multiply(abs, rules.cos(angle)), rules.multiply(abs, rules.sin(angle)))


def view_as_complex(input: Any) -> Tensor:
    """Pairs of floats (…, 2) as complex numbers (…), in the same memory (unless they lie apart). Raises as `complex`.

    >>> import tinygrad_edu as tg
    >>> tg.view_as_complex(tg.tensor([[1., 2.], [3., 4.]]))
    tensor([1.+2.j, 3.+4.j])
    """
    (a,) = _parts("view_as_complex", input)
    if a.ndim == 0 or a.shape[-1] != 2:
        raise RuntimeError(f"view_as_complex: Tensor must have a last dimension of size 2, not the shape {a.shape}")
    return wrap(np.ascontiguousarray(a).view(complex_of(a.dtype))[..., 0])


def _parts(name: str, *tensors: Any) -> list[Any]:
    """The arrays of tensors that may become parts of complex numbers."""
    arrays = [raw(x, name) for x in tensors]
    kinds = [getattr(a, "dtype", type(a)) for a in arrays]
    if any(k not in (float32, float64) for k in kinds) or len(set(kinds)) > 1:
        found = " and ".join(map(str, kinds))
        raise RuntimeError(f"{name}: Expected tensors of one floating dtype, float32 or float64, but got {found}")
    if recording.get() and any(getattr(x, "requires_grad", False) for x in tensors):
        raise RuntimeError(f"{name}: {NO_GRADIENT} Where none is wanted: {name}(x.detach(), …).")
    return arrays


# -- taken apart --------------------------------------------------------------------------------------------


def _array(name: str, x: Any) -> Any:
    a = raw(x, name)
    if not hasattr(a, "dtype"):
        raise TypeError(f"{name}: expected a Tensor or an array, got {type(x).__name__}. Write tensor({x}).")
    return a


def real(input: Any) -> Tensor:
    """The real part, in the same memory; real numbers as they are."""
    a = _array("real", input)
    return wrap(a.real) if a.dtype.kind == "c" else input


def imag(input: Any) -> Tensor:
    """The imaginary part, in the same memory. Raises RuntimeError for real numbers."""
    a = _array("imag", input)
    if a.dtype.kind != "c":
        raise RuntimeError(f"imag is not implemented for tensors with non-complex dtypes ({a.dtype}): it would be 0.")
    return wrap(a.imag)


def view_as_real(input: Any) -> Tensor:
    """The real and the imaginary part side by side: (…) → (…, 2), in the same memory (unless they lie apart).

    >>> import tinygrad_edu as tg
    >>> tg.view_as_real(tg.tensor([1 + 2j, 3 - 4j]))
    tensor([[ 1.,  2.],
            [ 3., -4.]])
    """
    a = _array("view_as_real", input)
    if a.dtype.kind != "c":
        raise RuntimeError(f"view_as_real is only supported for complex tensors, not for {a.dtype}")
    return wrap(np.ascontiguousarray(a)[..., None].view(a.real.dtype).reshape(*a.shape, 2))


def angle(input: Any) -> Tensor:
    """The direction from 0, from −π to π (in radians); of real numbers 0, or π below 0.

    >>> import tinygrad_edu as tg
    >>> tg.angle(tg.tensor([1 + 1j, -1]))
    tensor([0.7854, 3.1416])
    """
    a = _array("angle", input)
    return rules.arctan2(wrap(a.imag) if a.dtype.kind == "c" else np.zeros_like(a), real(input))


def conj(input: Any) -> Tensor:
    """The imaginary part with the other sign; real numbers as they are. (PyTorch's is lazy, this is a copy.)

    >>> import tinygrad_edu as tg
    >>> tg.conj(tg.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    a = _array("conj", input)
    return wrap(np.asarray(np.conj(a))) if a.dtype.kind == "c" else input


def is_conj(input: Any) -> bool:
    """False: `conj` has computed already."""
    return False


def resolve_conj(input: Any) -> Tensor:
    """`input` itself: `conj` has computed already."""
    return input


def isreal(input: Any) -> Tensor:
    """Where the imaginary part is 0.

    >>> import tinygrad_edu as tg
    >>> tg.isreal(tg.tensor([1 + 1j, 2]))
    tensor([False,  True])
    """
    return wrap(np.asarray(np.isreal(_array("isreal", input))))


conj_physical = conj  # its other name
