"""Where a lesson's pictures go: into a folder, and onto the screen where there is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from demos.report import RESOLUTION, Report
from tinygrad_edu import viz

BLUE, ORANGE, GREY = "#2f6fc4", "#c4571b", "#8a93a3"  # told apart by the colour-blind, and in greyscale


class Pictures:
    """A folder for plots and graphs, which go into the report, too. With `show`, plots also open in windows.

    (Windows open where there is a display.)
    """

    def __init__(self, folder: str | os.PathLike[str] = "pictures", show: bool = False) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.report = Report()
        self._show = show and "CI" not in os.environ

    def panels(self, columns: int, rows: int = 1, size: tuple[float, float] = (4.6, 4.0)) -> tuple[Any, Any]:
        """An empty figure with its panels in a row (or in rows), each of that size in inches."""
        figure, axes = plt.subplots(
            rows, columns, figsize=(size[0] * columns, size[1] * rows), layout="constrained", squeeze=False
        )
        for panel in axes.flat:
            panel.spines[["top", "right"]].set_visible(False)
        return figure, axes.flat

    def plot(self, figure: Any, name: str, caption: str = "") -> None:
        """Keep a finished figure. The caption says what it shows to those who cannot see it."""
        path = self.folder / f"{name}.png"
        figure.savefig(path, dpi=RESOLUTION)
        print(f"  wrote {path}")
        titles = [axes.get_title(place) for axes in figure.axes for place in ("left", "center", "right")]
        self.report.picture(path, caption or "; ".join(filter(None, titles)))
        if not self._show or figure.canvas.required_interactive_framework is None:
            plt.close(figure)

    def graph(self, graph: viz.Graph, name: str) -> None:
        """Draw a computation graph, or list it where no layout program is installed."""
        try:
            path = graph.render(self.folder / f"{name}.svg")
            print(f"  wrote {path}")
            self.report.picture(Path(path), "The computation graph of one step")
        except viz.LayoutMissing as missing:
            print(f"  No picture of the graph: {missing}\n{graph.text()}")

    def show(self) -> None:
        """Wait until the windows are closed, if any are open."""
        if plt.get_fignums():
            print("Close the windows to end.")
            plt.show()
