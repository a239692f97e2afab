"""Neural networks: `functional` has layers and losses as functions."""

from tinygrad_edu.nn import functional

__all__ = ["functional"]
