"""Recurrent layers: a whole sequence in one call, since it takes thousands of steps of small arrays.

    a    (T, N, …)   what the inputs contribute to each step, for T steps of N samples
    w    (…, H)      the weights of the state
    h    (N, H)      the state at the beginning

The results are the states after every step, (T, N, H). A rule goes through the steps backwards with the cotangent
`gh` of the state; `gz`, that of what is inside of the nonlinearity, gives those of the weights in one product.
(Werbos, "Backpropagation through time", 1990.)
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy import ndarray

from tinygrad_edu.primitive import primitive
from tinygrad_edu.rules.neural import T, rows


def earlier(h: Any, hs: Any) -> Any:
    """The states before every step, given the first one and those after every step."""
    first = np.expand_dims(h, 0)
    return first if len(hs) == 1 else np.concatenate([first, hs[:-1]])


def weighted(gz: Any, hs: Any) -> Any:
    """The cotangent of the weights with which the states `hs` enter: gzᵀ @ h, added up over all steps."""
    return np.matmul(T(rows(gz)), rows(hs))


def stacked(xs: Any) -> Any:
    """The arrays of all steps in one. (np.stack takes three times as long.)"""
    return np.array(xs) if type(xs[0]) is ndarray else np.stack(xs)


def each_stacked(steps: list[tuple[Any, ...]]) -> Any:
    """What a loop has gathered in each step, as an array of all steps for each of the things."""
    return tuple(stacked(values) for values in zip(*steps, strict=True))


def forwards(xs: list[Any]) -> Any:
    """What a loop from the last step to the first has gathered, in order."""
    return stacked(xs[::-1])


# -- gates ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def scales(size: int, gates: str, dtype: Any) -> Any:
    """1 where a gate is a tanh (t), 1/2 where it is a logistic function (s), `size` times each; and 1 minus that."""
    k = np.array([1.0 if kind == "t" else 0.5 for kind in gates for _ in range(size)], dtype)
    return k, 1 - k


def activated(z: Any, gates: str) -> Any:
    """Each gate's tanh or logistic function, in one call: 1 / (1 + e⁻ᶻ) = tanh(z / 2) / 2 + 1/2."""
    k, rest = scales(z.shape[-1] // len(gates), gates, z.dtype)
    return np.tanh(z * k) * k + rest


def slopes(v: Any, gates: str) -> Any:
    """The derivatives of `activated`, from its values: (1 − v) v of logistic functions, (1 − v) (1 + v) of tanh."""
    k, rest = scales(v.shape[-1] // len(gates), gates, v.dtype)
    return (1 - v) * (v + (k - rest))


def parts(v: Any, n: int) -> list[Any]:
    """The `n` gates that stand side by side in the last axis."""
    size = v.shape[-1] // n
    return [v[..., k * size : (k + 1) * size] for k in range(n)]


# -- the plain recurrent network --------------------------------------------------------------------------------


def rnn_cotangents(g: Any, y: Any, w: Any, h: Any, nonlinearity: str) -> Any:
    """gz = gh · slope, and gz @ w goes one step back."""
    slope = (1 - y * y) if nonlinearity == "tanh" else np.sign(y)
    gh, gzs = 0, []
    for k in reversed(range(len(y))):
        gz = (gh + g[k]) * slope[k]
        gh = np.matmul(gz, w)
        gzs.append(gz)
    gz = forwards(gzs)
    return gz, weighted(gz, earlier(h, y)), gh


@primitive(joint=rnn_cotangents)
def rnn(a: Any, w: Any, h: Any, *, nonlinearity: str) -> Any:
    """h ← tanh(a + h @ wᵀ), or its positive part for the nonlinearity "relu"."""
    w, hs = T(w), []
    for z in a:
        z = z + np.matmul(h, w)
        h = np.tanh(z) if nonlinearity == "tanh" else np.maximum(z, 0)
        hs.append(h)
    return stacked(hs)


# -- long short-term memory ---------------------------------------------------------------------------------------


def lstm_steps(a: Any, w: Any, h: Any, c: Any) -> Any:
    """After every step: the state, the cell, and the gates i, f, n, o side by side."""
    w, steps = T(w), []
    for z in a:
        v = activated(z + np.matmul(h, w), "ssts")
        i, f, n, o = parts(v, 4)
        c = f * c + i * n
        h = o * np.tanh(c)
        steps.append((h, c, v))
    return each_stacked(steps)


def lstm_cotangents(g: Any, y: Any, w: Any, h: Any, c: Any, v: Any) -> Any:
    """gc gets gh · o · (1 − tanh² c), and gz what the gates have in c and h; gz @ w and gc · f go one step back."""
    (ghs, gcs), (hs, cs), (i, f, n, o), t = g, y, parts(v, 4), np.tanh(y[1])
    into_c = o * (1 - t * t)
    into_z = np.concatenate([n, earlier(c, cs), i, t], axis=-1) * slopes(v, "ssts")
    gh, gc, gzs = 0, 0, []
    for k in reversed(range(len(v))):
        gh = gh + ghs[k]
        gc = gc + gcs[k] + gh * into_c[k]
        gz = np.concatenate([gc, gc, gc, gh], axis=-1) * into_z[k]
        gh, gc = np.matmul(gz, w), gc * f[k]
        gzs.append(gz)
    gz = forwards(gzs)
    return gz, weighted(gz, earlier(h, hs)), gh, gc


@primitive(joint=lstm_cotangents, saves={"v": lambda a, w, h, c: lstm_steps(a, w, h, c)[2]})
def lstm(a: Any, w: Any, h: Any, c: Any) -> Any:
    """c ← f · c + i · n and h ← o · tanh c, where i, f, n, o are the parts of a + h @ wᵀ, activated."""
    hs, cs, v = lstm_steps(a, w, h, c)
    return (hs, cs), v


# -- gated recurrent unit -----------------------------------------------------------------------------------------


def gru_steps(a: Any, w: Any, b: Any, h: Any) -> Any:
    """After every step the state; the gates r and z, side by side; the candidate n; and what r multiplies, m."""
    w, steps = T(w), []
    both = a.shape[-1] // 3 * 2
    for x in a:
        u = np.matmul(h, w) + b
        v = activated(x[..., :both] + u[..., :both], "ss")
        (r, z), m = parts(v, 2), u[..., both:]
        n = np.tanh(x[..., both:] + r * m)
        h = n + z * (h - n)
        steps.append((h, v, n, m))
    return each_stacked(steps)


def gru_cotangents(g: Any, y: Any, w: Any, b: Any, h: Any, v: Any, n: Any, m: Any) -> Any:
    """gu, of h @ wᵀ + b, is gh times what follows from the gates, and ga too; gu @ w and gh · z go one step back."""
    (r, z), before = parts(v, 2), earlier(h, y)
    into_n = (1 - z) * (1 - n * n)
    into_v = np.concatenate([into_n * m, before - n], axis=-1) * slopes(v, "ss")
    into_u = np.concatenate([into_v, into_n * r], axis=-1)
    gh, ghs, gus = 0, [], []
    for k in reversed(range(len(v))):
        gh = gh + g[k]
        gu = np.concatenate([gh, gh, gh], axis=-1) * into_u[k]
        ghs.append(gh)
        gus.append(gu)
        gh = gh * z[k] + np.matmul(gu, w)
    gu, each = forwards(gus), forwards(ghs)
    ga = np.concatenate([each, each, each], axis=-1) * np.concatenate([into_v, into_n], axis=-1)
    return ga, weighted(gu, before), np.sum(gu, axis=(0, 1)), gh


@primitive(
    joint=gru_cotangents,
    saves={
        "v": lambda a, w, b, h: gru_steps(a, w, b, h)[1],
        "n": lambda a, w, b, h: gru_steps(a, w, b, h)[2],
        "m": lambda a, w, b, h: gru_steps(a, w, b, h)[3],
    },
)
def gru(a: Any, w: Any, b: Any, h: Any) -> Any:
    """h ← n + z · (h − n) with n = tanh(aₙ + r · mₙ), where m = h @ wᵀ + b and r, z are parts of a + m, activated."""
    return gru_steps(a, w, b, h)
