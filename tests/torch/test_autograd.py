"""The same calls on PyTorch: functional derivatives, functions of functions, Function, hooks, modes."""

import numpy as np
import pytest

import tinygrad_edu as tg

torch = pytest.importorskip("torch")

A = np.random.default_rng(0).normal(size=(2, 3))
B = np.random.default_rng(1).normal(size=3)
LIBS = (tg, torch)


def flat(x):
    """Every tensor in nested tuples, as arrays."""
    if isinstance(x, (tuple, list)):
        return [a for part in x for a in flat(part)]
    if isinstance(x, (tg.Tensor, torch.Tensor)):
        return [x.detach().numpy()]
    return [x]


def same(f):
    """`f(lib)` gives the same on both."""
    ours, theirs = (flat(f(lib)) for lib in LIBS)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if isinstance(b, np.ndarray):
            assert np.shape(a) == np.shape(b)
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
        else:
            assert a == b


def two(lib):
    return lambda a, b: (lib.tanh(a * b), (a * a * b).sum())


def energy(lib):
    return lambda a, b: (lib.exp(0.3 * a) * b * b).sum()


@pytest.mark.parametrize("name", ["vjp", "jvp", "jacobian", "hessian", "vhp", "hvp"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_functional(name, create_graph):
    def f(lib):
        a, b = lib.tensor(A, requires_grad=create_graph), lib.tensor(B, requires_grad=create_graph)
        call = getattr(lib.autograd.functional, name)
        if name == "jacobian":
            out = call(two(lib), (a, b), create_graph=create_graph)
        elif name == "hessian":
            out = call(energy(lib), (a, b), create_graph=create_graph)
        elif name == "vjp":
            out = call(two(lib), (a, b), (lib.tensor(A * 2), lib.tensor(np.array(3.0))), create_graph=create_graph)
        else:
            out = call(two(lib) if name == "jvp" else energy(lib), (a, b), (a * 2, b + 1), create_graph=create_graph)
        tensors = [t for part in out for t in (part if isinstance(part, tuple) else (part,))]
        return [out, [t.requires_grad for t in tensors]]

    same(f)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")  # PyTorch's own
def test_functions_of_functions():
    def f(lib):
        a, b = lib.tensor(A), lib.tensor(B)
        e, func = energy(lib), lib.func
        _, back = func.vjp(two(lib), a, b)
        return [
            func.grad(e)(a, b), func.grad(e, argnums=(0, 1))(a, b), func.grad_and_value(e, argnums=1)(a, b),
            func.jacrev(two(lib), argnums=1)(a, b), func.hessian(e)(a, b), func.hessian(e, argnums=(0, 1))(a, b),
            back((a, lib.tensor(np.array(2.0)))) if lib is torch else back(a, lib.tensor(np.array(2.0))),
            func.jvp(two(lib), (a, b), (a, b)), func.grad(lambda a: func.grad(e)(a, b).sum())(a),
        ]  # fmt: skip

    same(f)


def scaled(lib):
    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            ctx.save_for_backward(x, y)
            ctx.k = k
            return x * y * k, (x + y)

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y * ctx.k + h, g * x * ctx.k + h, None

    return Scaled.apply


def test_function_first_and_second_order():
    def f(lib):
        a, b = lib.tensor(A, requires_grad=True), lib.tensor(B, requires_grad=True)
        y, s = scaled(lib)(a, b, 1.5)
        g = lib.autograd.grad((y * y + s).sum(), [a, b], create_graph=True)
        return [g, lib.autograd.grad(g[0].sum() + (g[1] * g[1]).sum(), [a, b])]

    same(f)


def test_keyword_arguments_and_defaults_of_a_function():
    def f(lib):
        seen = []

        class Old(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, k=2.0):
                ctx.k = k
                return x * k

            @staticmethod
            def backward(ctx, g):
                return g * ctx.k, None

        class New(lib.autograd.Function):
            @staticmethod
            def forward(x, k=2.0):
                return x * k

            @staticmethod
            def setup_context(ctx, inputs, output):
                seen.append(len(inputs))
                ctx.k = inputs[1]

            @staticmethod
            def backward(ctx, g):
                return g * ctx.k, None

        a = lib.tensor(B, requires_grad=True)
        (Old.apply(a, k=3.0) + New.apply(a) + New.apply(x=a, k=5.0)).sum().backward()
        return [a.grad, seen]

    same(f)


def test_hooks_and_retained_gradients():
    def f(lib):
        seen = []
        a = lib.tensor(A, requires_grad=True)
        y = a * 2
        y.register_hook(lambda g: seen.append(g.tolist()) or g * 3)
        y.retain_grad()
        y.register_hook(lambda g: g + 1)
        handle = a.register_hook(lambda g: g * 10)
        a.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
        (y * y).sum().backward(retain_graph=True)
        handle.remove()
        (y * y).sum().backward()
        return [a.grad, y.grad, *(np.array(s) for s in seen)]

    same(f)


def test_hooks_on_a_tensor_that_is_changed_in_place():
    def f(lib):
        seen = []
        a = lib.tensor(B, requires_grad=True)
        y = a * 2
        y.register_hook(lambda g: seen.append(g.tolist()))
        y.mul_(3)
        y.sum().backward()
        return [a.grad, *(np.array(s) for s in seen)]

    same(f)


def test_attributes():
    def f(lib):
        a = lib.tensor(B, requires_grad=True)
        y = a * 2
        with lib.no_grad():
            z = a * 2
        return [
            [t.requires_grad, t.is_leaf, t.retains_grad, t.grad_fn is None]
            for t in (a, y, z, y.detach(), y.data, a.detach(), y[0], lib.autograd.Variable(a, requires_grad=True))
        ]

    same(f)


@pytest.mark.parametrize(
    "act",
    [
        lambda lib, a: (a * 2).backward(),
        lambda lib, a: a.detach().sum().backward(),
        lambda lib, a: (a * 2).sum().backward(lib.tensor(B)),
        lambda lib, a: lib.autograd.grad(a.sum(), lib.tensor(B)),
        lambda lib, a: lib.autograd.grad(a.sum(), lib.tensor(B, requires_grad=True)),
        lambda lib, a: lib.autograd.backward([a.sum(), a.sum()], [lib.tensor(np.array(1.0))]),
        lambda lib, a: a.add_(1),
        lambda lib, a: a.detach().register_hook(print),
        lambda lib, a: a.detach().retain_grad(),
        lambda lib, a: (a * 2).requires_grad_(False),
        lambda lib, a: (a * 2).register_post_accumulate_grad_hook(print),
        lambda lib, a: setattr(a, "grad", lib.tensor(A)),
        lambda lib, a: lib.tensor([1, 2]).requires_grad_(),
    ],
)
def test_errors_are_of_the_same_class_and_change_nothing(act):
    classes = []
    for lib in LIBS:
        a = lib.tensor(B, requires_grad=True)
        with pytest.raises(Exception) as error:
            act(lib, a)
        classes.append(type(error.value))
        assert a.grad is None
        assert a.tolist() == B.tolist()
    assert issubclass(classes[0], classes[1])
