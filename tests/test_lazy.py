"""The same rules over Dask arrays: NumPy's losses and gradients, each block of the data read once a step."""

from __future__ import annotations

import math
import os
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from tinygrad_edu.primitive import PRIMITIVES, rule

da = pytest.importorskip("dask.array")

ROWS, BLOCKS = 60, 4


def rows(kind: str, block: int) -> np.ndarray:
    """A block of the table, made on demand."""
    rng = np.random.default_rng(block)
    x = rng.standard_normal((ROWS // BLOCKS, 5))
    if kind == "x":
        return x
    y = x @ np.arange(1.0, 6.0)[:, None] + rng.standard_normal((ROWS // BLOCKS, 1))
    return (y > 0).astype(float) if kind == "label" else y


def load(kind: str, folder: str, block_id: tuple[int, int]) -> np.ndarray:
    """The same, leaving a file for each time that it is read (processes share no counter)."""
    Path(folder, f"{kind}-{block_id[0]}-{os.getpid()}-{uuid.uuid4().hex}").touch()
    return rows(kind, block_id[0])


def lazy(kind: str, folder: Path, width: int) -> Any:
    sides = ((ROWS // BLOCKS,) * BLOCKS, (width,))
    return da.map_blocks(lambda block_id=None: load(kind, str(folder), block_id), chunks=sides, dtype=np.float64)


def whole(kind: str) -> np.ndarray:
    return np.concatenate([rows(kind, k) for k in range(BLOCKS)])


def parameters(*shapes: tuple[int, ...]) -> list[Any]:
    rng = np.random.default_rng(7)
    return [tg.tensor(rng.standard_normal(s) / 2, requires_grad=True) for s in shapes]


MODELS = {
    "linear": ("y", [(1, 5), (1,)], lambda x, y, p: F.mse_loss(F.linear(x, *p), y)),
    "logistic": ("label", [(1, 5), (1,)], lambda x, y, p: F.binary_cross_entropy_with_logits(F.linear(x, *p), y)),
    "mlp": (
        "y",
        [(8, 5), (8,), (1, 8), (1,)],
        lambda x, y, p: F.mse_loss(F.linear(F.relu(F.linear(x, *p[:2])), *p[2:]), y),
    ),
}


def step(model: str, x: Any, y: Any) -> tuple[float, list[np.ndarray]]:
    _, shapes, loss_of = MODELS[model]
    p = parameters(*shapes)
    loss = loss_of(tg.as_tensor(x), tg.as_tensor(y), p)
    loss.backward()
    return loss.item(), [t.grad.numpy() for t in p]


def check(model: str, folder: Path) -> None:
    target = MODELS[model][0]
    expected_loss, expected = step(model, whole("x"), whole(target))
    loss, gradients = step(model, lazy("x", folder, 5), lazy(target, folder, 1))
    assert loss == pytest.approx(expected_loss, abs=1e-9)
    for g, e in zip(gradients, expected, strict=True):
        assert type(g) is np.ndarray
        np.testing.assert_allclose(g, e, rtol=0, atol=1e-9)
    reads = [f.name.rsplit("-", 2)[0] for f in folder.iterdir()]
    assert sorted(reads) == sorted(f"{kind}-{k}" for kind in ("x", target) for k in range(BLOCKS))


@pytest.mark.parametrize("model", MODELS)
def test_threads_give_numpys_gradients_and_read_each_block_once(model: str, tmp_path: Path) -> None:
    check(model, tmp_path)


@pytest.mark.filterwarnings("default")
def test_a_cluster_of_processes_gives_numpys_gradients_and_reads_each_block_once(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster),
    ):
        for model in MODELS:
            folder = tmp_path / model
            folder.mkdir()
            check(model, folder)


def test_softmax_regression_picks_classes_without_indexing() -> None:
    x, labels = whole("x"), np.arange(ROWS) % 3
    (w,) = parameters((3, 5))
    (v,) = parameters((3, 5))
    expected = F.cross_entropy(F.linear(tg.as_tensor(x), w), tg.as_tensor(labels))
    expected.backward()
    loss = F.cross_entropy(
        F.linear(tg.as_tensor(da.from_array(x, chunks=15)), v), tg.as_tensor(da.from_array(labels, chunks=15))
    )
    loss.backward()
    assert loss.item() == pytest.approx(expected.item(), abs=1e-9)
    np.testing.assert_allclose(v.grad.numpy(), w.grad.numpy(), rtol=0, atol=1e-9)


def test_a_parameter_that_plain_and_lazy_data_share_counts_both() -> None:
    x = whole("x")
    (w,) = parameters((3, 5))
    lazily = F.linear(tg.as_tensor(da.from_array(x, chunks=15)), w).sum()  # the oldest: its cotangent comes last
    (lazily + 2 * w.sum() + 3 * w.sum()).backward()
    np.testing.assert_allclose(w.grad.numpy(), np.broadcast_to(x.sum(axis=0) + 5, (3, 5)), rtol=1e-12)


def test_the_gradient_of_a_lazy_leaf_is_lazy_and_accumulates() -> None:
    x = tg.as_tensor(da.from_array(np.arange(4.0), chunks=2)).requires_grad_()
    for times in (1, 2):
        (x * x).sum().backward()
        assert isinstance(x.grad._array, da.Array)
        assert x.grad.tolist() == [0, 2 * times, 4 * times, 6 * times]


def test_a_lazy_tensor_prints_its_shape_and_computes_nothing(tmp_path: Path) -> None:
    t = tg.as_tensor(lazy("x", tmp_path, 5))
    assert "(60, 5)" in repr(t)
    assert not list(tmp_path.iterdir())


def test_item_and_numpy_compute_a_lazy_tensor() -> None:
    x = da.from_array(np.arange(6.0).reshape(2, 3), chunks=1)
    assert tg.as_tensor(x).sum().item() == 15.0
    np.testing.assert_array_equal(tg.as_tensor(x).numpy(), x.compute())


def test_a_function_that_dask_computes_as_numpy_is_an_error_that_names_it() -> None:
    x = tg.as_tensor(da.from_array(np.array([3.0, 1.0, 2.0]), chunks=1))
    with pytest.raises(TypeError, match=r"sort.*compute\(\)"):
        tg.sort(x)


def test_an_unknown_size_is_refused_with_the_remedy() -> None:
    x = da.from_array(np.array([[3.0, 1.0], [2.0, -1.0]]), chunks=1)
    picked = x[x[:, 1] > 0]
    w = tg.tensor(np.ones(2), requires_grad=True)
    with pytest.raises((RuntimeError, ValueError), match="compute_chunk_sizes"):
        (tg.as_tensor(picked) * w).sum().backward()


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.amax(0), lambda x: x.amin(1), lambda x: x.mean(0), lambda x: x.var(0), lambda x: x.norm(dim=1),
        lambda x: x.logsumexp(1), lambda x: x.softmax(1), lambda x: F.mse_loss(x, x * x),
        lambda x: F.cross_entropy(x, tg.tensor([0, 2, 1, 2, 0, 0])),
        lambda x: F.batch_norm(x, None, None, tg.tensor([1.0, 2.0, 3.0]).double(), training=True),
        lambda x: F.batch_norm(x, None, None, None, tg.tensor([1.0, 2.0, 3.0]).double(), training=True),
        lambda x: F.layer_norm(x, (3,)),
    ],
)  # fmt: skip
def test_reductions_and_norms_stay_lazy_and_are_numpys(f: Any) -> None:
    x = np.random.default_rng(0).standard_normal((6, 3))
    a, b = tg.from_numpy(x), tg.from_numpy(da.from_array(x, chunks=(2, 3)))
    for t in (a, b):
        t.requires_grad_()
    expected, found = f(a), f(b)
    assert isinstance(found._array, da.Array)
    np.testing.assert_allclose(found._array.compute(), expected.detach().numpy(), rtol=1e-12)
    cotangent = np.random.default_rng(1).standard_normal(expected.shape)
    (want,), (have,) = (tg.autograd.grad(y, t, tg.tensor(cotangent)) for y, t in ((expected, a), (found, b)))
    np.testing.assert_allclose(np.asarray(have._array), want.numpy(), rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("n", [3, 1000])  # numbers at once are computed in another way the fewer they are
def test_the_error_function_stays_lazy(n: int) -> None:
    x = np.linspace(-2, 2, n)
    y = tg.erf(tg.from_numpy(da.from_array(x, chunks=n // 2)))
    assert isinstance(y._array, da.Array)
    np.testing.assert_allclose(y._array.compute(), [math.erf(v) for v in x], rtol=1e-13)


@pytest.mark.parametrize("elementwise", [True, False])
@pytest.mark.parametrize(("operands", "place"), [(1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2), (4, 3)])
def test_what_computes_a_lazy_operand_silently_is_named(elementwise: bool, operands: int, place: int) -> None:
    makers = [
        lambda a: np.array(a), lambda a, b: np.array(a + b), lambda a, b, c: np.array(a + b + c),
        lambda a, b, c, d: np.array(a + b + c + d),
    ]  # fmt: skip
    f = rule(makers[operands - 1], *[lambda g: g] * operands, name="at_once", elementwise=elementwise)
    given: list[Any] = [tg.ones(2, 3)] * operands
    given[place] = tg.from_numpy(da.ones((2, 3), dtype=np.float32))
    with pytest.raises(TypeError, match="at_once: dask has no at_once of its own"):
        f(*given)
    del PRIMITIVES["at_once"]
