"""Where tensors live: in the memory of the CPU, always."""

from __future__ import annotations

from typing import Any

__all__ = [
    "are_deterministic_algorithms_enabled", "device", "get_default_device", "get_float32_matmul_precision",
    "get_num_interop_threads", "get_num_threads", "set_default_device", "set_float32_matmul_precision",
    "set_num_interop_threads", "set_num_threads", "use_deterministic_algorithms",
]  # fmt: skip


class device:
    """A device: ``device("cpu")``. Raises RuntimeError for any other, since nothing here runs on a GPU.

    >>> from tinygrad_edu import cuda, device
    >>> device("cuda" if cuda.is_available() else "cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")
    type: str
    index: int | None

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        kind, colon, number = str(type).partition(":")
        if kind != "cpu" or (colon and number != "0") or index not in (None, 0):
            raise RuntimeError(
                f"there is no device {type!r}: this engine computes on the CPU only. Write "
                f"device('cuda' if cuda.is_available() else 'cpu'), which is the CPU here, or leave the device out."
            )
        self.type, self.index = kind, 0 if colon else index

    def __repr__(self) -> str:
        return "device(type='cpu'" + ("" if self.index is None else f", index={self.index}") + ")"

    def __str__(self) -> str:
        return "cpu" if self.index is None else f"cpu:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and self.index == other.index

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> Any:
        return device, (self.type, self.index)


cpu = device("cpu")


def get_default_device() -> device:
    """Where new tensors live: the CPU."""
    return cpu


def set_default_device(device: Any) -> None:
    """Takes "cpu" only. Raises RuntimeError for any other."""
    check_device(device)


def check_device(where: Any) -> None:
    """Raises RuntimeError unless `where` is None or the CPU."""
    if where is not None and where is not cpu:
        device(where)


def set_num_threads(n: int) -> None:
    """Does nothing: NumPy's threads are set before the program starts (OMP_NUM_THREADS=1 python program.py)."""


def get_num_threads() -> int:
    """1: outside of NumPy's products of matrices nothing runs in parallel."""
    return 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Does nothing: every function here is deterministic."""


def are_deterministic_algorithms_enabled() -> bool:
    """True."""
    return True


def set_num_interop_threads(n: int) -> None:
    """Does nothing: one function runs at a time."""


def get_num_interop_threads() -> int:
    """1: one function runs at a time."""
    return 1


def set_float32_matmul_precision(precision: str) -> None:
    """Does nothing: products of float32 matrices are computed in float32. Takes "highest", "high" or "medium"."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f'set_float32_matmul_precision: expected "highest", "high" or "medium", not {precision!r}')


def get_float32_matmul_precision() -> str:
    """Always "highest"."""
    return "highest"
