"""Tensor: an array, its gradient, and how it was made. Its methods are the functions of `tinygrad_edu.functions`."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from tinygrad_edu import functions, numpy_api
from tinygrad_edu.autograd import hooks
from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.container import Container
from tinygrad_edu.functions import broadcasting, indexing, joining, rearranging, scattering, shaping, writing
from tinygrad_edu.functions.comparison import compared
from tinygrad_edu.functions.pointwise import swapped
from tinygrad_edu.inplace import inplace, relabelled
from tinygrad_edu.linalg import toplevel
from tinygrad_edu.primitive import Leaf, Node, TensorBase, recorded_type, wrap
from tinygrad_edu.rules import elementwise

__all__ = ["Tensor"]


@recorded_type
class Tensor(Container):
    """An array that remembers how it was computed, so that its gradient can be."""

    __slots__ = ()
    _hooks: hooks.Hooks | None = None
    _assigned: Any = None  # the gradient that the user assigned, which is not changed in place

    __array_ufunc__ = numpy_api.array_ufunc
    __array_function__ = numpy_api.array_function

    # -- its gradient --------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether what is computed from it is recorded."""
        return self._edge() is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Let what is computed from this leaf from now on be recorded (or not); returns the tensor.

        Raises RuntimeError for integers and bools, and for switching it off on a tensor that was computed.
        """
        if requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError(
                f"only floating tensors can require grad, not {self._array.dtype}: small steps make no sense on it. "
                f"Convert it first: x.float().requires_grad_()."
            )
        if isinstance(self._edge(), Node):
            if not requires_grad:
                raise RuntimeError(
                    "requires_grad can be switched off for leaves only; this tensor was computed. Use x.detach()."
                )
            return self
        if requires_grad != (self._node is not None):
            self._node = Leaf(self) if requires_grad else None
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was created, not computed from tensors that require grad."""
        return not isinstance(self._edge(), Node)

    @property
    def grad_fn(self) -> Node | None:
        """The recorded call that made it (None for leaves)."""
        edge = self._edge()
        return edge if isinstance(edge, Node) else None

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up: a tensor of its shape and dtype, or None."""
        g: Tensor | None = self._grad
        return g

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"grad must be a Tensor or None, not {type(value).__name__}")
            if value._array.shape != self._array.shape or value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"grad must have the tensor's shape {tuple(self.shape)} and dtype {self.dtype}, "
                    f"not {tuple(value._array.shape)} and {value._array.dtype}"
                )
        self._grad = value
        if value is not None or self._assigned is not None:
            self._assigned = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add the gradient of this tensor to the `.grad` of every leaf that it was computed from.

        Args:
            gradient: the cotangent, of its shape; may be left out for a tensor of one element.
            retain_graph, create_graph, inputs: as in `tinygrad_edu.autograd.backward`.
        """
        backward((self,), None if gradient is None else (gradient,), retain_graph, create_graph, inputs)

    def retain_grad(self) -> None:
        """Keep the gradient of this computed tensor in its `.grad`, too."""
        edge = self._edge()
        if edge is None:
            raise RuntimeError("retain_grad: this tensor does not require grad, so it will never have one")
        if isinstance(edge, Node) and not self.retains_grad:
            ref = weakref.ref(self)

            def keep(g: Tensor) -> None:
                t = ref()
                if t is not None:
                    t._grad = wrap(np.array(g._array)) if t._grad is None else t._grad + g

            self.retains_grad = True
            hooks.of(edge).last = keep

    retains_grad = False

    def register_hook(self, hook: Callable[[Any], Any]) -> hooks.RemovableHandle:
        """Call ``hook(grad)`` with the complete gradient in every backward pass; what it returns replaces it.

        Returns a handle with a method `remove`. Raises RuntimeError if the tensor does not require grad.
        """
        edge = self._edge()
        if edge is None:
            raise RuntimeError(
                "register_hook: this tensor does not require grad, so no gradient will ever pass through it"
            )
        return hooks.of(self if isinstance(edge, Leaf) else edge).add(hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], Any]) -> hooks.RemovableHandle:
        """Call ``hook(tensor)`` after every backward pass has added to the `.grad` of this leaf."""
        if not isinstance(self._edge(), Leaf):
            raise RuntimeError(
                "register_post_accumulate_grad_hook: only leaves that require grad have a gradient added up; "
                "for a computed tensor use register_hook"
            )
        return hooks.of(self).add_after(hook)

    @property
    def data(self) -> Tensor:
        """The same memory as a tensor that is not recorded. Changes through it are seen by the graph's checks."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Tensor) -> None:
        """Let the tensor hold the array of `value` from now on; nothing is recorded."""
        if not isinstance(value, TensorBase):
            raise TypeError(f"data must be a Tensor, not {type(value).__name__}: x.data = tensor(…)")
        edge, old, new = self._edge(), self._array, value._array
        same = new.shape == old.shape and new.dtype == old.dtype
        if edge is not None and not same and (isinstance(edge, Node) or new.dtype.kind != "f"):
            raise RuntimeError(
                f"data: a {old.dtype} tensor of shape {tuple(old.shape)} that is part of a graph cannot become "
                f"{new.dtype} of shape {tuple(new.shape)}: its gradient would not fit. Make a new tensor."
            )
        self._array, self._view = new, None
        if isinstance(edge, Leaf) and not same:
            self._node = Leaf(self)

    def detach(self) -> Tensor:
        """The same memory as a tensor that is cut off from the graph."""
        return wrap(self._array)

    def detach_(self) -> Tensor:
        """Cut this tensor itself off from the graph. Raises RuntimeError for views; use `detach` for them."""
        if self._view is not None and self._edge() is not None:
            raise RuntimeError("detach_: a view cannot be detached in place, since its base would stay: x = x.detach()")
        self._node = None
        return self

    # -- operators -----------------------------------------------------------------------------------

    # elementwise: operators
    # (`+ - * /` go straight to the rules: they are most of what is recorded)
    __add__ = __radd__ = elementwise.add
    __sub__ = elementwise.subtract
    __mul__ = __rmul__ = elementwise.multiply
    __truediv__ = elementwise.divide
    __neg__ = elementwise.negative
    __rsub__, __rtruediv__ = swapped(elementwise.subtract), swapped(elementwise.divide)
    __pow__, __rpow__ = functions.pow, swapped(functions.pow)
    __floordiv__, __rfloordiv__ = functions.floor_divide, swapped(functions.floor_divide)
    __mod__, __rmod__ = functions.remainder, swapped(functions.remainder)
    __abs__, __pos__, __invert__ = functions.abs, functions.positive, functions.bitwise_not
    __and__ = __rand__ = functions.bitwise_and
    __or__ = __ror__ = functions.bitwise_or
    __xor__ = __rxor__ = functions.bitwise_xor
    __lshift__, __rlshift__ = functions.bitwise_left_shift, swapped(functions.bitwise_left_shift)
    __rshift__, __rrshift__ = functions.bitwise_right_shift, swapped(functions.bitwise_right_shift)
    __eq__, __ne__ = compared(functions.eq), compared(functions.ne)
    __lt__, __le__ = compared(functions.lt), compared(functions.le)
    __gt__, __ge__ = compared(functions.gt), compared(functions.ge)
    __hash__ = object.__hash__

    # elementwise: methods
    abs, acos, acosh, asin, asinh = functions.abs, functions.acos, functions.acosh, functions.asin, functions.asinh
    atan, atanh, ceil, cos, cosh = functions.atan, functions.atanh, functions.ceil, functions.cos, functions.cosh
    deg2rad, digamma, erf, erfc = functions.deg2rad, functions.digamma, functions.erf, functions.erfc
    erfinv, exp, exp2, expm1, floor = functions.erfinv, functions.exp, functions.exp2, functions.expm1, functions.floor
    frac, lgamma, log, log10, log1p = functions.frac, functions.lgamma, functions.log, functions.log10, functions.log1p
    log2, logit, logical_not, mvlgamma = functions.log2, functions.logit, functions.logical_not, functions.mvlgamma
    nan_to_num, neg, rad2deg, reciprocal = functions.nan_to_num, functions.neg, functions.rad2deg, functions.reciprocal
    round, rsqrt, sigmoid, sign = functions.round, functions.rsqrt, functions.sigmoid, functions.sign
    sin, sinc, sinh, sqrt, square = functions.sin, functions.sinc, functions.sinh, functions.sqrt, functions.square
    tan, tanh, trunc, bitwise_not = functions.tan, functions.tanh, functions.trunc, functions.bitwise_not
    add, addcdiv, addcmul, atan2 = functions.add, functions.addcdiv, functions.addcmul, functions.atan2
    bitwise_and, bitwise_left_shift = functions.bitwise_and, functions.bitwise_left_shift
    bitwise_or, bitwise_right_shift = functions.bitwise_or, functions.bitwise_right_shift
    bitwise_xor, clamp, clamp_max = functions.bitwise_xor, functions.clamp, functions.clamp_max
    clamp_min, copysign, div, eq = functions.clamp_min, functions.copysign, functions.div, functions.eq
    float_power, floor_divide, fmod, ge = functions.float_power, functions.floor_divide, functions.fmod, functions.ge
    gt, hypot, le, lerp = functions.gt, functions.hypot, functions.le, functions.lerp
    logical_and, logical_or, logical_xor = functions.logical_and, functions.logical_or, functions.logical_xor
    lt, mul, ne, pow, remainder = functions.lt, functions.mul, functions.ne, functions.pow, functions.remainder
    sub, xlogy, fmax, fmin = functions.sub, functions.xlogy, functions.fmax, functions.fmin
    isfinite, isinf, isnan, isneginf = functions.isfinite, functions.isinf, functions.isnan, functions.isneginf
    isposinf, logaddexp, logaddexp2 = functions.isposinf, functions.logaddexp, functions.logaddexp2
    maximum, minimum, positive, isclose = functions.maximum, functions.minimum, functions.positive, functions.isclose
    allclose, equal, absolute, arccos = functions.allclose, functions.equal, functions.absolute, functions.arccos
    arccosh, arcsin, arcsinh, arctan = functions.arccosh, functions.arcsin, functions.arcsinh, functions.arctan
    arctan2, arctanh, clip, divide = functions.arctan2, functions.arctanh, functions.clip, functions.divide
    fix, greater, greater_equal, less = functions.fix, functions.greater, functions.greater_equal, functions.less
    less_equal, multiply, negative = functions.less_equal, functions.multiply, functions.negative
    not_equal, sgn, subtract = functions.not_equal, functions.sgn, functions.subtract
    true_divide = functions.true_divide

    def where(self, condition: Any, other: Any) -> Tensor:
        """This tensor where the condition is true, `other` elsewhere."""
        out: Tensor = functions.where(condition, self, other)
        return out

    # elementwise: in place
    abs_, acos_, acosh_ = inplace(functions.abs), inplace(functions.acos), inplace(functions.acosh)
    asin_, asinh_, atan_ = inplace(functions.asin), inplace(functions.asinh), inplace(functions.atan)
    atanh_, ceil_, cos_ = inplace(functions.atanh), inplace(functions.ceil), inplace(functions.cos)
    cosh_, deg2rad_, digamma_ = inplace(functions.cosh), inplace(functions.deg2rad), inplace(functions.digamma)
    erf_, erfc_, erfinv_ = inplace(functions.erf), inplace(functions.erfc), inplace(functions.erfinv)
    exp_, exp2_, expm1_ = inplace(functions.exp), inplace(functions.exp2), inplace(functions.expm1)
    floor_, frac_, lgamma_ = inplace(functions.floor), inplace(functions.frac), inplace(functions.lgamma)
    log_, log10_, log1p_ = inplace(functions.log), inplace(functions.log10), inplace(functions.log1p)
    log2_, logit_, logical_not_ = inplace(functions.log2), inplace(functions.logit), inplace(functions.logical_not)
    mvlgamma_, nan_to_num_, neg_ = inplace(functions.mvlgamma), inplace(functions.nan_to_num), inplace(functions.neg)
    rad2deg_, reciprocal_, round_ = inplace(functions.rad2deg), inplace(functions.reciprocal), inplace(functions.round)
    rsqrt_, sigmoid_, sign_ = inplace(functions.rsqrt), inplace(functions.sigmoid), inplace(functions.sign)
    sin_, sinc_, sinh_ = inplace(functions.sin), inplace(functions.sinc), inplace(functions.sinh)
    sqrt_, square_, tan_ = inplace(functions.sqrt), inplace(functions.square), inplace(functions.tan)
    tanh_, trunc_, bitwise_not_ = inplace(functions.tanh), inplace(functions.trunc), inplace(functions.bitwise_not)
    fill_ = inplace(functions.fill)
    add_, addcdiv_, addcmul_ = inplace(functions.add), inplace(functions.addcdiv), inplace(functions.addcmul)
    atan2_, bitwise_and_ = inplace(functions.atan2), inplace(functions.bitwise_and)
    bitwise_left_shift_, bitwise_or_ = inplace(functions.bitwise_left_shift), inplace(functions.bitwise_or)
    bitwise_right_shift_, bitwise_xor_ = inplace(functions.bitwise_right_shift), inplace(functions.bitwise_xor)
    clamp_, clamp_max_ = inplace(functions.clamp), inplace(functions.clamp_max)
    clamp_min_, copysign_, div_ = inplace(functions.clamp_min), inplace(functions.copysign), inplace(functions.div)
    eq_, float_power_ = inplace(functions.eq), inplace(functions.float_power)
    floor_divide_, fmod_, ge_ = inplace(functions.floor_divide), inplace(functions.fmod), inplace(functions.ge)
    gt_, hypot_, le_ = inplace(functions.gt), inplace(functions.hypot), inplace(functions.le)
    lerp_, logical_and_ = inplace(functions.lerp), inplace(functions.logical_and)
    logical_or_, logical_xor_ = inplace(functions.logical_or), inplace(functions.logical_xor)
    lt_, mul_, ne_, pow_ = inplace(functions.lt), inplace(functions.mul), inplace(functions.ne), inplace(functions.pow)
    remainder_, sub_, xlogy_ = inplace(functions.remainder), inplace(functions.sub), inplace(functions.xlogy)
    absolute_, arccos_ = inplace(functions.absolute, "absolute_"), inplace(functions.arccos, "arccos_")
    arccosh_, arcsin_ = inplace(functions.arccosh, "arccosh_"), inplace(functions.arcsin, "arcsin_")
    arcsinh_, arctan_ = inplace(functions.arcsinh, "arcsinh_"), inplace(functions.arctan, "arctan_")
    arctan2_, arctanh_ = inplace(functions.arctan2, "arctan2_"), inplace(functions.arctanh, "arctanh_")
    clip_, divide_ = inplace(functions.clip, "clip_"), inplace(functions.divide, "divide_")
    fix_, greater_ = inplace(functions.fix, "fix_"), inplace(functions.greater, "greater_")
    greater_equal_, less_ = inplace(functions.greater_equal, "greater_equal_"), inplace(functions.less, "less_")
    less_equal_, multiply_ = inplace(functions.less_equal, "less_equal_"), inplace(functions.multiply, "multiply_")
    negative_, not_equal_ = inplace(functions.negative, "negative_"), inplace(functions.not_equal, "not_equal_")
    sgn_, subtract_ = inplace(functions.sgn, "sgn_"), inplace(functions.subtract, "subtract_")
    true_divide_ = inplace(functions.true_divide, "true_divide_")
    __iadd__, __isub__, __imul__, __itruediv__ = add_, sub_, mul_, div_
    __ifloordiv__, __imod__, __ipow__ = floor_divide_, remainder_, pow_
    __iand__, __ior__, __ixor__ = bitwise_and_, bitwise_or_, bitwise_xor_
    __ilshift__, __irshift__ = bitwise_left_shift_, bitwise_right_shift_

    # activations
    relu, relu_, prelu, hardshrink = functions.relu, inplace(functions.relu), functions.prelu, functions.hardshrink
    softmax, log_softmax = functions.softmax, functions.log_softmax

    # products and linear algebra
    __matmul__ = matmul = functions.matmul

    def __rmatmul__(self, other: Any) -> Tensor:
        return functions.matmul(other, self)

    mm, bmm, mv, addmm, addmv, addr = (
        functions.mm, functions.bmm, functions.mv, functions.addmm, functions.addmv, functions.addr,
    )  # fmt: skip
    dot, vdot, inner, outer, ger = functions.dot, functions.vdot, functions.inner, functions.outer, functions.ger
    addbmm, baddbmm, tensordot = functions.addbmm, functions.baddbmm, functions.tensordot
    kron, cross = functions.kron, functions.cross
    addmm_, addmv_, addr_ = inplace(addmm), inplace(addmv), inplace(addr)
    addbmm_, baddbmm_ = inplace(addbmm), inplace(baddbmm)
    det, logdet, slogdet, inverse = toplevel.det, toplevel.logdet, toplevel.slogdet, toplevel.inverse
    pinverse, matrix_power = toplevel.pinverse, toplevel.matrix_power
    cholesky, qr, svd = toplevel.cholesky, toplevel.qr, toplevel.svd

    # reductions, cumulative functions, order, statistics
    sum, mean, prod, nansum, nanmean = (
        functions.sum, functions.mean, functions.prod, functions.nansum, functions.nanmean,
    )  # fmt: skip
    var, std, cov, corrcoef = functions.var, functions.std, functions.cov, functions.corrcoef
    amax, amin, aminmax, max, min = functions.amax, functions.amin, functions.aminmax, functions.max, functions.min
    argmax, argmin, any, all = functions.argmax, functions.argmin, functions.any, functions.all
    count_nonzero, logsumexp, norm = functions.count_nonzero, functions.logsumexp, functions.norm
    dist, renorm, diff = functions.dist, functions.renorm, functions.diff
    cumsum, cumprod, logcumsumexp = functions.cumsum, functions.cumprod, functions.logcumsumexp
    cummax, cummin = functions.cummax, functions.cummin
    median, nanmedian, mode = functions.median, functions.nanmedian, functions.mode
    quantile, nanquantile = functions.quantile, functions.nanquantile
    sort, argsort, msort = functions.sort, functions.argsort, functions.msort
    topk, kthvalue, unique = functions.topk, functions.kthvalue, functions.unique
    unique_consecutive, bincount, histc = functions.unique_consecutive, functions.bincount, functions.histc
    cumsum_, cumprod_, renorm_ = inplace(cumsum), inplace(cumprod), inplace(renorm)
    # shaping, joining, indexing
    __getitem__, __setitem__ = indexing.getitem, writing.setitem
    __len__, __iter__, __contains__ = writing.length, writing.iterate, writing.contains
    T, mT = property(shaping.all_reversed), property(shaping.matrix_transposed)
    H, mH = property(shaping.t), property(shaping.matrix_transposed)
    reshape, view, view_as, reshape_as = shaping.reshape, shaping.view, shaping.view_as, shaping.reshape_as
    ravel, flatten, unflatten = shaping.ravel, shaping.flatten, shaping.unflatten
    squeeze, unsqueeze, expand_as = shaping.squeeze, shaping.unsqueeze, broadcasting.expand_as
    broadcast_to, expand = broadcasting.broadcast_to, broadcasting.expand
    permute, transpose, t = shaping.permute, shaping.transpose, shaping.t
    swapaxes, swapdims, adjoint = shaping.swapaxes, shaping.swapdims, shaping.adjoint
    movedim, moveaxis, clone, contiguous = shaping.movedim, shaping.moveaxis, shaping.clone, shaping.contiguous
    flip, fliplr, flipud = rearranging.flip, rearranging.fliplr, rearranging.flipud
    rot90, roll, tile, repeat = rearranging.rot90, rearranging.roll, rearranging.tile, rearranging.repeat
    repeat_interleave, unfold = rearranging.repeat_interleave, rearranging.unfold
    diagonal, diag, diag_embed = rearranging.diagonal, rearranging.diag, rearranging.diag_embed
    diagflat, trace, tril, triu = rearranging.diagflat, rearranging.trace, rearranging.tril, rearranging.triu
    split, chunk, tensor_split, unbind = joining.split, joining.chunk, joining.tensor_split, joining.unbind
    hsplit, vsplit, dsplit = joining.hsplit, joining.vsplit, joining.dsplit
    index_select, select, narrow = indexing.index_select, indexing.select, indexing.narrow
    gather, take, take_along_dim = indexing.gather, indexing.take, indexing.take_along_dim
    masked_select, nonzero, argwhere = indexing.masked_select, indexing.nonzero, indexing.argwhere
    scatter, scatter_add = scattering.scatter, scattering.scatter_add
    scatter_reduce, index_put = scattering.scatter_reduce, scattering.index_put
    index_add, index_copy, index_fill = scattering.index_add, scattering.index_copy, scattering.index_fill
    masked_fill, masked_scatter = scattering.masked_fill, scattering.masked_scatter
    diagonal_scatter, select_scatter = scattering.diagonal_scatter, scattering.select_scatter
    slice_scatter = scattering.slice_scatter
    copy_, fill_, zero_ = writing.copy_, writing.fill_, writing.zero_
    fill_diagonal_, index_put_ = writing.fill_diagonal_, inplace(scattering.index_put)
    scatter_, scatter_add_ = inplace(scatter), inplace(scatter_add)
    scatter_reduce_, index_add_ = inplace(scatter_reduce), inplace(index_add)
    index_copy_, index_fill_ = inplace(index_copy), inplace(index_fill)
    masked_fill_, masked_scatter_ = inplace(masked_fill), inplace(masked_scatter)
    tril_, triu_ = inplace(tril), inplace(triu)
    squeeze_, unsqueeze_ = relabelled(squeeze, "squeeze_"), relabelled(unsqueeze, "unsqueeze_")
    t_, transpose_ = relabelled(t, "t_"), relabelled(transpose, "transpose_")
    swapaxes_, swapdims_ = relabelled(swapaxes, "swapaxes_"), relabelled(swapdims, "swapdims_")
