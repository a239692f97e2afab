"""tinygrad_edu: the autodiff engine that people learn deep learning on.

>>> import tinygrad_edu as tg
>>> x = tg.tensor(3.0, requires_grad=True)
>>> y = x**2 + 2 * x
>>> y.backward()
>>> x.grad
tensor(8.)
"""

# ruff: noqa: I001 - the module `tensor` is loaded first, then its name means the function
import gc
import importlib
from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

_collecting = gc.isenabled()
gc.disable()  # what an import makes stays: looking for garbage would take a seventh of its time

from tinygrad_edu.tensor import Tensor
from tinygrad_edu import accelerator, amp, autograd, backends, cuda, linalg, mps, nn, optim, xpu
from tinygrad_edu.amp import autocast, is_autocast_enabled
from tinygrad_edu.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.changing import *
from tinygrad_edu.device import *
from tinygrad_edu.dtypes import *
from tinygrad_edu.functions import *
from tinygrad_edu.layouts import *
from tinygrad_edu.legacy import *
from tinygrad_edu.linalg.toplevel import *
from tinygrad_edu.nn.functional import (
    adaptive_avg_pool1d, adaptive_max_pool1d, alpha_dropout, avg_pool1d, bilinear, celu_, channel_shuffle, conv1d,
    conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, cosine_similarity, dropout, group_norm,
    layer_norm, max_pool1d, max_pool2d, max_pool3d, pairwise_distance, pdist, pixel_shuffle, pixel_unshuffle, rms_norm,
    rrelu, rrelu_, selu_, threshold_,
)  # fmt: skip
from tinygrad_edu.primitive import primitive, rule
from tinygrad_edu.printing import *
from tinygrad_edu.size import Size

if _collecting:
    gc.enable()

__version__ = "0.1.0"
newaxis = None

_LATER = {
    "datasets", "distributions", "fft", "func", "jit", "serialization", "special", "training", "transforms", "utils",
    "viz",
}  # fmt: skip
_MEMBERS_OF = {"compile": "jit", "load": "serialization", "save": "serialization", "vmap": "func"}

if TYPE_CHECKING:
    from tinygrad_edu import (
        datasets, distributions, fft, func, jit, serialization, special, training, transforms, utils, viz,
    )  # fmt: skip
    from tinygrad_edu.func import vmap
    from tinygrad_edu.jit import compile
    from tinygrad_edu.serialization import load, save


def __getattr__(name: str) -> Any:
    """What is loaded when it is first asked for."""
    if name in _LATER:
        return importlib.import_module(f"tinygrad_edu.{name}")
    if name in _MEMBERS_OF:
        globals()[name] = value = getattr(importlib.import_module(f"tinygrad_edu.{_MEMBERS_OF[name]}"), name)
        return value
    raise AttributeError(f"module 'tinygrad_edu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_MEMBERS_OF})


__all__ = [name for name in (*globals(), *_MEMBERS_OF) if not name.startswith("_")]
