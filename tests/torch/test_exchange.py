"""What the README says of going to PyTorch and back: the same script, and parameters either way."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def network(lib):
    return lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.Tanh(), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 2))


def test_the_files_of_the_readme_go_both_ways(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert 'tg.save(model.state_dict(), "model.safetensors")' in README
    assert 'model.load_state_dict(safetensors.torch.load_file("model.safetensors"))' in README
    ours, theirs, back = network(tg), network(torch), network(tg)
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    tg.save(ours.state_dict(), "model.safetensors")
    theirs.load_state_dict(safetensors_torch.load_file("model.safetensors"))
    torch.save(theirs.state_dict(), "checkpoint.pt")
    back.load_state_dict(tg.load("checkpoint.pt"))
    expected = theirs(torch.from_numpy(x)).detach().numpy()
    for model in (ours, back):
        np.testing.assert_allclose(model(tg.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_the_readmes_network_is_a_pytorch_program_with_another_import(tmp_path):
    """It learns there as here; the random numbers differ."""
    code = next(b for b in re.findall(r"```python\n(.*?)```", README, re.S) if "nn.Sequential" in b)
    for lib in (tg, torch):
        names = {"tg": lib, "optim": lib.optim}
        exec(code.replace("tinygrad_edu", lib.__name__).replace(", viz", ""), names)
        right = (names["model"](names["points"]).argmax(1) == names["inside"]).float().mean().item()
        assert right > 0.95, lib.__name__
