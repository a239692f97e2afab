"""Products of vectors, matrices and tensors, under PyTorch's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.functions.complex_numbers import conj
from tinygrad_edu.functions.names import numpy_names
from tinygrad_edu.primitive import TensorBase
from tinygrad_edu.rules import elementwise, reductions, shaping
from tinygrad_edu.rules import linalg as rules

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "bmm", "cross", "dot", "ger", "inner", "kron",
    "matmul", "mm", "mv", "outer", "tensordot", "vdot",
]  # fmt: skip


def _shape(x: Any) -> tuple[int, ...]:
    return tuple(x.shape) if hasattr(x, "shape") else ()


def same_dtype(name: str, *operands: Any) -> None:
    """Products of different dtypes are an error, as in PyTorch: a silent float64 would make everything slow."""
    found = list(dict.fromkeys(str(x.dtype) for x in operands if hasattr(x, "dtype")))
    if len(found) > 1:
        raise RuntimeError(
            f"{name}: expected both operands to have the same dtype, but got {' and '.join(found)}. Convert one of "
            f"them: x.float() for float32, x.double() for float64."
        )


def dimensions(name: str, *demands: tuple[str, Any, int]) -> None:
    for operand, x, ndim in demands:
        if len(_shape(x)) != ndim:
            kind = ("a number (0 dimensions)", "a vector (1 dimension)", "a matrix (2 dimensions)")
            what = kind[ndim] if ndim < 3 else f"a batch of matrices ({ndim} dimensions)"
            raise RuntimeError(
                f"{name}: {operand} must be {what}, but its shape is {_shape(x)}. matmul takes vectors, matrices and "
                f"batches of them."
            )


def inner_sides(name: str, a: Any, b: Any, operands: tuple[str, str] = ("mat1", "mat2")) -> None:
    """Do the rows of `a` fit the columns of `b`?"""
    x, y = _shape(a), _shape(b)
    m, n = x[-1], y[-2] if len(y) > 1 else y[0]
    if m == n:
        return
    side = "second last" if len(y) > 1 else "only"
    hint = f"the last side of the first, {m}, must equal the {side} side of the other, {n}"
    if len(y) > 1 and m == y[-1]:
        hint += f". Transpose the second one ({operands[1]}.mT)?"
    elif len(x) > 1 and x[-2] == n:
        hint += f". Transpose the first one ({operands[0]}.mT)?"
    first, second = ("x".join(map(str, s)) for s in (x, y))
    raise RuntimeError(
        f"{name}: {operands[0]} and {operands[1]} shapes cannot be multiplied ({first} and {second}): {hint}"
    )


def matmul(input: Any, other: Any) -> Tensor:
    """The product of vectors, matrices, or batches of matrices (…, n, k) @ (…, k, m) → (…, n, m).

    A vector counts as a row on the left and as a column on the right; batch dimensions broadcast.

    Raises RuntimeError for shapes or dtypes that do not fit.

    >>> import tinygrad_edu as tg
    >>> tg.tensor([[1., 2.], [3., 4.]]) @ tg.tensor([10., 1.])
    tensor([12., 34.])
    """
    try:
        same = input._array.dtype is other._array.dtype
    except AttributeError:
        same = False  # an array; or no operand for a product, which is said below
    if not same:
        same_dtype("matmul", input, other)
    try:
        return rules.matmul(input, other)
    except ValueError:
        raise unfit(input, other) from None


def unfit(a: Any, b: Any) -> RuntimeError:
    """What to raise instead of NumPy's error where the shapes of `a` and `b` have no product."""
    x, y = _shape(a), _shape(b)
    if not x or not y:
        return RuntimeError(
            f"matmul: both operands need at least 1 dimension, but the shapes are {x} and {y}. For numbers, use *."
        )
    inner_sides("matmul", a, b)
    return RuntimeError(f"matmul: the batch dimensions of {x} and {y}, {x[:-2]} and {y[:-2]}, do not broadcast")


def mm(input: Any, mat2: Any) -> Tensor:
    """The product of two matrices (n, k) @ (k, m) → (n, m).

    >>> import tinygrad_edu as tg
    >>> tg.mm(tg.tensor([[1., 2.]]), tg.tensor([[3.], [4.]]))
    tensor([[11.]])
    """
    dimensions("mm", ("input", input, 2), ("mat2", mat2, 2))
    inner_sides("mm", input, mat2)
    same_dtype("mm", input, mat2)
    return rules.matmul(input, mat2)


def bmm(input: Any, mat2: Any) -> Tensor:
    """The products of two batches of matrices (b, n, k) @ (b, k, m) → (b, n, m).

    >>> import tinygrad_edu as tg
    >>> tg.bmm(tg.tensor([[[1., 2.]]]), tg.tensor([[[3.], [4.]]]))
    tensor([[[11.]]])
    """
    _batches("bmm", input, mat2)
    return rules.matmul(input, mat2)


def _batches(name: str, batch1: Any, batch2: Any) -> None:
    dimensions(name, ("batch1", batch1, 3), ("batch2", batch2, 3))
    if _shape(batch1)[0] != _shape(batch2)[0]:
        raise RuntimeError(
            f"{name}: both batches must have the same number of matrices, but their shapes are {_shape(batch1)} and "
            f"{_shape(batch2)}. matmul broadcasts."
        )
    inner_sides(name, batch1, batch2, ("batch1", "batch2"))
    same_dtype(name, batch1, batch2)


def mv(input: Any, vec: Any) -> Tensor:
    """The product of a matrix and a vector (n, k) @ (k,) → (n,).

    >>> import tinygrad_edu as tg
    >>> tg.mv(tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([10., 1.]))
    tensor([12., 34.])
    """
    dimensions("mv", ("input", input, 2), ("vec", vec, 1))
    inner_sides("mv", input, vec, ("input", "vec"))
    same_dtype("mv", input, vec)
    return rules.matmul(input, vec)


def dot(input: Any, tensor: Any) -> Tensor:
    """The sum of products of two vectors of the same length, a tensor without dimensions.

    >>> import tinygrad_edu as tg
    >>> tg.dot(tg.tensor([1., 2.]), tg.tensor([3., 4.]))
    tensor(11.)
    """
    dimensions("dot", ("input", input, 1), ("tensor", tensor, 1))
    inner_sides("dot", input, tensor, ("input", "tensor"))
    same_dtype("dot", input, tensor)
    return rules.matmul(input, tensor)


def vdot(input: Any, other: Any) -> Tensor:
    """`dot`, with the conjugate of `input`: for real numbers there is no difference.

    >>> import tinygrad_edu as tg
    >>> tg.vdot(tg.tensor([1., 2.]), tg.tensor([3., 4.]))
    tensor(11.)
    """
    return dot(conj(input), other)


def inner(input: Any, other: Any) -> Tensor:
    """Sums of products over the last dimension of both: (…, k), (*, k) → (…, *); a plain product with a number.

    >>> import tinygrad_edu as tg
    >>> tg.inner(tg.tensor([[1., 2.], [3., 4.]]), tg.tensor([10., 1.]))
    tensor([12., 34.])
    """
    x, y = _shape(input), _shape(other)
    if not x or not y:
        return elementwise.multiply(input, other)
    if x[-1] != y[-1]:
        raise RuntimeError(f"inner: the last sides must be equal, but the shapes are {x} and {y}")
    same_dtype("inner", input, other)
    return rules.tensordot(input, other, axes=((len(x) - 1,), (len(y) - 1,)))


def outer(input: Any, vec2: Any) -> Tensor:
    """All products of the elements of two vectors: (n,), (m,) → (n, m).

    >>> import tinygrad_edu as tg
    >>> tg.outer(tg.tensor([1., 2.]), tg.tensor([3., 4.]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    dimensions("outer", ("input", input, 1), ("vec2", vec2, 1))
    return elementwise.multiply(shaping.reshape(input, shape=(-1, 1)), vec2)


ger = outer


def tensordot(a: Any, b: Any, dims: Any = 2) -> Tensor:
    """Sums of products over several dimensions: the last `dims` of a with the first of b, or two lists of dimensions.

    A side of 1 fits every other. Raises RuntimeError where the sides that are summed over differ.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1., 2.], [3., 4.]])
    >>> tg.tensordot(x, x)
    tensor(30.)
    >>> tg.tensordot(x, x, dims=([0], [0]))
    tensor([[10., 14.],
            [14., 20.]])
    """
    same_dtype("tensordot", a, b)
    return contraction(a, b, dims._array.tolist() if isinstance(dims, TensorBase) else dims)


def contraction(a: Any, b: Any, dims: Any) -> Tensor:
    """`tensordot`, which NumPy's is as well."""
    x, y = _shape(a), _shape(b)
    if isinstance(dims, int):
        if dims < 0 or dims > min(len(x), len(y)):
            raise RuntimeError(
                f"tensordot: dims={dims} dimensions cannot be summed over: the shapes are {x} and {y}. "
                f"dims lies between 0 and {min(len(x), len(y))}."
            )
        over = tuple(range(len(x) - dims, len(x))), tuple(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
        over = _axes("tensordot", left, len(x)), _axes("tensordot", right, len(y))
    if len(over[0]) != len(over[1]):
        raise RuntimeError(f"tensordot: both lists must have the same length, not {len(over[0])} and {len(over[1])}")
    for i, j in zip(*over, strict=True):
        if x[i] == y[j]:
            continue
        if y[j] == 1:
            a = reductions.sum(a, axis=i, keepdims=True)
        elif x[i] == 1:
            b = reductions.sum(b, axis=j, keepdims=True)
        else:
            raise RuntimeError(
                f"tensordot: contracted dimensions need to match, but dimension {i} of {x} has side {x[i]} and "
                f"dimension {j} of {y} has side {y[j]}"
            )
    return rules.tensordot(a, b, axes=over)


def _axes(name: str, dims: list[int], ndim: int) -> tuple[int, ...]:
    for d in dims:
        if not -ndim <= d < ndim:
            raise IndexError(
                f"{name}: Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {d})"
            )
    axes = tuple(d % ndim for d in dims)
    if len(set(axes)) < len(axes):
        raise RuntimeError(f"{name}: a dimension appears twice in the list {dims}")
    return axes


def kron(input: Any, other: Any) -> Tensor:
    """Kronecker's product: each element of `input` times the whole of `other`, laid out as blocks.

    >>> import tinygrad_edu as tg
    >>> tg.kron(tg.tensor([[1., 2.]]), tg.tensor([[1., 10.]]))
    tensor([[ 1., 10.,  2., 20.]])
    """
    x, y = _shape(input), _shape(other)
    n = max(len(x), len(y))
    x, y = (1,) * (n - len(x)) + x, (1,) * (n - len(y)) + y
    a = shaping.reshape(input, shape=tuple(s for k in x for s in (k, 1)))
    b = shaping.reshape(other, shape=tuple(s for k in y for s in (1, k)))
    return shaping.reshape(elementwise.multiply(a, b), shape=tuple(i * j for i, j in zip(x, y, strict=True)))


@numpy_names
def cross(input: Any, other: Any, dim: int | None = None) -> Tensor:
    """The vector product of vectors of 3 along `dim` (default: the first dimension with 3 elements).

    >>> import tinygrad_edu as tg
    >>> tg.cross(tg.tensor([1., 0., 0.]), tg.tensor([0., 1., 0.]))
    tensor([0., 0., 1.])
    """
    if dim is None:
        x = _shape(input)
        threes = [k for k, n in enumerate(x) if n == 3]
        if not threes:
            raise RuntimeError(f"cross: no dimension of size 3 in input, whose shape is {x}")
        dim = threes[0]
    return cross_along("cross", input, other, dim)


def cross_along(name: str, a: Any, b: Any, dim: int) -> Tensor:
    """The vector product along a dimension that is counted from the end where the shapes broadcast."""
    x, y = _shape(a), _shape(b)
    if len(x) != len(y):
        raise RuntimeError(f"{name}: both must have the same number of dimensions, but the shapes are {x} and {y}")
    (axis,) = _axes(name, [dim], len(x))
    if x[axis] != 3 or y[axis] != 3:
        raise RuntimeError(f"{name}: dimension {dim} must have size 3 in both, but the shapes are {x} and {y}")
    same_dtype(name, a, b)
    return rules.cross(a, b, axis=axis - len(x))


# -- a product and a sum ------------------------------------------------------------------------------------


def _plus(input: Any, product: Any, beta: Any, alpha: Any) -> Tensor:
    """beta · input + alpha · product; with beta = 0 the input does not matter, even if it is NaN."""
    product = product if alpha == 1 else elementwise.multiply(product, alpha)
    if beta == 0:
        return product
    return elementwise.add(input if beta == 1 else elementwise.multiply(input, beta), product)


def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta · input + alpha · mat1 @ mat2.

    >>> import tinygrad_edu as tg
    >>> tg.addmm(tg.tensor([1.]), tg.tensor([[1., 2.]]), tg.tensor([[3.], [4.]]), alpha=10)
    tensor([[111.]])
    """
    same_dtype("addmm", input, mat1, mat2)
    return _plus(input, mm(mat1, mat2), beta, alpha)


def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta · input + alpha · mat @ vec.

    >>> import tinygrad_edu as tg
    >>> tg.addmv(tg.tensor([1.]), tg.tensor([[1., 2.]]), tg.tensor([3., 4.]))
    tensor([12.])
    """
    same_dtype("addmv", input, mat, vec)
    return _plus(input, mv(mat, vec), beta, alpha)


def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta · input + alpha · outer(vec1, vec2).

    >>> import tinygrad_edu as tg
    >>> tg.addr(tg.tensor([[1., 1.]]), tg.tensor([10.]), tg.tensor([3., 4.]))
    tensor([[31., 41.]])
    """
    return _plus(input, outer(vec1, vec2), beta, alpha)


def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta · input + alpha · the sum of batch1 @ batch2 over the batch: (b, n, k), (b, k, m) → (n, m).

    >>> import tinygrad_edu as tg
    >>> tg.addbmm(tg.tensor([[1.]]), tg.tensor([[[1.]], [[2.]]]), tg.tensor([[[3.]], [[4.]]]))
    tensor([[12.]])
    """
    same_dtype("addbmm", input, batch1, batch2)
    _batches("addbmm", batch1, batch2)
    return _plus(input, rules.tensordot(batch1, batch2, axes=((0, 2), (0, 1))), beta, alpha)


def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Tensor:
    """beta · input + alpha · batch1 @ batch2, for each matrix of the batches.

    >>> import tinygrad_edu as tg
    >>> tg.baddbmm(tg.tensor([1.]), tg.tensor([[[1.]], [[2.]]]), tg.tensor([[[3.]], [[4.]]]))
    tensor([[[4.]],
    <BLANKLINE>
            [[9.]]])
    """
    same_dtype("baddbmm", input, batch1, batch2)
    return _plus(input, bmm(batch1, batch2), beta, alpha)
