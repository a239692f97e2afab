"""A progress bar (tqdm's), where it is installed and there is a terminal to show it on."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["bar"]


def bar(total: int, unit: str, wanted: bool | None) -> Any:
    """A bar, or None. Raises ImportError if one is asked for and tqdm is missing."""
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        return None
    try:
        return importlib.import_module("tqdm.auto").tqdm(total=total, unit=unit)
    except ImportError:
        if wanted:
            raise ImportError("a progress bar needs tqdm: pip install tqdm") from None
        return None
