"""Linear algebra against PyTorch: values, gradients and second derivatives on random and on singular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(3)


def spd(x: Any, lib: Any) -> Any:
    return x @ x.mT + lib.eye(x.shape[-1], dtype=x.dtype)


FUNCTIONS = {
    "inv": lambda lib, x: lib.linalg.inv(x),
    "det": lambda lib, x: lib.linalg.det(x),
    "logabsdet": lambda lib, x: lib.linalg.slogdet(x).logabsdet,
    "logdet": lambda lib, x: lib.logdet(spd(x, lib)),
    "cholesky": lambda lib, x: lib.linalg.cholesky(spd(x, lib)),
    "upper": lambda lib, x: lib.linalg.cholesky(spd(x, lib), upper=True),
    "eigh": lambda lib, x: (lambda w, v: (w, v**2))(*lib.linalg.eigh(spd(x, lib))),
    "eigvalsh": lambda lib, x: lib.linalg.eigvalsh(spd(x, lib)),
    "svd": lambda lib, x: (lambda u, s, vh: (u**2, s, vh**2))(*lib.linalg.svd(x)),
    "svdvals": lambda lib, x: lib.linalg.svdvals(x[..., :2]),
    "qr": lambda lib, x: tuple(lib.linalg.qr(x[..., :2])),
    "wide qr": lambda lib, x: tuple(lib.linalg.qr(x[..., :2, :])),
    "pinv": lambda lib, x: lib.linalg.pinv(x[..., :2]),
    "solve": lambda lib, x: lib.linalg.solve(x, x[..., :2] ** 2),
    "right solve": lambda lib, x: lib.linalg.solve(x, x[..., :2, :] ** 2, left=False),
    "triangular": lambda lib, x: lib.linalg.solve_triangular(x, x[..., :2] ** 2, upper=True),
    "lstsq": lambda lib, x: lib.linalg.lstsq(x[..., :2], x[..., 1:] ** 2).solution,
    "power": lambda lib, x: lib.linalg.matrix_power(x, 3),
    "negative power": lambda lib, x: lib.linalg.matrix_power(x, -2),
    "fro": lambda lib, x: lib.linalg.matrix_norm(x),
    "nuc": lambda lib, x: lib.linalg.matrix_norm(x, "nuc"),
    "spectral": lambda lib, x: lib.linalg.matrix_norm(x, 2),
    "columns": lambda lib, x: lib.linalg.matrix_norm(x, 1, keepdim=True),
    "rows": lambda lib, x: lib.linalg.matrix_norm(x, -float("inf")),
    "cond": lambda lib, x: lib.linalg.cond(x),
    "vecdot": lambda lib, x: lib.linalg.vecdot(x, x[..., :1, :]),
    "cross": lambda lib, x: lib.linalg.cross(x, x**2, dim=-2),
    "diagonal": lambda lib, x: lib.linalg.diagonal(x, offset=1),
    "multi_dot": lambda lib, x: lib.linalg.multi_dot([x.reshape(-1, 3)[:, 0], x.reshape(-1, 3), x.reshape(-1, 3)[:3]]),
    "einsum": lambda lib, x: lib.einsum("...ij,...kj,...jj->...i", x, x**2, x),
    "tensordot": lambda lib, x: lib.tensordot(x, x**2, ([-1], [-2])),
}


def results(f: Any, lib: Any, x: Any, gs: Any, make: Any) -> tuple[list[Any], Any, Any]:
    """Values, the gradient, and the gradient of a function of the gradient."""
    y = f(lib, x)
    ys = y if isinstance(y, tuple) else (y,)
    (first,) = lib.autograd.grad(ys, [x], [make(g) for g in gs[: len(ys)]], create_graph=True)
    loss = (first**2).sum() + (x**2).sum()  # the second term connects x where the gradient is constant
    (second,) = lib.autograd.grad(loss, [x])
    return [np.array(v.tolist()) for v in ys], np.array(first.tolist()), np.array(second.tolist())


@pytest.mark.parametrize("batch", [(), (2,)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_first_and_second_derivatives_are_pytorchs(name: str, batch: tuple[int, ...]) -> None:
    f, a = FUNCTIONS[name], rng.standard_normal((*batch, 3, 3)) + 2 * np.eye(3) * [1, 2, 3]
    shapes = [v.shape for v in (lambda y: y if isinstance(y, tuple) else (y,))(f(torch, torch.tensor(a)))]
    gs = [rng.standard_normal(tuple(s)) for s in shapes]
    theirs = results(f, torch, torch.tensor(a, requires_grad=True), gs, torch.tensor)
    ours = results(f, tg, tg.tensor(a).requires_grad_(), gs, tg.tensor)
    for v, r in zip(ours[0], theirs[0], strict=True):
        np.testing.assert_allclose(v, r, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-7, atol=1e-7)


def test_lstsq_fills_the_same_results() -> None:
    a, b = rng.standard_normal((2, 5, 3)), rng.standard_normal((2, 5, 2))
    for driver in (None, "gels", "gelsy", "gelsd", "gelss"):
        ours = tg.linalg.lstsq(tg.tensor(a), tg.tensor(b), driver=driver)
        theirs = torch.linalg.lstsq(torch.tensor(a), torch.tensor(b), driver=driver)
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.shape == tuple(other.shape)
            np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=1e-9)


def test_the_equations_of_einsum_mean_the_same() -> None:
    for equation, shapes in (
        ("...ij,...jk", [(2, 3, 4), (4, 5)]),
        ("i...,...i->...", [(3, 2, 4), (2, 4, 3)]),
        ("bca,Ab", [(2, 3, 4), (5, 2)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("ij...->ij", [(2, 3, 4)]),
    ):
        arrays = [rng.standard_normal(s) for s in shapes]
        ours = tg.einsum(equation, *map(tg.tensor, arrays))
        np.testing.assert_allclose(ours.numpy(), torch.einsum(equation, *map(torch.tensor, arrays)).numpy())
