"""The gallery: what its films claim, and that its pages hang together."""

from __future__ import annotations

import re

import numpy as np
import pytest

from demos import gallery
from demos.pictures import Pictures
from tinygrad_edu.viz.recorder import Arrival, Back, Call


@pytest.fixture(scope="module")
def films():
    with np.errstate(all="ignore"):
        return {name: make() for name, make in gallery.FILMS.items()}


@pytest.mark.parametrize("name", gallery.FILMS)
def test_every_number_is_the_engines(films, name):
    assert films[name].verify() == len(films[name])
    assert any(isinstance(s, Arrival) for s in films[name].steps)


def named(film, symbol):
    """The steps of the backward pass, and the contributions in them, that lead to a tensor."""
    key = next(v.key for v in film.graph().nodes if v.symbol == symbol)
    edge = next(e for e, k in film.keys.items() if k == key)
    return [p for s in film.steps if isinstance(s, Back) for p in s.parts if p.edge is edge]


def test_the_residual_blocks_input_gets_two_contributions(films):
    assert [p.uses for p in named(films["residual"], "x")] == [1, 2]


def test_the_tied_matrix_is_used_twice(films):
    assert [p.uses for p in named(films["tied"], "w")] == [1, 2]


def test_the_gradient_of_a_gradient_is_recorded(films):
    film = films["second"]
    assert any(isinstance(s, Call) and s.number == 0 for s in film.steps)
    assert {v.order for v in film.graph().nodes if v.primitive} == {0, 1}


def test_the_nan_is_born_on_the_way_back(films):
    film = films["nan"]
    calls = [s for s in film.steps if isinstance(s, Call)]
    assert all(np.isfinite(film.values[s.result]).all() for s in calls)
    assert np.isnan(film.values[film.steps[-1].total]).any()


def test_the_index_leads_to_every_page(tmp_path, capsys):
    gallery.run(Pictures(tmp_path))
    index = (tmp_path / "gallery" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'(?:href|src)="([^":]+)"', index)
    assert len(links) == 2 * len(gallery.FILMS)
    for link in links:
        assert (tmp_path / "gallery" / link).stat().st_size > 1000
    for make in gallery.FILMS.values():
        assert len((make.__doc__ or "").splitlines()) > 2
    assert "index.html" in capsys.readouterr().out
