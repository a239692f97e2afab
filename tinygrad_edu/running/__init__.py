"""Running programs that were written for PyTorch, unchanged: ``python -m tinygrad_edu run SCRIPT.py``."""

from tinygrad_edu.running.standins import install

__all__ = ["install"]
