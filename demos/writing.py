"""Lesson 9, writing: a recurrent network learns to write, one character after the other.

It reads a text and predicts at each place the next character. What it has read is in the state of a GRU, a vector
that each character changes a little. To write, it draws a character from what it predicts, and reads that in turn.
The text, a rhyme about gradient descent, comes with the lesson.
"""

from __future__ import annotations

from typing import Any

from tqdm import trange

import tinygrad_edu as tg
from demos.pictures import BLUE, GREY, Pictures
from tinygrad_edu import nn, optim
from tinygrad_edu.nn import functional as F

TEXT = """\
the ball rolls down the hill of loss, it takes the steepest way across.
a little step, and then one more, until it finds the valley floor.
if every step is far too long, it leaps across, and all goes wrong.
if every step is far too small, it hardly gets along at all.
the slope is what the chain rule gives, in every weight the gradient lives.
we go from loss to input side, and multiply with every stride.
what comes in twice is added twice, the rule is short, the rule is nice.
forget to set the slopes to zero, and yesterday will steer the hero.
the ball rolls down the hill of loss, and in the valley grows the moss.
"""
LETTERS = sorted(set(TEXT))
LENGTH, BATCH, STEPS = 40, 32, 220
NOTES = """\
Look: words come before sense: after a hundred steps it spells, at the end it knows whole lines by heart.
Next: write at temperature 0.1 or 1.5 in demos/writing.py: the same lines over and over, or words that do not exist.
      Give it a text of your own, `TEXT = open("…").read()`, of some pages: that is too much to learn by heart, so that
      it spells, and invents words."""


class Writer(nn.Module):
    """Characters (batch, time) → logits of the next character (batch, time, letters)."""

    def __init__(self, letters: int, width: int = 96) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, 24)
        self.gru = nn.GRU(24, width, batch_first=True)
        self.out = nn.Linear(width, letters)

    def forward(self, characters: Any, state: Any = None) -> Any:
        output, state = self.gru(self.embedding(characters), state)
        return self.out(output), state


def numbers(text: str) -> Any:
    return tg.tensor([LETTERS.index(c) for c in text])


def write(model: Any, start: str, length: int, temperature: float = 0.5) -> str:
    """The start, continued by what the model draws."""
    text = start
    with tg.no_grad():
        logits, state = model(numbers(start).unsqueeze(0))
        for _ in range(length):
            chances = F.softmax(logits[0, -1] / temperature, dim=0)
            text += LETTERS[int(tg.multinomial(chances, 1).item())]
            logits, state = model(numbers(text[-1]).unsqueeze(0), state)
    return text


def known_words(text: str) -> float:
    """The share of words that stand in the text that it learned from."""
    words, known = text.split()[1:-1], set(TEXT.split())
    return sum(word in known for word in words) / max(len(words), 1)


def run(pictures: Pictures) -> dict[str, Any]:
    tg.manual_seed(0)
    text = numbers(TEXT)
    model = Writer(len(LETTERS))
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    print(f"{len(TEXT)} characters, {len(LETTERS)} different ones.")
    print(f"Before: {write(model, 'the ', 60)!r}")
    losses = []
    for step in trange(1, STEPS + 1, desc="writing", leave=False, disable=None):
        starts = tg.randint(0, len(text) - LENGTH, (BATCH,))
        places = starts.unsqueeze(1) + tg.arange(LENGTH)
        logits, _ = model(text[places])
        loss = F.cross_entropy(logits.reshape(-1, len(LETTERS)), text[places + 1].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step in (30, 100):
            print(f"After {step} steps, loss {losses[-1]:.2f}: {write(model, 'the ', 60)!r}")
    written = write(model, "the ", 240)
    known = known_words(written)
    print(f"After {STEPS} steps, loss {losses[-1]:.2f}, {known:.0%} of its words are in the text:\n{written}")
    figure, (curve,) = pictures.panels(1, size=(7.0, 3.6))
    curve.plot(losses, color=BLUE)
    curve.axhline(float(tg.tensor(float(len(LETTERS))).log()), color=GREY, linestyle=":", label="all letters alike")
    curve.set(title="Cross-entropy of the next character", xlabel="step", ylabel="loss", ylim=(0, None))
    curve.legend(frameon=False)
    pictures.plot(figure, "writing")
    print(NOTES)
    return {"losses": losses, "written": written, "known": known, "model": model}
