"""Data sets, splits and samplers."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)


class Letters(IterableDataset):
    def __iter__(self):
        return iter("ab")


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5))
def test_a_split_deals_every_sample_out_once(lengths):
    n = sum(lengths)
    parts = random_split(range(n), lengths, tg.Generator().manual_seed(1))
    assert [len(p) for p in parts] == lengths
    assert sorted(k for p in parts for k in p) == list(range(n))
    again = random_split(range(n), lengths, tg.Generator().manual_seed(1))
    assert [list(p) for p in again] == [list(p) for p in parts]


@given(st.integers(0, 50), st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_fractions_leave_nothing_over(n, weights):
    fractions = [w / sum(weights) for w in weights]
    parts = random_split(range(n), fractions)
    assert sorted(k for p in parts for k in p) == list(range(n))
    assert all(abs(len(p) - n * f) <= len(parts) for p, f in zip(parts, fractions, strict=True))


def test_what_is_left_over_by_fractions_is_dealt_out_in_turn():
    assert [len(p) for p in random_split(range(10), [0.33, 0.33, 0.34])] == [4, 3, 3]
    assert [len(p) for p in random_split(range(10), [1])] == [10]
    assert [len(p) for p in random_split(range(1), [1, 0])] == [1, 0]


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([1, 1], "Sum of input lengths does not equal the length of the input dataset"),
        ([0.5, 0.6], "Sum of input lengths does not equal"),
        ([1.5, -0.5], "Fraction at index 1 is not between 0 and 1|at least 0"),
        ([4, -1], "at least 0"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, message):
    with pytest.raises(ValueError, match=message):
        random_split(range(3), lengths)


def test_data_sets_one_after_the_other():
    both = Subset("abc", [2, 0]) + Subset("xyz", [1])
    assert isinstance(both, ConcatDataset)
    assert list(both) == ["c", "a", "y"] and both[-1] == "y" and both[-3] == "c" and len(both) == 3
    with pytest.raises(IndexError, match="3 samples together"):
        both[3]
    chained = Letters() + Letters()
    assert isinstance(chained, ChainDataset) and list(chained) == list("abab")


def test_data_sets_side_by_side():
    assert list(StackDataset("ab", [0, 1])) == [("a", 0), ("b", 1)]
    assert StackDataset(x="ab", y=[0, 1])[0] == {"x": "a", "y": 0}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: TensorDataset(tg.zeros(2, 3), tg.zeros(3)), AssertionError, r"\(2, 3\), \(3,\)"),
        (lambda: TensorDataset(tg.zeros(2), tg.tensor(1.0)), AssertionError, "single number"),
        (lambda: TensorDataset(tg.zeros(2), [1, 2]), TypeError, "expected tensors, not list"),
        (lambda: TensorDataset(), TypeError, "at least one tensor"),
        (lambda: StackDataset([1], [2, 3]), ValueError, r"Size mismatch between datasets: their lengths are \[1, 2\]"),
        (lambda: StackDataset(), ValueError, "in a row, or all by name"),
        (lambda: ConcatDataset([]), AssertionError, "should not be an empty iterable"),
        (lambda: ConcatDataset([Letters()]), AssertionError, "use ChainDataset"),
        (lambda: ChainDataset([[1]]), AssertionError, "use ConcatDataset"),
        (lambda: Dataset()[0], NotImplementedError, "should implement __getitem__"),
        (lambda: iter(IterableDataset()), NotImplementedError, "should implement __iter__"),
        (lambda: len(Letters() + Letters()), TypeError, r"'Letters' has no len\(\)"),
        (lambda: iter(Sampler()), NotImplementedError, "__iter__"),
        (lambda: RandomSampler([]), ValueError, "num_samples=0"),
        (lambda: RandomSampler([1], num_samples=0), ValueError, "num_samples should be a positive integer"),
        (lambda: RandomSampler([1], replacement=3), TypeError, "replacement should be a boolean"),
        (lambda: WeightedRandomSampler([1.0], 0), ValueError, "num_samples should be a positive integer"),
        (lambda: WeightedRandomSampler([[1.0]], 1), ValueError, r"1d sequence but given weights have shape \(1, 1\)"),
        (lambda: WeightedRandomSampler([1.0], 1, 5), ValueError, "replacement should be a boolean"),
        (lambda: list(WeightedRandomSampler([1.0], 2, False)), RuntimeError, "without replacement"),
        (lambda: BatchSampler([1], 0, False), ValueError, "batch_size should be a positive integer"),
        (lambda: BatchSampler([1], 2, 3), ValueError, "drop_last should be a boolean"),
        (lambda: len(BatchSampler(iter([1]), 2, False)), TypeError, r"has no len\(\)"),
    ],
)
def test_bad_input_is_explained(make, error, message):
    with pytest.raises(error, match=message):
        make()


@given(st.integers(1, 12), st.integers(1, 30))
def test_without_replacement_all_come_before_any_comes_again(n, count):
    drawn = list(RandomSampler(range(n), num_samples=count))
    assert len(drawn) == count == len(RandomSampler(range(n), num_samples=count))
    often = Counter(drawn)
    assert max(often.values()) - min(often.get(k, 0) for k in range(n)) <= 1


def test_with_replacement_numbers_are_drawn_from_all():
    drawn = list(RandomSampler(range(3), replacement=True, num_samples=300))
    assert set(drawn) == {0, 1, 2} and len(drawn) == 300
    assert all(type(k) is int for k in drawn)


def test_samplers_of_parts_and_of_weights():
    assert list(SequentialSampler("abc")) == [0, 1, 2]
    assert sorted(SubsetRandomSampler([5, 3, 9])) == [3, 5, 9] and len(SubsetRandomSampler([5])) == 1
    drawn = Counter(WeightedRandomSampler(tg.tensor([0.0, 1.0, 3.0]), 4000))
    assert 0 not in drawn and 2.5 < drawn[2] / drawn[1] < 3.6
    assert sorted(WeightedRandomSampler([1.0, 2.0, 3.0], 3, replacement=False)) == [0, 1, 2]


def test_any_iterable_can_be_made_batches_of():
    assert list(BatchSampler("abcde", 2, True)) == [["a", "b"], ["c", "d"]]
    assert len(BatchSampler("abcde", 2, True)) == 2 and len(BatchSampler("abcde", 2, False)) == 3
