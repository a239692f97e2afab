"""Bytes to and from files: all or nothing."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import Any

__all__ = ["read", "replace", "write"]


def name_of(file: Any) -> str:
    """What to call a file in a message."""
    return str(getattr(file, "name", f"a {type(file).__name__}") if hasattr(file, "read") else os.fspath(file))


def read(file: Any) -> bytes:
    """What is in a file, given by its path or as an object with a method `read` (from where it stands)."""
    if hasattr(file, "read"):
        raw = file.read()
        if not isinstance(raw, (bytes, bytearray, memoryview)):
            raise TypeError(f"load: {name_of(file)} is open for text; open it in binary mode: open(path, 'rb')")
        return bytes(raw)
    if not isinstance(file, (str, bytes, os.PathLike)):
        raise TypeError(f"load: expected a path or an open file, not {type(file).__name__}")
    return Path(os.fsdecode(file)).read_bytes()


def write(file: Any, content: bytes) -> None:
    """Write to an object with a method `write`, or replace the file of that path."""
    if hasattr(file, "write"):
        file.write(content)
    elif isinstance(file, (str, bytes, os.PathLike)):
        replace(Path(os.fsdecode(file)), content)
    else:
        raise TypeError(f"save: expected a path or an open file, not {type(file).__name__}: save(obj, 'model.pt')")


def replace(path: Path, content: bytes) -> None:
    """Let the file hold `content`. Whoever reads it, and whatever fails, finds the old content or all of the new."""
    path = Path(os.path.realpath(path))  # a link stays a link
    if not path.parent.is_dir():
        raise RuntimeError(f"Parent directory {path.parent} does not exist: make it first (os.makedirs)")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        if path.is_dir():
            raise IsADirectoryError(f"{path} is a directory; give the name of a file in it")
        path.write_bytes(content)  # /dev/null, a pipe: there is nothing to replace
        return
    new = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(new, "xb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())
        if path.exists():
            shutil.copymode(path, new)
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    _keep(path.parent)


def _keep(folder: Path) -> None:
    """Have the new name written to the disk, too, where folders can be opened for that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
