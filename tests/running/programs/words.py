import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim

torch.manual_seed(1)
text = "the quick brown fox jumps over the lazy dog while the quick cat sleeps".split()
vocabulary = sorted(set(text))
index = {word: i for i, word in enumerate(vocabulary)}
trigrams = [([text[i], text[i + 1]], text[i + 2]) for i in range(len(text) - 2)]
print(trigrams[:2], len(vocabulary))


class NGram(nn.Module):
    def __init__(self, vocab_size, dim, context):
        super().__init__()
        self.embeddings = nn.Embedding(vocab_size, dim)
        self.linear1 = nn.Linear(context * dim, 16)
        self.linear2 = nn.Linear(16, vocab_size)

    def forward(self, inputs):
        embeds = self.embeddings(inputs).view((1, -1))
        return F.log_softmax(self.linear2(F.relu(self.linear1(embeds))), dim=1)


model = NGram(len(vocabulary), 10, 2)
loss_function = nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1)
losses = []
for epoch in range(20):
    total = torch.Tensor([0])
    for context, target in trigrams:
        model.zero_grad()
        log_probs = model(torch.tensor([index[w] for w in context], dtype=torch.long))
        loss = loss_function(log_probs, torch.tensor([index[target]], dtype=torch.long))
        loss.backward()
        optimizer.step()
        total += loss.item()
    losses.append(total)
print(losses[-1] < losses[0], model)
weights = model.embeddings.weight
near = F.cosine_similarity(weights[index["quick"]].unsqueeze(0), weights).argsort(descending=True)
print(vocabulary[near[0]], near.dtype, weights.requires_grad)

attention = nn.MultiheadAttention(10, 2, batch_first=True)
x = model.embeddings(torch.tensor([[index[w] for w in text[:4]]])).detach()
mask = torch.triu(torch.ones(4, 4), diagonal=1).bool()
out, shares = attention(x, x, x, attn_mask=mask)
print(out.shape, shares[0, 0], torch.isclose(shares.sum(-1), torch.ones(1)).all())
scores = (x @ x.transpose(-2, -1)) / 10**0.5
shares = F.softmax(scores.masked_fill(mask, float("-inf")), dim=-1)
print(torch.einsum("bqk,bkd->bqd", shares, x).shape, torch.bmm(shares, x).shape)
choice = torch.multinomial(torch.exp(log_probs).squeeze(), 5, replacement=True)
print(choice.shape, all(0 <= int(c) < len(vocabulary) for c in choice))
