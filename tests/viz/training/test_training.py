"""Pictures of training: what they show is what was given, and drawing leaves everything as it was."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_edu as tg
from tinygrad_edu import nn

pytest.importorskip("matplotlib")

from tinygrad_edu.viz import training


def texts(figure):
    return [t.get_text() for ax in figure.axes for t in (*ax.texts, ax.title, ax.xaxis.label, ax.yaxis.label)]


def drawn(figure, tmp_path):
    """The figure can be written, in every size of shape."""
    figure.savefig(tmp_path / "figure.png", dpi=30)
    assert (tmp_path / "figure.png").stat().st_size > 500


def test_matplotlib_is_an_extra_and_nothing_is_shown_behind_the_users_back():
    code = """
import sys
sys.modules["matplotlib"] = None
import tinygrad_edu.viz
try:
    import tinygrad_edu.viz.training
except ImportError as error:
    assert "pip install matplotlib" in str(error)
else:
    raise AssertionError
del sys.modules["matplotlib"]
from tinygrad_edu.viz import training
training.learning_curves({"a": [1.0, 2.0]})
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


# -- curves --------------------------------------------------------------------------------------------------


def test_curves_are_those_that_were_given(tmp_path):
    figure = training.learning_curves({"training": [3.0, 2.0, 1.0], "validation": ([0, 10, 20], [3.0, 1.5, 2.5])})
    first, second = (line for line in figure.axes[0].lines if len(line.get_xdata()) == 3)
    assert first.get_ydata().tolist() == [3.0, 2.0, 1.0]
    assert first.get_xdata().tolist() == [1.0, 2.0, 3.0]
    assert second.get_xdata().tolist() == [0.0, 10.0, 20.0]
    assert first.get_linestyle() != second.get_linestyle()
    assert "best 1.5 at 10" in texts(figure)
    assert {"training", "validation"} <= set(texts(figure))
    drawn(figure, tmp_path)


def test_curves_of_tensors_with_nan_and_smoothing(tmp_path):
    losses = [tg.tensor(4.0), tg.tensor(2.0), tg.tensor(float("nan")), tg.tensor(1.0)]
    figure = training.learning_curves({"loss": losses}, smooth=0.5)
    line = figure.axes[0].lines[1].get_ydata()
    np.testing.assert_allclose(line, [4.0, (0.5 * 2.0 + 1.0) / 0.75, np.nan, (0.5 * 2.0 + 0.5) / 0.875])
    assert "loss: not finite" in texts(figure)
    drawn(figure, tmp_path)


def test_the_scale_is_logarithmic_where_that_helps():
    assert training.learning_curves({"a": [1.0, 0.001]}).axes[0].get_yscale() == "log"
    assert training.learning_curves({"a": [1.0, 0.5]}).axes[0].get_yscale() == "linear"
    assert training.learning_curves({"a": [1.0, -0.5]}, log=True).axes[0].get_yscale() == "symlog"


@pytest.mark.parametrize(
    ("curves", "options", "error"),
    [
        ({}, {}, ValueError),
        ({"a": []}, {}, ValueError),
        ({"a": ([1, 2], [1.0])}, {}, ValueError),
        ({"a": ["x"]}, {}, TypeError),
        ({"a": [1.0]}, {"smooth": 1.0}, ValueError),
        ({"a": [1.0]}, {"best": "most"}, ValueError),
    ],
)
def test_bad_curves_are_errors(curves, options, error):
    with pytest.raises(error, match="learning_curves"):
        training.learning_curves(curves, **options)


# -- confusion -----------------------------------------------------------------------------------------------


def test_the_matrix_counts_pairs(tmp_path):
    figure = training.confusion_matrix([0, 1, 1, 2], tg.tensor([0, 1, 0, 2]), ["cat", "dog", "owl"])
    cells = [t.get_text() for t in figure.axes[0].texts]
    assert cells == ["1", "0", "0", "1", "1", "0", "0", "0", "1"]
    assert "75.0% of 4 right" in figure.axes[0].get_title(loc="left")
    drawn(figure, tmp_path)


def test_scores_count_by_their_largest_and_rows_can_be_fractions():
    figure = training.confusion_matrix([0, 1, 1], tg.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 1.0]]), normalize=True)
    assert [t.get_text() for t in figure.axes[0].texts] == ["1.00", "0.00", "0.50", "0.50"]


def test_many_classes_are_drawn(tmp_path):
    drawn(training.confusion_matrix(np.arange(20), np.arange(20)), tmp_path)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([0, 1], [0]), ValueError),
        (([], []), ValueError),
        (([0.5], [0]), ValueError),
        (([-1], [0]), ValueError),
        (([0, 1], [0, 1], ["one"]), ValueError),
        ((["a"], [0]), TypeError),
    ],
)
def test_bad_classes_are_errors(arguments, error):
    with pytest.raises(error, match="confusion_matrix"):
        training.confusion_matrix(*arguments)


# -- boundaries ----------------------------------------------------------------------------------------------


def test_the_boundary_is_where_the_model_changes_its_mind(tmp_path):
    points = tg.tensor([[0.0, 0.0], [1.0, 1.0], [0.9, 0.0]])
    figure = training.decision_boundary(lambda x: x[:, 0] - 0.5, points, [0, 1, 0], resolution=50)
    assert "66.7% of 3 right" in figure.axes[0].get_title(loc="left")
    (contour,) = (c for c in figure.axes[0].collections if type(c).__name__.endswith("ContourSet"))
    np.testing.assert_allclose(contour.get_paths()[0].vertices[:, 0], 0.5, atol=1e-6)
    drawn(figure, tmp_path)


def test_models_with_a_score_for_each_class(tmp_path):
    points = np.random.default_rng(0).normal(size=(30, 2))
    model = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.5), nn.Linear(8, 4)).double()
    state = tg.get_rng_state()
    drawn(training.decision_boundary(model, points, np.arange(30) % 4, classes=list("abcd"), resolution=30), tmp_path)
    assert model.training
    assert model[1].training
    assert tg.get_rng_state().equal(state)


def test_one_class_everywhere_has_no_boundary(tmp_path):
    drawn(training.decision_boundary(lambda x: x[:, :1] * 0 + 1, tg.randn(5, 2), resolution=10), tmp_path)


@pytest.mark.parametrize(
    ("model", "points", "labels"),
    [
        (lambda x: x[:, 0], np.zeros((3, 3)), None),
        (lambda x: x[:, 0], np.zeros((0, 2)), None),
        (lambda x: x[:, 0], np.zeros((3, 2)), [0]),
        (lambda x: x.sum(), np.zeros((3, 2)), None),
    ],
)
def test_bad_points_are_errors(model, points, labels):
    with pytest.raises(ValueError, match="decision_boundary"):
        training.decision_boundary(model, points, labels)


# -- surfaces ------------------------------------------------------------------------------------------------


def quadratic():
    w = tg.tensor([3.0, -2.0], requires_grad=True)
    return w, lambda: (w * w).sum()


def walked(w, loss, lr=0.2, steps=8):
    path = training.Path([w], "SGD")
    for _ in range(steps):
        (g,) = tg.autograd.grad(loss(), w)
        with tg.no_grad():
            w -= lr * g
        path()
    return path


def test_the_path_lies_on_the_surface_where_the_parameters_were(tmp_path):
    w, loss = quadratic()
    path = walked(w, loss)
    figure = training.loss_surface(loss, [w], [path], resolution=9)
    line = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 9)
    np.testing.assert_allclose(np.column_stack(line.get_data()), path.points, atol=1e-6)
    assert figure.axes[0].get_xlabel() == "w[0]"
    drawn(figure, tmp_path)


def test_the_surface_leaves_the_parameters_and_random_numbers_as_they_were():
    w, _ = quadratic()
    before, state = w.tolist(), tg.get_rng_state()

    def noisy():
        return (w * w).sum() + tg.rand(())

    training.loss_surface(noisy, [w], resolution=5)
    assert w.tolist() == before
    assert tg.get_rng_state().equal(state)
    with pytest.raises(ZeroDivisionError):
        training.loss_surface(lambda: 1 / 0, [w], resolution=5)
    assert w.tolist() == before
    assert w.grad is None


def test_names_of_two_numbers_are_those_of_the_user():
    a, b = (tg.tensor(v, requires_grad=True) for v in (1.0, 2.0))
    a.name = "slope"
    figure = training.loss_surface(lambda: a * a + b, [a, b], resolution=5)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("slope", "parameter 2")


@pytest.mark.parametrize("directions", [None, "pca", "random", "given"])
def test_larger_models_are_seen_in_a_plane(directions):
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
    x = tg.randn(20, 3)
    path = training.Path(model.parameters())
    for _ in range(5):
        model.zero_grad()
        (model(x) ** 2).mean().backward()
        with tg.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
        path()
    if directions == "given":
        directions = ([tg.ones_like(p) for p in model.parameters()], [tg.randn(*p.shape) for p in model.parameters()])
    figure = training.loss_surface(
        lambda: (model(x) ** 2).mean(), model.parameters(), [path], directions=directions, resolution=5
    )
    end = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 6)
    np.testing.assert_allclose(np.column_stack(end.get_data())[-1], 0, atol=1e-6)  # the path's end is the middle


def test_bad_planes_are_errors():
    w, loss = quadratic()
    path = walked(w, loss)
    three = tg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with pytest.raises(ValueError, match="two numbers"):
        training.loss_surface(lambda: 0.0, [tg.tensor(1.0)])
    with pytest.raises(ValueError, match="other parameters"):
        training.loss_surface(lambda: (three**2).sum(), [three], [path])
    with pytest.raises(ValueError, match="straight line"):
        training.loss_surface(lambda: (three**2).sum(), [three], directions="pca")
    with pytest.raises(ValueError, match="not parallel"):
        training.loss_surface(lambda: (three**2).sum(), [three], directions=(np.ones(3), np.ones(3)))
    with pytest.raises(ValueError, match="must be"):
        training.loss_surface(lambda: (three**2).sum(), [three], directions="up")
    with pytest.raises(ValueError, match="finite nowhere"):
        training.loss_surface(lambda: float("nan"), [w], resolution=3)


# -- distributions over time ---------------------------------------------------------------------------------


def noted(steps=3):
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    with training.History(model) as history:
        for _ in range(steps):
            model(tg.randn(8, 2)).mean().backward()
            history()
    return model, history


def test_each_layer_has_a_panel(tmp_path):
    _, history = noted()
    names = [ax.get_title(loc="left") for ax in history.weights().axes if ax.get_visible()]
    assert names == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert [ax.get_title(loc="left") for ax in history.activations().axes] == ["0", "1", "2"]
    assert len(history.gradients(["0.bias"]).axes) == 1
    drawn(history.activations(), tmp_path)


def test_the_line_is_the_median():
    model, history = noted(1)
    line = next(line for line in history.weights(["0.weight"]).axes[0].lines if len(line.get_xdata()) == 1)
    np.testing.assert_allclose(line.get_ydata(), np.median(model[0].weight.detach().numpy()), rtol=1e-6)


def test_the_density_is_the_histogram():
    x = np.random.default_rng(0).normal(size=5000)
    history = training.history
    edges = np.linspace(-3, 3, 13)
    density = history._density(history._quantiles(x)[0], edges)
    np.testing.assert_allclose(density, np.histogram(x, edges)[0] / len(x), atol=0.02)


def test_nothing_of_the_history_stays_on_the_model():
    model, history = noted()
    assert history._handles == []
    model(tg.ones(1, 2))
    assert history._latest == {}


def test_numbers_that_are_not_finite_are_shown(tmp_path):
    model, history = noted(1)
    with tg.no_grad():
        model[0].weight[0, 0] = float("nan")
        model[2].weight.fill_(float("inf"))
    history(10)
    figure = history.weights()
    assert "NaN or ∞ from here " in texts(figure)
    drawn(figure, tmp_path)


def test_bad_questions_are_errors():
    model, history = noted()
    with pytest.raises(KeyError, match="there are no weights of 'x'"):
        history.weights(["x"])
    with pytest.raises(ValueError, match="comes after"):
        history(1)
    with pytest.raises(ValueError, match="no activations were noted"):
        training.History(model).activations()


def test_parameters_may_be_given_as_a_module_or_one_tensor():
    model = nn.Linear(2, 1)
    assert [len(p) for p in training.Path(model).points] == [3]
    w = tg.tensor([3.0, 1.0], requires_grad=True)
    assert training.Path(w).points[0].tolist() == [3.0, 1.0]
    assert training.loss_surface(lambda: (w * w).sum(), w, resolution=5).axes
    with pytest.raises(TypeError, match=r"params must be a module or tensors .* not 3"):
        training.Path([w, 3])
