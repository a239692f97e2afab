"""MNIST and the data sets that are published in its form: 28×28 grey images of ten classes."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy import ndarray

from tinygrad_edu.datasets import idx
from tinygrad_edu.datasets.download import fetch
from tinygrad_edu.datasets.vision import VisionDataset
from tinygrad_edu.primitive import TensorBase, wrap
from tinygrad_edu.serialization.files import replace
from tinygrad_edu.warning import warn

__all__ = ["KMNIST", "MNIST", "FashionMNIST"]


class MNIST(VisionDataset):
    """Handwritten digits: 60,000 images to train on, 10,000 to test on (LeCun, Cortes, Burges).

    Args:
        root: the folder; the files are in root/MNIST/raw, as torchvision puts them (or in root itself), packed
            by gzip or not.
        train: the images to train on, or those to test on.
        transform, target_transform: of each image and each target.
        download: get what is missing from the web.

    ``dataset[k]`` is an image and its class, 0 to 9. An image is a Pillow image if Pillow is installed, an array
    (28, 28) of bytes otherwise; `transforms` take both. `data` is a uint8 tensor (N, 28, 28), `targets` an int64
    tensor (N,), `classes` the names of the classes.

    Raises RuntimeError if the files are not there, or cannot be had from any mirror, with their names and where to
    put them; ValueError for files that are damaged, cut off or no IDX files.
    """

    mirrors: ClassVar[Sequence[str]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    resources: ClassVar[Sequence[tuple[str, str]]] = (  # files and their MD5 checksums
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
    classes: ClassVar[list[str]] = [
        "0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven", "8 - eight",
        "9 - nine",
    ]  # fmt: skip
    root: Path

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform, target_transform)
        self.train = train
        if download:
            self.download()
        part = "train" if train else "t10k"
        images, labels = self._read(f"{part}-images-idx3-ubyte", 3), self._read(f"{part}-labels-idx1-ubyte", 1)
        if len(images) != len(labels):
            raise ValueError(f"{type(self).__name__}: there are {len(images)} images, but {len(labels)} labels")
        if labels.size and labels.max() >= len(self.classes):
            raise ValueError(f"{type(self).__name__}: a label is {labels.max()}, beyond {len(self.classes)} classes")
        self.data: Any = wrap(images)
        self.targets: Any = wrap(labels.astype(np.int64))

    @property
    def raw_folder(self) -> str:
        """Where its files are kept."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: k for k, name in enumerate(self.classes)}

    def _found(self, name: str) -> Path | None:
        """The file of that name, packed or not, in one of the folders where it may be."""
        for folder in (Path(self.raw_folder), self.root / type(self).__name__, self.root / "raw", self.root):
            for file in (name, f"{name}.gz", name.replace("-idx", ".idx")):
                if (folder / file).is_file():
                    return folder / file
        return None

    def _read(self, name: str, ndim: int) -> ndarray:
        path = self._found(name)
        if path is None:
            raise RuntimeError(
                f"Dataset not found: there is no {name} (or {name}.gz) in {self.raw_folder} or {self.root}. "
                f"You can use download=True to download it.\n{self._by_hand()}"
            )
        a = idx.read(path)
        if a.ndim != ndim or a.dtype != np.uint8:
            raise ValueError(
                f"{path} holds {a.dtype} of shape {a.shape}, not the bytes with {ndim} dimension{'s' * (ndim > 1)} "
                f"that {type(self).__name__} has there. Is it another file under this name?"
            )
        return a

    def _by_hand(self) -> str:
        return (
            f"To get the files by hand, put {', '.join(name for name, _ in self.resources)} into {self.raw_folder}, "
            f"from one of {', '.join(self.mirrors)}"
        )

    def download(self) -> None:
        """Get the files that are missing or damaged. Each is checked first, and then written whole or not at all."""
        for address, md5 in self.resources:
            folder, _, name = address.rpartition("/")  # a program may have set whole addresses
            plain = name.removesuffix(".gz")
            if self._intact(plain):
                continue
            try:
                packed = fetch(name, [folder] if folder else self.mirrors, md5)
            except RuntimeError as error:
                raise RuntimeError(f"{error}\n{self._by_hand()}") from None
            idx.parse(packed, name)
            os.makedirs(self.raw_folder, exist_ok=True)
            replace(Path(self.raw_folder, name), packed)
            replace(Path(self.raw_folder, plain), gzip.decompress(packed))

    def _intact(self, name: str) -> bool:
        path = self._found(name)
        try:
            return path is not None and bool(idx.read(path).ndim)
        except ValueError:
            return False

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        return self.transformed(np.asarray(_bare(self.data)[index]), int(_bare(self.targets)[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

    def _renamed(self, old: str, new: str) -> Any:
        warn(f"{old} has been renamed {new}")
        return getattr(self, new)

    # what old programs call them
    train_data = property(lambda self: self._renamed("train_data", "data"))
    test_data = property(lambda self: self._renamed("test_data", "data"))
    train_labels = property(lambda self: self._renamed("train_labels", "targets"))
    test_labels = property(lambda self: self._renamed("test_labels", "targets"))


def _bare(data: Any) -> Any:
    """The array of a tensor, which is faster to index; or what a program has put in its place."""
    return data._array if isinstance(data, TensorBase) else data


class FashionMNIST(MNIST):
    """Pictures of clothes, in the form of MNIST (Xiao, Rasul and Vollgraf 2017)."""

    mirrors: ClassVar[Sequence[str]] = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    )
    resources: ClassVar[Sequence[tuple[str, str]]] = (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
    classes: ClassVar[list[str]] = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]  # fmt: skip


class KMNIST(MNIST):
    """Cursive Japanese characters, in the form of MNIST (Clanuwat et al. 2018)."""

    mirrors: ClassVar[Sequence[str]] = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    resources: ClassVar[Sequence[tuple[str, str]]] = (
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    )
    classes: ClassVar[list[str]] = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
