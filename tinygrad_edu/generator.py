"""Where random numbers come from: NumPy's generators under PyTorch's names."""

from __future__ import annotations

import json
import operator
import secrets
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from tinygrad_edu.device import check_device, cpu
from tinygrad_edu.primitive import TensorBase, wrap

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = ["Generator", "current", "default_generator", "generator"]


class Generator:
    """A source of random numbers with a state of its own; every function that draws takes one as `generator=`.

    >>> from tinygrad_edu import Generator, rand
    >>> g = Generator().manual_seed(0)
    >>> h = Generator().manual_seed(0)
    >>> rand(3, generator=g).equal(rand(3, generator=h))
    True
    """

    def __init__(self, device: Any = "cpu") -> None:
        check_device(device)
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Start again from `seed`; returns the generator. Raises TypeError for what is no whole number."""
        try:
            start = operator.index(seed) % 2**64
        except TypeError:
            raise TypeError(f"manual_seed: a seed is a whole number, not {seed!r}") from None
        self._seed = start
        self.numpy = np.random.Generator(np.random.PCG64(start))
        return self

    def seed(self) -> int:
        """Start again from a random seed, and return that."""
        return self.manual_seed(secrets.randbits(64)).initial_seed()

    def initial_seed(self) -> int:
        """The seed that it was started from."""
        return self._seed

    def get_state(self) -> Tensor:
        """Its state, as a uint8 tensor for `set_state`."""
        state = json.dumps({"seed": self._seed, "numpy": self.numpy.bit_generator.state})
        return wrap(np.frombuffer(state.encode(), np.uint8).copy())

    def set_state(self, new_state: Any) -> Generator:
        """Continue from a state that `get_state` gave. Raises RuntimeError for any other tensor."""
        try:
            state = json.loads(bytes(new_state._array if isinstance(new_state, TensorBase) else new_state))
            fresh = np.random.PCG64()
            fresh.state = state["numpy"]
        except (TypeError, ValueError, KeyError):
            raise RuntimeError("set_state: this is not a state that get_state gave (a uint8 tensor)") from None
        self._seed, self.numpy = state["seed"], np.random.Generator(fresh)
        return self

    @property
    def device(self) -> Any:
        """Where it draws: the CPU."""
        return cpu

    def clone_state(self) -> Generator:
        """Another generator in the same state."""
        return Generator().set_state(self.get_state())


default_generator = Generator()
"""What is drawn from where no generator is given."""

current: ContextVar[Generator] = ContextVar("current", default=default_generator)
"""The default generator; a worker thread that loads data has one of its own, so that what it draws can be repeated."""


def generator(given: Generator | None = None) -> np.random.Generator:
    """NumPy's generator behind `given`, or behind the default one."""
    if given is None:
        return current.get().numpy
    if not isinstance(given, Generator):
        raise TypeError(f"generator must be a Generator, not {type(given).__name__}: Generator().manual_seed(0)")
    return given.numpy
