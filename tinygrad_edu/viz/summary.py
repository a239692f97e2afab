"""The table of a model's layers: what comes out of each, how many parameters it has, and how much memory that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from tinygrad_edu.dtypes import get_default_dtype
from tinygrad_edu.memory import owner
from tinygrad_edu.primitive import wrap
from tinygrad_edu.viz.labels import columns, filled, printable
from tinygrad_edu.viz.tracing import observed, tensors_in, undisturbed

__all__ = ["Layer", "Summary", "summary"]


@dataclass(slots=True)
class Layer:
    """A row of the table: one module at one place in the model."""

    path: str
    name: str  # of its class
    depth: int
    inputs: list[tuple[int, ...]] = field(default_factory=list)  # shapes in its last call
    outputs: list[tuple[int, ...]] = field(default_factory=list)
    calls: int = 0
    parameters: int = 0  # numbers in parameters of its own, those of its parts not included
    trainable: int = 0
    output_bytes: int = 0  # of all calls together
    shared: bool = False  # the same module stands further up, too
    tied: bool = False  # its parameters are those of a module further up


@dataclass(slots=True)
class Summary:
    """The layers of a model in their order, and totals. It prints as a table."""

    layers: list[Layer]
    parameters: int  # numbers in all parameters, those that are shared counted once
    trainable: int
    parameter_bytes: int
    buffer_bytes: int
    input_bytes: int
    output_bytes: int  # of what comes out of the modules that have no parts
    kept_bytes: int  # what the graph keeps for the backward pass, besides parameters, buffers and inputs
    depth: int | None = None  # of the layers that the table shows

    def __str__(self) -> str:
        rows = [("layer", "input", "output", "parameters", "output size")]
        rows += [(tree + printable(name), *cells) for tree, name, cells in self._rows()]
        widths = [max(columns(row[k]) for row in rows) for k in range(5)]
        lines = ["  ".join([*(filled(c, w) for c, w in zip(r[:3], widths, strict=False)), *(
            c.rjust(w) for c, w in zip(r[3:], widths[3:], strict=True))]).rstrip() for r in rows]  # fmt: skip
        rule = "─" * max(map(len, lines))
        totals = self._totals()
        width = max(len(name) for name, _ in totals)
        return "\n".join([lines[0], rule, *lines[1:], rule, *(f"{name.ljust(width)}  {text}" for name, text in totals)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{c}</th>" for c in ("layer", "input", "output", "parameters", "output size"))
        body = "".join(
            f'<tr><td style="text-align:left;white-space:pre">{tree}{escape(printable(name))}</td>'
            + "".join(f"<td>{escape(c)}</td>" for c in cells)
            + "</tr>"
            for tree, name, cells in self._rows()
        )
        foot = "".join(
            f'<tr><td style="text-align:left">{name}</td><td colspan="4" style="text-align:left">{text}</td></tr>'
            for name, text in self._totals()
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"

    def _shown(self) -> list[Layer]:
        return [x for x in self.layers if self.depth is None or x.depth <= self.depth]

    def _rows(self) -> Iterator[tuple[str, str, tuple[str, str, str, str]]]:
        """For each layer the branch of the tree, its name, and the other columns."""
        shown = self._shown()
        last = [all(b.depth != a.depth for b in _siblings(shown[k + 1 :], a.depth)) for k, a in enumerate(shown)]
        open_: list[bool] = []  # of each level above, whether more is to come
        for x, is_last in zip(shown, last, strict=True):
            del open_[max(x.depth - 1, 0) :]
            tree = (
                "".join("│  " if more else "   " for more in open_) + ("└─ " if is_last else "├─ ") if x.depth else ""
            )
            if x.depth:
                open_.append(not is_last)
            short = x.path.rpartition(".")[2]
            times = f" ×{x.calls}" if x.calls > 1 else ""
            name = (f"{short}: {x.name}" if short else x.name) + (" (shared)" if x.shared else "") + times
            own = self._below(x) if self.depth == x.depth else x.parameters
            count = f"{own:,}" if own else "—"
            if own and (x.shared or x.tied):
                count = f"({count})"
            size = _bytes(x.output_bytes) if x.output_bytes else "—"
            yield tree, name, (_shapes(x.inputs), _shapes(x.outputs) if x.calls else "not called", count, size)

    def _below(self, layer: Layer) -> int:
        """The parameters of a layer whose parts are not shown."""
        start = f"{layer.path}." if layer.path else ""
        inner = [x for x in self.layers if x.path.startswith(start) and x is not layer and not (x.shared or x.tied)]
        return layer.parameters + sum(x.parameters for x in inner)

    def _totals(self) -> list[tuple[str, str]]:
        fixed = self.parameters - self.trainable
        return [
            ("parameters", f"{self.parameters:,} ({self.trainable:,} trained, {fixed:,} fixed)"),
            ("memory of parameters", _bytes(self.parameter_bytes)),
            ("memory of buffers", _bytes(self.buffer_bytes)),
            ("memory of the input", _bytes(self.input_bytes)),
            ("outputs of all layers", _bytes(self.output_bytes)),
            ("kept for the backward pass", _bytes(self.kept_bytes)),
        ]


def _siblings(later: Sequence[Layer], depth: int) -> Iterator[Layer]:
    for x in later:
        if x.depth < depth:
            return
        yield x


def summary(model: Any, *inputs: Any, dtype: Any = None, depth: int | None = None) -> Summary:
    """The table of a model's layers, as they compute for one input.

    Args:
        model: a Module. It is called once, in evaluation mode, and left as it was: modes, buffers, gradients,
            hooks and the state of the random numbers.
        inputs: what it is called with: tensors, or sizes such as ``(64, 3, 32, 32)`` for which random numbers
            are made.
        dtype: of those random numbers (default: that of the model's parameters; whole numbers are zeros).
        depth: how many levels of parts the table shows (default: all).

    Raises TypeError for what is no Module and for missing inputs, and RuntimeError where the model cannot be
    computed: it names the last layer that could.

    >>> from tinygrad_edu import nn
    >>> print(summary(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)), (16, 4)))
    layer         input    output   parameters  output size
    ───────────────────────────────────────────────────────
    Sequential    (16, 4)  (16, 1)           —         64 B
    ├─ 0: Linear  (16, 4)  (16, 8)          40        512 B
    ├─ 1: ReLU    (16, 8)  (16, 8)           —        512 B
    └─ 2: Linear  (16, 8)  (16, 1)           9         64 B
    ───────────────────────────────────────────────────────
    parameters                  49 (49 trained, 0 fixed)
    memory of parameters        196 B
    memory of buffers           0 B
    memory of the input         256 B
    outputs of all layers       1.1 KB
    kept for the backward pass  512 B
    """
    if not hasattr(type(model), "named_modules"):
        raise TypeError(f"summary: expected a Module, got {type(model).__name__}")
    if not inputs:
        raise TypeError("summary: give the input, or its size: viz.summary(model, (64, 3, 32, 32))")
    if len(inputs) == 1 and type(inputs[0]) is list and inputs[0] and all(map(_is_size, inputs[0])):
        inputs = tuple(inputs[0])  # the sizes of several inputs
    if all(type(x) is int for x in inputs):
        raise TypeError(f"summary: a size is a tuple, of all sides with the batch: viz.summary(model, {inputs})")
    parameters = {id(p): p for p in model.parameters()}
    dtype = dtype or next((p._array.dtype for p in parameters.values()), get_default_dtype())
    given = [_input(x, dtype) for x in inputs]
    layers, kept = _run(model, given)
    buffers = {id(b._array): b._array for _, b in model.named_buffers()}
    leaves = {id(m): not any(True for _ in m.children()) for m in model.modules()}
    first = {id(m): layer for m, layer in reversed(layers)}
    own = [p._array for p in parameters.values()]
    known = {id(owner(a)) for a in (*own, *buffers.values(), *(t._array for t in tensors_in(given)))}
    return Summary(
        layers=[layer for _, layer in layers],
        parameters=sum(a.size for a in own),
        trainable=sum(p._array.size for p in parameters.values() if p.requires_grad),
        parameter_bytes=sum(a.nbytes for a in own),
        buffer_bytes=sum(a.nbytes for a in buffers.values()),
        input_bytes=sum(t._array.nbytes for t in tensors_in(given)),
        output_bytes=sum(layer.output_bytes for key, layer in first.items() if leaves[key]),
        kept_bytes=sum(a.nbytes for key, a in kept.items() if key not in known),
        depth=depth,
    )


def _input(x: Any, dtype: Any) -> Any:
    """An input as it is given, or random numbers of the size that is given."""
    if not _is_size(x):
        return x
    if any(n < 0 for n in x):
        raise ValueError(f"summary: a size has no negative sides: {tuple(x)}")
    if np.dtype(dtype).kind != "f":
        return wrap(np.zeros(x, dtype))
    return wrap(np.random.default_rng(0).standard_normal(x).astype(dtype))


def _is_size(x: Any) -> bool:
    return isinstance(x, (tuple, list)) and len(x) > 0 and all(type(n) is int for n in x)


def _run(model: Any, inputs: list[Any]) -> tuple[list[tuple[Any, Layer]], dict[int, Any]]:
    """Call the model: its modules with their rows, in order, and the arrays that the graph keeps."""
    layers: list[tuple[Any, Layer]] = []
    by_module: dict[int, list[Layer]] = {}
    seen: set[int] = set()
    for path, module in model.named_modules(remove_duplicate=False):
        layer = Layer(path, type(module).__name__, path.count(".") + 1 if path else 0)
        layer.shared = id(module) in by_module
        own = [p for _, p in module.named_parameters(recurse=False)]
        layer.tied = bool(own) and all(id(p) in seen for p in own)
        seen.update(map(id, own))
        for p in own:
            layer.parameters += p._array.size
            layer.trainable += p._array.size if p.requires_grad else 0
        by_module.setdefault(id(module), []).append(layer)
        layers.append((module, layer))
    kept: dict[int, Any] = {}
    done: list[str] = []

    def after(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        results = tensors_in(output)
        for layer in by_module[id(module)]:
            layer.calls += 1
            layer.inputs = [tuple(t._array.shape) for t in tensors_in((args, kwargs))]
            layer.outputs = [tuple(t._array.shape) for t in results]
            layer.output_bytes += sum(t._array.nbytes for t in results)
        done.append(by_module[id(module)][0].path or type(module).__name__)

    def keep(node: Any, operands: Any, out: Any) -> None:
        for k, a in enumerate(node.saved):
            for x in a if isinstance(a, tuple) else (a,):
                if type(x) is np.ndarray and k not in node.plan.ghosts:
                    base = owner(x)
                    kept[id(base)] = base

    with undisturbed(model), _hooked([m for m, _ in layers], after), observed(keep):
        model.eval()
        try:
            model(*inputs)
        except Exception as error:
            shapes = _shapes([tuple(t._array.shape) for t in tensors_in(inputs)])
            raise RuntimeError(
                f"summary: {type(model).__name__} cannot compute with an input of shape {shapes}: {error} "
                f"({'The last layer that could: ' + done[-1] if done else 'Its first layer could not'}.)"
            ) from error
    return layers, kept


@contextmanager
def _hooked(modules: Sequence[Any], after: Callable[..., None]) -> Iterator[None]:
    """With a hook on each module (once), which leaves no trace."""
    with ExitStack() as stack:
        for module in {id(m): m for m in modules}.values():
            stack.callback(module.__dict__.__setitem__, "_module_hooks", module.__dict__.get("_module_hooks"))
            stack.callback(module.register_forward_hook(after, with_kwargs=True).remove)
        yield


def _shapes(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join("scalar" if s == () else str(s) for s in shapes) or "—"


def _bytes(n: int) -> str:
    """A size for people.

    >>> _bytes(512), _bytes(123456), _bytes(10**9)
    ('512 B', '120.6 KB', '953.7 MB')
    """
    if n < 1024:
        return f"{n} B"
    size, unit = n / 1024, "KB"
    for bigger in ("MB", "GB", "TB"):
        if size < 1024:
            break
        size, unit = size / 1024, bigger
    return f"{size:.1f}".removesuffix(".0") + f" {unit}"
