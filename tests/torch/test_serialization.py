"""Files go both ways: PyTorch opens what is saved here, and what it saves is opened here."""

from __future__ import annotations

import argparse
import io
import pickle
import warnings
from collections import Counter, OrderedDict

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")

DTYPES = ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def model(lib):
    return lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.ReLU(), lib.nn.Linear(4, 2))


def read(obj, **options):
    """What is loaded here from PyTorch's checkpoint of `obj`."""
    file = io.BytesIO()
    torch.save(obj, file, **options)
    file.seek(0)
    return tg.load(file)


def equal(ours, theirs):
    return (
        tuple(ours.shape) == tuple(theirs.shape)
        and str(ours.dtype) == str(theirs.dtype).removeprefix("torch.")
        and np.array_equal(ours.detach().numpy(), theirs.detach().numpy())
    )


def test_pytorch_opens_a_state_dict_that_is_saved_here(tmp_path):
    ours, theirs = model(tg), model(torch)
    tg.save(ours.state_dict(), tmp_path / "model.pt")
    theirs.load_state_dict(safetensors.load_file(tmp_path / "model.pt"))
    assert all(equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


def test_a_state_dict_that_safetensors_saves_is_opened_here(tmp_path):
    ours, theirs = model(tg), model(torch)
    safetensors.save_file(theirs.state_dict(), tmp_path / "model.safetensors")
    ours.load_state_dict(tg.load(tmp_path / "model.safetensors"))
    assert all(equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 2), (3, 2)])
def test_every_dtype_goes_both_ways_through_safetensors(dtype, shape):
    t = (torch.rand(shape) * 9 - (dtype[0] != "u") * 4).to(getattr(torch, dtype))
    (ours,) = tg.load(io.BytesIO(safetensors.save({"t": t}))).values()
    assert equal(ours, t)
    file = io.BytesIO()
    tg.save({"t": ours}, file)
    assert equal(ours, safetensors.load(file.getvalue())["t"])


def test_tied_weights_open_as_safetensors_ties_them(tmp_path):
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.Linear(2, 2, bias=False), torch.nn.Linear(2, 2, bias=False)
            self.b.weight = self.a.weight

    w = tg.rand(2, 2)
    tg.save({"a.weight": w, "b.weight": w.detach()}, tmp_path / "tied.safetensors")
    theirs = Tied()
    safetensors.load_model(theirs, tmp_path / "tied.safetensors")
    assert equal(w, theirs.b.weight) and theirs.a.weight is theirs.b.weight


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_checkpoint_of_a_training_is_read(protocol):
    theirs = model(torch)
    optimizer = torch.optim.Adam(theirs.parameters(), amsgrad=True)
    scheduler = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    for _ in range(3):
        theirs(torch.randn(4, 3)).sum().backward()
        optimizer.step()
        scheduler.step()
    checkpoint = {
        "model": theirs.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": 3,
        "losses": [0.5, 0.25],
        "loss": theirs(torch.ones(1, 3)).sum(),
    }
    ours = read(checkpoint, pickle_protocol=protocol)
    assert type(ours["model"]) is OrderedDict and ours["model"]._metadata == theirs.state_dict()._metadata
    assert all(equal(ours["model"][k], v) for k, v in theirs.state_dict().items())
    for k, state in optimizer.state_dict()["state"].items():
        assert all(equal(ours["optimizer"]["state"][k][name], v) for name, v in state.items())
    assert ours["optimizer"]["param_groups"] == optimizer.state_dict()["param_groups"]
    assert ours["scheduler"] == scheduler.state_dict() and type(ours["scheduler"]["milestones"]) is Counter
    assert ours["epoch"] == 3 and ours["losses"] == [0.5, 0.25]
    assert equal(ours["loss"], checkpoint["loss"]) and ours["loss"].requires_grad


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_read(dtype):
    t = (torch.rand(3, 2) * 9).to(getattr(torch, dtype))
    assert equal(read(t), t) and equal(read(t.t()), t.t()) and equal(read(t[1:, ::2]), t[1:, ::2])


def test_views_share_memory_as_they_did():
    x = torch.arange(12.0).reshape(3, 4)
    ours = read([x, x.t(), x[1], x[:, 0].expand(2, 3), x])
    assert all(equal(a, b) for a, b in zip(ours, [x, x.t(), x[1], x[:, 0].expand(2, 3), x], strict=True))
    ours[0][1, 0] = 100
    assert ours[1][0, 1] == ours[2][0] == ours[3][0, 1] == ours[4][1, 0] == 100


def test_other_values_are_read():
    x = torch.rand(3)
    obj = {
        "parameter": torch.nn.Parameter(x),
        "bfloat16": x.bfloat16(),
        "uint16": torch.tensor([1, 65535], dtype=torch.uint16),
        "shape": x.shape,
        "dtype": torch.int64,
        "device": torch.device("cpu"),
        "set": {1, 2},
        "complex": 1 + 2j,
        "bytes": b"\x00\xff",
        "int": 2**100,
    }
    ours = read(obj)
    assert type(ours["parameter"]) is tg.nn.Parameter and equal(ours["parameter"], obj["parameter"])
    assert equal(ours["bfloat16"], obj["bfloat16"].float())
    assert ours["uint16"].tolist() == [1, 65535] and ours["shape"] == tg.Size([3]) and ours["dtype"] is tg.int64
    assert ours["device"] == tg.device("cpu")
    for name in ("set", "complex", "bytes", "int"):
        assert ours[name] == obj[name]


@pytest.mark.parametrize(
    ("obj", "name"),
    [
        (torch.nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        ({"args": argparse.Namespace(lr=0.1)}, "argparse.Namespace"),
        (torch.zeros(2, dtype=torch.complex64), "torch.ComplexFloatStorage"),
        (torch.optim.SGD, "torch.optim.sgd.SGD"),
    ],
)
def test_more_than_weights_is_refused_by_name(obj, name):
    with pytest.raises(pickle.UnpicklingError, match=name.replace(".", r"\.")):
        read(obj)


def test_older_formats_are_named():
    with pytest.raises(RuntimeError, match=r"PyTorch before 1\.6.*torch\.save it again"):
        read({"a": torch.zeros(2)}, _use_new_zipfile_serialization=False)


def test_scripted_modules_are_named():
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated in some versions
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), file)
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="TorchScript"):
        tg.load(file)
