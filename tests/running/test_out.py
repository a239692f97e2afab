"""``torch.add(x, y, out=z)`` writes into z, and refuses what it cannot write."""

from __future__ import annotations

from tests.running.conftest import Run


def test_results_are_written_into_the_tensor_that_is_given(run: Run) -> None:
    done = run(
        """
        import torch
        x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
        z = torch.zeros(2)
        view = z[1:]
        print(torch.add(x, y, out=z) is z, z, view)
        print(torch.matmul(torch.eye(2), x, out=z), torch.exp(torch.zeros(2), out=z))
        print(torch.sum(x, 0, out=torch.empty(())))
        wide = torch.zeros(2, dtype=torch.float64)
        print(torch.mul(x, y, out=wide))
        empty = torch.empty(0)
        print(torch.cat([x, y], out=empty), empty.shape, torch.rand(3, out=empty[:0]).shape)
        """
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "True tensor([4., 6.]) tensor([6.])",
        "tensor([1., 1.]) tensor([1., 1.])",
        "tensor(3.)",
        "tensor([3., 8.], dtype=torch.float64)",
        "tensor([1., 2., 3., 4.]) torch.Size([4]) torch.Size([3])",
    ]


def test_a_change_by_out_is_seen_by_the_backward_pass(run: Run) -> None:
    done = run(
        """
        import torch
        x = torch.ones(2, requires_grad=True)
        k = torch.ones(2)
        y = (x * k).sum()
        torch.add(k, 1, out=k)
        y.backward()
        """
    )
    assert done.returncode == 1 and "RuntimeError" in done.stderr.splitlines()[-1] and "add" in done.stderr


def test_what_cannot_be_written_is_refused_and_left_as_it_was(run: Run) -> None:
    done = run(
        """
        import torch
        z = torch.zeros(2, dtype=torch.int64)
        x = torch.ones(2, requires_grad=True)
        for y, out in ((torch.ones(2), z), (torch.ones(2), [1.0]), (x, torch.zeros(2))):
            try:
                torch.add(y, 1, out=out)
            except (RuntimeError, TypeError) as error:
                print(type(error).__name__, str(error)[:60])
        with torch.no_grad():
            print(torch.add(x, 1, out=torch.zeros(2)))
        print(z)
        print(torch.add(torch.ones(2), 1, out=torch.zeros(3)).shape)
        """
    )
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "RuntimeError add(): result type float32 can't be cast to the desired outp",
        "TypeError add(): argument 'out' must be Tensor, not list",
        "RuntimeError add(): functions with out=... arguments don't support automa",
        "tensor([2., 2.])",
        "tensor([0, 0])",
        "torch.Size([2])",
    ]
    assert "UserWarning: An output with one or more elements was resized" in done.stderr


def test_functions_are_pickled_by_name(run: Run) -> None:
    done = run(
        """
        import copy, pickle, torch
        import torch.nn as nn
        class Net(nn.Module):
            def __init__(self, act):
                super().__init__()
                self.act, self.layer = act, nn.Linear(2, 2)
            def forward(self, x):
                return self.act(self.layer(x))
        for f in (torch.tanh, torch.sigmoid, torch.relu, torch.max, torch.nn.functional.gelu):
            net = Net(f)
            assert pickle.loads(pickle.dumps(net)).act is f and copy.deepcopy(net).act is f, f
        print("kept")
        """
    )
    assert (done.stdout, done.stderr) == ("kept\n", "")
