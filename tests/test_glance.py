"""What a notebook shows of a tensor."""

from __future__ import annotations

import base64
import re
import zlib

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import glance, nn


def text_of(tensor):
    return re.sub(r"<[^>]*>", " ", tensor._repr_html_())


def test_few_numbers_are_shown_as_numbers():
    html = tg.tensor([[1.5, -2.0], [0.0, 1e-9]])._repr_html_()
    assert re.findall(r"<td[^>]*>([^<]*)</td>", html) == ["1.5", "−2", "0", "1e−09"]
    assert "(2, 2), float32, −2 … 1.5, mean −0.125" in html
    assert "25 % zeros" in html


def test_scalars_ints_and_bools():
    assert "3.5" in text_of(tg.tensor(3.5))
    assert "scalar, float32" in text_of(tg.tensor(3.5))
    assert "int64, 0 … 2" in text_of(tg.arange(3))
    assert "1 of 2 true" in text_of(tg.tensor([True, False]))


def test_nan_and_infinity_are_marked():
    text = text_of(tg.tensor([1.0, float("nan"), float("-inf"), 2.0]))
    assert "⚠ 1 NaN, ⚠ 1 infinite" in text
    assert "1 … 2, mean 1.5" in text
    html = tg.tensor([float("nan"), float("inf")])._repr_html_()
    assert "rgb(214,0,190)" in html
    assert "rgb(0,0,0)" in html


def test_how_it_was_made_and_what_it_is():
    w = tg.tensor([1.0], requires_grad=True)
    assert "requires grad" in w._repr_html_()
    assert "grad_fn multiply" in (w * 2)._repr_html_()
    assert "Parameter (1,)" in nn.Parameter(tg.ones(1))._repr_html_()


def test_a_class_with_a_hostile_name_is_escaped():
    hostile = type("<script>alert(1)</script>", (tg.Tensor,), {})
    assert "<script>" not in hostile([1.0])._repr_html_()


def picture(html):
    """The pixels of the picture in a page, decoded."""
    png = base64.b64decode(re.search(r"base64,([^\"]*)", html).group(1))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(png[k : k + 4], "big") for k in (16, 20))
    length = int.from_bytes(png[33:37], "big")
    rows = np.frombuffer(zlib.decompress(png[41 : 41 + length]), np.uint8).reshape(height, 1 + 3 * width)
    return rows[:, 1:].reshape(height, width, 3)


def test_many_numbers_are_a_heat_map():
    x = np.zeros((20, 30), np.float32)
    x[0, 0], x[1, 2], x[3, 4], x[5, 6] = 1, -1, np.nan, np.inf
    pixels = picture(tg.from_numpy(x)._repr_html_())
    assert pixels.shape == (20, 30, 3)
    assert pixels[0, 0].tolist() == [201, 92, 8]
    assert pixels[1, 2].tolist() == [33, 102, 172]
    assert pixels[3, 4].tolist() == [214, 0, 190]
    assert pixels[5, 6].tolist() == [0, 0, 0]
    assert pixels[10, 10].tolist() == [255, 255, 255]


def test_large_tensors_are_means_and_hide_no_nan():
    x = np.ones((1000, 3000))
    x[999, 2999] = np.nan
    pixels = glance.heat_map(x)
    assert pixels.shape == (240, 240, 3)
    assert pixels[239, 239].tolist() == [214, 0, 190]
    assert (pixels[:239, :239] == [201, 92, 8]).all()


@pytest.mark.parametrize("shape", [(1000,), (3, 40, 2), (16, 3, 28, 28), (2, 3, 4, 5, 6), (100, 1, 50), (200, 200, 7)])
def test_every_shape_has_a_picture(shape):
    pixels = picture(tg.from_numpy(np.random.default_rng(0).normal(size=shape))._repr_html_())
    assert pixels.ndim == 3
    assert max(pixels.shape) <= 500


def test_empty_tensors_and_lazy_ones_are_text():
    assert "(0, 3)" in tg.zeros(0, 3)._repr_html_()
    dask = pytest.importorskip("dask.array")

    def explode(block):
        raise AssertionError("it was computed")

    lazy = tg.as_tensor(dask.ones((4, 4), chunks=2).map_blocks(explode, dtype=float, meta=np.ones((0, 0))))
    assert "chunks" in lazy._repr_html_()
