"""A state machine over sessions: whatever people do in whatever order, gradients are those of a simple model.

A loss is a quadratic form of the parameters, ½ Σ A[i, j] (w_i · w_j), whose gradient is known. The
model knows which losses have been released and which have had a parameter changed under them.
"""

import threading

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

import tinygrad_edu as tg
from tinygrad_edu import autograd

N = 3
MODES = {"plain": lambda f: f(), "thread": lambda f: in_thread(f)}


def in_thread(f):
    result = []
    t = threading.Thread(target=lambda: result.append(attempt(f)))
    t.start()
    t.join()
    if isinstance(result[0], RuntimeError):
        raise result[0]
    return result[0]


def attempt(f):
    try:
        return f()
    except RuntimeError as error:
        return error


class Loss:
    def __init__(self, tensor, weights, values):
        self.tensor, self.weights = tensor, weights
        self.gradients = {
            i: sum((weights[i][j] + weights[j][i]) * values[j] for j in range(N))
            for i in range(N)
            if any(weights[i][j] or weights[j][i] for j in range(N))
        }
        self.terms = [(i, j) for i in range(N) for j in range(N) if weights[i][j]]
        self.released = False
        self.changed = set()  # parameters that were changed in place since

    def refusal(self, targets):
        """Why a pass to these parameters must fail, if it must."""
        if not self.terms:
            return "no graph"
        terms = [(i, j) for i, j in self.terms if i in targets or j in targets]
        if terms and self.released:
            return "second time"
        # (c · w_i) · w_j saves w_j, and a product of w_i
        return "has changed it in place" if any(j in self.changed for _, j in terms) else None


class Session(RuleBasedStateMachine):
    losses = Bundle("losses")

    @initialize(seed=st.integers(0, 1000))
    def start(self, seed):
        values = np.random.default_rng(seed).integers(-3, 4, (N, 2)).astype(float)
        self.w = [tg.tensor(v, requires_grad=True) for v in values]
        self.values = list(values)
        self.grads = [None] * N
        self.alive = []

    @rule(target=losses, weights=st.lists(st.lists(st.integers(-1, 2), min_size=N, max_size=N), min_size=N, max_size=N))
    def new_loss(self, weights):
        total = tg.tensor(np.zeros(()))
        for i in range(N):
            for j in range(N):
                if weights[i][j]:
                    total = total + (float(weights[i][j]) * self.w[i] * self.w[j]).sum()
        loss = Loss(total, weights, self.values)
        self.alive.append(loss)
        return loss

    def run(self, loss, f, retain, targets=range(N)):
        """Run a pass that must work, or fail and change nothing."""
        error = attempt(f)
        refusal = loss.refusal(targets)
        if refusal is None:
            assert not isinstance(error, RuntimeError), error
            loss.released = loss.released or not retain
            return True
        assert isinstance(error, RuntimeError), refusal
        assert refusal in str(error)
        return False

    @rule(loss=losses, retain=st.booleans(), mode=st.sampled_from(sorted(MODES)))
    def backward(self, loss, retain, mode):
        if self.run(loss, lambda: MODES[mode](lambda: loss.tensor.backward(retain_graph=retain)), retain):
            for i, g in loss.gradients.items():
                self.grads[i] = g if self.grads[i] is None else self.grads[i] + g

    @rule(loss=losses, which=st.integers(0, N - 1))
    def backward_for_one(self, loss, which):
        def f():
            loss.tensor.backward(inputs=[self.w[which]], retain_graph=True)

        if self.run(loss, f, True, [which]) and which in loss.gradients:
            g = loss.gradients[which]
            self.grads[which] = g if self.grads[which] is None else self.grads[which] + g

    @rule(loss=losses, retain=st.booleans())
    def grad(self, loss, retain):
        found = []
        if self.run(
            loss,
            lambda: found.append(autograd.grad(loss.tensor, self.w, retain_graph=retain, allow_unused=True)),
            retain,
        ):
            for i, g in enumerate(found[0]):
                assert (g is None) == (i not in loss.gradients)
                if g is not None:
                    assert g.tolist() == loss.gradients[i].tolist()
                    g.mul_(100)  # ours to change

    @rule(loss=losses)
    def second_order(self, loss):
        found = []

        def f():
            first = [
                g for g in autograd.grad(loss.tensor, self.w, create_graph=True, allow_unused=True) if g is not None
            ]
            total = sum(g.sum() for g in first)
            found.append(autograd.grad(total, self.w, retain_graph=True, allow_unused=True, materialize_grads=True))

        if self.run(loss, f, True):
            a = np.array(loss.weights) + np.array(loss.weights).T
            assert [g.tolist() for g in found[0]] == [[s, s] for s in a.sum(0)]

    @rule(loss=losses)
    def an_error_in_between(self, loss):
        assert isinstance(attempt(lambda: loss.tensor.backward(tg.tensor(np.ones(3)))), RuntimeError)
        assert isinstance(attempt(lambda: autograd.grad(loss.tensor, [loss.tensor.detach()])), RuntimeError)
        assert isinstance(attempt(lambda: (self.w[0] * self.w[1]).backward()), RuntimeError)
        assert isinstance(attempt(lambda: self.w[0].add_(1)), RuntimeError)

    @rule(which=st.integers(0, N - 1), mode=st.sampled_from(sorted(MODES)))
    def step(self, which, mode):
        def f():
            with tg.no_grad():
                self.w[which].sub_(1.0)

        MODES[mode](f)
        self.values[which] = self.values[which] - 1
        for loss in self.alive:
            loss.changed.add(which)

    @rule(which=st.integers(0, N - 1), to_none=st.booleans())
    def zero_grad(self, which, to_none):
        if to_none:
            self.w[which].grad = None
            self.grads[which] = None
        elif self.grads[which] is not None:
            self.w[which].grad.zero_()
            self.grads[which] = np.zeros(2)

    @rule(which=st.integers(0, N - 1))
    def assign_grad(self, which):
        self.w[which].grad = tg.tensor(np.array([10.0, 20.0]))
        self.grads[which] = np.array([10.0, 20.0])

    @rule()
    def without_a_graph(self):
        with tg.no_grad():
            loss = (self.w[0] * self.w[1]).sum()
        assert not loss.requires_grad
        assert isinstance(attempt(loss.backward), RuntimeError)

    @rule(loss=consumes(losses))
    def forget(self, loss):
        self.alive.remove(loss)

    @invariant()
    def gradients_are_the_model_s(self):
        if not hasattr(self, "w"):
            return
        assert tg.is_grad_enabled()
        for w, v, g in zip(self.w, self.values, self.grads, strict=True):
            assert w.tolist() == v.tolist()
            assert (w.grad is None) == (g is None)
            assert g is None or w.grad.tolist() == g.tolist()
        arrays = [w.grad.numpy() for w in self.w if w.grad is not None] + [w.detach().numpy() for w in self.w]
        assert not any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])


TestSession = Session.TestCase
TestSession.settings = settings(stateful_step_count=30)
