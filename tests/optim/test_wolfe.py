"""The line search of LBFGS: cubics with known minima, and exactly which points its conditions accept."""

import numpy as np
import pytest

from tinygrad_edu.optim.wolfe import Point, cubic_minimum, strong_wolfe

NONE = np.zeros(1)


def on_cubic(t):
    """t³ − 3t, with its minimum at 1."""
    return Point(t, t**3 - 3 * t, NONE, 3 * t**2 - 3)


@pytest.mark.parametrize(("a", "b"), [(0.0, 2.0), (0.5, 3.0), (-0.5, 1.5), (1.5, 4.0)])
def test_the_minimum_of_a_cubic_is_found_from_two_points(a, b):
    for first, second in ((a, b), (b, a)):
        assert cubic_minimum(on_cubic(first), on_cubic(second), -9, 9) == pytest.approx(1)
    assert cubic_minimum(on_cubic(a), on_cubic(b), 1.25, 9) == 1.25
    assert cubic_minimum(on_cubic(a), on_cubic(b), -9, 0.75) == 0.75


def test_a_cubic_without_minimum():
    inflection = Point(0.0, 0.0, NONE, 0.0), Point(1.0, 1.0, NONE, 3.0)  # t³
    assert cubic_minimum(*inflection, -1, 3) == 0
    rising = Point(0.0, 0.0, NONE, 1.0), Point(1.0, 2 / 3, NONE, 1.0)
    assert cubic_minimum(*rising, 1, 4) == 2.5  # the middle


def search(first, others=(0.0, 0.0), start=(1.0, -1.0), **options):
    """What is found where the first trial, at 1, has this loss and slope, and all others have those."""
    tried = []

    def at(t):
        tried.append(t)
        return Point(t, *(first if t == 1 else others)[:1], NONE, (first if t == 1 else others)[1])

    found, n = strong_wolfe(at, Point(0.0, start[0], NONE, start[1]), 1.0, 1.0, c1=0.5, c2=0.5, **options)
    assert n == len(tried)
    return found.t, n


def test_the_loss_has_to_fall_by_a_share_of_what_the_slope_promises():
    assert search((0.5, 0.0)) == (1, 1)  # by half of it, which is just enough
    t, tried = search((0.8, 0.0))
    assert 0 < t < 1 and tried == 2


def test_the_slope_has_to_flatten_to_a_share_of_what_it_was():
    assert search((0.0, -0.5)) == search((0.0, 0.5)) == (1, 1)  # to half of it, which is just enough
    t, tried = search((0.0, -0.75), others=(-10.0, 0.0))
    assert t > 1 and tried == 2
    t, tried = search((0.25, 0.75))
    assert 0 < t < 1 and tried == 2


def test_the_search_ends_after_so_many_evaluations():
    falling = lambda t: Point(t, -t, NONE, -1.0)
    found, tried = strong_wolfe(falling, falling(0.0), 1.0, 1.0, evaluations=3)
    assert tried == 4 and found.t > 1
