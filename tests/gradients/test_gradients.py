"""The gradient checks of every primitive in the table: each has a strategy in a family module next to this one."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu
from tests.gradients.harness import Call, check
from tinygrad_edu.primitive import PRIMITIVES, Primitive

FAMILIES = ("elementwise", "reductions", "shaping", "indexing", "linalg", "neural", "windows", "recurrent")
PACKAGE = str(Path(tinygrad_edu.__file__).parent)


def collected() -> dict[str, st.SearchStrategy[Call]]:
    cases: dict[str, st.SearchStrategy[Call]] = {}
    for family in FAMILIES:
        try:
            module = importlib.import_module(f"tests.gradients.{family}")
        except ModuleNotFoundError as error:
            if error.name != f"tests.gradients.{family}":
                raise
            continue
        twice = cases.keys() & module.CASES.keys()
        assert not twice, f"cases in two families: {sorted(twice)}"
        cases |= module.CASES
    return cases


def is_ours(p: Primitive) -> bool:
    """Whether a primitive is in the package's table (doctests and tests add primitives of their own)."""
    return any(f is not None and f.__code__.co_filename.startswith(PACKAGE) for f in (p.joint, *p.rules))


CASES = collected()


def test_every_primitive_has_a_case_and_every_case_a_primitive() -> None:
    table = {name for name, p in PRIMITIVES.items() if is_ours(p)}
    assert sorted(table - CASES.keys()) == [], "primitives without a case in tests/gradients"
    assert sorted(CASES.keys() - table) == [], "cases without a primitive"


@pytest.mark.parametrize("name", sorted(CASES))
@given(data=st.data())
def test_gradients_of(name: str, data: Any) -> None:
    check(data.draw(CASES[name]))
