# deterministic
import math

import torch


class Legendre(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


class Cubic(torch.nn.Module):
    def __init__(self):
        super(Cubic, self).__init__()
        self.a = torch.nn.Parameter(torch.full((), 0.1))
        self.b = torch.nn.Parameter(torch.full((), -1.0))
        self.c = torch.nn.Parameter(torch.full((), 0.0))
        self.d = torch.nn.Parameter(torch.full((), 0.3))

    def forward(self, x):
        return self.a + self.b * Legendre.apply(self.c + self.d * x)

    def string(self):
        return f"y = {self.a.item():.3f} + {self.b.item():.3f} P3({self.c.item():.3f} + {self.d.item():.3f} x)"


dtype = torch.float
device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
x = torch.linspace(-math.pi, math.pi, 500, device=device, dtype=dtype)
y = torch.sin(x)
model = Cubic().to(device)
criterion = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=1e-5)
for t in range(200):
    loss = criterion(model(x), y)
    if t % 50 == 49:
        print(t, loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print("Result:", model.string())
print(model, list(model.state_dict()))

p = torch.tensor([1, 2, 3])
xx = x.unsqueeze(-1).pow(p)
layers = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
with torch.no_grad():
    for param in layers.parameters():
        param.fill_(0.1)
for t in range(100):
    loss = criterion(layers(xx), y)
    layers.zero_grad()
    loss.backward()
    with torch.no_grad():
        for param in layers.parameters():
            param -= 1e-6 * param.grad
print(xx.shape, loss, layers[0].weight[:, 1].item(), layers[0].bias.item())
