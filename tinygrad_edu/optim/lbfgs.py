"""L-BFGS: Newton's method, with a Hessian that is guessed from the last few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.autograd import enable_grad
from tinygrad_edu.memory import changed
from tinygrad_edu.optim.optimizer import Optimizer
from tinygrad_edu.optim.options import check_options, plain
from tinygrad_edu.optim.wolfe import Point, strong_wolfe
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """L-BFGS, for smooth losses of the whole data set. Each step evaluates the loss several times, by a closure.

        d = −H ∇loss(θ)
        θ ← θ + t · d

    H, an approximation of the inverse Hessian, is never stored: the product comes from the last `history_size`
    steps s and differences of gradients y in two loops. t is lr (in the first step lr / Σ|∇loss|, at most lr), or
    with line_search_fn="strong_wolfe" what a line search finds. (Liu and Nocedal, "On the limited memory BFGS
    method for large scale optimization", 1989; Nocedal and Wright, "Numerical optimization", 2006, algorithm 7.4.)

    The state is that of the first parameter: it is one for all of them, and there can be only one group.

    Args:
        max_iter, max_eval: how many directions are taken, and the loss evaluated, in one step at most.
        tolerance_grad, tolerance_change: no gradient, or no change, larger than that: the step ends.
        history_size: how many past steps make up the Hessian.
        line_search_fn: None or "strong_wolfe".

    Raises ValueError for a negative lr, several groups or an unknown line search, TypeError for a step without closure.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = tg.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure)
    tensor(5., grad_fn=<sum>)
    >>> w.detach()
    tensor([3.0000, 3.0000])
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: Any = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        super().__init__(
            params,
            {
                "lr": lr,
                "max_iter": max_iter,
                "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
                "tolerance_grad": tolerance_grad,
                "tolerance_change": tolerance_change,
                "history_size": history_size,
                "line_search_fn": line_search_fn,
            },
        )

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        if self.param_groups:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups): there can be only one")
        super().add_param_group(param_group)

    def check_options(self, group: dict[str, Any]) -> None:
        check_options(group)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ValueError(f"only 'strong_wolfe' is supported as line_search_fn, not {group['line_search_fn']!r}")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take up to `max_iter` steps; `closure` clears the gradients, computes the loss, its gradient, and returns it.

        Returns the loss before the first.
        """
        if closure is None:
            raise TypeError(
                "LBFGS.step needs a closure, since it evaluates the loss several times: def closure(): "
                "optimizer.zero_grad(); loss = ...; loss.backward(); return loss"
            )
        options = plain(self.param_groups[0])
        lr, tolerance = options["lr"], options["tolerance_change"]
        state = self.state[self.param_groups[0]["params"][0]]
        memory = _Memory(state, options["history_size"])

        def evaluate() -> tuple[Any, float, ndarray]:
            with enable_grad():
                loss = closure()
            state["func_evals"] = state.get("func_evals", 0) + 1
            return loss, float(loss), self._gradient()

        first, loss, g = evaluate()
        if _largest(g) <= options["tolerance_grad"]:
            return first
        evaluations = 1
        for k in range(1, options["max_iter"] + 1):
            memory.learn(g)
            d = memory.direction(g)
            memory.gradient, loss_before = g, loss
            t = lr if memory.steps > 1 else min(1.0, 1 / float(np.sum(np.abs(g)))) * lr
            slope = float(np.dot(g, d))
            memory.d, memory.t, memory.loss = d, t, loss
            if slope > -tolerance:  # d does not lead down
                break
            if options["line_search_fn"]:
                start = [np.array(p._array) for p in self.param_groups[0]["params"]]

                def at(t: float, d: ndarray = d, start: list[ndarray] = start) -> Point:
                    self._move(t * d)
                    _, f, g = evaluate()
                    self._set(start)
                    return Point(t, f, g, float(np.dot(g, d)))

                end, tried = strong_wolfe(
                    at,
                    Point(0.0, loss, g, slope),
                    t,
                    _largest(d),
                    tolerance=1e-9,
                    evaluations=options["max_eval"] - evaluations,
                )
                t, loss, g = end.t, end.loss, end.gradient
                evaluations += tried
                self._move(t * d)
            else:
                self._move(t * d)
                if k < options["max_iter"]:  # what comes after the last is for the next step to evaluate
                    _, loss, g = evaluate()
                    evaluations += 1
            memory.t = t
            if evaluations >= options["max_eval"] or _largest(g) <= options["tolerance_grad"]:
                break
            if _largest(t * d) <= tolerance or abs(loss - loss_before) < tolerance:
                break
        memory.store(state)
        return first

    def _gradient(self) -> ndarray:
        params = self.param_groups[0]["params"]
        return np.concatenate([np.zeros_like(p._array) if p._grad is None else p._grad._array for p in params], None)

    def _move(self, by: ndarray) -> None:
        start = 0
        for p in self.param_groups[0]["params"]:
            x = p._array
            np.add(x, by[start : (start := start + x.size)].reshape(x.shape), x)
            changed(x, "LBFGS.step")

    def _set(self, values: list[ndarray]) -> None:
        for p, value in zip(self.param_groups[0]["params"], values, strict=True):
            p._array[...] = value
            changed(p._array, "LBFGS.step")


class _Memory:
    """What L-BFGS remembers: the last steps, as it is between two calls kept in the optimizer's state."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.size, self.steps = size, state.get("n_iter", 0)
        self.d, self.t, self.gradient, self.loss = (
            _number(state.get(name)) for name in ("d", "t", "prev_flat_grad", "prev_loss")
        )
        self.y, self.s, self.rho = ([*map(_number, state.get(n) or ())] for n in ("old_dirs", "old_stps", "ro"))
        self.scale: Any = _number(state.get("H_diag", 1))

    def learn(self, g: ndarray) -> None:
        """Remember the last step s, and by how much it changed the gradient, y, unless the loss is not convex there."""
        self.steps += 1
        if self.steps == 1:
            return
        y, s = g - self.gradient, self.d * self.t
        ys = np.dot(y, s)
        if ys > 1e-10:
            if len(self.y) == self.size:
                for history in (self.y, self.s, self.rho):
                    del history[0]
            self.y.append(y)
            self.s.append(s)
            self.rho.append(1 / ys)
            self.scale = ys / np.dot(y, y)

    def direction(self, g: ndarray) -> ndarray:
        """−H g, by the two loops over what is remembered."""
        q = -g
        alphas = []
        for s, y, rho in zip(reversed(self.s), reversed(self.y), reversed(self.rho), strict=True):
            alphas.append(np.dot(s, q) * rho)
            q -= alphas[-1] * y
        q *= self.scale
        for s, y, rho, alpha in zip(self.s, self.y, self.rho, reversed(alphas), strict=True):
            q += (alpha - np.dot(y, q) * rho) * s
        return q

    def store(self, state: dict[str, Any]) -> None:
        """Under PyTorch's names."""
        state |= {"n_iter": self.steps, "d": _tensor(self.d), "t": float(self.t)}
        state |= {"old_dirs": [*map(_tensor, self.y)], "old_stps": [*map(_tensor, self.s)]}
        state |= {"ro": [*map(_tensor, self.rho)], "H_diag": _tensor(self.scale)}
        state |= {"prev_flat_grad": _tensor(self.gradient), "prev_loss": self.loss}


def _largest(a: ndarray) -> float:
    return float(np.max(np.abs(a), initial=0))


def _tensor(a: Any) -> Any:
    return wrap(np.asarray(a)) if isinstance(a, (ndarray, np.generic)) else a


def _number(a: Any) -> Any:
    """The array of a tensor; a NumPy scalar if it has no dimensions."""
    return a._array[()] if isinstance(a, TensorBase) else a
