"""Activations, layers and losses agree with PyTorch's: values, first and second gradients."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)
X = rng.standard_normal((6, 4)) * 2  # no entry is at a kink
P, Q = rng.uniform(0.05, 0.95, (2, 6, 4))
SIGNS = np.where(rng.random(6) < 0.5, -1.0, 1.0)
CLASSES = np.array([0, 3, 1, 1, 2, 0])


def both(f, *inputs, order=2, dtype=np.float64, rtol=1e-9, atol=1e-11):
    """Compare f(lib, *tensors) in both libraries; floats are differentiated `order` times, with random cotangents."""
    found = []
    for lib in (tg, torch):
        xs = [lib.tensor(a.astype(dtype) if a.dtype.kind == "f" else a) for a in map(np.asarray, inputs)]
        leaves = [x.requires_grad_() for x, a in zip(xs, map(np.asarray, inputs), strict=True) if a.dtype.kind == "f"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = f(lib, *xs)
        results = [y.detach().numpy()]
        for k in range(order):
            if not y.requires_grad:  # constant: all further gradients are 0
                results += [np.zeros(tuple(x.shape), dtype) for x in leaves]
                continue
            g = np.random.default_rng(k)
            v = lib.tensor(g.standard_normal(tuple(y.shape)).astype(dtype))
            grads = lib.autograd.grad(y, leaves, v, create_graph=k + 1 < order, allow_unused=True)
            results += [array(d, x) for d, x in zip(grads, leaves, strict=True)]
            # what is differentiated next: the product of all gradients with a random direction
            y = sum(
                (d * lib.tensor(g.standard_normal(tuple(d.shape)).astype(dtype))).sum() for d in grads if d is not None
            )
        found.append(results)
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=atol)
        assert ours.dtype == theirs.dtype


def array(gradient, x):
    if gradient is None:
        return np.zeros(tuple(x.shape), x.detach().numpy().dtype)
    return gradient.detach().numpy(**({"force": True} if isinstance(gradient, torch.Tensor) else {}))


ACTIVATIONS = {
    "relu": {}, "relu6": {}, "leaky_relu": {"negative_slope": 0.2}, "elu": {"alpha": 1.5}, "selu": {},
    "celu": {"alpha": 0.5}, "gelu": {}, "silu": {}, "mish": {}, "softplus": {"beta": 2.0, "threshold": 3.0},
    "logsigmoid": {}, "softsign": {}, "tanhshrink": {}, "hardtanh": {"min_val": -0.5, "max_val": 2.0},
    "hardsigmoid": {}, "hardswish": {}, "hardshrink": {"lambd": 0.3}, "softshrink": {"lambd": 0.3},
    "threshold": {"threshold": 0.1, "value": 5.0}, "sigmoid": {}, "tanh": {}, "glu": {"dim": 0},
    "softmax": {"dim": 1}, "log_softmax": {"dim": 0}, "softmin": {"dim": -1},
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    # PyTorch has no second derivative of hardsigmoid, and computes with 1/6 in float32
    options = {"order": 1, "rtol": 1e-7} if name == "hardsigmoid" else {}
    both(lambda lib, x: getattr(lib.nn.functional, name)(x, **ACTIVATIONS[name]), X, **options)


def test_gelu_with_tanh():
    both(lambda lib, x: lib.nn.functional.gelu(x, approximate="tanh"), X)


def test_prelu():
    both(lambda lib, x, w: lib.nn.functional.prelu(x, w), X, np.array([0.1, -0.2, 0.3, 0.4]))
    both(lambda lib, x, w: lib.nn.functional.prelu(x, w), X[0], np.array([0.1]))


def test_softmax_without_a_dim_takes_pytorchs():
    for shape in ((3,), (3, 4), (2, 3, 4), (2, 2, 2, 2)):
        both(lambda lib, x: lib.nn.functional.softmax(x), np.resize(X, shape))


REDUCTIONS = ("none", "mean", "sum")


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_numbers(reduction):
    y = np.flip(X)
    w = P
    for name, options in [
        ("mse_loss", {}), ("l1_loss", {}), ("huber_loss", {"delta": 0.7}), ("smooth_l1_loss", {"beta": 0.7}),
        ("smooth_l1_loss", {"beta": 0.0}), ("poisson_nll_loss", {}),
    ]:  # fmt: skip
        both(lambda lib, x, t, n=name, o=options: getattr(lib.nn.functional, n)(x, t, reduction=reduction, **o), X, y)
    for name in ("mse_loss", "l1_loss", "huber_loss"):
        both(lambda lib, x, t, w, n=name: getattr(lib.nn.functional, n)(x, t, reduction=reduction, weight=w), X, y, w)
    for log_input in (True, False):  # PyTorch's gradient of the target is NaN in places
        both(
            lambda lib, x, log=log_input: lib.nn.functional.poisson_nll_loss(
                x, lib.tensor(3 * Q), log, full=True, reduction=reduction
            ),
            P,
        )
    for var in (P, P[:, :1], P[:, 0]):
        both(
            lambda lib, x, t, v: lib.nn.functional.gaussian_nll_loss(x, t, v, full=True, eps=0.2, reduction=reduction),
            X, y, var,
        )  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_yes_or_no(reduction):
    weight, positive = rng.random((6, 1)), rng.random(4)
    # PyTorch's second derivative has an ε in it
    both(lambda lib, x, t: lib.nn.functional.binary_cross_entropy(x, t, reduction=reduction), P, Q, rtol=1e-7)
    both(
        lambda lib, x, t: lib.nn.functional.binary_cross_entropy(x, t, lib.tensor(weight), reduction=reduction),
        P, Q, rtol=1e-7,
    )  # fmt: skip
    name = "binary_cross_entropy_with_logits"
    both(lambda lib, x, t: getattr(lib.nn.functional, name)(x, t, reduction=reduction), X, Q)
    both(
        lambda lib, x, t: getattr(lib.nn.functional, name)(
            x, t, lib.tensor(weight), reduction=reduction, pos_weight=lib.tensor(positive)
        ),
        X, Q,
    )  # fmt: skip
    both(lambda lib, x: lib.nn.functional.soft_margin_loss(x, lib.tensor(SIGNS), reduction=reduction), X[:, 0])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_classes(reduction):
    weight = np.array([1.0, 0.5, 2.0, 0.0])

    def fixed(lib, w):  # PyTorch has no derivative for the weight
        return None if w is None else lib.tensor(w)

    shapes = [((6, 4), (6,)), ((4,), ()), ((2, 4, 3), (2, 3)), ((1, 4, 3, 2), (1, 3, 2))]
    for (shape, of), w, ignore, smoothing in itertools.product(shapes, (None, weight), (-100, 1), (0.0, 0.2)):
        x, t = np.resize(X, shape), np.resize(CLASSES, of)
        options = {"ignore_index": ignore, "reduction": reduction}
        both(
            lambda lib, x, t, w=w, o=options, s=smoothing: lib.nn.functional.cross_entropy(
                x, t, fixed(lib, w), label_smoothing=s, **o
            ),
            x, t,
        )  # fmt: skip
        both(lambda lib, x, t, w=w, o=options: lib.nn.functional.nll_loss(x, t, fixed(lib, w), **o), x, t)
        both(
            lambda lib, x, t, w=w, s=smoothing: lib.nn.functional.cross_entropy(
                x, t, fixed(lib, w), label_smoothing=s, reduction=reduction
            ),
            x, np.resize(P, shape),
        )  # fmt: skip
    both(lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, reduction=reduction), X, CLASSES.astype(np.uint8))
    for p, margin in ((1, 1.0), (2, 0.3)):
        both(
            lambda lib, x, t, p=p, m=margin: lib.nn.functional.multi_margin_loss(
                x, t, p, m, lib.tensor(weight), reduction=reduction
            ),
            X, CLASSES, order=1,
        )  # fmt: skip


def test_cross_entropy_with_every_sample_ignored_is_nan_like_pytorchs():
    both(lambda lib, x, t: lib.nn.functional.cross_entropy(x, t, ignore_index=0), X, np.zeros(6, int), order=0)


@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
def test_kl_div(reduction):
    for log_target in (False, True):
        both(lambda lib, x, t, o=log_target: lib.nn.functional.kl_div(x, t, reduction=reduction, log_target=o), X, P)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_distances(reduction):
    options = {"reduction": reduction}
    y = np.flip(X)
    both(
        lambda lib, x, t: lib.nn.functional.hinge_embedding_loss(x, t, 2.0, **options), np.abs(X[:, 0]), SIGNS, order=1
    )
    both(
        lambda lib, a, b: lib.nn.functional.margin_ranking_loss(a, b, lib.tensor(SIGNS), 0.3, **options),
        X[:, 0],
        y[:, 0],
    )
    both(lambda lib, a, b: lib.nn.functional.cosine_embedding_loss(a, b, lib.tensor(SIGNS), 0.1, **options), X, y)
    for p, swap in ((2, False), (1, True), (3, True)):
        both(
            lambda lib, a, b, c, p=p, s=swap: lib.nn.functional.triplet_margin_loss(a, b, c, 2.5, p, swap=s, **options),
            X, y, P,
        )  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses_of_several_labels(reduction):
    labels = np.array([[3, 0, -1, 2], [-1, 0, 1, 2], [1, 1, -1, 0], [0, 1, 2, 3], [2, -1, -1, -1], [0, 3, 2, -1]])
    for x, t in ((X, labels), (X[0], labels[0])):
        both(lambda lib, x, t: lib.nn.functional.multilabel_margin_loss(x, t, reduction=reduction), x, t, order=1)
        both(
            lambda lib, x, y, w: lib.nn.functional.multilabel_soft_margin_loss(x, y, w, reduction=reduction),
            x, np.resize(P, x.shape), np.array([1.0, 0.5, 2.0, 0.0]),
        )  # fmt: skip


def test_distances_and_normalization_of_vectors():
    y = np.flip(X)
    for p in (1, 2, 3, np.inf):
        both(lambda lib, a, b, p=p: lib.nn.functional.pairwise_distance(a, b, p, keepdim=True), X, y, order=1)
        both(lambda lib, x, p=p: lib.nn.functional.normalize(x, p, dim=0), X, order=1)
    both(lambda lib, a, b: lib.nn.functional.cosine_similarity(a, b), X, y)
    both(lambda lib, a, b: lib.nn.functional.cosine_similarity(a, b, dim=-1), X[:, None], y[None, :1])


def test_linear_and_bilinear():
    w, b = rng.standard_normal((3, 4)), rng.standard_normal(3)
    for x in (X, X[0], np.resize(X, (2, 3, 4)), X[:0]):
        both(lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), x, w, b)
        both(lambda lib, x, w: lib.nn.functional.linear(x, w), x, w)
    both(lambda lib, x, w: lib.nn.functional.linear(x, w), X, w[0])
    a = rng.standard_normal((3, 4, 2))
    both(lambda lib, x, y, a, b: lib.nn.functional.bilinear(x, y, a, b), X, X[:, :2], a, b)


def test_embedding():
    w = rng.standard_normal((5, 3))
    for indices in (np.array(2), np.array([4, 0, 4]), np.array([[1, 1], [3, 1]])):
        for padding in (None, 1, -1):
            for by_freq in (False, True):
                both(
                    lambda lib, i, w, p=padding, f=by_freq: lib.nn.functional.embedding(
                        i, w, padding_idx=p, scale_grad_by_freq=f
                    ),
                    indices, w, order=1,
                )  # fmt: skip


NORMALIZED = {
    "layer_norm": lambda F, x, w, b: F.layer_norm(x, (3, 2), w[:3, :2], b[:3, :2], eps=0.1),
    "layer_norm_plain": lambda F, x, w, b: F.layer_norm(x, (2,)),
    "rms_norm": lambda F, x, w, b: F.rms_norm(x, (3, 2), w[:3, :2]),
    "group_norm": lambda F, x, w, b: F.group_norm(x, 2, w[0], b[0]),
    "instance_norm": lambda F, x, w, b: F.instance_norm(x, None, None, w[0], b[0]),
    "batch_norm": lambda F, x, w, b: F.batch_norm(x, None, None, w[0], b[0], training=True),
}


@pytest.mark.parametrize("name", NORMALIZED)
def test_normalization(name):
    x = rng.standard_normal((5, 4, 3, 2))
    w, b = rng.standard_normal((2, 4, 4))
    both(lambda lib, x, w, b: NORMALIZED[name](lib.nn.functional, x, w, b), x, w, b)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
def test_running_statistics(name, training):
    x = rng.standard_normal((5, 4, 3)).astype(np.float32)
    found = []
    for lib in (tg, torch):
        mean, var = lib.tensor(np.arange(4, dtype=np.float32)), lib.tensor(np.ones(4, np.float32))
        f = getattr(lib.nn.functional, name)
        ys = [f(lib.tensor(x), mean, var, None, None, training, momentum=0.3).numpy() for _ in range(2)]
        found.append([*ys, mean.numpy(), var.numpy()])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
        assert ours.dtype == np.float32


@pytest.mark.parametrize("size", [1.0, 1000.0])
def test_fused_losses_in_float32(size):
    x = size * X
    f32 = {"dtype": np.float32, "rtol": 1e-4, "atol": 1e-5 * size, "order": 1}
    both(lambda lib, x: lib.nn.functional.cross_entropy(x, lib.tensor(CLASSES)), x, **f32)
    labels = (P > 0.5).astype(np.float32)
    both(lambda lib, x: lib.nn.functional.binary_cross_entropy_with_logits(x, lib.tensor(labels)), x, **f32)
    both(lambda lib, x: lib.nn.functional.mse_loss(x, lib.tensor(labels)), x, **f32)
    both(lambda lib, x: lib.nn.functional.log_softmax(x, 1), x, **f32)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_ctc_loss(reduction):
    x = rng.standard_normal((8, 3, 4))
    targets, ends, sizes = np.array([[1, 1, 3], [2, 0, 0], [3, 2, 1]]), np.array([8, 6, 2]), np.array([3, 1, 3])
    for t in (targets, np.array([1, 1, 3, 2, 3, 2, 1])):  # PyTorch's gradient is right behind a log_softmax only

        def loss(lib, x, t, n, m):
            log_probs = lib.nn.functional.log_softmax(x, 2)
            return lib.nn.functional.ctc_loss(log_probs, t, n, m, reduction=reduction, zero_infinity=True)

        both(loss, x, t, ends, sizes, order=1)
