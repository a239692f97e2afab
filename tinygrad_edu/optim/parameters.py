"""What may be given to an optimizer as its parameters, and what is meant instead where it is something else."""

from __future__ import annotations

from itertools import chain
from typing import Any

from numpy import ndarray

from tinygrad_edu.primitive import Node, TensorBase

__all__ = ["as_groups", "check_new_group", "split_names"]


def as_groups(params: Any, optimizer: str) -> list[dict[str, Any]]:
    """The parameter groups that were given: dicts, tensors, or pairs of a name and a tensor."""
    kind = type(params).__name__
    if isinstance(params, (TensorBase, ndarray)):
        raise TypeError(
            f"params argument given to the optimizer should be an iterable of Tensors or dicts, but got a single "
            f"{kind}: write {optimizer}([w])"
        )
    if callable(getattr(params, "parameters", None)):
        raise TypeError(
            f"params must be the parameters of the model, but got the model ({kind}) itself: write "
            f"{optimizer}(model.parameters())"
        )
    if callable(params):
        name = getattr(params, "__name__", "parameters")
        raise TypeError(f"params is the function {name} itself: call it, {optimizer}(model.{name}())")
    if isinstance(params, dict):
        instead = "[group]" if "params" in params else "its tensors: list(d.values())"
        raise TypeError(f"params must be a list of tensors or of dicts, but got a dict: write {instead}")
    if isinstance(params, (str, bytes)) or not hasattr(params, "__iter__"):
        raise TypeError(
            f"params must come first and be a list of tensors or of dicts, but got a {kind}: write "
            f"{optimizer}(model.parameters(), lr=0.01)"
        )
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but a set has no order: make a list"
        )
    given = list(params)
    if not given:
        raise ValueError(
            "optimizer got an empty parameter list. (A generator such as model.parameters() is used up after "
            "one loop: call it again, or make a list of it.)"
        )
    return given if isinstance(given[0], dict) else [{"params": given}]


def split_names(params: Any) -> tuple[list[Any], list[str] | None]:
    """The parameters of a group, and their names if they were given as pairs (`named_parameters()`)."""
    if isinstance(params, (set, frozenset)):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but a set has no order: make a list"
        )
    if callable(params) or callable(getattr(params, "parameters", None)) or isinstance(params, (str, dict, ndarray)):
        as_groups(params, "Optimizer")
    given = [params] if isinstance(params, TensorBase) else list(params)
    pairs = [p for p in given if isinstance(p, tuple) and len(p) == 2 and isinstance(p[0], str)]
    if pairs and len(pairs) < len(given):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return ([p for _, p in pairs], [name for name, _ in pairs]) if pairs else (given, None)


def check_new_group(group: dict[str, Any], others: list[dict[str, Any]], may_be_computed: bool) -> None:
    """Raises the error for parameters that cannot be optimized, or not in this group."""
    params = group["params"]
    for p in params:
        _check(p, may_be_computed)
    if len(set(params)) != len(params):
        raise ValueError("a parameter stands twice in the same group, and would be changed twice in each step")
    if any(("param_names" in group) != ("param_names" in g) for g in others):
        with_or_without = "with names" if "param_names" in group else "without names"
        raise ValueError(
            f"all optimizer param groups should be with/without names. cannot add param group {with_or_without} to "
            f"the optimizer: use named_parameters() in all of them, or in none"
        )
    if set(params) & set(chain.from_iterable(g["params"] for g in others)):
        raise ValueError("some parameters appear in more than one parameter group")


def _check(p: Any, may_be_computed: bool) -> None:
    if not isinstance(p, TensorBase):
        raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
    if isinstance(p._edge(), Node) and not may_be_computed and not p.retains_grad:
        raise ValueError(
            f"can't optimize a non-leaf Tensor (shape {tuple(p._array.shape)}): it was computed, by "
            f"{p._edge()}, and would be computed anew. Optimize what it was computed from, or w.detach()."
        )
    if type(p._array) is not ndarray or not p._array.flags.writeable:
        raise RuntimeError(
            f"can't optimize a tensor whose memory is read-only (shape {tuple(p._array.shape)}): use w.clone()"
        )
