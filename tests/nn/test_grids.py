"""Images sampled at computed positions: by hand, by finite differences, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F

IDENTITY = [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]


@pytest.mark.parametrize("corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_the_identity_gives_the_image_back(corners: bool, padding: str) -> None:
    image = tg.randn(1, 2, 3, 4)
    grid = F.affine_grid(tg.tensor(IDENTITY), (1, 2, 3, 4), align_corners=corners)
    for mode in ("bilinear", "nearest"):
        same = F.grid_sample(image, grid, mode, padding, corners)
        np.testing.assert_allclose(same.numpy(), image.numpy(), rtol=1e-4, atol=1e-5)
        assert same.view(1, -1).shape == (1, 24)  # it lies in memory in order


def test_what_lies_outside() -> None:
    image = tg.tensor([[[[1.0, 2.0, 3.0]]]])
    grid = tg.tensor([[[[-1.1, 0.0], [1.1, 0.0], [4.0, 0.0]]]])
    want = {"zeros": [0.35, 1.05, 0.0], "border": [1.0, 3.0, 3.0], "reflection": [1.0, 3.0, 2.0]}
    for padding, values in want.items():
        y = F.grid_sample(image, grid, padding_mode=padding)
        np.testing.assert_allclose(y.numpy(), [[[values]]], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("corners", [False, True])
def test_gradients(padding: str, corners: bool) -> None:
    rng = np.random.default_rng(1)
    image = tg.tensor(rng.standard_normal((2, 2, 3, 4)), requires_grad=True)
    grid = tg.tensor(rng.uniform(-1.7, 1.7, (2, 2, 3, 2)), requires_grad=True)
    assert tg.autograd.gradcheck(lambda x, g: F.grid_sample(x, g, "bilinear", padding, corners), (image, grid))
    theta = tg.tensor(rng.standard_normal((2, 2, 3)), requires_grad=True)
    assert tg.autograd.gradcheck(lambda t: F.affine_grid(t, (2, 1, 2, 3), corners), (theta,))


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda x, g: F.grid_sample(x, g[..., :1]), RuntimeError, "expected an input"),
        (lambda x, g: F.grid_sample(x[0], g), RuntimeError, "expected an input"),
        (lambda x, g: F.grid_sample(x, g.double()), RuntimeError, "same dtype"),
        (lambda x, g: F.grid_sample(x, g, mode="bicubic"), ValueError, "bilinear"),
        (lambda x, g: F.grid_sample(x, g, padding_mode="wrap"), ValueError, "reflection"),
        (lambda x, g: F.grid_sample(x[:, :, :0], g), RuntimeError, "non-empty"),
        (lambda x, g: F.affine_grid(tg.ones(1, 3, 3), (1, 1, 2, 2)), ValueError, "Nx2x3"),
        (lambda x, g: F.affine_grid(tg.ones(1, 2, 3), (1, 1, 2)), ValueError, r"\(N, C, H, W\)"),
        (lambda x, g: F.affine_grid(tg.ones(1, 2, 3).long(), (1, 1, 2, 2)), ValueError, "floating point"),
    ],
)
def test_what_does_not_fit_is_refused(call: Any, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        call(tg.ones(1, 1, 2, 2), tg.zeros(1, 2, 2, 2))
