"""Files from the web: checked before they are kept, from the first mirror that has them."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["fetch"]

_CHUNK = 1 << 16


def fetch(name: str, mirrors: Sequence[str], md5: str) -> bytes:
    """The file `name` from the first mirror that gives it with that checksum.

    Raises RuntimeError, with what went wrong at each mirror, if none does.
    """
    failures = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + name
        try:
            content = _get(url)
        except (OSError, ValueError) as error:  # URLError and timeouts are OSErrors
            failures.append(f"{url}: {error}")
            continue
        found = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if found == md5:
            return content
        failures.append(f"{url}: {len(content)} bytes with the MD5 checksum {found}, not the published {md5}")
    raise RuntimeError("\n".join([f"Error downloading {name}:", *(f"  {f}" for f in failures)]))


def _get(url: str) -> bytes:
    """What is at an address. Raises OSError if that cannot be had whole."""
    web = importlib.import_module("urllib.request")  # slow to import, and seldom needed
    request = web.Request(url, headers={"User-Agent": "tinygrad_edu"})
    with web.urlopen(request, timeout=30) as response:
        length = response.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        parts: list[bytes] = []
        with _progress(url, total) as advance:
            while part := response.read(_CHUNK):
                parts.append(part)
                advance(len(part))
    content = b"".join(parts)
    if total is not None and len(content) < total:
        raise OSError(f"the connection broke after {len(content)} of {total} bytes")
    return content


@contextmanager
def _progress(url: str, total: int | None) -> Iterator[Callable[[int], Any]]:
    """A bar while a file is coming (tqdm's, if that is installed), or a line."""
    try:
        tqdm: Any = importlib.import_module("tqdm").tqdm
    except ImportError:
        size = f" ({total / 1e6:.1f} MB)" if total else ""
        print(f"Downloading {url}{size}", file=sys.stderr)
        yield lambda _: None
        return
    with tqdm(total=total, unit="B", unit_scale=True, desc=f"Downloading {url.rpartition('/')[2]}") as bar:
        yield bar.update
