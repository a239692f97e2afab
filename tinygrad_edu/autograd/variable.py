"""`Variable`, which tutorials from before 2018 wrap around tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_edu.primitive import TensorBase

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["Variable"]


def Variable(data: Any, requires_grad: bool = False, volatile: bool = False) -> Tensor:
    """The tensor itself: since PyTorch 0.4 tensors do what variables did.

    >>> from tinygrad_edu import tensor
    >>> from tinygrad_edu.autograd import Variable
    >>> Variable(tensor(1.0), requires_grad=True)
    tensor(1., requires_grad=True)
    """
    if not isinstance(data, TensorBase):
        raise TypeError(f"Variable: data must be a Tensor, not {type(data).__name__}; make one: tensor(data)")
    t: Any = data
    return t.requires_grad_() if requires_grad else t
