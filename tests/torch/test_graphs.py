"""The same random programs on PyTorch: values, first and second derivatives."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tests.autograd.programs import random_program, run

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("seed", range(100, 160))
def test_random_graphs_agree_with_torch(seed):
    program = random_program(seed)
    results = []
    for lib in (tg, torch):
        xs = [lib.tensor(a, requires_grad=True) for a in program.leaves]
        loss = run(lib, program, xs)
        first = lib.autograd.grad(loss, xs, create_graph=True, allow_unused=True)
        total = sum((g * g).sum() for g in first if g is not None)
        second = lib.autograd.grad(total, xs, allow_unused=True) if total.requires_grad else [None] * len(xs)
        results.append([loss.item(), *(None if g is None else g.detach().numpy() for g in (*first, *second))])
    for ours, theirs in zip(*results, strict=True):
        # unused may be None in one and zero in the other
        zero = np.zeros(np.shape(theirs if ours is None else ours))
        np.testing.assert_allclose(
            zero if ours is None else ours, zero if theirs is None else theirs, rtol=1e-9, atol=1e-11
        )
