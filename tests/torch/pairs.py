"""A module in both libraries with the same parameters, and the comparison of what they compute."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")


def twins(name, *args, seed=0, **options):
    """Our module and PyTorch's, in float64; the parameters go there and back through state dicts."""
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, theirs = (getattr(lib.nn, name)(*args, **options).double() for lib in (tg, torch))
    names = list(theirs.state_dict())
    assert list(ours.state_dict()) == names
    assert [tuple(t.shape) for t in ours.state_dict().values()] == [
        tuple(t.shape) for t in theirs.state_dict().values()
    ]
    theirs.load_state_dict({k: torch.tensor(t.numpy()) for k, t in ours.state_dict().items()})
    for p in theirs.parameters():  # biases that start as 0 would hide where they are forgotten
        torch.nn.init.normal_(p, std=0.5)
    ours.load_state_dict({k: tg.tensor(t.numpy()) for k, t in theirs.state_dict().items()})
    return ours, theirs


def flat(result):
    """The tensors in a result, in order."""
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]


def assert_same(call, modules, *inputs, rtol=1e-9, atol=1e-10):
    """``call(lib, module, *tensors)`` gives the same results and gradients, of the inputs and of the parameters."""
    found = []
    for lib, module in zip((tg, torch), modules or (None, None), strict=True):
        leaves = [lib.tensor(a).requires_grad_(a.dtype.kind == "f") for a in inputs]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = flat(call(lib, module, *leaves))
        rng = np.random.default_rng(0)
        loss = sum((r * lib.tensor(rng.standard_normal(tuple(r.shape)))).sum() for r in results if r.requires_grad)
        loss.backward()
        leaves = [t for t in leaves if t.requires_grad] + (list(module.parameters()) if module else [])
        grads = [np.zeros(tuple(t.shape)) if t.grad is None else t.grad.numpy() for t in leaves]
        found.append([r.detach().numpy() for r in results] + grads)
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
