"""Running programs that were written for PyTorch, unchanged: ``python -m tinygrad_edu run SCRIPT.py``."""
