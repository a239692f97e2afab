"""Changes in place, recorded: the tensor gets a new node, its memory is stamped, views follow lazily."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import memory
from tinygrad_edu.dtypes import promoted
from tinygrad_edu.memory import recording
from tinygrad_edu.primitive import Leaf, rule, wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["assign", "inplace", "put_view"]


def inplace(function: Callable[..., Any], name: str | None = None) -> Callable[..., Tensor]:
    """The in-place form of a function: ``add_ = inplace(functions.add)``."""
    label = name or function.__name__.rstrip("_") + "_"

    @wraps(function)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        def compute(old: Any) -> Any:
            return function(old, *(old if a is self else a for a in args), **kwargs)

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
    array, view = tensor._array, tensor._view
    base = tensor if view is None else view.base
    mode = recording.get()
    if isinstance(base._node, Leaf) and mode:
        what = "a leaf" if base is tensor else "a view of a leaf"
        raise RuntimeError(
            f"{name}: {what} that requires grad (shape {tuple(base._array.shape)}) cannot be changed in place while "
            f"its use is recorded. Do it under `with no_grad():` (parameter updates), or make a new tensor: w = w - step."
        )
    if type(array) is not ndarray or not array.flags.writeable:
        raise RuntimeError(
            f"{name}: this tensor's memory cannot be written to (it is read-only, expanded or lazy; shape "
            f"{tuple(array.shape)}). Change a copy: x = x.clone()."
        )
    if 0 in array.strides and any(n > 1 and s == 0 for n, s in zip(array.shape, array.strides, strict=True)):
        raise RuntimeError(
            f"{name}: several elements of this expanded tensor (shape {tuple(array.shape)}) are the same memory. "
            f"Change a copy: x = x.clone()."
        )
    edge = tensor._edge()
    if mode:
        # what the graph saved of the old values must not be overwritten by the new ones
        new = compute(wrap(array.copy(), edge))
    else:
        new = compute(wrap(array))
    value = new._array
    if value.shape != array.shape:
        raise RuntimeError(
            f"{name}: the result has shape {tuple(value.shape)} but the tensor has shape {tuple(array.shape)}, and "
            f"changing in place cannot change the shape. Write the out-of-place form."
        )
    if value.dtype.kind != array.dtype.kind and promoted((array, value)) != array.dtype:
        raise RuntimeError(
            f"{name}: the result is {value.dtype} and does not fit into a {array.dtype} tensor. Convert it first, "
            f"x = x.float(), or write the out-of-place form."
        )
    node = new._edge() if mode else None
    if mode and view is not None and (node is not None or base._node is not None):
        if view.several:
            raise RuntimeError(
                f"{name}: this tensor is one of several views made by one call (split, chunk, unbind). Changing it in "
                f"place cannot be recorded: write to a slice of the original, or change a copy (x.clone())."
            )
        positions = view.step(wrap(np.arange(base._array.size).reshape(base._array.shape)))._array
        base._node = put_view(wrap(base._array.copy(), base._edge()), new, positions=positions)._node
    elif mode and view is None:
        tensor._node = node if node is None or node.dtype == array.dtype else new.to(array.dtype)._edge()
    np.copyto(array, value, casting="unsafe")
    memory.changed(array, name)
    return tensor


def marked(x: Any, positions: Any) -> Any:
    """A mask of the shape of `x`, true at the flat `positions`."""
    mask = np.zeros(x.shape, bool)
    mask.reshape(-1)[positions] = True
    return mask


def _put(x: Any, value: Any, *, positions: Any) -> Any:
    y = np.array(x)
    y.reshape(-1)[positions] = value
    return y


put_view = rule(
    _put,
    lambda g, _x, positions: np.where(marked(_x, positions), 0, g),
    lambda g, positions: np.take(g, positions),
    name="put_view",
)
"""`x` with the flat `positions` replaced by `value`: what writing through a view does to its base."""
