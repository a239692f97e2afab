"""PyTorch's `torch.special`: special functions under their names there.

>>> import tinygrad_edu as tg
>>> tg.special.expit(tg.tensor(0.0))
tensor(0.5000)
"""

from tinygrad_edu.functions.activations import log_softmax, softmax
from tinygrad_edu.functions.exponentials import (
    digamma,
    entr,
    erf,
    erfc,
    erfinv,
    exp2,
    expit,
    expm1,
    gammaln,
    log1p,
    logit,
    multigammaln,
    ndtr,
    ndtri,
    polygamma,
    psi,
    xlog1py,
    xlogy,
)
from tinygrad_edu.functions.reductions import logsumexp
from tinygrad_edu.functions.rounding import round
from tinygrad_edu.functions.trigonometry import sinc

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
]
