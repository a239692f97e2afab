"""What is saved is loaded as it was, or not at all; and nothing in a file is run."""

from __future__ import annotations

import io
import math
import os
import pickle
import struct
import sys
from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import nn
from tinygrad_edu.serialization import files, safetensors_file

DTYPES = [tg.float64, tg.float32, tg.float16, tg.int64, tg.int32, tg.int16, tg.int8, tg.uint8, tg.bool]


def saved(obj):
    file = io.BytesIO()
    tg.save(obj, file)
    return file.getvalue()


def loaded(raw, **options):
    return tg.load(io.BytesIO(raw), **options)


def same(a, b):
    """Whether two objects are of the same types, with the same values and tensors."""
    if type(a) is not type(b):
        return False
    if isinstance(a, tg.Tensor):
        return a.dtype == b.dtype and a.requires_grad == b.requires_grad and same(a._array, b._array)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


@st.composite
def tensors(draw):
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    dtype = draw(st.sampled_from(DTYPES))
    t = tg.tensor((10 * rng.standard_normal(shape)).astype(dtype))
    if t.ndim > 1 and draw(st.booleans()):
        t = t.T if t.ndim == 2 else t.transpose(0, 2)
    return t.requires_grad_() if dtype.kind == "f" and draw(st.booleans()) else t


keys = st.text(max_size=4) | st.integers(-5, 5)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
objects = st.recursive(
    plain | tensors(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(objects)
def test_nested_objects_come_back_as_they_were(obj):
    assert same(loaded(saved(obj)), obj)


@pytest.mark.parametrize(
    "obj",
    [
        {1, 2},
        frozenset("ab"),
        1 + 2j,
        OrderedDict(a=1),
        Counter("aab"),
        tg.Size([2, 3]),
        tg.float16,
        tg.device("cpu"),
        np.float32(0.1),
        np.arange(3),
        math.inf,
        nn.Parameter(tg.ones(2)),
        nn.Parameter(tg.ones(2), requires_grad=False),
        {(1, 2): "a key may be a tuple", None: 0, 1.5: 1},
        {"__metadata__": tg.ones(1), "a": {"b.c": tg.ones(2)}, "a.b": {"c": tg.ones(3)}, "": tg.ones(4)},
        {"a lone surrogate \ud800": tg.ones(2)},
        2**70,
    ],
    ids=lambda obj: type(obj).__name__,
)
def test_other_plain_values_come_back_too(obj):
    assert same(loaded(saved(obj)), obj)


def test_a_state_dict_is_a_safetensors_file_under_its_own_names():
    from_file = pytest.importorskip("safetensors.numpy").load
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    arrays = from_file(saved(model.state_dict()))
    assert arrays.keys() == model.state_dict().keys()
    assert all((arrays[k] == v.numpy()).all() for k, v in model.state_dict().items())
    again = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    again.load_state_dict(loaded(saved(model.state_dict())))
    assert all(a.equal(b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_checkpoint_continues_the_training():
    def step(model, optimizer):
        optimizer.zero_grad()
        (model(tg.ones(4, 3)) ** 2).sum().backward()
        optimizer.step()

    def made():
        model = nn.Linear(3, 2)
        return model, tg.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    model, optimizer = made()
    step(model, optimizer)
    raw = saved({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1})
    other, other_optimizer = made()
    checkpoint = loaded(raw, map_location="cpu")
    other.load_state_dict(checkpoint["model"])
    other_optimizer.load_state_dict(checkpoint["optimizer"])
    assert checkpoint["epoch"] == 1
    for m, o in ((model, optimizer), (other, other_optimizer)):
        step(m, o)
    assert all(a.equal(b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_a_computed_tensor_is_saved_as_a_leaf():
    loss = (tg.ones(2, requires_grad=True) * 3).sum()
    again = loaded(saved({"loss": loss}))["loss"]
    assert again.item() == 6 and again.is_leaf and again.requires_grad


def test_shared_memory_is_saved_once_and_shared_again():
    w = tg.arange(1000.0)
    raw = saved({"encoder": w, "decoder": w.detach(), "other": w.clone(), "part": w[:10]})
    assert len(raw) < 2 * 4000 + 1000
    again = loaded(raw)
    again["encoder"][0] = 7
    assert again["decoder"][0] == 7 and again["other"][0] == 0


def test_loaded_tensors_can_be_written_to():
    t = loaded(saved(tg.zeros(3)))
    t += 1
    assert t.equal(tg.ones(3)) and t._array.dtype is tg.float32


# -- damaged files ------------------------------------------------------------------------------------------------

CHECKPOINT = {
    "model": OrderedDict(weight=tg.arange(6.0).reshape(2, 3), bias=tg.ones(2)),
    "epoch": 3,
    "best": [0.5, None],
}
WHOLE = saved(CHECKPOINT)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return self.layer(x)


def damage(raw, data):
    """The bytes with a few of them changed, a part missing, or some inserted."""
    raw = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 4))):
        k = data.draw(st.integers(0, len(raw) - 1))
        how = data.draw(st.sampled_from(["change", "flip", "cut", "insert", "drop"]))
        if how == "change":
            raw[k] = data.draw(st.integers(0, 255))
        elif how == "flip":
            raw[k] ^= 1 << data.draw(st.integers(0, 7))
        elif how == "cut":
            del raw[max(k, 1) :]
        elif how == "insert":
            raw[k:k] = data.draw(st.binary(min_size=1, max_size=3))
        elif len(raw) > 10:
            del raw[k : k + data.draw(st.integers(1, 9))]
    return bytes(raw)


@given(st.data())
def test_a_damaged_file_gives_the_original_or_an_error(data):
    raw = damage(WHOLE, data)
    try:
        result = loaded(raw)
    except (RuntimeError, pickle.UnpicklingError):
        return
    assert same(result, CHECKPOINT)


@pytest.mark.parametrize("position", range(0, len(WHOLE), 3))
def test_a_changed_byte_gives_the_original_or_an_error(position):
    raw = bytearray(WHOLE)
    raw[position] ^= 0x41
    try:
        result = loaded(bytes(raw))
    except RuntimeError as error:
        assert "cannot be loaded" in str(error) or "is no checkpoint" in str(error)
    else:
        assert same(result, CHECKPOINT)


@given(st.data())
def test_a_damaged_pickle_is_not_opened(data):
    whole = saved(Net())
    raw = damage(whole, data)
    if raw == whole:
        return
    with pytest.raises((RuntimeError, pickle.UnpicklingError)):
        loaded(raw, weights_only=False)


@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_that_is_cut_off_is_refused(n):
    with pytest.raises(RuntimeError, match=r"cannot be loaded|is no checkpoint"):
        loaded(WHOLE[:n])


def npz():
    file = io.BytesIO()
    np.savez(file, a=np.ones(2))
    return file.getvalue()


def npy():
    file = io.BytesIO()
    np.save(file, np.ones(2))
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", r"it is empty.*seek\(0\)"),
        (npy(), r"NumPy array.*numpy\.load"),
        (npz(), r"numpy\.load"),
        (pickle.dumps({"a": 1}), "plain Python pickle"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.rest", "PyTorch before 1.6"),
        (bytes(257) + b"ustar" + bytes(300), "tar archive"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"hello world, this is text", "starts with b'hello world, thi'"),
        (struct.pack("<Q", 3) + b"{}", "cannot be loaded"),
    ],
)
def test_what_is_no_checkpoint_is_named(raw, message):
    with pytest.raises(RuntimeError, match=message):
        loaded(raw)


def test_dtypes_that_other_programs_write():
    def file(kind, shape, data):
        header = f'{{"x":{{"dtype":"{kind}","shape":{shape},"data_offsets":[0,{len(data)}]}}}}'.encode()
        return struct.pack("<Q", len(header)) + header + data

    assert loaded(file("BF16", [2], b"\x80\x3f\x00\xc0"))["x"].equal(tg.tensor([1.0, -2.0]))
    assert loaded(file("U16", [1], b"\xff\xff"))["x"].equal(tg.tensor([65535], dtype=tg.int32))
    assert loaded(file("U32", [1], b"\xff\xff\xff\xff"))["x"].equal(tg.tensor([2**32 - 1]))
    with pytest.raises(RuntimeError, match="'x' has dtype U64, which is not supported"):
        loaded(file("U64", [1], bytes(8)))


# -- whole modules --------------------------------------------------------------------------------------------------


def test_a_whole_module_opens_on_request_only():
    net = Net()
    raw = saved(net)
    with pytest.raises(pickle.UnpicklingError, match=r"Weights only load failed.*Net.*weights_only=False.*state_dict"):
        loaded(raw)
    again = loaded(raw, weights_only=False)
    x = tg.ones(1, 3)
    assert type(again) is Net and again(x).equal(net(x))
    assert loaded(saved({"net": net, "epoch": 2}), weights_only=False)["epoch"] == 2


def test_an_object_that_contains_itself_is_pickled_too():
    a = [1]
    a.append(a)
    again = loaded(saved(a), weights_only=False)
    assert again[1] is again


def test_what_cannot_be_pickled_is_named():
    with pytest.raises(pickle.PicklingError, match=r"function.*at 'f'.*state_dict"):
        tg.save({"f": lambda: 1}, io.BytesIO())


def test_a_class_that_has_moved_is_named(monkeypatch):
    raw = saved(Net())
    monkeypatch.delattr(sys.modules[__name__], "Net")
    with pytest.raises(pickle.UnpicklingError, match=r"Net.*Define or import the class"):
        loaded(raw, weights_only=False)


class Evil:
    """Runs a program when it is unpickled."""

    def __reduce__(self):
        return (os.putenv, ("tinygrad_edu_hacked", "1"))


def test_no_code_runs_from_a_pickle_unless_asked_for():
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        loaded(saved(Evil()))


# -- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    tg.save({"a": tg.ones(2)}, path)
    before = path.read_bytes()

    def fail(*args):
        raise OSError("the disk is full")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="the disk is full"):
        tg.save({"a": tg.zeros(2)}, path)
    monkeypatch.undo()
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["model.pt"]
    with pytest.raises(pickle.PicklingError):
        tg.save(lambda: 1, path)
    assert path.read_bytes() == before
    tg.save({"a": tg.zeros(2)}, str(path))
    assert tg.load(str(path))["a"].equal(tg.zeros(2)) and os.listdir(tmp_path) == ["model.pt"]


@pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
def test_links_and_permissions_stay(tmp_path):
    path, link = tmp_path / "model.pt", tmp_path / "latest.pt"
    tg.save(1, path)
    path.chmod(0o640)
    link.symlink_to(path)
    tg.save(2, link)
    assert link.is_symlink() and tg.load(path) == 2 and path.stat().st_mode & 0o777 == 0o640


def test_open_files_work_and_errors_name_the_file(tmp_path):
    path = tmp_path / "model.pt"
    with open(path, "wb") as f:
        tg.save([1, tg.ones(1)], f)
    with open(path, "rb") as f:
        assert same(tg.load(f), [1, tg.ones(1)])
    with open(path) as f, pytest.raises(TypeError, match="binary mode"):
        tg.load(io.StringIO("text"))
    path.write_bytes(b"nonsense")
    with pytest.raises(RuntimeError, match=r"model\.pt is no checkpoint"):
        tg.load(path)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda folder: tg.save(1, folder / "no" / "model.pt"), RuntimeError, "Parent directory .* does not exist"),
        (lambda folder: tg.save(1, folder), IsADirectoryError, "is a directory"),
        (lambda folder: tg.save(1, 3), TypeError, "expected a path or an open file, not int"),
        (lambda folder: tg.load(3), TypeError, "expected a path or an open file, not int"),
        (lambda folder: tg.load(folder / "no.pt"), FileNotFoundError, "no.pt"),
        (lambda folder: tg.load(folder / "no.pt", map_location="cuda"), RuntimeError, "CPU only"),
    ],
)
def test_bad_places_are_explained(tmp_path: Path, call, error, message):
    with pytest.raises(error, match=message):
        call(tmp_path)


def test_map_location_as_programs_for_gpus_write_it():
    raw = saved(tg.ones(1))
    for where in ("cpu", tg.device("cpu"), lambda storage, location: storage, {"cuda:0": "cpu"}):
        assert loaded(raw, map_location=where).equal(tg.ones(1))


def test_pytorchs_other_options_change_nothing():
    file = io.BytesIO()
    tg.save([1], file, pickle_protocol=4, _use_new_zipfile_serialization=False)
    assert loaded(file.getvalue(), pickle_module=pickle, mmap=False, encoding="latin1") == [1]
    with pytest.raises(pickle.UnpicklingError):
        loaded(saved(Net()), weights_only=None)


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r"tinygrad_edu\[files\]"):
        tg.save(1, io.BytesIO())
    with pytest.raises(ImportError, match="pip install safetensors"):
        loaded(WHOLE)
    assert not safetensors_file.looks_like_one(b"")
