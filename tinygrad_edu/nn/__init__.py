"""Neural networks: `functional` has layers and losses as functions, `init` fills parameters."""

from tinygrad_edu.nn import functional, init

__all__ = ["functional", "init"]
