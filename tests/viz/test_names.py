"""What tensors are called."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, viz


def names(graph):
    return [v.name for v in graph.nodes if v.name]


def test_variables_of_the_caller():
    slope = tg.tensor(1.0, requires_grad=True)
    result = slope * 2
    assert names(viz.graph(result)) == ["slope", "result"]


def test_a_name_that_the_user_wrote_comes_before_the_variables():
    w = tg.tensor(1.0, requires_grad=True)
    w.name = "the weight"
    y = w * 2
    y.name = "the result"
    assert names(viz.graph(y)) == ["the weight", "the result"]


def test_a_name_is_found_without_a_variable():
    def made():
        w = tg.tensor(1.0, requires_grad=True)
        w.name = "hidden"
        return w, w * 2

    pair = made()
    assert "hidden" in names(viz.graph(pair[1]))


def test_a_name_that_is_no_text_is_no_name():
    w = tg.tensor(1.0, requires_grad=True)
    w.name = 3
    assert names(viz.graph(w * 2)) == ["w"]


def test_lists_and_dicts_of_tensors():
    weights = [tg.tensor(1.0, requires_grad=True), tg.tensor(2.0, requires_grad=True)]
    table = {"bias": tg.tensor(3.0, requires_grad=True)}
    assert names(viz.graph(weights[0] * weights[1] + table["bias"])) == ["weights[0]", "weights[1]", "table['bias']"]


def test_parameters_of_the_only_model_are_called_by_their_paths():
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    criterion = nn.MSELoss()
    y = tg.zeros(5, 1)
    loss = criterion(model(tg.ones(5, 2)), y)
    assert names(viz.graph(loss)) == ["0.weight", "0.bias", "1.weight", "1.bias", "y", "loss"]


def test_parameters_of_several_models_are_told_apart():
    encoder, decoder = nn.Linear(2, 3), nn.Linear(3, 2)
    part = nn.Sequential(decoder)
    out = part(encoder(tg.ones(1, 2)))
    graph = viz.graph(out)
    assert names(graph)[:4] == ["encoder.weight", "encoder.bias", "part.0.weight", "part.0.bias"]
    assert [c.path for c in graph.clusters] == ["encoder", "part", "part.0"]
    with viz.record() as film:
        part(encoder(tg.ones(1, 2))).sum()
    assert [v.module for v in film.graph().nodes if v.primitive] == ["encoder", "part.0", None]


def test_kinds_tell_parameters_buffers_leaves_and_constants_apart():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(tg.ones(2))
            self.register_buffer("scale", tg.tensor([1.0, 2.0]))

        def forward(self, given):
            return self.weight * self.scale * given

    x = tg.ones(2, requires_grad=True)
    data = tg.ones(2)
    kinds = {v.name: v.kind for v in viz.graph(Scaled(), x * data).nodes if v.name}
    assert kinds == {
        "x": "leaf",
        "data": "constant",
        "given": "primitive",
        "weight": "parameter",
        "scale": "buffer",
    }


def test_a_parameter_without_a_module_is_one():
    w = nn.Parameter(tg.ones(1))
    assert [v.kind for v in viz.graph(w * 2).nodes] == ["parameter", "constant", "output"]


def test_paths_in_params_are_modules():
    w = tg.tensor([1.0], requires_grad=True)
    graph = viz.graph(w * 2, {"layer.weight": w})
    assert graph.nodes[0].module == "layer"


def test_a_model_and_its_input_are_drawn_by_running_it():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    graph = viz.graph(model, tg.ones(4, 2), formulas=True)
    assert [v.primitive for v in graph.nodes if v.primitive] == ["linear", "relu"]
    assert all(v.value for v in graph.nodes if v.primitive)  # values of every node are known
    assert graph.nodes[-1].output


def test_inputs_of_a_model_are_called_as_its_forward_calls_them():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(tg.ones(2))

        def forward(self, features, *more):
            return self.weight * features + more[0]

    mine = tg.zeros(2)
    assert names(viz.graph(Model(), tg.ones(2), tg.ones(2))) == ["weight", "features", "input 2"]
    assert names(viz.graph(Model(), mine, tg.ones(2))) == ["weight", "mine", "input 2"]


def test_a_model_with_several_results():
    graph = viz.graph(nn.GRU(2, 3), tg.ones(5, 1, 2))
    assert any(v.output for v in graph.nodes)


def test_what_cannot_be_drawn_says_so():
    model = nn.Linear(2, 1)
    with pytest.raises(TypeError, match=r"viz\.graph\(model, x\)"):
        viz.graph(model)
    model.requires_grad_(False)
    with pytest.raises(RuntimeError, match="no parameter that requires grad"):
        viz.graph(model, tg.ones(1, 2))
    with pytest.raises(TypeError, match="at most one"):
        viz.graph(tg.ones(1), {}, {})
    with pytest.raises(TypeError, match="empty list"):
        viz.graph([])


def test_arrays_of_the_caller_and_short_values():
    table = np.array([1.0, 2.0], np.float32)
    w = tg.tensor([1.0, -2.5], requires_grad=True)
    by_name = {v.name: v for v in viz.graph(w * table).nodes}
    assert by_name["table"].value == "[1, 2]"
    assert by_name["w"].value == "[1, −2.5]"


def test_options_of_calls_are_shown_unless_they_are_the_usual():
    x = tg.ones(2, 3, requires_grad=True)
    (node,) = (v for v in viz.graph(x.sum(dim=1)).nodes if v.primitive)
    assert "axis" in node.options
    (node,) = (v for v in viz.graph(x[0]).nodes if v.primitive)
    assert node.options


def test_a_bias_that_is_not_there_is_not_drawn():
    graph = viz.graph(nn.Linear(3, 1, bias=False)(tg.ones(2, 3)).sum())
    assert "linear(c₁, v₁)" in graph.text()
    assert [v.shape for v in graph.nodes if v.kind == "constant"] == [(2, 3)]
