"""What primitives and the functions in their formulas do, in words."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, viz
from tinygrad_edu.primitive import PRIMITIVES
from tinygrad_edu.symbols import formula
from tinygrad_edu.viz import words

KNOWN = {*dir(np), *dir(np.linalg), *PRIMITIVES}


def test_only_primitives_are_explained():
    assert set(words._MEANINGS) <= set(PRIMITIVES)


@pytest.mark.parametrize("name", sorted(PRIMITIVES))
def test_every_name_in_a_formula_is_numpys_or_explained(name):
    p = PRIMITIVES[name]
    for operand, rule in zip(p.operands, p.rules or [p.joint] * len(p.operands), strict=False):
        if rule is not None or p.joint:
            text = formula(p, operand)
            called = set(re.findall(r"([A-Za-z]\w*)\(", text)) - {"or", "and"}
            unknown = called - KNOWN - {*words.glossary(name), "EinsumCotangents", "in"}
            assert not unknown, f"{text}: give {unknown} a docstring, whose first sentence the pages show"


def test_a_primitive_of_ones_own_is_explained_by_its_docstring():
    @tg.primitive(lambda g, x: g * 3 * x**2, elementwise=True)
    def cubed_for_words(x):
        """The third power. More is not said here."""
        return x**3

    try:
        assert words.meaning("cubed_for_words") == "the third power"
    finally:
        del PRIMITIVES["cubed_for_words"]


def test_a_convolution_is_explained_on_its_page_and_in_its_picture(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    with viz.record(model) as film:
        model(tg.randn(1, 1, 5, 5, requires_grad=True)).sum().backward()
    assert " = patches\nevery window of the image as a column of a matrix" in film.graph().svg()
    page = (tmp_path / "page.html").resolve()
    film.html(page)
    data = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    said = json.loads(data[1])["words"]
    assert said["patches"][""].startswith("every window of the image")
    assert said["patches"]["add_up"].startswith("columns added up")
    assert said["sum"] == {"spread": words.glossary("sum")["spread"]}
    assert "relu" not in said
