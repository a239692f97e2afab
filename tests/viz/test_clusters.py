"""Clusters: modules, repetitions, and what is folded at first."""

from __future__ import annotations

import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn, viz
from tinygrad_edu.viz.clusters import ROOM, collapsed, repeats


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.act = nn.Tanh()

    def forward(self, x):
        return x + self.act(self.fc(x)) * 0.5


class Net(nn.Module):
    def __init__(self, depth):
        super().__init__()
        self.inp = nn.Linear(4, 8)
        self.blocks = nn.Sequential(*[Block() for _ in range(depth)])
        self.out = nn.Linear(8, 1)

    def forward(self, x):
        return self.out(self.blocks(self.inp(x)))


def tree(graph):
    """Each cluster's path or label, with that of the one around it."""
    names = {c.key: c.path or c.label for c in graph.clusters}
    return [(names[c.key], names.get(c.parent)) for c in graph.clusters]


def test_modules_are_clusters_inside_each_other():
    net = Net(2)
    graph = viz.graph(net, tg.randn(5, 4))
    assert tree(graph) == [
        ("inp", None),
        ("blocks", None),
        ("blocks.0", "blocks"),
        ("blocks.0.fc", "blocks.0"),
        ("blocks.1", "blocks"),
        ("blocks.1.fc", "blocks.1"),
        ("out", None),
    ]
    place = {v.name or v.primitive: v.module for v in graph.nodes if v.module}
    assert place["blocks.1.fc.weight"] == "blocks.1.fc"
    assert place["tanh"] == "blocks.1.act"
    labels = [c.label for c in graph.clusters]
    assert labels[:3] == ["inp: Linear", "blocks: Sequential", "blocks.0: Block"]


def test_without_a_record_parameters_tell_where_nodes_belong():
    model = Net(2)
    loss = (model(tg.randn(5, 4)) ** 2).mean()
    graph = viz.graph(loss)
    found = {v.primitive: v.module for v in graph.nodes if v.primitive}
    assert found["tanh"] == "blocks.1"
    assert found["add"] == "blocks.1"
    assert found["mean"] is None  # what follows the last layer belongs to no module
    assert [v.name for v in graph.nodes if v.kind == "parameter"] == [n for n, _ in model.named_parameters()]


def test_a_film_notes_modules_and_lines():
    model = Net(1)
    with viz.record() as film:
        model(tg.randn(5, 4)).sum().backward()
    graph = film.graph()
    found = {v.primitive: (v.module, v.site) for v in graph.nodes if v.primitive}
    assert found["tanh"][0] == "blocks.0.act"
    assert found["add"][0] == "blocks.0"
    assert found["sum"][0] is None
    assert found["add"][1].startswith("test_clusters.py:")
    assert found["add"][1].endswith("return x + self.act(self.fc(x)) * 0.5")


def test_small_graphs_are_open_and_large_ones_folded():
    assert not any(c.folded for c in viz.graph(Net(2), tg.randn(5, 4)).clusters)
    graph = viz.graph(Net(50), tg.randn(5, 4))
    shown = collapsed(graph)
    assert len(graph.nodes) > 250
    assert len(shown.nodes) <= ROOM
    assert "blocks.0 … blocks.49 (50 alike)" in [c.label for c in shown.clusters]
    assert any(v.name == "blocks.0.fc.weight" for v in shown.nodes)  # the first is shown as an example
    (folded,) = (v for v in shown.nodes if v.kind == "folded")
    assert folded.symbol == "blocks.1 … blocks.49 (49 alike)"
    assert folded.shape == (5, 8)


def test_fold_and_unfold_by_path():
    graph = viz.graph(Net(2), tg.randn(5, 4))
    folded = graph.fold("blocks.0")
    assert "folded(v₁)" in folded.text()
    assert "blocks.0.fc.weight" not in folded.text()
    assert "blocks.1.fc.weight" in folded.text()
    assert folded.unfold("blocks.0").text() == graph.text()
    assert len(collapsed(graph.fold()).nodes) == 4  # x, inp, blocks, out
    opened = graph.fold().unfold("blocks.1.fc")
    assert "blocks.1.fc.weight" in opened.text()
    assert "inp.weight" not in opened.text()
    with pytest.raises(KeyError, match=r"no cluster 'nope'.*inp"):
        graph.fold("nope")


def test_every_operand_of_a_fold_is_an_edge_of_it_and_only_once():
    shown = collapsed(viz.graph(Net(2), tg.randn(5, 4)).fold("blocks"))
    symbols = {v.key: v.symbol for v in shown.nodes}
    edges = [(symbols[e.source], symbols[e.target]) for e in shown.edges]
    assert edges.count(("v₁", "blocks: Sequential")) == 1
    assert [t for s, t in edges if s == "blocks: Sequential"] == ["v₁₀"]


def test_layers_written_by_hand_are_found_by_their_repetition():
    w = [tg.randn(8, 8, requires_grad=True) for _ in range(20)]
    h = tg.randn(5, 8)
    for m in w:
        h = tg.tanh(h @ m * 2)
    graph = viz.graph(h.sum())
    labels = [c.label for c in graph.clusters]
    assert labels[0] == "20 × (matmul → multiply → tanh)" or labels[0].startswith("19 ×")
    stretches = [c for c in graph.clusters if c.parent == graph.clusters[0].key]
    assert len(stretches) == graph.clusters[0].count
    assert not stretches[0].folded  # an example
    assert stretches[1].folded
    inside = {v.name for v in graph.nodes if v.cluster == stretches[3].key and v.name}
    assert len(inside) == 1  # its weight


def test_repetitions_of_sequences():
    assert repeats("abcabcabc", 3) == [(0, 3, 3)]
    assert repeats("xxabababab", 3) == [(2, 2, 4)]
    assert repeats("aaabbb", 3) == [(0, 1, 3), (3, 1, 3)]
    assert repeats("abcd", 3) == []
    assert repeats("", 3) == []
    assert repeats("abab", 3) == []  # twice is no repetition


def test_a_model_that_is_called_several_times_is_one_cluster():
    cell = nn.RNNCell(3, 3)
    h = tg.zeros(2, 3)
    for _ in range(3):
        h = cell(tg.ones(2, 3), h)
    graph = viz.graph(h)
    assert len([v for v in graph.nodes if v.kind == "parameter"]) == 4


def test_a_module_of_one_node_that_is_called_twice_is_no_cluster():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.pool = nn.Conv2d(1, 2, 3), nn.Conv2d(2, 2, 3), nn.MaxPool2d(2)

        def forward(self, x):
            return self.pool(self.second(self.pool(self.first(x))))

    graph = viz.graph(Model(), tg.rand(1, 1, 10, 10))
    assert [c.path for c in graph.clusters] == ["first", "second"]
    assert graph.text().count("; grid=2×2, stride 2×2)") == 2


def test_3000_nodes_become_a_page_of_dot():
    model = Net(430)
    x = tg.randn(5, 4)
    graph = viz.graph((model(x) ** 2).mean())
    source = graph.dot()
    everything = graph.unfold().dot()
    assert len(graph.nodes) > 3000
    assert len(source) < 50_000
    assert everything.count(" -> ") == len(graph.edges)


def test_deep_nesting_needs_no_recursion():
    model = nn.Linear(2, 2)
    for _ in range(300):
        model = nn.Sequential(model)
    loss = model(tg.ones(1, 2)).sum()
    graph = viz.graph(loss)
    assert len(graph.clusters) == 300
    assert graph.dot().count("subgraph") == 300
    assert "linear" in graph.text()
    assert graph.mermaid().count("subgraph") == 300
    assert collapsed(graph.fold()).nodes


def test_what_is_made_from_parameters_alone_belongs_to_their_module():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    loss = nn.CrossEntropyLoss()(model(tg.randn(5, 1, 4, 4)), tg.tensor([0, 1, 2, 0, 1]))
    graph = viz.graph(loss)
    found = {v.primitive: v.module for v in graph.nodes if v.primitive}
    assert (found["matmul"], found["batch_norm"], found["linear"]) == ("0", "1", "4")
    assert found["relu"] is found["cross_entropy"] is None


def test_what_stands_between_the_parts_of_a_module_belongs_to_it():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(tg.ones(4, 4))
            self.out = nn.Linear(4, 4)

        def forward(self, x):
            return self.out(tg.softmax(x @ self.weight, dim=-1))

    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = Attention()
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            return x + self.drop(self.attention(x))

    model = nn.Sequential(Layer(), Layer())
    for graph in (viz.graph(model(tg.ones(3, 4)).sum()), viz.graph(model, tg.ones(3, 4))):
        found = {v.primitive: v.module for v in graph.nodes if v.primitive and (v.module or "").startswith("0")}
        assert (found["softmax"], found["add"]) == ("0.attention", "0")
    masks = [v for v in graph.nodes if v.kind == "constant" and v.name is None]
    assert masks and all(v.cluster for v in masks)


def test_the_steps_of_a_recurrent_model_are_a_repetition():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.RNNCell(3, 4)

        def forward(self, x):
            h = tg.zeros(x.shape[1], 4)
            for t in range(len(x)):
                h = self.cell(x[t], h)
            return h

    graph = viz.graph(Model(), tg.randn(40, 2, 3))
    repeat, others = (c for c in graph.clusters if c.kind == "repeat" and c.count > 30)
    assert repeat.parent == next(c.key for c in graph.clusters if c.path == "cell")
    assert others.parent == repeat.key and (repeat.count, others.count) == (39, 38)
    assert (repeat.folded, others.folded) == (False, True)  # one step is shown as an example of the others
    assert len(collapsed(graph).nodes) < 20


def test_functions_of_the_users_own_have_operands_and_a_formula():
    class Square(tg.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x)
            return x * x * scale

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * x * g, None

    w = tg.tensor([1.0, 2.0], requires_grad=True)
    y = Square.apply(w, 1.0)
    graph = viz.graph(y, formulas=True)
    assert graph.text().splitlines() == [
        "w  leaf       (2,)  float32",
        "y  Square(w)  (2,)  float32",
        "      w: Square.backward(g)",
    ]
    assert graph.edges[0].operand == "x"


def test_constants_of_a_model_are_known_wherever_they_are_used():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(tg.ones(2))

        def forward(self, x):
            return tg.stack([self.weight, x]) + 5

    values = [v.value for v in viz.graph(Model(), tg.tensor([3.0, 4.0])).nodes if v.kind == "constant"]
    assert values == ["[3, 4]", "5"]


def test_long_calls_and_columns_are_cut():
    parts = [tg.ones(1, requires_grad=True) for _ in range(30)]
    text = viz.graph(tg.cat(parts)).text(color=False)
    assert "cat(parts[0], parts[1], parts[2], … 30 in all" in text or "concatenate(parts[0]" in text
    assert max(map(len, text.splitlines())) < 140


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (lambda: nn.LayerNorm(4), (3, 4)),
        (lambda: nn.InstanceNorm1d(4, affine=True), (3, 4, 5)),
        (lambda: nn.Conv2d(4, 2, 3), (3, 4, 5, 5)),
        (lambda: nn.Conv2d(4, 2, 3, bias=False), (3, 4, 5, 5)),
        (lambda: nn.ConvTranspose1d(4, 2, 3), (3, 4, 5)),
    ],
)
def test_what_a_layer_does_before_and_after_its_parameters_is_in_its_cluster_without_a_record(layer, shape):
    model = nn.Sequential(nn.Tanh(), layer(), nn.Tanh())
    x = tg.randn(*shape, requires_grad=True)
    graph = viz.graph(model(x))
    (cluster,) = graph.clusters
    assert cluster.path == "1"
    calls = [v for v in graph.nodes if v.primitive]
    assert [v.primitive for v in calls if v.cluster is None] == ["tanh", "tanh"]
    assert len(calls) > 3
    assert all(v.shape is not None for v in graph.nodes)  # no constant for the bias that there is not
