"""Derivatives of functions: `autograd.functional`, and functions of functions."""

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd, func
from tinygrad_edu.autograd import functional

RNG = np.random.default_rng(0)


def t(*shape):
    return tg.tensor(RNG.normal(size=shape))


def two(a, b):
    """(2, 3), (3,) → (2, 3) and ()"""
    return tg.tanh(a * b), (a * a * b).sum()


def numeric(f, x, h=1e-5):
    """The Jacobian of a function on arrays."""
    columns = []
    for i in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[i] = h
        columns.append((f(x + step) - f(x - step)) / (2 * h))
    out = np.stack(columns, -1) if columns else np.zeros((*f(x).shape, 0))
    return out.reshape(*f(x).shape, *x.shape)


def on_arrays(f):
    return lambda *xs: f(*map(tg.tensor, xs)).numpy()


def close(a, b, tol=1e-7):
    np.testing.assert_allclose(a.detach().numpy() if isinstance(a, tg.Tensor) else a, b, rtol=tol, atol=tol)


A, B = t(2, 3), t(3)
V = (t(2, 3), t())
U = (t(2, 3), t(3))


def jacobians():
    """Of `two` at (A, B): [output][input], by differences."""
    a, b = A.numpy(), B.numpy()
    return [
        [
            numeric(on_arrays(lambda x, k=k: two(x, B)[k]), a),
            numeric(on_arrays(lambda x, k=k: two(A, x)[k]), b),
        ]
        for k in range(2)
    ]


def test_jacobian_has_the_nesting_of_outputs_and_inputs():
    found = functional.jacobian(two, (A, B))
    for row, expected in zip(found, jacobians(), strict=True):
        for j, e in zip(row, expected, strict=True):
            close(j, e)
    close(functional.jacobian(lambda a: two(a, B)[0], A), jacobians()[0][0])
    assert functional.jacobian(lambda a: two(a, B)[0], A, vectorize=True, strategy="forward-mode").shape == (2, 3, 2, 3)


def test_vjp_is_the_jacobian_from_the_left():
    (y, s), (da, db) = functional.vjp(two, (A, B), V)
    close(y, two(A, B)[0].numpy())
    close(s, two(A, B)[1].numpy())
    (ja, jb), (ka, kb) = jacobians()
    close(da, np.tensordot(V[0].numpy(), ja, 2) + V[1].numpy() * ka)
    close(db, np.tensordot(V[0].numpy(), jb, 2) + V[1].numpy() * kb)


def test_jvp_is_the_jacobian_from_the_right():
    _, (dy, ds) = functional.jvp(two, (A, B), U)
    (ja, jb), (ka, kb) = jacobians()
    u, w = U[0].numpy(), U[1].numpy()
    close(dy, np.tensordot(ja, u, 2) + np.tensordot(jb, w, 1))
    close(ds, np.tensordot(ka, u, 2) + np.tensordot(kb, w, 1))


def energy(a, b):
    return (tg.exp(0.3 * a) * b * b).sum()


def test_hessian_and_its_products():
    h = functional.hessian(energy, (A, B))
    close(h[0][1], numeric(lambda x: functional.jacobian(energy, (A, tg.tensor(x)))[0].numpy(), B.numpy()))
    close(h[0][0], numeric(lambda x: functional.jacobian(energy, (tg.tensor(x), B))[0].numpy(), A.numpy()))
    close(h[1][0].numpy(), np.moveaxis(h[0][1].numpy(), -1, 0))
    for product in (functional.hvp, functional.vhp):
        value, (pa, pb) = product(energy, (A, B), U)
        close(value, energy(A, B).numpy())
        u, w = U[0].numpy(), U[1].numpy()
        close(pa, np.tensordot(h[0][0].numpy(), u, 2) + np.tensordot(h[0][1].numpy(), w, 1))
        close(pb, np.tensordot(h[1][0].numpy(), u, 2) + np.tensordot(h[1][1].numpy(), w, 1))
    close(functional.hessian(lambda b: energy(A, b), B), h[1][1].numpy())


def test_results_are_connected_only_if_a_graph_is_created():
    x = tg.tensor(np.array([1.0, 2.0]), requires_grad=True)
    cube = lambda x: x * x * x
    assert not functional.jacobian(cube, x).requires_grad
    j = functional.jacobian(cube, x, create_graph=True)
    j.sum().backward()
    assert x.grad.tolist() == [6, 12]
    y, g = functional.vjp(cube, x, x, create_graph=True)
    assert y.requires_grad
    (second,) = autograd.grad(g.sum(), x)
    assert second.tolist() == [9, 36]  # d 3x³/dx
    assert functional.jvp(cube, x, x, create_graph=True)[1].requires_grad
    assert functional.hvp(lambda x: cube(x).sum(), x, x, create_graph=True)[1].requires_grad
    assert x.grad.tolist() == [6, 12]


def test_independence_gives_zeros_or_is_an_error_if_strict():
    x = t(2)
    constant = lambda x: tg.tensor(np.ones(3))
    assert functional.jacobian(constant, x).tolist() == [[0, 0]] * 3
    assert functional.vjp(constant, x, t(3))[1].tolist() == [0, 0]
    assert functional.jvp(constant, x, x)[1].tolist() == [0, 0, 0]
    assert functional.hessian(lambda x: x.sum(), x).tolist() == [[0, 0], [0, 0]]
    for call in (
        lambda: functional.jacobian(constant, x, strict=True),
        lambda: functional.vjp(constant, x, t(3), strict=True),
        lambda: functional.jvp(constant, x, x, strict=True),
        lambda: functional.vjp(lambda a, b: a, (x, x), x, strict=True),
        lambda: functional.hessian(lambda x: tg.tensor(1.0), x, strict=True),
    ):
        with pytest.raises(RuntimeError, match=r"strict: .*depend"):
            call()


def test_bad_arguments():
    x = t(2)
    with pytest.raises(TypeError, match="inputs must be a Tensor or a tuple of Tensors"):
        functional.vjp(tg.exp, np.ones(2))
    with pytest.raises(TypeError, match="outputs of the function"):
        functional.jacobian(lambda x: 3, x)
    with pytest.raises(RuntimeError, match="left out only if"):
        functional.vjp(tg.exp, x)
    with pytest.raises(RuntimeError, match=r"v has shape \(3,\) where output 0 has shape \(2,\)"):
        functional.vjp(tg.exp, x, t(3))
    with pytest.raises(RuntimeError, match="v has 2 elements for 1 output"):
        functional.vjp(tg.exp, x, (x, x))
    with pytest.raises(RuntimeError, match=r"one element, not shape \(2,\)"):
        functional.hessian(tg.exp, x)
    with pytest.raises(ValueError, match="strategy"):
        functional.jacobian(tg.exp, x, strategy="sideways")


# -- functions of functions ------------------------------------------------------------------------------


def cube(x):
    return x * x * x


def test_orders_compose():
    f = cube
    for expected in (12.0, 12.0, 6.0, 0.0):
        f = autograd.grad(f)
        assert f(2.0).item() == expected


def test_grad_of_numbers_arrays_and_tensors():
    assert autograd.grad(cube)(2).dtype == tg.float32
    assert autograd.grad(lambda x: cube(x).sum())(np.array([1.0, 2.0])).dtype == tg.float64
    g = autograd.grad(lambda x: cube(x).sum())(tg.tensor([1.0, 2.0]))
    assert g.tolist() == [3, 12]
    assert not g.requires_grad


def test_argnums_choose_the_arguments_and_the_nesting():
    f = lambda a, b, k=1.0: a * b * b * k
    assert autograd.grad(f)(2.0, 3.0).item() == 9
    assert autograd.grad(f, 1)(2.0, 3.0).item() == 12
    assert autograd.grad(f, argnums=-1)(2.0, 3.0).item() == 12
    assert [g.item() for g in autograd.grad(f, (1, 0))(2.0, 3.0, k=2.0)] == [24, 18]


def test_aux_and_value():
    f = lambda x: (x * x, {"seen": x})
    g, aux = autograd.grad(f, has_aux=True)(3.0)
    assert (g.item(), aux["seen"].item()) == (6, 3)
    (v, aux), g = autograd.value_and_grad(f, has_aux=True)(3.0)
    assert (v.item(), g.item()) == (9, 6)
    g, v = func.grad_and_value(cube)(2.0)
    assert (v.item(), g.item()) == (8, 12)


def test_parameters_in_dicts_and_lists():
    params = {"w": t(2, 3), "bias": [t(2)]}
    f = lambda p, x: ((p["w"] @ x + p["bias"][0]) ** 2).sum()
    x = t(3)
    g = autograd.grad(f)(params, x)
    e = 2 * (params["w"].numpy() @ x.numpy() + params["bias"][0].numpy())
    close(g["w"], np.outer(e, x.numpy()))
    close(g["bias"][0], e)


def test_a_closure_over_what_is_differentiated_outside():
    # d/dx of d/dy (x·y²) at y = 3 is 6
    assert autograd.grad(lambda x: autograd.grad(lambda y: x * y * y)(3.0))(2.0).item() == 6
    w = tg.tensor(2.0, requires_grad=True)
    g = autograd.grad(lambda y: w * y * y)(3.0)
    g.backward()
    assert w.grad.item() == 6
    assert not autograd.grad(cube)(3.0).requires_grad


def test_nothing_touches_grad():
    x = tg.tensor(2.0, requires_grad=True)
    y = autograd.grad(cube)(x)
    assert x.grad is None
    y.backward()  # connected, since x requires grad
    assert x.grad.item() == 12


def test_grad_works_inside_no_grad():
    with tg.no_grad():
        assert autograd.grad(cube)(2.0).item() == 12


def test_jacobian_and_hessian_of_functions():
    x = t(3)
    f = lambda x: tg.tanh(x) * x.sum()
    close(autograd.jacobian(f)(x), functional.jacobian(f, x).numpy())
    s = lambda x: (cube(x) * x.sum()).sum()
    close(autograd.hessian(s)(x), functional.hessian(s, x).numpy())
    close(func.jacfwd(func.jacrev(s))(x), functional.hessian(s, x).numpy())
    pair = autograd.jacobian(lambda a, b: a * b, (0, 1))(t(2), t(2))
    assert [j.shape for j in pair] == [(2, 2), (2, 2)]


def test_vjp_and_jvp_of_functions():
    a, b, u, w = t(2, 3), t(3), t(2, 3), t(3)
    (_, s), back = func.vjp(two, a, b)
    da, db = back(V[0], V[1])
    _, expected = functional.vjp(two, (a, b), V)
    close(da, expected[0].numpy())
    close(db, expected[1].numpy())
    assert [g.shape for g in back(V[0], V[1])] == [(2, 3), (3,)]  # any number of times
    value, change = func.jvp(two, (a, b), (u, w))
    _, expected = functional.jvp(two, (a, b), (u, w))
    close(change[0], expected[0].numpy())
    close(change[1], expected[1].numpy())
    close(value[1], s.numpy())


def test_forward_over_reverse_is_a_hessian_product():
    x, v = t(3), t(3)
    s = lambda x: (cube(x) * x.sum()).sum()
    _, hv = autograd.jvp(autograd.grad(s), (x,), (v,))
    close(hv, functional.hvp(s, x, v)[1].numpy())
    hv = autograd.grad(lambda x: (autograd.grad(s)(x) * v).sum())(x)
    close(hv, functional.hvp(s, x, v)[1].numpy())


def test_functions_that_cannot_be_differentiated():
    with pytest.raises(RuntimeError, match=r"one element, not shape \(2,\)"):
        autograd.grad(tg.exp)(t(2))
    with pytest.raises(TypeError, match="must return one Tensor"):
        autograd.grad(lambda x: 3)(1.0)
    with pytest.raises(RuntimeError, match=r"int64 tensor; convert it first: x.float\(\)"):
        autograd.grad(tg.exp)(tg.tensor(3))
    with pytest.raises(TypeError, match="cannot differentiate in str"):
        autograd.grad(tg.exp)("x")
    with pytest.raises(ValueError, match="argnums has 2"):
        autograd.grad(tg.exp, 2)(1.0)
    with pytest.raises(TypeError, match=r"\(output, aux\)"):
        autograd.grad(tg.exp, has_aux=True)(1.0)
    with pytest.raises(TypeError, match="must be tuples"):
        autograd.jvp(tg.exp, t(2), t(2))
