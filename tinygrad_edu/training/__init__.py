"""A training loop with what one wants to see of it, accuracy, and sweeps over configurations.

It is a convenience: every lesson also shows the bare loop of five lines, and nothing here is needed to train.
"""

from tinygrad_edu.training.history import History
from tinygrad_edu.training.loop import Diverged, EarlyStopping, fit
from tinygrad_edu.training.metrics import accuracy
from tinygrad_edu.training.sweep import Run, Sweep, sweep

__all__ = ["Diverged", "EarlyStopping", "History", "Run", "Sweep", "accuracy", "fit", "sweep"]
