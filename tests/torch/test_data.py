"""Loaders make PyTorch's batches, and refuse what PyTorch's refuse."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

Point = namedtuple("Point", "x y")


def samples(lib):
    """Lists of samples, with the tensors of `lib`."""
    x = np.arange(24, dtype=np.float32).reshape(4, 2, 3)
    return {
        "tensors": [lib.from_numpy(a.copy()) for a in x],
        "pairs": [(lib.from_numpy(a.copy()), k) for k, a in enumerate(x)],
        "arrays": list(x),
        "numpy's numbers": list(np.arange(4, dtype=np.float32)),
        "numbers": [(k, k / 2, k > 1) for k in range(4)],
        "texts": ["a", "b", "c", "d"],
        "bytes": [b"a", b"b", b"c", b"d"],
        "dicts": [{"x": lib.ones(2), "name": str(k), "n": (k, [k])} for k in range(4)],
        "named tuples": [Point(k, [1.0, 2]) for k in range(4)],
        "mixed numbers": [1, 2.5, 3, 4],
    }


def alike(ours, theirs):
    if isinstance(ours, tg.Tensor):
        same_dtype = str(theirs.dtype) == f"torch.{ours.dtype}"
        return isinstance(theirs, torch.Tensor) and same_dtype and np.array_equal(ours.numpy(), theirs.numpy())
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(alike(v, theirs[k]) for k, v in ours.items())
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    return ours == theirs


@pytest.mark.parametrize("kind", samples(tg))
@pytest.mark.parametrize("size", [1, 3, None])
def test_batches_are_pytorchs(kind, size):
    ours, theirs = (list(lib.utils.data.DataLoader(samples(lib)[kind], size)) for lib in (tg, torch))
    assert alike(ours, theirs)


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_lengths_and_data_sets_are_pytorchs(size, drop_last):
    def batches(lib):
        d = lib.utils.data
        x = lib.arange(10)
        data = d.ConcatDataset([d.TensorDataset(x, x * 2), d.Subset(d.TensorDataset(x, x), [5, 1])])
        loader = d.DataLoader(data, size, drop_last=drop_last)
        return [
            len(loader),
            list(loader),
            [tuple(map(len, d.random_split(range(11), f))) for f in ([5, 6], [0.3, 0.7])],
        ]

    assert alike(batches(tg), batches(torch))


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d.DataLoader([1], batch_size=0),
        lambda d: d.DataLoader([1], batch_size=None, drop_last=True),
        lambda d: d.DataLoader([1], shuffle=True, sampler=[0]),
        lambda d: d.DataLoader([1], batch_sampler=[[0]], batch_size=2),
        lambda d: d.DataLoader([1], num_workers=-1),
        lambda d: d.DataLoader([1], timeout=-1),
        lambda d: d.DataLoader([1], prefetch_factor=2),
        lambda d: d.DataLoader([1], persistent_workers=True),
        lambda d: d.DataLoader([], shuffle=True),
        lambda d: setattr(d.DataLoader([1]), "batch_size", 3),
        lambda d: setattr(d.DataLoader([1]), "sampler", None),
        lambda d: d.random_split([1, 2, 3], [1, 1]),
        lambda d: d.random_split([1, 2, 3], [0.5, 0.6]),
        lambda d: d.RandomSampler([1], num_samples=0),
        lambda d: d.WeightedRandomSampler([1.0], 0),
        lambda d: d.BatchSampler([1], 2, 3),
        lambda d: d.ConcatDataset([]),
        lambda d: d.default_collate([None]),
        lambda d: d.default_collate([np.zeros(2), np.zeros(3)]),
        lambda d: d.default_collate([[1, 2], [1]]),
        lambda d: d.Dataset()[0],
        lambda d: len(d.DataLoader(d.Dataset())),
        lambda d: d.Subset([1, 2], [0])[1],
    ],
)
def test_the_same_is_refused_by_the_same_kind_of_error(make):
    kinds = []
    for lib in (tg, torch):
        with pytest.raises(Exception) as caught:
            make(lib.utils.data)
        kinds.append(caught.type)
    assert kinds[0] is kinds[1]
