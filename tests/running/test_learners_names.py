"""What learners' programs use is there: every name that 67 of them use, and what they do with tensors besides."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import tinygrad_edu as tg
from tests.running.conftest import Run
from tinygrad_edu.running.modules import counterpart

NAMES = Path(__file__).with_name("learners_names.txt").read_text().split()
OWNERS = {"Tensor": tg.Tensor, "Module": tg.nn.Module, "Optimizer": tg.optim.Optimizer}


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("torch.")])
def test_a_name_of_torch_is_there(name: str) -> None:
    owner, _, member = name.rpartition(".")
    module = counterpart(owner)
    assert module is not None
    if member != "__version__":  # the library has its own
        assert hasattr(importlib.import_module(module), member)


def test_attributes_of_tensors_modules_and_optimizers_are_there() -> None:
    module, tensor = tg.nn.Linear(1, 1), tg.ones(1)
    optimizer = tg.optim.SGD(module.parameters(), lr=0.1)
    for owner, thing in (("Tensor", tensor), ("Module", module), ("Optimizer", optimizer)):
        for name in NAMES:
            if name.startswith(owner + "."):
                assert hasattr(thing, name.partition(".")[2]), name


def test_what_programs_do_with_tensors_works(run: Run) -> None:
    done = run(
        """
        import numpy as np, torch
        x = torch.tensor([1.0, 2.0, 4.0])
        n, i = torch.tensor(2), torch.tensor([2, 0])
        # with the operators, in both directions
        print(1 + x, 2 * x, 1 - x, 1 / x, 2**x, x**2, -x, x / 2, x // 2, x % 2, x @ x)
        print(x == 2, x != 2, x < 2, x <= 2, x > 2, x >= 2, (x > 1) & (x < 4), (x < 2) | (x > 2), ~(x > 1))
        x += 1; x -= 1; x *= 2; x /= 2
        # as an index, a count, a bound
        print([10, 20, 30][n], x[n], x[n - 1 : n + 1], x[i], list(range(n)), [0] * n, torch.zeros(n, 3).shape)
        x[0], x[x == 2] = 5, 7
        print(x, x[x > 3], x[-1], x[None].shape, x[..., None].shape, x[::2])
        # as a number, a condition, a sequence
        print(float(x[0]), int(x[0]), bool(x[0] > 1), round(x[0].item(), 2), len(x))
        print([v.item() for v in x], sum(x), max(x))
        print("yes" if x[0] > 1 else "no", x[0] in [5], 5.0 in x.tolist(), sorted(x), abs(-x[0]))
        a, b, c = x
        print(a, b, c, tuple(x.shape), *x.shape)
        # as text
        print("{:.2f} {:.4f} {}".format(x[0], x.mean(), x))
        print(f"{x[0]:.1f} {x[0]:8.3f}|{x.sum():e}", "%.3f %d %s" % (x[0], n, n))
        print(str(x), repr(x[0]), [x, n], {"a": n})
        # in NumPy's hands
        print(np.array(x), np.asarray(x).dtype, np.mean(x.numpy()), np.sqrt(x), np.array([1.0, 2.0, 3.0]) + x.numpy())
        print(np.array([v for v in x]), np.array(x.tolist()), np.stack([x, x]).shape)
        print(x.numpy().astype("int32"), np.argmax(x))
        # old ways
        print(torch.Tensor(1, 28, 28).shape, torch.Tensor([1, 2]), torch.FloatTensor(2).zero_())
        print(torch.LongTensor([1]).type())
        print(x.type(torch.LongTensor), x.data, x.data[0], x.size()[0], x.view(-1, 1).size(), x.new_ones(2))
        """
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("tensor([2., 3., 5.]) tensor([2., 4., 8.]) tensor([ 0., -1., -3.])")
    assert lines[2].startswith("30 tensor(4.) tensor([2., 4.]) tensor([4., 1.]) [0, 1] [0, 0] torch.Size([2, 3])")
    assert lines[3].startswith("tensor([5., 7., 4.]) tensor([5., 7., 4.]) tensor(4.) torch.Size([1, 3])")


def test_matplotlib_takes_tensors(run: Run) -> None:
    pytest.importorskip("matplotlib")
    done = run(
        """
        import matplotlib
        matplotlib.use("Agg")
        import matplotlib.pyplot as plt, torch
        x = torch.linspace(0, 1, 5)
        y = torch.nn.Parameter(x**2).detach()
        plt.plot(x, y); plt.plot(x.numpy(), y.numpy(), "ro"); plt.scatter(x, y, c=y, s=torch.ones(5)); plt.bar(x, y)
        plt.plot([torch.tensor(1.0), torch.tensor(2.0)]); plt.hist(y, bins=3); plt.fill_between(x, y); plt.axvline(x[1])
        plt.imshow(torch.rand(4, 4)); plt.imshow(torch.rand(3, 4, 4).permute(1, 2, 0)); plt.contourf(torch.rand(3, 3))
        plt.xlim(x[0], x[-1]); plt.title(f"{x[1]:.2f}"); plt.errorbar(x, y, yerr=y); plt.matshow(torch.eye(2))
        fig, ax = plt.subplots(); ax.plot(x, x.requires_grad_(False)); ax.text(x[0], y[0], "a"); ax.quiver(x, y, y, x)
        plt.savefig("all.png")
        print("drawn")
        """
    )
    assert done.stdout == "drawn\n", done.stderr


def test_scikit_learn_takes_tensors(run: Run) -> None:
    pytest.importorskip("sklearn")
    done = run(
        """
        import torch
        from sklearn.linear_model import LinearRegression
        from sklearn.metrics import accuracy_score, confusion_matrix, mean_squared_error, r2_score
        from sklearn.model_selection import KFold, train_test_split
        from sklearn.preprocessing import StandardScaler
        x, y = torch.arange(20.0).view(10, 2), torch.arange(10)
        a, b, c, d = train_test_split(x, y, test_size=0.3, random_state=0)
        print(type(a).__name__, a.shape, d.shape, [len(t) for _, t in KFold(5).split(x)])
        print(accuracy_score(y, y), confusion_matrix(y % 2, y % 3 > 0).shape)
        print(mean_squared_error(y, y + 1), r2_score(y, y))
        print(StandardScaler().fit_transform(x).shape, LinearRegression().fit(x, y).predict(x[:1]).round(3))
        """
    )
    assert done.stdout.splitlines() == [
        "Tensor torch.Size([7, 2]) torch.Size([3]) [2, 2, 2, 2, 2]",
        "1.0 (2, 2)",
        "1.0 1.0",
        "(10, 2) [0.]",
    ], done.stderr
