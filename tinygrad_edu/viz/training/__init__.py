"""Pictures of training, drawn with matplotlib (``pip install matplotlib``). Figures are returned, and never shown.

In a notebook a figure shows itself as the last line of a cell; in a program write ``figure.savefig("x.png")``.

>>> from tinygrad_edu.viz import training
>>> figure = training.learning_curves({"training": [2.0, 1.0, 0.5], "validation": [2.1, 1.3, 1.1]})
"""

from tinygrad_edu.viz.training.boundary import decision_boundary
from tinygrad_edu.viz.training.confusion import confusion_matrix
from tinygrad_edu.viz.training.curves import learning_curves
from tinygrad_edu.viz.training.history import History
from tinygrad_edu.viz.training.surface import Path, loss_surface

__all__ = ["History", "Path", "confusion_matrix", "decision_boundary", "learning_curves", "loss_surface"]
