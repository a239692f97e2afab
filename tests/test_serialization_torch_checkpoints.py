"""PyTorch's checkpoints, written here byte by byte: what is in state dicts is read, anything else refused by name."""

from __future__ import annotations

import builtins
import importlib
import io
import os
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg


class Storage:
    """What `torch.save` pickles as a reference to a storage."""

    def __init__(self, array, kind="FloatStorage", key="0", location="cpu"):
        self.array, self.kind, self.key, self.location = array, kind, key, location


class Global:
    """Something that the pickle names by its module and name, whether it exists or not."""

    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self, *args):
        raise AssertionError("only pickled")


class Call:
    """Something that the pickle calls."""

    def __init__(self, function, *args, state=None):
        self.function, self.args, self.state = function, args, state

    def __reduce__(self):
        return (self.function, self.args) if self.state is None else (self.function, self.args, self.state)


class Pickler(pickle._Pickler):
    """Python's own pickler, except that names are written without looking them up."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_named(self, obj):
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    dispatch[Global] = save_named

    def persistent_id(self, obj):
        if isinstance(obj, Storage):
            return ("storage", Global("torch", obj.kind), obj.key, obj.location, obj.array.size)
        return None


REBUILD = Global("torch._utils", "_rebuild_tensor_v2")


def tensor(storage, offset, shape, strides, requires_grad=False):
    return Call(REBUILD, storage, offset, shape, strides, requires_grad, OrderedDict())


def checkpoint(obj, *storages, protocol=2, extra=(), order=b"little"):
    """The zip file that `torch.save` would write."""
    program = io.BytesIO()
    Pickler(program, protocol).dump(obj)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", program.getvalue())
        archive.writestr("archive/byteorder", order)
        for s in storages:
            archive.writestr(f"archive/data/{s.key}", s.array.tobytes())
        for name in extra:
            archive.writestr(name, b"")
    return file.getvalue()


def loaded(raw, **options):
    return tg.load(io.BytesIO(raw), **options)


NUMBERS = Storage(np.arange(6, dtype="<f4"))


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_tensors_numbers_texts_and_containers_are_read(protocol):
    state = OrderedDict(weight=tensor(NUMBERS, 0, (2, 3), (3, 1)), bias=tensor(NUMBERS, 1, (2,), (2,), True))
    obj = {
        "state": state,
        "list": [1, -2.5, None, True, "text", (1,), (1, 2), (1, 2, 3, 4), 2**40, b"bytes"],
        "set": {1},
    }
    got = loaded(checkpoint(obj, NUMBERS, protocol=protocol))
    assert got["state"]["weight"].equal(tg.arange(6.0).reshape(2, 3)) and type(got["state"]) is OrderedDict
    assert got["state"]["bias"].tolist() == [1.0, 3.0] and got["state"]["bias"].requires_grad
    assert got["list"] == obj["list"] and got["set"] == {1}
    got["state"]["weight"][0, 1] = 9  # they share their memory, as they did
    assert got["state"]["bias"][0] == 9


@pytest.mark.parametrize(
    ("kind", "stored", "dtype"),
    [
        ("DoubleStorage", "<f8", tg.float64),
        ("HalfStorage", "<f2", tg.float16),
        ("LongStorage", "<i8", tg.int64),
        ("IntStorage", "<i4", tg.int32),
        ("ShortStorage", "<i2", tg.int16),
        ("CharStorage", "i1", tg.int8),
        ("ByteStorage", "u1", tg.uint8),
        ("BoolStorage", "?", tg.bool),
    ],
)
def test_storages_of_every_dtype(kind, stored, dtype):
    s = Storage(np.array([1, 0, 1], stored), kind)
    got = loaded(checkpoint(tensor(s, 0, (3,), (1,)), s))
    assert got._array.dtype is dtype and got.tolist() == [1, 0, 1]


def test_bfloat16_becomes_float32_and_big_endian_native():
    s = Storage(np.array([0x3F80, 0xC000], "<u2"), "BFloat16Storage", location="cuda:0")
    assert loaded(checkpoint(tensor(s, 0, (2,), (1,)), s)).equal(tg.tensor([1.0, -2.0]))
    s = Storage(np.array([1.5, -2.0], ">f4"))
    assert loaded(checkpoint(tensor(s, 0, (2,), (1,)), s, order=b"big")).equal(tg.tensor([1.5, -2.0]))


def test_parameters_sizes_dtypes_and_metadata():
    obj = OrderedDict(p=Call(Global("torch._utils", "_rebuild_parameter"), tensor(NUMBERS, 0, (6,), (1,)), True, {}))
    state = {"size": Call(Global("torch", "Size"), (2, 3)), "dtype": Global("torch", "float32"), "odict": obj}
    meta = Call(OrderedDict, state={"_metadata": OrderedDict(version=1)})
    got = loaded(checkpoint([state, meta], NUMBERS))
    assert got[0]["size"] == tg.Size([2, 3]) and got[0]["dtype"] is tg.float32
    assert type(got[0]["odict"]["p"]) is tg.nn.Parameter and got[0]["odict"]["p"].requires_grad
    assert got[1]._metadata == OrderedDict(version=1)


# -- what is refused --------------------------------------------------------------------------------------------------

HOSTILE = {
    "posix.system": Call(Global("posix", "system"), "touch hacked"),
    "builtins.eval": Call(eval, "1 + 1"),
    "builtins.exec": Call(exec, "x = 1"),
    "builtins.getattr": Call(getattr, {}, "keys"),
    "builtins.__import__": Call(__import__, "os"),
    "subprocess.Popen": Call(Global("subprocess", "Popen"), "ls"),
    "importlib.import_module": Call(importlib.import_module, "os"),
    "torch.load": Call(Global("torch", "load"), "other.pt"),
    "torch.hub.load": Call(Global("torch.hub", "load"), "somebody/model"),
    "torch._utils._import_dotted_name": Call(Global("torch._utils", "_import_dotted_name"), "os.system"),
    "torch.storage._load_from_bytes": Call(Global("torch.storage", "_load_from_bytes"), b"\x80"),
    "torch.nn.modules.linear.Linear": Global("torch.nn.modules.linear", "Linear"),
    "__main__.Net": Global("__main__", "Net"),
    "numpy.load": Global("numpy", "load"),
    "tinygrad_edu.load": Global("tinygrad_edu", "load"),
    "torch.os.system": Global("torch", "os.system"),
    "torch.ComplexFloatStorage": tensor(Storage(np.zeros(1, "<c8"), "ComplexFloatStorage"), 0, (1,), (1,)),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("weights_only", [True, False])
def test_what_is_not_part_of_weights_is_refused_by_name(name, weights_only, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = checkpoint({"a": [1, HOSTILE[name]]})
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed.*" + name.replace(".", r"\.")):
        loaded(raw, weights_only=weights_only)
    assert not os.listdir(tmp_path)


def program(*parts):
    """A checkpoint whose pickle consists of these instructions."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"".join(parts) + b".")
    return file.getvalue()


@pytest.mark.parametrize(
    "parts",
    [
        (b"(X\x02\x00\x00\x00idios\nsystem\n",),  # INST: a class by its name
        (b"(cos\nsystem\nX\x02\x00\x00\x00ido",),  # OBJ
        (b"\x82\x01",),  # EXT1: a registered class
        (b"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93",),  # STACK_GLOBAL
        (b"ctorch\nSize\n}X\x04\x00\x00\x00callX\x02\x00\x00\x00ossb",),  # BUILD: change what is called
        (b"ctorch\nfloat32\n)R",),  # call what is not to be called
        (b"X\x02\x00\x00\x00os)R",),  # call a text
        (b"ccollections\nOrderedDict\n)R}X\x09\x00\x00\x00__class__K\x01sb",),  # BUILD: change a class
        (b"]}X\x01\x00\x00\x00aK\x01sb",),  # BUILD of a list
        (b"ccollections\nOrderedDict\n)R}N\x86b",),  # BUILD by setattr
    ],
)
def test_tricks_of_the_machine_are_refused(parts):
    with pytest.raises(pickle.UnpicklingError, match="Weights only load failed"):
        loaded(program(*parts))


@pytest.mark.parametrize(
    "parts",
    [
        (b"K\x01K\x02",),  # two results
        (b"",),
        (b"0",),
        (b"a",),
        (b"e",),
        (b"\x86",),
        (b"h\x05",),  # from an empty memory
        (b"}]K\x01s",),  # a list as a key
        (b"K\x01K\x02a",),  # append to a number
        (b"K\x01Q",),  # a reference that is none
        (b"X\xff\x00\x00\x00short",),
        (b"ccollections\nOrderedDict\nK\x05\x85R",),
        (b"c_codecs\nencode\nX\x01\x00\x00\x00aX\x03\x00\x00\x00hex\x86R",),
    ],
)
def test_broken_programs_are_refused(parts):
    with pytest.raises((RuntimeError, pickle.UnpicklingError)):
        loaded(program(*parts))


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (7,), (1,)), (3, (2, 2), (2, 1)), (-1, (1,), (1,)), (0, (2,), (-1,)), (0, (2**40,), (1,)), (0, (2, 2), (1,))],
)
def test_a_tensor_stays_within_its_storage(offset, shape, strides):
    with pytest.raises(RuntimeError, match="cannot be loaded"):
        loaded(checkpoint(tensor(NUMBERS, offset, shape, strides), NUMBERS))


@pytest.mark.parametrize(
    ("raw", "error", "message"),
    [
        (checkpoint([tensor(NUMBERS, 0, (1,), (1,))]), RuntimeError, "cannot be loaded.*data/0"),
        (checkpoint([], extra=["archive/constants.pkl"]), pickle.UnpicklingError, "TorchScript archive"),
        (checkpoint([], extra=["b/data.pkl"]), RuntimeError, "no data.pkl|not one of PyTorch's"),
        (checkpoint([], order=b"middle"), RuntimeError, "cannot be loaded"),
    ],
)
def test_archives_of_other_kinds_are_named(raw, error, message):
    with pytest.raises(error, match=message):
        loaded(raw)


STATE = {"weight": tensor(NUMBERS, 0, (2, 3), (3, 1)), "epoch": 3}
WHOLE = checkpoint(STATE, NUMBERS)


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255), st.sampled_from(["change", "cut", "drop"]))
def test_a_damaged_checkpoint_gives_the_original_or_an_error(position, by, how):
    raw = bytearray(WHOLE)
    if how == "change":
        raw[position] ^= by
    elif how == "cut":
        del raw[position:]
    else:
        del raw[position : position + by]
    try:
        got = loaded(bytes(raw))
    except (RuntimeError, pickle.UnpicklingError):
        return
    assert got["epoch"] == 3 and got["weight"].equal(tg.arange(6.0).reshape(2, 3))


def test_the_machine_calls_nothing_of_pythons(monkeypatch):
    """Reading a checkpoint imports nothing and looks nothing up."""
    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, None)
    monkeypatch.setattr(pickle, "Unpickler", None)
    assert loaded(WHOLE)["epoch"] == 3
