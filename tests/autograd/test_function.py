"""`autograd.Function`: what PyTorch's tutorials do with it, and what goes wrong."""

import gc
import weakref

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import autograd
from tinygrad_edu.autograd import Function, gradcheck, gradgradcheck
from tinygrad_edu.autograd.function import once_differentiable


def leaf(*values):
    return tg.tensor(np.array(values, float), requires_grad=True)


class Scaled(Function):
    @staticmethod
    def forward(ctx, x, y, k):
        ctx.save_for_backward(x, y)
        ctx.k = k
        return x * y * k

    @staticmethod
    def backward(ctx, grad_output):
        x, y = ctx.saved_tensors
        gx = grad_output * y * ctx.k if ctx.needs_input_grad[0] else None
        gy = grad_output * x * ctx.k if ctx.needs_input_grad[1] else None
        return gx, gy, None


class Exp(Function):
    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        (x,) = inputs
        assert isinstance(x, tg.Tensor)
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_tensors
        return grad_output * y


class Both(Function):
    """Sum, difference, and a mask."""

    @staticmethod
    def forward(ctx, a, b):
        mask = a.detach() * 0 + 1
        ctx.mark_non_differentiable(mask)
        return a + b, mask, a - b

    @staticmethod
    def backward(ctx, g, none, h):
        Both.seen = (g, none, h)
        return g + h, g - h


def test_first_and_second_derivatives():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    f = lambda x, y: Scaled.apply(x, y, 3.0)
    assert gradcheck(f, (x, y))
    assert gradgradcheck(f, (x, y))
    assert gradcheck(Exp.apply, x)
    assert gradgradcheck(Exp.apply, x)
    assert gradgradcheck(lambda x: Exp.apply(Exp.apply(x)), x)


def test_needs_input_grad_and_operands_without_a_gradient():
    x, y = leaf(1.0, 2.0), tg.tensor(np.array([3.0, 4.0]))
    Scaled.apply(x, y, 2.0).sum().backward()
    assert x.grad.tolist() == [6, 8]
    assert y.grad is None


def test_several_results_one_of_them_without_a_gradient():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    total, mask, difference = Both.apply(a, b)
    assert not mask.requires_grad
    assert total.grad_fn is not difference.grad_fn
    (total * 10).sum().backward()
    assert a.grad.tolist() == b.grad.tolist() == [10, 10]
    assert [t.tolist() for t in (Both.seen[0], Both.seen[2])] == [[10, 10], [0, 0]]
    assert gradcheck(Both.apply, (a, b))
    assert gradgradcheck(Both.apply, (a, b))


def test_materialize_grads_switched_off():
    class Quiet(Both):
        @staticmethod
        def forward(ctx, a, b):
            ctx.set_materialize_grads(False)
            return a + b, a - b

        @staticmethod
        def backward(ctx, g, h):
            assert h is None
            return g, g

    a = leaf(1.0)
    Quiet.apply(a, a)[0].sum().backward()
    assert a.grad.tolist() == [2]


def test_results_that_are_no_tensors_pass_through():
    class WithCount(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2, 7

        @staticmethod
        def backward(ctx, g, none):
            assert none is None
            return g * 2

    x = leaf(1.0)
    y, n = WithCount.apply(x)
    assert n == 7
    y.sum().backward()
    assert x.grad.tolist() == [2]


def test_an_input_changed_in_place_and_marked():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf(1.0, 2.0)
    y = x * 3
    z = Double.apply(y)
    assert z is y
    (y * y).sum().backward()  # (6x)²
    assert x.grad.tolist() == [72, 144]
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*clone"):
        Double.apply(leaf(1.0))


def test_an_input_marked_dirty_must_be_returned():
    class Forgets(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(RuntimeError, match="must be returned"):
        Forgets.apply(leaf(1.0) * 1)


def test_an_input_returned_as_it_is():
    class Reverse(Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.scale = scale
            return x

        @staticmethod
        def backward(ctx, g):
            return -ctx.scale * g, None

    x = leaf(1.0, 2.0)
    y = Reverse.apply(x, 3.0)
    assert x.is_leaf
    assert not y.is_leaf
    y.sum().backward()
    assert x.grad.tolist() == [-3, -3]


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_number_of_gradients_is_an_error(count):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a, b):
            return a * b

        @staticmethod
        def backward(ctx, g):
            return (g,) * count

    x = leaf(1.0)
    with pytest.raises(RuntimeError, match=rf"Wrong.backward returned {count} gradients, but forward has 2 inputs"):
        Wrong.apply(x, x).sum().backward()
    assert x.grad is None


def test_surplus_nones_are_allowed():
    class Generous(Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2, None, None

    x = leaf(1.0)
    Generous.apply(x).sum().backward()
    assert x.grad.tolist() == [2]


def test_a_gradient_of_the_wrong_shape_is_an_error():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return tg.tensor(np.ones(5))

    with pytest.raises(RuntimeError, match=r"Wrong gave a cotangent of shape \(5,\) for an operand of shape \(2,\)"):
        Wrong.apply(leaf(1.0, 2.0)).sum().backward()


def test_the_cotangent_cannot_be_written_to():
    class Writes(Function):
        @staticmethod
        def forward(ctx, a):
            return a * 2

        @staticmethod
        def backward(ctx, g):
            return g.mul_(2)

    with pytest.raises(RuntimeError, match="clone"):
        Writes.apply(leaf(1.0)).sum().backward()


def test_keyword_arguments_are_bound_to_their_positions():
    x, y = leaf(1.0), leaf(1.0)
    Scaled.apply(x, k=2.0, y=y).sum().backward()
    assert x.grad.tolist() == y.grad.tolist() == [2]
    with pytest.raises(TypeError, match="unexpected keyword argument 'scale'"):
        Scaled.apply(x, y, 1.0, scale=2.0)


def test_only_tensors_can_be_saved():
    class Saves(Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a, 3)
            return a

    with pytest.raises(TypeError, match=r"argument 1 is of type int.*ctx.name"):
        Saves.apply(leaf(1.0))


def test_it_is_not_made_into_an_object():
    with pytest.raises(RuntimeError, match=r"Scaled.apply"):
        Scaled()


def test_saved_tensors_are_there_in_backward_only():
    x = leaf(1.0)
    y = Exp.apply(x)
    with pytest.raises(RuntimeError, match="while backward runs"):
        y.grad_fn.ctx.saved_tensors  # noqa: B018


def test_a_second_pass_needs_retain_graph_only_where_something_was_saved():
    x = leaf(1.0)
    y = Exp.apply(x).sum()
    y.backward(retain_graph=True)
    y.backward()
    with pytest.raises(RuntimeError, match="second time: what Exp saved"):
        y.backward()
    z = Both.apply(x, x)[0]
    z.backward(tg.tensor(np.ones(1)))
    z.backward(tg.tensor(np.ones(1)))


@pytest.mark.parametrize("what", ["input", "output"])
def test_a_saved_tensor_that_changed_is_detected(what):
    x = leaf(1.0, 2.0) * 1
    y = Exp.apply(x) if what == "output" else Scaled.apply(x, x, 1.0)
    (y if what == "output" else x).add_(1)
    with pytest.raises(RuntimeError, match="add_ has changed it in place"):
        y.sum().backward()


def test_once_differentiable():
    class Numpy(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return tg.tensor(np.sin(x.detach().numpy()))

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return tg.tensor(g.numpy() * np.cos(x.detach().numpy()))

    x = leaf(1.0, 2.0)
    assert gradcheck(Numpy.apply, x)
    (g,) = autograd.grad(Numpy.apply(x).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.sum().backward()


def test_nothing_is_recorded_without_grad_mode_or_without_inputs_that_require_grad():
    with tg.no_grad():
        assert Exp.apply(leaf(1.0)).grad_fn is None
    assert Exp.apply(tg.tensor(1.0)).grad_fn is None


def test_the_graph_is_freed_by_reference_count():
    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = Exp.apply(x)
        array = weakref.ref(y._array)
        y.sum().backward(create_graph=True)
        x.grad = None
        del y
        assert array() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_names_in_the_graph():
    node = Exp.apply(leaf(1.0)).grad_fn
    assert node.name() == "Exp"
    assert len(node.next_functions) == 1


@pytest.mark.parametrize("same", [lambda x: x, lambda x: x.view_as(x), lambda x: x[:1]])
def test_a_result_that_shares_memory_with_its_input_is_not_changed_behind_its_back(same):
    class Same(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return same(x)

        @staticmethod
        def backward(ctx, g):
            return g if g.shape == (2,) else tg.cat([g, tg.zeros(1).double()])

    a = tg.tensor(np.array([1.0, 2.0]), requires_grad=True)
    before = a * 1
    y = Same.apply(before)
    with pytest.raises(RuntimeError, match="a view that a Function returned"):
        y.mul_(2)
    assert before.tolist() == [1, 2]
    before.mul_(3)
    with pytest.raises(RuntimeError, match="Same: what it returned shares memory with its input"):
        y * 2
    z = Same.apply(before)
    (dz,) = autograd.grad(z * 2, a, tg.tensor([1.0, 10.0]).double()[: z.shape[0]])
    assert dz.tolist() == [6, 60 if z.shape == (2,) else 0]


def test_a_detached_result_may_be_changed_and_a_shared_one_looked_at():
    class Flipped(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.detach()

        @staticmethod
        def backward(ctx, g):
            return -g

    class Same(Flipped):
        @staticmethod
        def forward(ctx, x):
            return x.view_as(x)

    x = leaf(-1.0, 2.0)
    z = Flipped.apply(x * 1)
    z.relu_()
    z.backward(tg.tensor([1.0, 10.0]).double())
    assert x.grad.tolist() == [0, -10]
    y = x * 2
    z = Same.apply(y)
    y.mul_(2)
    with tg.no_grad():
        assert (z + 1).tolist() == [-3, 9]
        assert z.requires_grad


def test_a_retained_gradient_follows_a_tensor_that_a_function_changes():
    class Tripled(autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(3)

        @staticmethod
        def backward(ctx, g):
            return g * 3

    for more in (False, True):
        x = leaf(1.0, 2.0)
        y = x * 2
        y.retain_grad()
        y = Tripled.apply(y)
        if more:
            y.mul_(2)
        (y * y).sum().backward()
        k = 12 if more else 6
        assert (y.grad.tolist(), x.grad.tolist()) == ([2 * k, 4 * k], [2 * k * k, 4 * k * k])
