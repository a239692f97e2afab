import copy
import os

import torch
import torch.nn as nn
import torch.optim as optim


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.LayerNorm(8))
        self.head = nn.Linear(8, 3)
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        return self.head(self.features(x - self.mean))


x, y = torch.randn(20, 4), torch.randint(0, 3, (20,))
net = Net()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
best, patience, lowest = copy.deepcopy(net.state_dict()), 0, float("inf")
for epoch in range(10):
    net.train()
    optimizer.zero_grad()
    loss = criterion(net(x), y)
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), max_norm=1.0)
    optimizer.step()
    if loss.item() < lowest:
        lowest, best, patience = loss.item(), copy.deepcopy(net.state_dict()), 0
    else:
        patience += 1
        if patience > 3:
            break
print(epoch <= 9, [(k, tuple(v.shape)) for k, v in best.items()])
PATH = "checkpoint.pth"
state = {"epoch": epoch, "model_state_dict": net.state_dict(), "optimizer_state_dict": optimizer.state_dict(), "loss": loss}
torch.save(state, PATH)
checkpoint = torch.load(PATH)
other = Net()
print(other.load_state_dict(checkpoint["model_state_dict"]), sorted(checkpoint), os.path.exists(PATH))
resumed = optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
resumed.load_state_dict(checkpoint["optimizer_state_dict"])
for m, o in ((net, optimizer), (other, resumed)):
    o.zero_grad()
    criterion(m(x), y).backward()
    o.step()
print(all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters())))
torch.save(net, "whole.pth")
whole = torch.load("whole.pth", weights_only=False)
whole.eval()
print(type(whole), torch.allclose(whole(x), net.eval()(x)))
for p in whole.features.parameters():
    p.requires_grad = False
whole.head = nn.Linear(whole.head.in_features, 2)
tuned = optim.Adam(filter(lambda p: p.requires_grad, whole.parameters()), lr=1e-3)
criterion(whole(x), y % 2).backward()
tuned.step()
print([n for n, p in whole.named_parameters() if p.grad is not None], whole)
try:
    Net().load_state_dict({"head.weight": torch.zeros(3, 8)})
except RuntimeError as error:
    print(str(error).splitlines()[0])
