"""Tensor: an array, its gradient, and how it was made. Its methods are the functions of `tinygrad_edu.functions`."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import functions, numpy_api
from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.inplace import inplace
from tinygrad_edu.primitive import Node, TensorBase, recorded_type, wrap
from tinygrad_edu.rules import elementwise, linalg

__all__ = ["Tensor"]


@recorded_type
class Tensor(TensorBase):
    """An array that remembers how it was computed, so that its gradient can be."""

    __slots__ = ()
    _hooks: list[Callable[[Any], Any]] | None = None
    _assigned: Any = None  # the gradient that the user assigned, which is not changed in place

    __array_ufunc__ = numpy_api.array_ufunc
    __array_function__ = numpy_api.array_function

    # -- what it is ----------------------------------------------------------------------------------

    @property
    def shape(self) -> Any:
        return self._array.shape

    @property
    def ndim(self) -> int:
        n: int = self._array.ndim
        return n

    @property
    def dtype(self) -> Any:
        return self._array.dtype

    # -- its gradient --------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether what is computed from it is recorded."""
        return self._edge() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Let what is computed from this leaf from now on be recorded (or not); returns the tensor.

        Raises RuntimeError for integers and bools, and for switching it off on a tensor that was computed.
        """
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError(
                f"only floating tensors can require grad, not {self._array.dtype}: small steps make no sense on it. "
                f"Convert it first: x.float().requires_grad_()."
            )
        if self._edge() is not None and not self._leaf:
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad can be switched off for leaves only; this tensor was computed. Use x.detach()."
                )
            return self
        self._leaf = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was created, not computed from tensors that require grad."""
        return self._leaf or self._edge() is None

    @property
    def grad_fn(self) -> Node | None:
        """The recorded call that made it (None for leaves)."""
        edge = self._edge()
        return edge if isinstance(edge, Node) else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up: a tensor of its shape and dtype, or None."""
        g: Tensor | None = self._grad
        return g

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"grad must be a Tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape or value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"grad must have the tensor's shape {tuple(self.shape)} and dtype {self.dtype}, "
                    f"not {tuple(value._array.shape)} and {value._array.dtype}"
                )
        self._grad = value
        if value is not None or self._assigned is not None:
            self._assigned = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it was computed from.

        Args:
            gradient: the cotangent, of its shape; may be left out for a tensor of one element.
            retain_graph, create_graph, inputs: as in `tinygrad_edu.autograd.backward`.
        """
        backward((self,), None if gradient is None else (gradient,), retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in its `.grad`, too."""
        edge = self._edge()
        if edge is None:
            raise RuntimeError("retain_grad: this tensor does not require grad, so it will never have one")
        if isinstance(edge, Node) and not self.retains_grad:
            ref = weakref.ref(self)

            def keep(g: Tensor) -> None:
                t = ref()
                if t is not None:
                    t._grad = wrap(np.array(g._array)) if t._grad is None else t._grad + g

            self.retains_grad = True
            edge.hooks = [*(edge.hooks or ()), keep]

    retains_grad = False

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor that is not recorded. Changes through it are seen by the graph's checks."""
        return wrap(self._array)

    def detach(self) -> Tensor:
        """The same memory as a tensor that is cut off from the graph."""
        return wrap(self._array)

    # -- operators -----------------------------------------------------------------------------------

    __add__ = __radd__ = elementwise.add
    __sub__ = elementwise.subtract
    __mul__ = __rmul__ = elementwise.multiply
    __truediv__ = elementwise.divide
    __matmul__ = linalg.matmul
    __neg__ = elementwise.negative
    tanh = functions.tanh
    sum = functions.sum
    mean = functions.mean
    add_ = inplace(functions.add)
    mul_ = inplace(functions.mul)
    sub_ = inplace(functions.sub)
    __iadd__ = add_
    __isub__ = sub_
    reshape = functions.reshape
