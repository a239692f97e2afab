"""`check_gradient` for a gradient written by hand, and `assert_gradients` for test suites."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinygrad_edu.autograd.diagnosis import Evidence, close, explanations, report, worst
from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.autograd.gradcheck import GradcheckError, at, described, gradcheck, gradgradcheck
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["assert_gradients", "check_gradient"]


def assert_gradients(
    f: Callable[..., Any], *inputs: Any, order: int = 2, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3
) -> None:
    """Raise AssertionError unless the gradients of `f` are right at `inputs`, up to second order: for test suites.

    Args:
        inputs: tensors, arrays or numbers; floating ones are checked, as float64 copies. Others are passed on.
        order: 1 to check first derivatives only.
        eps, atol, rtol: as in `gradcheck`.

    >>> from tinygrad_edu.autograd import assert_gradients
    >>> assert_gradients(lambda a, b: a * b, [1.0, 2.0], 3.0)
    """
    xs = tuple(_leaf(x) for x in inputs)
    try:
        gradcheck(f, xs, eps=eps, atol=atol, rtol=rtol)
        if order > 1:
            gradgradcheck(f, xs, eps=eps, atol=10 * atol, rtol=10 * rtol)
    except GradcheckError as error:
        raise AssertionError(str(error)) from None


def _leaf(x: Any) -> Any:
    a = x._array if isinstance(x, TensorBase) else x
    if isinstance(a, (float, list, tuple)) or getattr(a, "dtype", np.dtype(bool)).kind == "f":
        return wrap(np.array(a, np.float64), leaf=True)
    return x


def check_gradient(
    f: Callable[..., Any],
    f_prime: Callable[..., Any],
    x: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-6,
    rtol: float = 1e-4,
) -> bool:
    """Compare a gradient that was written by hand with differences of the function; True if it is right.

    Args:
        f: a function of one number: a loss. On numbers, NumPy arrays or tensors, as `x` is.
        f_prime: called as `f` is; returns the gradient, of the shape of `x` (for a tuple: one for each).
        x: where: a number, an array, a tensor, a list (which becomes an array), or a tuple of these
            for a function of several parameters, ``f(*x)``.
        eps: the step, times max(1, |x|); for float32 losses it is widened.

    Raises GradcheckError that shows the expected values, yours, and what explains the difference; ValueError
    where `x` is not finite or `f` does not return one number.

    >>> from tinygrad_edu import autograd
    >>> autograd.check_gradient(lambda x: x**2, lambda x: 2 * x, 3.0)
    True
    >>> autograd.check_gradient(lambda x: x**2, lambda x: -2 * x, 3.0)    # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    tinygrad_edu.autograd.gradcheck.GradcheckError: <lambda> (...) is not the gradient of <lambda> (...)
      x:
        expected  6
        yours     -6
    ...
    """
    hand = _Hand(f, f_prime, x)
    wide = hand.value(hand.arrays).dtype != np.float64
    if wide:  # 7 digits: the difference of two values has half of them at the best step
        eps, atol, rtol = max(eps, 5e-3), max(atol, 1e-2), max(rtol, 1e-2)
    expected = hand.numeric(hand.arrays, eps)
    theirs = hand.claimed(hand.arrays)
    wrong = []
    for k, (c, n) in enumerate(zip(theirs, expected, strict=True)):
        e = Evidence(c, n, hand.arrays[k], atol, rtol, sizes=[d for a in hand.arrays for d in (*a.shape, a.size)])
        if not close(c, n, e):
            e.others = [(hand.name(j), m) for j, m in enumerate(expected) if j != k and m.shape == n.shape]
            e.elsewhere = hand.elsewhere(k, eps)
            if c.shape == n.shape:
                i = worst(e)
                e.sides = hand.slope(hand.arrays, k, i, eps, -1), hand.slope(hand.arrays, k, i, eps, 1)
                e.steps = float(n[i]), hand.slope(hand.arrays, k, i, 10 * eps)
            wrong.append((k, e))
    if not wrong:
        return True
    what = f"{described(f_prime)} is not the gradient of {described(f)}"
    parts = [_part(hand, k, e, eps) for k, e in wrong]
    right = [hand.name(k) for k in range(len(expected)) if k not in dict(wrong)]
    raise GradcheckError("\n".join([what, *parts, *(f"  {name}: right" for name in right)]))


def _part(hand: _Hand, k: int, e: Evidence, eps: float) -> str:
    """What is wrong with the gradient for one parameter."""
    rows = [("expected", _shown(e.numeric)), ("yours", _shown(e.claimed))]
    if e.steps is None:
        rows = [(f"{label}, shape {shape}", v) for (label, v), shape in zip(rows, (e.numeric.shape, e.claimed.shape))]  # noqa: B905
    else:
        i = worst(e)
        if e.numeric.size > 1:
            rows.append(("worst entry", f"{at(i)}: expected {e.numeric[i]:.9g}, yours {e.claimed[i]:.9g}"))
        again = f"{e.steps[1]:.9g} (expected, from differences over {10 * eps:g} instead of {eps:g})"
        rows.append(("again", again))
    fits = explanations(e)
    if not fits and e.claimed.shape != e.numeric.shape:
        fits = ["the shape: a gradient has the shape of what it is the gradient of"]
    return f"  {hand.name(k)}:\n" + report(rows, fits, "    ")


def _shown(a: Any) -> str:
    if a.size == 1:
        return f"{a.reshape(-1)[0]:.9g}"
    return np.array2string(a, precision=6, threshold=20, separator=", ")


class _Hand:
    """A function and a gradient written by hand, on arrays."""

    def __init__(self, f: Callable[..., Any], f_prime: Callable[..., Any], x: Any) -> None:
        self.f, self.f_prime, self.x = f, f_prime, x
        self.parameters: Sequence[Any] = x if isinstance(x, tuple) else (x,)
        self.arrays = [np.array(p._array if isinstance(p, TensorBase) else p, np.float64) for p in self.parameters]
        for k, a in enumerate(self.arrays):
            if not np.all(np.isfinite(a)):
                raise ValueError(f"check_gradient: {self.name(k)} is not finite: {_shown(a)}")

    def name(self, k: int) -> str:
        return f"parameter {k}" if isinstance(self.x, tuple) else "x"

    def given(self, arrays: Sequence[Any]) -> list[Any]:
        """Arrays as the caller's functions expect them."""
        out: list[Any] = []
        for p, a in zip(self.parameters, arrays, strict=True):
            if isinstance(p, TensorBase):
                out.append(wrap(a.copy()))
            else:
                out.append(float(a) if isinstance(p, (int, float)) else a.copy())
        return out

    def value(self, arrays: Sequence[Any]) -> Any:
        with no_grad():
            y = self.f(*self.given(arrays))
        a = np.asarray(y._array if isinstance(y, TensorBase) else y)
        if a.size != 1:
            raise ValueError(
                f"check_gradient: {described(self.f)} returns shape {a.shape}, and a gradient belongs to one number. "
                f"Return the loss, a mean or a sum."
            )
        return a if a.dtype.kind == "f" else a.astype(np.float64)

    def claimed(self, arrays: Sequence[Any]) -> list[Any]:
        with no_grad():
            g = self.f_prime(*self.given(arrays))
        parts = [g] if not isinstance(self.x, tuple) or (len(arrays) == 1 and not isinstance(g, tuple)) else list(g)
        if len(parts) != len(arrays):
            raise ValueError(
                f"check_gradient: {described(self.f_prime)} returns {len(parts)} gradients for {len(arrays)} parameters"
            )
        found = [np.array(p._array if isinstance(p, TensorBase) else p, np.float64) for p in parts]
        # one number for an array of one element, and the reverse, are what people mean
        return [c.reshape(a.shape) if c.size == a.size == 1 else c for c, a in zip(found, arrays, strict=True)]

    def slope(self, arrays: Sequence[Any], k: int, i: Any, h: float, side: int = 0) -> float:
        before, after = [a.copy() for a in arrays], [a.copy() for a in arrays]
        step = h * max(1.0, abs(float(arrays[k][i])))
        if side <= 0:
            before[k][i] -= step
        if side >= 0:
            after[k][i] += step
        change = np.float64(self.value(after).item()) - np.float64(self.value(before).item())
        return float(change / (after[k][i] - before[k][i]))

    def numeric(self, arrays: Sequence[Any], h: float) -> list[Any]:
        return [
            np.array([self.slope(arrays, k, i, h) for i in np.ndindex(a.shape)], np.float64).reshape(a.shape)
            for k, a in enumerate(arrays)
        ]

    def elsewhere(self, k: int, h: float) -> tuple[Any, Any] | None:
        """Both gradients at a second point, if the functions work there."""
        rng = np.random.default_rng(0)
        arrays = [np.asarray(a + rng.uniform(0.1, 0.5, a.shape)) for a in self.arrays]
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                pair = self.claimed(arrays)[k], self.numeric(arrays, h)[k]
        except (ValueError, ArithmeticError):  # outside of the domain
            return None
        return pair if pair[0].shape == pair[1].shape and all(np.all(np.isfinite(a)) for a in pair) else None
