"""Functions of functions under the names of `torch.func`.

>>> from tinygrad_edu import func
>>> func.grad(func.grad(lambda x: x * x * x))(2.0)
tensor(12.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tinygrad_edu.autograd.transforms import grad, hessian, jacobian, jvp, value_and_grad, vjp
from tinygrad_edu.nn.utils.stateless import functional_call

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacobian", "jacrev", "jvp", "value_and_grad",
    "vjp",
]  # fmt: skip

jacrev = jacfwd = jacobian


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """As `value_and_grad`, with the gradient first.

    >>> from tinygrad_edu.func import grad_and_value
    >>> grad_and_value(lambda x: x * x)(3.0)
    (tensor(6.), tensor(9.))
    """
    both = value_and_grad(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return call
