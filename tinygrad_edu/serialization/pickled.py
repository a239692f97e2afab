"""Whole modules (and whatever else is more than tensors and plain values): Python's pickle, behind a heading.

A pickle can run any program while it is read. So the heading says that it is one, and what needs it, before any of
it is looked at; and a checksum, whether it is what was saved.
"""

from __future__ import annotations

import hashlib
import io
import pickle
from typing import Any

from tinygrad_edu.running.modules import counterpart

__all__ = ["HEADING", "pack", "unpack"]

HEADING = b"tinygrad_edu: a pickled object\n"


def pack(obj: Any, culprit: str, path: str) -> bytes:
    """The file that holds `obj`, which is pickled because of an object of class `culprit` at `path` in it.

    Raises pickle.PicklingError, with what to save instead, for what cannot be pickled.
    """
    try:
        content = pickle.dumps(obj, 4)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        where = f" (at {path!r})" if path else ""
        raise pickle.PicklingError(
            f"save: a {culprit}{where} is neither a tensor nor a plain value, and cannot be pickled either: {error}. "
            f"Save what it is made of: model.state_dict(), numbers, lists and dicts."
        ) from error
    body = f"{culprit}\n".encode() + content
    return HEADING + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


class _Unpickler(pickle.Unpickler):
    """Finds this library's classes, also under the names that they have where ``import torch`` means this library."""

    def find_class(self, module: str, name: str) -> Any:
        """What is called `name` in `module`."""
        ours = counterpart(module) if module.partition(".")[0] == "torch" else None
        return super().find_class(ours or module, name)


def unpack(raw: bytes, weights_only: bool) -> Any:
    """What the file holds. Raises ValueError for a damaged file, pickle.UnpicklingError if `weights_only`."""
    checksum, _, body = raw[len(HEADING) :].partition(b"\n")
    if checksum != hashlib.sha256(body).hexdigest().encode():
        raise ValueError("its checksum does not fit: some bytes have changed since it was saved, or are missing")
    culprit, _, content = body.partition(b"\n")
    name = culprit.decode()
    if weights_only:
        raise pickle.UnpicklingError(
            f"Weights only load failed: the file holds a whole {name}, which was pickled, and a pickle can run any "
            f"program when it is opened. If you trust whoever made it, write load(path, weights_only=False). Better "
            f"save state dicts: save(model.state_dict(), path), and model.load_state_dict(load(path))."
        )
    try:
        return _Unpickler(io.BytesIO(content)).load()
    except (AttributeError, ImportError) as error:
        raise pickle.UnpicklingError(
            f"the file holds a whole {name}, and its class is not where it was when it was saved: {error}. Define or "
            f"import the class under the same name first, then load."
        ) from error
