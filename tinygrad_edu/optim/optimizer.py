"""Optimizer: groups of parameters with their options, the state of each parameter, and how both are saved."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.autograd import enable_grad
from tinygrad_edu.primitive import Node, TensorBase, wrap

__all__ = ["Optimizer"]


class Optimizer:
    """What all optimizers have in common. A subclass gives its options in `defaults`, and defines `update`.

    Args:
        params: tensors, or dicts (parameter groups) with the tensors under "params" and options of their own.
        defaults: the options of groups that do not say otherwise.

    Raises TypeError for what is no tensor, ValueError for no tensor at all, for one that was computed and
    for one that stands in two groups, RuntimeError for one whose memory cannot be written to.
    """

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]  # of each parameter

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, (TensorBase, ndarray)):
            raise TypeError(
                f"params must be a list of tensors or of dicts, but got a single {type(params).__name__}: write [w]"
            )
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list. (A generator such as model.parameters() is used up after "
                "one loop: call it again, or make a list of it.)"
            )
        self.defaults, self.state, self.param_groups = defaults, defaultdict(dict), []
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, for instance layers that are to be trained from now on."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got a {type(param_group).__name__}")
        group = dict(param_group)
        params = group.get("params")
        if isinstance(params, set):
            raise TypeError("params must be ordered, but a set has no order: make a list of it")
        group["params"] = params = [params] if isinstance(params, TensorBase) else list(params or ())
        for p in params:
            self._check_parameter(p)
        if len(set(params)) != len(params):
            raise ValueError("a parameter stands twice in the same group, and would be changed twice in each step")
        if set(params) & set(chain.from_iterable(g["params"] for g in self.param_groups)):
            raise ValueError("some parameters appear in more than one parameter group")
        group |= {k: v for k, v in self.defaults.items() if k not in group}
        self.check_options(group)
        self.param_groups.append(group)

    @staticmethod
    def _check_parameter(p: Any) -> None:
        if not isinstance(p, TensorBase):
            hint = " (named_parameters() gives pairs; parameters() gives the tensors)" if isinstance(p, tuple) else ""
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}{hint}")
        if isinstance(p._edge(), Node):
            raise ValueError(
                f"can't optimize a non-leaf Tensor (shape {tuple(p._array.shape)}): it was computed, by "
                f"{p._edge()}, and would be computed anew. Optimize what it was computed from, or w.detach()."
            )
        if type(p._array) is not ndarray or not p._array.flags.writeable:
            raise RuntimeError(
                f"can't optimize a tensor whose memory is read-only (shape {tuple(p._array.shape)}): use w.clone()"
            )

    def check_options(self, group: dict[str, Any]) -> None:
        """Raises ValueError for options that make no sense. To be extended by subclasses."""
        self._at_least_zero(group, lr="learning rate", weight_decay="weight_decay value", momentum="momentum value")

    @staticmethod
    def _at_least_zero(group: dict[str, Any], **options: str) -> None:
        for option, name in options.items():
            value = group.get(option, 0)
            if not value >= 0:
                raise ValueError(f"Invalid {name}: {value}. {option} must be a number from 0 up.")

    def update(self, group: dict[str, Any]) -> None:
        """Change the parameters of one group, in place."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient. `closure`, if given, computes the loss anew, and is returned."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            self.update(group)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients (or set them to 0), so that the next backward pass does not add to them."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is not None:
                    if set_to_none:
                        p.grad = None
                    else:
                        p.grad = wrap(np.zeros_like(p._array))

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters as numbers in order: what `load_state_dict` takes. Arrays are shared."""
        numbers = {p: k for k, p in enumerate(chain.from_iterable(g["params"] for g in self.param_groups))}
        return {
            "state": {numbers[p]: dict(s) for p, s in self.state.items() if p in numbers},
            "param_groups": [{**g, "params": [numbers[p] for p in g["params"]]} for g in self.param_groups],
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state from another optimizer's `state_dict`, as copies.

        Raises ValueError where the groups are not alike.
        """
        saved = state_dict["param_groups"]
        ours, theirs = ([len(g["params"]) for g in gs] for gs in (self.param_groups, saved))
        if ours != theirs:
            raise ValueError(
                f"loaded state dict has a different number of parameter groups, or groups that don't match the size of "
                f"the optimizer's: {theirs} parameters, where this optimizer has {ours}"
            )
        params = list(chain.from_iterable(g["params"] for g in self.param_groups))
        numbers = list(chain.from_iterable(g["params"] for g in saved))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for k, p in zip(numbers, params, strict=True):
            if k in state_dict["state"]:
                state[p] = {name: _as_parameter(v, p) for name, v in state_dict["state"][k].items()}
        groups = [
            {**copy.deepcopy({k: v for k, v in theirs.items() if k != "params"}), "params": ours["params"]}
            for ours, theirs in zip(self.param_groups, saved, strict=True)
        ]
        for group in groups:
            self.check_options(group)
        self.state, self.param_groups = state, groups

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            lines += [f"Parameter Group {k}", *(f"    {n}: {group[n]}" for n in sorted(group) if n != "params")]
        return "\n".join([*lines, ")"])


def _as_parameter(value: Any, p: Any) -> Any:
    """A copy of one value of the state; what is like the parameter gets its dtype."""
    if not isinstance(value, TensorBase):
        return copy.deepcopy(value)
    like = value._array.shape == p._array.shape and value._array.dtype.kind == "f"
    return wrap(np.array(value._array, p._array.dtype if like else None))
