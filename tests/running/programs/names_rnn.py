import random
import string

import torch
import torch.nn as nn
from torch.autograd import Variable

letters = string.ascii_letters + " .,;'"
lines = {"A": ["Satou", "Tanaka", "Yamada"], "B": ["Smith", "Jones", "Brown"], "C": ["Ivanov", "Petrov"]}
categories = list(lines)


def line_to_tensor(line):
    tensor = torch.zeros(len(line), 1, len(letters))
    for i, letter in enumerate(line):
        tensor[i][0][letters.find(letter)] = 1
    return tensor


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = self.i2h(combined)
        output = self.softmax(self.i2o(combined))
        return output, hidden

    def init_hidden(self):
        return Variable(torch.zeros(1, self.hidden_size))


rnn = RNN(len(letters), 16, len(categories))
criterion = nn.NLLLoss()
print(rnn, line_to_tensor("Jones").size())


def category_from_output(output):
    top_n, top_i = output.data.topk(1)
    return categories[top_i[0][0]], top_i[0].item()


def train(category_tensor, line_tensor):
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    for i in range(line_tensor.size()[0]):
        output, hidden = rnn(line_tensor[i], hidden)
    loss = criterion(output, category_tensor)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.005)
    return output, loss.item()


total = 0
for step in range(1, 61):
    category = random.choice(categories)
    category_tensor = torch.tensor([categories.index(category)], dtype=torch.long)
    output, loss = train(category_tensor, line_to_tensor(random.choice(lines[category])))
    total += loss
    if step % 20 == 0:
        print("%d %d%% %.4f" % (step, step / 60 * 100, total / 20), len(category_from_output(output)))
        total = 0

lstm = nn.LSTM(input_size=len(letters), hidden_size=8, num_layers=2, batch_first=True, bidirectional=True)
padded = nn.utils.rnn.pad_sequence([line_to_tensor(n).squeeze(1) for n in ("Petrov", "Jones")], batch_first=True)
packed = nn.utils.rnn.pack_padded_sequence(padded, torch.tensor([6, 5]), batch_first=True)
out, (h, c) = lstm(packed)
unpacked, lengths = nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
print(lstm, unpacked.shape, lengths, h.shape, c.shape, unpacked[1, 5].abs().sum())
gru = nn.GRU(5, 3)
state = None
for _ in range(3):
    y, state = gru(torch.randn(4, 2, 5), state)
    state = state.detach()
print(y.size(), state.size())
