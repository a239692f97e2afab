"""`gradcheck` and `gradgradcheck`: are the gradients of a function what differences of its values say?

The derivative along one coordinate is (f(x + h) - f(x - h)) / 2h up to an error of the order of h² and
one of the order of ε/h from rounding; in float64 both are small at h near 1e-6. The outputs are weighed
with a random cotangent, so that one number per coordinate is compared: all-ones cotangents would not
notice a gradient that is summed, spread or transposed wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tinygrad_edu.autograd.backward import grad
from tinygrad_edu.autograd.diagnosis import Evidence, explanations, report, worst
from tinygrad_edu.autograd.grad_mode import enable_grad
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.warning import warn

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """A gradient differs from what differences of the function's values say, or cannot be checked."""


def as_tuple(x: Any) -> tuple[Any, ...]:
    """Tensors as a tuple."""
    return tuple(x) if isinstance(x, (tuple, list)) else (x,)


def is_float(t: Any) -> bool:
    """Whether `t` is a floating tensor."""
    return isinstance(t, TensorBase) and t._array.dtype.kind == "f"


def random_like(a: Any, rng: np.random.Generator) -> Any:
    """Random numbers of the shape of `a`: of both signs, no two equal, none near 0."""
    return np.asarray(rng.uniform(0.5, 1.5, a.shape) * rng.choice([-1.0, 1.0], a.shape)).astype(a.dtype)


def described(f: Callable[..., Any]) -> str:
    """A function's name and where it stands."""
    name = getattr(f, "__qualname__", type(f).__name__).rpartition(".<locals>.")[2]
    code = getattr(f, "__code__", None)
    if code is None or code.co_filename.startswith(_PACKAGE):
        return name
    return f"{name} ({Path(code.co_filename).name}:{code.co_firstlineno})"


_PACKAGE = str(Path(__file__).parent.parent)


def at(i: Sequence[int]) -> str:
    """An index as text."""
    return f"[{', '.join(map(str, i))}]" if i else "the only one"


class Probe:
    """A function of which the outputs, weighed with fixed cotangents, are differenced along its inputs."""

    def __init__(self, func: Callable[..., Any], inputs: tuple[Any, ...], rng: np.random.Generator) -> None:
        self.func, self.inputs = func, inputs
        outs = self.outputs()
        if not outs:
            raise ValueError(f"{described(func)} returns no floating tensor, so there is no gradient to check")
        # outputs without a graph are constants (masks, counts), unless there are no others
        self.connected = tuple(k for k, t in enumerate(outs) if t._edge() is not None)
        self.chosen = self.connected or tuple(range(len(outs)))
        self.outs = [outs[k] for k in self.chosen]
        self.cotangents = [random_like(t._array, rng) for t in self.outs]

    def outputs(self) -> list[Any]:
        return [t for t in as_tuple(self.func(*self.inputs)) if is_float(t)]

    def values(self) -> list[Any]:
        outs = self.outputs()
        return [np.array(outs[k]._array, np.float64) for k in self.chosen]

    def analytic(self, checked: Sequence[int]) -> list[Any]:
        """The gradients, for the cotangents, of the inputs numbered `checked`, by a backward pass."""
        if not self.connected:
            return [np.zeros_like(self.inputs[k]._array) for k in checked]
        outs = self.outputs()
        found = grad(
            [outs[k] for k in self.chosen], [self.inputs[k] for k in checked],
            [wrap(v.copy()) for v in self.cotangents], materialize_grads=True,
        )  # fmt: skip
        return [g._array for g in found]

    def weighed(self, changes: Sequence[Any], width: float) -> float:
        return sum(float(np.sum(v * d)) for v, d in zip(self.cotangents, changes, strict=True)) / width

    def along(self, k: int, before: Any, after: Any) -> list[Any]:
        """The change of each output as input `k` goes from the array `before` to `after`.

        The tensor itself is given other numbers for the moment, so that closures over it see them too.
        """
        t = self.inputs[k]
        kept = t._array
        try:
            t._array = before
            low = self.values()
            t._array = after
            high = self.values()
        finally:
            t._array = kept
        return [b - a for a, b in zip(low, high, strict=True)]

    def changes(self, k: int, i: Any, h: float, side: int = 0) -> tuple[list[Any], float]:
        """The outputs' changes around element `i` of input `k` (0), to its right (1) or left (-1); and the width."""
        before, after = np.array(self.inputs[k]._array), np.array(self.inputs[k]._array)
        step = h * max(1.0, abs(float(before[i])))
        if side <= 0:
            before[i] -= step
        if side >= 0:
            after[i] += step
        return self.along(k, before, after), float(after[i]) - float(before[i])

    def slope(self, k: int, i: Any, h: float, side: int = 0) -> float:
        """The difference quotient along element `i` of input `k`."""
        return self.weighed(*self.changes(k, i, h, side))

    def slopes(self, k: int, h: float) -> Any:
        """The difference quotients along every element of input `k`."""
        shape = self.inputs[k]._array.shape
        return np.array([self.slope(k, i, h) for i in np.ndindex(shape)], np.float64).reshape(shape)

    def directional(self, k: int, u: Any, h: float) -> float:
        """The difference quotient along the direction `u` of input `k`."""
        a = self.inputs[k]._array
        step = h * max(1.0, float(np.max(np.abs(a), initial=0.0)))
        return self.weighed(self.along(k, a - step * u, a + step * u), 2 * step)

    def first_slices(self, k: int, h: float) -> list[tuple[int, Any]]:
        """For each axis along which input `k` is broadcast: the gradient that the result's first slice alone gives."""
        shape, out = self.inputs[k]._array.shape, self.outs[0]._array.shape
        extra = len(out) - len(shape)
        if extra < 0 or len(self.outs) > 1 or any(s not in (1, o) for s, o in zip(shape, out[extra:], strict=True)):
            return []
        kept, found = self.cotangents, []
        for axis, n in enumerate(out):
            if n > 1 and (axis < extra or shape[axis - extra] == 1):
                first = np.arange(n).reshape([n if d == axis else 1 for d in range(len(out))]) == 0
                self.cotangents = [np.where(first, kept[0], 0.0)]
                found.append((axis, self.slopes(k, h)))
        self.cotangents = kept
        return found


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
    seed: int = 0,
) -> bool:
    """Compare the gradients of `func` with differences of its values; True if they agree.

    Args:
        func: takes the inputs, returns a Tensor or a tuple of them, the same at every call.
        inputs: a Tensor or a tuple; those that require grad are checked. Use float64.
        eps: the step, times max(1, |x|).
        atol, rtol: how far both may differ: |a - n| <= atol + rtol * |n|.
        raise_exception: False to get False instead of an error.
        nondet_tol: how far two backward passes may differ.
        fast_mode: differences along one random direction per input; every element only where that fails.
        seed: of the random cotangents.

    The other arguments of PyTorch's are accepted; there is no forward mode, batching or undefined gradient here.

    Raises GradcheckError with both values of the worst entry and what explains the difference; ValueError
    if no input requires grad, an input is NaN or infinite, or nothing floating is returned.

    >>> from tinygrad_edu import autograd, tensor
    >>> x = tensor([0.5, 2.0]).double().requires_grad_()
    >>> autograd.gradcheck(lambda x: x * x, (x,))
    True
    """
    tensors = as_tuple(inputs)
    checked = _checkable(tensors, "gradcheck")
    try:
        with enable_grad():
            probe = Probe(func, tensors, np.random.default_rng(seed))
            _check_deterministic(probe, checked, nondet_tol)
            for k, a in zip(checked, probe.analytic(checked), strict=True):
                if not (fast_mode and _agrees_along(probe, k, a, eps, atol, rtol, seed)):
                    _compare(probe, k, a, eps, atol, rtol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def _checkable(tensors: Sequence[Any], call: str) -> list[int]:
    """The positions of the inputs to check, after looking for what makes a check meaningless."""
    checked = [k for k, t in enumerate(tensors) if is_float(t) and t._edge() is not None]
    if not checked:
        raise ValueError(
            f"{call} expects at least one input tensor that requires grad: "
            f"x = tensor(data, dtype=float64, requires_grad=True)"
        )
    for k in checked:
        a = tensors[k]._array
        if not np.all(np.isfinite(a)):
            bad = tuple(map(int, np.argwhere(~np.isfinite(a))[0]))
            raise ValueError(
                f"{call}: input {k} is {a[bad]} at {at(bad)}; around such a point there are no differences"
            )
        if a.dtype != np.float64:
            warn(
                f"{call}: input {k} is {a.dtype}, which has about {np.finfo(a.dtype).precision} digits: differences "
                f"over small steps drown in rounding and the check will likely fail. Pass x.double()."
            )
    return checked


def _check_deterministic(probe: Probe, checked: Sequence[int], tol: float) -> None:
    for first, second in zip([t._array for t in probe.outs], probe.values(), strict=True):
        if first.shape != second.shape or not np.array_equal(first, second, equal_nan=True):
            raise GradcheckError(
                f"{described(probe.func)} is not deterministic: called twice with the same inputs it returned "
                f"different values. Fix the seed inside it, or switch off what is random (dropout: model.eval())."
            )
    for k, a, b in zip(checked, probe.analytic(checked), probe.analytic(checked), strict=True):
        if np.any(np.abs(a - b) > tol):
            raise GradcheckError(
                f"the backward pass of {described(probe.func)} is not deterministic: two passes with the same inputs "
                f"gave gradients of operand {k} that differ by {np.max(np.abs(a - b)):.3g} (nondet_tol = {tol})"
            )


def _agrees_along(probe: Probe, k: int, a: Any, eps: float, atol: float, rtol: float, seed: int) -> bool:
    u = random_like(a, np.random.default_rng([seed, k]))
    terms = a * u
    difference = abs(probe.directional(k, u, eps) - float(np.sum(terms)))
    return difference <= atol + rtol * float(np.sum(np.abs(terms)))


def _compare(probe: Probe, k: int, a: Any, eps: float, atol: float, rtol: float) -> None:
    n = probe.slopes(k, eps)
    good = np.abs(a - n) <= atol + rtol * np.abs(n)  # False for NaN
    if good.all():
        return
    x = probe.inputs[k]._array
    evidence = Evidence(a, n, np.array(x), atol, rtol, sizes=_sizes(probe))
    i = worst(evidence)
    evidence.sides = probe.slope(k, i, eps, -1), probe.slope(k, i, eps, 1)
    evidence.steps = float(n[i]), probe.slope(k, i, 10 * eps)
    evidence.slices = probe.first_slices(k, eps)
    rows = [
        ("worst entry", f"{at(i)}, where the operand is {x[i]:.6g}"),
        ("analytic", f"{a[i]: .9g}"),
        (f"numeric, step {eps:g}", f"{n[i]: .9g}"),
        (f"numeric, step {10 * eps:g}", f"{evidence.steps[1]: .9g}"),
    ]
    raise GradcheckError(
        f"{described(probe.func)}: the gradient of operand {k} (shape {tuple(x.shape)}, {x.dtype}) is wrong in "
        f"{int((~good).sum())} of {good.size} entries (outputs weighed with random cotangents)\n"
        + report(rows, explanations(evidence))
    )


def _sizes(probe: Probe) -> list[int]:
    """Numbers of elements along the axes of what goes in and comes out."""
    arrays = [t._array for t in (*probe.inputs, *probe.outs) if isinstance(t, TensorBase)]
    return [n for a in arrays for n in (*a.shape, a.size)]


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
    seed: int = 0,
) -> bool:
    """Compare the second derivatives of `func` with differences of its gradients; True if they agree.

    The gradients are taken as a function of the inputs and of the cotangents `grad_outputs` (default: random
    ones), whose gradients `gradcheck` then checks: in a failure report the operands after the inputs are these
    cotangents. Arguments and errors are as there.

    >>> from tinygrad_edu import autograd, tensor
    >>> x = tensor([0.5, 2.0]).double().requires_grad_()
    >>> autograd.gradgradcheck(lambda x: x * x * x, (x,))
    True
    """
    tensors = as_tuple(inputs)
    checked = _checkable(tensors, "gradgradcheck")
    with enable_grad():
        probe = Probe(func, tensors, np.random.default_rng([seed, 1]))
    if grad_outputs is None:
        weights = tuple(wrap(v, leaf=True) for v in probe.cotangents)
    else:
        weights = as_tuple(grad_outputs)
    if not probe.connected:
        weights = ()

    def gradient(*args: Any) -> tuple[Any, ...]:
        xs, vs = args[: len(tensors)], args[len(tensors) :]
        outs = [t for t in as_tuple(func(*xs)) if is_float(t)]
        return grad(
            [outs[k] for k in probe.connected], [xs[k] for k in checked], vs, create_graph=True, materialize_grads=True
        )  # fmt: skip

    gradient.__qualname__ = f"the gradient of {described(func)}"
    return gradcheck(
        gradient, (*tensors, *weights), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, fast_mode=fast_mode, seed=seed,
    )  # fmt: skip
