# deterministic
import numpy as np
import torch

inputs = np.array([[73, 67, 43], [91, 88, 64], [87, 134, 58], [102, 43, 37]], dtype="float32")
targets = np.array([[56, 70], [81, 101], [119, 133], [22, 37]], dtype="float32")
X = torch.from_numpy(inputs)
Y = torch.from_numpy(targets)
w = torch.full((2, 3), 0.1, requires_grad=True)
b = torch.zeros(2, requires_grad=True)
print(X, w, b, sep="\n")


def model(x):
    return x @ w.t() + b


def mse(t1, t2):
    diff = t1 - t2
    return torch.sum(diff * diff) / diff.numel()


loss = mse(model(X), Y)
print(loss)
loss.backward()
print(w.grad, b.grad)
w.grad.zero_()
b.grad.zero_()
for epoch in range(100):
    loss = mse(model(X), Y)
    loss.backward()
    with torch.no_grad():
        w -= w.grad * 1e-5
        b -= b.grad * 1e-5
        w.grad.zero_()
        b.grad.zero_()
    if epoch % 20 == 0:
        print(f"epoch {epoch}, loss {loss.item():.3f}")
print(model(X), model(X).shape, w.dtype, type(w))
