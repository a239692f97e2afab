"""Gallery: computations from a line to attention, each as a page with a player that steps through it.

Every page shows the graph, and plays the forward and the backward pass one node at a time, with the numbers
that the engine computed (space plays, the arrow keys step). The pages need no network: put them on a web site,
or mail them; `#step=12` after the address opens one at a step.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import numpy as np

import tinygrad_edu as tg
import tinygrad_edu.nn.functional as F
from demos.pictures import Pictures
from tinygrad_edu import autograd, nn, viz

NOTES = """\
Look: open gallery/index.html in a browser. In "A residual block", the gradient of x is a sum of two: one part came
      past the layers, untouched. That is why deep networks can be trained.
Next: film your own: `with viz.record() as film:` around a forward pass and backward(), then film.html("film.html")."""


def line() -> viz.Film:
    """A line.

    The mean squared error of the line 1 + 2·x, four points, from slope 0.5 and intercept 0. Watch how the
    gradient of b is summed: it was added to every point.
    """
    x = tg.tensor([1.0, 2.0, 3.0, 4.0])
    y = tg.tensor([3.0, 5.0, 7.0, 9.0])
    w = tg.tensor(0.5, requires_grad=True)
    b = tg.tensor(0.0, requires_grad=True)
    with viz.record() as film:
        guess = w * x + b
        error = guess - y
        loss = (error * error).mean()
        loss.backward()
    return film


def logistic_regression() -> viz.Film:
    """Logistic regression.

    Four points in the plane and two classes. The loss takes the scores before the sigmoid, so that neither
    logarithm nor exponential overflows; its gradient is (probability − class) / count.
    """
    x = tg.tensor([[0.5, 1.0], [2.0, -1.0], [-1.0, 0.5], [-2.0, -0.5]])
    classes = tg.tensor([1.0, 1.0, 0.0, 0.0])
    w = tg.tensor([0.3, -0.2], requires_grad=True)
    b = tg.tensor(0.1, requires_grad=True)
    with viz.record() as film:
        score = x @ w + b
        loss = F.binary_cross_entropy_with_logits(score, classes)
        loss.backward()
    return film


def perceptrons() -> viz.Film:
    """A multilayer perceptron.

    Two hidden layers, 64 examples, four classes. Arrays are too large for numbers here: blue is below zero,
    orange above. Where relu was 0 the gradient is 0 too: compare its heat map with that of its cotangent.
    """
    tg.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 4))
    examples, classes = tg.randn(64, 8), tg.randint(0, 4, (64,))
    with viz.record(model) as film:
        loss = F.cross_entropy(model(examples), classes)
        loss.backward()
    return film


def residual() -> viz.Film:
    """A residual block.

    y = x + f(x). On the way back, the gradient of x is the sum of two contributions: one through the layers,
    and one straight past them, whatever the layers do.
    """
    tg.manual_seed(1)
    first, second = nn.Linear(3, 4), nn.Linear(4, 3)
    x = tg.tensor([[1.0, -2.0, 0.5]], requires_grad=True)
    with viz.record([("first.weight", first.weight), ("second.weight", second.weight)]) as film:
        y = x + second(tg.relu(first(x)))
        loss = (y * y).sum()
        loss.backward()
    return film


def tied() -> viz.Film:
    """Tied weights.

    An autoencoder that uses one matrix twice, to encode and, transposed, to decode. Its gradient is added up
    from both uses: step to where the second contribution arrives.
    """
    x = tg.tensor([[1.0, 0.0, -1.0], [0.5, 2.0, 1.0]])
    w = tg.tensor([[0.5, -0.2], [0.1, 0.4], [-0.3, 0.2]], requires_grad=True)
    with viz.record() as film:
        code = tg.tanh(x @ w)
        decoded = code @ w.T
        loss = F.mse_loss(decoded, x)
        loss.backward()
    return film


def convolution() -> viz.Film:
    """A convolutional network.

    Eight by eight pixels, two filters, pooling, and a linear layer. The gradient of a filter is the
    correlation of the image with what comes back; through max pooling only the largest of four gets any.
    """
    tg.manual_seed(2)
    rows = tg.arange(8.0)
    image = tg.cos(rows.reshape(8, 1) * 0.9) * tg.cos(rows * 0.9)
    images = image.reshape(1, 1, 8, 8)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3))
    classes = tg.tensor([2])
    with viz.record(model) as film:
        loss = F.cross_entropy(model(images), classes)
        loss.backward()
    return film


def attention() -> viz.Film:
    """Attention.

    Four words of six numbers each. Queries meet keys, softmax turns the scores into weights that sum to 1,
    and the weights mix the values. All three matrices get their gradient through the same words.
    """
    tg.manual_seed(3)
    words = tg.randn(4, 6)
    wq, wk, wv = (nn.Parameter(tg.randn(6, 5) * 0.5) for _ in range(3))
    with viz.record({"Wq": wq, "Wk": wk, "Wv": wv}) as film:
        queries, keys, values = words @ wq, words @ wk, words @ wv
        scores = queries @ keys.T / 5**0.5
        weights = tg.softmax(scores, -1)
        mixed = weights @ values
        loss = (mixed * mixed).mean()
        loss.backward()
    return film


def second_order() -> viz.Film:
    """A gradient of a gradient.

    The first backward pass is recorded (create_graph), so that it is itself a graph, drawn with dashed lines:
    its steps are calls, too. The second pass goes back through both.
    """
    x = tg.tensor([1.0, -2.0], requires_grad=True)
    with viz.record() as film:
        y = (x**3).sum()
        (slope,) = autograd.grad(y, x, create_graph=True)
        steepness = (slope * slope).sum()
        steepness.backward()
    return film


def born() -> viz.Film:
    """Where a NaN is born.

    where() takes the root of positive numbers only, and yet x.grad is NaN: at 0 the root's derivative is
    infinite, the branch that was not taken passes back 0, and 0 · ∞ is NaN. The player shows the step.
    """
    x = tg.tensor([0.0, 1.0, 4.0], requires_grad=True)
    with viz.record() as film:
        root = tg.sqrt(x)
        safe = tg.where(x > 0, root, 0.0 * x)
        loss = safe.sum()
        loss.backward()
    return film


FILMS: dict[str, Callable[[], viz.Film]] = {
    "line": line,
    "logistic": logistic_regression,
    "mlp": perceptrons,
    "residual": residual,
    "tied": tied,
    "cnn": convolution,
    "attention": attention,
    "second": second_order,
    "nan": born,
}


def run(pictures: Pictures) -> None:
    folder = pictures.folder / "gallery"
    folder.mkdir(parents=True, exist_ok=True)
    cards = []
    for name, make in FILMS.items():
        with np.errstate(all="ignore"):  # one of them is about infinities
            film = make()
        title, _, words = (make.__doc__ or "").partition("\n")
        title = title.rstrip(".")
        path = film.html(folder / f"{name}.html", title)
        film.graph().render(folder / f"{name}.svg", legend=False)
        proved = film.verify()
        print(f"  wrote {path}: {len(film.graph().nodes)} nodes, {proved} steps, each computed again and found right")
        cards.append(_card(name, title, " ".join(words.split()), film))
    index = folder / "index.html"
    index.write_text(_INDEX.replace("CARDS", "\n".join(cards)), encoding="utf-8")
    print(f"  wrote {index}: open it in a browser\n{NOTES}")


def _card(name: str, title: str, words: str, film: viz.Film) -> str:
    facts = f"{len(film.graph().nodes)} nodes, {len(film)} steps"
    return (
        f'<li><a href="{name}.html"><img src="{name}.svg" alt=""><h2>{escape(title)}</h2><p>{escape(words)}</p>'
        f'<p class="facts">{escape(facts)}</p></a></li>'
    )


_INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Computations to play</title>
<style>
:root { --paper: #fefefe; --desk: #eef0f4; --card: #fff; --ink: #10151f; --faint: #4f596a; --rule: #d5dae3;
  --accent: #1257b0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181f; --desk: #0d1015; --card: #1a1f28; --ink: #eef1f6; --faint: #aab3c2; --rule: #323a47;
    --accent: #8cbcff; }
}
body { margin: 0 auto; max-width: 1080px; padding: 32px 20px 64px; background: var(--desk); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif; }
h1 { margin: 0; font-size: 28px; letter-spacing: -0.02em; }
.lead { max-width: 62ch; color: var(--faint); }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 16px;
  margin: 24px 0; padding: 0; list-style: none; }
a { display: block; height: 100%; box-sizing: border-box; padding: 18px 20px; border: 1px solid var(--rule);
  border-radius: 14px; background: var(--card); color: inherit; text-decoration: none; }
img { display: block; box-sizing: border-box; width: 100%; height: 210px; margin-bottom: 14px; padding: 8px;
  border-radius: 10px; background: var(--paper); object-fit: contain; }
a:hover { border-color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
h2 { margin: 0 0 6px; font-size: 18px; color: var(--accent); }
p { margin: 6px 0; }
.facts { font-size: 14px; color: var(--faint); }
</style>
</head>
<body>
<main>
<h1>Computations to play</h1>
<p class="lead">Each page shows a computation as a graph, and plays it forwards and backwards, one node at a time,
with the numbers that the engine computed. Space plays, the arrow keys step.</p>
<ul>
CARDS
</ul>
</main>
</body>
</html>
"""
