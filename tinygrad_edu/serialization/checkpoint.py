"""save and load: which format an object is written in, and which one a file is in."""

from __future__ import annotations

import pickle
from typing import Any

from tinygrad_edu.device import check_device
from tinygrad_edu.serialization import files, pickled, safetensors_file, torch_checkpoint
from tinygrad_edu.serialization.structure import NotPlainError

__all__ = ["load", "save"]


def save(obj: Any, f: Any, pickle_module: Any = None, pickle_protocol: int | None = None, **options: Any) -> None:
    """Write an object to a file: a tensor, a state dict, or dicts and lists of tensors, numbers, texts and None.

    Args:
        obj: what to save.
        f: the path of the file (which is replaced at once, or left as it was if anything fails), or an object
            with a method `write`, such as io.BytesIO.
        pickle_module, pickle_protocol, options: PyTorch's; they change nothing.

    The file is a safetensors file, which PyTorch's users open with `safetensors.torch.load_file` under the same names.
    Tensors that share all their memory are written once. A whole module (or any other object) is pickled instead,
    and such a file opens with ``load(f, weights_only=False)`` only: prefer `module.state_dict()`.

    Raises RuntimeError if the folder does not exist, ImportError if the package safetensors is missing.

    >>> import io
    >>> import tinygrad_edu as tg
    >>> file = io.BytesIO()
    >>> tg.save({"weight": tg.ones(2), "epoch": 3}, file)
    >>> _ = file.seek(0)
    >>> tg.load(file)
    {'weight': tensor([1., 1.]), 'epoch': 3}
    """
    try:
        content = safetensors_file.pack(obj)
    except NotPlainError as error:
        content = pickled.pack(obj, *error.args)
    files.write(f, content)


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = True,
    mmap: bool | None = None,
    **options: Any,
) -> Any:
    """What a file holds: one that `save` wrote, any safetensors file, or PyTorch's checkpoint of a state dict.

    Args:
        f: the path of the file, or an object with a method `read`, such as io.BytesIO.
        map_location: where tensors go: "cpu" (or a function or dict, for programs written for GPUs).
        weights_only: False also opens pickled objects, which can run any program: only for files that you trust.
        pickle_module, mmap, options: PyTorch's; they change nothing.

    From PyTorch's checkpoints (``torch.save``, since 1.6) tensors, numbers, texts and containers are read, without
    running anything that stands in the file; bfloat16 becomes float32.

    Raises FileNotFoundError; RuntimeError for a file that is damaged, cut off or no checkpoint;
    pickle.UnpicklingError for what is refused, by its name. Nothing is loaded partly.
    """
    if map_location is not None and not callable(map_location) and not isinstance(map_location, dict):
        check_device(map_location)
    raw = files.read(f)
    name = files.name_of(f)
    try:
        if raw.startswith(pickled.HEADING):
            return pickled.unpack(raw, weights_only is not False)
        if raw.startswith(torch_checkpoint.START):
            return torch_checkpoint.unpack(raw)
        if safetensors_file.looks_like_one(raw):
            return safetensors_file.unpack(raw)
    except pickle.UnpicklingError as error:
        raise pickle.UnpicklingError(f"{name}: {error}") from error.__cause__
    except (ValueError, KeyError, TypeError, IndexError, EOFError, RecursionError, OverflowError) as error:
        raise RuntimeError(f"{name} cannot be loaded: {error}. Nothing was loaded from it.") from error
    raise RuntimeError(f"{name} is no checkpoint: {_kind(raw)}")


def _kind(raw: bytes) -> str:
    """What a file that is no checkpoint probably is, and how to open that."""
    for start, what in _OTHERS:
        if raw.startswith(start):
            return what
    if not raw:
        return "it is empty. (After save(obj, buffer), buffer.seek(0) goes back to its start.)"
    if raw[257:262] == b"ustar":
        return "it is a tar archive, the format of PyTorch before 0.1.10. Load it in PyTorch, and torch.save it again."
    return f"it starts with {raw[:16]!r}. load opens what save wrote, safetensors files, and PyTorch's checkpoints."


_OTHERS = (
    (b"\x93NUMPY", "it is a NumPy array. Write from_numpy(numpy.load(path))."),
    (
        b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19",
        "it is in the format of PyTorch before 1.6. Load it in PyTorch, and torch.save it again.",
    ),
    (b"\x80", "it is a plain Python pickle, which can run any program. If you trust it, use pickle.load yourself."),
    (b"\x89HDF", "it is an HDF5 file (of Keras, say). The package h5py opens it."),
    (b"\x1f\x8b", "it is compressed. Unpack it first (gunzip)."),
    (b"version https://git-lfs", "it is the pointer that Git LFS leaves instead of a large file. Run: git lfs pull"),
    (b"<", "it is a web page or XML: did a download fail?"),
)
