"""A loader's promises: every sample once, in the order that the seed says, whoever loads it."""

from __future__ import annotations

import itertools
import math
import threading
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)

lengths, sizes, workers = st.integers(1, 30), st.integers(1, 12), st.integers(0, 3)


class Numbers(Dataset):
    """Sample k is k."""

    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, k):
        return k


class Stream(IterableDataset):
    """The numbers below n, dealt out to the workers."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        info = get_worker_info()
        return iter(range(self.n) if info is None else range(info.id, self.n, info.num_workers))


def joined(batches):
    return list(itertools.chain.from_iterable(batches))


def seen(loader):
    return [b.tolist() if isinstance(b, tg.Tensor) else b for b in loader]


@given(lengths, sizes, st.booleans(), st.booleans(), workers)
def test_every_sample_comes_once_per_epoch(n, size, shuffle, drop_last, num_workers):
    loader = DataLoader(Numbers(n), size, shuffle, drop_last=drop_last, num_workers=num_workers)
    for _ in range(2):
        batches = seen(loader)
        assert len(batches) == len(loader)
        drawn = joined(batches)
        assert len(set(drawn)) == len(drawn) and set(drawn) <= set(range(n))
        assert len(drawn) == (n - n % size if drop_last else n)
        assert all(len(b) == size for b in batches[: -1 if not drop_last else None])
        assert shuffle or drawn == list(range(len(drawn)))


@given(lengths, sizes, workers, st.integers(0, 2**32))
def test_the_seed_says_the_order_whoever_loads(n, size, num_workers, seed):
    tg.manual_seed(seed)
    first = [seen(DataLoader(Numbers(n), size, shuffle=True)) for _ in range(2)]
    tg.manual_seed(seed)
    assert [seen(DataLoader(Numbers(n), size, True, num_workers=num_workers)) for _ in range(2)] == first
    g = tg.Generator().manual_seed(seed)
    tg.manual_seed(seed)
    assert seen(DataLoader(Numbers(n), size, True, generator=g)) == first[0]


@given(lengths, sizes, st.booleans(), st.booleans(), workers, st.data())
def test_whole_arrays_are_sliced_into_what_samples_give(n, size, shuffle, drop_last, num_workers, data):
    dataset = TensorDataset(tg.randn(n, 2), tg.arange(n))
    if data.draw(st.booleans()):
        rows = data.draw(st.lists(st.integers(-n, n - 1), min_size=1))
        dataset = Subset(Subset(dataset, rows), range(len(rows)))
    sampler = WeightedRandomSampler(tg.rand(len(dataset)) + 0.1, 7) if data.draw(st.booleans()) else None
    options = {
        "batch_size": size,
        "shuffle": shuffle and sampler is None,
        "sampler": sampler,
        "drop_last": drop_last,
        "num_workers": num_workers,
    }
    epochs = []
    for collate in (None, lambda batch: default_collate(batch)):
        tg.manual_seed(n)
        epochs.append(list(DataLoader(dataset, collate_fn=collate, **options)))
    whole, samples = epochs
    assert len(whole) == len(samples)
    for a, b in zip(whole, samples, strict=True):
        assert type(a) is type(b) is list
        assert all(x.equal(y) and x.dtype == y.dtype for x, y in zip(a, b, strict=True))


def test_a_batch_shares_no_memory_with_the_data_set():
    x = tg.zeros(4, 2)
    for shuffle in (False, True):
        for (batch,) in DataLoader(TensorDataset(x), 2, shuffle):
            batch += 1
    assert (x == 0).all()


def test_tensors_that_are_recorded_stay_recorded():
    w = tg.ones(4, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(w), 2):
        (batch * 3).sum().backward()
    assert w.grad.tolist() == [3.0] * 4


# -- workers --------------------------------------------------------------------------------------------------


@given(lengths, sizes, st.integers(1, 3), st.integers(1, 3))
def test_workers_keep_the_order(n, size, num_workers, ahead):
    loader = DataLoader(Numbers(n), size, num_workers=num_workers, prefetch_factor=ahead)
    assert joined(seen(loader)) == list(range(n))


def test_what_workers_draw_is_the_same_in_every_run():
    class Noisy(Numbers):
        def __getitem__(self, k):
            return float(tg.rand(1)) + k

    def run():
        tg.manual_seed(3)
        return joined(seen(DataLoader(Noisy(20), 3, True, num_workers=3))), float(tg.rand(1))

    assert run() == run()


def test_a_seed_that_a_worker_sets_is_its_own():
    def next_number(init):
        tg.manual_seed(5)
        seen(DataLoader(Numbers(4), num_workers=2, worker_init_fn=init))
        return float(tg.rand(1))

    assert next_number(lambda k: tg.manual_seed(0)) == next_number(None)


def test_each_worker_draws_other_numbers():
    class Noise(Numbers):
        def __getitem__(self, k):
            return float(tg.rand(1))

    drawn = joined(seen(DataLoader(Noise(8), 2, num_workers=4)))
    assert len(set(drawn)) == 8


@pytest.mark.parametrize("error", [ValueError("broken"), KeyError("broken"), ZeroDivisionError("broken")])
def test_an_exception_in_a_worker_arrives_with_its_traceback(error):
    class Broken(Numbers):
        def __getitem__(self, k):
            if k == 5:
                raise error
            return k

    drawn = []
    with pytest.raises(type(error)) as caught:
        for batch in DataLoader(Broken(20), 2, num_workers=2):
            drawn += batch.tolist()
    assert drawn == [0, 1, 2, 3]
    text = str(caught.value)
    assert f"Caught {type(error).__name__} in DataLoader worker 0" in text
    assert "in __getitem__" in text and "raise error" in text and "broken" in text


def test_an_exception_that_takes_no_text_arrives_as_a_runtime_error():
    class Odd(Exception):
        def __init__(self, a, b):
            super().__init__(a, b)

    class Broken(Numbers):
        def __getitem__(self, k):
            raise Odd(1, 2)

    with pytest.raises(RuntimeError, match="Caught Odd in DataLoader worker 0"):
        list(DataLoader(Broken(3), num_workers=1))


def test_an_exception_in_the_sampler_arrives_as_it_is():
    class Bad:
        def __iter__(self):
            yield 0
            raise OSError("gone")

    with pytest.raises(OSError, match=r"^gone$"):
        list(DataLoader(Numbers(3), sampler=Bad(), num_workers=2))


def test_worker_init_fn_runs_in_each_worker_with_its_own_copy():
    class Marked(Numbers):
        mark = None

        def __getitem__(self, k):
            return self.mark, get_worker_info().id

    def mark(k):
        info = get_worker_info()
        assert info.id == k and info.num_workers == 2
        info.dataset.mark = k

    dataset = Marked(6)
    batches = seen(DataLoader(dataset, None, num_workers=2, worker_init_fn=mark))
    assert batches == [[0, 0], [1, 1]] * 3
    assert dataset.mark is None and get_worker_info() is None


def test_a_failing_worker_init_fn_is_reported():
    def fail(k):
        raise ValueError(f"no worker {k}")

    with pytest.raises(ValueError, match="no worker 0"):
        list(DataLoader(Numbers(3), num_workers=2, worker_init_fn=fail))


def test_leaving_the_loop_early_stops_the_workers():
    loaded = []

    class Counted(Numbers):
        def __getitem__(self, k):
            loaded.append(k)
            return k

    it = iter(DataLoader(Counted(1000), 1, num_workers=2))
    next(it)
    it.close()
    for thread in threading.enumerate():
        if thread.name.startswith("DataLoader worker"):
            thread.join(10)
            assert not thread.is_alive()
    assert len(loaded) < 10


def test_after_the_last_batch_no_worker_is_left():
    before = set(threading.enumerate())
    list(DataLoader(Numbers(10), num_workers=3))
    list(DataLoader(Stream(10), num_workers=3))
    assert set(threading.enumerate()) <= before


def test_a_worker_that_hangs_is_reported_after_the_timeout():
    release = threading.Event()

    class Hanging(Numbers):
        def __getitem__(self, k):
            release.wait(10)
            return k

    try:
        with pytest.raises(RuntimeError, match=r"timed out after 0.01 seconds: worker 0"):
            next(iter(DataLoader(Hanging(3), num_workers=1, timeout=0.01)))
    finally:
        release.set()


# -- data sets that are iterated over ---------------------------------------------------------------------------


@given(st.integers(0, 20), sizes, st.booleans(), workers)
def test_a_stream_comes_once_too(n, size, drop_last, num_workers):
    loader = DataLoader(Stream(n), size, drop_last=drop_last, num_workers=num_workers)
    for _ in range(2):
        batches = seen(loader)
        assert sorted(joined(batches)) == list(range(n)) or drop_last
        if num_workers == 0 and not drop_last:
            assert joined(batches) == list(range(n)) and len(batches) == math.ceil(n / size)
        assert not drop_last or all(len(b) == size for b in batches)


def test_a_stream_that_is_not_dealt_out_comes_from_each_worker():
    class Same(IterableDataset):
        def __iter__(self):
            return iter("ab")

    assert seen(DataLoader(Same(), None, num_workers=2)) == ["a", "a", "b", "b"]


def test_the_length_of_a_stream_is_known_if_it_says_so():
    class Known(Stream):
        def __len__(self):
            return self.n

    assert len(DataLoader(Known(7), 3)) == 3
    assert len(DataLoader(Known(7), 3, drop_last=True)) == 2
    assert len(DataLoader(Known(7), None)) == 7
    with pytest.raises(TypeError, match=r"object of type 'Stream' has no len\(\)"):
        len(DataLoader(Stream(7)))


# -- collating --------------------------------------------------------------------------------------------------


def test_collating_goes_into_containers():
    Point = namedtuple("Point", "x y")
    sample = {"a": (1, 2.5), "p": Point(np.float32(1), np.ones(2)), "s": "text", "l": [True, tg.zeros(2)]}
    batch = default_collate([sample, sample])
    assert batch["a"][0].dtype == tg.int64 and batch["a"][1].dtype == tg.float64 and type(batch["a"]) is list
    assert type(batch["p"]) is Point and batch["p"].x.dtype == tg.float32 and batch["p"].y.shape == (2, 2)
    assert batch["s"] == ["text", "text"]
    assert batch["l"][0].dtype == tg.bool and batch["l"][1].shape == (2, 2)


def test_arrays_become_tensors_without_batches():
    (sample,) = DataLoader([(np.ones(2), "a", {"k": 3})], batch_size=None)
    assert sample[0].equal(tg.ones(2, dtype=tg.float64)) and sample[1:] == ["a", {"k": 3}]


@pytest.mark.parametrize(
    ("batch", "error", "message"),
    [
        (
            [tg.zeros(2), tg.zeros(3)],
            RuntimeError,
            r"equal size, but got \(2,\) at entry 0 and shape \(3,\) at entry 1",
        ),
        ([np.zeros(2), np.zeros((2, 1))], RuntimeError, r"got \(2,\) at entry 0 and shape \(2, 1\) at entry 1"),
        ([tg.zeros(2), 1], RuntimeError, "int, which has no shape, at entry 1"),
        ([[1, 2], [1]], RuntimeError, r"equal size, but the lengths are \[2, 1\]"),
        ([None], TypeError, "found <class 'NoneType'>"),
        ([np.array(["a"])], TypeError, "dtype <U1 cannot become a tensor"),
        ([{"a": 1}, {"b": 1}], KeyError, "same keys"),
        ([], ValueError, "at least one sample"),
    ],
)
def test_what_makes_no_batch_is_explained(batch, error, message):
    with pytest.raises(error, match=message):
        default_collate(batch)


# -- options --------------------------------------------------------------------------------------------------


class Lengthless(Dataset):
    def __getitem__(self, k):
        return k


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size should be a positive integer value, but got batch_size=0"),
        ({"batch_size": 2.5}, ValueError, "positive integer"),
        ({"batch_size": None, "drop_last": True}, ValueError, "batch_size=None option disables auto-batching"),
        ({"shuffle": True, "sampler": [0]}, ValueError, "sampler option is mutually exclusive with shuffle"),
        ({"batch_sampler": [[0]], "batch_size": 2}, ValueError, "batch_sampler option is mutually exclusive"),
        ({"drop_last": 1}, ValueError, "drop_last should be a boolean"),
        ({"num_workers": -1}, ValueError, "num_workers option should be non-negative"),
        ({"num_workers": 1.5}, ValueError, "num_workers option should be non-negative"),
        ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
        ({"timeout": 1}, ValueError, "timeout option needs num_workers > 0"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor option needs num_workers > 0"),
        ({"prefetch_factor": 0, "num_workers": 1}, ValueError, "prefetch_factor option should be positive"),
        ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers > 0"),
        ({"generator": 3}, TypeError, "generator must be a Generator"),
        ({"dataset": Stream(3), "shuffle": True}, ValueError, "expected unspecified shuffle option"),
        ({"dataset": Stream(3), "sampler": [1]}, ValueError, "expected unspecified sampler option"),
        ({"dataset": Lengthless()}, TypeError, r"object of type 'Lengthless' has no len\(\).*__len__"),
        ({"dataset": Lengthless(), "shuffle": True}, TypeError, r"has no len\(\)"),
        ({"dataset": iter([1])}, TypeError, "has no __getitem__"),
        ({"dataset": [], "shuffle": True}, ValueError, "num_samples=0: the data set is empty"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": Numbers(5), **options})


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_the_order_was_made_for_cannot_be_changed(name):
    loader = DataLoader(Numbers(4), 2)
    before = getattr(loader, name)
    with pytest.raises(ValueError, match=f"{name} attribute should not be set after DataLoader is initialized"):
        setattr(loader, name, None)
    assert getattr(loader, name) is before
    loader.collate_fn = list
    assert list(loader) == [[0, 1], [2, 3]]


def test_options_for_gpus_and_processes_are_accepted():
    loader = DataLoader(
        Numbers(3), 2, num_workers=1, pin_memory=True, persistent_workers=True, multiprocessing_context="fork"
    )
    assert seen(loader) == [[0, 1], [2]]


def test_a_batch_sampler_says_what_is_in_each_batch():
    batches = BatchSampler(RandomSampler(range(4)), 3, drop_last=True)
    loader = DataLoader(Numbers(4), batch_sampler=batches)
    assert len(loader) == 1 and loader.batch_size is None and [len(b) for b in loader] == [3]
    assert seen(DataLoader(Numbers(9), batch_sampler=[[8, 1], [2]])) == [[8, 1], [2]]


def test_several_samples_may_be_fetched_at_once():
    class Fast(Numbers):
        def __getitems__(self, numbers):
            return [10 * k for k in numbers]

    assert seen(DataLoader(Fast(3), 2)) == [[0, 10], [20]]
