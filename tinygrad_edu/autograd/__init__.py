"""Differentiation: `backward`, `grad`, grad modes, functions of functions, and checks of gradients."""

from tinygrad_edu.autograd.backward import backward, grad
from tinygrad_edu.autograd.modes import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled

__all__ = ["backward", "enable_grad", "grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled"]
