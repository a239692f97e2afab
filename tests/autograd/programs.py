"""Random programs over tensors: graphs with shared nodes, views and changes in place.

A program is a list of instructions that says nothing of the library: the same one runs on
tinygrad_edu and on PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SHAPES = ((2, 3), (3,), (2, 1), ())
UNARY = ("tanh", "sin", "sigmoid", "neg", "square")
BINARY = ("add", "sub", "mul", "maximum")


@dataclass(frozen=True)
class Program:
    leaves: tuple[np.ndarray, ...]
    instructions: tuple[tuple[Any, ...], ...]
    weights: tuple[np.ndarray, ...]


def random_program(seed: int, length: int = 14, inplace: bool = True) -> Program:
    rng = np.random.default_rng(seed)
    leaves = tuple(rng.uniform(-1, 1, s) for s in SHAPES)
    shapes = list(SHAPES)
    instructions: list[tuple[Any, ...]] = []

    def any_of(fits=lambda s: True) -> int:
        # recent tensors more often, so that the graph is deep, old ones too, so that nodes are shared
        found = [k for k, s in enumerate(shapes) if fits(s)]
        return found[-1 - min(int(rng.geometric(0.25)) - 1, len(found) - 1)]

    while len(instructions) < length:
        kind = rng.choice(["unary", "binary", "reduce", "matmul", "reshape", "row", "block", "stack"])
        if kind == "unary":
            k = any_of()
            instructions.append((str(rng.choice(UNARY)), k))
            shapes.append(shapes[k])
        elif kind == "binary":
            i, j = any_of(), any_of()
            instructions.append((str(rng.choice(BINARY)), i, j))
            shapes.append(np.broadcast_shapes(shapes[i], shapes[j]))
        elif kind == "reduce":
            k = any_of()
            instructions.append((str(rng.choice(["sum", "mean"])), k))
            shapes.append(())
        elif kind == "matmul":
            k = any_of(lambda s: s == (2, 3))
            instructions.append(("gram", k))
            shapes.append((2, 1))
        elif kind == "reshape":
            k = any_of(lambda s: s == (2, 3))
            instructions.append(("twisted", k))
            shapes.append((2, 3))
        elif kind == "row":
            k = any_of(lambda s: s == (2, 3))
            instructions.append(("row", k, int(rng.integers(2))))
            shapes.append((3,))
        elif kind == "stack":
            i, j = any_of(lambda s: s == (3,)), any_of(lambda s: s == (3,))
            instructions.append(("stack", i, j))
            shapes.append((2, 3))
        elif inplace:
            # a fresh tensor that no call has saved, then changed in place itself or through a view
            i, j = any_of(lambda s: s == (2, 3)), any_of(lambda s: s in ((3,), ()))
            how = str(rng.choice(["mul_", "add_", "set_row", "view_mul_", "view_of_view", "tanh_", "iadd"]))
            instructions.append(("block", i, j, how))
            shapes.append((2, 3))
    weights = tuple(rng.uniform(-1, 1, s) for s in shapes[-4:])
    return Program(leaves, tuple(instructions), weights)


def run(lib: Any, program: Program, xs: Any) -> Any:
    """The weighed sum of the last tensors of the program, computed with the library `lib`."""
    ts = list(xs)
    for name, *args in program.instructions:
        ts.append(_step(lib, ts, name, *args))
    total = 0.0
    for w, t in zip(program.weights, ts[-4:], strict=True):
        total = total + (t * lib.tensor(w)).sum()
    return total


def _step(lib: Any, ts: list[Any], name: str, *args: Any) -> Any:
    if name == "gram":
        m = ts[args[0]]
        return (m @ m.t()).mean(1, keepdim=True)
    if name == "twisted":
        return ts[args[0]].reshape(3, 2).t()
    if name == "row":
        return ts[args[0]][args[1]]
    if name == "stack":
        return lib.stack([ts[k] for k in args])
    if name == "block":
        i, j, how = args
        return _block(ts[i], ts[j], how)
    return getattr(lib, name)(*(ts[k] for k in args))


def _block(m: Any, v: Any, how: str) -> Any:
    fresh = m + 0.5
    if how == "mul_":
        fresh.mul_(v)
    elif how == "add_":
        fresh.add_(v)
    elif how == "iadd":
        fresh += v
        fresh *= 0.5
    elif how == "tanh_":
        fresh.tanh_()
    elif how == "set_row":
        fresh[1] = v * 2
    elif how == "view_mul_":
        row = fresh[0]
        column = fresh.t()
        row.mul_(v)
        return fresh + column.t() * 0.5  # a view made before sees the change
    elif how == "view_of_view":
        part = fresh.reshape(3, 2)[1:]
        part.mul_(2.0)
        fresh[0] += v
        return fresh
    return fresh
