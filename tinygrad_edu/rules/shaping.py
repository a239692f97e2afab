"""Changes of shape, layout and dtype: what goes forward one way comes back the other."""

from __future__ import annotations

import numpy as np

from tinygrad_edu.primitive import rule

cast = rule(lambda x, *, dtype: x.astype(dtype), lambda g: g, name="cast")  # the engine casts it back
reshape = rule(
    lambda x, *, shape: np.reshape(x, shape), lambda g, _x: np.reshape(g, _x.shape), name="reshape", view=True
)
transpose = rule(
    lambda x, *, axes: np.transpose(x, axes),
    lambda g, axes: np.transpose(g, np.argsort(axes)),
    name="transpose",
    view=True,
)
broadcast_to = rule(lambda x, *, shape: np.broadcast_to(x, shape), lambda g: g, name="broadcast_to", view=True)
