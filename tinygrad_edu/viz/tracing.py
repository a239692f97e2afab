"""To call a model, see which module makes which node, and leave the model as it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from tinygrad_edu import memory
from tinygrad_edu.autograd.anomaly import user_line
from tinygrad_edu.generator import default_generator
from tinygrad_edu.memory import observing, recording
from tinygrad_edu.nn.module import Module
from tinygrad_edu.primitive import TensorBase

__all__ = ["Places", "observed", "tensors_in", "traced", "undisturbed"]

_CALL = Module.__call__.__code__


class Places:
    """Notes on nodes which module made them, and on which line of the program.

    Modules are found on the stack of calls, so that a model pays nothing for it where nobody looks on. A path
    starts at `root`, or, where that is not on the stack, at the outermost module.
    """

    def __init__(self, root: Any = None) -> None:
        self.root = root
        self._paths: dict[int, tuple[Any, dict[int, str]]] = {}  # by root: itself, and the paths of its modules

    def note(self, node: Any) -> None:
        """To be called while the node is made: by an observer of recorded calls."""
        node.site = node.site or user_line()
        node.module = self.path()

    def path(self) -> tuple[int, str] | None:
        """The model, and the path in it of the innermost module whose forward is running; None outside of modules."""
        frame: Any = sys._getframe(1)
        modules = []
        while frame is not None:
            if frame.f_code is _CALL:
                modules.append(frame.f_locals["self"])
            frame = frame.f_back
        if not modules:
            return None
        root = modules[-1] if self.root is None else self.root
        paths = self._known(root)
        found = next((path for m in modules if (path := paths.get(id(m))) is not None), None)
        return None if found is None else (id(root), found)

    def _known(self, root: Any) -> Mapping[int, str]:
        if id(root) not in self._paths:
            self._paths[id(root)] = root, {id(m): path for path, m in root.named_modules()}
        return self._paths[id(root)][1]


class _Tracer:
    """Notes of recorded calls: where each was made, and what came out."""

    def __init__(self, model: Any) -> None:
        self.places = Places(model)
        self.values: dict[Any, Any] = {}

    def __call__(self, node: Any, operands: Any, out: Any) -> None:
        self.places.note(node)
        for i, x in enumerate(operands):
            if not isinstance(x, TensorBase) or x._edge() is None:
                self.values[node, i] = getattr(x, "_array", x)
        if isinstance(out, TensorBase):
            self.values[node] = out._array


@contextmanager
def observed(observer: Callable[[Any, Any, Any], None]) -> Iterator[None]:
    """Calls are recorded inside, and `observer` is called after each; others that observe go on observing."""
    mode, other = recording.get(), observing.get()

    def both(node: Any, operands: Any, out: Any) -> None:
        observer(node, operands, out)
        if other is not True:
            other(node, operands, out)

    observing.set(both)
    recording.set(both)
    try:
        yield
    finally:
        observing.set(other)
        recording.set(mode)


def traced(model: Any, inputs: tuple[Any, ...]) -> tuple[list[Any], dict[Any, Any]]:
    """What the model computes from the inputs: the tensors in its result that are recorded, and every node's value.

    Raises TypeError without inputs, RuntimeError where nothing was recorded.
    """
    if not inputs:
        raise TypeError(
            f"graph: a module is drawn as it computes, which takes an input: viz.graph(model, x). (What a "
            f"{type(model).__name__} computed before is drawn from its result: viz.graph(loss).)"
        )
    tracer = _Tracer(model)
    with undisturbed(model), observed(tracer):
        result = model(*inputs)
    outputs = [t for t in tensors_in(result) if t._edge() is not None]
    if not outputs:
        raise RuntimeError(
            f"graph: nothing was recorded while {type(model).__name__} computed: it has no parameter that requires "
            f"grad (requires_grad_()), and neither do its inputs."
        )
    return outputs, tracer.values


def tensors_in(x: Any) -> list[Any]:
    """The tensors in `x`: itself, or those in tuples, lists and dicts (in order, however deep)."""
    found, waiting = [], [x]
    while waiting:
        x = waiting.pop()
        if isinstance(x, TensorBase):
            found.append(x)
        elif isinstance(x, Mapping):
            waiting += reversed(list(x.values()))
        elif isinstance(x, (tuple, list)):
            waiting += reversed(x)
    return found


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """The model may be called inside; after that its modes, buffers, gradients and the random numbers are as before."""
    modules = list(model.modules())
    modes = [(m, m.training) for m in modules]
    buffers: list[Any] = [
        (m, name, b, None if b is None else np.array(b._array)) for m in modules for name, b in m._buffers.items()
    ]
    gradients: list[Any] = [
        (p, p._grad, None if p._grad is None else p._grad._array.copy()) for p in model.parameters()
    ]
    state = default_generator.get_state()
    try:
        yield
    finally:
        default_generator.set_state(state)
        for module, training in modes:
            module.training = training
        for module, name, buffer, array in buffers:
            module.__dict__[name] = buffer
            if buffer is not None and not np.array_equal(buffer._array, array, equal_nan=array.dtype.kind == "f"):
                buffer._array[...] = array
                memory.changed(buffer._array, "viz")
        for p, grad, array in gradients:
            p._grad = grad
            if grad is not None and not np.array_equal(grad._array, array, equal_nan=True):
                grad._array[...] = array
