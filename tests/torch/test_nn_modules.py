"""Modules agree with PyTorch's: names and shapes of parameters, state dicts, results, gradients, printing."""

from __future__ import annotations

import inspect
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

rng = np.random.default_rng(0)
X = rng.standard_normal((6, 4)) * 2
P = rng.uniform(0.05, 0.95, (6, 4))
CLASSES = np.array([0, 3, 1, 1, 2, 0])
OFFSETS = np.array([0, 2, 2, 4])
SIGNS = np.where(rng.random((6, 4)) < 0.5, -1.0, 1.0)


def to(lib, a):
    return lib.tensor(np.asarray(a))


def copied(ours, theirs):
    """Let the module of PyTorch have the numbers of ours, and back again, through their state dicts."""
    mine, other = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(other)
    assert [tuple(t.shape) for t in mine.values()] == [tuple(t.shape) for t in other.values()]
    theirs.load_state_dict({k: torch.from_numpy(v.numpy().copy()) for k, v in mine.items()})
    ours.load_state_dict(theirs.state_dict())


def agree(make, *inputs, mode=None, constant=()):
    """The module that `make` builds gives the same in both libraries: results, gradients of inputs and parameters."""
    modules = [make(lib.nn).double() for lib in (tg, torch)]
    copied(*modules)
    found = []
    for lib, module in zip((tg, torch), modules, strict=True):
        if mode is not None:
            module.train(mode)
        xs = [to(lib, a) for a in inputs]
        leaves = [x.requires_grad_() for k, x in enumerate(xs) if x.is_floating_point() and k not in constant]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = module(*xs)
        cotangent = np.random.default_rng(1).standard_normal(tuple(y.shape))
        y.backward(to(lib, cotangent))
        results = [("result", y.detach().numpy())]
        results += [(f"input {k}", x.grad.numpy()) for k, x in enumerate(leaves) if x.grad is not None]
        results += [(n, p.grad.numpy()) for n, p in module.named_parameters() if p.requires_grad]
        found.append(results)
    for (name, ours), (same, theirs) in zip(*found, strict=True):
        assert name == same
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11, err_msg=name)


# -- layers -----------------------------------------------------------------------------------------------

LAYERS = {
    "linear": (lambda nn: nn.Linear(4, 3), X),
    "linear without bias": (lambda nn: nn.Linear(4, 3, bias=False), X),
    "linear on sequences": (lambda nn: nn.Linear(2, 3), X.reshape(2, 6, 2)),
    "linear on one row": (lambda nn: nn.Linear(4, 3), X[0]),
    "bilinear": (lambda nn: nn.Bilinear(4, 4, 3), X, P),
    "bilinear without bias": (lambda nn: nn.Bilinear(4, 4, 3, bias=False), X, P),
    "identity": (lambda nn: nn.Identity(3, x=1), X),
    "flatten": (lambda nn: nn.Flatten(), X.reshape(2, 3, 2, 2)),
    "flatten some": (lambda nn: nn.Flatten(0, 1), X.reshape(2, 3, 2, 2)),
    "unflatten": (lambda nn: nn.Unflatten(1, (2, 2)), X),
    "unflatten with -1": (lambda nn: nn.Unflatten(-1, (2, -1)), X),
    "embedding": (lambda nn: nn.Embedding(5, 3), CLASSES),
    "embedding with padding": (lambda nn: nn.Embedding(5, 3, padding_idx=-2), CLASSES),
    "embedding by frequency": (lambda nn: nn.Embedding(5, 3, scale_grad_by_freq=True), CLASSES),
    "embedding of bounded norm": (lambda nn: nn.Embedding(5, 3, max_norm=0.5, norm_type=1.0), CLASSES),
    "bags": (lambda nn: nn.EmbeddingBag(5, 3), CLASSES.reshape(2, 3)),
    "bags of any length": (lambda nn: nn.EmbeddingBag(5, 3, mode="sum", padding_idx=1), CLASSES, OFFSETS),
    "largest in bags": (lambda nn: nn.EmbeddingBag(5, 3, mode="max", padding_idx=1), CLASSES, OFFSETS),
    "means without padding": (lambda nn: nn.EmbeddingBag(5, 3, padding_idx=1), CLASSES, OFFSETS),
    "bags with an end": (lambda nn: nn.EmbeddingBag(5, 3, include_last_offset=True), CLASSES, np.array([0, 1, 6])),
    "sequential": (lambda nn: nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2), nn.Softmax(dim=-1)), X),
    "cosine similarity": (lambda nn: nn.CosineSimilarity(), X, P),
    "pairwise distance": (lambda nn: nn.PairwiseDistance(p=3.0, keepdim=True), X, P),
    "dropout": (lambda nn: nn.Dropout(0.0), X),
    "all dropped": (lambda nn: nn.Dropout(1.0), X),
    "dropout2d": (lambda nn: nn.Dropout2d(1.0), X.reshape(1, 6, 2, 2)),
    "alpha dropout": (lambda nn: nn.AlphaDropout(1.0), X),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name):
    make, *inputs = LAYERS[name]
    agree(make, *inputs)


@pytest.mark.parametrize(
    "name", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
)
def test_dropout_in_evaluation_mode(name):
    x = {"Dropout2d": X.reshape(1, 6, 2, 2), "Dropout3d": X.reshape(1, 3, 2, 2, 2)}.get(name, X)
    agree(lambda nn: getattr(nn, name)(0.5), x, mode=False)


ACTIVATIONS = {
    "CELU": (0.5,), "ELU": (1.5,), "GELU": ("tanh",), "GLU": (0,), "Hardshrink": (0.3,), "Hardswish": (),
    "Hardtanh": (-0.5, 2.0), "LeakyReLU": (0.2,), "LogSigmoid": (), "LogSoftmax": (1,), "Mish": (), "PReLU": (4, 0.3),
    "ReLU": (), "ReLU6": (), "SELU": (), "SiLU": (), "Sigmoid": (), "Softmax": (0,), "Softmin": (-1,),
    "Softplus": (2.0, 3.0), "Softshrink": (0.3,), "Softsign": (), "Tanh": (), "Tanhshrink": (), "Threshold": (0.1, 5.0),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    agree(lambda nn: getattr(nn, name)(*ACTIVATIONS[name]), X)


def test_activations_with_a_mode_or_a_shape_of_their_own():
    agree(lambda nn: nn.RReLU(0.1, 0.4), X, mode=False)
    agree(lambda nn: nn.RReLU(0.2, 0.2), X, mode=True)
    agree(lambda nn: nn.Softmax2d(), X.reshape(1, 3, 2, 4))
    agree(lambda nn: nn.Softmax(), X)  # without a dim: PyTorch's choice
    for lib in (tg, torch):
        assert lib.nn.Hardsigmoid()(lib.tensor([-4.0, 0.0, 4.0])).tolist() == [0.0, 0.5, 1.0]


# -- losses -----------------------------------------------------------------------------------------------

W = rng.uniform(0.5, 2, 4)
LOSSES = {
    "MSELoss": (lambda nn, lib, **o: nn.MSELoss(**o), X, P),
    "L1Loss": (lambda nn, lib, **o: nn.L1Loss(**o), X, P),
    "SmoothL1Loss": (lambda nn, lib, **o: nn.SmoothL1Loss(beta=0.5, **o), X, P),
    "HuberLoss": (lambda nn, lib, **o: nn.HuberLoss(delta=0.5, **o), X, P),
    "PoissonNLLLoss": (lambda nn, lib, **o: nn.PoissonNLLLoss(full=True, **o), X, 5 * P),
    "PoissonNLLLoss of rates": (lambda nn, lib, **o: nn.PoissonNLLLoss(log_input=False, eps=0.1, **o), P, 5 * P),
    "GaussianNLLLoss": (lambda nn, lib, **o: nn.GaussianNLLLoss(full=True, **o), X, P, P + 1),
    "BCELoss": (lambda nn, lib, **o: nn.BCELoss(**o), P, P[::-1]),
    "BCELoss weighted": (lambda nn, lib, **o: nn.BCELoss(to(lib, W), **o), P, P[::-1]),
    "BCEWithLogitsLoss": (lambda nn, lib, **o: nn.BCEWithLogitsLoss(**o), X, P),
    "BCEWithLogitsLoss weighted": (
        lambda nn, lib, **o: nn.BCEWithLogitsLoss(to(lib, W), pos_weight=to(lib, W[::-1].copy()), **o), X, P,
    ),
    "SoftMarginLoss": (lambda nn, lib, **o: nn.SoftMarginLoss(**o), X, SIGNS),
    "CrossEntropyLoss": (lambda nn, lib, **o: nn.CrossEntropyLoss(**o), X, CLASSES),
    "CrossEntropyLoss with everything": (
        lambda nn, lib, **o: nn.CrossEntropyLoss(to(lib, W), ignore_index=1, label_smoothing=0.1, **o), X, CLASSES,
    ),
    "CrossEntropyLoss of probabilities": (lambda nn, lib, **o: nn.CrossEntropyLoss(**o), X, P),
    "NLLLoss": (lambda nn, lib, **o: nn.NLLLoss(to(lib, W), ignore_index=1, **o), X, CLASSES),
    "KLDivLoss": (lambda nn, lib, **o: nn.KLDivLoss(**o), X, P),
    "KLDivLoss of logarithms": (lambda nn, lib, **o: nn.KLDivLoss(log_target=True, **o), X, P),
    "MultiMarginLoss": (lambda nn, lib, **o: nn.MultiMarginLoss(2, 0.5, to(lib, W), **o), X, CLASSES),
    "MultiLabelMarginLoss": (
        lambda nn, lib, **o: nn.MultiLabelMarginLoss(**o), X[:2], np.array([[3, 0, -1, 1], [2, -1, 0, 0]]),
    ),
    "MultiLabelSoftMarginLoss": (lambda nn, lib, **o: nn.MultiLabelSoftMarginLoss(to(lib, W), **o), X, P.round()),
    "HingeEmbeddingLoss": (lambda nn, lib, **o: nn.HingeEmbeddingLoss(0.5, **o), X, SIGNS),
    "CosineEmbeddingLoss": (lambda nn, lib, **o: nn.CosineEmbeddingLoss(0.1, **o), X, P, SIGNS[:, 0]),
    "MarginRankingLoss": (lambda nn, lib, **o: nn.MarginRankingLoss(0.5, **o), X, P, SIGNS),
    "TripletMarginLoss": (lambda nn, lib, **o: nn.TripletMarginLoss(2.0, swap=True, **o), X, P, P[::-1]),
    "TripletMarginWithDistanceLoss": (
        lambda nn, lib, **o: nn.TripletMarginWithDistanceLoss(
            distance_function=lambda a, b: (a - b).abs().sum(-1), margin=2.0, **o
        ), X, P, P[::-1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, reduction):
    make, *inputs = LOSSES[name]
    lib_of = {tg.nn: tg, torch.nn: torch}
    inputs = [np.ascontiguousarray(a) for a in inputs]
    constant = (1,) if name == "SoftMarginLoss" else ()  # PyTorch has no gradient of its target
    agree(lambda nn: make(nn, lib_of[nn], reduction=reduction), *inputs, constant=constant)


def test_the_divergence_per_row():
    agree(lambda nn: nn.KLDivLoss(reduction="batchmean"), X, P)


@pytest.mark.filterwarnings("ignore:.*size_average and reduce args:UserWarning")
def test_the_old_names_of_reductions():
    for options in ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}):
        agree(lambda nn, options=options: nn.MSELoss(**options), X, P)
        assert tg.nn.L1Loss(**options).reduction == torch.nn.L1Loss(**options).reduction


OTHERWISE = ("Module", "Parameter", "Buffer")


def test_signatures():
    """Options have PyTorch's names, order and defaults."""
    differences = []
    for name in tg.nn.__dict__:
        theirs = getattr(torch.nn, name, None)
        ours = getattr(tg.nn, name)
        if inspect.isclass(theirs) and name not in OTHERWISE and not name.startswith("Lazy"):
            a, b = (
                [
                    (p.name, getattr(p.default, "__name__", p.default), p.kind)
                    for p in inspect.signature(c).parameters.values()
                ]
                for c in (ours, theirs)
            )
            if name == "Hardtanh":  # without PyTorch's deprecated min_value and max_value
                b = b[:3]
            if a != b and [x[0] for x in b] != ["args", "kwargs"]:  # what classes that take no options say
                differences.append((name, a, b))
    assert not differences


# -- printing -----------------------------------------------------------------------------------------------


def example(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2)])
            self.choice = nn.ModuleDict({"one": nn.Sequential(nn.ReLU(), nn.Dropout()), "two": nn.Identity()})
            self.nothing = None
            self.empty = nn.Sequential()
            self.named = nn.Sequential(OrderedDict(first=nn.Linear(1, 1), second=nn.Softmax(dim=1)))
            self.add_module("missing", None)

        def extra_repr(self):
            return "size=3\nsecond line"

    return Net()


PRINTED = [
    example,
    lambda nn: nn.Linear(3, 4, bias=False),
    lambda nn: nn.LazyLinear(3),
    lambda nn: nn.Bilinear(2, 3, 4),
    lambda nn: nn.Embedding(10, 3),
    lambda nn: nn.Embedding(10, 3, -1, 2.0, 1.0, True, True),
    lambda nn: nn.EmbeddingBag(5, 3, 2.0, 1.0, True, "max", False, None, True, 2),
    lambda nn: nn.Flatten(),
    lambda nn: nn.Unflatten(1, [2, 3]),
    lambda nn: nn.Dropout(0.3, True),
    lambda nn: nn.AlphaDropout(),
    lambda nn: nn.CosineSimilarity(),
    lambda nn: nn.PairwiseDistance(3.0),
    lambda nn: nn.ModuleList([nn.ReLU()] * 3),
    lambda nn: nn.ModuleList(),
    lambda nn: nn.ReLU(inplace=True),
    lambda nn: nn.LeakyReLU(0.1, True),
    lambda nn: nn.Hardtanh(0, 3.5),
    lambda nn: nn.RReLU(),
    lambda nn: nn.CELU(2.0, inplace=True),
    lambda nn: nn.Module(),
    lambda nn: nn.BCEWithLogitsLoss(),
    lambda nn: nn.ParameterList(),
]


@pytest.mark.parametrize("k", range(len(PRINTED)))
def test_printing(k):
    assert repr(PRINTED[k](tg.nn)) == repr(PRINTED[k](torch.nn))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_printing_of_activations(name):
    def made(nn):
        return getattr(nn, name)(*ACTIVATIONS[name])

    assert repr(made(tg.nn)) == repr(made(torch.nn))


@pytest.mark.parametrize("name", LOSSES)
def test_printing_of_losses(name):
    make, *_ = LOSSES[name]
    assert repr(make(tg.nn, tg)) == repr(make(torch.nn, torch))


# -- the protocol -----------------------------------------------------------------------------------------------


def shared(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(2, 2)
            self.b = self.a
            self.tied = self.a.weight
            self.register_buffer("count", None)
            self.inner = nn.Sequential(nn.BatchNorm1d(2) if hasattr(nn, "BatchNorm1d") else nn.Identity(), self.a)

    return Net()


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize("make", [example, shared])
def test_walks(make, once):
    ours, theirs = make(tg.nn), make(torch.nn)
    for walk in ("named_parameters", "named_buffers", "named_modules"):
        a, b = ([name for name, _ in getattr(m, walk)(remove_duplicate=once)] for m in (ours, theirs))
        assert a == b, walk
        a, b = ([name for name, _ in getattr(m, walk)(prefix="p")] for m in (ours, theirs))
        assert a == b, walk
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert list(ours.state_dict(prefix="model.")) == list(theirs.state_dict(prefix="model."))
    for walk in ("parameters", "buffers", "modules", "children"):
        assert len(list(getattr(ours, walk)())) == len(list(getattr(theirs, walk)())), walk
    assert [name for name, _ in ours.named_children()] == [name for name, _ in theirs.named_children()]
    assert len(list(ours.parameters(recurse=False))) == len(list(theirs.parameters(recurse=False)))
    order = [[], []]
    for module, names in zip((ours, theirs), order, strict=True):
        module.apply(lambda m, names=names: names.append(type(m).__name__))
    assert order[0] == order[1]


MISTAKES = {
    "a size": {"0.weight": (3, 3), "0.bias": (3,)},
    "missing": {"0.weight": (3, 2)},
    "unexpected": {"0.weight": (3, 2), "0.bias": (3,), "1.weight": (2,)},
    "everything": {"0.weight": (3,), "other": (1,)},
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors_of_load_state_dict(mistake, strict):
    def said(lib):
        try:
            state = {k: lib.ones(*shape) for k, shape in MISTAKES[mistake].items()}
            return repr(lib.nn.Sequential(lib.nn.Linear(2, 3)).load_state_dict(state, strict=strict))
        except RuntimeError as error:
            return str(error).replace("torch.Size", "Size")

    assert said(tg) == said(torch)


ERRORS = {
    "no such part": lambda nn, m: m.get_submodule("0.nope"),
    "no part": lambda nn, m: m.get_submodule("0.weight"),
    "no such parameter": lambda nn, m: m.get_parameter("0.nope"),
    "no parameter": lambda nn, m: m.get_parameter("0"),
    "no buffer": lambda nn, m: m.get_buffer("0.weight"),
    "unknown attribute": lambda nn, m: m.nope,
    "a module over a parameter": lambda nn, m: setattr(m[0], "weight", nn.ReLU()),
    "a number over a parameter": lambda nn, m: setattr(m[0], "weight", 3),
    "a number as a part": lambda nn, m: m.add_module("x", 3),
    "a number over a part": lambda nn, m: setattr(m, "0", 3),
    "a number as a buffer": lambda nn, m: m.register_buffer("x", 3),
    "a number as a parameter": lambda nn, m: m.register_parameter("x", 3),
    "a dot in a name": lambda nn, m: m.add_module("a.b", None),
    "no name": lambda nn, m: m.register_buffer("", None),
    "a number as a name": lambda nn, m: m.register_parameter(3, None),
    "a taken name": lambda nn, m: m.register_buffer("forward", None),
    "a mode": lambda nn, m: m.train("yes"),
    "no dict": lambda nn, m: m.load_state_dict([1]),
    "an index": lambda nn, m: m[5],
    "a float as an index": lambda nn, m: m[1.0],
    "a list in a row": lambda nn, m: nn.Sequential([nn.ReLU()]),
    "a number in a row": lambda nn, m: m.append(3),
    "a number to extend by": lambda nn, m: m.extend(3),
    "inserted far away": lambda nn, m: m.insert(9, nn.ReLU()),
    "a module as a list": lambda nn, m: nn.ModuleList(nn.ReLU()),
    "a list in a list": lambda nn, m: nn.ModuleList([[nn.ReLU()]]),
    "a number in a dict": lambda nn, m: nn.ModuleDict({"a": 3}),
    "a method's name in a dict": lambda nn, m: nn.ModuleDict({"pop": nn.ReLU()}),
    "an unknown key": lambda nn, m: nn.ModuleDict()["a"],
    "a call of a list": lambda nn, m: nn.ModuleList()(1),
    "a call without forward": lambda nn, m: nn.Module()(1),
    "too many arguments": lambda nn, m: m(1, 2),
    "a called list of parameters": lambda nn, m: nn.ParameterList()(1),
    "a parameter as a list": lambda nn, m: nn.ParameterList(nn.Parameter()),
    "a dropout probability": lambda nn, m: nn.Dropout(1.5),
    "a padding index": lambda nn, m: nn.Embedding(3, 2, padding_idx=3),
    "half a feature": lambda nn, m: nn.Linear(3 / 2, 1),
    "no features of a bilinear": lambda nn, m: nn.Bilinear(0, 1, 1),
    "one size to unflatten": lambda nn, m: nn.Unflatten(1, 3),
}
OTHER_TYPES = {"a padding index": ValueError}  # PyTorch asserts


@pytest.mark.parametrize("mistake", ERRORS)
def test_errors_have_pytorchs_types(mistake):
    with pytest.raises(Exception) as theirs:
        ERRORS[mistake](torch.nn, torch.nn.Sequential(torch.nn.Linear(2, 3)))
    model = tg.nn.Sequential(tg.nn.Linear(2, 3))
    before = repr(model)
    with pytest.raises(OTHER_TYPES.get(mistake, theirs.type)) as ours:
        ERRORS[mistake](tg.nn, model)
    assert str(ours.value) and repr(model) == before


# -- initial values -----------------------------------------------------------------------------------------------


def test_initial_values():
    tg.manual_seed(0)
    torch.manual_seed(0)
    for make in (
        lambda nn: nn.Linear(50, 200),
        lambda nn: nn.Bilinear(20, 9, 200),
        lambda nn: nn.Embedding(100, 50, padding_idx=3),
        lambda nn: nn.PReLU(3),
    ):
        ours, theirs = make(tg.nn).state_dict(), make(torch.nn).state_dict()
        for (name, a), b in zip(ours.items(), theirs.values(), strict=True):
            a, b = a.numpy(), b.numpy()
            assert a.dtype == b.dtype and a.shape == b.shape, name
            np.testing.assert_allclose(a.std(), b.std(), rtol=0.1, err_msg=name)
            np.testing.assert_allclose(np.abs(a).max(), np.abs(b).max(), rtol=0.2, err_msg=name)


# -- nn.utils -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [2.0, 1, 3.5, float("inf"), 0])
@pytest.mark.parametrize("max_norm", [0.5, 100.0])
def test_clipping(norm_type, max_norm):
    found = []
    for lib in (tg, torch):
        params = [to(lib, a).requires_grad_() for a in (X, P[0], X[0, 0])]
        (sum((p * p * p).sum() for p in params)).backward()
        total = lib.nn.utils.clip_grad_norm_(params, max_norm, norm_type)
        lib.nn.utils.clip_grad_value_(params, 0.3)
        assert lib.nn.utils.clip_grad_norm_([], 1.0).item() == 0
        found.append([total.numpy(), *(p.grad.numpy() for p in params)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9)
        assert ours.dtype == theirs.dtype


# -- hooks -----------------------------------------------------------------------------------------------


def test_hooks_are_called_alike():
    logs = []
    for lib in (tg, torch):
        log = []
        nn = lib.nn
        model = nn.Sequential(nn.Linear(2, 3), nn.Tanh()).double()
        model.load_state_dict({"0.weight": to(lib, X[:3, :2].copy()), "0.bias": to(lib, X[0, :3].copy())})

        def flat(grads):
            return [None if g is None else g.detach().numpy().tolist() for g in grads]

        def note(name, log=log):
            return lambda module, *values: log.append((name, type(module).__name__, len(values)))

        model.register_forward_pre_hook(note("second"))
        model.register_forward_pre_hook(note("first"), prepend=True)
        model.register_forward_hook(note("kwargs"), with_kwargs=True)
        model[0].register_forward_hook(lambda m, x, y: 2 * y)
        model[0].register_forward_pre_hook(lambda m, x: x[0] + 1)
        model[0].register_full_backward_hook(lambda m, gi, go, log=log: log.append((flat(gi), flat(go))))
        model[1].register_full_backward_hook(lambda m, gi, go: (gi[0] * 3,))
        model[1].register_full_backward_pre_hook(lambda m, go: (go[0] + 1,))
        x = to(lib, X[:, :2].copy()).requires_grad_()
        y = model(x)
        y.backward(to(lib, X[:, 1:].copy()))
        log += [y.tolist(), x.grad.tolist(), model[0].weight.grad.tolist()]
        logs.append(log)
    for ours, theirs in zip(*logs, strict=True):
        if isinstance(ours, tuple) and isinstance(ours[0], str):
            assert ours == theirs
        else:
            for a, b in zip(ours, theirs, strict=True):
                np.testing.assert_allclose(np.array(a, float), np.array(b, float), rtol=1e-9, atol=1e-12)
