"""A line search: how far to go in a direction, so that the loss falls enough and its slope flattens enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

__all__ = ["Point", "strong_wolfe"]


@dataclass
class Point:
    """A point on the line: how far along it is, and the loss, its gradient and its slope along the line there."""

    t: float
    loss: float
    gradient: ndarray
    slope: float


def cubic_minimum(a: Point, b: Point, low: float, high: float) -> float:
    """Where the cubic through both points with their slopes has its minimum, or the nearest of `low` and `high`.

    (Nocedal and Wright, "Numerical optimization", 2006, equation 3.59.)
    """
    if a.t > b.t:
        a, b = b, a
    with np.errstate(all="ignore"):
        width, slope_a, slope_b = np.float64(b.t - a.t), np.float64(a.slope), np.float64(b.slope)
        d1 = slope_a + slope_b - 3 * (a.loss - b.loss) / -width
        square = d1 * d1 - slope_a * slope_b
        if not square >= 0:
            return (low + high) / 2
        d2 = np.sqrt(square)
        t = float(b.t - width * ((slope_b + d2 - d1) / (slope_b - slope_a + 2 * d2)))
    return min(max(t, low), high)


def strong_wolfe(
    at: Callable[[float], Point],
    start: Point,
    t: float,
    longest: float,
    *,
    c1: float = 1e-4,
    c2: float = 0.9,
    tolerance: float = 1e-9,
    evaluations: int = 25,
) -> tuple[Point, int]:
    """A point at which both conditions of Wolfe hold (or the lowest that was found), and how many were tried.

        loss(t) ≤ loss(0) + c₁ t · slope(0)         it falls enough
        |slope(t)| ≤ c₂ |slope(0)|                  and has flattened out

    First the step grows until an interval must contain such a point, then the interval shrinks around it.
    (Nocedal and Wright, "Numerical optimization", 2006, algorithms 3.5 and 3.6.)

    Args:
        at: evaluates the loss at a distance.
        start: the point at distance 0.
        t: the distance to try first.
        longest: the largest element of the direction, by which short intervals are measured.
    """

    def too_high(p: Point) -> bool:
        return p.loss > start.loss + c1 * p.t * start.slope

    def flat(p: Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    before, new, tried = start, at(t), 1
    steps = 0  # how often either loop has moved on
    while steps < evaluations:
        if too_high(new) or (steps > 1 and new.loss >= before.loss):
            break
        if flat(new):
            return new, tried
        if new.slope >= 0:
            break
        t = cubic_minimum(before, new, new.t + 0.01 * (new.t - before.t), 10 * new.t)
        before, new = new, at(t)
        tried, steps = tried + 1, steps + 1
    else:
        before = start
    low, high = (before, new) if before.loss <= new.loss else (new, before)

    stuck = False  # the last trial was close to an end of the interval
    while steps < evaluations and abs(high.t - low.t) * longest >= tolerance:
        left, right = sorted((low.t, high.t))
        t = cubic_minimum(low, high, left, right)
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = at(t)
        tried, steps = tried + 1, steps + 1
        if too_high(new) or new.loss >= low.loss:
            low, high = (low, new) if low.loss <= new.loss else (new, low)
        elif flat(new):
            return new, tried
        else:
            high = low if new.slope * (high.t - low.t) >= 0 else high
            low = new
    return low, tried
