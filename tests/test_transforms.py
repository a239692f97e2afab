"""Transforms of images: the numbers, the kinds of images, what does not fit."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinygrad_edu as tg
from tinygrad_edu import transforms as T
from tinygrad_edu.transforms import functional as TF

RNG = np.random.default_rng(0)
GREY, COLOUR = RNG.integers(0, 256, (6, 5), np.uint8), RNG.integers(0, 256, (6, 5, 3), np.uint8)

GEOMETRIC = [
    T.RandomHorizontalFlip(1),
    T.RandomVerticalFlip(1),
    T.RandomCrop(4),
    T.RandomCrop((8, 7), padding=2, fill=9),
    T.CenterCrop(3),
    T.CenterCrop((8, 3)),
    T.Pad((1, 2, 3, 0), padding_mode="edge"),
    T.Resize((3, 4)),
    T.Resize(12, T.InterpolationMode.NEAREST),
    T.RandomRotation(30),
]


def test_bytes_become_floats_between_0_and_1():
    for image, shape in ((GREY, (1, 6, 5)), (COLOUR, (3, 6, 5))):
        t = T.ToTensor()(image)
        assert t.dtype == tg.float32 and t.shape == shape and t.is_contiguous()
        expected = np.atleast_3d(image).transpose(2, 0, 1).astype(np.float32) / 255
        assert np.array_equal(t.numpy(), expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "bool"])
def test_other_numbers_stay_what_they_are(dtype):
    a = (10 * RNG.standard_normal((4, 3))).astype(dtype)
    t = T.ToTensor()(a)
    assert t.dtype == dtype and np.array_equal(t.numpy()[0], a)
    t += 1 if dtype != "bool" else True
    assert T.PILToTensor()(GREY).dtype == tg.uint8


def test_a_tensor_shares_no_memory_with_the_image():
    for image in (GREY.astype(np.float32), COLOUR.astype(np.float32)):
        t = T.ToTensor()(image)
        t.zero_()
        assert image.any()


def test_normalizing_each_channel():
    x = tg.rand(2, 3, 4, 4)
    for mean, std in (((0.5, 0.5, 0.5), (0.3, 0.3, 0.3)), ([0.1, 0.2, 0.3], tg.tensor([1.0, 2.0, 3.0])), (0.5, (0.1,))):
        y = T.Normalize(mean, std)(x)
        m, s = (np.asarray(v, np.float32).reshape(-1, 1, 1) for v in (mean, std))
        assert np.array_equal(y.numpy(), (x.numpy() - m) / s) and y.dtype == tg.float32
    before = x.clone()
    z = T.Normalize((0.5,), (0.5,), inplace=True)(x)
    assert z is x and z.equal((before - 0.5) / 0.5)


def test_normalizing_is_recorded():
    x = tg.ones(1, 2, 2, requires_grad=True)
    T.Normalize(0.5, 0.25)(x).sum().backward()
    assert (x.grad == 4).all()


ONE, PLANE, BYTES = tg.zeros(1, 4, 4), tg.zeros(2, 2), tg.zeros(1, 2, 2, dtype=tg.uint8)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: T.Normalize((0.5,) * 3, (0.3,) * 3)(ONE), RuntimeError, "mean has 3 numbers, .* has 1 channel "),
        (lambda: T.Normalize((0.5,), (0.3,) * 2)(tg.zeros(3, 4, 4)), RuntimeError, "std has 2 numbers.*3 channels"),
        (lambda: T.Normalize((0.5,), (0.0,)), ValueError, "division by zero"),
        (lambda: T.Normalize((), (1.0,)), ValueError, "mean is a number for each channel"),
        (lambda: T.Normalize(0.5, 0.3)(GREY), TypeError, r"should be Tensor Image.*ToTensor\(\) before Normalize"),
        (lambda: T.Normalize(0.5, 0.3)(BYTES), TypeError, "should be a float tensor. Got uint8"),
        (lambda: T.Normalize(0.5, 0.3)(PLANE), ValueError, r"tensor image of size \(..., C, H, W\)"),
        (lambda: T.ToTensor()(tg.zeros(2, 2)), TypeError, "should be PIL Image or ndarray.*It is a tensor already"),
        (lambda: T.ToTensor()([1]), TypeError, "should be PIL Image or ndarray. Got <class 'list'>"),
        (lambda: T.ToTensor()(np.zeros(3)), ValueError, "should be 2/3 dimensional.*Got 1 dimensions"),
        (lambda: T.Compose([T.ToTensor]), TypeError, "ToTensor is a class"),
        (lambda: T.Compose([3]), TypeError, "something to call, not int"),
        (lambda: T.Lambda(3), TypeError, "lambd should be callable, got 'int'"),
        (lambda: T.RandomHorizontalFlip(1.5), ValueError, "between 0 and 1, not 1.5"),
        (lambda: T.RandomHorizontalFlip(1)(tg.zeros(3)), TypeError, r"its shape is \(…, H, W\), not \(3,\)"),
        (lambda: T.RandomCrop(7)(GREY), ValueError, r"crop size \(7, 7\) is larger than input image size \(6, 5\)"),
        (lambda: T.RandomCrop(0), ValueError, "above 0"),
        (lambda: T.RandomCrop(3, padding=-1), ValueError, "padding is a whole number"),
        (lambda: T.RandomCrop(3, padding_mode="wrong"), ValueError, "Padding mode should be one of"),
        (lambda: T.Pad((1, 2, 3)), ValueError, "1, 2 or 4 of them"),
        (lambda: T.CenterCrop((1, 2, 3)), ValueError, "two of them"),
        (lambda: T.RandomRotation(-5), ValueError, "degrees"),
        (lambda: T.Resize((2, 2), max_size=9), ValueError, "max_size = 9"),
        (lambda: T.Resize(3, "cubic"), ValueError, "NEAREST or BILINEAR"),
        (lambda: T.Grayscale(2), ValueError, "either 1 or 3"),
        (lambda: T.Grayscale()(tg.zeros(2, 4, 4)), TypeError, "1 or 3 channels, not 2"),
        (lambda: T.ToPILImage()(tg.zeros(5, 4, 4)), ValueError, "1 to 4 channels"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_explained(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("transform", GEOMETRIC, ids=str)
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_arrays_tensors_and_pillow_images_are_transformed_alike(transform, image):
    Image = pytest.importorskip("PIL.Image")
    results = []
    for kind in (lambda a: a, T.PILToTensor(), Image.fromarray):
        tg.manual_seed(5)
        before = kind(image)
        after = transform(before)
        assert isinstance(after, (type(before), Image.Image))
        results.append(after if isinstance(after, tg.Tensor) else T.PILToTensor()(after))
    assert results[0].equal(results[1]) and results[0].equal(results[2])
    assert results[0].dtype == tg.uint8


def test_flipping_and_cropping():
    x = tg.arange(6).reshape(1, 2, 3)
    assert T.RandomHorizontalFlip(1)(x).tolist() == [[[2, 1, 0], [5, 4, 3]]]
    assert T.RandomVerticalFlip(1)(x).tolist() == [[[3, 4, 5], [0, 1, 2]]]
    assert T.RandomHorizontalFlip(0)(x) is x
    assert T.CenterCrop((2, 1))(x).tolist() == [[[1], [4]]]
    assert T.Pad((1, 0, 0, 1), fill=7)(x).tolist() == [[[7, 0, 1, 2], [7, 3, 4, 5], [7, 7, 7, 7]]]
    assert T.Pad((1, 0), padding_mode="reflect")(x).tolist() == [[[1, 0, 1, 2, 1], [4, 3, 4, 5, 4]]]
    assert T.Pad(1, fill=(1, 2))(tg.zeros(2, 1, 1))[:, 0, 0].tolist() == [1, 2]


@given(st.integers(1, 6), st.integers(1, 5), st.integers(0, 2))
def test_a_random_crop_is_a_part_of_the_padded_image(h, w, padding):
    whole = np.pad(np.arange(1, 31).reshape(6, 5), padding)
    part = T.RandomCrop((h, w), padding=padding)(np.arange(1, 31).reshape(6, 5))
    windows = np.lib.stride_tricks.sliding_window_view(whole, (h, w))
    assert part.shape == (h, w) and (windows == part).all((2, 3)).any()


def test_every_place_is_cropped_and_half_is_flipped():
    tg.manual_seed(0)
    image = np.arange(3)[None]
    places = [int(T.RandomCrop(1)(image)[0, 0]) for _ in range(300)]
    assert {places.count(k) > 60 for k in range(3)} == {True}
    flips = sum(T.RandomHorizontalFlip()(image)[0, 0] == 2 for _ in range(300))
    assert 110 < flips < 190
    assert T.RandomCrop(5, pad_if_needed=True)(image).shape == (5, 5)


def test_the_seed_says_what_is_drawn():
    augment = T.Compose([T.RandomCrop(6, padding=2), T.RandomHorizontalFlip(), T.RandomRotation(20)])

    def drawn():
        tg.manual_seed(1)
        return [augment(COLOUR[:6, :5]) for _ in range(5)]

    assert all(map(np.array_equal, drawn(), drawn()))


def test_resizing():
    a = np.arange(4.0).reshape(1, 4).repeat(4, 0)
    assert np.allclose(T.Resize((2, 2))(a)[0], [0.714286, 2.285714])  # the weights of an antialiased triangle: 3 3 1
    assert np.allclose(T.Resize((2, 2), antialias=False)(a)[0], [0.5, 2.5])
    assert np.allclose(T.Resize((8, 8))(a)[0], [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
    assert T.Resize((2, 2), T.InterpolationMode.NEAREST)(a)[0].tolist() == [0, 2]
    assert T.Resize(3)(np.zeros((6, 12))).shape == (3, 6)
    assert T.Resize(3)(np.zeros((12, 6))).shape == (6, 3)
    assert T.Resize(6, max_size=8)(np.zeros((6, 12))).shape == (4, 8)
    constant = np.full((7, 9, 3), 200, np.uint8)
    assert (T.Resize((3, 20))(constant) == 200).all()


def test_turning_by_right_angles():
    x = np.arange(9).reshape(3, 3)
    assert np.array_equal(T.RandomRotation((90, 90))(x), np.rot90(x))
    assert np.array_equal(T.RandomRotation((0, 0))(x), x)
    assert (T.RandomRotation((45, 45), fill=9)(np.zeros((5, 5)))[0, 0]) == 9


def test_grey_and_colour():
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 0] = 100
    assert T.Grayscale()(red).tolist() == [[[30], [30]], [[30], [30]]]
    assert T.Grayscale(3)(tg.ones(3, 2, 2)).shape == (3, 2, 2)
    assert T.Grayscale(3)(GREY).shape == (6, 5, 3)


def test_pillow_images():
    Image = pytest.importorskip("PIL.Image")
    picture = Image.fromarray(COLOUR)
    assert T.ToTensor()(picture).equal(T.ToTensor()(COLOUR))
    assert T.ToPILImage()(T.ToTensor()(COLOUR)).tobytes() == picture.tobytes()
    assert T.ToPILImage()(GREY).mode == "L" and T.ToPILImage("RGB")(GREY).mode == "RGB"
    assert T.ToPILImage()(tg.ones(1, 2, 2)).getpixel((0, 0)) == 255
    assert T.Grayscale()(picture).mode == "L"
    assert T.ToTensor()(Image.fromarray(GREY > 100)).dtype == tg.float32
    assert T.ToTensor()(Image.fromarray(GREY.astype(np.uint16))).dtype == tg.int32


def test_resizing_and_turning_are_pillows():
    Image = pytest.importorskip("PIL.Image")
    picture = Image.fromarray(COLOUR)
    for h, w in ((3, 4), (11, 7), (6, 2)):
        theirs = np.asarray(picture.resize((w, h), Image.Resampling.BILINEAR)).astype(int)
        assert abs(T.Resize((h, w))(COLOUR).astype(int) - theirs).max() <= 1  # Pillow rounds after each direction
    square = Image.fromarray(COLOUR[:5])
    for angle in (17, 90, 200):
        assert np.array_equal(TF.rotate(COLOUR[:5], angle), np.asarray(square.rotate(angle)))


def test_without_pillow_the_message_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    assert T.Compose([T.RandomHorizontalFlip(), T.ToTensor()])(GREY).shape == (1, 6, 5)
    with pytest.raises(ImportError, match="pip install pillow"):
        T.ToPILImage()(GREY)


def test_how_they_are_printed():
    text = """Compose(
    Resize(size=32, interpolation=bilinear, max_size=None, antialias=True)
    RandomCrop(size=(32, 32), padding=4)
    RandomHorizontalFlip(p=0.5)
    CenterCrop(size=(3, 3))
    Grayscale(num_output_channels=1)
    ToTensor()
    Normalize(mean=(0.5,), std=(0.3,))
    Lambda()
)"""
    chain = [T.Resize(32), T.RandomCrop(32, padding=4), T.RandomHorizontalFlip(), T.CenterCrop(3), T.Grayscale()]
    assert repr(T.Compose([*chain, T.ToTensor(), T.Normalize((0.5,), (0.3,)), T.Lambda(abs)])) == text


def test_as_functions():
    tensor = TF.to_tensor(COLOUR)
    assert TF.normalize(tensor, 0.5, 0.5).equal((tensor - 0.5) / 0.5)
    assert np.array_equal(TF.hflip(GREY), GREY[:, ::-1]) and np.array_equal(TF.vflip(GREY), GREY[::-1])
    assert np.array_equal(TF.rotate(GREY, 180), GREY[::-1, ::-1])
    assert np.array_equal(TF.crop(GREY, 1, 2, 3, 2), GREY[1:4, 2:4])
    assert TF.pad(GREY, 1).shape == (8, 7) and TF.center_crop(GREY, 3).shape == (3, 3)
    assert TF.resize(GREY, (3, 4)).shape == (3, 4)
    assert TF.rgb_to_grayscale(COLOUR).shape == (6, 5, 1) and TF.pil_to_tensor(GREY).dtype == tg.uint8
    assert TF.convert_image_dtype(TF.pil_to_tensor(GREY)).equal(TF.to_tensor(GREY))
    assert TF.convert_image_dtype(TF.to_tensor(GREY), tg.uint8).equal(TF.pil_to_tensor(GREY))
    assert TF.convert_image_dtype(TF.to_tensor(GREY), tg.float64).dtype == tg.float64
    with pytest.raises(ValueError, match=r"rows 4 to 7 .* inside of an image of size \(6, 5\)"):
        TF.crop(GREY, 4, 0, 3, 2)
    with pytest.raises(TypeError, match="should be Tensor Image"):
        TF.convert_image_dtype(GREY)


def test_the_newer_names():
    chain = T.Compose([T.ToImage(), T.ToDtype(tg.float32, scale=True)])
    assert chain(COLOUR).equal(T.ToTensor()(COLOUR)) and chain(tg.ones(1, 2, 2)).equal(tg.ones(1, 2, 2))
    assert T.ToDtype(tg.float64)(T.ToImage()(GREY)).max() > 1 and T.ToDtype(tg.float64)(3) == 3
    assert str(chain).splitlines()[2] == "    ToDtype(float32, scale=True)"
