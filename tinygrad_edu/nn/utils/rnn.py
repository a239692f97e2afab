"""Batches of sequences of different lengths: padded to the longest, or packed without padding.

    three sequences     padded          packed: all first elements, all second ones, …
    a b c               a b c
    d e                 d e 0           data a d f b e c, batch_sizes 3 2 1
    f                   f 0 0

Recurrent layers take packed sequences, and compute nothing for the padding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tinygrad_edu.functions.pointwise import raw
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.rules import elementwise, indexing, joining, shaping

if TYPE_CHECKING:
    from tinygrad_edu.tensor import Tensor

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any = None
    unsorted_indices: Any = None


class PackedSequence(_Fields):
    """Sequences from the longest to the shortest, without padding. Made by `pack_padded_sequence`.

    data (Σ lengths, …): the elements, those of each step together. batch_sizes: how many sequences go on to each
    step. sorted_indices, unsorted_indices: the order from the longest to the shortest, and back (None: as given).
    """

    __slots__ = ()
    is_cuda = False

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> PackedSequence:
        if batch_sizes is None:
            raise ValueError("PackedSequence: batch_sizes must be given; pack_sequence([t1, t2]) makes one of tensors")
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def __repr__(self) -> str:
        return f"PackedSequence({', '.join(f'{name}={value!r}' for name, value in self._asdict().items())})"

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """The same with its data converted, as `Tensor.to` does."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def cpu(self) -> PackedSequence:
        """The sequence itself: it is on the CPU."""
        return self

    def double(self) -> PackedSequence:
        """The same in float64."""
        return self._replace(data=self.data.double())

    def float(self) -> PackedSequence:
        """The same in float32."""
        return self._replace(data=self.data.float())

    def long(self) -> PackedSequence:
        """The same in int64."""
        return self._replace(data=self.data.long())


def invert_permutation(permutation: Any) -> Tensor | None:
    """The order that undoes a permutation (None for None).

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.invert_permutation(tg.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else wrap(np.argsort(raw(permutation, "invert_permutation")))


def _transposed(x: Any) -> Any:
    return shaping.transpose(x, axes=(1, 0, *range(2, raw(x, "rnn").ndim)))


def _rows(data: Any, indices: Any, used: Any, padding_value: float) -> Tensor:
    """The rows that `indices` number, and the padding value where there is none to use."""
    x = indexing.take(data, np.where(used, indices, 0), axis=0)
    mask = used.reshape(used.shape + (1,) * (x.ndim - used.ndim))
    return elementwise.where(mask, x, np.array(padding_value, x.dtype))


def _whole(lengths: Any, name: str) -> Any:
    """Lengths as an array of whole numbers, one per sequence."""
    n = np.asarray(lengths._array if isinstance(lengths, TensorBase) else lengths)
    n = n.astype(np.int64)
    if n.ndim != 1:
        raise RuntimeError(f"{name}: 'lengths' argument should be a 1D int64 tensor or list, but got {n.ndim}D")
    return n


# -- packing ------------------------------------------------------------------------------------------------------


def pack_padded_sequence(
    input: Any, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Leave the padding of a batch out: (T, B, …), or (B, T, …) with `batch_first`.

    lengths (B): of the sequences. They must come from the longest to the shortest, unless `enforce_sorted` is False;
    then they are sorted here, and sorted back by `pad_packed_sequence`. Raises RuntimeError for other lengths.

    >>> import tinygrad_edu as tg
    >>> x = tg.tensor([[1, 2, 3], [4, 5, 0], [6, 0, 0]])
    >>> tg.nn.utils.rnn.pack_padded_sequence(x, [3, 2, 1], batch_first=True)
    PackedSequence(data=tensor([1, 4, 6, 2, 5, 3]), batch_sizes=tensor([3, 2, 1]), sorted_indices=None,
    unsorted_indices=None)
    """
    name = "pack_padded_sequence"
    x, n = raw(input, name), _whole(lengths, name)
    if x.ndim < 2:
        raise RuntimeError(f"{name}: expected a batch of sequences (T, B, …), but the shape is {tuple(x.shape)}")
    if batch_first:
        input = _transposed(input)
    steps, batch = input.shape[:2]
    if not batch:
        raise RuntimeError("Cannot pack empty tensors.")
    if len(n) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(n)} (batch_size={batch}). The input's "
            f"shape is {tuple(x.shape)}, read as {'(batch, time, …)' if batch_first else '(time, batch, …)'} with "
            f"batch_first={batch_first}."
        )
    if (n <= 0).any():
        raise RuntimeError(
            f"Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0: "
            f"lengths[{np.argmin(n)}] = {n.min()}. Leave empty sequences out."
        )
    if n.max() > steps:
        raise RuntimeError(
            f"{name}: lengths[{np.argmax(n)}] = {n.max()}, but the padded sequences are only {steps} long"
        )
    order = None
    if (np.diff(n) > 0).any() and enforce_sorted:
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence, and they are sorted for you."
        )
    if not enforce_sorted:
        order = np.argsort(-n, kind="stable")
        input, n = indexing.take(input, order, axis=1), n[order]
    going_on = np.arange(n[0])[:, None] < n
    data = indexing.getitem(input, index=going_on.nonzero())
    return PackedSequence(data, wrap(going_on.sum(1)), None if order is None else wrap(order))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """Undo `pack_padded_sequence`: the padded batch (T, B, …), or (B, T, …) with `batch_first`, and the lengths (B).

    total_length: of the padded sequences, at least that of the longest. Raises ValueError for less.

    >>> import tinygrad_edu as tg
    >>> rnn = tg.nn.utils.rnn
    >>> rnn.pad_packed_sequence(rnn.pack_sequence([tg.tensor([1, 2, 3]), tg.tensor([4])]), batch_first=True)
    (tensor([[1, 2, 3],
             [4, 0, 0]]), tensor([3, 1]))
    """
    if not isinstance(sequence, PackedSequence):
        raise TypeError(f"pad_packed_sequence: expected a PackedSequence, not {type(sequence).__name__}")
    sizes = raw(sequence.batch_sizes, "pad_packed_sequence")
    steps = len(sizes)
    if total_length is not None:
        if total_length < steps:
            raise ValueError(
                f"Expected total_length to be at least the length of the longest sequence in input, but got "
                f"total_length={total_length} and max sequence length being {steps}"
            )
        steps = total_length
    place = np.arange(sizes[0]) if sequence.unsorted_indices is None else raw(sequence.unsorted_indices, "rnn")
    sizes = np.concatenate([sizes, np.zeros(steps - len(sizes), np.int64)])
    used = place < sizes[:, None]
    indices = np.cumsum(sizes)[:, None] - sizes[:, None] + place
    lengths = used.sum(0)
    padded = _rows(sequence.data, indices.T if batch_first else indices, used.T if batch_first else used, padding_value)
    return padded, wrap(lengths)


def pack_sequence(sequences: Sequence[Any], enforce_sorted: bool = True) -> PackedSequence:
    """Pack tensors (length, …), from the longest to the shortest unless `enforce_sorted` is False.

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.pack_sequence([tg.tensor([1, 2]), tg.tensor([3])]).data
    tensor([1, 3, 2])
    """
    return pack_padded_sequence(pad_sequence(sequences), [len(s) for s in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The tensors of which `pack_sequence` would make these packed sequences."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


# -- padding --------------------------------------------------------------------------------------------------------


def pad_sequence(
    sequences: Iterable[Any], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Tensors (length, …) in one batch (T, B, …), or (B, T, …) with `batch_first`, filled up with `padding_value`.

    padding_side: "right", behind the sequences, or "left", before them.
    Raises RuntimeError where there are none, and where they differ in more than their lengths.

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.pad_sequence([tg.tensor([1, 2]), tg.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    tensors = list(sequences)
    if not tensors:
        raise RuntimeError("pad_sequence: received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    shapes = [tuple(raw(s, "pad_sequence").shape) for s in tensors]
    for k, shape in enumerate(shapes):
        if not shape or shape[1:] != shapes[0][1:]:
            raise RuntimeError(
                f"pad_sequence: The size of the sequences (length, …) must match in all but their lengths, but "
                f"sequences[0] has shape {shapes[0]} and sequences[{k}] has {shape}"
            )
    lengths = np.array([shape[0] for shape in shapes])
    place = np.arange(lengths.max()) - (0 if padding_side == "right" else lengths.max() - lengths[:, None])
    used = (place >= 0) & (place < lengths[:, None])
    if not used.any():
        return joining.stack(*tensors, axis=0 if batch_first else 1)
    padded = _rows(
        joining.concatenate(*tensors, axis=0), (np.cumsum(lengths) - lengths)[:, None] + place, used, padding_value
    )
    return padded if batch_first else _transposed(padded)


def unpad_sequence(padded_sequences: Any, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded batch: (T, B, …), or (B, T, …) with `batch_first`.

    >>> import tinygrad_edu as tg
    >>> tg.nn.utils.rnn.unpad_sequence(tg.tensor([[1, 2], [3, 0]]), tg.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    name = "unpad_sequence"
    n, batch = _whole(lengths, name), raw(padded_sequences, name).shape[0 if batch_first else 1]
    if len(n) != batch:
        raise RuntimeError(f"{name}: there are {batch} sequences, but {len(n)} lengths")
    by_sequence = padded_sequences if batch_first else _transposed(padded_sequences)
    return [indexing.getitem(by_sequence, index=(k, slice(stop))) for k, stop in enumerate(n.tolist())]
