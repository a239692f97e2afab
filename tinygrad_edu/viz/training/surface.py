"""The loss surface around what was learned, and the ways that optimizers took over it.

With two numbers to learn, the surface is over those. With more, it is over a plane through the end of the first path:
the two directions in which the paths went farthest (their principal components), two random ones, or two that
are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np

from tinygrad_edu import memory
from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.generator import default_generator
from tinygrad_edu.nn.module import Module
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.viz.training.style import COLORS, MARKERS, Figure, figure

__all__ = ["Path", "loss_surface"]


class Path:
    """Where the parameters have been: call it after each step.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([3.0, 1.0], requires_grad=True)
    >>> path = Path([w], "SGD")
    >>> for _ in range(5):
    ...     loss = (w * w).sum()
    ...     (g,) = tg.autograd.grad(loss, w)
    ...     with tg.no_grad():
    ...         w -= 0.1 * g
    ...     path()
    >>> len(path.points)
    6
    """

    def __init__(self, params: Iterable[Any], name: str = "") -> None:
        self.params, self.name = _listed(params, "Path"), name
        self.points: list[Any] = []
        self()

    def __call__(self) -> None:
        """Note where the parameters are now."""
        self.points.append(_flat(self.params))


def loss_surface(
    loss: Callable[[], Any], params: Iterable[Any], paths: Sequence[Path] = (), *,
    directions: Literal["pca", "random"] | tuple[Any, Any] | None = None, span: float | None = None,
    resolution: int = 41, log: bool | None = None, names: tuple[str, str] | None = None, title: str | None = None,
) -> Figure:  # fmt: skip
    """Lines of equal loss over a plane in the space of the parameters, and the paths in it.

    Args:
        loss: computes the loss from the parameters as they are; it is called once for each point of the plane.
        params: the parameters (or the module that has them), which are moved about, and afterwards are where they were.
        paths: the ways of optimizers from the same start, or from others.
        directions: with more than two numbers: "pca" (default where there are paths), "random" (scaled as each
            parameter is), or two directions: lists of arrays, one for each parameter.
        span: how far the plane reaches from its middle (default: as far as the paths, or 1 times the directions).
        resolution: points along each side.
        log: lines at equal ratios instead of equal differences (default: where the loss varies a hundredfold).
        names: of the two axes.

    Raises ValueError for no parameters, paths of other parameters, and directions that do not fit.

    >>> import tinygrad_edu as tg
    >>> w = tg.tensor([1.0, 2.0], requires_grad=True)
    >>> figure = loss_surface(lambda: (w * w).sum(), [w], resolution=9)
    """
    params = _listed(params, "loss_surface")
    start = _flat(params)
    if len(start) < 2:
        raise ValueError(f"loss_surface: a surface needs two numbers to learn at least, not {len(start)}")
    points = [np.array(p.points) for p in paths]
    if any(p.shape[1] != len(start) for p in points):
        raise ValueError("loss_surface: a path is of other parameters than the surface")
    middle, axes, labels = _plane(params, start, points, directions)
    flat = [(p - middle) @ np.linalg.pinv(axes).astype(float) for p in points]
    ends = np.concatenate([*flat, np.zeros((1, 2)), (start - middle)[None] @ np.linalg.pinv(axes)])
    low, high = _frame(ends, span)
    grid = [np.linspace(a, b, resolution) for a, b in zip(low, high, strict=True)]
    values = np.empty((resolution, resolution))
    with _moved(params):
        for i, b in enumerate(grid[1]):
            for j, a in enumerate(grid[0]):
                _put(params, middle + a * axes[0] + b * axes[1])
                result = loss()
                values[i, j] = float(result)
    shift = middle @ np.linalg.pinv(axes) if len(start) == 2 and directions is None else np.zeros(2)
    return _drawn([g + s for g, s in zip(grid, shift, strict=True)], values, paths, [f + shift for f in flat],
                  names or labels, log, title)  # fmt: skip


def _drawn(
    grid: list[Any], values: Any, paths: Sequence[Path], flat: list[Any], labels: tuple[str, str], log: bool | None,
    title: str | None,
) -> Figure:  # fmt: skip
    made, ax = figure(size=(6.8, 5.2))
    finite = values[np.isfinite(values)]
    if not finite.size:
        raise ValueError("loss_surface: the loss is finite nowhere in this plane; choose a smaller span")
    low, high = finite.min(), np.quantile(finite, 0.98)
    if log if log is not None else (low >= 0 and high > 100 * max(low, 1e-12)):
        floor = max(low, high * 1e-6, 1e-12)
        shown, text = np.log10(np.maximum(values, floor)), "loss (lines at equal ratios)"
        levels = np.linspace(np.log10(floor), np.log10(max(high, floor * 10)), 21)
        ticks = levels[::4]
        names = [f"{float(f'{10**t:.2g}'):g}" for t in ticks]
    else:
        shown, text = values, "loss"
        levels = np.linspace(low, high if high > low else low + 1, 21)
        ticks = levels[::4]
        names = [f"{t:.3g}" for t in ticks]
    shown = np.ma.masked_invalid(shown)
    filled = ax.contourf(*grid, shown, levels=levels, cmap="Blues_r", extend="both", alpha=0.85)
    ax.contour(*grid, shown, levels=levels, colors="white", linewidths=0.5, linestyles="solid")
    bar = made.colorbar(filled, ax=ax, ticks=ticks, pad=0.02)
    bar.ax.set_yticklabels(names)
    bar.set_label(text, size=9)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    colors = ("#d55e00", "#1b2230", "#009e73", "#cc79a7", "#e69f00", *COLORS)  # away from the surface's blue
    for k, (path, p) in enumerate(zip(paths, flat, strict=True)):
        color, mark = colors[k % len(colors)], MARKERS[k % len(MARKERS)]
        ax.plot(*p.T, color="white", linewidth=3.4, solid_capstyle="round")
        every = max(1, len(p) // 25)
        ax.plot(*p.T, color=color, linewidth=1.8, marker=mark, markersize=4.5, markevery=every,
                markeredgecolor="white", markeredgewidth=0.5, label=path.name or f"path {k + 1}")  # fmt: skip
        ax.plot(*p[-1], marker=mark, markersize=10, color=color, markeredgecolor="#1b2230", markeredgewidth=1.2)
    if flat:
        starts = np.unique(np.round(np.array([p[0] for p in flat]), 9), axis=0)
        ax.plot(
            *starts.T, "X", markersize=10, color="white", markeredgecolor="#1b2230", linestyle="none", label="start"
        )
        ax.legend(frameon=True, framealpha=0.92, edgecolor="none", fontsize=9, loc="best")
    ax.set(xlabel=labels[0], ylabel=labels[1], xlim=grid[0][[0, -1]], ylim=grid[1][[0, -1]])
    ax.set_title(title or "loss surface", loc="left")
    return made


def _plane(params: list[Any], start: Any, points: list[Any], directions: Any) -> tuple[Any, Any, tuple[str, str]]:
    """The plane's middle, its two directions as rows, and their names."""
    if directions is None and len(start) == 2:
        return start, np.eye(2), _named(params)
    middle = points[0][-1] if points else start
    if directions is None or directions == "pca":
        moves = np.concatenate([p - middle for p in points]) if points else np.zeros((0, len(start)))
        _, sizes, axes = np.linalg.svd(moves, full_matrices=False)
        if len(sizes) < 2 or sizes[1] <= 1e-9 * max(sizes[0], 1e-300):
            if directions == "pca":
                raise ValueError(
                    "loss_surface: principal components need paths that are not on a straight line: Path(params), "
                    "called after each step"
                )
            directions = "random"
        else:
            shares = sizes**2 / (sizes**2).sum()
            return middle, axes[:2], tuple(f"component {k + 1} ({shares[k]:.0%} of the way)" for k in range(2))  # type: ignore[return-value]
    if directions == "random":
        random = np.random.default_rng(0)
        rows = [np.concatenate([_like(random, p) for p in params]) for _ in range(2)]
        return middle, np.array(rows), ("random direction 1", "random direction 2")
    if not isinstance(directions, (tuple, list)) or len(directions) != 2:
        raise ValueError(f'loss_surface: directions must be "pca", "random" or two of them, not {directions!r}')
    rows = []
    for d in directions:
        parts = d if isinstance(d, (list, tuple)) else [d]
        rows.append(np.concatenate([np.ravel(np.asarray(getattr(x, "_array", x), float)) for x in parts]))
    if any(len(r) != len(start) for r in rows) or np.linalg.matrix_rank(np.array(rows)) < 2:
        raise ValueError(
            f"loss_surface: each direction has a number for each of the {len(start)} parameters' numbers, and the two "
            f"are not parallel"
        )
    return middle, np.array(rows), ("direction 1", "direction 2")


def _like(random: Any, p: Any) -> Any:
    """A random direction as long as the parameter (row by row for matrices): scales of layers do not matter."""
    a = p._array
    d = random.standard_normal(a.shape)
    over = tuple(range(1, a.ndim))
    length, own = np.sqrt((d**2).sum(over, keepdims=True)), np.sqrt((a.astype(float) ** 2).sum(over, keepdims=True))
    return np.ravel(d * own / np.maximum(length, 1e-12))


def _named(params: list[Any]) -> tuple[str, str]:
    names = []
    for k, p in enumerate(params):
        own = p.__dict__.get("name")
        name = own if isinstance(own, str) else "w" if len(params) == 1 else f"parameter {k + 1}"
        names += [name] if p._array.size == 1 else [f"{name}[{i}]" for i in range(p._array.size)]
    return names[0], names[1]


def _frame(ends: Any, span: float | None) -> tuple[Any, Any]:
    if span is not None:
        return np.full(2, -span) + 0.0, np.full(2, span) + 0.0
    low, high = ends.min(0), ends.max(0)
    size = high - low
    if (size <= 1e-9).all():
        return low - 1, high + 1
    pad = 0.2 * np.where(size > 0.25 * size.max(), size, size.max())
    return low - pad, high + pad


def _listed(params: Any, who: str) -> list[Any]:
    """The parameters: those of a module, one tensor, or several."""
    if isinstance(params, TensorBase):
        return [params]
    found = list(params.parameters() if isinstance(params, Module) else params)
    for p in found:
        if not isinstance(p, TensorBase):
            raise TypeError(f"{who}: params must be a module or tensors ([w, b], model.parameters()), not {p!r:.60}")
    return found


def _flat(params: list[Any]) -> Any:
    return np.concatenate([np.ravel(p._array).astype(float) for p in params] or [np.zeros(0)])


def _put(params: list[Any], vector: Any) -> None:
    at = 0
    for p in params:
        n = p._array.size
        p._array[...] = vector[at : at + n].reshape(p._array.shape)
        memory.changed(p._array, "loss_surface")
        at += n


@contextmanager
def _moved(params: list[Any]) -> Iterator[None]:
    """Parameters may be moved inside; afterwards they and the random numbers are as they were."""
    arrays = [p._array.copy() for p in params]
    state = default_generator.get_state()
    try:
        with no_grad():
            yield
    finally:
        default_generator.set_state(state)
        for p, a in zip(params, arrays, strict=True):
            p._array[...] = a
            memory.changed(p._array, "loss_surface")
