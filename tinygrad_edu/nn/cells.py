"""Single steps of recurrent layers: RNNCell, LSTMCell, GRUCell, for loops of your own.

The input is (N, input_size), or (input_size,) without a batch. Parameters are `weight_ih`, `weight_hh`, `bias_ih`,
`bias_hh`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional import recurrent
from tinygrad_edu.nn.functional.recurrent import State, Weights
from tinygrad_edu.nn.linear import count, uniform_
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import shaping
from tinygrad_edu.tensor import Tensor

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells have in common. num_chunks: the number of gates."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        check_device(device)
        self.input_size = count(type(self).__name__, "input_size", input_size)
        self.hidden_size = count(type(self).__name__, "hidden_size", hidden_size)
        self.bias = bool(bias)
        gates = num_chunks * self.hidden_size
        self.weight_ih = Parameter(creation.empty(gates, self.input_size, dtype=dtype))
        self.weight_hh = Parameter(creation.empty(gates, self.hidden_size, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(creation.empty(gates, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial values anew, from U(−1/√hidden_size, 1/√hidden_size)."""
        for p in self.parameters():
            uniform_(p, self.hidden_size)

    def _next(self, input: Any, given: tuple[Any, ...] | None, parts: int) -> State:
        """The state after one step from the state that was given (None: 0), which has one or two parts."""
        self._check(input, given)
        batched = input.ndim == 2
        n = input.shape[0] if batched else 1
        if given is None:
            state: State = (wrap(np.zeros((n, self.hidden_size), self.weight_hh.dtype)),) * parts
        else:
            state = given if batched else tuple(shaping.reshape(s, shape=(1, self.hidden_size)) for s in given)
        x = shaping.reshape(input, shape=(1, n, self.input_size))
        _, state = self._step(x, Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh), state)
        return state if batched else tuple(shaping.reshape(s, shape=(self.hidden_size,)) for s in state)

    def _step(self, x: Any, w: Weights, state: State) -> tuple[Any, State]:
        raise NotImplementedError

    def _check(self, input: Any, given: tuple[Any, ...] | None) -> None:
        name = type(self).__name__
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}: the input must be a Tensor, not {type(input).__name__}")
        if input.ndim not in (1, 2):
            raise ValueError(
                f"{name}: Expected input to be 1D or 2D, got {input.ndim}D instead. A cell takes one step, (N, "
                f"{self.input_size}); {name.removesuffix('Cell')} takes whole sequences."
            )
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{name}: input has inconsistent input_size: got {input.shape[-1]} expected {self.input_size}; its "
                f"shape is {tuple(input.shape)}"
            )
        for k, s in enumerate(given or ()):
            if not isinstance(s, Tensor):
                raise TypeError(f"{name}: the state must be a Tensor, not {type(s).__name__}")
            if s.ndim not in (1, 2):
                what = "hidden" if given and len(given) == 1 else f"hx[{k}]"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {s.ndim}D instead")
            if s.shape[-1] != self.hidden_size:
                raise RuntimeError(
                    f"{name}: hidden{k} has inconsistent hidden_size: got {s.shape[-1]}, expected {self.hidden_size}"
                )
            if s.ndim != input.ndim or s.shape[:-1] != input.shape[:-1]:
                sizes = [x.shape[0] if x.ndim == 2 else "none" for x in (input, s)]
                raise RuntimeError(
                    f"{name}: Input batch size {sizes[0]} doesn't match hidden{k} batch size {sizes[1]}: the shapes "
                    f"are {tuple(input.shape)} and {tuple(s.shape)}"
                )

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")


class RNNCell(RNNCellBase):
    """tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it: (N, input_size), (N, hidden_size) → (N, hidden_size).

    Called as ``cell(x, h)``; h is 0 if left out.

    >>> import tinygrad_edu as tg
    >>> cell = tg.nn.RNNCell(3, 4)
    >>> h = cell(tg.ones(2, 3))
    >>> cell(tg.ones(2, 3), h).shape
    Size([2, 4])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def _step(self, x: Any, w: Weights, state: State) -> tuple[Any, State]:
        return recurrent.rnn(x, w, state, self.nonlinearity)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._next(input, None if hx is None else (hx,), 1)[0]

    def extra_repr(self) -> str:
        return super().extra_repr() + (f", nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else "")


class LSTMCell(RNNCellBase):
    """One step of an LSTM: x (N, input_size), (h, c) → (h, c), each (N, hidden_size). Zeros if left out.

    >>> import tinygrad_edu as tg
    >>> h, c = tg.nn.LSTMCell(3, 4)(tg.ones(2, 3))
    >>> h.shape, c.shape
    (Size([2, 4]), Size([2, 4]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def _step(self, x: Any, w: Weights, state: State) -> tuple[Any, State]:
        return recurrent.lstm(x, w, state)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        if hx is not None and (isinstance(hx, Tensor) or len(hx) != 2):
            raise TypeError("LSTMCell: hx must be tuple of two Tensors, the state and the cell: cell(x, (h, c))")
        h, c = self._next(input, None if hx is None else tuple(hx), 2)
        return h, c


class GRUCell(RNNCellBase):
    """One step of a GRU: x (N, input_size), h → h (N, hidden_size). Zeros if left out.

    >>> import tinygrad_edu as tg
    >>> tg.nn.GRUCell(3, 4)(tg.ones(3)).shape
    Size([4])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def _step(self, x: Any, w: Weights, state: State) -> tuple[Any, State]:
        return recurrent.gru(x, w, state)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._next(input, None if hx is None else (hx,), 1)[0]
