"""Windows and slopes against PyTorch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(5)


@pytest.mark.parametrize("name", [f"{kind}_window" for kind in ("hann", "hamming", "blackman", "bartlett", "kaiser")])
def test_windows(name: str) -> None:
    for n in (0, 1, 2, 5, 8):
        for periodic in (True, False):
            ours, theirs = getattr(tg, name)(n, periodic), getattr(torch, name)(n, periodic)
            assert ours.dtype == tg.float32
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=2e-6)
    for bad in ((-1,), (2.5,)):
        with pytest.raises((RuntimeError, TypeError)) as error:
            getattr(torch, name)(*bad)
        with pytest.raises(error.type):
            getattr(tg, name)(*bad)


A = rng.standard_normal((3, 4))
PLACES = [np.cumsum(rng.uniform(0.5, 2, n)) for n in A.shape]
CALLS: list[dict[str, Any]] = [
    {}, {"spacing": 0.5}, {"spacing": [2.0, 0.5]}, {"spacing": PLACES}, {"spacing": PLACES[1:], "dim": 1}, {"dim": 0},
    {"spacing": (3.0, 2.0), "dim": (1, 0)}, {"spacing": 3, "dim": [-1]},
]  # fmt: skip


def tensors(make: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options, with arrays as tensors."""
    spacing = options.get("spacing")
    if isinstance(spacing, list):
        return {**options, "spacing": [make(s) if isinstance(s, np.ndarray) else s for s in spacing]}
    return options


@pytest.mark.parametrize("edge_order", [1, 2])
@pytest.mark.parametrize("options", CALLS, ids=str)
def test_slopes_and_their_derivatives(options: dict[str, Any], edge_order: int) -> None:
    x, z = tg.tensor(A, requires_grad=True), torch.tensor(A, requires_grad=True)
    ours = tg.gradient(x, **tensors(tg.from_numpy, options), edge_order=edge_order)
    theirs = torch.gradient(z, **tensors(torch.from_numpy, options), edge_order=edge_order)
    assert len(ours) == len(theirs)
    for k, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        np.testing.assert_allclose(mine.detach().numpy(), other.detach().numpy(), rtol=1e-10, atol=1e-12)
        (mine * (k + 1) ** 2 * x.detach().exp()).sum().backward()
        (other * (k + 1) ** 2 * z.detach().exp()).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), z.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [{"edge_order": 3}, {"spacing": [1.0]}, {"spacing": [1.0], "dim": (0, 1)}, {"dim": 2}, {"dim": (0, 0)}],
    ids=str,
)
def test_what_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises((RuntimeError, IndexError)) as error:
        torch.gradient(torch.tensor(A), **options)
    with pytest.raises(error.type):
        tg.gradient(tg.tensor(A), **options)
