"""The mutation gate: does a one-token fault in a rule, in the engine or in an optimizer make a test fail?

    python -m tests.mutation                        everything (one to two hours)
    python -m tests.mutation --family elementwise   one family: a file of rules/, `engine`, or a file of optim/
    python -m tests.mutation --family svd --list    the mutants only

Each mutant has to make a test fail: of the gradient checks of the primitives that the changed line belongs to, or of
the tests near them. First they run in a process forked for the mutant (`swapping.py`), and if they pass or what changes
is not the code of a function, on a copy of everything. Survivors are printed and make the exit status 1, unless
`equivalent_mutants.txt` has the reason.
"""

from __future__ import annotations

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import Any

import tinygrad_edu
from tests import swapping
from tinygrad_edu.primitive import PRIMITIVES

PACKAGE = Path(tinygrad_edu.__file__).parent
ROOT = PACKAGE.parent
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.txt")
TIMEOUT = 300  # seconds; a mutant that runs longer has been noticed
ENGINE = (
    "autograd/backward.py", "autograd/grad_mode.py", "autograd/higher_order.py", "autograd/hooks.py",
    "autograd/propagate.py", "inplace.py", "memory.py", "node.py", "operands.py", "primitive.py", "recorders.py",
    "sums.py", "tensor.py",
)  # fmt: skip
LAZY, VIEWS = "tests/test_lazy.py", "tests/autograd/test_views.py"
NEAR = {  # where the tests of a file of rules/ are, besides those named like it
    "activations": [
        "tests/rules/test_special_values_neural.py",
        "tests/nn/test_functional.py",
        "tests/functions/test_pointwise.py",
    ],
    "cumulative": [
        "tests/rules/test_special_values_reductions.py",
        "tests/rules/test_special_values_scattering.py",
        "tests/functions/test_reductions.py",
    ],
    "decompositions": ["tests/rules/test_special_values_linalg.py", "tests/test_linalg.py"],
    "elementwise": ["tests/functions/test_pointwise.py", "tests/functions/test_comparison.py"],
    "joining": ["tests/functions/test_shaping.py"],
    "linalg": ["tests/functions/test_products.py", "tests/test_linalg.py"],
    "losses": [
        "tests/rules/test_special_values_neural.py",
        "tests/nn/test_losses.py",
        "tests/nn/test_losses_labels.py",
        "tests/nn/test_loss_modules.py",
        LAZY,
    ],
    "reductions": [LAZY],
    "neural": ["tests/nn/test_functional.py", "tests/nn/test_layers.py"],
    "normalization": ["tests/nn/test_norms.py", LAZY],
    "recurrent": ["tests/nn/test_recurrent.py"],
    "indexing": [VIEWS],
    "scattering": ["tests/functions/test_indexing.py"],
    "shaping": [VIEWS],
    "special": [
        "tests/rules/test_special_values_elementwise.py",
        "tests/functions/test_pointwise.py",
        LAZY,
    ],
    "windows": ["tests/nn/test_convolution.py", "tests/nn/test_pooling.py"],
}
ENGINE_TESTS = (  # the slow ones last
    "tests/test_primitive.py", "tests/autograd/test_backward.py", "tests/autograd/test_hooks.py",
    "tests/autograd/test_function.py", "tests/autograd/test_several_results.py", "tests/autograd/test_anomaly.py",
    "tests/autograd/test_modes.py", "tests/autograd/test_bad_input.py", "tests/functions/test_inplace.py",
    "tests/functions/test_buffers.py", "tests/functions/test_resizing.py", VIEWS, "tests/test_tensor.py",
    "tests/test_dtypes.py", "tests/test_symbols.py", "tests/test_sums.py", "tests/test_complex_limits.py",
    "tests/test_complex.py", "tests/test_errors.py", "tests/functions/test_creation.py",
    "tests/functions/test_pointwise.py", "tests/functions/test_comparison.py", "tests/autograd/test_graphs.py",
    "tests/autograd/test_sessions.py", LAZY, "tests/autograd/test_limits.py",
    "tests/gradients/test_gradients.py::test_gradients_of[put_view]",
    "tests/gradients/test_gradients.py::test_gradients_of[setitem]",
)  # fmt: skip
OPERATORS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.FloorDiv: ("//", "/"),
    ast.Pow: ("**", "*"), ast.Mod: ("%", "*"), ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"), ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"), ast.In: ("in", "not in"), ast.NotIn: ("not in", "in"), ast.And: ("and", "or"),
    ast.Or: ("or", "and"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
ATTRIBUTES = {
    "sin": "cos", "cos": "sin", "sinh": "cosh", "cosh": "sinh", "sum": "mean", "mean": "sum", "maximum": "minimum",
    "minimum": "maximum", "exp": "expm1", "log": "log1p", "zeros_like": "ones_like", "ones_like": "zeros_like",
    "cumsum": "cumprod", "shape": "strides",
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    path: str  # in the package
    line: int
    column: int  # in bytes, as ast counts
    old: str
    new: str
    text: str  # of the line

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it in the list of equivalent mutants, also after lines have moved."""
        before = self.text.encode()[: self.column].decode()
        nth = before.count(self.old) if self.old else len(before.strip())
        return self.path, self.text.strip(), f"{self.old} -> {self.new}".strip(), str(nth)

    def __str__(self) -> str:
        return " | ".join((f"{self.path}:{self.line}", self.text.strip(), *self.key[2:]))


def mutants(path: str, lines: set[int] | None = None) -> Iterator[Mutant]:
    """One-token edits of a file of the package (of some of its lines)."""
    rows = (source := (PACKAGE / path).read_bytes()).split(b"\n")

    def mutant(line: int, column: int, old: str, new: str) -> Mutant:
        return Mutant(path, line, column, old, new, rows[line - 1].decode())

    def between(left: Any, right: Any, old: str, new: str) -> Iterator[Mutant]:
        row = rows[left.end_lineno - 1]
        end = right.col_offset if right.lineno == left.end_lineno else len(row)
        at = row.find(old.encode(), left.end_col_offset, end)
        if at >= 0:
            yield mutant(left.end_lineno, at, old, new)

    for node, scope in walk(ast.parse(source), ()):
        if lines is not None and getattr(node, "lineno", None) not in lines:
            continue
        if isinstance(node, ast.Lambda):
            yield mutant(node.body.lineno, node.body.col_offset, "", "-")
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            yield from between(node.left, node.right, *OPERATORS[type(node.op)])
        elif isinstance(node, ast.BoolOp):
            for a, b in zip(node.values, node.values[1:], strict=False):
                yield from between(a, b, *OPERATORS[type(node.op)])
        elif isinstance(node, ast.Compare):
            for a, op, b in zip([node.left, *node.comparators], node.ops, node.comparators, strict=False):
                yield from between(a, b, *OPERATORS[type(op)])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
            yield mutant(node.lineno, node.col_offset, "-" if isinstance(node.op, ast.USub) else "not ", "")
        elif isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float)):
            old = rows[node.lineno - 1][node.col_offset : node.end_col_offset].decode()
            new = str(not node.value) if isinstance(node.value, bool) else f"({old} + 1)"
            yield mutant(node.lineno, node.col_offset, old, new)
        elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
            at = node.end_col_offset - len(node.attr)
            yield mutant(node.end_lineno or node.lineno, at, node.attr, ATTRIBUTES[node.attr])
        elif isinstance(node, ast.Name) and node.id in scope and isinstance(node.ctx, ast.Load):
            for other in scope:  # another operand of the same rule, spelled alike (x and _x are two)
                if other != node.id:
                    yield mutant(node.lineno, node.col_offset, node.id, other)
                    break


def walk(node: ast.AST, scope: tuple[str, ...]) -> Iterator[tuple[ast.AST, tuple[str, ...]]]:
    """Every node that is code (no annotations, messages, __all__) with the positional parameters of its lambda."""
    if isinstance(node, (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.AnnAssign)):
        return
    if isinstance(node, ast.keyword) and node.arg in ("strict", "maxsize"):  # safety nets, which nothing falls into
        return
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        scope = tuple(a.arg for a in node.args.args) if isinstance(node, ast.Lambda) else ()
    yield node, scope
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.arguments) and child is not getattr(node, "returns", None):
            yield from walk(child, scope)


def code_lines(function: Any, seen: set[Any]) -> Iterator[tuple[str, int]]:
    """The lines of a rule and of the functions and classes of rules/ that it calls."""
    if isinstance(function, type):
        for method in vars(function).values():
            yield from code_lines(method, seen)
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None or code in seen or not code.co_filename.startswith(str(PACKAGE)):
        return
    seen.add(code)
    stack = [code]
    while stack:  # the code and what is nested in it
        c = stack.pop()
        stack += [k for k in c.co_consts if hasattr(k, "co_lines")]
        yield from ((c.co_filename, line) for _, _, line in c.co_lines() if line)
    for name in code.co_names:
        called = getattr(function, "__wrapped__", function).__globals__.get(name)
        if getattr(called, "__module__", "").startswith("tinygrad_edu.rules"):
            yield from code_lines(called, seen)


def rule_lines() -> dict[tuple[str, int], set[str]]:
    """For each line of rules/: the primitives that run through it, forward or backward."""
    found: dict[tuple[str, int], set[str]] = {}
    for name, p in PRIMITIVES.items():
        seen: set[Any] = set()
        for function in (p.function, p.joint, *p.rules, *p.saves.values()):
            for filename, line in code_lines(function, seen):
                found.setdefault((str(Path(filename).relative_to(PACKAGE)), line), set()).add(name)
    return found


def plan(family: str | None) -> Iterator[tuple[Mutant, list[str]]]:
    """The mutants, each with the tests that ought to notice it."""
    lines = rule_lines()
    for path in sorted({path for path, _ in lines}):
        stem = Path(path).stem
        if family in (None, stem):
            near = [
                f"tests/rules/test_special_values_{stem}.py", f"tests/functions/test_{stem}.py", *NEAR.get(stem, [])
            ]  # fmt: skip
            for m in mutants(path, {line for p, line in lines if p == path}):
                names = sorted(lines.get((path, m.line), ()))
                yield m, [*(f"tests/gradients/test_gradients.py::test_gradients_of[{name}]" for name in names), *near]
    if family in (None, "engine"):
        for path in ENGINE:
            yield from ((m, list(ENGINE_TESTS)) for m in mutants(path))
    for file in sorted((PACKAGE / "optim").glob("*.py")):
        if family in (None, file.stem):
            word = {"wolfe": "lbfgs"}.get(file.stem, file.stem)
            places = ("tests/optim/test_formulas.py", "tests/optim", "tests/torch/test_optim.py")
            tests = [*(f"{place} -k {word}" for place in places), *places]
            yield from ((m, tests) for m in mutants(str(file.relative_to(PACKAGE))))


def passes(root: Path, tests: list[str]) -> bool:
    tests = [t for t in tests if " -k " not in t and (root / t.partition("::")[0]).exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile", "mutation"]
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    try:
        return (
            subprocess.run([*command, *tests], cwd=root, env=env, capture_output=True, timeout=TIMEOUT).returncode == 0
        )
    except subprocess.TimeoutExpired:
        return False


def mutated(m: Mutant, source: bytes) -> bytes:
    rows = source.split(b"\n")
    row = rows[m.line - 1]
    rows[m.line - 1] = row[: m.column] + m.new.encode() + row[m.column + len(m.old.encode()) :]
    return b"\n".join(rows)


def survives(m: Mutant, tests: list[str], root: Path) -> bool:
    file = root / PACKAGE.name / m.path
    original = file.read_bytes()
    try:
        file.write_bytes(mutated(m, original))
        return passes(root, tests)
    finally:
        file.write_bytes(original)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", help="a file of rules/ or optim/ (without .py), or engine")
    parser.add_argument("--list", action="store_true", help="print the mutants, test nothing")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    recorded = {
        (
            line.split(" | ", 1)[0],
            *map(str.strip, line.split(" | ", 1)[1].rsplit(" | ", 3)[:3]),
        )
        for line in EQUIVALENT.read_text().splitlines()
        if line and not line.startswith("#")
    }
    todo = [(m, tests) for m, tests in plan(options.family) if m.key not in recorded]
    if options.list:
        print(*(m for m, _ in todo), f"{len(todo)} mutants", sep="\n")
        return 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.workers) as pool:
        copies: Queue[Path] = Queue()
        for k in range(options.workers):
            root = Path(folder) / str(k)
            for part in (PACKAGE.name, "tests"):
                shutil.copytree(ROOT / part, root / part)
            shutil.copy(ROOT / "pyproject.toml", root)
            copies.put(root)
        sources = {m.path: (PACKAGE / m.path).read_bytes() for m, _ in todo}
        jobs = [
            (str(PACKAGE / m.path), sources[m.path].decode(), mutated(m, sources[m.path]).decode(), tests)
            for m, tests in todo
        ]
        os.chdir(ROOT)
        everything = {t for _, tests in todo for t in tests if (ROOT / t.partition("::")[0].partition(" ")[0]).exists()}
        passed: list[int] = []

        def note(k: int) -> None:
            print("not noticed yet:", todo[k][0], flush=True)
            passed.append(k)

        if not swapping.passing(jobs, sorted(everything), options.workers, note):
            print("these tests fail without any mutation: mend them first")
            return 2
        print(f"{len(todo)} mutants, of which {len(passed)} are to be tested anew", flush=True)

        def run(job: tuple[Mutant, list[str]]) -> bool:
            root = copies.get()
            if survived := survives(*job, root):
                print("survived:", job[0], flush=True)
            copies.put(root)
            return survived

        survivors = sum(pool.map(run, [todo[k] for k in sorted(passed)]))
    print(f"{len(todo)} mutants, {survivors} survived")
    return min(survivors, 1)


if __name__ == "__main__":
    sys.exit(main())
