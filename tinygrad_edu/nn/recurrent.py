"""Recurrent layers over whole sequences: RNN, LSTM, GRU.

The input is (T, N, input_size), time first; (N, T, input_size) with `batch_first`; (T, input_size) without a batch;
or packed (`nn.utils.rnn`). Parameters of layer k are `weight_ih_l{k}`, `weight_hh_l{k}`, `bias_ih_l{k}`,
`bias_hh_l{k}`; those of the direction backwards in time end in `_reverse`.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from tinygrad_edu.device import check_device
from tinygrad_edu.functions import creation
from tinygrad_edu.nn.functional import recurrent
from tinygrad_edu.nn.functional.recurrent import Kind, State, Weights
from tinygrad_edu.nn.linear import count, uniform_
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.parameter import Parameter
from tinygrad_edu.nn.utils.rnn import PackedSequence
from tinygrad_edu.primitive import wrap
from tinygrad_edu.rules import indexing, joining, shaping
from tinygrad_edu.tensor import Tensor
from tinygrad_edu.warning import warn

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")  # in the order of `Weights`
GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
KINDS: dict[str, Kind] = {
    "RNN_TANH": partial(recurrent.rnn, nonlinearity="tanh"),
    "RNN_RELU": partial(recurrent.rnn, nonlinearity="relu"),
    "LSTM": recurrent.lstm,
    "GRU": recurrent.gru,
}


class RNNBase(Module):
    """What RNN, LSTM and GRU have in common. mode: "RNN_TANH", "RNN_RELU", "LSTM" or "GRU"."""

    weight_ih_l0: Parameter
    weight_hh_l0: Parameter

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        check_device(device)
        name = type(self).__name__
        if mode not in GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}. It is one of {', '.join(GATES)}.")
        self.mode = mode
        self.input_size = count(name, "input_size", input_size, 1)
        self.hidden_size = count(name, "hidden_size", hidden_size, 1)
        self.num_layers = count(name, "num_layers", num_layers, 1)
        self.bias, self.batch_first, self.bidirectional = bool(bias), bool(batch_first), bool(bidirectional)
        if isinstance(dropout, bool) or not isinstance(dropout, (int, float)) or not 0 <= dropout <= 1:
            raise ValueError(
                f"{name}: dropout should be a number in range [0, 1] representing the probability of an element being "
                f"zeroed, not {dropout!r}"
            )
        if dropout and num_layers == 1:
            warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers=1"
            )
        self.dropout = float(dropout)
        self.proj_size = _checked_projection(name, mode, proj_size, self.hidden_size)
        self._all_weights = [
            self._add_weights(f"_l{k}{suffix}", k, dtype)
            for k in range(self.num_layers)
            for suffix in ("", "_reverse")[: 1 + self.bidirectional]
        ]
        self.reset_parameters()

    def _add_weights(self, suffix: str, layer: int, dtype: Any) -> list[str]:
        """Register the parameters of one direction of a layer; returns their names."""
        gates, out = GATES[self.mode] * self.hidden_size, self.proj_size or self.hidden_size
        inputs = out * (1 + self.bidirectional) if layer else self.input_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (gates, inputs), "weight_hh": (gates, out)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (out, self.hidden_size)
        for name, shape in shapes.items():
            self.register_parameter(name + suffix, Parameter(creation.empty(shape, dtype=dtype)))
        return [name + suffix for name in shapes]

    def reset_parameters(self) -> None:
        """Draw the initial values anew, from U(−1/√hidden_size, 1/√hidden_size)."""
        for p in self.parameters():
            uniform_(p, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing: in PyTorch, it arranges the weights for a GPU."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of every direction of every layer."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    # -- computing ---------------------------------------------------------------------------------------------

    def forward(self, input: Any, hx: Any = None) -> Any:
        """The last layer's states after every step, and all layers' states at the end.

        Raises ValueError for an input of other dimensions or dtype, RuntimeError for other sizes.
        """
        if isinstance(input, PackedSequence):
            return self._packed(input, hx)
        self._check_input(input)
        batched = input.ndim == 3
        if not batched:
            x = shaping.reshape(input, shape=(input.shape[0], 1, input.shape[1]))
        else:
            x = shaping.transpose(input, axes=(1, 0, 2)) if self.batch_first else input
        if not x.shape[0]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        hidden = self._hidden(hx, batched, tuple(input.shape))
        blocks, ends = self._run([x], self._starts(hidden, batched, x.shape[1]))
        y = blocks[0]
        if not batched:
            y = shaping.reshape(y, shape=(y.shape[0], y.shape[2]))
            return y, self._given([shaping.reshape(s, shape=(s.shape[0], s.shape[2])) for s in ends])
        return shaping.transpose(y, axes=(1, 0, 2)) if self.batch_first else y, self._given(ends)

    def _packed(self, input: PackedSequence, hx: Any) -> Any:
        data, sizes = input.data, np.asarray(input.batch_sizes._array)
        self._check_features(data, "PackedSequence.data")
        order, back = input.sorted_indices, input.unsorted_indices
        n = int(sizes[0])
        hidden = self._hidden(hx, True, (None, n, self.input_size))
        if hidden is not None and order is not None:
            hidden = [indexing.take(s, order, axis=1) for s in hidden]
        outputs, ends = self._run(_blocks(data, sizes), self._starts(hidden, True, n))
        y = joining.concatenate(*(shaping.reshape(x, shape=(-1, x.shape[2])) for x in outputs), axis=0)
        if back is not None:
            ends = [indexing.take(s, back, axis=1) for s in ends]
        return PackedSequence(y, input.batch_sizes, order, back), self._given(ends)

    def _run(self, blocks: list[Any], starts: list[State]) -> tuple[Any, list[Any]]:
        """The states by blocks; and h, and c, at the ends of all layers and directions, stacked."""
        suffixes = [names[0].removeprefix("weight_ih") for names in self._all_weights]
        weights = [Weights(*(self.__dict__.get(name + suffix) for name in WEIGHTS)) for suffix in suffixes]
        d = 1 + self.bidirectional
        layers = [weights[k : k + d] for k in range(0, len(weights), d)]
        p = self.dropout if self.training else 0.0
        outputs, ends = recurrent.stacked(KINDS[self.mode], blocks, layers, starts, p)
        return outputs, [joining.stack(*states, axis=0) for states in zip(*ends, strict=True)]

    def _sizes(self) -> list[int]:
        """The sizes of the parts of the state: of h, and for an LSTM of c."""
        return [self.proj_size or self.hidden_size, *([self.hidden_size] if self.mode == "LSTM" else [])]

    def _starts(self, hidden: Any, batched: bool, n: int) -> list[State]:
        """The state before the first step of every layer and direction: what was given, or 0."""
        total = self.num_layers * (1 + self.bidirectional)
        if hidden is None:
            dtype = self.weight_ih_l0.dtype
            return [tuple(wrap(np.zeros((n, size), dtype)) for size in self._sizes())] * total
        if not batched:
            hidden = [shaping.reshape(s, shape=(s.shape[0], 1, s.shape[1])) for s in hidden]
        return [tuple(indexing.getitem(s, index=(k,)) for s in hidden) for k in range(total)]

    def _given(self, ends: list[Any]) -> Any:
        """The states at the end as PyTorch returns them: h, or for an LSTM (h, c)."""
        return tuple(ends) if self.mode == "LSTM" else ends[0]

    # -- checking ----------------------------------------------------------------------------------------------

    def _check_input(self, input: Any) -> None:
        name = type(self).__name__
        if not isinstance(input, Tensor):
            raise TypeError(f"{name}: the input must be a Tensor or a PackedSequence, not {type(input).__name__}")
        if input.ndim not in (2, 3):
            order = "N, T" if self.batch_first else "T, N"
            raise ValueError(
                f"{name}: Expected input to be 2D or 3D, got {input.ndim}D instead: ({order}, {self.input_size}), or "
                f"(T, {self.input_size}) without a batch; its shape is {tuple(input.shape)}"
            )
        self._check_features(input, "the input")

    def _check_features(self, x: Any, what: str) -> None:
        dtype = self.weight_ih_l0.dtype
        if x.dtype != dtype:
            fix = f"Convert input: input.to({dtype}), or convert model: model.to({x.dtype})"
            if x.dtype.kind != "f":
                fix = (
                    "Convert input: input.float(); numbers of words or characters are looked up first, by nn.Embedding"
                )
            raise ValueError(f"RNN input dtype ({x.dtype}) does not match weight dtype ({dtype}). {fix}.")
        if x.ndim < 2 or x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"{type(self).__name__}: input.size(-1) must be equal to input_size. Expected {self.input_size}, got "
                f"{x.shape[-1]}: the shape of {what} is {tuple(x.shape)}, and its last dimension holds the features of "
                f"one step"
            )

    def _hidden(self, hx: Any, batched: bool, shape: tuple[Any, ...]) -> Any:
        """What was given as the state: a list of h, or of h and c, after checks (None: nothing)."""
        if hx is None:
            return None
        name, total = type(self).__name__, self.num_layers * (1 + self.bidirectional)
        lstm = self.mode == "LSTM"
        if lstm and (isinstance(hx, Tensor) or len(hx) != 2):
            raise RuntimeError(f"{name}: hx must be a tuple of two tensors, the state and the cell: lstm(x, (h0, c0))")
        parts = list(hx) if lstm else [hx]
        for s in parts:
            if not isinstance(s, Tensor):
                raise TypeError(f"{name}: hx must be {'two Tensors' if lstm else 'a Tensor'}, not {type(s).__name__}")
        if any(s.ndim != 2 + batched for s in parts):
            what = "batched 3-D" if batched else "unbatched 2-D"
            found = ", ".join(f"{s.ndim}-D" for s in parts)
            raise RuntimeError(
                f"{name}: For {what} input, {'hx and cx' if lstm else 'hx'} should also be {2 + batched}-D but got "
                f"{f'({found}) tensors' if lstm else f'{found} tensor'}"
            )
        n = (shape[0] if self.batch_first and shape[0] is not None else shape[1]) if batched else None
        for k, (s, size) in enumerate(zip(parts, self._sizes(), strict=True)):
            expected = (total, n, size) if batched else (total, size)
            if tuple(s.shape) != expected:
                raise RuntimeError(
                    f"{name}: Expected hidden{f'[{k}]' if lstm else ''} size {expected}, got {list(s.shape)}. It is "
                    f"(layers · directions, {'batch, ' if batched else ''}size){self._reading(batched, shape)}."
                )
            if s.dtype != self.weight_hh_l0.dtype:
                raise RuntimeError(
                    f"{name}: Input and hidden tensors are not the same dtype, found input tensor with "
                    f"{self.weight_hh_l0.dtype} and hidden tensor with {s.dtype}"
                )
        return parts

    def _reading(self, batched: bool, shape: tuple[Any, ...]) -> str:
        if not batched or shape[0] is None:
            return ""
        order = "(batch, time, features)" if self.batch_first else "(time, batch, features)"
        return f"; the input {shape} is read as {order}, with batch_first={self.batch_first}"

    def extra_repr(self) -> str:
        options = {
            "proj_size": (self.proj_size, 0), "num_layers": (self.num_layers, 1), "bias": (self.bias, True),
            "batch_first": (self.batch_first, False), "dropout": (self.dropout, 0),
            "bidirectional": (self.bidirectional, False),
        }  # fmt: skip
        changed = [f", {name}={value}" for name, (value, default) in options.items() if value != default]
        return f"{self.input_size}, {self.hidden_size}" + "".join(changed)


def _blocks(data: Any, sizes: Any) -> list[Any]:
    """Packed data (Σ sizes, features) as blocks (T, N, features), a new one wherever a sequence has ended."""
    turns = [0, *(np.flatnonzero(np.diff(sizes)) + 1).tolist(), len(sizes)]
    rows = [0, *np.cumsum(sizes).tolist()]
    return [
        shaping.reshape(
            indexing.getitem(data, index=(slice(rows[k], rows[stop]),)),
            shape=(stop - k, int(sizes[k]), data.shape[1]),
        )
        for k, stop in pairwise(turns)
    ]


def _checked_projection(name: str, mode: str, proj_size: int, hidden_size: int) -> int:
    if proj_size < 0:
        raise ValueError(f"{name}: proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError(f"{name}: proj_size has to be smaller than hidden_size, but {proj_size} ≥ {hidden_size}")
    if proj_size and mode != "LSTM":
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    return proj_size


class RNN(RNNBase):
    """h ← tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it: (T, N, input_size) → (T, N, D · hidden_size).

    D is 2 for bidirectional layers, 1 otherwise. Called as ``rnn(x, h0)`` with h0 (layers · D, N, hidden_size), 0 if
    left out; returns the last layer's states after every step, and those of all layers at the end. (Elman, 1990.)

    Args:
        num_layers: layers upon each other. nonlinearity: "tanh" or "relu". bias: whether there are b_ih and b_hh.
        batch_first: inputs and outputs are (N, T, …). dropout: the probability, between layers.

    >>> import tinygrad_edu as tg
    >>> rnn = tg.nn.RNN(3, 4, num_layers=2)
    >>> y, h = rnn(tg.ones(5, 1, 3))
    >>> y.shape, h.shape
    (Size([5, 1, 4]), Size([2, 1, 4]))
    >>> rnn
    RNN(3, 4, num_layers=2)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, bias, batch_first, dropout,
            bidirectional, proj_size, device, dtype,
        )  # fmt: skip
        self.nonlinearity = nonlinearity


class _Gated(RNNBase):
    """A recurrent layer whose mode is its name."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            self._mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size,
            device, dtype,
        )  # fmt: skip

    _mode: str


class LSTM(_Gated):
    """c ← f · c + i · n and h ← o · tanh c: (T, N, input_size) → (T, N, D · hidden_size).

    i, f, n, o are parts of W_ih x + b_ih + W_hh h + b_hh: the gates i, f, o through a sigmoid, n through tanh.
    Called as ``lstm(x, (h0, c0))``; returns the states of the last layer, and ``(h, c)`` of all layers at the end.
    (Hochreiter & Schmidhuber, 1997.) Shapes and arguments as for RNN, and

    proj_size: of a projection W_hr (proj_size, hidden_size) that the state h is put through. (Sak et al., 2014.)

    >>> import tinygrad_edu as tg
    >>> lstm = tg.nn.LSTM(3, 4, batch_first=True, bidirectional=True)
    >>> y, (h, c) = lstm(tg.ones(2, 5, 3))
    >>> y.shape, h.shape, c.shape
    (Size([2, 5, 8]), Size([2, 2, 4]), Size([2, 2, 4]))
    """

    _mode = "LSTM"


class GRU(_Gated):
    """h ← (1 − z) · n + z · h: (T, N, input_size) → (T, N, D · hidden_size).

    r and z are parts of W_ih x + b_ih + W_hh h + b_hh through a sigmoid, and n is
    tanh(W_in x + b_in + r · (W_hn h + b_hn)).
    Shapes, arguments and results as for RNN. (Cho et al., 2014.)

    >>> import tinygrad_edu as tg
    >>> y, h = tg.nn.GRU(3, 4)(tg.ones(5, 2, 3))
    >>> bool((y[-1] == h[0]).all())
    True
    """

    _mode = "GRU"
