"""The methods of tensors: the functions of `tinygrad_edu.functions`, once more, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu import functions
from tinygrad_edu.container import Container
from tinygrad_edu.functions import (
    broadcasting,
    indexing,
    joining,
    rearranging,
    resizing,
    scattering,
    shaping,
    writing,
)  # fmt: skip
from tinygrad_edu.functions.comparison import compared
from tinygrad_edu.functions.pointwise import repeating, swapped
from tinygrad_edu.inplace import inplace, relabelled
from tinygrad_edu.linalg import toplevel
from tinygrad_edu.rules import elementwise

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["Methods"]


class Methods(Container):
    """The half of `Tensor` that computes: operators, methods, and their forms in place (with an underscore)."""

    __slots__ = ()

    # elementwise: operators
    # (`+ - * /` go straight to the rules: they are most of what is recorded)
    __add__ = __radd__ = elementwise.add
    __sub__ = elementwise.subtract
    __mul__, __rmul__ = elementwise.multiply, repeating(elementwise.multiply)
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

    resize, resize_, resize_as_ = resizing.resize, resizing.resize_, resizing.resize_as_

    # elementwise: methods
    abs, acos, acosh, asin, asinh = functions.abs, functions.acos, functions.acosh, functions.asin, functions.asinh
    atan, atanh, ceil, cos, cosh = functions.atan, functions.atanh, functions.ceil, functions.cos, functions.cosh
    deg2rad, digamma, erf, erfc = functions.deg2rad, functions.digamma, functions.erf, functions.erfc
    erfinv, exp, exp2, expm1, floor = functions.erfinv, functions.exp, functions.exp2, functions.expm1, functions.floor
    frac, lgamma, log, log10, log1p = functions.frac, functions.lgamma, functions.log, functions.log10, functions.log1p
    ldexp, frexp = functions.ldexp, functions.frexp
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
    gcd, lcm, heaviside, signbit = functions.gcd, functions.lcm, functions.heaviside, functions.signbit
    gcd_, lcm_, heaviside_ = inplace(functions.gcd), inplace(functions.lcm), inplace(functions.heaviside)
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

    # complex numbers
    real, imag = property(functions.real), property(functions.imag)
    angle, conj, conj_physical, isreal = functions.angle, functions.conj, functions.conj_physical, functions.isreal
    is_conj, resolve_conj = functions.is_conj, functions.resolve_conj

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
    ldexp_ = inplace(functions.ldexp)
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
    pinverse, matrix_power, matrix_exp = toplevel.pinverse, toplevel.matrix_power, toplevel.matrix_exp
    cholesky, qr, svd, cholesky_solve = toplevel.cholesky, toplevel.qr, toplevel.svd, toplevel.cholesky_solve

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
    histogram, as_strided, is_nonzero = functions.histogram, functions.as_strided, functions.is_nonzero
    cumsum_, cumprod_, renorm_ = inplace(cumsum), inplace(cumprod), inplace(renorm)
    # shaping, joining, indexing
    __getitem__, __setitem__ = indexing.getitem, writing.setitem
    __len__, __iter__, __contains__ = writing.length, writing.iterate, writing.contains
    T, mT = property(shaping.all_reversed), property(shaping.matrix_transposed)
    H, mH = property(shaping.conjugate_t), property(shaping.conjugate_transposed)
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
    split_with_sizes = joining.split_with_sizes
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
    apply_, map_, put_ = writing.apply_, writing.map_, writing.put_
    fill_diagonal_, index_put_ = writing.fill_diagonal_, inplace(scattering.index_put)
    scatter_, scatter_add_ = inplace(scatter), inplace(scatter_add)
    scatter_reduce_, index_add_ = inplace(scatter_reduce), inplace(index_add)
    index_copy_, index_fill_ = inplace(index_copy), inplace(index_fill)
    masked_fill_, masked_scatter_ = inplace(masked_fill), inplace(masked_scatter)
    tril_, triu_ = inplace(tril), inplace(triu)
    squeeze_, unsqueeze_ = relabelled(squeeze, "squeeze_"), relabelled(unsqueeze, "unsqueeze_")
    t_, transpose_ = relabelled(t, "t_"), relabelled(transpose, "transpose_")
    swapaxes_, swapdims_ = relabelled(swapaxes, "swapaxes_"), relabelled(swapdims, "swapdims_")
