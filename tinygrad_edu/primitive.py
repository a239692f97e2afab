"""Primitives: NumPy functions with their derivative rules, and how a call is recorded.

A primitive is a NumPy function and, for each operand, one line of plain NumPy that turns the
cotangent of the result into the cotangent of that operand (a vector-Jacobian product):

    exp = rule(np.exp, lambda g, y: g * y)
    multiply = rule(np.multiply, lambda g, b: g * b, lambda g, a: g * a)

The parameters of a rule name what it reads, and nothing else is kept for the backward pass:

    g               the cotangent of the result (a tuple, if the primitive has several results)
    y               the result (likewise)
    x | a, b, c     an operand; a function written here names its own
    _x, _a, …       an operand of which only shape and dtype are used; it holds no memory
    p, mask, …      a by-product of the forward call, declared with ``saves=``
    axis, …         keyword arguments of the call

The engine then sums over broadcast axes, casts to the operand's dtype and checks the shape:
no rule does that by hand (`tinygrad_edu.autograd.backward`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import lazy
from tinygrad_edu.dtypes import as_operand, float32, promote, refloat
from tinygrad_edu.memory import View, owner, recording, tick
from tinygrad_edu.node import Leaf, Node, Pick, TensorBase, recorded_type, wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "NUMPY", "PRIMITIVES", "Leaf", "Node", "Pick", "Primitive", "TensorBase", "pick", "primitive", "recorded_type",
    "rule", "wrap",
]  # fmt: skip

PRIMITIVES: dict[str, Primitive] = {}
"""Every primitive by its name: the table of rules."""

NUMPY: dict[Any, Callable[..., Any]] = {}
"""For each NumPy function that Tensors take part in: the function that stands for it."""

_NUMBERS = {float, int, bool}
_PLAIN = {ndarray, *_NUMBERS}


class Plan:
    """What a call keeps and which rules its backward pass runs, given which operands need it."""

    __slots__ = ("calls", "ghosts", "heavy", "joint", "keep", "pointwise", "primitive", "sources", "wanted")

    def __init__(self, primitive: Primitive, mask: int) -> None:
        self.primitive, self.pointwise = primitive, primitive.pointwise
        wanted = [i for i in range(mask.bit_length()) if mask >> i & 1]
        rules = [primitive.joint] if primitive.joint else [r for i in wanted if (r := primitive.rules[i])]
        reads = [primitive.reads(r) for r in rules]
        names = list(dict.fromkeys(n for positional, _ in reads for n in positional))
        # a by-product is read from what was saved, or made anew from what its definition names
        defined = [n for name in names if name in primitive.saves for n in _parameters(primitive.saves[name])]
        names += [n for n in dict.fromkeys(defined) if n in primitive.environment and n not in names]
        self.sources = tuple(primitive.environment[n.removeprefix("_")] for n in names)
        self.ghosts = tuple(k for k, n in enumerate(names) if n.startswith("_"))
        self.heavy = len(self.ghosts) < len(names)  # whether arrays are kept that a pass should release
        self.keep = _picker(self.sources)
        self.wanted = tuple(wanted)  # positions of the operands that `Node.edges` stands for
        self.joint = primitive.joint is not None
        self.calls = tuple(
            (r, None if [*p] == names else _picker(tuple(names.index(n) for n in p)), k)
            for r, (p, k) in zip(rules, reads, strict=True)
        )


def _picker(positions: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return itemgetter(slice(positions[0], positions[0] + 1) if positions else slice(0))


def _parameters(function: Any) -> tuple[str, ...]:
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Primitive:
    """A function on arrays with one derivative rule per operand (None: not differentiable)."""

    __slots__ = (
        "environment", "function", "joint", "name", "operands", "plans", "pointwise", "rules", "saves", "spread",
        "view",
    )  # fmt: skip

    def __init__(
        self,
        function: Callable[..., Any],
        rules: Sequence[Callable[..., Any] | None],
        *,
        name: str,
        operands: Sequence[str],
        saves: dict[str, Callable[..., Any]],
        joint: Callable[..., Any] | None,
        view: bool,
        spread: bool,
        pointwise: bool,
    ) -> None:
        self.function, self.rules, self.name = function, tuple(rules), name
        self.operands, self.saves, self.joint, self.view = tuple(operands), saves, joint, view
        self.spread, self.pointwise = spread, pointwise
        self.environment = {n: k for k, n in enumerate(("y", *operands, *saves))}
        self.plans: dict[int, Plan] = {}
        for reader in (joint, *rules, *saves.values()):
            if reader is not None:
                self.reads(reader)

    def reads(self, rule: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The saved values that a rule names, and the keyword arguments of the call."""
        names = [n for n in _parameters(rule) if n != "g"]
        saved = tuple(n for n in names if n.removeprefix("_") in self.environment)
        if saved != tuple(names[: len(saved)]):
            raise TypeError(
                f"a rule of {self.name} must name what it reads before keyword arguments: ({', '.join(names)})"
            )
        return saved, tuple(names[len(saved) :])

    def plan(self, mask: int) -> Plan:
        """The plan for the operands in the bit mask."""
        found = self.plans.get(mask)
        if found is None:
            found = self.plans[mask] = Plan(self, mask)
        return found

    def __repr__(self) -> str:
        return f"<primitive {self.name}({', '.join(self.operands)})>"


@lru_cache(maxsize=4096)
def _ghost(shape: tuple[int, ...], dtype: np.dtype[Any]) -> ndarray:
    """An array of NaN that holds no memory: one element, seen with strides 0."""
    if lazy.unknown_size(shape):
        raise ValueError(f"the derivative needs the size of an array of shape {shape}.{lazy.unknown_size(shape)}")
    nan = np.full((), np.nan if dtype.kind in "fc" else 0, dtype)
    return np.ndarray(shape, dtype, nan, strides=(0,) * len(shape))


def ghost(x: Any) -> Any:
    """What a rule receives that promised to use only the shape and dtype of `x` (or of each in it)."""
    if isinstance(x, (tuple, list)):
        return tuple(map(ghost, x))
    return _ghost(x.shape, x.dtype) if hasattr(x, "dtype") else x


def as_array(y: Any, arrays: Sequence[Any], primitive: Primitive) -> Any:
    """Results are arrays (NumPy returns scalars for 0-d), and those of lazy arrays stay lazy."""
    if y.__class__ is not ndarray:
        return np.array(y) if isinstance(y, np.generic) or not hasattr(y, "dtype") else y
    for a in arrays:
        if a.__class__ is not ndarray and hasattr(a, "__array_function__"):
            raise lazy.no_counterpart(primitive.name, a)
    return y


def mismatch(name: str, arrays: Sequence[Any], error: ValueError) -> Exception:
    """What to raise instead of NumPy's error where the shapes of elementwise operands do not fit together."""
    shapes = [tuple(a.shape) for a in arrays if hasattr(a, "shape")]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return RuntimeError(
            f"{name}: the shapes {' and '.join(map(str, shapes))} do not fit together. Sizes are compared from the "
            f"last dimension backwards, and each must be equal in all or 1. Reshape one of them (x.unsqueeze(1), x.T)."
        )
    return error


def _record(plan: Plan, edges: tuple[Any, ...], env: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> Node:
    """The node of a call: `env` is (result, operands …, by-products …)."""
    y = env[0]
    node = Node()
    node.plan = plan
    node.edges = edges
    node.saved = saved = plan.keep(env)
    if plan.ghosts:
        node.saved = tuple(ghost(a) if k in plan.ghosts else a for k, a in enumerate(saved))
    if kwargs:
        node.kwargs = kwargs
    if type(y) is tuple:
        node.shape = tuple(a.shape for a in y)
        node.dtype = tuple(a.dtype for a in y)
    else:
        node.shape = y.shape
        node.dtype = y.dtype
    node.seq = tick()
    return node


def _on_arrays(function: Any) -> Callable[..., Any]:
    """A ufunc for ndarrays, in the form that gives 0-d arrays rather than NumPy scalars (NumPy 2.3 has it)."""
    if isinstance(function, np.ufunc) and np.lib.NumpyVersion(np.__version__) >= "2.3.0":
        return partial(function, out=...)
    return function


def _unary(p: Primitive) -> Callable[..., Any]:
    """The recorder for elementwise functions of one operand: `_nary` in fewer steps."""
    function, on_arrays, plan = p.function, _on_arrays(p.function), p.plan(1)

    def call(x: Any) -> Any:
        try:
            a = x._array
        except AttributeError:
            return call(wrap(np.asarray(as_operand(x, p.name))))
        y = on_arrays(a) if type(a) is ndarray else function(a)
        if type(y) is not ndarray or type(a) is not ndarray:
            y = as_array(y, (a,), p)
        if y.dtype is not a.dtype:
            y = refloat(y, function, (a,))
        out = wrap(y)
        edge = x._node if x._view is None else x._edge()
        if edge is not None and (mode := recording.get()):
            out._node = node = _record(plan, (edge,), (y, a))
            if mode is not True:
                mode(node, (x,), out)
        return out

    return call


def _binary(p: Primitive) -> Callable[..., Any]:
    """The recorder for elementwise functions of two operands: `_nary` in fewer steps."""
    function, on_arrays = p.function, _on_arrays(p.function)
    only_left, only_right, both = p.plan(1), p.plan(2), p.plan(3)

    def call(a: Any, b: Any) -> Any:
        try:
            x = a._array
            left = a._node if a._view is None else a._edge()
        except AttributeError:
            x, left = as_operand(a, p.name), None
        try:
            z = b._array
            right = b._node if b._view is None else b._edge()
        except AttributeError:
            z, right = as_operand(b, p.name), None
        kind, other = type(x), type(z)
        if kind is ndarray and other is ndarray:
            if x.dtype is not z.dtype:
                x, z = promote(x, z)
        elif other not in _NUMBERS or kind is not ndarray or x.dtype.kind != "f":
            x, z = promote(x, z)
        try:
            y = on_arrays(x, z) if kind in _PLAIN and other in _PLAIN else function(x, z)
        except ValueError as error:
            raise mismatch(p.name, (x, z), error) from None
        if type(y) is not ndarray or kind not in _PLAIN or other not in _PLAIN:
            y = as_array(y, (x, z), p)
        if y.dtype is not float32:
            y = refloat(y, function, (x, z))
        out = wrap(y)
        if (left is not None or right is not None) and (mode := recording.get()):
            if right is None:
                node = _record(only_left, (left,), (y, x, z))
            elif left is None:
                node = _record(only_right, (right,), (y, x, z))
            else:
                node = _record(both, (left, right), (y, x, z))
            out._node = node
            if mode is not True:
                mode(node, (a, b), out)
        return out

    return call


class Constant:
    """An operand that is no Tensor: an array or a number."""

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = array

    def _edge(self) -> None:
        return None


def _follows(p: Primitive, pattern: tuple[bool, ...]) -> tuple[Any, Any]:
    """For a pattern of connected operands: the plan, and what picks the edges of those with a derivative."""
    wanted = [i for i, on in enumerate(pattern) if on and (p.joint or p.rules[i])]
    return (p.plan(sum(1 << i for i in wanted)), _picker(wanted)) if wanted else (None, None)


def _nary(p: Primitive, elementwise: bool) -> Callable[..., Any]:
    """The recorder for any number of operands, keyword arguments, several results, by-products and views."""
    function, name, saves, spread, view = p.function, p.name, bool(p.saves), p.spread, p.view
    patterns: dict[tuple[bool, ...], tuple[Any, Any]] = {}  # which operands are connected, and what follows

    def call(*operands: Any, **kwargs: Any) -> Any:
        try:
            arrays = [x._array for x in operands]
            nodes = [x._node if x._view is None else x._edge() for x in operands]
        except AttributeError:  # some are no Tensors
            given = [x if isinstance(x, TensorBase) else Constant(as_operand(x, name)) for x in operands]
            arrays = [x._array for x in given]
            nodes = [x._edge() for x in given]
        if elementwise:
            arrays = promote(*arrays)
        try:
            y = function(*arrays, **kwargs)
        except ValueError as error:
            if not elementwise:
                raise
            raise mismatch(name, arrays, error) from None
        products: Any = ()
        if saves:
            y, *products = y
        several = y.__class__ is tuple or y.__class__ is list
        if several:
            y = tuple([as_array(a, arrays, p) for a in y])
        else:
            y = as_array(y, arrays, p)
            if elementwise and y.dtype is not float32:
                y = refloat(y, function, tuple(arrays))
        node = None
        pattern = tuple([n is not None for n in nodes])
        plan, connected = patterns.get(pattern) or patterns.setdefault(pattern, _follows(p, pattern))
        mode = recording.get() if plan else False
        if mode:
            env = (y, tuple(arrays)) if spread else (y, *arrays, *products)
            node = _record(plan, connected(tuple(nodes)), env, kwargs)
        if several:
            out: Any = tuple(
                wrap(a, pick(node, k) if node is not None and a.dtype.kind == "f" else None) for k, a in enumerate(y)
            )
        else:
            out = wrap(y, node)
        if view and isinstance(operands[0], TensorBase):
            for k, t in enumerate(out if several else (out,)):
                if type(t._array) is ndarray and owner(t._array) is owner(arrays[0]):
                    t._view = View(operands[0], _step(call, operands[1:], kwargs, k if several else None), several)
        if mode and mode is not True:
            mode(node, operands, out)
        return out

    return call


def _step(
    call: Callable[..., Any], rest: tuple[Any, ...], kwargs: dict[str, Any], k: int | None
) -> Callable[[Any], Any]:
    """How a view is made from its base."""
    return lambda base: call(base, *rest, **kwargs) if k is None else call(base, *rest, **kwargs)[k]


def pick(node: Node, k: int) -> Node:
    """The node of the k-th of several results."""
    out = Pick()
    out.plan, out.edges, out.saved, out.index = node.plan, (node,), (), k
    out.shape, out.dtype, out.seq = node.shape[k], node.dtype[k], tick()
    return out


def rule(
    function: Callable[..., Any],
    *rules: Callable[..., Any] | None,
    name: str | None = None,
    elementwise: bool | None = None,
    joint: Callable[..., Any] | None = None,
    saves: dict[str, Callable[..., Any]] | None = None,
    view: bool = False,
) -> Callable[..., Tensor]:
    """Give a function on arrays its derivatives; the result takes and returns Tensors, and records.

    Args:
        function: operands by position, everything else by keyword; returns an array or a tuple of arrays.
        rules: for each operand one line as described above, or None where it has no derivative.
        name: what the primitive is called in pictures and errors (default: the function's name).
        elementwise: operands are promoted to a common dtype as PyTorch does (default: true for ufuncs).
        joint: instead of `rules`: one rule that returns the cotangents of all operands, as a sequence.
            For functions of any number of operands (`*xs`, which it may name) it is the only form.
        saves: by-products that `function` returns after its result, ``(y, p)``, each with the definition
            from which it can be made anew: ``saves={"p": lambda x: softmax(x)}``. Rules may name them.
        view: the result shares memory with the first operand where NumPy can arrange it.

    Returns:
        The recorded function. It raises TypeError for operands that are no tensors, arrays or numbers.

    >>> import numpy as np
    >>> from tinygrad_edu import rule, tensor
    >>> cube = rule(lambda x: x**3, lambda g, x: g * 3 * x**2, name="cube", elementwise=True)
    >>> x = tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    label = name or function.__name__
    spread = False
    if isinstance(function, np.ufunc) or not hasattr(function, "__code__"):
        operands: tuple[str, ...] = ("x",) if len(rules) == 1 else ("a", "b", "c")[: len(rules)]
    else:
        code = function.__code__
        spread = bool(code.co_flags & 0x04)  # *operands
        first = code.co_argcount + code.co_kwonlyargcount
        operands = (code.co_varnames[first],) if spread else code.co_varnames[: code.co_argcount]
        if not spread and not joint and len(operands) != len(rules):
            raise TypeError(
                f"{label} has {len(operands)} operands ({', '.join(operands)}) and {len(rules)} rules: give one "
                f"rule for each operand, in order (None where there is no derivative), and make the rest keyword-only."
            )
    if elementwise is None:
        elementwise = isinstance(function, np.ufunc) and function.signature is None
    p = Primitive(
        function,
        rules,
        name=label,
        operands=operands,
        saves=saves or {},
        joint=joint,
        view=view,
        spread=spread,
        pointwise=elementwise,
    )
    options = getattr(getattr(function, "__code__", None), "co_kwonlyargcount", 0)
    simple = elementwise and joint is None and None not in rules and not p.saves and not options
    record = (
        _nary(p, elementwise) if not simple or len(operands) > 2 else _unary(p) if len(operands) == 1 else _binary(p)
    )
    record.__name__ = record.__qualname__ = label
    PRIMITIVES[label] = p
    if isinstance(function, np.ufunc):
        NUMPY[function] = record
    return record


def primitive(
    *rules: Callable[..., Any] | None, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Tensor]]:
    """Decorator form of `rule`.

    >>> from tinygrad_edu import primitive, tensor
    >>> @primitive(lambda g, x: g * 2 * x, elementwise=True)
    ... def squared(x):
    ...     return x * x
    >>> squared(tensor(3.0))
    tensor(9.)
    """
    return lambda function: rule(function, *rules, **options)
