"""A small language model: it learns to continue an alphabet that is repeated."""
import math
from dataclasses import dataclass
from typing import Optional

import torch
import torch.nn as nn
import torch.nn.functional as F


@dataclass
class Settings:
    letters: int
    context: int = 8
    width: int = 24
    heads: int = 3
    depth: int = 2
    drop: float = 0.1


class Looking(nn.Module):
    def __init__(self, s: Settings):
        super().__init__()
        self.heads, self.drop = s.heads, s.drop
        self.mix = nn.Linear(s.width, 3 * s.width, bias=False)
        self.out = nn.Linear(s.width, s.width)
        self.register_buffer("past", torch.tril(torch.ones(s.context, s.context)).bool())

    def forward(self, x: torch.Tensor, by_hand: bool = True) -> torch.Tensor:
        n, time, width = x.shape
        q, k, v = (p.view(n, time, self.heads, -1).transpose(1, 2) for p in self.mix(x).split(width, dim=-1))
        if by_hand:
            weight = q @ k.transpose(-2, -1) / math.sqrt(k.size(-1))
            weight = weight.masked_fill(~self.past[:time, :time], float("-inf")).softmax(dim=-1)
            seen = F.dropout(weight, self.drop, self.training) @ v
        else:
            seen = F.scaled_dot_product_attention(q, k, v, dropout_p=self.drop if self.training else 0.0, is_causal=True)
        return self.out(seen.transpose(1, 2).contiguous().view(n, time, width))


class Layer(nn.Module):
    def __init__(self, s: Settings):
        super().__init__()
        self.before, self.between = nn.LayerNorm(s.width), nn.LayerNorm(s.width)
        self.look = Looking(s)
        self.think = nn.Sequential(nn.Linear(s.width, 2 * s.width), nn.GELU(approximate="tanh"), nn.Linear(2 * s.width, s.width))

    def forward(self, x):
        x = x + self.look(self.before(x))
        return x + self.think(self.between(x))


class Decoder(nn.Module):
    def __init__(self, s: Settings):
        super().__init__()
        self.settings = s
        self.parts = nn.ModuleDict({"letter": nn.Embedding(s.letters, s.width), "place": nn.Embedding(s.context, s.width)})
        self.layers = nn.ModuleList(Layer(s) for _ in range(s.depth))
        self.head = nn.Linear(s.width, s.letters, bias=False)
        self.head.weight = self.parts["letter"].weight  # tied
        self.apply(self.start)

    @staticmethod
    def start(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)

    def forward(self, letters: torch.Tensor, next_ones: Optional[torch.Tensor] = None):
        x = self.parts.letter(letters) + self.parts.place(torch.arange(letters.size(1), device=letters.device))
        for layer in self.layers:
            x = layer(x)
        scores = self.head(x)
        loss = None if next_ones is None else F.cross_entropy(scores.view(-1, scores.size(-1)), next_ones.reshape(-1))
        return scores, loss

    @torch.no_grad()
    def continued(self, letters, count, temperature=1.0, best=None):
        for _ in range(count):
            scores = self(letters[:, -self.settings.context:])[0][:, -1] / temperature
            if best:
                scores[scores < torch.topk(scores, best).values[:, [-1]]] = -float("inf")
            letters = torch.cat([letters, torch.multinomial(scores.softmax(-1), 1)], dim=1)
        return letters


torch.manual_seed(0)
text = "abcdefgh " * 40
letters = sorted(set(text))
data = torch.tensor([letters.index(c) for c in text])
model = Decoder(Settings(len(letters)))
print(model)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(model.state_dict())} tensors")
groups = [
    {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": 0.1},
    {"params": [p for p in model.parameters() if p.dim() < 2], "weight_decay": 0.0},
]
optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.95))
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min(1.0, (k + 1) / 5))
first = None
for step in range(60):
    at = torch.randint(len(data) - 9, (16,))
    x, y = (torch.stack([data[k + d : k + d + 8] for k in at]) for d in (0, 1))
    _, loss = model(x, y)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    first = first or loss.item()
print("learned" if loss.item() < first / 3 else "did not learn")
model.eval()
print("".join(letters[k] for k in model.continued(data[None, :3], 6, best=1)[0].tolist()))
z = torch.randn(2, 8, 24)
look = model.layers[0].look
print(torch.allclose(look(z), look(z, by_hand=False), atol=1e-5))
