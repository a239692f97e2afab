"""A batch of images as one picture: torchvision's `make_grid` and `save_image`, as VAE and GAN programs use them."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

from tinygrad_edu import functions
from tinygrad_edu.functions.data import as_tensor

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Any, nrow: int = 8, padding: int = 2, normalize: bool = False, value_range: Any = None,
    scale_each: bool = False, pad_value: float = 0.0, **other: Any,
) -> Any:  # fmt: skip
    """Images (N, C, H, W) side by side, `nrow` in a row, as one of shape (3, H', W'); grey ones become three channels.

    With `normalize` the numbers are shifted and scaled to 0…1, from `value_range` or from the least and greatest.
    """
    images: Any = functions.stack(list(tensor)) if isinstance(tensor, (list, tuple)) else as_tensor(tensor)
    if not 2 <= images.ndim <= 4:
        raise TypeError(f"make_grid: expected a batch of images (N, C, H, W), got shape {tuple(images.shape)}")
    images = images.detach().reshape((1,) * (4 - images.ndim) + tuple(images.shape))
    if images.shape[1] == 1:
        images = images.expand(-1, 3, -1, -1)
    a = np.array(images.numpy())
    if normalize:
        for part in a if scale_each else [a]:
            low, high = (part.min(), part.max()) if value_range is None else value_range
            part[...] = (np.clip(part, low, high) - low) / max(high - low, 1e-5)
    n, channels, height, width = a.shape
    if n == 1:
        return functions.from_numpy(a[0])
    columns = min(nrow, n)
    rows = -(-n // columns)
    grid = np.full((channels, rows * (height + padding) + padding, columns * (width + padding) + padding), pad_value)
    for k, image in enumerate(a):
        top = k // columns * (height + padding) + padding
        left = k % columns * (width + padding) + padding
        grid[:, top : top + height, left : left + width] = image
    return functions.from_numpy(grid.astype(a.dtype))


def save_image(tensor: Any, fp: Any, format: str | None = None, **options: Any) -> None:
    """Write `make_grid` of the images to a PNG file (a path, or an open binary file). Numbers are clipped to 0…1."""
    name = str(getattr(fp, "name", fp))
    if (format or name.rpartition(".")[2]).lower() != "png":
        raise ValueError(f"save_image: only PNG files are written here, not {name}. Name it …png.")
    grid = make_grid(tensor, **options).numpy()
    pixels = np.clip(grid * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 0)
    if hasattr(fp, "write"):
        fp.write(_png(pixels))
    else:
        with open(fp, "wb") as file:
            file.write(_png(pixels))


def _png(pixels: Any) -> bytes:
    """A PNG file of pixels (height, width, 3): a heading, the rows each after a 0 for "as it is", an end."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = [
        (b"IHDR", struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
