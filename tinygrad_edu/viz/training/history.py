"""How weights, gradients and activations of each layer were distributed over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinygrad_edu.viz.tracing import tensors_in
from tinygrad_edu.viz.training.style import INK, Figure, figure

__all__ = ["History"]

_SHARES = np.linspace(0, 1, 65)
_BINS = 60


class History:
    """Notes of distributions. Call it after each ``backward()``; inside ``with history:`` it sees activations, too.

    It keeps 65 quantiles of each tensor, not the numbers.

    >>> import tinygrad_edu as tg
    >>> from tinygrad_edu import nn
    >>> model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    >>> with History(model) as history:
    ...     for step in range(3):
    ...         model(tg.randn(8, 2)).mean().backward()
    ...         history()
    >>> figures = history.weights(), history.gradients(), history.activations()
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.steps: list[int] = []
        self._kept: dict[str, dict[str, dict[int, Any]]] = {"weights": {}, "gradients": {}, "activations": {}}
        self._handles: list[Any] = []
        self._latest: dict[str, Any] = {}

    def __enter__(self) -> History:
        for path, module in self.model.named_modules():
            if not any(True for _ in module.children()):
                self._handles.append(module.register_forward_hook(self._watch(path or type(module).__name__)))
        return self

    def __exit__(self, *exc: object) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()

    def _watch(self, path: str) -> Any:
        def see(module: Any, inputs: Any, output: Any) -> None:
            found = [t._array for t in tensors_in(output)]
            if found:
                self._latest[path] = _quantiles(np.concatenate([np.ravel(a) for a in found]))

        return see

    def __call__(self, step: int | None = None) -> None:
        """Note how things are distributed now; steps are counted from 0 unless their number is given.

        Raises ValueError for a step that is not later than the one before.
        """
        step = (self.steps[-1] + 1 if self.steps else 0) if step is None else step
        if self.steps and step <= self.steps[-1]:
            raise ValueError(f"History: step {step} comes after step {self.steps[-1]}")
        self.steps.append(step)
        for name, p in self.model.named_parameters():
            self._note("weights", name, step, _quantiles(p._array))
            if p._grad is not None:
                self._note("gradients", name, step, _quantiles(p._grad._array))
        for name, quantiles in self._latest.items():
            self._note("activations", name, step, quantiles)
        self._latest = {}

    def _note(self, kind: str, name: str, step: int, quantiles: Any) -> None:
        self._kept[kind].setdefault(name, {})[step] = quantiles

    def weights(self, names: Sequence[str] | None = None) -> Figure:
        """The distribution of each parameter (or of those named) over time."""
        return self._drawn("weights", names)

    def gradients(self, names: Sequence[str] | None = None) -> Figure:
        """The distribution of each parameter's gradient over time."""
        return self._drawn("gradients", names)

    def activations(self, names: Sequence[str] | None = None) -> Figure:
        """The distribution of what comes out of each module without parts over time."""
        return self._drawn("activations", names)

    def _drawn(self, kind: str, names: Sequence[str] | None) -> Figure:
        kept = self._kept[kind]
        names = list(kept) if names is None else list(names)
        for name in names:
            if name not in kept:
                raise KeyError(f"History: there are no {kind} of {name!r}; there are: {', '.join(kept) or 'none'}")
        if not names:
            hint = (
                "run the model inside `with history:`" if kind == "activations" else "call history() after backward()"
            )
            raise ValueError(f"History: no {kind} were noted: {hint}")
        columns = min(3, len(names))
        rows = -(-len(names) // columns)
        made, axes = figure(rows, columns, (0.6 + 3.1 * columns, 0.5 + 2.1 * rows), sharex=True)
        flat = list(np.array(axes, object).ravel())
        for ax, name in zip(flat, names, strict=False):
            _panel(ax, name, kept[name])
        for k, ax in enumerate(flat):
            if k >= len(names):
                ax.set_visible(False)
            if len(names) - columns <= k < len(names):
                ax.set_xlabel("step")
                ax.tick_params(labelbottom=True)
        made.suptitle(
            f"{kind}: darker where there are more, the line is the median", size=11, color=INK, x=0.01, ha="left"
        )
        return made


def _quantiles(a: Any) -> Any:
    """65 quantiles of the finite numbers, and the share of others."""
    x = np.ravel(a).astype(float)
    finite = x[np.isfinite(x)]
    bad = 1 - finite.size / x.size if x.size else 0.0
    return (np.quantile(finite, _SHARES) if finite.size else np.full(len(_SHARES), np.nan)), bad


def _panel(ax: Any, name: str, kept: dict[int, Any]) -> None:
    steps = np.array(sorted(kept))
    quantiles = np.array([kept[s][0] for s in steps])
    bad = np.array([kept[s][1] for s in steps])
    finite = quantiles[np.isfinite(quantiles).all(1)]
    low, high = (finite.min(), finite.max()) if len(finite) else (-1.0, 1.0)
    if len(finite) and high > low:  # a few outliers do not flatten everything
        inner = np.quantile(finite[:, [2, -3]], [0, 1])
        room = max(inner[1] - inner[0], (high - low) / 50)
        low, high = max(low, inner[0] - room), min(high, inner[1] + room)
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BINS + 1)
    density = np.array([_density(q, edges) for q in quantiles]).T
    sides = np.concatenate([[steps[0] - 0.5], (steps[1:] + steps[:-1]) / 2, [steps[-1] + 0.5]])
    peak = density.max(0, keepdims=True)
    ax.pcolormesh(sides, edges, density / np.where(peak > 0, peak, 1), cmap="Blues", vmin=0, vmax=1, rasterized=True)
    ax.plot(steps, quantiles[:, len(_SHARES) // 2], color="#d55e00", linewidth=1.4)
    if low < 0 < high:
        ax.axhline(0, color="#8a93a3", linewidth=0.6, linestyle=":")
    for at in steps[bad > 0][:1]:
        ax.axvline(at, color="#c4161c", linewidth=1.2)
        ax.text(at, high, "NaN or ∞ from here ", color="#c4161c", fontsize=7.5, rotation=90, va="top", ha="right")
    ax.set_title(name, loc="left", fontsize=9.5)
    ax.set_ylim(low, high)
    ax.tick_params(labelsize=8)
    ax.yaxis.get_offset_text().set_size(7)
    ax.ticklabel_format(axis="y", scilimits=(-2, 3))


def _density(quantiles: Any, edges: Any) -> Any:
    """The share of numbers in each bin, from the quantiles."""
    if not np.isfinite(quantiles).all():
        return np.zeros(len(edges) - 1)
    if quantiles[-1] <= quantiles[0]:
        return ((edges[:-1] <= quantiles[0]) & (quantiles[0] <= edges[1:])).astype(float)
    rising = quantiles + np.arange(len(quantiles)) * 1e-12 * (quantiles[-1] - quantiles[0])
    return np.diff(np.interp(edges, rising, _SHARES, left=0, right=1))
