"""NumPy's casts on Tensors, and its questions about dtype and memory."""

import numpy as np
import pytest

import tinygrad_edu as tg


@pytest.mark.skipif(not hasattr(np, "astype"), reason="NumPy 2.0 has no np.astype")
def test_astype_is_recorded():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    (np.astype(w, np.float64) * np.array([3.0, 5.0])).sum().backward()
    assert (w.grad.dtype, w.grad.tolist()) == (tg.float32, [3, 5])


def test_questions_take_recorded_tensors():
    w = tg.tensor([1.0, 2.0], requires_grad=True)
    assert np.result_type(w, np.float64) == np.float64
    assert np.can_cast(w, np.float64) and not np.can_cast(w, np.int64)
    assert np.isrealobj(w) and not np.iscomplexobj(w)
    assert np.shares_memory(w, w.detach()) and np.may_share_memory(w, w.detach())
    assert not np.shares_memory(w, np.zeros(2))
    assert np.array_repr(w) == np.array_str(w) == np.array2string(w) == repr(w)
    assert np.real(w) is w
