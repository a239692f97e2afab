"""Saving and loading: tensors, state dicts, checkpoints, whole modules; and PyTorch's checkpoints."""

from tinygrad_edu.serialization.checkpoint import load, save

__all__ = ["load", "save"]
