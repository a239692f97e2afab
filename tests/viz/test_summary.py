"""The table of layers, against the forward pass itself."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, viz


class Block(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.fc = nn.Linear(size, size)
        self.act = nn.Tanh()

    def forward(self, x):
        return x + self.act(self.fc(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.inp = nn.Linear(4, 8)
        shared = Block(8)
        self.blocks = nn.Sequential(Block(8), shared, shared)
        self.drop = nn.Dropout(0.5)
        self.norm = nn.BatchNorm1d(8)
        self.out = nn.Linear(8, 1)
        self.unused = nn.Linear(2, 2)
        self.scale = nn.Parameter(tg.ones(1), requires_grad=False)

    def forward(self, x):
        return self.out(self.norm(self.drop(self.blocks(self.inp(x))))) * self.scale


def seen_by_hooks(model, *inputs):
    """What really comes out of each module, in evaluation mode."""
    found = {}
    handles = [
        m.register_forward_hook(lambda m, args, out, path=path: found.setdefault(path, []).append(out))
        for path, m in model.named_modules()
    ]
    training = model.training
    model.eval()
    model(*inputs)
    model.train(training)
    for h in handles:
        h.remove()
    return found


def test_shapes_counts_and_memory_are_those_of_the_forward_pass():
    model, x = Net(), tg.randn(16, 4)
    table = viz.summary(model, x)
    found = seen_by_hooks(model, x)
    for layer in table.layers:
        if layer.path in found:
            assert layer.outputs == [tuple(found[layer.path][-1].shape)]
            assert layer.calls == len(found[layer.path])
            assert layer.output_bytes == sum(out.nbytes for out in found[layer.path])
    assert table.parameters == sum(p.numel() for p in model.parameters())
    assert table.trainable == table.parameters - 1
    assert table.parameter_bytes == 4 * table.parameters
    assert table.buffer_bytes == sum(b.nbytes for b in model.buffers())
    assert table.input_bytes == x.nbytes
    leaves = {path: outs for path, outs in found.items() if not list(model.get_submodule(path).children())}
    assert table.output_bytes == sum(out.nbytes for outs in leaves.values() for out in outs)
    assert table.kept_bytes > 0


def test_what_is_kept_for_the_backward_pass_is_counted_once():
    class Twice(nn.Module):
        def forward(self, x):
            y = tg.exp(x)  # keeps its result
            return y * y  # keeps the same array, twice

    x = tg.randn(100, requires_grad=True)
    assert viz.summary(Twice(), x).kept_bytes == 400


def test_the_table_shows_the_tree():
    lines = str(viz.summary(Net(), (16, 4))).splitlines()
    assert lines[2].startswith("Net  ")
    assert lines[3].startswith("├─ inp: Linear")
    assert any(line.startswith("│  ├─ 1: Block ×2") for line in lines)
    assert any(line.startswith("│  └─ 2: Block (shared) ×2") for line in lines)
    assert any("unused: Linear" in line and "not called" in line for line in lines)
    assert any(line.startswith("parameters ") and "1 fixed" in line for line in lines)


def test_depth_sums_up_what_it_hides():
    table = viz.summary(Net(), (16, 4), depth=1)
    (row,) = (line for line in str(table).splitlines() if "blocks" in line)
    assert "144" in row  # two different blocks of 72
    assert "fc: Linear" not in str(table)


def test_recurrent_layers_and_several_inputs():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn = nn.LSTM(3, 5)

        def forward(self, x, scale):
            out, _ = self.rnn(x)
            return out * scale

    table = viz.summary(Model(), (7, 2, 3), tg.tensor(2.0))
    rnn = table.layers[1]
    assert rnn.outputs == [(7, 2, 5), (1, 2, 5), (1, 2, 5)]
    assert table.parameters == 4 * 5 * (3 + 5 + 2)
    assert "(7, 2, 3)" in str(table)


def test_whole_numbers_and_other_dtypes():
    assert viz.summary(nn.Embedding(10, 3), (2, 5), dtype=tg.int64).layers[0].outputs == [(2, 5, 3)]
    assert viz.summary(nn.Linear(2, 3).double(), (5, 2)).input_bytes == 80


def test_tied_parameters_count_once():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight, model[1].bias = model[0].weight, model[0].bias
    table = viz.summary(model, (1, 3))
    assert table.parameters == 12
    assert "(12)" in str(table)


def state_of(model):
    return (
        [m.training for m in model.modules()],
        [np.array(b.numpy()) for b in model.buffers()],
        [None if p.grad is None else np.array(p.grad.numpy()) for p in model.parameters()],
        [dict(m.__dict__) for m in model.modules()],
        tg.get_rng_state().tolist(),
    )


def assert_same(before, after):
    assert before[0] == after[0]
    for old, new in zip(before[1] + before[2], after[1] + after[2], strict=True):
        np.testing.assert_array_equal(old, new)
    for old, new in zip(before[3], after[3], strict=True):
        assert old.keys() == new.keys()
        assert all(old[k] is new[k] or k == "training" for k in old)
    assert before[4] == after[4]


@pytest.mark.parametrize("look", [viz.summary, viz.graph])
def test_the_model_stays_as_it_was(look):
    model = Net()
    model.drop.eval()
    model(tg.randn(8, 4)).sum().backward()
    x = tg.randn(16, 4)
    before = state_of(model)
    look(model, x)
    assert_same(before, state_of(model))


@pytest.mark.parametrize("look", [viz.summary, viz.graph])
def test_the_model_stays_as_it_was_after_an_error(look):
    model, x = Net(), tg.randn(16, 5)
    before = state_of(model)
    with pytest.raises(RuntimeError):
        look(model, x)
    assert_same(before, state_of(model))
    model(tg.randn(8, 4))


def test_errors_say_how_far_it_got():
    model = nn.Sequential(nn.Linear(4, 8), nn.Linear(9, 1))
    with pytest.raises(RuntimeError, match=r"cannot compute with an input of shape \(2, 4\).*last layer that could: 0"):
        viz.summary(model, (2, 4))
    with pytest.raises(RuntimeError, match="Its first layer could not"):
        viz.summary(model, (2, 5))


def test_bad_arguments_are_errors():
    with pytest.raises(TypeError, match="expected a Module"):
        viz.summary(tg.ones(1), (1,))
    with pytest.raises(TypeError, match="give the input, or its size"):
        viz.summary(nn.Linear(1, 1))
    with pytest.raises(TypeError, match=r"a size is a tuple.*viz.summary\(model, \(64, 2\)\)"):
        viz.summary(nn.Linear(2, 1), 64, 2)
    with pytest.raises(ValueError, match="no negative sides"):
        viz.summary(nn.Linear(1, 1), (-1, 1))


def test_in_a_notebook_it_is_a_table_with_names_escaped():
    model = nn.Module()
    model.add_module("<script>alert(1)</script>", nn.Linear(1, 1))
    model.forward = lambda x: x
    html = viz.summary(model, (2, 1))._repr_html_()
    assert html.startswith("<table>")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_grad_mode_of_the_caller_is_kept():
    with tg.no_grad():
        assert viz.summary(nn.Sequential(nn.Linear(2, 2), nn.Tanh()), (3, 2)).kept_bytes > 0
        assert not tg.is_grad_enabled()


def test_sizes_of_several_inputs_may_be_in_a_list():
    model = nn.Bilinear(2, 3, 1)
    assert str(viz.summary(model, [(4, 2), (4, 3)])) == str(viz.summary(model, (4, 2), (4, 3)))


def test_columns_are_straight_with_wide_characters():
    model = nn.Sequential()
    model.add_module("日本", nn.Linear(2, 3))
    model.add_module("plain", nn.Linear(3, 1))
    lines = str(viz.summary(model, (4, 2))).splitlines()
    wide, plain = (next(line for line in lines if name in line) for name in ("日本", "plain"))
    assert plain.index("(4, 3)") == wide.index("(4, 2)") + 2  # each of the two takes a column more
