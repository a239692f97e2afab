"""Tools around training: `utils.data` brings data to it in batches, `utils.checkpoint` saves memory."""

from tinygrad_edu.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
