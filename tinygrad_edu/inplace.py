"""Changes in place, recorded: the tensor gets a new node, its memory is stamped, views follow lazily.

    out = zeros(2, 3);  out[:, 0] = h        # the node of `out` is now setitem, over its old node and that of h

Through a view it is the base that gets the node, since that is where the memory belongs; the view, and
all others of the same base, are then made anew from it when they are next used (`memory.View`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import memory
from tinygrad_edu.dtypes import CATEGORY, NO_GRADIENT, check_fits
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.node import record
from tinygrad_edu.operands import as_operand
from tinygrad_edu.primitive import PRIMITIVES, Leaf, TensorBase, rule, wrap
from tinygrad_edu.rules.indexing import last_written, replace
from tinygrad_edu.rules.shaping import cast, reshape

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["assign", "inplace", "relabelled", "write"]

_ALL = (Ellipsis,)


def inplace(function: Callable[..., Any], name: str | None = None) -> Callable[..., Tensor]:
    """The in-place form of a function: ``add_ = inplace(functions.add)``."""
    label = name or function.__name__.rstrip("_") + "_"

    @wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        def compute(old: Any) -> Any:
            named = {k: old if v is self else v for k, v in kwargs.items()}
            return function(old, *(old if a is self else a for a in args), **named)

        return assign(self, compute, label)

    method.__name__ = label
    method.__qualname__ = f"Tensor.{label}"
    method.__doc__ = f"In-place form of `{function.__name__}`: changes this tensor, and returns it."
    return method


def assign(tensor: Any, compute: Callable[[Any], Any], name: str) -> Any:
    """Let `tensor` become ``compute(tensor)``, in its own memory. Everything is checked before it is changed.

    Raises RuntimeError for a leaf that requires grad while grad mode is on, for memory that must not be
    written to, and for a result of another shape or of a dtype that the tensor cannot hold.
    """
    array = tensor._array
    mode = _writeable(tensor, name)
    edge = tensor._edge()
    # what the graph saved of the old values must not be overwritten by the new ones
    new = compute(wrap(array.copy(), edge) if mode else wrap(array))
    if not isinstance(new, TensorBase):  # another library's object has answered
        raise TypeError(f"{name}: the result is no tensor but {type(new).__name__}. Write the out-of-place form.")
    value = new._array
    if value.shape != array.shape:
        raise RuntimeError(
            f"{name}: the result has shape {tuple(value.shape)} but the tensor has shape {tuple(array.shape)}, and "
            f"changing in place cannot change the shape. Write the out-of-place form."
        )
    if CATEGORY[value.dtype.kind] > CATEGORY[array.dtype.kind]:
        to = "cfloat" if value.dtype.kind == "c" else "float"
        raise RuntimeError(
            f"{name}: result type {value.dtype} can't be cast to the desired output type {array.dtype}, which is that "
            f"of the tensor. Convert it first, x = x.{to}(), or write the out-of-place form."
        )
    if mode:
        made = new._edge()
        if made is None or tensor._view is not None:
            _record_write(tensor, edge, _ALL, new, made, name, mode)
        else:
            tensor._move(made if made.dtype == array.dtype else cast(new, dtype=array.dtype)._node)
    np.copyto(array, value, casting="unsafe")
    memory.changed(array, name)
    return tensor


def write(tensor: Any, index: tuple[Any, ...], value: Any, name: str) -> None:
    """``tensor[index] = value``, recorded without a copy of either; `index` is one that NumPy takes.

    Raises as `assign` does, and RuntimeError for a value that does not broadcast to what it replaces.
    """
    if not isinstance(value, TensorBase):
        value = wrap(np.asarray(_operand(value, name)))
    array = tensor._array
    mode = _writeable(tensor, name)
    edge, made = tensor._edge(), value._edge() if mode else None
    if value._array.dtype.kind == "c":
        check_fits(name, value._array, array.dtype)
    if array.dtype.kind == "c" and made is not None:
        raise RuntimeError(f"{name}: {NO_GRADIENT}")
    if mode:
        _refuse_parts(tensor, edge, made, name)
    try:
        array[index] = value._array
    except ValueError:
        raise RuntimeError(
            f"{name}: a value of shape {tuple(value._array.shape)} does not broadcast to the shape "
            f"{tuple(array[index].shape)} of what it is to replace"
        ) from None
    if mode:
        _record_write(tensor, edge, index, value, made, name, mode)
    memory.changed(array, name)


def _operand(value: Any, name: str) -> Any:
    if isinstance(value, (list, tuple)) or value is None:
        raise TypeError(
            f"{name}: the value must be a Tensor, an array or a number, not {type(value).__name__}. Write "
            f"tensor(…), or stack(…) for a list of tensors."
        )
    return as_operand(value, name)


def _writeable(tensor: Any, name: str) -> Any:
    """Whether a change of this tensor is to be recorded. Raises RuntimeError if it must not be changed."""
    edge, array, view, mode = tensor._edge(), tensor._array, tensor._view, recording.get()
    base = tensor if view is None else view.base
    if mode and isinstance(edge if view is None else base._edge(), Leaf):
        what = "a leaf" if base is tensor else "a view of a leaf"
        raise RuntimeError(
            f"{name}: {what} Variable that requires grad is being used in an in-place operation (the leaf's shape is "
            f"{tuple(base._array.shape)}), while its use is recorded. Do it under `with no_grad():` (parameter "
            f"updates), or make a new tensor: w = w - d."
        )
    if type(array) is not ndarray or not array.flags.writeable:
        raise RuntimeError(
            f"{name}: this tensor's memory cannot be written to (it is read-only, expanded or lazy; shape "
            f"{tuple(array.shape)}). Change a copy: x = x.clone()."
        )
    if not array.flags.forc and memory.overlaps_itself(array):
        raise RuntimeError(
            f"{name}: several elements of this expanded or unfolded tensor (shape {tuple(array.shape)}) are the same "
            f"memory. Change a copy: x = x.clone()."
        )
    return mode


def _refuse_parts(tensor: Any, edge: Any, made: Any, name: str) -> None:
    """Raises RuntimeError where a change cannot be recorded, because of how this view was made."""
    view = tensor._view
    if view is None or (made is None and view.base._node is None):
        return
    if view.base._array is not view.array:
        raise RuntimeError(
            f"{name}: the tensor that this is a view of has been given other memory since (x.data = …), so that "
            f"changing the view cannot be recorded. Change a copy (x.clone())."
        )
    if view.several:
        raise RuntimeError(
            f"{name}: this tensor is one of several views made by one call (split, chunk, unbind), or a view that a "
            f"Function returned. Changing it in place cannot be recorded: write to a slice of the original, or change "
            f"a copy (x.clone())."
        )
    if edge is None and view.seen is not None:
        raise RuntimeError(
            f"{name}: this view (shape {tuple(tensor._array.shape)}) was made under no_grad, and changing it in place "
            f"while grad mode is on would change its base's gradient behind its back. Make the view with grad mode on, "
            f"or change it under no_grad, too."
        )


def _record_write(tensor: Any, edge: Any, index: tuple[Any, ...], value: Any, made: Any, name: str, mode: Any) -> None:
    """Give the tensor, or the base of the view, the node of ``tensor[index] = value``."""
    _refuse_parts(tensor, edge, made, name)
    view = tensor._view
    base = tensor if view is None else view.base
    below = edge if view is None else base._edge()
    if below is None and made is None:
        return
    ones = next((k for k, n in enumerate(value._array.shape) if n != 1), value._array.ndim)
    if made is not None and ones:  # NumPy lets sides of 1 in front broadcast away
        value = reshape(value, shape=value._array.shape[ones:])
        made = value._edge()
    if view is None:
        p, kwargs = PRIMITIVES["setitem"], {"index": index}
    else:
        everything = wrap(np.arange(base._array.size).reshape(base._array.shape))
        p, kwargs = PRIMITIVES["put_view"], {"positions": view.step(everything)._array[index]}
    plan = p.plan((below is not None) + 2 * (made is not None))
    edges = tuple(e for e in (below, made) if e is not None)
    node = record(plan, edges, (base._array, base._array, value._array), kwargs)._node
    base._move(node)
    if mode is not True:
        mode(node, (wrap(base._array, below), value), base)


def relabelled(function: Callable[..., Any], name: str) -> Callable[..., Tensor]:
    """The in-place form of a function that gives a view of another shape: ``unsqueeze_``. No number is changed."""

    @wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        edge = self._edge()
        if isinstance(edge, Leaf) and recording.get():
            raise RuntimeError(
                f"{name}: the shape of a leaf that requires grad (shape {tuple(self._array.shape)}) cannot be changed "
                f"in place. Make a new tensor: y = x.{name.rstrip('_')}(…)."
            )
        old, before = wrap(self._array, edge), recording.get()
        old._view = self._view
        recording.set(before or (edge is not None and observing.get()))  # a computed tensor stays one under no_grad
        try:
            new = function(old, *args, **kwargs)
        finally:
            recording.set(before)
        self._array, self._view = new._array, new._view
        if isinstance(edge, Leaf):
            self._node, self._view = Leaf(self), None
        else:
            self._move(new._node)
        return self

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"In-place form of `{function.__name__}`: changes this tensor's shape, and returns it."
    return method


def _put(x: Any, value: Any, *, positions: Any) -> Any:
    return np.reshape(replace(np.ravel(x), (positions,), value), x.shape)


put_view = rule(
    _put,
    lambda g, positions: np.reshape(replace(np.ravel(g), (positions,), 0), g.shape),
    lambda g, positions: last_written(np.ravel(g), (positions,)),
    name="put_view",
)
"""`x` with the flat `positions` replaced by `value`: what writing through a view does to its base."""
