"""Differentiation: `backward`, `grad`, grad modes, functions of functions, and checks of gradients."""

# ruff: noqa: I001 - the modules `backward` and `gradcheck` are loaded first, then their names mean the functions
from tinygrad_edu.autograd import function, functional, grad_mode, hooks
from tinygrad_edu.autograd.anomaly import (
    detect_anomaly, is_anomaly_check_nan_enabled, is_anomaly_enabled, set_detect_anomaly,
)  # fmt: skip
from tinygrad_edu.autograd.transforms import grad, hessian, jacobian, jvp, value_and_grad, vjp
from tinygrad_edu.autograd.check_gradient import assert_gradients, check_gradient
from tinygrad_edu.autograd.backward import backward
from tinygrad_edu.autograd.function import Function
from tinygrad_edu.autograd.functional import hvp, vhp
from tinygrad_edu.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from tinygrad_edu.autograd.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from tinygrad_edu.autograd.variable import Variable

__all__ = [
    "backward", "grad",
    "enable_grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled",
    "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vhp", "vjp",
    "GradcheckError", "assert_gradients", "check_gradient", "gradcheck", "gradgradcheck",
    "detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly",
    "Function", "Variable", "function", "functional", "grad_mode", "hooks",
]  # fmt: skip
