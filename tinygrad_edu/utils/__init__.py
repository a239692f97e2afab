"""Tools around training that compute no gradients: `utils.data` brings data to it in batches."""

from tinygrad_edu.utils import data

__all__ = ["data"]
