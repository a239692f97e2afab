"""PyTorch's spelling of what prints: ``torch.Size([2])``, ``torch.float32``, ``<AddBackward0>``.

Under its own name the library says `float32` and shows the names of its primitives, as its pictures do. A program
that was written for PyTorch prints what it prints there.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from tinygrad_edu import dtypes, functions, legacy, nn, optim, printing
from tinygrad_edu.container import Container
from tinygrad_edu.device import device
from tinygrad_edu.functions.axes import ValuesAndIndices
from tinygrad_edu.functions.exponentials import Frexp
from tinygrad_edu.functions.histograms import Histogram
from tinygrad_edu.functions.reductions import AMinMax
from tinygrad_edu.linalg.attempts import CholeskyEx, InvEx, SolveEx
from tinygrad_edu.linalg.decompositions import QR, SVD, Eigh
from tinygrad_edu.linalg.determinants import Slogdet
from tinygrad_edu.linalg.eigenvalues import Eig
from tinygrad_edu.linalg.elimination import LU, LUFactor
from tinygrad_edu.linalg.solving import Lstsq
from tinygrad_edu.linalg.toplevel import USV
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.node import Leaf, Node
from tinygrad_edu.optim import lr_scheduler
from tinygrad_edu.running import numpy_functions, out
from tinygrad_edu.size import Size
from tinygrad_edu.storage import TypedStorage, UntypedStorage
from tinygrad_edu.tensor import Tensor
from tinygrad_edu.utils import data

__all__ = ["dtype", "names", "speak"]


class dtype:
    """A NumPy dtype that prints as PyTorch's: ``torch.float32``. It equals that dtype, and has its attributes."""

    __slots__ = ("dtype",)  # NumPy asks an object that is to be a dtype for an attribute of this name

    def __init__(self, of: Any) -> None:
        self.dtype = of

    def __repr__(self) -> str:
        return f"torch.{self.dtype}"

    def __eq__(self, other: object) -> bool:
        mine: np.dtype[Any] = self.dtype
        return bool(mine == (other.dtype if isinstance(other, dtype) else other))

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __reduce__(self) -> Any:
        return _named, (str(self.dtype),)

    def __getattr__(self, name: str) -> Any:
        return getattr(object.__getattribute__(self, "dtype"), name)

    @property
    def is_floating_point(self) -> bool:
        """Whether it holds floats."""
        return bool(self.dtype.kind == "f")

    @property
    def is_complex(self) -> bool:
        """Whether it holds complex numbers."""
        return self.dtype.kind == "c"

    @property
    def is_signed(self) -> bool:
        """Whether it holds negative numbers."""
        return self.dtype.kind in "cfi"


class _Unsupported(dtype):
    """A dtype that NumPy does not have. It can be handed to what ignores it (`autocast`), and is refused elsewhere."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> Any:
        return _Unsupported, (self.name,)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there are no {self.name} numbers here, since NumPy has none: use torch.float32")

    @property
    def is_floating_point(self) -> bool:
        """True."""
        return True


dtype.__module__ = "torch"
_DTYPES = {d: dtype(d) for d in dtypes.SUPPORTED}


def _named(name: str) -> dtype:
    return _DTYPES[np.dtype(name)]


def speak() -> None:
    """Let everything in this process print as PyTorch's, from now on. (Before ``import torch``.)"""
    warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"tinygrad_edu\.")  # of infinities and NaN
    printing.dtype_name = _dtype_name
    printing.node_name = _backward
    Size.__repr__ = _size  # type: ignore[method-assign]
    Node.name = _backward  # type: ignore[assignment, method-assign]
    Node.__repr__ = lambda node: f"<{_backward(node)} object at {id(node):#x}>"  # type: ignore[method-assign]
    Leaf.__repr__ = lambda leaf: f"<AccumulateGrad object at {id(leaf):#x}>"  # type: ignore[method-assign]
    Leaf.__name__ = "AccumulateGrad"
    grad_fn, below = Tensor.grad_fn.fget, Node.next_functions.fget  # type: ignore[attr-defined]
    Tensor.grad_fn = property(lambda t: _renamed(grad_fn(t)))  # type: ignore[assignment, method-assign]
    Node.next_functions = property(  # type: ignore[assignment, method-assign]
        lambda node: tuple((_renamed(made), k) for made, k in below(node))
    )
    Container.dtype = property(lambda t: _DTYPES[t._array.dtype])  # type: ignore[assignment, method-assign]
    TypedStorage.dtype = property(lambda s: _DTYPES[s._numbers.dtype])  # type: ignore[assignment, method-assign]
    Tensor.__array_function__ = numpy_functions.array_function
    legacy.PREFIX = "torch"
    for cls, name in _RESULTS.items():
        cls.__repr__ = _result(name)
    for name, function in _PAIRS.items():
        setattr(Tensor, name, function)
    Tensor.__module__ = Size.__module__ = device.__module__ = "torch"
    Parameter.__module__ = "torch.nn.parameter"
    TypedStorage.__module__ = UntypedStorage.__module__ = "torch.storage"
    for library, files in _FILES.items():
        for cls in vars(library).values():
            if isinstance(cls, type) and cls.__module__.startswith(library.__name__ + "."):
                file = cls.__module__.rpartition(".")[2]
                cls.__module__ = files.get(cls.__name__) or files["*"] + files.get(file, file)


def _spelled(function: Callable[..., Any]) -> Callable[..., dtype]:
    """A function that returns a dtype, in this spelling."""
    return functools.wraps(function)(lambda *args, **kwargs: _DTYPES[function(*args, **kwargs)])


def names(public: dict[str, Any]) -> dict[str, Any]:
    """The names of the top level that have a spelling of their own."""
    spelled: dict[str, Any] = {k: _DTYPES[v] for k, v in public.items() if isinstance(v, np.dtype)}
    dtypes_of = ("get_default_dtype", "promote_types", "result_type")
    writers = {name: out.writing(public[name], name) for name in out.WRITERS if name in public}
    spelled |= writers | {name: _spelled(public[name]) for name in dtypes_of} | _PAIRS
    return {"dtype": dtype, "bfloat16": _Unsupported("bfloat16"), "finfo": finfo, **spelled}


def finfo(type: Any = None) -> SimpleNamespace:
    """The limits of a floating dtype, as Python's numbers."""
    limits = np.finfo(dtypes.as_dtype(dtypes.get_default_dtype() if type is None else type))
    numbers = {name: getattr(limits, name).item() for name in ("eps", "max", "min", "resolution", "tiny")}
    return SimpleNamespace(bits=limits.bits, dtype=str(limits.dtype), smallest_normal=numbers["tiny"], **numbers)


def _paired(name: str) -> Callable[..., Any]:
    """A function whose pairs of values and indices print as ``torch.return_types.max(…)``."""
    function = getattr(functions, name)

    class pair(ValuesAndIndices):
        __slots__ = ()

        def __repr__(self) -> str:
            return f"torch.return_types.{name}(\nvalues={self.values!r},\nindices={self.indices!r})"

    pair.__name__, pair.__qualname__, pair.__module__ = name, name, "torch.return_types"

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        return pair(*out) if type(out) is ValuesAndIndices else out

    call.__module__, call.__qualname__ = "torch", name  # where a pickle finds it
    return call


def _result(name: str) -> Callable[[Any], str]:
    """How a tuple with names prints: ``torch.return_types.linalg_qr(…)``."""

    def text(self: Any) -> str:
        parts = (f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"torch.return_types.{name}(\n" + ",\n".join(parts) + ")"

    return text


_RESULTS: dict[Any, str] = {
    AMinMax: "aminmax", CholeskyEx: "linalg_cholesky_ex", Eig: "linalg_eig", Eigh: "linalg_eigh", Frexp: "frexp",
    Histogram: "histogram", InvEx: "linalg_inv_ex", LU: "linalg_lu", LUFactor: "linalg_lu_factor",
    Lstsq: "linalg_lstsq", QR: "linalg_qr", SVD: "linalg_svd", Slogdet: "linalg_slogdet", SolveEx: "linalg_solve_ex",
    USV: "svd",
}  # fmt: skip

_PAIRS = {
    name: _paired(name)
    for name in ("cummax", "cummin", "kthvalue", "max", "median", "min", "mode", "nanmedian", "sort", "topk")
}


def _dtype_name(dtype: Any) -> str:
    return f"torch.{dtype}"


def _size(size: Size) -> str:
    return f"torch.Size([{', '.join(map(str, size))}])"


_FILES: dict[Any, dict[str, str]] = {
    nn: {
        "*": "torch.nn.modules.",
        "Parameter": "torch.nn.parameter", "Buffer": "torch.nn.parameter", "DataParallel": "torch.nn.parallel",
        "BatchNorm1d": "torch.nn.modules.batchnorm", "BatchNorm2d": "torch.nn.modules.batchnorm",
        "activations": "activation", "attention": "activation", "cells": "rnn", "containers": "container",
        "convolution": "conv", "embedding": "sparse", "losses": "loss", "parameter_containers": "container",
        "recurrent": "rnn", "resizing": "upsampling", "shaping": "flatten",
    },
    optim: {"*": "torch.optim."},
    lr_scheduler: dict.fromkeys(vars(lr_scheduler), "torch.optim.lr_scheduler"),
    data: {"*": "torch.utils.data."},
}  # fmt: skip
"""Where PyTorch defines what this library defines in files of other names; * is what goes before them."""

_BACKWARD = {
    "absolute": "Abs", "arccos": "Acos", "arcsin": "Asin", "arctan": "Atan", "arctan2": "Atan2", "average": "Mean",
    "broadcast_to": "Expand", "cast": "ToCopy", "clip": "Clamp", "concatenate": "Cat", "cross_entropy": "NllLoss",
    "divide": "Div", "dropout": "Mul", "linear": "Addmm", "log1p": "Log1P", "matmul": "Mm",
    "multiply": "Mul", "negative": "Neg", "norm": "LinalgVectorNorm", "power": "Pow", "reshape": "View",
    "setitem": "CopySlices", "square": "Pow", "subtract": "Sub", "take": "Index", "take_along_axis": "Gather",
    "tile": "Repeat", "transpose": "Permute", "inv": "LinalgInvEx", "det": "LinalgDet",
}  # fmt: skip
"""PyTorch's names where they differ from NumPy's in more than capital letters."""


_OF_AXES = {"mean", "prod", "sum"}


def _backward(node: Node) -> str:
    """ "AddBackward0": what PyTorch calls the node of `add`."""
    name, options = node.primitive.name, node.kwargs or {}
    if "kept" in node.primitive.saves:  # a user's Function
        return f"{name}Backward"
    if name == "setitem":
        return "CopySlices"
    if name in ("amax", "amin") and options.get("axis") is None:
        return f"M{name[2:]}Backward1"
    if name == "getitem":
        return f"{_selection(options['index'])}Backward0"
    if name == "linear" and len(node.shape) != 2:
        return "ViewBackward0"
    pytorch = _BACKWARD.get(name) or "".join(part.capitalize() for part in name.split("_"))
    return f"{pytorch}Backward{int(name == 'clip' or (name in _OF_AXES and options.get('axis') is not None))}"


_CLASSES: dict[tuple[type, str], type] = {}


def _renamed(node: Any) -> Any:
    """The node, of a class that has PyTorch's name for it: programs print ``type(loss.grad_fn).__name__``."""
    if isinstance(node, Node) and type(node).__name__ != (name := _backward(node)):
        key = type(node), name
        if key not in _CLASSES:
            _CLASSES[key] = type(name, key[:1], {"__slots__": ()})
        node.__class__ = _CLASSES[key]
    return node


def _selection(index: tuple[Any, ...]) -> str:
    """What PyTorch calls the last thing that this index does."""
    if any(isinstance(k, np.ndarray) for k in index):
        return "Index"
    last = [k for k in index if k is not Ellipsis and k != slice(None)][-1:]
    return "Slice" if not last or isinstance(last[0], slice) else "Select" if last[0] is not None else "Unsqueeze"
