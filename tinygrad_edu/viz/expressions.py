"""Formulas as text, computed without Python: what is not on the short list of this file is refused.

A formula has names, numbers, lists, the signs + - * / @ ** (or · × − ÷ ^ ²) and calls of functions of this library:

>>> import tinygrad_edu as tg
>>> Formula("relu(w * x + b)").names
['w', 'x', 'b']
>>> Formula("w * x + 1").compute({"w": tg.tensor(2.0), "x": tg.tensor(3.0)})
tensor(7.)
"""

from __future__ import annotations

import ast
import difflib
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import tinygrad_edu as tg
from tinygrad_edu.nn import functional
from tinygrad_edu.primitive import TensorBase

__all__ = ["FUNCTIONS", "Formula", "FormulaError", "Refused", "numbers"]

_LENGTH, _PARTS, _DEPTH = 2000, 3000, 60
MOST = 1000
"""Elements of a given tensor; results may have MOST² at most."""

_AS_IN_BOOKS = str.maketrans({"^": "**", "·": " * ", "×": " * ", "−": "-", "÷": "/", "²": "**2", "³": "**3"})
_SIGNS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.MatMult: operator.matmul,
    ast.Pow: operator.pow,
}

_TENSOR = """
abs acos acosh add amax amin asin asinh atan atan2 atanh cat celu clamp cos cosh cosine_similarity cummax cummin
cumprod cumsum det diag diagonal diff dist div divide dot erf erfc exp exp2 expm1 flatten fmax fmin hypot inner
inverse lerp log log10 log1p log2 log_softmax logaddexp logdet logit logsumexp matmul max maximum mean median min
minimum mm mul multiply mv neg negative norm outer pow prelu prod reciprocal relu reshape rsqrt selu sigmoid sign
sin sinc sinh softmax sqrt square squeeze stack std sub subtract sum t tan tanh trace transpose tril triu unsqueeze
var xlogy
"""
_FUNCTIONAL = """
binary_cross_entropy binary_cross_entropy_with_logits cross_entropy elu gelu glu hardsigmoid hardswish hardtanh
huber_loss kl_div l1_loss layer_norm leaky_relu linear logsigmoid mish mse_loss nll_loss normalize relu6 silu
smooth_l1_loss softmin softplus softsign tanhshrink
"""
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(tg, name) for name in _TENSOR.split()},
    **{name: getattr(functional, name) for name in _FUNCTIONAL.split()},
    "ln": tg.log,
    "concat": tg.cat,
}
"""The functions that a formula may call, by name."""

_CLASSES = ("cross_entropy", "nll_loss")  # their second operand holds numbers of classes
PRODUCTS = ("matmul", "mm", "mv", "linear", "dot", "inner", "outer")
_CONSTANTS = {"pi": math.pi, "π": math.pi, "e": math.e, "inf": math.inf, "True": True, "False": False, "None": None}


class FormulaError(ValueError):
    """A formula cannot be computed: what is wrong, and what to write instead."""


class Refused(FormulaError):
    """A formula holds something that formulas have not."""


class Formula:
    """A formula that was checked. Raises Refused for everything that is not on the list."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._body = _parsed(text, "formula")
        self.names: list[str] = []
        self.targets: set[str] = set()  # names that hold numbers of classes
        self.given: set[str] = set()  # names that stand for what a loss compares with
        self.calls: set[str] = set()  # the functions that it calls
        self.products: dict[str, str] = {}  # names beside an @, and on which side of it the first time
        self._check()

    def _check(self) -> None:
        waiting: list[tuple[ast.AST, int]] = [(self._body, 0)]
        while waiting:
            node, depth = waiting.pop()
            if depth > _DEPTH:
                raise Refused(f"formula: more than {_DEPTH} levels of parentheses, signs and calls")
            waiting += [(child, depth + 1) for child in reversed(_children(node))]
            if isinstance(node, ast.Name) and node.id not in _CONSTANTS and node.id not in self.names:
                self.names.append(node.id)
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
                self._beside(node.left, node.right)
            if isinstance(node, ast.Call):
                assert isinstance(node.func, ast.Name)  # _children has seen that
                name = node.func.id
                self.calls.add(name)
                if name in PRODUCTS and len(node.args) > 1:
                    self._beside(*node.args[:2])
                if name in _CLASSES or name.endswith("_loss") or name.startswith("binary_"):
                    for target in node.args[1:2]:
                        if isinstance(target, ast.Name):
                            self.given.add(target.id)
                            if name in _CLASSES:
                                self.targets.add(target.id)

    def _beside(self, left: ast.AST, right: ast.AST) -> None:
        for side, node in (("left", left), ("right", right)):
            if isinstance(node, ast.Name):
                self.products.setdefault(node.id, side)

    def compute(self, values: Mapping[str, Any]) -> Any:
        """The result for tensors by name.

        Raises FormulaError for a name without a value, and where shapes do not fit or get too large.
        """
        return _compute(self._body, values)


def numbers(text: str) -> Any:
    """The number, or nested lists of numbers, that `text` is: ``[[1, 2], [3, 4]]``. Raises Refused for all else."""
    body = _parsed(text, "value")
    waiting: list[tuple[ast.AST, int]] = [(body, 0)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > 8 or count > 2 * MOST:
            raise Refused(f"value: at most {MOST} numbers in at most 8 levels of lists, like [[1, 2], [3, 4]]")
        if isinstance(node, (ast.List, ast.Tuple)):
            waiting += [(child, depth + 1) for child in node.elts]
        elif _sign(node) is None:
            raise Refused(f"value: {_shown(node)} is neither a number nor a list of numbers, like [[1, 2], [3, 4]]")
    return _literal(body)


def _literal(node: ast.AST) -> Any:
    """Of a checked value. (It calls itself once a level.)"""
    return [_literal(n) for n in node.elts] if isinstance(node, (ast.List, ast.Tuple)) else _sign(node)


def _sign(node: ast.AST) -> float | int | None:
    """The number that a node is, with its sign; None if it is none."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _plain(node.operand)
        return number if number is None or isinstance(node.op, ast.UAdd) else -number
    return _plain(node)


def _plain(node: ast.AST) -> float | int | None:
    if isinstance(node, ast.Name) and node.id in ("inf", "nan"):
        return math.inf if node.id == "inf" else math.nan
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return _bounded(node.value)
    return None


def _bounded(number: Any) -> Any:
    if isinstance(number, int) and abs(number) > 2**53:
        raise Refused("formula: a whole number of more than 15 digits; write it as 1e20")
    return number


def _parsed(text: str, what: str) -> ast.expr:
    if len(text) > _LENGTH:
        raise Refused(f"{what}: {len(text)} characters are more than {_LENGTH}")
    try:
        with warnings.catch_warnings():  # Python's parser warns of what looks odd in a program
            warnings.simplefilter("ignore")
            body = ast.parse(text.strip().translate(_AS_IN_BOOKS), mode="eval").body
    except SyntaxError as error:
        hint = " A comparison or an assignment is no formula." if "=" in text else ""
        shown = text if len(text) <= 60 else text[:59] + "…"
        where = f"{error.msg}, at character {error.offset}" if error.offset else "it is empty, or ends too early"
        raise Refused(f"{what}: {shown!r} cannot be read: {where}.{hint}") from None
    except (ValueError, MemoryError, RecursionError):
        raise Refused(f"{what}: it cannot be read: nested too deeply, or with characters that are no text") from None
    parts, waiting = 0, [body]
    while waiting:
        parts += 1
        waiting += list(ast.iter_child_nodes(waiting.pop()))  # type: ignore[arg-type]
    if parts > _PARTS:
        raise Refused(f"{what}: more than {_PARTS} parts")
    return body


def _children(node: ast.AST) -> list[ast.AST]:
    """The operands of an allowed part of a formula. Raises Refused for any other."""
    if isinstance(node, ast.Constant):
        if type(node.value) not in (int, float, bool, type(None), str):
            raise Refused(f"formula: {_shown(node)} is no number")
        if isinstance(node.value, str):
            raise Refused(f"formula: a text ({_shown(node)}) may only be an option, such as reduction='sum'")
        _bounded(node.value)
        return []
    if isinstance(node, ast.Name):
        if node.id.startswith("_"):
            raise Refused(f"formula: names do not begin with an underscore ({node.id})")
        if node.id in FUNCTIONS and node.id not in ("t", "e"):
            raise Refused(f"formula: {node.id} is a function: write {node.id}(…)")
        return []
    if isinstance(node, ast.BinOp):
        if type(node.op) not in _SIGNS:
            raise Refused(f"formula: the sign in {_shown(node)} is not one of + - * / @ **")
        return [node.left, node.right]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return [node.operand]
    if isinstance(node, (ast.List, ast.Tuple)):
        return list(node.elts)
    if isinstance(node, ast.Call):
        return _called(node)
    raise Refused(f"formula: {_shown(node)} is not part of formulas ({_kind(node)}). {_instead(node)}")


def _called(node: ast.Call) -> list[ast.AST]:
    if not isinstance(node.func, ast.Name):
        raise Refused(f"formula: {_shown(node.func)} cannot be called. {_instead(node.func)}")
    name = node.func.id
    if name not in FUNCTIONS:
        close = difflib.get_close_matches(name, FUNCTIONS, 1)
        hint = f"Is it {close[0]}?" if close else f"There are: {', '.join(sorted(FUNCTIONS))}."
        raise Refused(f"formula: there is no function {name!r}. {hint}")
    for option in node.keywords:
        if option.arg is None or option.arg.startswith("_") or option.arg == "out":
            raise Refused(f"formula: options are written name=value, which {_shown(option.value)} is not")
    texts = [o.value for o in node.keywords if isinstance(o.value, ast.Constant) and isinstance(o.value.value, str)]
    if any(isinstance(a, ast.Starred) for a in node.args):
        raise Refused("formula: operands are written one by one, without a *")
    return [*node.args, *(o.value for o in node.keywords if o.value not in texts)]


def _instead(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        plain = node.attr if node.attr in FUNCTIONS else "transpose" if node.attr in ("T", "mT") else None
        return f"Write functions by their name alone: {plain}(…)." if plain else "Formulas have no dots."
    return "A formula has names, numbers, lists, + - * / @ ** and calls of functions: sigmoid(w @ x + b)."


def _kind(node: ast.AST) -> str:
    return type(node).__name__


def _shown(node: ast.AST) -> str:
    """A part of a formula as it was written, cut short."""
    try:
        text = ast.unparse(node)
    except (ValueError, RecursionError):
        return f"a {_kind(node)}"
    return text if len(text) <= 40 else text[:39] + "…"


def _compute(node: ast.AST, values: Mapping[str, Any]) -> Any:
    """Of a checked formula. (It calls itself once a level.)"""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        if node.id in values:
            return values[node.id]
        if node.id in _CONSTANTS:
            return _CONSTANTS[node.id]
        raise FormulaError(f"formula: {node.id} has no value")
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_compute(n, values) for n in node.elts]
    if isinstance(node, ast.UnaryOp):
        x = _compute(node.operand, values)
        return _result(lambda: -x if isinstance(node.op, ast.USub) else +x, [x], node)
    if isinstance(node, ast.BinOp):
        operands = [_compute(node.left, values), _compute(node.right, values)]
        sign = _SIGNS[type(node.op)]
        if not any(isinstance(x, TensorBase) for x in operands):
            operands = [_alone(x, node) for x in operands]
        return _result(lambda: sign(*operands), operands, node)
    assert isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    function = FUNCTIONS[node.func.id]
    operands = [_compute(n, values) for n in node.args]
    options = {str(o.arg): _option(o.value, values) for o in node.keywords}
    if operands and not any(isinstance(x, (TensorBase, list)) for x in operands):
        operands[0] = tg.tensor(float(operands[0]) if isinstance(operands[0], (int, float)) else operands[0])
    return _result(lambda: function(*operands, **options), [*operands, *options.values()], node)


def _option(node: ast.AST, values: Mapping[str, Any]) -> Any:
    return node.value if isinstance(node, ast.Constant) else _compute(node, values)


def _alone(x: Any, node: ast.AST) -> Any:
    """A number among numbers: as a float, so that powers cannot grow without bounds."""
    if not isinstance(x, (int, float)):
        raise FormulaError(f"formula: {_shown(node)}: {type(x).__name__} is no number")
    return float(x)


def _result(call: Callable[[], Any], operands: list[Any], node: ast.AST) -> Any:
    _bound(operands, node)
    try:
        y = call()
    except (ArithmeticError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise FormulaError(f"formula: {_shown(node)}: {error}") from None
    if isinstance(y, tuple):  # max(x, dim=0) and its like: the values, without their places
        y = y[0]
    if isinstance(y, complex):
        raise FormulaError(f"formula: {_shown(node)} is a complex number")
    if isinstance(y, float) and y.is_integer() and abs(y) < 2**53:
        return int(y)  # x ** (1 + 1) is x ** 2
    return y


def _bound(operands: list[Any], node: ast.AST) -> None:
    """Refuse what would need much memory, before it is computed."""
    flat = [x for o in operands for x in (o if isinstance(o, list) else [o])]
    sizes = [x._array.size for x in flat if isinstance(x, TensorBase)]
    if sum(sizes) > 4 * MOST**2:
        raise Refused(f"formula: {_shown(node)}: the operands have more than {4 * MOST**2} elements")
    whole = [abs(x) for x in flat if isinstance(x, int)]
    if math.prod(max(s, 1) for s in sizes) > MOST**2 and _broadcast(flat) > MOST**2:
        raise Refused(f"formula: {_shown(node)} would have too many elements; results may have {MOST**2} at most")
    if isinstance(node, ast.Call) and node.func.id in ("diag", "reshape") and max(whole, default=0) > MOST:  # type: ignore[attr-defined]
        raise Refused(f"formula: {_shown(node)}: sizes may be {MOST} at most")


def _broadcast(operands: list[Any]) -> int:
    """The elements that tensors of these shapes have together, elementwise; infinite if they do not fit."""
    sides: dict[int, int] = {}
    for x in operands:
        if isinstance(x, TensorBase):
            for k, n in enumerate(reversed(x._array.shape)):
                if n != 1 and sides.setdefault(k, n) != n:
                    return 10**18
    return math.prod(sides.values())
