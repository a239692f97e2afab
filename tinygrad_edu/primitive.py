"""Primitives: NumPy functions with their derivative rules, and how a call is recorded.

A primitive is a NumPy function and, for each operand, one line of plain NumPy that turns the
cotangent of the result into the cotangent of that operand (a vector-Jacobian product):

    exp = rule(np.exp, lambda g, y: g * y)
    multiply = rule(np.multiply, lambda g, b: g * b, lambda g, a: g * a)

The parameters of a rule name what it reads, and nothing else is kept for the backward pass:

    g               the cotangent of the result (a tuple, if the primitive has several results)
    y               the result (likewise)
    x | a, b, c     an operand of a NumPy function; of a function written here, by the name of its parameter
    _x, _a, …       an operand of which only shape and dtype are used; it holds no memory
    p, mask, …      a by-product of the forward call, declared with ``saves=``
    axis, …         keyword arguments of the call

The engine then sums over broadcast axes, casts to the operand's dtype and checks the shape:
no rule does that by hand (`fit` in `tinygrad_edu.autograd.propagate`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from inspect import CO_VARARGS, CO_VARKEYWORDS, Parameter, signature, unwrap
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import recorders
from tinygrad_edu.dtypes import UNDEFINED, float32, promote, refloat, refuse_complex
from tinygrad_edu.lazy import as_result, in_order
from tinygrad_edu.memory import View, owner, recording
from tinygrad_edu.node import Leaf, Node, Pick, TensorBase, pick, record, recorded_type, wrap
from tinygrad_edu.operands import answered_by_other, as_operand, mismatch

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


class Plan:
    """What a call keeps and which rules its backward pass runs, given which operands need it."""

    __slots__ = (
        "calls", "elementwise", "ghosts", "joint", "keep", "keeps_arrays", "primitive", "several", "sources",
        "wanted",
    )  # fmt: skip

    def __init__(self, primitive: Primitive, mask: int) -> None:
        self.primitive, self.elementwise = primitive, primitive.elementwise
        wanted = [i for i in range(mask.bit_length()) if mask >> i & 1]
        rules: list[Any] = [primitive.joint] if primitive.joint else [primitive.rules[i] for i in wanted]
        reads = [primitive.reads(r) for r in rules]
        names = list(dict.fromkeys(n for positional, _ in reads for n in positional))
        # a by-product is read from what was saved, or (create_graph) made anew from what its definition names
        defined = [n for name in names if name in primitive.saves for n in _parameters(primitive.saves[name])]
        names += [n for n in dict.fromkeys(defined) if n in primitive.environment and n not in names]
        self.sources = tuple(primitive.environment[n.removeprefix("_")] for n in names)  # positions in (y, x, …, p, …)
        self.ghosts = tuple(k for k, n in enumerate(names) if n.startswith("_"))  # those of `_x`, …
        self.keeps_arrays = len(self.ghosts) < len(names)  # whether arrays are kept that a pass should release
        self.keep = _picker(self.sources)
        self.wanted = tuple(wanted)  # positions of the operands that `Node.edges` stands for
        self.joint = primitive.joint is not None
        self.several = False  # whether there are several results: the first call shows it
        self.calls = tuple(  # (rule, what picks its values from the saved ones: None for all, its keyword arguments)
            (r, None if [*p] == names else _picker(tuple(names.index(n) for n in p)), k)
            for r, (p, k) in zip(rules, reads, strict=True)
        )


def _picker(positions: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    return itemgetter(slice(positions[0], positions[0] + 1) if positions else slice(0))


def _parameters(function: Any) -> tuple[str, ...]:
    code = unwrap(function).__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


class Follows(dict[tuple[bool, ...], tuple[Any, Any]]):
    """For each pattern of operands that require grad: the plan (None: no derivative), and what picks its edges."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive

    def __missing__(self, pattern: tuple[bool, ...]) -> tuple[Any, Any]:
        p = self.primitive
        wanted = [i for i, on in enumerate(pattern) if on and (p.joint or p.rules[i])]
        self[pattern] = found = (p.plan(sum(1 << i for i in wanted)), _picker(wanted)) if wanted else (None, None)
        return found


class Primitive:
    """A function on arrays with one derivative rule per operand (None: not differentiable)."""

    __slots__ = (
        "elementwise", "environment", "follows", "function", "joint", "name", "operands", "plans", "rules", "saves",
        "spread", "view",
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
        elementwise: bool,
    ) -> None:
        self.function, self.rules, self.name = function, tuple(rules), name
        self.operands, self.saves, self.joint, self.view = tuple(operands), saves, joint, view
        self.spread, self.elementwise = spread, elementwise
        self.environment = {n: k for k, n in enumerate(("y", *operands, *saves))}
        self.plans: dict[int, Plan] = {}
        self.follows = Follows(self)
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
        if mask not in self.plans:
            self.plans[mask] = Plan(self, mask)
        return self.plans[mask]

    def __repr__(self) -> str:
        return f"<primitive {self.name}({', '.join(self.operands)})>"


def recorder(p: Primitive) -> Callable[..., Any]:
    """How Tensors call a primitive: its function on their arrays, and where one of them is connected, a node.

    For any number of operands, keyword arguments, several results, by-products and views.
    """
    function, name, saves, spread, view = p.function, p.name, bool(p.saves), p.spread, p.view
    elementwise, real = p.elementwise, name in UNDEFINED  # for real numbers only

    def call(*operands: Any, **kwargs: Any) -> Any:
        try:
            arrays = [x._array for x in operands]
            nodes = [x._node if x._view is None else x._edge() for x in operands]
        except AttributeError:  # some are no Tensors
            try:
                given = [x if isinstance(x, TensorBase) else wrap(as_operand(x, name)) for x in operands]
            except TypeError:
                if (answer := answered_by_other(name, operands)) is NotImplemented:
                    raise
                return answer
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
        except TypeError:
            if elementwise:  # perhaps because NumPy does not have it for complex numbers
                refuse_complex(name, *arrays)
            raise
        products: Any = ()
        if saves:
            y, *products = y
        several = y.__class__ is tuple or y.__class__ is list
        if several:
            y = tuple([as_result(a if view else in_order(a), arrays, name) for a in y])
        else:
            y = as_result(y if view or elementwise else in_order(y), arrays, name)
            if elementwise and y.dtype is not float32:
                y = refloat(y, partial(function, **kwargs) if kwargs else function, tuple(arrays))
        if real:
            refuse_complex(name, *(y if several else (y,)))
        node = None
        plan, pick_edges = p.follows[tuple([n is not None for n in nodes])]
        mode = recording.get() if plan else False  # or an observer
        if mode:
            env = (y, tuple(arrays)) if spread else (y, *arrays, *products)
            out: Any = record(plan, pick_edges(tuple(nodes)), env, kwargs)
            node = out._node
        else:
            out = wrap(y)
        if several:
            out = tuple(
                wrap(a, pick(node, k) if node is not None and a.dtype.kind == "f" else None) for k, a in enumerate(y)
            )
        if view and isinstance(operands[0], TensorBase):
            for k, t in enumerate(out if several else (out,)):
                if type(t._array) is ndarray and owner(t._array) is owner(arrays[0]):
                    t._view = View(operands[0], partial(again, operands[1:], kwargs, k if several else None), several)
        if mode and mode is not True:
            mode(node, operands, out)
        return out

    def again(rest: tuple[Any, ...], kwargs: dict[str, Any], k: int | None, base: Any) -> Any:
        """A view, made from its base once more."""
        out = call(base, *rest, **kwargs)
        return out if k is None else out[k]

    return call


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
    code = unwrap(function).__code__ if hasattr(function, "__code__") else None
    if code is None:
        operands: tuple[str, ...] = ("x",) if len(rules) == 1 else ("a", "b", "c")[: len(rules)]
    else:
        spread = bool(code.co_flags & CO_VARARGS)  # *operands
        first = code.co_argcount + code.co_kwonlyargcount
        operands = (code.co_varnames[first],) if spread else code.co_varnames[: code.co_argcount]
        if spread and not joint:
            raise TypeError(f"{label} takes any number of operands: give it one rule for all of them, joint=…")
        if not spread and not joint and len(operands) != len(rules):
            raise TypeError(
                f"{label} has {len(operands)} operands ({', '.join(operands)}) and {len(rules)} rules: give one "
                f"rule for each operand, in order (None where there is no derivative), and make the rest keyword-only."
            )
        known = {"g", "y", *operands, *_parameters(function), *(saves or ())}
        for reader in (r for r in (joint, *rules, *(saves or {}).values()) if r and not code.co_flags & CO_VARKEYWORDS):
            unknown = [n for n in _parameters(reader) if n.removeprefix("_") not in known]
            if unknown := [n for n in unknown if signature(reader).parameters[n].default is Parameter.empty]:
                raise TypeError(f"a rule of {label} reads {unknown}; there are only {sorted(known)} (g: the cotangent)")
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
        elementwise=elementwise,
    )
    options = code.co_kwonlyargcount if code else 0
    call = recorder(p)
    # the quick recorders know no options, views or several by-products, of elementwise functions none at all
    plain = not (joint or options or spread or view or len(p.saves) > (len(operands) == 2))
    kind = elementwise, len(operands)
    if plain and kind in recorders.QUICK and not (elementwise and (saves or None in rules)):
        call = recorders.QUICK[kind](p, call)
    call.__name__ = call.__qualname__ = label
    PRIMITIVES[label] = p
    if isinstance(function, np.ufunc):
        NUMPY[function] = call
    return call


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
