"""The optimizers as their papers or PyTorch's documentation write them, one parameter at a time, nothing in place.

Each takes the options, the state (a dict, empty at first), the parameter and its gradient, and returns the new
parameter. What all share, maximize and weight_decay, is in `stepped`.
"""

from __future__ import annotations

import itertools

import numpy as np

import tinygrad_edu as tg


def sgd(o, s, x, g):
    if o["momentum"]:
        s["v"] = o["momentum"] * s["v"] + (1 - o["dampening"]) * g if "v" in s else g
        g = g + o["momentum"] * s["v"] if o["nesterov"] else s["v"]
    return x - o["lr"] * g


def adagrad(o, s, x, g):
    t = s["t"] = s.get("t", 0) + 1
    s["G"] = s.get("G", o["initial_accumulator_value"]) + g**2
    return x - o["lr"] / (1 + (t - 1) * o["lr_decay"]) * g / (np.sqrt(s["G"]) + o["eps"])


def rmsprop(o, s, x, g):
    a = o["alpha"]
    s["v"] = a * s.get("v", 0) + (1 - a) * g**2
    v = s["v"]
    if o["centered"]:
        s["mean"] = a * s.get("mean", 0) + (1 - a) * g
        v = v - s["mean"] ** 2
    step = g / (np.sqrt(v) + o["eps"])
    if o["momentum"]:
        step = s["b"] = o["momentum"] * s.get("b", 0) + step
    return x - o["lr"] * step


def moments(o, s, g):
    b1, b2 = o["betas"]
    s["t"] = s.get("t", 0) + 1
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g**2
    return s["t"], s["m"], s["v"]


def adam(o, s, x, g):
    b1, b2 = o["betas"]
    t, m, v = moments(o, s, g)
    if o["amsgrad"]:
        v = s["largest"] = np.maximum(s.get("largest", 0), v)
    return x - o["lr"] * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + o["eps"])


def adamax(o, s, x, g):
    b1, b2 = o["betas"]
    t, m, _ = moments(o, s, g)
    s["u"] = np.maximum(b2 * s.get("u", 0), np.abs(g) + o["eps"])
    return x - o["lr"] / (1 - b1**t) * m / s["u"]


def nadam(o, s, x, g):
    b1, b2 = o["betas"]
    t, m, v = moments(o, s, g)

    def mu(k):
        return b1 * (1 - 0.5 * 0.96 ** (k * o["momentum_decay"]))

    # PyTorch keeps the product in float32, and so do we
    product = s["product"] = np.float32(s.get("product", 1)) * np.float32(mu(t))
    product = float(product)
    m_hat = mu(t + 1) * m / (1 - product * mu(t + 1)) + (1 - mu(t)) * g / (1 - product)
    return x - o["lr"] * m_hat / (np.sqrt(v / (1 - b2**t)) + o["eps"])


def radam(o, s, x, g):
    b1, b2 = o["betas"]
    t, m, v = moments(o, s, g)
    m_hat, longest = m / (1 - b1**t), 2 / (1 - b2) - 1
    length = longest - 2 * t * b2**t / (1 - b2**t)
    if length <= 5:
        return x - o["lr"] * m_hat
    r = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
    return x - o["lr"] * m_hat * r * (1 - b2**t) ** 0.5 / (np.sqrt(v) + o["eps"])


def adadelta(o, s, x, g):
    rho, eps = o["rho"], o["eps"]
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g**2
    step = np.sqrt(s.get("u", 0) + eps) / np.sqrt(s["v"] + eps) * g
    s["u"] = rho * s.get("u", 0) + (1 - rho) * step**2
    return x - o["lr"] * step


def rprop(o, s, x, g):
    (minus, plus), (low, high) = o["etas"], o["step_sizes"]
    before, size = s.get("g", np.zeros_like(g)), s.get("size", np.full_like(g, o["lr"]))
    turned, kept = g * before < 0, g * before > 0
    s["size"] = np.clip(size * np.where(kept, plus, np.where(turned, minus, 1.0)), low, high)
    s["g"] = np.where(turned, 0, g)
    return x - np.sign(s["g"]) * s["size"]


def asgd(o, s, x, g):
    # the two numbers are kept in float32, as in PyTorch
    t = s["t"] = s.get("t", 0) + 1
    eta, mu = float(s.get("eta", np.float32(o["lr"]))), float(s.get("mu", 1))
    x = x * (1 - o["lambd"] * eta) - eta * g
    s["ax"] = s.get("ax", 0) + mu * (x - s.get("ax", 0))
    s["eta"] = np.float32(o["lr"] / (1 + o["lambd"] * o["lr"] * t) ** o["alpha"])
    s["mu"] = np.float32(1 / max(1, t - o["t0"]))
    return x


def stepped(update, o, s, x, g):
    g = -g if o["maximize"] else g
    decay = o.get("weight_decay", 0)
    if o.get("decoupled_weight_decay"):
        x = x - o["lr"] * decay * x
    elif decay:
        g = g + decay * x
    return update(o, s, x, g)


REFERENCES = {
    "SGD": sgd, "Momentum": sgd, "Adagrad": adagrad, "RMSprop": rmsprop, "Adam": adam, "AdamW": adam, "Adamax": adamax,
    "NAdam": nadam, "RAdam": radam, "Adadelta": adadelta, "Rprop": rprop, "ASGD": asgd,
}  # fmt: skip

BETAS = {"lr": 0.03, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1, "maximize": True}
OPTIONS = {  # for each option a value that is not the default
    "SGD": {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1, "nesterov": True, "maximize": True},
    "Momentum": {"lr": 0.05, "momentum": 0.5, "dampening": 0.3, "weight_decay": 0.1, "nesterov": True},
    "Adagrad": {
        "lr": 0.05, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3,
        "maximize": True,
    },
    "RMSprop": {
        "lr": 0.02, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1, "momentum": 0.7, "centered": True, "maximize": True,
    },
    "Adam": {**BETAS, "amsgrad": True, "decoupled_weight_decay": True},
    "AdamW": {**BETAS, "amsgrad": True},
    "Adamax": BETAS,
    "NAdam": {**BETAS, "momentum_decay": 0.02, "decoupled_weight_decay": True},
    "RAdam": {**BETAS, "decoupled_weight_decay": True},
    "Adadelta": {"lr": 0.5, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1, "maximize": True},
    "Rprop": {"lr": 0.02, "etas": (0.4, 1.5), "step_sizes": (1e-3, 0.5), "maximize": True},
    "ASGD": {"lr": 0.05, "lambd": 0.01, "alpha": 0.5, "t0": 20.0, "weight_decay": 0.1, "maximize": True},
}  # fmt: skip


def allowed(name, options):
    """Nesterov's momentum needs a momentum and no dampening."""
    momentum = options.get("momentum", 0.9 if name == "Momentum" else 0)
    return not options.get("nesterov") or (momentum and not options.get("dampening"))


def covering(name):
    """A few sets of options in which every two options occur together, each without the other, and neither."""
    options, rng = OPTIONS[name], np.random.default_rng(0)
    chosen, seen = [], set()
    candidates = [dict(zip(options, row, strict=True)) for row in itertools.product((0, 1), repeat=len(options))]
    candidates = [c for c in candidates if allowed(name, {k: v for k, v in c.items() if v})]

    def pairs(c):
        return set(itertools.combinations(c.items(), 2))

    rng.shuffle(candidates)
    wanted = set().union(*map(pairs, candidates))
    while wanted - seen:
        best = max(candidates, key=lambda c: len(pairs(c) - seen))
        seen |= pairs(best)
        chosen.append({k: options[k] for k, on in best.items() if on})
    return chosen


CASES = [(name, options) for name in OPTIONS for options in [{}, *covering(name)]]

SHAPES = [(3,), (), (2, 2), (1, 3)]


def problem(steps=300, shapes=SHAPES):
    """Parameters, and their gradients in each step: they do not depend on the parameters, so errors cannot grow."""
    rng = np.random.default_rng(0)
    start = [np.asarray(rng.standard_normal(s)) for s in shapes]
    drift = [np.asarray(rng.standard_normal(s)) for s in shapes]
    return start, [[np.asarray(d + rng.standard_normal(d.shape)) for d in drift] for _ in range(steps)]


def run(lib, name, options, start, grads):
    """What the optimizer of a library makes of the parameters."""
    params = [lib.tensor(x, requires_grad=True) for x in start]
    optimizer = getattr(lib.optim, name)(params, **options)
    for given in grads:
        for p, g in zip(params, given, strict=True):
            p.grad = lib.from_numpy(g)
        optimizer.step()
    return [p.detach().numpy() for p in params], optimizer


def reference(name, options, start, grads):
    o = getattr(tg.optim, name)([tg.tensor([1.0])], **options).param_groups[0]
    x, state = np.concatenate(start, None), {}  # elementwise: all of them at once
    for given in grads:
        x = stepped(REFERENCES[name], o, state, x, np.concatenate(given, None))
    ends = np.cumsum([a.size for a in start])
    return [part.reshape(a.shape) for part, a in zip(np.split(x, ends[:-1]), start, strict=True)]
