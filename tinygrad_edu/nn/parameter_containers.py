"""Parameters in a list and in a dict, for a number of them that is chosen at run time."""

from __future__ import annotations

import operator
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tinygrad_edu import printing
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.primitive import TensorBase

__all__ = ["ParameterDict", "ParameterList"]


def _kept(value: Any) -> Any:
    """What is kept of a value: a plain tensor becomes a parameter."""
    return Parameter(value) if isinstance(value, TensorBase) and not isinstance(value, Parameter) else value


def _described(name: Any, value: Any, kind: Callable[[Any], str]) -> str:
    """A line of the repr, in which PyTorch names the dtype in a list and the type in a dict: that is its `kind`."""
    if not isinstance(value, TensorBase):
        return f"  ({name}): Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({name}): {what} containing: [{kind(value)} of size {'x'.join(map(str, value._array.shape))}]"


class ParameterList(Module):
    """A list whose tensors are parameters of the module which holds it (in a plain list they would not be found).

    >>> import tinygrad_edu as tg
    >>> powers = tg.nn.ParameterList([tg.ones(2), tg.zeros(3)])
    >>> [tuple(p.shape) for p in powers.parameters()]
    [(2,), (3,)]
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self.extend(values)

    def _name_at(self, index: Any) -> str:
        k = operator.index(index)
        if not -self._size <= k < self._size:
            raise IndexError(f"index {k} is out of range: ParameterList has {self._size} values")
        return str(k % self._size)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.__class__(list(self)[index])
        return getattr(self, self._name_at(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        setattr(self, self._name_at(index), _kept(value))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return iter([getattr(self, str(k)) for k in range(self._size)])

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end; returns the list."""
        setattr(self, str(self._size), _kept(value))
        self._size += 1
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add values at the end; returns the list. Raises TypeError for a single parameter."""
        if not isinstance(values, Iterable) or isinstance(values, TensorBase):
            raise TypeError(
                f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}: write [p]"
            )
        for value in list(values):
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called: use its elements, parameters[0]")

    def extra_repr(self) -> str:
        return "\n".join(_described(k, v, lambda t: printing.dtype_name(t._array.dtype)) for k, v in enumerate(self))


class ParameterDict(Module):
    """A dict whose tensors are parameters of the module which holds it.

    >>> import tinygrad_edu as tg
    >>> gains = tg.nn.ParameterDict({"left": tg.ones(2), "right": tg.zeros(2)})
    >>> [name for name, _ in gains.named_parameters()]
    ['left', 'right']
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._order: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Any:
        self._check(key)
        if key not in self._order:
            raise KeyError(key)
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._check(key)
        if key not in self._order and hasattr(self, key):
            raise KeyError(f"attribute '{key}' already exists")
        setattr(self, key, _kept(value))
        self._order[key] = None

    @staticmethod
    def _check(key: object) -> None:
        if not isinstance(key, str):
            raise TypeError(
                f"Index given to ParameterDict cannot be used as a key as it is not a string (type is "
                f"'{type(key).__name__}'): write str(key)"
            )

    def __delitem__(self, key: str) -> None:
        del self._order[key]
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[str]:
        return iter(self._order)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._order)

    def __contains__(self, key: object) -> bool:
        return key in self._order

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._order.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Names with values."""
        return [(key, self[key]) for key in self._order]

    def values(self) -> Iterable[Any]:
        """The values."""
        return [self[key] for key in self._order]

    def get(self, key: str, default: Any = None) -> Any:
        """The value of that name, or `default`."""
        return self[key] if key in self._order else default

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of that name, which becomes `default` if there is none."""
        if key not in self._order:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Remove a value, and return it."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Remove the last value, and return its name and itself. Raises KeyError if there is none."""
        if not self._order:
            raise KeyError("popitem: the ParameterDict is empty")
        key = next(reversed(self._order))
        return key, self.pop(key)

    def clear(self) -> None:
        """Remove all values."""
        for key in list(self._order):
            del self[key]

    def copy(self) -> ParameterDict:
        """A dict of the same parameters."""
        return ParameterDict(self)

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A dict that has `default` under each of the names."""
        return ParameterDict([(key, default) for key in keys])

    def update(self, parameters: Any) -> None:
        """Add or replace values: those of a dict in the order of their names, as in PyTorch; pairs as they come."""
        if not isinstance(parameters, Iterable) or isinstance(parameters, TensorBase):
            raise TypeError(
                f"ParameterDict.update should be called with an iterable of key/value pairs, but got "
                f"{type(parameters).__name__}"
            )
        pairs: Iterable[Any] = parameters
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items(), key=lambda pair: str(pair[0]))
        for k, pair in enumerate(list(pairs)):
            if not isinstance(pair, Iterable) or len(pair := tuple(pair)) != 2:
                raise ValueError(f"ParameterDict update sequence element #{k} is no pair of a name and a value")
            self[pair[0]] = pair[1]

    def __or__(self, other: Any) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ior__(self, other: Any) -> ParameterDict:
        self.update(other)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called: use its elements, parameters['name']")

    def extra_repr(self) -> str:
        return "\n".join(_described(name, v, lambda t: str(t.type())) for name, v in self.items())
