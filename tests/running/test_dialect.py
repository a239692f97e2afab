"""What prints, prints as under PyTorch."""

from __future__ import annotations

from tests.running.conftest import Run


def test_shapes_dtypes_types_and_nodes_have_pytorchs_names(run: Run) -> None:
    done = run(
        """
        import torch
        x = torch.ones(2, 3, requires_grad=True)
        print(x.shape, x.dtype, x.type(), type(x), x.size(0))
        print([x.dtype, x.shape], f"{x.shape} {x.dtype}", torch.get_default_dtype())
        print(torch.zeros(1, dtype=torch.float64), torch.tensor([1], dtype=torch.int32))
        print(torch.zeros(0, dtype=torch.long))
        print((x * 2).sum(), (x @ x.T).mean())
        print(isinstance(x.dtype, torch.dtype), x.dtype is torch.float32, x.dtype == torch.float)
        print({torch.float32: 1}[x.dtype], x.dtype.is_floating_point, x.dtype.itemsize)
        print(type(x.shape), torch.result_type(x, 1), x.long().type())
        print(str((x + 1).grad_fn).split()[0], str((x + 1).grad_fn.next_functions[0][0]).split()[0])
        """
    )
    assert done.stdout.splitlines() == [
        "torch.Size([2, 3]) torch.float32 torch.FloatTensor <class 'torch.Tensor'> 2",
        "[torch.float32, torch.Size([2, 3])] torch.Size([2, 3]) torch.float32 torch.float32",
        "tensor([0.], dtype=torch.float64) tensor([1], dtype=torch.int32)",
        "tensor([], dtype=torch.int64)",
        "tensor(12., grad_fn=<SumBackward0>) tensor(3., grad_fn=<MeanBackward0>)",
        "True True True",
        "1 True 4",
        "<class 'torch.Size'> torch.float32 torch.LongTensor",
        "<AddBackward0 <AccumulateGrad",
    ], done.stderr


def test_dtypes_are_taken_wherever_one_is_given(run: Run) -> None:
    done = run(
        """
        import numpy as np, torch
        x = torch.ones(2)
        for y in (
            x.to(torch.int64), x.type(torch.float64), torch.zeros(2, dtype=x.dtype), torch.arange(3, dtype=torch.float),
            torch.tensor([1.5]).type(torch.LongTensor), x.to(dtype=torch.half), x.new_zeros(2, dtype=torch.uint8),
            torch.from_numpy(np.zeros(2)).to(x.dtype), x.sum(dtype=torch.float64),
            torch.randint(0, 2, (2,), dtype=torch.bool),
        ):
            print(y.dtype, end=" ")
        torch.set_default_dtype(torch.float64)
        print(torch.ones(1).dtype, torch.finfo(torch.float32).max > 1e38, torch.iinfo(torch.int8).max)
        """
    )
    assert done.stdout.split() == [
        "torch.int64", "torch.float64", "torch.float32", "torch.float32", "torch.int64", "torch.float16",
        "torch.uint8", "torch.float32", "torch.float64", "torch.bool", "torch.float64", "True", "127",
    ], done.stderr  # fmt: skip


def test_higher_derivatives_do_not_mind_the_spelling(run: Run) -> None:
    done = run(
        """
        import torch
        x = torch.tensor([0.5, 2.0], requires_grad=True)
        y = (torch.sigmoid(x) * x.exp() + torch.log_softmax(x, 0) ** 3).sum() + torch.std(x)
        g, = torch.autograd.grad(y, x, create_graph=True)
        h, = torch.autograd.grad(g.pow(2).sum(), x)
        z = x.detach().double().requires_grad_()
        print(g.dtype, h.dtype, torch.autograd.gradgradcheck(lambda t: t.tanh().prod(), z))
        """
    )
    assert done.stdout == "torch.float32 torch.float32 True\n", done.stderr


def test_the_version_is_pytorchs_and_compares(run: Run) -> None:
    done = run(
        """
        import torch
        major, minor = torch.__version__.split(".")[:2]
        print(int(major) >= 2, int(minor) >= 0, torch.version.cuda)
        print(torch.__version__ >= "1.10", torch.__version__ < (3, 0))
        """
    )
    assert done.stdout == "True True None\nTrue True\n", done.stderr


def test_numpys_functions_give_arrays_as_under_pytorch(run: Run) -> None:
    done = run(
        """
        import numpy as np, torch
        x = torch.tensor([1.0, 3.0])
        a, b = np.linspace(x.min(), x.max(), 3), np.where(x > 1)[0]
        for y in (a, np.stack([x, x]), np.concatenate((x, x)), np.unique(x), b):
            print(type(y).__name__, torch.from_numpy(y).shape)
        print(type(np.sqrt(x)).__name__, np.sum(x), np.mean(x), np.argmax(x), np.isnan(x).sum())
        a = np.zeros(2)
        a += x
        print(a, np.array([v for v in x]))
        w = x.requires_grad_()
        g, = torch.autograd.grad((w.exp() * w).sum(), w, create_graph=True)
        print(g.requires_grad, torch.autograd.grad(g.sum(), w)[0].shape)
        try:
            np.stack([w, w])
        except RuntimeError as error:
            print("detach" in str(error))
        """
    )
    assert done.stdout.splitlines() == [
        "ndarray torch.Size([3])", "ndarray torch.Size([2, 2])", "ndarray torch.Size([4])", "ndarray torch.Size([2])",
        "ndarray torch.Size([1])", "Tensor tensor(4.) tensor(2.) 1 tensor(0)", "[1. 3.] [1. 3.]",
        "True torch.Size([2])", "True",
    ], done.stderr  # fmt: skip


def test_infinities_come_without_a_word_of_the_librarys(run: Run) -> None:
    done = run(
        """
        import numpy as np, torch
        print(torch.log(torch.zeros(1)), torch.zeros(1) / 0, torch.exp(torch.tensor(1e3)))
        np.log(np.zeros(1))
        """
    )
    assert done.stdout == "tensor([-inf]) tensor([nan]) tensor(inf)\n"
    assert done.stderr.count("RuntimeWarning") == 1 and "program.py" in done.stderr


def test_nodes_have_pytorchs_names(run: Run) -> None:
    done = run(
        """
        import torch
        x = torch.ones(2, 3, requires_grad=True)
        for y in (x * 2, x.exp(), x.sum(), x.sum(1), x.mean(), x.mean((0, 1)), x.prod(0), x.max(), x.min(), x.amax(1),
                  x.clamp(0, 1), x[0], x[:1], x[:, 1], x[0, 1:], x[x > 0], x[:, [0, 1]], x[..., None], x[:, None]):
            print(y.grad_fn.name().replace("Backward", ""), end=" ")

        class MyReLU(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.clamp(min=0)

            @staticmethod
            def backward(ctx, g):
                return g

        print(MyReLU.apply(x[0, 0]))
        """
    )
    assert done.stdout == (
        "Mul0 Exp0 Sum0 Sum1 Mean0 Mean1 Prod1 Max1 Min1 Amax0 "
        "Clamp1 Select0 Slice0 Select0 Slice0 Index0 Index0 Unsqueeze0 Unsqueeze0 "
        "tensor(1., grad_fn=<MyReLUBackward>)\n"
    ), done.stderr


def test_the_classes_of_nodes_have_pytorchs_names(run: Run) -> None:
    done = run(
        """
        import torch
        model = torch.nn.Linear(2, 1)
        loss = ((model(torch.ones(3, 2)) - 1) ** 2).mean()

        def walk(node, depth):
            if node is None:
                return
            print(depth, type(node).__name__, list(node.variable.shape) if hasattr(node, "variable") else "")
            for below, _ in node.next_functions:
                walk(below, depth + 1)

        walk(loss.grad_fn, 0)
        a, b = torch.ones(4, requires_grad=True).chunk(2)
        print(a.grad_fn.__class__.__name__, isinstance(a.grad_fn, type(b.grad_fn)), a.grad_fn is a.grad_fn)
        (loss + a.sum() + 2 * b.sum()).backward()
        print(model.bias.grad is not None)
        """
    )
    assert done.stdout.splitlines() == [
        "0 MeanBackward0 ", "1 PowBackward0 ", "2 SubBackward0 ", "3 AddmmBackward0 ",
        "4 AccumulateGrad [1, 2]", "4 AccumulateGrad [1]", "SplitBackward0 True True", "True",
    ], done.stderr  # fmt: skip
