"""MNIST from files that are written here, and from a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import datasets, transforms
from tinygrad_edu.datasets import idx
from tinygrad_edu.utils.data import DataLoader

RNG = np.random.default_rng(0)
IMAGES = {"train": RNG.integers(0, 256, (7, 28, 28), np.uint8), "t10k": RNG.integers(0, 256, (3, 28, 28), np.uint8)}
LABELS = {"train": np.array([3, 0, 9, 1, 2, 5, 4], np.uint8), "t10k": np.array([8, 7, 6], np.uint8)}


def packed(a):
    """An array as an IDX file."""
    code = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}[a.dtype.str[1:]]
    return struct.pack(f">HBB{a.ndim}I", 0, code, a.ndim, *a.shape) + a.astype(a.dtype.newbyteorder(">")).tobytes()


FILES = {f"{part}-images-idx3-ubyte": packed(a) for part, a in IMAGES.items()}
FILES |= {f"{part}-labels-idx1-ubyte": packed(a) for part, a in LABELS.items()}
PACKED = {f"{name}.gz": gzip.compress(raw, mtime=0) for name, raw in FILES.items()}


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "MNIST" / "raw", FILES)
    return tmp_path


# -- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["MNIST/raw", "MNIST", "raw", "."])
@pytest.mark.parametrize("files", [FILES, PACKED], ids=["plain", "gzip"])
@pytest.mark.parametrize("train", [True, False])
def test_it_is_read_from_the_usual_folders(tmp_path, where, files, train):
    write(tmp_path / where, files)
    data, part = datasets.MNIST(tmp_path, train), "train" if train else "t10k"
    assert np.array_equal(data.data.numpy(), IMAGES[part]) and data.data.dtype == tg.uint8
    assert np.array_equal(data.targets.numpy(), LABELS[part]) and data.targets.dtype == tg.int64
    assert len(data) == len(LABELS[part])


def test_a_sample_is_an_image_and_its_class(root, monkeypatch):
    Image = pytest.importorskip("PIL.Image")
    image, target = datasets.MNIST(str(root))[2]
    assert isinstance(image, Image.Image) and image.size == (28, 28) and np.array_equal(image, IMAGES["train"][2])
    assert target == 9 and type(target) is int
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    image, _ = datasets.MNIST(root)[-1]
    assert type(image) is np.ndarray and np.array_equal(image, IMAGES["train"][-1])


def test_transforms_of_image_and_target(root):
    data = datasets.MNIST(root, transform=transforms.ToTensor(), target_transform=lambda k: k + 1)
    image, target = data[0]
    assert image.shape == (1, 28, 28) and target == 4
    seen = []
    datasets.MNIST(root, transform=seen.append)[0]
    assert not isinstance(seen[0], tg.Tensor)


def test_the_lesson_trains_on_it(root):
    chain = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.3,))])
    for num_workers in (0, 2):
        loader = DataLoader(datasets.MNIST(root, transform=chain), batch_size=4, num_workers=num_workers)
        batches = list(loader)
        assert [x.shape for x, _ in batches] == [(4, 1, 28, 28), (3, 1, 28, 28)]
        x = np.concatenate([x.numpy() for x, _ in batches])[:, 0]
        assert np.allclose(x, (IMAGES["train"] / 255 - 0.5) / 0.3, atol=1e-6)
        assert tg.cat([y for _, y in batches]).tolist() == LABELS["train"].tolist()


def test_a_forgotten_transform_is_named(root):
    pytest.importorskip("PIL.Image")
    with pytest.raises(TypeError, match=r"found <class 'PIL.Image.Image'>.*transform=transforms.ToTensor\(\)"):
        next(iter(DataLoader(datasets.MNIST(root), batch_size=2)))


def test_classes_names_and_printing(root):
    data = datasets.MNIST(root, transform=transforms.Compose([transforms.ToTensor()]))
    assert data.classes[3] == "3 - three" and data.class_to_idx["9 - nine"] == 9
    assert datasets.FashionMNIST.classes[9] == "Ankle boot" and datasets.KMNIST.classes[0] == "o"
    assert repr(data).splitlines() == [
        "Dataset MNIST",
        "    Number of datapoints: 7",
        f"    Root location: {root}",
        "    Split: Train",
        "    StandardTransform",
        "Transform: Compose(",
        "               ToTensor()",
        "           )",
    ]
    with pytest.warns(UserWarning, match="train_labels has been renamed targets"):
        assert data.train_labels is data.targets


def test_a_program_may_put_other_data_in(root):
    data = datasets.MNIST(root)
    data.data, data.targets = data.data[:2], data.targets[:2]
    assert len(data) == 2 and data[1][1] == 0
    data.data = data.data.numpy()
    assert np.array_equal(np.asarray(data[1][0]), IMAGES["train"][1])
    with pytest.raises(IndexError):
        data[2]


# -- damaged files -------------------------------------------------------------------------------------------------


@given(st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]), st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_arrays_of_any_type_and_shape(dtype, shape):
    a = (9 * np.random.default_rng(1).standard_normal(shape)).astype(dtype)
    b = idx.parse(packed(a), "x")
    assert b.dtype == a.dtype and np.array_equal(a, b) and b.flags.writeable
    assert np.array_equal(idx.parse(gzip.compress(packed(a)), "x"), a)


@given(st.sampled_from(sorted(FILES)), st.data())
def test_a_file_that_is_cut_off_is_refused(name, data):
    for raw in (FILES[name], PACKED[f"{name}.gz"]):
        with pytest.raises(ValueError, match=r"cut off|no IDX file"):
            idx.parse(raw[: data.draw(st.integers(0, len(raw) - 1))], name)


@given(st.data())
def test_a_damaged_gzip_gives_the_original_or_an_error(data):
    raw = bytearray(PACKED["t10k-labels-idx1-ubyte.gz"])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        a = idx.parse(bytes(raw), "x")
    except ValueError:
        return
    assert np.array_equal(a, LABELS["t10k"])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "it starts with nothing"),
        (b"<html>not found</html>", "it starts with 3c 68 74 6d"),
        (b"\0\0\x07\1" + bytes(4), "no IDX file"),
        (FILES["t10k-labels-idx1-ubyte"] + b"more", "too long"),
        (b"\0\0\x08\3" + b"\xff" * 12, "cut off: its heading says shape"),
        (packed(np.zeros(3, np.int16)), r"int16 of shape \(3,\)"),
        (FILES["t10k-images-idx3-ubyte"], r"uint8 of shape \(3, 28, 28\), not the bytes with 1 dimension that MNIST"),
        (packed(np.array([1, 2], np.uint8)), "3 images, but 2 labels"),
        (packed(np.array([1, 2, 10], np.uint8)), "a label is 10, beyond 10 classes"),
    ],
)
def test_wrong_files_are_explained(root, raw, message):
    write(root / "MNIST" / "raw", {"t10k-labels-idx1-ubyte": raw})
    with pytest.raises(ValueError, match=message):
        datasets.MNIST(root, train=False)


def test_missing_files_are_named_with_where_to_get_them(tmp_path):
    with pytest.raises(RuntimeError) as caught:
        datasets.MNIST(tmp_path)
    text = str(caught.value)
    for part in ("Dataset not found", "train-images-idx3-ubyte", str(tmp_path / "MNIST" / "raw"), "download=True"):
        assert part in text
    assert "https://ossci-datasets.s3.amazonaws.com/mnist/" in text
    with pytest.raises(TypeError, match="transform is something to call, not int"):
        datasets.MNIST(tmp_path, transform=3)


# -- downloading -----------------------------------------------------------------------------------------------------


class Server:
    """A server of these files on this machine; `asked` says what it was asked for."""

    def __init__(self, files):
        self.files, self.asked, self.cut = files, [], False
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.asked.append(self.path)
                raw = owner.files.get(self.path.lstrip("/"))
                if raw is None:
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw[: len(raw) // 2] if owner.cut else raw)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def server(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    s = Server(dict(PACKED))
    yield s
    s.close()


def published(*urls):
    """MNIST, as if it were published at these addresses with the checksums of the files here."""

    class Local(datasets.MNIST):
        mirrors = urls
        resources = [(name, hashlib.md5(raw).hexdigest()) for name, raw in PACKED.items()]  # noqa: RUF012

    Local.__name__ = "MNIST"
    return Local


def test_missing_files_are_downloaded_once(tmp_path, server, capfd):
    data = published(server.url)(tmp_path, download=True)
    assert np.array_equal(data.data.numpy(), IMAGES["train"])
    assert {p.name for p in (tmp_path / "MNIST" / "raw").iterdir()} == FILES.keys() | PACKED.keys()
    assert "train-images-idx3-ubyte.gz" in capfd.readouterr().err
    assert len(server.asked) == 4
    published(server.url)(tmp_path, train=False, download=True)
    assert len(server.asked) == 4
    assert len(datasets.MNIST(tmp_path, train=False)) == 3


def test_without_tqdm_there_is_a_line_for_each_file(tmp_path, server, capfd, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    published(server.url)(tmp_path, download=True)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 4 and lines[0].startswith(f"Downloading {server.url}train-images-idx3-ubyte.gz (0.0 MB)")


def test_the_next_mirror_is_tried(tmp_path, server):
    published(server.url + "nothing/", server.url)(tmp_path, download=True)
    assert server.asked[:2] == ["/nothing/train-images-idx3-ubyte.gz", "/train-images-idx3-ubyte.gz"]


def test_a_damaged_file_is_downloaded_again(root, server):
    name = "train-labels-idx1-ubyte"
    write(root / "MNIST" / "raw", {name: FILES[name][:-1]})
    data = published(server.url)(root, download=True)
    assert server.asked == [f"/{name}.gz"] and np.array_equal(data.targets.numpy(), LABELS["train"])


@pytest.mark.parametrize("fault", ["wrong bytes", "cut off", "nobody there"])
def test_what_does_not_arrive_whole_is_not_kept(tmp_path, server, fault):
    url = server.url
    if fault == "wrong bytes":
        server.files["train-images-idx3-ubyte.gz"] = gzip.compress(b"something else")
    elif fault == "cut off":
        server.cut = True
    else:
        url = "http://127.0.0.1:9/"  # the discard port: nothing listens there
    with pytest.raises(RuntimeError) as caught:
        published(url)(tmp_path, download=True)
    text = str(caught.value)
    assert "Error downloading train-images-idx3-ubyte.gz" in text and url in text and "by hand" in text
    assert str(tmp_path / "MNIST" / "raw") in text
    assert fault != "wrong bytes" or "checksum" in text
    assert not list(tmp_path.rglob("*.*"))


def test_a_program_may_set_whole_addresses(tmp_path, server, monkeypatch):
    local = published("http://127.0.0.1:9/")
    monkeypatch.setattr(local, "resources", [(server.url + name, md5) for name, md5 in local.resources])
    assert len(local(tmp_path, download=True)) == 7


@pytest.mark.parametrize("kind", [datasets.MNIST, datasets.FashionMNIST, datasets.KMNIST])
def test_files_and_checksums_of_the_published_sets_are_complete(kind):
    assert {name for name, _ in kind.resources} == PACKED.keys()
    assert all(len(md5) == 32 and int(md5, 16) >= 0 for _, md5 in kind.resources)
    assert len(kind.classes) == 10 and all(m.startswith("http") for m in kind.mirrors)


# -- fake data ---------------------------------------------------------------------------------------------------


def test_fake_images_are_the_same_whenever_they_are_asked_for():
    data = datasets.FakeData(5, (3, 4, 6), num_classes=4, transform=transforms.ToTensor())
    assert all(data[k][0].equal(data[k][0]) and data[k][1] == data[k][1] for k in range(5))
    assert data[0][0].shape == (3, 4, 6) and not data[0][0].equal(data[1][0]) and len(data) == 5
    assert all(0 <= data[k][1] < 4 for k in range(5))
    with pytest.raises(IndexError, match="index out of range: 5 of 5"):
        data[5]
