import torch
import torch.nn as nn

model = nn.Sequential(nn.Linear(10, 5), nn.ReLU(), nn.Linear(5, 1))
x = torch.randn(3, 8)
print("before", model[0].weight.shape)
for t in (torch.ones(3), torch.tensor(2.0)):
    try:
        print(t.item())
    except (ValueError, RuntimeError) as error:
        print(type(error).__name__)
model(x)
print("never")
