"""Weights of a given length (weight normalization) or of a given strength (spectral normalization).

Each in PyTorch's two forms: as a parametrization (`parametrizations`), and the older one by a hook, which gives the
parameters of a `state_dict` other names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinygrad_edu import functions, memory
from tinygrad_edu.linalg.norms import vector_norm
from tinygrad_edu.nn.convolution import ConvolutionTransposed
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter

__all__ = ["remove_spectral_norm", "remove_weight_norm", "spectral_norm", "weight_norm"]


def lengths(v: Any, dim: int | None) -> Any:
    """The norm of `v` over all dimensions but `dim`, which are kept with length 1; None (or −1): over all."""
    if dim is None or dim == -1:
        return functions.norm(v)
    return vector_norm(v, dim=[k for k in range(v.ndim) if k != dim % v.ndim], keepdim=True)


class Spectral:
    """An estimate of a weight's largest singular value, which each training step improves by power iteration."""

    def __init__(self, n_power_iterations: int, eps: float, dim: int) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.steps, self.eps, self.dim = n_power_iterations, eps, dim

    def matrix(self, weight: Any) -> Any:
        """The weight with dimension `dim` first, and the others in one."""
        weight = functions.movedim(weight, self.dim, 0) if self.dim else weight
        return weight.reshape(weight.shape[0], -1)

    def start(self, weight: Any) -> tuple[Any, Any]:
        """Random left and right singular vectors, improved by 15 steps."""
        m = self.matrix(weight.detach())
        u, v = (self.unit(functions.randn(n, dtype=m.dtype)) for n in m.shape)
        self.improve(m, u, v, 15)
        return u, v

    def unit(self, x: Any) -> Any:
        """`x` with length 1."""
        return x / functions.clamp(functions.norm(x), min=self.eps)

    def improve(self, m: Any, u: Any, v: Any, steps: int) -> None:
        """Steps of the power iteration, in place: u = Mv / |Mv|, v = Mᵀu / |Mᵀu|."""
        before = memory.recording.get()
        memory.recording.set(False)
        try:
            for _ in range(steps):
                u.copy_(self.unit(m @ v))
                v.copy_(self.unit(m.T @ u))
        finally:
            memory.recording.set(before)

    def scaled(self, weight: Any, u: Any, v: Any, training: bool, v_first: bool = False) -> Any:
        """The weight over σ = uᵀ M v."""
        m = self.matrix(weight)
        if training and v_first:
            self.improve(m.detach().T, v, u, self.steps)
        elif training:
            self.improve(m.detach(), u, v, self.steps)
        return weight / functions.dot(u.clone(), m @ v.clone())  # copies: the next step changes u and v


def output_dimension(module: Module, dim: int | None) -> int:
    """The dimension of a layer's weight that its outputs run along: 1 for transposed convolutions, else 0."""
    if dim is not None:
        return dim
    return 1 if isinstance(module, ConvolutionTransposed) else 0


# -- the older forms ---------------------------------------------------------------------------------------------


class _Length:
    """The weight of a module by weight normalization. (A class, since pickle finds no function in a function.)"""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, dim

    def __call__(self, module: Module) -> Any:
        v = getattr(module, self.name + "_v")
        return v * (getattr(module, self.name + "_g") / lengths(v, self.dim))


class _Strength:
    """The weight of a module by spectral normalization."""

    def __init__(self, name: str, estimate: Spectral) -> None:
        self.name, self.estimate = name, estimate

    def __call__(self, module: Module) -> Any:
        original, u, v = (getattr(module, self.name + part) for part in ("_orig", "_u", "_v"))
        return self.estimate.scaled(original, u, v, module.training, v_first=True)


class _BeforeCall:
    """A hook that computes the weight before each call of the module."""

    def __init__(self, module: Module, name: str, kind: str, compute: Callable[[Module], Any]) -> None:
        _refuse_second(module, name)
        self.name, self.kind, self.compute = name, kind, compute
        self.handle = module.register_forward_pre_hook(self)
        module.__dict__.setdefault("_computed_weights", {})[name] = self

    def __call__(self, module: Module, args: Any) -> None:
        setattr(module, self.name, self.compute(module))


def _refuse_second(module: Module, name: str) -> None:
    if name in module.__dict__.get("_computed_weights", {}):
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")


def _parameter(module: Module, name: str) -> Any:
    """The parameter of that name. Raises ValueError if there is none."""
    if name not in module._parameters or getattr(module, name) is None:
        raise ValueError(
            f"{type(module).__name__} has no parameter named {name!r}; it has {', '.join(module._parameters) or 'none'}"
        )
    return getattr(module, name)


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """weight = g · v / |v|: a layer's weight by its length (``weight_g``) and its direction (``weight_v``).

    The length is taken over all dimensions but `dim`; None: over all. Returns the module.
    (`parametrizations.weight_norm` is the newer form.)

    >>> from tinygrad_edu import nn
    >>> layer = nn.utils.weight_norm(nn.Linear(20, 40))
    >>> layer.weight_g.shape, layer.weight_v.shape
    (Size([40, 1]), Size([40, 20]))
    """
    _refuse_second(module, name)
    weight = _parameter(module, name)
    delattr(module, name)
    value = weight.detach()
    module.register_parameter(name + "_g", Parameter(lengths(value, dim)))
    module.register_parameter(name + "_v", Parameter(value))
    hook = _BeforeCall(module, name, "weight_norm", _Length(name, dim))
    hook(module, ())
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight an ordinary parameter again, with its present value. Raises ValueError if it is one."""
    return _removed(module, name, "weight_norm", ("_g", "_v"))


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """weight / σ, where σ is its largest singular value; what is trained is ``weight_orig``. Returns the module.

    σ is estimated by `n_power_iterations` steps in each call while training, from where the last call ended.
    (`parametrizations.spectral_norm` is the newer form.)

    >>> from tinygrad_edu import nn
    >>> layer = nn.utils.spectral_norm(nn.Linear(20, 40))
    >>> layer.weight_u.shape
    Size([40])
    """
    _refuse_second(module, name)
    weight = _parameter(module, name)
    estimate = Spectral(n_power_iterations, eps, output_dimension(module, dim))
    u, v = estimate.start(weight)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    setattr(module, name, weight.detach())
    _BeforeCall(module, name, "spectral_norm", _Strength(name, estimate))
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make the weight an ordinary parameter again, with its present value. Raises ValueError if it is one."""
    return _removed(module, name, "spectral_norm", ("_orig", "_u", "_v"))


def _removed(module: Any, name: str, kind: str, parts: tuple[str, ...]) -> Any:
    hook = module.__dict__.get("_computed_weights", {}).get(name)
    if hook is None or hook.kind != kind:
        raise ValueError(f"{kind} of '{name}' not found in {module}")
    training, module.training = module.training, False
    value = hook.compute(module).detach()
    module.training = training
    hook.handle.remove()
    del module.__dict__["_computed_weights"][name]
    delattr(module, name)
    for part in parts:
        delattr(module, name + part)
    module.register_parameter(name, Parameter(value))
    return module
