"""A module as a function of its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_edu.nn.members import BUFFER, PARAMETER
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.tree import join

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with other tensors in the places of its parameters and buffers; afterwards it is as it was.

    Args:
        parameters_and_buffers: tensors by path, or several such dicts.
        args, kwargs: of the call; a single argument need not be in a tuple.
        tie_weights: whether a shared parameter is replaced in all its places if it is in one.
        strict: whether every parameter and buffer must be given.

    Raises RuntimeError for a path that is none, and with `strict` for one that is missing.

    >>> import tinygrad_edu as tg
    >>> layer = tg.nn.Linear(2, 1)
    >>> tg.func.functional_call(layer, {"weight": tg.ones(1, 2), "bias": tg.tensor([10.0])}, tg.tensor([[1.0, 2.0]]))
    tensor([[13.]])
    """
    given: dict[str, Any] = {}
    for part in [parameters_and_buffers] if isinstance(parameters_and_buffers, Mapping) else parameters_and_buffers:
        given |= part
    places = {
        join(path, name): (owner.__dict__, name)
        for path, owner in module.named_modules(remove_duplicate=False)
        for kind in (PARAMETER, BUFFER)
        for name, _ in owner._own_members(kind)
    }
    unexpected = [key for key in given if key not in places]
    missing = [key for key in places if key not in given] if strict else []
    if unexpected or missing:
        raise RuntimeError(
            f"functional_call: {type(module).__name__} has no {', '.join(map(repr, unexpected))}"
            if unexpected
            else f"functional_call: strict, but there is nothing for {', '.join(map(repr, missing))}"
        )
    before = [(key, where, name, where[name]) for key, (where, name) in places.items()]
    new = {id(tensor): given[key] for key, _, _, tensor in before if key in given} if tie_weights else {}
    try:
        for key, where, name, tensor in before:
            where[name] = given[key] if key in given else new.get(id(tensor), tensor)
        arguments = args if isinstance(args, tuple) else () if args is None else (args,)
        return module(*arguments, **(kwargs or {}))
    finally:
        for _, where, name, tensor in before:
            where[name] = tensor
