"""The formula of a rule as text: the rule itself, called with symbols instead of arrays.

A symbol answers every operation with a longer symbol, so that ``lambda g, y: g * (1 - y * y)`` returns
the text ``g · (1 − y²)``. What the rule calls is a symbol, too (NumPy's functions, helpers, constants),
and prints as its name. So pictures and documentation show what the engine computes, and cannot drift
from it.

>>> from tinygrad_edu.symbols import derivatives, formula
>>> formula("tanh", "x")
'g · (1 − y²)'
>>> derivatives("divide")
{'a': 'g / b', 'b': '(−g / b) · (a / b)'}
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import CellType, CodeType, FunctionType
from typing import Any

from tinygrad_edu.primitive import PRIMITIVES, Primitive

__all__ = ["Symbol", "byproducts", "derivatives", "formula"]

# how tightly an operation binds: a / b · c is written (a / b) · c, so that nobody reads a / (b · c)
CONDITION, OR, AND, NOT, COMPARE, SUM, QUOTIENT, PRODUCT, POWER, ATOM = range(10)

_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_REAL = {"enumerate", "list", "slice", "tuple", "zip"}  # builtins that only rearrange symbols
_CONSTANTS = {"pi": "π", "inf": "∞", "newaxis": "None"}


class Symbol:
    """A formula as text; operators, calls, attributes and indices make longer ones."""

    __slots__ = ("_binds", "_choices", "_last", "_text")
    _last: tuple[str, str, int] | None  # of a product: what stands before its last factor, the factor, its power
    __array_ufunc__ = None  # NumPy's numbers leave operators to the symbol
    __hash__ = object.__hash__

    def __init__(self, text: str, binds: int = ATOM, choices: _Choices | None = None) -> None:
        self._text, self._binds, self._choices, self._last = text, binds, choices, None

    def __repr__(self) -> str:
        return self._text

    def _new(self, text: str, binds: int = ATOM) -> Symbol:
        return Symbol(text, binds, self._choices)

    def _infix(self, sign: str, binds: int, left: Any, right: Any, grouped: int | None = None) -> Symbol:
        """`left sign right`; the right side is grouped if it binds less than `grouped` (a − (b − c))."""
        after = _text(right, binds + 1 if grouped is None else grouped)
        after = f"({after})" if after.startswith("−") and binds >= SUM else after
        return self._new(f"{_text(left, binds)} {sign} {after}", binds)

    def __add__(self, other: Any) -> Symbol:
        return self._infix("+", SUM, self, other, SUM)

    def __radd__(self, other: Any) -> Symbol:
        return self._infix("+", SUM, other, self, SUM)

    def __sub__(self, other: Any) -> Symbol:
        return self._infix("−", SUM, self, other)

    def __rsub__(self, other: Any) -> Symbol:
        return self._infix("−", SUM, other, self)

    def __mul__(self, other: Any) -> Symbol:
        head, factor, power = self._last or ("", self._text, 1)
        if isinstance(other, Symbol) and other._binds == ATOM and other._text == factor:  # g · y · y is g · y²
            out = self._new(f"{head}{factor}{_superscript(power + 1)}", PRODUCT if head else POWER)
            out._last = head, factor, power + 1
            return out
        out = self._infix("·", PRODUCT, self, other, PRODUCT)
        if isinstance(other, Symbol) and other._binds == ATOM:
            out._last = out._text.removesuffix(other._text), other._text, 1
        return out

    def __rmul__(self, other: Any) -> Symbol:
        return self._infix("·", PRODUCT, other, self, PRODUCT)

    def __truediv__(self, other: Any) -> Symbol:
        return self._infix("/", QUOTIENT, self, other, POWER)

    def __rtruediv__(self, other: Any) -> Symbol:
        return self._infix("/", QUOTIENT, other, self, POWER)

    def __floordiv__(self, other: Any) -> Symbol:
        return self._infix("//", QUOTIENT, self, other, POWER)

    def __rfloordiv__(self, other: Any) -> Symbol:
        return self._infix("//", QUOTIENT, other, self, POWER)

    def __mod__(self, other: Any) -> Symbol:
        return self._infix("mod", QUOTIENT, self, other, POWER)

    def __matmul__(self, other: Any) -> Symbol:
        return self._infix("@", QUOTIENT, self, other, POWER)

    def __rmatmul__(self, other: Any) -> Symbol:
        return self._infix("@", QUOTIENT, other, self, POWER)

    def __pow__(self, exponent: Any) -> Symbol:
        base = _text(self, ATOM)
        if isinstance(exponent, int):
            return self._new(base + _superscript(exponent), POWER)
        return self._new(f"{base}^{_text(exponent, ATOM)}", POWER)

    def __rpow__(self, base: Any) -> Symbol:
        return self._new(f"{_text(base, ATOM)}^{_text(self, ATOM)}", POWER)

    def __neg__(self) -> Symbol:
        out = self._new(f"−{_text(self, QUOTIENT)}", min(self._binds, PRODUCT) if self._binds >= QUOTIENT else PRODUCT)
        out._last = ("−", self._text, 1) if self._binds == ATOM else None
        return out

    def __invert__(self) -> Symbol:
        return self._new(f"not {_text(self, COMPARE)}", NOT)

    def __and__(self, other: Any) -> Symbol:
        return self._infix("and", AND, self, other, AND)

    def __or__(self, other: Any) -> Symbol:
        return self._infix("or", OR, self, other, OR)

    def __lt__(self, other: Any) -> Symbol:
        return self._infix("<", COMPARE, self, other)

    def __le__(self, other: Any) -> Symbol:
        return self._infix("≤", COMPARE, self, other)

    def __gt__(self, other: Any) -> Symbol:
        return self._infix(">", COMPARE, self, other)

    def __ge__(self, other: Any) -> Symbol:
        return self._infix("≥", COMPARE, self, other)

    def __eq__(self, other: Any) -> Symbol:  # type: ignore[override]
        return self._infix("=", COMPARE, self, other)

    def __ne__(self, other: Any) -> Symbol:  # type: ignore[override]
        return self._infix("≠", COMPARE, self, other)

    def __bool__(self) -> bool:
        if self._choices is None:
            raise TypeError(f"the truth of the symbol {self._text} is not known")
        return self._choices.take(self._text)

    def __getitem__(self, index: Any) -> Symbol:
        inside = ", ".join(map(_text, index)) if isinstance(index, tuple) and index else _text(index)
        return self._new(f"{_text(self, ATOM)}[{inside}]")

    def __iter__(self) -> Iterator[Symbol]:
        """One element stands for all."""
        yield self[Symbol("i")]

    def __getattr__(self, name: str) -> Symbol:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._new(f"{_text(self, ATOM)}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Symbol:
        named = (_text(v) if _text(v) == k else f"{k}={_text(v)}" for k, v in kwargs.items())
        return self._new(f"{self._text}({', '.join([*map(_text, args), *named])})")


class _NumPy:
    """What the name ``np`` means to a rule that is being read: its functions print as a book writes them."""

    def __init__(self, choices: _Choices) -> None:
        self._choices = choices

    def __getattr__(self, name: str) -> Any:
        if name in _CONSTANTS:
            return Symbol(_CONSTANTS[name], ATOM, self._choices)
        call = Symbol(name, ATOM, self._choices)
        return _Written(self._choices, _WRITTEN[name], call) if name in _WRITTEN else call


class _Written:
    """A function of NumPy that has a sign: np.matmul(a, b) prints as a @ b."""

    def __init__(self, choices: _Choices, sign: Callable[..., Symbol], call: Symbol) -> None:
        self._choices, self._sign, self._call = choices, sign, call

    def __call__(self, *args: Any, **kwargs: Any) -> Symbol:
        if not kwargs:
            try:
                first, *rest = args
                if not isinstance(first, Symbol):
                    first = Symbol(_text(first), ATOM, self._choices)
                return self._sign(first, *rest)
            except TypeError:  # another number of arguments: the plain call
                pass
        return self._call(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._call, name)

    def __repr__(self) -> str:
        return repr(self._call)


def _transposed(x: Symbol, *axes: Any) -> Symbol:
    if axes not in ((), (-1, -2), (-2, -1)):
        raise TypeError
    return x._new(f"{_text(x, ATOM)}ᵀ")


_WRITTEN: dict[str, Callable[..., Symbol]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "matmul": lambda a, b: a @ b,
    "power": lambda a, b: a**b,
    "negative": lambda x: -x,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "sqrt": lambda x: x._new(f"√{_text(x, ATOM)}"),
    "absolute": lambda x: x._new(f"|{_text(x)}|"),
    "abs": lambda x: x._new(f"|{_text(x)}|"),
    "transpose": _transposed,
    "swapaxes": _transposed,
    "logical_not": lambda x: ~x,
    "logical_and": lambda a, b: a & b,
    "logical_or": lambda a, b: a | b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
}


_HELPERS: dict[str, Callable[..., Symbol]] = {  # functions of the rules that books write with signs, or shorter
    "spread": lambda g, x, axis, keepdims: g._new(f"spread({_text(g)})"),  # over the shape of x
    "share": lambda g, x, axis: g / g._new(f"count({_text(x)})"),
    "T": _transposed,  # swaps the last two axes
    "product": lambda a, b: a @ b,
    "left_of_matmul": lambda g, a, b: g @ _transposed(b),
    "right_of_matmul": lambda g, a, b: _transposed(a) @ g,
}


def _superscript(n: int) -> str:
    return str(n).translate(_SUPERSCRIPTS)


def _text(x: Any, binds: int = CONDITION) -> str:
    """`x` as text, in parentheses if it binds less tightly than its place demands."""
    if isinstance(x, Symbol):
        return x._text if x._binds >= binds else f"({x._text})"
    if isinstance(x, (bool, str)) or x is None:
        return str(x)
    if isinstance(x, (int, float)):
        text = f"{x:.6g}".replace("-", "−").replace("inf", "∞")
        return f"({text})" if x < 0 and binds >= POWER else text
    if isinstance(x, tuple):
        return f"({', '.join(map(_text, x))}{',' if len(x) == 1 else ''})"
    if isinstance(x, list):
        return f"[{', '.join(map(_text, x))}]"
    if isinstance(x, slice):
        ends = [("" if e is None else _text(e)) for e in (x.start, x.stop, x.step)]
        return ":".join(ends if ends[2] else ends[:2])
    return "…" if x is Ellipsis else getattr(x, "__name__", str(x))


class _Choices:
    """Which way a rule goes at each condition, so that both ways can be read."""

    def __init__(self, ahead: Iterable[bool] = ()) -> None:
        self.ahead, self.taken, self.conditions = list(ahead), list[bool](), list[str]()

    def take(self, condition: str) -> bool:
        if condition in self.conditions:
            return self.taken[self.conditions.index(condition)]
        way = self.ahead[len(self.taken)] if len(self.taken) < len(self.ahead) else True
        self.taken.append(way)
        self.conditions.append(condition)
        return way


def _names_in(code: CodeType) -> set[str]:
    inner = (_names_in(c) for c in code.co_consts if isinstance(c, CodeType))
    return set(code.co_names).union(*inner)


def _read(function: Any, names: Mapping[str, str], ways: tuple[bool, ...] = ()) -> Any:
    """What `function` returns when everything that it names is a symbol: a Symbol, or a sequence of them."""
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    choices = _Choices(ways)

    def symbol(name: str) -> Symbol:
        plain = name.removeprefix("_")
        return Symbol(names.get(plain, plain), ATOM, choices)

    values = {n: symbol(n) for n in parameters}
    if code.co_name != "<lambda>":  # a rule that is a named function prints as its name
        return Symbol(code.co_name.removeprefix("_"))(*values.values())
    world: dict[str, Any] = {n: symbol(n) for n in _names_in(code) if n not in _REAL}
    if function.__globals__.get("np") is not None:
        world["np"] = _NumPy(choices)
    for name in _HELPERS.keys() & world.keys():
        world[name] = _Written(choices, _HELPERS[name], world[name])
    world["__builtins__"] = builtins
    cells = tuple(CellType(_enclosed(n, c.cell_contents, symbol)) for n, c in _cells(function))
    result = FunctionType(code, world, code.co_name, None, cells)(**values)
    if len(choices.taken) > len(ways):  # the first condition that was not decided: read the other way, too
        condition = choices.conditions[len(ways)]
        yes, no = (_read(function, names, (*ways, way)) for way in (True, False))
        if _text(yes) != _text(no):
            return Symbol(f"{_text(yes, OR)} if {condition} else {_text(no)}", CONDITION)
        return yes
    return result


def _cells(function: Any) -> Iterator[tuple[str, Any]]:
    return zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)


def _enclosed(name: str, value: Any, symbol: Callable[[str], Symbol]) -> Any:
    """A value that the rule was made with: functions print as their own names, numbers as they are."""
    if callable(value):
        return symbol(getattr(value, "__name__", name))
    return value if isinstance(value, (int, float, str)) or value is None else symbol(name)


def _primitive(p: Primitive | str) -> Primitive:
    if isinstance(p, Primitive):
        return p
    if p not in PRIMITIVES:
        raise KeyError(f"there is no primitive {p!r}; tinygrad_edu.primitive.PRIMITIVES lists them")
    return PRIMITIVES[p]


def formula(primitive: Primitive | str, operand: str, names: Mapping[str, str] | None = None) -> str:
    """The cotangent that a primitive gives to one operand, as text: `g` is its own cotangent, `y` its result.

    Args:
        primitive: itself, or its name.
        operand: the operand's name, one of ``primitive.operands``.
        names: what operands (or `g` and `y`) are to be called instead.

    Raises KeyError for an unknown primitive or operand.

    >>> formula("multiply", "a")
    'g · b'
    >>> formula("multiply", "a", {"b": "weight"})
    'g · weight'
    """
    p = _primitive(primitive)
    if operand not in p.operands:
        raise KeyError(f"{p.name} has no operand {operand!r}; its operands are {', '.join(p.operands)}")
    k = p.operands.index(operand)
    if p.joint is not None:
        result = _read(p.joint, names or {})
        if isinstance(result, (tuple, list)):
            result = result[0 if p.spread else k]
        elif isinstance(result, Symbol):
            result = result[Symbol("i") if p.spread else k]
        return _text(result)
    rule = p.rules[k]
    return "not differentiable" if rule is None else _text(_read(rule, names or {}))


def derivatives(primitive: Primitive | str, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """The formulas of all operands of a primitive, by operand.

    >>> derivatives("subtract")
    {'a': 'g', 'b': '−g'}
    """
    p = _primitive(primitive)
    return {n: formula(p, n, names) for n in p.operands}


def byproducts(primitive: Primitive | str, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """The definitions of what a primitive's rules name besides operands and result.

    >>> byproducts("mse_loss")
    {'d': 'x − target'}
    """
    return {n: _text(_read(define, names or {})) for n, define in _primitive(primitive).saves.items()}
