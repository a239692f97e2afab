"""Tensor: an array, its gradient, and how it was made.

What it computes are the functions of `tinygrad_edu.functions`, listed in `methods.py`; that it is a container of
numbers, too, is in `container.py`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from tinygrad_edu import numpy_api
from tinygrad_edu.autograd import hooks
from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.autograd.propagate import alone
from tinygrad_edu.dtypes import why_no_gradient
from tinygrad_edu.methods import Methods
from tinygrad_edu.primitive import Leaf, Node, TensorBase, recorded_type, wrap
from tinygrad_edu.warning import warn

__all__ = ["Tensor"]


@recorded_type
class Tensor(Methods):
    """An array that remembers how it was computed, so that its gradient can be."""

    __slots__ = ()
    _hooks: hooks.Hooks | None = None  # of a leaf; those of a computed tensor are its node's
    _assigned: Any = None  # the gradient that the user assigned, which is not changed in place
    retains_grad = False

    __array_ufunc__ = numpy_api.array_ufunc
    __array_function__ = numpy_api.array_function

    @property
    def requires_grad(self) -> bool:
        """Whether what is computed from it is recorded."""
        return self._edge() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Let what is computed from this leaf from now on be recorded (or not); returns the tensor.

        Raises RuntimeError for integers, bools and complex numbers, and for switching it off on a tensor that was
        computed.
        """
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError(why_no_gradient(self._array.dtype, "Convert it first: x.float().requires_grad_()."))
        if isinstance(self._edge(), Node):
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad can be switched off for leaves only; this tensor was computed. Use x.detach()."
                )
            return self
        if requires_grad != (self._node is not None):
            self._node = Leaf(self) if requires_grad else None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was created, not computed from tensors that require grad."""
        return not isinstance(self._edge(), Node)

    @property
    def grad_fn(self) -> Node | None:
        """The recorded call that made it (None for leaves)."""
        edge = self._edge()
        return edge if isinstance(edge, Node) else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up: a tensor of its shape and dtype, or None.

        Warns (UserWarning) where none will come: for a tensor that was computed, if `retain_grad` was not called.
        """
        g: Tensor | None = self._grad
        if g is None and not self.retains_grad and isinstance(edge := self._edge(), Node):
            warn(
                f"the .grad of a tensor that is not a leaf: this one was computed (by {edge.name()}), and backward() "
                f"does not keep its gradient. Call x.retain_grad() before backward() if you want it. A parameter that "
                f"is to be updated must stay a leaf: under `with no_grad():` write w -= lr * w.grad, not w = w - …."
            )
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
                    t._grad = alone(g, shared=True) if t._grad is None else t._grad + g

            self.retains_grad = True
            hooks.of(edge).last = keep

    def register_hook(self, hook: Callable[[Any], Any]) -> hooks.RemovableHandle:
        """Call ``hook(grad)`` with the complete gradient in every backward pass; what it returns replaces it.

        Returns a handle with a method `remove`. Raises RuntimeError if the tensor does not require grad.
        """
        edge = self._edge()
        if edge is None:
            raise RuntimeError(
                "register_hook: this tensor does not require grad, so no gradient will ever pass through it"
            )
        return hooks.of(self if isinstance(edge, Leaf) else edge).add(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], Any]) -> hooks.RemovableHandle:
        """Call ``hook(tensor)`` after every backward pass has added to the `.grad` of this leaf."""
        if not isinstance(self._edge(), Leaf):
            raise RuntimeError(
                "register_post_accumulate_grad_hook: only leaves that require grad have a gradient added up; "
                "for a computed tensor use register_hook"
            )
        return hooks.of(self).add_after(hook)

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor that is not recorded. A backward pass that needs what it was before refuses."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        """Let the tensor hold the array of `value` from now on; nothing is recorded."""
        if not isinstance(value, TensorBase):
            raise TypeError(f"data must be a Tensor, not {type(value).__name__}: x.data = tensor(…)")
        edge, old, new = self._edge(), self._array, value._array
        same = new.shape == old.shape and new.dtype == old.dtype
        if edge is not None and not same and (isinstance(edge, Node) or new.dtype.kind != "f"):
            raise RuntimeError(
                f"data: a {old.dtype} tensor of shape {tuple(old.shape)} that is part of a graph cannot become "
                f"{new.dtype} of shape {tuple(new.shape)}: its gradient would not fit. Make a new tensor."
            )
        self._array, self._view = new, None
        if isinstance(edge, Leaf) and not same:
            self._node = Leaf(self)

    def detach(self) -> Tensor:
        """The same memory as a tensor that is cut off from the graph."""
        return wrap(self._array)

    def detach_(self) -> Tensor:
        """Cut this tensor itself off from the graph. Raises RuntimeError for views; use `detach` for them."""
        if self._view is not None and self._edge() is not None:
            raise RuntimeError("detach_: a view cannot be detached in place, since its base would stay: x = x.detach()")
        if self.retains_grad:
            hooks.of(self._node).last, self.retains_grad = None, False
        self._node = None
        return self
