"""What a training run was like, epoch by epoch."""

from __future__ import annotations

import importlib
import math
from dataclasses import dataclass, field
from typing import Any

__all__ = ["History"]


@dataclass
class History:
    """What `fit` returns: one row for each epoch.

    Attributes:
        rows: for each epoch a dict with "epoch" (from 1), "train_loss", "seconds" (since the start), "lr", and
            where there is validation data "validation_loss"; each metric as "train_NAME" and "validation_NAME".
        best_epoch: the epoch with the lowest validation loss (training loss, if nothing was validated); 0 before any.
        stopped: why it ended before the last epoch, or None.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    stopped: str | None = None

    def __getitem__(self, column: str) -> list[Any]:
        """One column, as a list. Raises KeyError that lists the columns."""
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"History has no column {column!r}; it has {', '.join(self.rows[0])}")
        return [row[column] for row in self.rows]

    def __len__(self) -> int:
        """The number of epochs."""
        return len(self.rows)

    @property
    def monitored(self) -> str:
        """The column that says which epoch was best."""
        return "validation_loss" if self.rows and "validation_loss" in self.rows[0] else "train_loss"

    @property
    def best_epoch(self) -> int:
        """The epoch (from 1) with the lowest loss, by the validation data if there are any."""
        losses = [math.inf if math.isnan(x) else x for x in self[self.monitored]]
        return losses.index(min(losses)) + 1 if losses else 0

    @property
    def best_loss(self) -> float:
        """The lowest loss, by the validation data if there are any."""
        best: float = self[self.monitored][self.best_epoch - 1] if self.rows else math.nan
        return best

    @property
    def seconds(self) -> float:
        """How long it took."""
        total: float = self.rows[-1]["seconds"] if self.rows else 0.0
        return total

    def to_frame(self) -> Any:
        """The rows as a pandas DataFrame with the epoch as index. Raises ImportError where pandas is not installed."""
        try:
            pandas = importlib.import_module("pandas")
        except ImportError:
            raise ImportError("to_frame needs pandas: pip install pandas. Without it: history.rows") from None
        return pandas.DataFrame(self.rows, columns=None if self.rows else ["epoch"]).set_index("epoch")

    def plot(self) -> Any:
        """Learning curves as a matplotlib Figure (returned, not shown), marked where over-fitting begins."""
        try:
            figure_class = importlib.import_module("matplotlib.figure").Figure
        except ImportError:
            raise ImportError("plot needs matplotlib: pip install matplotlib") from None
        groups: dict[str, list[str]] = {}
        for column in self.rows[0] if self.rows else ():
            part, _, name = column.partition("_")
            if part in ("train", "validation") and name:
                groups.setdefault(name, []).append(column)
        figure = figure_class(figsize=(5.0 * max(len(groups), 1), 3.8), layout="constrained")
        for axes, (name, columns) in zip(figure.subplots(1, max(len(groups), 1), squeeze=False).flat, groups.items()):  # noqa: B905
            for column in columns:
                train = column.startswith("train")
                axes.plot(
                    self["epoch"], self[column], color="#2f6fc4" if train else "#c4571b",
                    linestyle="-" if train else "--", label="training" if train else "validation",
                )  # fmt: skip
            axes.set(title=name.replace("_", " "), xlabel="epoch")
            axes.spines[["top", "right"]].set_visible(False)
            if len(columns) == 2:
                self._mark_over_fitting(axes)
                axes.legend(frameon=False)
        return figure

    def _mark_over_fitting(self, axes: Any) -> None:
        if self.monitored == "validation_loss" and self.best_epoch < len(self):
            axes.axvline(self.best_epoch, color="#8a93a3", linewidth=1)
            axes.annotate(
                f"epoch {self.best_epoch}: from here\non it over-fits", (self.best_epoch, 0.97),
                xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points", va="top", fontsize=8,
            )  # fmt: skip

    def __str__(self) -> str:
        if not self.rows:
            return "History of no epochs"
        last = ", ".join(f"{k} {v:.4g}" for k, v in self.rows[-1].items() if k not in ("epoch", "seconds", "lr"))
        best = f"; best epoch {self.best_epoch}" if self.best_epoch != len(self) else ""
        why = f"; stopped: {self.stopped}" if self.stopped else ""
        return f"History of {len(self)} epochs in {self.seconds:.1f} s: {last}{best}{why}"
