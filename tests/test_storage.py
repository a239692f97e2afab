"""The memory behind tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg


def tensor() -> Any:
    return tg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_views_show_the_memory_of_their_base() -> None:
    x = tensor()
    views = x, x.T, x[1], x[:, 1:], x.reshape(-1), x.expand(2, 2, 3), x.detach(), x.data, tg.from_numpy(x.numpy())
    for view in views:
        assert view.storage().tolist() == [1, 2, 3, 4, 5, 6]
        assert view.storage().data_ptr() == x.storage().data_ptr() == x.data_ptr()
        assert view.untyped_storage().data_ptr() == x.data_ptr()
        assert view.untyped_storage() == x.untyped_storage()
        offset = x.storage().data_ptr() + view.storage_offset() * 4
        assert view.data_ptr() == offset
    assert x.clone().storage().data_ptr() != x.data_ptr() and x.clone().untyped_storage() != x.untyped_storage()
    assert x.T.contiguous().storage().tolist() == [1, 4, 2, 5, 3, 6]


def test_memory_in_another_order_shows_as_it_lies() -> None:
    a = np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])
    s = tg.from_numpy(a).storage()
    assert s.tolist() == [1, 3, 2, 4] and s.data_ptr() == tg.from_numpy(a).data_ptr()


def test_it_is_a_row_of_numbers() -> None:
    s = tensor().storage()
    assert len(s) == s.size() == 6 and s.nbytes() == 24 and s.element_size() == 4 and s.dtype == tg.float32
    assert list(s) == s.tolist() == [1, 2, 3, 4, 5, 6] and s[0] == 1.0 and s[-1] == 6.0 and type(s[0]) is float
    assert str(s.device) == "cpu" and not s.is_cuda and not s.is_shared() and not s.is_pinned()
    b = tensor().untyped_storage()
    assert len(b) == b.size() == b.nbytes() == 24 and b.element_size() == 1 and list(b[:4]) == [0, 0, 128, 63]
    assert b[3] == 63 and list(s.untyped()) == list(b)
    assert tg.zeros(0).storage().tolist() == [] and tg.tensor(2).storage().tolist() == [2]
    assert tg.tensor([True]).storage().tolist() == [True] and tg.tensor([1j]).storage().tolist() == [1j]
    assert tg.tensor([1j]).imag.storage().tolist() == [0, 1]  # the parts lie side by side
    odd = tg.from_numpy(np.frombuffer(np.arange(7, dtype=np.uint8)[:4], np.int16))
    assert odd.storage().tolist() == [256, 770, 1284]  # the seventh byte makes no number


def test_writing_to_it_changes_the_tensors_and_the_graph_notices() -> None:
    x = tensor()
    s = x.T.storage()
    s[1] = 20.0
    assert x[0, 1].item() == 20 and s.fill_(3.0) is s and x.tolist() == [[3.0] * 3] * 2
    x.untyped_storage()[:] = 0
    assert x.sum().item() == 0
    w = tg.ones(2, requires_grad=True)
    y = w.exp()
    loss = (y * y).sum()
    y.storage()[0] = 5.0
    with pytest.raises(RuntimeError, match="storage"):
        loss.backward()


def test_two_looks_at_numbers_are_equal_only_if_they_are_the_same_object() -> None:
    x = tensor()
    s = x.storage()
    assert s == s and s != x.storage() and s != x.untyped_storage() and x.untyped_storage() != 3
    assert hash(x.untyped_storage()) == hash(x.T.untyped_storage())


def test_it_prints_as_pytorchs() -> None:
    assert repr(tg.tensor([1, 2]).storage()) == (
        " 1\n 2\n[tinygrad_edu.storage.TypedStorage(dtype=int64, device=cpu) of size 2]"
    )
    assert repr(tg.tensor([True]).untyped_storage()) == (
        " 1\n[tinygrad_edu.storage.UntypedStorage(device=cpu) of size 1]"
    )


def test_mistakes() -> None:
    s = tensor().storage()
    for index in (6, -7):
        with pytest.raises(IndexError, match=f"index {index} out of range for storage of size 6"):
            s[index]
        with pytest.raises(IndexError, match="out of range"):
            s[index] = 1
    with pytest.raises(RuntimeError, match=r"slices are only supported in UntypedStorage.*tolist\(\)\[a:b\]"):
        s[1:2]
    with pytest.raises(RuntimeError, match="read-only"):
        tg.frombuffer(b"1234", dtype=tg.int32).storage()[0] = 1
