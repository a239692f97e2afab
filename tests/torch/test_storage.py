"""The memory behind tensors against PyTorch's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:TypedStorage is deprecated")

VIEWS: dict[str, Any] = {
    "itself": lambda x: x,
    "transposed": lambda x: x.t(),
    "a row": lambda x: x[1],
    "columns": lambda x: x[:, ::2],
    "reshaped": lambda x: x.view(-1),
    "expanded": lambda x: x[:, :1].expand(2, 5),
    "diagonal": lambda x: x.diagonal(),
    "copied": lambda x: x.t().contiguous(),
}


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, np.complex64])
def test_it_shows_the_same(view: Any, dtype: Any) -> None:
    a = np.arange(6).reshape(2, 3).astype(dtype)
    x, z = tg.tensor(a), torch.tensor(a)
    ours, theirs = view(x), view(z)
    s, t = ours.storage(), theirs.storage()
    assert s.tolist() == t.tolist() and len(s) == len(t) and s.nbytes() == t.nbytes() and s[-1] == t[-1]
    assert list(ours.untyped_storage()) == list(theirs.untyped_storage())
    assert (s.data_ptr() == x.storage().data_ptr()) == (t.data_ptr() == z.storage().data_ptr())
    assert ours.storage_offset() == theirs.storage_offset()
    assert (ours.untyped_storage() == x.untyped_storage()) == (theirs.untyped_storage() == z.untyped_storage())
    assert repr(s).splitlines()[:-1] == repr(t).splitlines()[:-1]
    last = repr(s).splitlines()[-1].replace("tinygrad_edu", "torch").replace("dtype=", "dtype=torch.")
    assert last == repr(t).splitlines()[-1]


def test_mistakes_raise_the_same() -> None:
    for mistake in (lambda x: x.storage()[7], lambda x: x.storage()[1:2], lambda x: x.untyped_storage()[99]):
        with pytest.raises((IndexError, RuntimeError)) as error:
            mistake(torch.ones(2))
        with pytest.raises(error.type, match=re.escape(str(error.value)[:40])):
            mistake(tg.ones(2))
