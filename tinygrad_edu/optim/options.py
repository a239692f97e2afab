"""What the options of optimizers may be, and which names other libraries give them."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from tinygrad_edu.primitive import TensorBase

__all__ = ["check_names", "check_options", "misspelt", "plain"]

RANGES: dict[str, tuple[str, float, float]] = {  # what messages call it, from, to
    "lr": ("learning rate", 0, math.inf),
    "eps": ("epsilon value", 0, math.inf),
    "weight_decay": ("weight_decay value", 0, math.inf),
    "momentum": ("momentum value", 0, math.inf),
    "momentum_decay": ("momentum_decay value", 0, math.inf),
    "alpha": ("alpha value", 0, math.inf),
    "rho": ("rho value", 0, 1),
    "lr_decay": ("lr_decay value", 0, math.inf),
    "initial_accumulator_value": ("initial_accumulator_value value", 0, math.inf),
}

ELSEWHERE: dict[str, tuple[str, ...]] = {  # a name in another library, and what may stand for it here
    **dict.fromkeys(("learning_rate", "learningrate", "step_size", "eta", "alpha", "rate", "stepsize"), ("lr",)),
    **dict.fromkeys(("epsilon", "delta"), ("eps",)),
    **dict.fromkeys(("decay", "wd", "l2", "weightdecay", "reg", "lambda_"), ("weight_decay",)),
    **dict.fromkeys(("beta1", "beta2", "beta_1", "beta_2", "b1", "b2", "beta", "momentum"), ("betas", "momentum")),
    **dict.fromkeys(("rho", "decay_rate", "gamma", "smoothing"), ("alpha", "rho", "betas")),
    **dict.fromkeys(("mu", "nu"), ("momentum", "betas")),
    **dict.fromkeys(("parameters", "parameter_list", "model", "weights", "variables"), ("params",)),
    **dict.fromkeys(("init_acc", "initial_accumulator"), ("initial_accumulator_value",)),
    **dict.fromkeys(("ams", "use_amsgrad"), ("amsgrad",)),
}

ADVICE = {
    "nesterov": "Nesterov's momentum is an option of SGD, and of Adam's kind there is NAdam",
    "clipnorm": "call nn.utils.clip_grad_norm_(model.parameters(), max_norm) before step()",
    "clipvalue": "call nn.utils.clip_grad_value_(model.parameters(), clip_value) before step()",
    "global_clipnorm": "call nn.utils.clip_grad_norm_(model.parameters(), max_norm) before step()",
    "momentum": "the momentum of this optimizer is the first of its betas: betas=(0.9, 0.999)",
    "dampening": "dampening is an option of SGD",
}

GROUPS_ONLY = {"learning_rate", "learningrate", "epsilon", "beta1", "beta2", "beta_1", "beta_2"}
"""Names that are refused in parameter groups, too, where any other key may stand for the user's own purposes."""


def misspelt(name: str, known: Iterable[str], what: str) -> str:
    """The text of the error for an option that does not exist."""
    known = list(known)
    instead = [k for k in ELSEWHERE.get(name.lower(), ()) if k in known]
    if "betas" in instead and name.lower() != "momentum":
        hint = "write betas=(beta1, beta2), by default betas=(0.9, 0.999)"
    elif instead and instead[0] != "betas":
        hint = f"write {instead[0]}="
    elif name in ADVICE:
        hint = ADVICE[name]
    elif close := difflib.get_close_matches(name, known, 1):
        hint = f"did you mean {close[0]}="
    else:
        hint = f"its options are {', '.join(k for k in known if k != 'params')}"
    return f"{what} got an unexpected keyword argument '{name}': {hint}"


def check_names(cls: type, given: Iterable[str]) -> None:
    """Raises TypeError for options that the optimizer `cls` does not have, saying what to write instead."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return
    known = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    for name in given:
        if name not in known:
            raise TypeError(misspelt(name, known, cls.__name__))


def check_options(options: dict[str, Any]) -> None:
    """Raises ValueError for options out of range, TypeError for what is no number."""
    for name, (text, low, high) in RANGES.items():
        if name in options and not low <= _number(name, options[name]) <= high:
            to = "from 0 up" if high == math.inf else f"from {low} to {high}"
            raise ValueError(f"Invalid {text}: {options[name]}. {name} must be a number {to}.")
    for k, beta in enumerate(_pair("betas", options)):
        if not 0 <= _number("betas", beta) < 1:
            raise ValueError(f"Invalid beta parameter at index {k}: {beta}. It must be from 0 to below 1, as 0.9 is.")
    etas = _pair("etas", options)
    if etas and not 0 < etas[0] < 1 < etas[1]:
        raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}. Steps shrink by the first and grow by the second.")
    _pair("step_sizes", options)


def _pair(name: str, options: dict[str, Any]) -> tuple[Any, ...]:
    value = options.get(name, ())
    if name in options and (not isinstance(value, (tuple, list)) or len(value) != 2):
        raise ValueError(f"{name} must be two numbers, such as (0.9, 0.999), not {value!r}")
    return tuple(value)


def _number(name: str, value: Any) -> float:
    if isinstance(value, TensorBase):
        if value._array.size != 1:
            raise ValueError(f"Tensor {name} must be 1-element, but has shape {tuple(value._array.shape)}")
        return float(value._array.item())
    try:
        if isinstance(value, str):
            raise TypeError
        return float(value)
    except TypeError:
        raise TypeError(f"{name} must be a number, but got a {type(value).__name__}: {value!r}") from None


def plain(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with tensors of one element as Python's numbers (NumPy's would make float64 of float32)."""
    return {k: _plain(v) for k, v in options.items() if k != "params"}


def _plain(value: Any) -> Any:
    if type(value) in (float, int, bool, str, type(None)):
        return value
    if isinstance(value, (tuple, list)):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, (TensorBase, np.generic)) else value  # type: ignore[union-attr]
