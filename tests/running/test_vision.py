"""The little of torchvision that beginners use stands in, too."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.running.conftest import Run
from tinygrad_edu.running.images import make_grid, save_image


def _idx(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        gzip.compress(struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())
    )


def test_a_program_reads_mnist_by_torchvisions_names(run: Run, tmp_path: Path) -> None:
    for name, n in (("train", 20), ("t10k", 10)):
        _idx(tmp_path / f"data/MNIST/raw/{name}-images-idx3-ubyte.gz", np.full((n, 28, 28), 255, np.uint8))
        _idx(tmp_path / f"data/MNIST/raw/{name}-labels-idx1-ubyte.gz", np.arange(n, dtype=np.uint8) % 10)
    done = run(
        """
        import torch, torchvision
        import torchvision.transforms as transforms
        from torch.utils.data import DataLoader
        from torchvision import datasets
        from torchvision.datasets import FashionMNIST
        from torchvision.utils import make_grid, save_image
        transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
        train = datasets.MNIST(root="./data", train=True, transform=transform, download=False)
        test = torchvision.datasets.MNIST("./data", train=False, transform=transforms.ToTensor())
        loader = DataLoader(train, batch_size=8, shuffle=True)
        images, labels = next(iter(loader))
        print(len(train), len(test), images.shape, images.mean(), labels.dtype, test[3][1], train.data.shape)
        save_image(make_grid(images, nrow=4, normalize=True), "grid.png")
        print(make_grid(images).shape, torchvision.__version__.split(".")[0])
        torchvision.models
        """
    )
    assert done.stdout.splitlines() == [
        "20 10 torch.Size([8, 1, 28, 28]) tensor(1.) torch.int64 3 torch.Size([20, 28, 28])",
        "torch.Size([3, 32, 242]) 0",
    ], done.stderr
    assert "torchvision.models  " in done.stderr and "program.py:16" in done.stderr
    assert (tmp_path / "grid.png").read_bytes().startswith(b"\x89PNG")


def test_make_grid_lays_images_side_by_side() -> None:
    x = tg.stack([tg.full((1, 2, 2), float(k)) for k in range(3)])
    grid = make_grid(x, nrow=2, padding=1, pad_value=9.0)
    assert grid.shape == (3, 7, 7) and grid.dtype == tg.float32
    assert grid[0].tolist() == [
        [9, 9, 9, 9, 9, 9, 9],
        [9, 0, 0, 9, 1, 1, 9],
        [9, 0, 0, 9, 1, 1, 9],
        [9, 9, 9, 9, 9, 9, 9],
        [9, 2, 2, 9, 9, 9, 9],
        [9, 2, 2, 9, 9, 9, 9],
        [9, 9, 9, 9, 9, 9, 9],
    ]
    assert make_grid(x[0]).shape == (3, 2, 2) and make_grid(tg.zeros(4, 5)).shape == (3, 4, 5)
    assert (
        make_grid(list(x), normalize=True)[0].max() == 1
        and make_grid(x, normalize=True, value_range=(0, 4)).max() == 0.5
    )
    with pytest.raises(TypeError, match="batch of images"):
        make_grid(tg.zeros(3))


def test_save_image_writes_what_other_programs_read(tmp_path: Path) -> None:
    plt = pytest.importorskip("matplotlib.pyplot")
    x = tg.rand(1, 3, 4, 5)
    save_image(x, tmp_path / "one.png")
    read = plt.imread(tmp_path / "one.png")
    np.testing.assert_allclose(read[..., :3].transpose(2, 0, 1), x[0].numpy(), atol=0.5 / 255 + 1e-6)
    with pytest.raises(ValueError, match="PNG"):
        save_image(x, tmp_path / "one.gif")
