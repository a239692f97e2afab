"""Optimizer: groups of parameters with their options, the state of each parameter, and how both are saved."""

from __future__ import annotations

import copy
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.autograd import enable_grad
from tinygrad_edu.autograd.hooks import RemovableHandle
from tinygrad_edu.optim.flat import Layout, State, alone
from tinygrad_edu.optim.options import GROUPS_ONLY, check_names, check_options, misspelt, plain
from tinygrad_edu.optim.parameters import as_groups, check_new_group, split_names
from tinygrad_edu.primitive import TensorBase, wrap

__all__ = ["Optimizer"]

KINDS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post", "load_state_dict_pre", "load_state_dict_post")


def hooked(step: Callable[..., Any]) -> Callable[..., Any]:
    """A `step` that runs the hooks registered on its optimizer, once, also where it calls another class's `step`."""

    @functools.wraps(step)
    def run(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        self._opt_called = True
        if self._stepping or not self._step_hooks:
            return step(self, *args, **kwargs)
        self._stepping = True
        try:
            for hook in list(self._hooks["step_pre"]):
                new = hook(self, args, kwargs)
                if new is not None:
                    if not isinstance(new, tuple) or len(new) != 2:
                        raise RuntimeError(
                            f"a step_pre_hook must return None or a tuple of (new_args, new_kwargs), but got {new!r}"
                        )
                    args, kwargs = new
            out = step(self, *args, **kwargs)
            for hook in list(self._hooks["step_post"]):
                hook(self, args, kwargs)
        finally:
            self._stepping = False
        return out

    return run


class Optimizer:
    """What all optimizers have in common.

    A subclass gives its options in `defaults`, its state in `initial` and its formula in `update`; or it defines
    `step` itself, and then uses `param_groups` and `state` as it likes.

    Args:
        params: tensors, pairs of a name and a tensor, or dicts (parameter groups) with these under "params" and
            options of their own.
        defaults: the options of groups that do not say otherwise.

    Raises TypeError for what is no tensor, ValueError for no tensor at all, for one that was computed and
    for one that stands in two groups, RuntimeError for one whose memory cannot be written to.

    >>> import tinygrad_edu as tg
    >>> class SignSGD(tg.optim.Optimizer):
    ...     def __init__(self, params, lr=0.01):
    ...         super().__init__(params, {"lr": lr})
    ...     def update(self, options, state, x, g):
    ...         return options["lr"] * np.sign(g)
    >>> w = tg.tensor([3.0, -4.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignSGD([w], lr=0.5).step()
    >>> w.detach()
    tensor([ 2.5000, -3.5000])
    """

    defaults: dict[str, Any]
    param_groups: list[dict[str, Any]]
    state: defaultdict[Any, dict[str, Any]]  # of each parameter

    numbers: tuple[str, ...] = ("step",)
    """The entries of the state that are one number for the whole parameter (kept as a tensor without dimensions)."""

    together = 2
    """How many small parameters are worth copying together."""

    _opt_called = _step_hooks = _stepping = False  # a step was taken; hooks were registered; a step is being taken
    _hooks: dict[str, list[Any]]

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """Answers other libraries' names of options with ours."""
        check_names(cls, options)
        return super().__new__(cls)

    def __init_subclass__(cls) -> None:
        if "step" in cls.__dict__:
            cls.step = hooked(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        groups = as_groups(params, type(self).__name__)
        self.defaults, self.state, self.param_groups = defaults, defaultdict(dict), []
        self._forget()
        self.check_options(defaults)
        self.defaults = plain(defaults) | {k: v for k, v in defaults.items() if k == "lr"}  # which may stay a tensor
        for group in groups:
            self.add_param_group(group)

    def _forget(self) -> None:
        """Start without hooks and memory layout, as a copy does."""
        self._by = f"{type(self).__name__}.step"  # who changes parameters, for messages
        self._hooks = {kind: [] for kind in KINDS}
        self._step_hooks = False
        self._layouts: dict[int, Layout] = {}

    # -- what a subclass defines ------------------------------------------------------------------------------

    def initial(self, options: dict[str, Any]) -> dict[str, Any]:
        """The state of a parameter before its first step.

        For each entry a number that fills it, or a function that computes it from the first gradient. Entries have
        the parameter's shape, those named in `numbers` none.
        """
        return {}

    def update(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        """The formula, elementwise: what is to be subtracted from the parameters, in new memory.

        It runs on NumPy vectors that hold many parameters, or parts of one. `g` is the gradient (after maximize
        and weight_decay) and is not to be changed. The entries of `state` are vectors like `g`, to be updated in
        place, and numbers, to be replaced. `x`, the parameters' values, is given where `needs_parameter` says so.
        """
        raise NotImplementedError(f"{type(self).__name__} must define update, or step")

    def needs_parameter(self, options: dict[str, Any]) -> bool:
        """Whether the parameters' values are needed to compute the change."""
        return bool(options.get("weight_decay"))

    # -- one step ----------------------------------------------------------------------------------------------

    def gradient(self, options: dict[str, Any], x: Any, g: Any) -> Any:
        """The gradient that the formula sees: g, or −g to maximize, and weight_decay · x."""
        if options.get("maximize"):
            g = np.negative(g)
        decay = options.get("weight_decay")
        return g + decay * x if decay and not options.get("decoupled_weight_decay") else g

    def change(self, options: dict[str, Any], state: State, x: Any, g: Any) -> ndarray:
        """What is subtracted from x: the formula's, and lr · weight_decay · x where the decay is decoupled."""
        delta = self.update(options, state, x, self.gradient(options, x, g))
        decay = options.get("weight_decay")
        if decay and options.get("decoupled_weight_decay"):
            delta += options["lr"] * decay * x
        return delta

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient. `closure`, if given, computes the loss anew, and is returned."""
        if self._step_hooks and not self._stepping:
            return hooked(Optimizer.step)(self, *(() if closure is None else (closure,)))
        self._opt_called = True
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        by = self._by
        for k, group in enumerate(self.param_groups):
            params = [p for p in group["params"] if p._grad is not None]
            if not params:
                continue
            options = group if type(group.get("lr")) in (float, int) else plain(group)
            initial = self.initial(options)
            change = self.change if options.get("weight_decay") or options.get("maximize") else self.update
            if len(params) < self.together:
                for p in params:
                    alone(self, options, initial, change, p, by)
                continue
            layout = self._layouts.get(k)
            if layout is None or not layout.fits(params, initial, self.state):
                layout = self._layouts[k] = Layout(self, options, initial, params)
            layout.step(self, options, initial, change, by)
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients (or set them to 0), so that the next backward pass does not add to them."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                if not set_to_none:
                    p.grad = wrap(np.zeros_like(p._array))
                elif p._assigned is None:
                    p._grad = None  # the same as below, at a third of the time
                else:
                    p.grad = None

    # -- groups --------------------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, for instance layers that are to be trained from now on."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got a {type(param_group).__name__}")
        group = dict(param_group)
        if "params" not in group:
            raise KeyError(f"a param_group needs its tensors under 'params', but has only {sorted(group)}")
        for name in group:
            if name in GROUPS_ONLY and name not in self.defaults:
                raise TypeError(misspelt(name, self.defaults, f"a parameter group of {type(self).__name__}"))
        group["params"], names = split_names(group["params"])
        if names is not None:
            group["param_names"] = names
        check_new_group(group, self.param_groups, bool(self.defaults.get("differentiable")))
        group |= {k: v for k, v in self.defaults.items() if k not in group}
        self.check_options(group)
        self.param_groups.append(group)

    def check_options(self, group: dict[str, Any]) -> None:
        """Raises ValueError for options that make no sense. To be extended by subclasses."""
        if type(self).step is Optimizer.step:  # otherwise they mean what the subclass makes of them
            check_options(group)

    # -- saving and loading ----------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Options and state, with parameters as numbers in order: what `load_state_dict` takes. Arrays are shared."""
        for hook in list(self._hooks["state_dict_pre"]):
            hook(self)
        numbers = {p: k for k, p in enumerate(self._all_parameters())}
        out = {
            "state": {numbers.get(p, p): dict(s) if isinstance(s, dict) else s for p, s in self.state.items()},
            "param_groups": [
                {**{k: v for k, v in g.items() if k != "params"}, "params": [numbers[p] for p in g["params"]]}
                for g in self.param_groups
            ],
        }
        for hook in list(self._hooks["state_dict_post"]):
            out = hook(self, out) or out
        return out

    def _all_parameters(self) -> list[Any]:
        return [*chain.from_iterable(g["params"] for g in self.param_groups)]

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over options and state from another optimizer's `state_dict`, as copies.

        Raises ValueError where the groups are not alike, TypeError for what is no state_dict.
        """
        if not isinstance(state_dict, dict) or not {"state", "param_groups"} <= state_dict.keys():
            raise TypeError(
                "an optimizer's state_dict is a dict with 'state' and 'param_groups', as optimizer.state_dict() "
                f"returns it, but got {_described(state_dict)}"
            )
        state_dict = dict(state_dict)
        for hook in list(self._hooks["load_state_dict_pre"]):
            state_dict = hook(self, state_dict) or state_dict
        saved = state_dict["param_groups"]
        ours, theirs = ([len(g["params"]) for g in gs] for gs in (self.param_groups, saved))
        if ours != theirs:
            raise ValueError(
                f"loaded state dict has a different number of parameter groups, or groups that don't match the size of "
                f"the optimizer's: {theirs} parameters, where this optimizer has {ours}"
            )
        of = dict(zip(chain.from_iterable(g["params"] for g in saved), self._all_parameters(), strict=True))
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for k, entries in state_dict["state"].items():
            if k in of:
                state[of[k]] = {name: _adopted(name, v, of[k]) for name, v in entries.items()}
            else:
                state[k] = copy.deepcopy(entries)
        groups = []
        for mine, other in zip(self.param_groups, saved, strict=True):
            options = copy.deepcopy({k: v for k, v in other.items() if k != "params"})
            kept = {k: v for k, v in mine.items() if k in self.defaults or k in ("params", "param_names")}
            groups.append({**kept, **options})
            self.check_options(groups[-1])
        self.state, self.param_groups = state, groups
        for hook in list(self._hooks["load_state_dict_post"]):
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied: not the hooks, as in PyTorch."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_hooks", "_layouts", "_stepping")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._forget()

    # -- hooks -------------------------------------------------------------------------------------------------------

    def _register(self, kind: str, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        handle = RemovableHandle(self._hooks[kind], hook)
        self._step_hooks = self._step_hooks or kind in ("step_pre", "step_post")
        if prepend:
            self._hooks[kind].insert(0, self._hooks[kind].pop())
        return handle

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new (args, kwargs) for `step`."""
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before each `state_dict`."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after each `state_dict`; it may return another one."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before each `load_state_dict`; it may return another one."""
        return self._register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after each `load_state_dict`."""
        return self._register("load_state_dict_post", hook, prepend)

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for k, group in enumerate(self.param_groups):
            lines += [""] * (k > 0)  # between groups
            lines += [f"Parameter Group {k}", *(f"    {n}: {group[n]}" for n in sorted(group) if n != "params")]
        return "\n".join([*lines, ")"])


def _adopted(name: str, value: Any, p: Any) -> Any:
    """A copy of one value of the state; what is not a counter gets the parameter's dtype."""
    if isinstance(value, dict):
        return {k: _adopted(k, v, p) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_adopted("", v, p) for v in value)
    if not isinstance(value, TensorBase):
        return copy.deepcopy(value)
    cast = name != "step" and p._array.dtype.kind == "f"
    return wrap(np.array(value._array, p._array.dtype if cast else None))


def _described(value: Any) -> str:
    return f"a dict with {sorted(map(str, value))}" if isinstance(value, dict) else f"a {type(value).__name__}"
