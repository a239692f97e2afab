"""Data sets, the order in which their samples are drawn, and the loader that makes batches of them.

>>> import tinygrad_edu as tg
>>> from tinygrad_edu.utils.data import DataLoader, TensorDataset
>>> data = TensorDataset(tg.arange(5), tg.arange(5) ** 2)
>>> for x, y in DataLoader(data, batch_size=2):
...     print(x.tolist(), y.tolist())
[0, 1] [0, 1]
[2, 3] [4, 9]
[4] [16]
"""

from tinygrad_edu.utils.data.collate import default_collate, default_convert
from tinygrad_edu.utils.data.dataloader import DataLoader
from tinygrad_edu.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from tinygrad_edu.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from tinygrad_edu.utils.data.workers import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset",
    "WeightedRandomSampler", "WorkerInfo", "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip
