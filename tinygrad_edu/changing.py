"""PyTorch's functions that change their first argument: ``relu_(x)`` is ``x.relu_()``.

>>> import tinygrad_edu as tg
>>> x = tg.tensor([-1.0, 2.0])
>>> tg.relu_(x)
tensor([0., 2.])
>>> x
tensor([0., 2.])
"""

from tinygrad_edu.tensor import Tensor

__all__ = [
    "abs_", "acos_", "acosh_", "addmv_", "arccos_", "arcsin_", "arctan_", "asin_", "asinh_", "atan_", "atanh_", "ceil_",
    "clamp_", "clamp_max_", "clamp_min_", "clip_", "cos_", "cosh_", "deg2rad_", "erf_", "erfc_", "exp2_", "exp_",
    "expm1_", "fill_", "floor_", "frac_", "log10_", "log1p_", "log2_", "log_", "logit_", "nan_to_num_", "neg_",
    "negative_", "rad2deg_", "reciprocal_", "relu_", "round_", "rsqrt_", "sigmoid_", "sin_", "sinc_", "sinh_", "sqrt_",
    "square_", "tan_", "tanh_", "trunc_", "xlogy_", "zero_",
]  # fmt: skip

abs_, acos_, acosh_, addmv_, arccos_ = Tensor.abs_, Tensor.acos_, Tensor.acosh_, Tensor.addmv_, Tensor.arccos_
arcsin_, arctan_, asin_, asinh_, atan_ = Tensor.arcsin_, Tensor.arctan_, Tensor.asin_, Tensor.asinh_, Tensor.atan_
atanh_, ceil_, clamp_, clamp_max_ = Tensor.atanh_, Tensor.ceil_, Tensor.clamp_, Tensor.clamp_max_
clamp_min_, clip_, cos_, cosh_, deg2rad_ = Tensor.clamp_min_, Tensor.clip_, Tensor.cos_, Tensor.cosh_, Tensor.deg2rad_
erf_, erfc_, exp2_, exp_, expm1_ = Tensor.erf_, Tensor.erfc_, Tensor.exp2_, Tensor.exp_, Tensor.expm1_
fill_, floor_, frac_, log10_, log1p_ = Tensor.fill_, Tensor.floor_, Tensor.frac_, Tensor.log10_, Tensor.log1p_
log2_, log_, logit_, nan_to_num_ = Tensor.log2_, Tensor.log_, Tensor.logit_, Tensor.nan_to_num_
neg_, negative_, rad2deg_, reciprocal_ = Tensor.neg_, Tensor.negative_, Tensor.rad2deg_, Tensor.reciprocal_
relu_, round_, rsqrt_, sigmoid_, sin_ = Tensor.relu_, Tensor.round_, Tensor.rsqrt_, Tensor.sigmoid_, Tensor.sin_
sinc_, sinh_, sqrt_, square_, tan_ = Tensor.sinc_, Tensor.sinh_, Tensor.sqrt_, Tensor.square_, Tensor.tan_
tanh_, trunc_, xlogy_, zero_ = Tensor.tanh_, Tensor.trunc_, Tensor.xlogy_, Tensor.zero_
