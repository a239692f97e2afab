"""What a tensor is besides mathematics: numbers of a shape and a dtype, to be converted, printed and handed on."""

from __future__ import annotations

import copy
import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tinygrad_edu import dtypes, glance, layouts, lazy, legacy, memory, printing
from tinygrad_edu.device import check_device, cpu, device
from tinygrad_edu.functions import conversion, creation, filling, random
from tinygrad_edu.memory import recording
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import Leaf, Node, TensorBase
from tinygrad_edu.size import Size
from tinygrad_edu.storage import TypedStorage, UntypedStorage, typed, untyped

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["Container"]

_size = tuple.__new__


class Container(TensorBase):
    """The half of `Tensor` that computes nothing."""

    __slots__ = ()

    def __new__(cls, *data: Any, **options: Any) -> Any:
        """``Tensor([1, 2])`` is ``tensor([1., 2.])`` and ``Tensor(2, 3)`` is ``empty(2, 3)``: an old form of both."""
        made = legacy.construct(data, dtypes.get_default_dtype(), cls.__name__, **options)
        return made if type(made) is cls else restored(cls, made._array, made._node is not None)

    # -- shape and memory -----------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The length of each dimension."""
        return _size(Size, self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of dimension `dim`."""
        shape = self.shape
        if dim is None:
            return shape
        if not -len(shape) <= dim < max(len(shape), 1) or not shape:
            if not shape:
                raise IndexError(f"size: Dimension specified as {dim} but tensor has no dimensions")
            raise IndexError(
                f"size: Dimension out of range (expected to be in range of [{-len(shape)}, {len(shape) - 1}], but got "
                f"{dim}): the shape is {tuple(shape)}"
            )
        return shape[dim]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        n: int = self._array.ndim
        return n

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        n: int = self._array.size
        return n

    nelement = numel

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        n: int = self._array.dtype.itemsize
        return n

    def element_size(self) -> int:
        """Bytes of one element."""
        return self.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.itemsize * self.numel()

    def stride(self, dim: int | None = None) -> Any:
        """How many elements lie in memory from one to the next along each dimension (or along `dim`)."""
        a = self._ndarray("stride")
        steps = tuple(s // a.itemsize for s in a.strides)
        if a.size == 0:  # as if every side were 1 at least
            steps = tuple(math.prod(max(n, 1) for n in a.shape[k + 1 :]) for k in range(a.ndim))
        return steps if dim is None else steps[dim]

    def storage_offset(self) -> int:
        """How many elements lie in memory between the start of what it is a view of, and its own first."""
        a = self._ndarray("storage_offset")
        return (_address(a) - _address(memory.owner(a))) // a.itemsize

    def data_ptr(self) -> int:
        """The address of its first element."""
        return _address(self._ndarray("data_ptr"))

    def storage(self) -> TypedStorage:
        """The numbers in its memory, in the order in which they lie there (all, where it is a view of some)."""
        return typed(self._ndarray("storage"))

    def untyped_storage(self) -> UntypedStorage:
        """The bytes of its memory (of all, where it is a view of some)."""
        return untyped(self._ndarray("untyped_storage"))

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether its elements lie in memory in order, the last dimension running fastest."""
        return bool(self._ndarray("is_contiguous").flags.c_contiguous)

    def _ndarray(self, name: str) -> ndarray:
        if type(self._array) is not ndarray:
            raise TypeError(f"{name}: a {type(self._array).__name__} is not in memory. Compute it first: x.compute().")
        return self._array

    @property
    def _version(self) -> int:
        """How often its memory has been changed in place."""
        return memory.version(self._array)

    layout = layouts.strided

    def is_shared(self) -> bool:
        """False: its memory is not shared with other processes."""
        return False

    def is_pinned(self, device: Any = None) -> bool:
        """False: there is no GPU to copy it to."""
        return False

    def is_same_size(self, other: Any) -> bool:
        """Whether `other` has the same shape."""
        return self.shape == other.shape

    def share_memory_(self) -> Any:
        """Does nothing: threads share memory anyway."""
        return self

    # -- device and dtype -------------------------------------------------------------------------------

    @property
    def device(self) -> device:
        """The CPU."""
        return cpu

    is_cpu = True
    is_cuda = is_mps = is_sparse = is_quantized = is_meta = False

    def get_device(self) -> int:
        """-1: the CPU."""
        return -1

    def cpu(self, memory_format: Any = None) -> Any:
        """The tensor itself: it is on the CPU."""
        return self

    def cuda(self, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
        """Raises RuntimeError: there is no GPU."""
        check_device("cuda")

    def pin_memory(self, device: Any = None) -> Any:
        """The tensor itself: there is no GPU to copy it to."""
        return self

    @property
    def dtype(self) -> dtypes.DType:
        """The type of its elements."""
        d: dtypes.DType = self._array.dtype
        return d

    def is_floating_point(self) -> bool:
        """Whether its elements are floats."""
        return self._array.dtype.kind == "f"

    def is_complex(self) -> bool:
        """Whether its elements are complex numbers."""
        return self._array.dtype.kind == "c"

    def is_signed(self) -> bool:
        """Whether its dtype holds negative numbers."""
        return self._array.dtype.kind in "fic"

    to = conversion.to

    def type(self, dtype: Any = None, non_blocking: bool = False) -> Any:
        """The name of its legacy type ('tinygrad_edu.FloatTensor'), or the tensor in `dtype` (also by such a name)."""
        if dtype is None:
            return legacy.name_of(self._array.dtype)
        return conversion.cast(self, legacy.meant(dtype))

    def type_as(self, other: Any) -> Tensor:
        """The tensor in the dtype of `other`."""
        return conversion.cast(self, other._array.dtype)

    def double(self) -> Tensor:
        """The tensor in float64."""
        return conversion.cast(self, dtypes.float64)

    def half(self) -> Tensor:
        """The tensor in float16."""
        return conversion.cast(self, dtypes.float16)

    def cfloat(self) -> Tensor:
        """The tensor in complex64."""
        return conversion.cast(self, dtypes.complex64)

    def cdouble(self) -> Tensor:
        """The tensor in complex128."""
        return conversion.cast(self, dtypes.complex128)

    def long(self) -> Tensor:
        """The tensor in int64, rounded towards 0."""
        return conversion.cast(self, dtypes.int64)

    def short(self) -> Tensor:
        """The tensor in int16, rounded towards 0."""
        return conversion.cast(self, dtypes.int16)

    def char(self) -> Tensor:
        """The tensor in int8, rounded towards 0."""
        return conversion.cast(self, dtypes.int8)

    def byte(self) -> Tensor:
        """The tensor in uint8, rounded towards 0."""
        return conversion.cast(self, dtypes.uint8)

    new_tensor, new_zeros, new_ones = creation.new_tensor, creation.new_zeros, creation.new_ones
    new_full, new_empty = creation.new_full, creation.new_empty

    uniform_, normal_, exponential_ = filling.uniform_, filling.normal_, filling.exponential_
    bernoulli, bernoulli_, random_ = random.bernoulli, filling.bernoulli_, filling.random_
    log_normal_, cauchy_, geometric_ = filling.log_normal_, filling.cauchy_, filling.geometric_
    multinomial = random.multinomial

    def new(self, *data: Any) -> Tensor:
        """An old form of `new_tensor` and `new_empty`."""
        return legacy.construct(data, self._array.dtype, "new")

    # -- out to Python and NumPy --------------------------------------------------------------------------

    def item(self) -> Any:
        """Its one element as a Python number. Raises RuntimeError if there are more."""
        if self._array.size != 1:
            raise RuntimeError(
                f"item: a Tensor with {self._array.size} elements cannot be converted to Scalar (its shape is "
                f"{tuple(self.shape)}). Reduce it (x.mean(), x.sum()), take an element (x[0]), or all: x.tolist()."
            )
        if type(self._array) is not ndarray:
            self._array = lazy.realise([self._array])[0]
        return self._array.item()

    def tolist(self) -> Any:
        """Its elements as nested lists of Python numbers."""
        return lazy.realise([self._array])[0].tolist()

    def numpy(self, *, force: bool = False) -> ndarray:
        """Its elements as a NumPy array that shares its memory.

        Raises RuntimeError if it requires grad, since NumPy would not record what it does; use
        ``x.detach().numpy()`` (or force=True).
        """
        if not force and recording.get() and self._edge() is not None:
            raise RuntimeError(
                f"Can't call numpy() on Tensor that requires grad (shape {tuple(self.shape)}): what NumPy does to its "
                f"numbers would not be recorded. Where no gradient is wanted, write x.detach().numpy()."
            )
        a = lazy.realise([self._array])[0]
        return a.view()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> ndarray:
        a = self.numpy()
        if dtype is not None and a.dtype != dtype:
            if copy is False:
                raise ValueError(f"a {a.dtype} tensor cannot be had as {np.dtype(dtype)} without a copy (copy=False)")
            return a.astype(dtype)
        return a.copy() if copy else a

    def __dlpack__(self, **options: Any) -> Any:
        if self._edge() is not None:
            raise BufferError("a tensor that requires grad cannot be handed on: use x.detach()")
        return self._ndarray("__dlpack__").__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # the CPU

    def __bool__(self) -> bool:
        if self._array.size != 1:
            many = "more than one value" if self._array.size else "no value"
            raise RuntimeError(
                f"Boolean value of Tensor with {many} is ambiguous (its shape is {tuple(self.shape)}): ask "
                f"(x > 0).all() or .any(), and combine conditions by & and |, not `and` and `or`."
            )
        return bool(self.item())

    def __float__(self) -> float:
        return float(self._number("float"))

    def __int__(self) -> int:
        return int(self._number("int"))

    def __complex__(self) -> complex:
        return complex(self._number("complex"))

    def _number(self, kind: str) -> Any:
        if self._array.size != 1:
            raise ValueError(
                f"only one element tensors can be converted to Python scalars: {kind}(x) of shape {tuple(self.shape)}. "
                f"Reduce it (x.mean(), x.sum()), or take an element: x[0]."
            )
        number = self.item()
        if type(number) is complex and kind != "complex":
            if number.imag:
                raise RuntimeError(f"{kind}: value cannot be converted without loss: {number} is complex; take x.real")
            return number.real
        return number

    def __index__(self) -> int:
        if self._array.dtype.kind in "fc" or self._array.size != 1:
            raise TypeError(
                f"only an integer tensor of one element can be an index, not {self._array.dtype} of shape "
                f"{tuple(self.shape)}. Convert it: int(x), x.long()."
            )
        return operator.index(int(self.item()))

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0:
            return format(self.item(), spec)
        if spec:
            raise TypeError(
                f"a tensor of shape {tuple(self.shape)} cannot be written as {spec!r}, one number can: "
                f"x.mean(), x[0] or, for a single element, x.item()."
            )
        return repr(self)

    __repr__ = printing.text
    _repr_html_ = glance.html

    # -- copies ---------------------------------------------------------------------------------------------

    def _leaf_or_error(self, what: str) -> bool:
        edge = self._edge()
        if isinstance(edge, Node):
            raise RuntimeError(
                f"{what}: this tensor was computed (by {edge.name()}), and a copy would lose how. Take the numbers "
                f"alone, x.detach() (a plot takes them), or stay in the graph: x.clone()."
            )
        return edge is not None

    def _attributes(self) -> dict[str, Any]:
        """What the user set on it; the engine's own notes are about the original."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_hooks", "_assigned", "retains_grad")}

    def __reduce_ex__(self, protocol: Any) -> Any:
        needs = self._leaf_or_error("pickle")
        return restored, (type(self), self._array, needs, self._attributes())

    def __copy__(self) -> Any:
        return restored(type(self), self._array, self._leaf_or_error("copy"), self._attributes())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) in memo:
            return memo[id(self)]
        needs = self._leaf_or_error("deepcopy")
        out = memo[id(self)] = restored(type(self), copy.deepcopy(self._array, memo), needs)
        out.__dict__.update(copy.deepcopy(self._attributes(), memo))
        out._grad = copy.deepcopy(self._grad, memo)
        return out

    # -- casts whose names hide Python's from here on -----------------------------------------------------------

    def float(self) -> Tensor:
        """The tensor in float32."""
        return conversion.cast(self, dtypes.float32)

    def int(self) -> Tensor:
        """The tensor in int32, rounded towards 0."""
        return conversion.cast(self, dtypes.int32)

    def bool(self) -> Tensor:
        """The tensor in bool: what is not 0 is true."""
        return conversion.cast(self, dtypes.bool)


def restored(cls: Any, array: Any, requires_grad: Any = False, attributes: dict[str, Any] | None = None) -> Any:
    """A tensor of class `cls` around an array, as pickles and copies are made."""
    out = object.__new__(cls)
    out._array = plain_array(array)
    out._grad = out._view = None
    out._node = Leaf(out) if requires_grad else None
    out.__dict__.update(attributes or {})
    return out


def _address(a: ndarray) -> int:
    pointer: int = a.__array_interface__["data"][0]
    return pointer
