"""Recorders in fewer steps, for speed alone: what `tinygrad_edu.primitive.recorder` does, without loops over operands.

Most calls have one to three operands, all of them Tensors on ordinary arrays, and one result: for those, loops
and bookkeeping would cost more than a small array's arithmetic. What is unusual (lazy arrays, operands that are no
Tensors, shapes that do not fit and need an explanation) is left to the general recorder.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.dtypes import UNDEFINED, float32, promote, refloat, refuse_complex
from tinygrad_edu.lazy import as_result, in_order
from tinygrad_edu.memory import recording
from tinygrad_edu.node import record, wrap
from tinygrad_edu.operands import as_operand

if TYPE_CHECKING:
    from tinygrad_edu.primitive import Primitive

__all__ = ["QUICK"]

Recorder = Callable[..., Any]

_PLAIN = {ndarray, float, int, bool}


def _on_arrays(function: Any) -> Callable[..., Any]:
    """A ufunc for ndarrays, in the form that gives 0-d arrays rather than NumPy scalars (NumPy 2.3 has it)."""
    if isinstance(function, np.ufunc) and np.lib.NumpyVersion(np.__version__) >= "2.3.0":
        return partial(function, out=...)
    return function


def _of_bools(name: str, error: TypeError, *arrays: Any) -> RuntimeError:
    """The error for what NumPy does not do with bools (subtract them, turn their sign) or with complex numbers."""
    refuse_complex(name, *arrays)
    return RuntimeError(f"{name}: {str(error).rstrip('.')}. Invert a mask by ~mask, or convert it first: mask.float()")


def elementwise_unary(p: Primitive, general: Recorder) -> Recorder:
    """Elementwise functions of one operand."""
    function, plan, name = _on_arrays(p.function), p.plan(1), p.name
    real = name in UNDEFINED  # for real numbers only

    def call(x: Any) -> Any:
        try:
            a = x._array
        except AttributeError:
            return general(x)
        if type(a) is not ndarray:
            return general(x)
        try:
            y = function(a)
        except TypeError as error:
            raise _of_bools(name, error, a) from None
        if type(y) is not ndarray:
            if type(y) in (tuple, list):
                return general(x)
            y = as_result(y, (a,), name)
        if a.dtype is not float32:
            if y.dtype is not a.dtype:
                y = refloat(y, function, (a,))
            elif real:
                refuse_complex(name, y)
        edge = x._node if x._view is None else x._edge()
        if edge is None or not (mode := recording.get()):
            return wrap(y)
        out = record(plan, (edge,), (y, a))
        if mode is not True:
            mode(out._node, (x,), out)
        return out

    return call


def elementwise_binary(p: Primitive, general: Recorder) -> Recorder:
    """Elementwise functions of two operands: their dtypes are promoted, and one may be a number."""
    function, name = _on_arrays(p.function), p.name
    real = name in UNDEFINED
    only_left, only_right, both = p.plan(1), p.plan(2), p.plan(3)

    def call(a: Any, b: Any) -> Any:
        try:
            x = a._array
            left = a._node if a._view is None else a._edge()
        except AttributeError:
            x, left = as_operand(a, name), None
        try:
            z = b._array
            right = b._node if b._view is None else b._edge()
        except AttributeError:
            try:
                z, right = as_operand(b, name), None
            except TypeError:
                return general(a, b)
        kind, other = type(x), type(z)
        if kind is not ndarray or other is not ndarray or x.dtype is not z.dtype:
            if kind not in _PLAIN or other not in _PLAIN:
                return general(a, b)
            if kind is not ndarray or other is ndarray or x.dtype.kind != "f":
                x, z = promote(x, z)
        try:
            y = function(x, z)
        except ValueError:
            return general(a, b)
        except TypeError as error:
            raise _of_bools(name, error, x, z) from None
        if type(y) is not ndarray:
            if type(y) in (tuple, list):
                return general(a, b)
            y = as_result(y, (x, z), name)
        if y.dtype is not float32:
            y = refloat(y, function, (x, z))
            if real:
                refuse_complex(name, y)
        if (left is None and right is None) or not (mode := recording.get()):
            return wrap(y)
        if right is None:
            out = record(only_left, (left,), (y, x, z))
        elif left is None:
            out = record(only_right, (right,), (y, x, z))
        else:
            out = record(both, (left, right), (y, x, z))
        if mode is not True:
            mode(out._node, (a, b), out)
        return out

    return call


def pair(p: Primitive, general: Recorder) -> Recorder:
    """Products and losses: two operands that are not elementwise, with or without a by-product."""
    function, name, follows, saves = p.function, p.name, p.follows, bool(p.saves)

    def call(a: Any, b: Any) -> Any:
        try:
            x, z = a._array, b._array
            left = a._node if a._view is None else a._edge()
            right = b._node if b._view is None else b._edge()
        except AttributeError:
            return general(a, b)
        if type(x) is not ndarray or type(z) is not ndarray:
            return general(a, b)
        y = function(x, z)
        product = None
        if saves:
            y, product = y
        if type(y) is not ndarray:
            if type(y) in (tuple, list):
                return general(a, b)
            y = as_result(y, (x, z), name)
        elif not y.flags.c_contiguous:
            y = in_order(y)
        plan, pick_edges = follows[left is not None, right is not None]
        if plan is None or not (mode := recording.get()):
            return wrap(y)
        out = record(plan, pick_edges((left, right)), (y, x, z, product))
        if mode is not True:
            mode(out._node, (a, b), out)
        return out

    return call


def triple(p: Primitive, general: Recorder) -> Recorder:
    """Layers: three operands that are not elementwise."""
    function, name, follows = p.function, p.name, p.follows

    def call(a: Any, b: Any, c: Any) -> Any:
        try:
            x, z, w = a._array, b._array, c._array
            first = a._node if a._view is None else a._edge()
            second = b._node if b._view is None else b._edge()
            third = c._node if c._view is None else c._edge()
        except AttributeError:
            return general(a, b, c)
        if type(x) is not ndarray or type(z) is not ndarray or type(w) is not ndarray:
            return general(a, b, c)
        y = function(x, z, w)
        if type(y) is not ndarray:
            if type(y) in (tuple, list):
                return general(a, b, c)
            y = as_result(y, (x, z, w), name)
        elif not y.flags.c_contiguous:
            y = in_order(y)
        plan, pick_edges = follows[first is not None, second is not None, third is not None]
        if plan is None or not (mode := recording.get()):
            return wrap(y)
        out = record(plan, pick_edges((first, second, third)), (y, x, z, w))
        if mode is not True:
            mode(out._node, (a, b, c), out)
        return out

    return call


QUICK = {(True, 1): elementwise_unary, (True, 2): elementwise_binary, (False, 2): pair, (False, 3): triple}
"""By whether a function is elementwise, and its number of operands."""
