"""Loading a state dict into a module: everything is checked before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy import ndarray

from tinygrad_edu import memory
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.operands import plain_array
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.size import Size

if TYPE_CHECKING:
    from tinygrad_edu.nn.module import Module

__all__ = ["Keys", "Place", "load"]


class Place(NamedTuple):
    """Where a tensor of a state dict belongs."""

    module: Module
    name: str

    @property
    def tensor(self) -> Any:
        """The tensor that is there now."""
        return getattr(self.module, self.name)


class Keys(NamedTuple):
    """What `load_state_dict` returns: the keys that it did not find, and those that it did not know."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


def load(module: Module, places: dict[str, Place], state: Any, strict: bool, assign: bool) -> Keys:
    """Copy the tensors of `state` to their places, or put them there."""
    if not isinstance(state, Mapping):
        hint = " (state_dict is a method: write model.state_dict())" if callable(state) else ""
        raise TypeError(f"Expected state_dict to be dict-like, got {type(state)}.{hint}")
    missing = [key for key in places if key not in state]
    unexpected = [key for key in state if key not in places]
    problems = []
    if strict:
        if missing:
            problems.append(f"Missing key(s) in state_dict: {_quoted(missing)}. ")
        if unexpected:
            problems.append(f"Unexpected key(s) in state_dict: {_quoted(unexpected)}. {_prefixed(missing, unexpected)}")
    found = {key: _array(state[key]) for key in places if key in state}
    for key, array in found.items():
        problems += _mismatch(key, places[key].tensor, array, state[key], assign)
    if problems:
        name = type(module).__name__
        raise RuntimeError(f"Error(s) in loading state_dict for {name}:\n\t" + "\n\t".join(problems))
    for key, array in found.items():
        if assign:
            _assign(places[key], state[key], array)
        else:
            mine = places[key].tensor._array
            np.copyto(mine, array, casting="unsafe")
            memory.changed(mine, "load_state_dict")
    return Keys(missing, unexpected)


def _quoted(keys: list[str]) -> str:
    return ", ".join(f'"{key}"' for key in keys)


def _prefixed(missing: list[str], unexpected: list[str]) -> str:
    """A hint where the keys differ by a prefix only, as after nn.DataParallel."""
    for a, b, what in ((unexpected, missing, "have"), (missing, unexpected, "lack")):
        ends = {key: next((k for k in b if key.endswith("." + k)), None) for key in a}
        prefixes = {key[: -len(k)] for key, k in ends.items() if k}
        if len(prefixes) == 1 and all(ends.values()):
            prefix = prefixes.pop()
            new = f"k.removeprefix({prefix!r})" if what == "have" else f"{prefix!r} + k"
            return f"(The keys {what} the prefix {prefix!r}: load {{{new}: v for k, v in state_dict.items()}}.) "
    return ""


def _array(value: Any) -> Any:
    """The array of a tensor, of one of another library, or of NumPy; None for what is none."""
    if isinstance(value, TensorBase):
        return value._array
    if not isinstance(value, (ndarray, np.generic)):
        if not hasattr(value, "__array__"):
            return None
        value = value.detach() if hasattr(value, "detach") else value
    array = np.asarray(value)
    return plain_array(array) if array.dtype.kind in "fiub" else None


def _mismatch(key: str, mine: Any, array: Any, value: Any, assign: bool) -> Iterator[str]:
    if array is None:
        yield (
            f'While copying the parameter named "{key}", expected Tensor or Tensor-like object from checkpoint but '
            f"received {type(value)}"
        )
    elif mine._array.shape != array.shape:
        yield (
            f"size mismatch for {key}: copying a param with shape {Size(array.shape)} from checkpoint, the shape in "
            f"current model is {Size(mine._array.shape)}."
        )
    elif not assign and not mine._array.flags.writeable:
        yield f"the memory of {key} is read-only, and cannot be copied to: load with assign=True."
    elif assign and mine._edge() is not None and array.dtype.kind != "f":
        yield f"{key} requires grad, and cannot become a tensor of {array.dtype}."


def _assign(place: Place, value: Any, array: Any) -> None:
    mine = place.tensor
    if isinstance(mine, Parameter) and not isinstance(value, Parameter):
        value = Parameter(wrap(array), mine._edge() is not None)
    setattr(place.module, place.name, value if isinstance(value, TensorBase) else wrap(array))
