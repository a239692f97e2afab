"""Parameter and Buffer: tensors that a module knows as its own when they are assigned to it."""

from __future__ import annotations

from typing import Any

from tinygrad_edu import printing
from tinygrad_edu.container import restored
from tinygrad_edu.dtypes import NO_GRADIENT
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.tensor import Tensor

__all__ = ["Buffer", "Parameter"]


class Parameter(Tensor):
    """A tensor that is to be trained: assigned to a module, it appears in `module.parameters()`.

    Args:
        data: the tensor that it starts from, and shares memory with (default: an empty one).
        requires_grad: whether gradients are computed for it; only floating tensors can have any.

    Raises TypeError for data that are no Tensor, RuntimeError for integers that are to require grad.

    >>> import tinygrad_edu as tg
    >>> tg.nn.Parameter(tg.ones(2))
    Parameter containing:
    tensor([1., 1.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        return _of(cls, data, requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + printing.text(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        """A parameter with the same numbers and attributes, without the gradient."""
        if id(self) not in memo:
            grad, self._grad = self._grad, None
            try:
                super().__deepcopy__(memo)
            finally:
                self._grad = grad
        return memo[id(self)]


class Buffer(Tensor):
    """A tensor that belongs to a module without being trained, such as a running mean.

    Args:
        data: the tensor that it starts from, and shares memory with (default: an empty one).
        persistent: whether it is part of the module's `state_dict`.

    >>> import tinygrad_edu as tg
    >>> module = tg.nn.Module()
    >>> module.mean = tg.nn.Buffer(tg.zeros(2))
    >>> dict(module.named_buffers())
    {'mean': tensor([0., 0.])}
    """

    __slots__ = ()
    persistent = True

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        out = _of(cls, data, False)
        out.persistent = persistent
        return out


def _of(cls: Any, data: Any, requires_grad: bool) -> Any:
    """A leaf of the class that shares the memory of `data`."""
    if data is None:
        data = Tensor()
    if not isinstance(data, TensorBase):
        raise TypeError(
            f"{cls.__name__} data must be a Tensor, not {type(data).__name__}: write {cls.__name__}(tensor(data))"
        )
    if requires_grad and data._array.dtype.kind == "c":
        raise RuntimeError(f"{cls.__name__}: {NO_GRADIENT}")
    if requires_grad and data._array.dtype.kind != "f":
        raise RuntimeError(
            f"Only Tensors of floating point dtype can require gradients, and this one is {data._array.dtype}: write "
            f"{cls.__name__}(x.float()), or {cls.__name__}(x, requires_grad=False)."
        )
    return restored(cls, data._array, requires_grad)
