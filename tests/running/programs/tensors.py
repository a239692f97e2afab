# deterministic
import numpy as np
import torch

t = torch.arange(12).reshape(3, 4)
f = t.float()
print(t, t[1], t[:, 1], t[..., -1], t[t > 5], t.view(2, 6), t.t(), sep="\n")
print(f.mean(), f.std(), f.sum(0), f.max(1), f.argmax(), f.min(dim=0).values, f.median(), f.norm())
print(torch.cat([t, t], dim=1).shape, torch.stack((t, t)).shape, t.unsqueeze(0).shape, t.repeat(2, 1).size(), t.numel())
print(f.double(), f.int().dtype, t.type(), f.to(torch.float64).dtype, torch.tensor([True]), torch.tensor([1.5]).long())
print(torch.sort(torch.tensor([3, 1, 2])), torch.topk(torch.tensor([3.0, 1.0, 2.0]), 2), torch.unique(t % 3))
print(torch.tensor([1e10, 1.0]), torch.tensor([float("nan"), float("inf")]), torch.tensor([]), torch.arange(2000))
print(f"{torch.tensor(3.14159):.2f} {torch.tensor(2)}", "%.2f" % torch.tensor(1.5), "{:.1f}".format(torch.tensor(2.25)))
print(t.numpy(), np.mean(f.numpy()), np.array(t).dtype, torch.from_numpy(np.ones(2)), t.tolist()[0])
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = (y * y * 3).mean()
z.backward()
print(x.grad, z, y.grad_fn is None, x.is_leaf, y.requires_grad)
x = torch.tensor(2.0, requires_grad=True)
(g,) = torch.autograd.grad(x**3, x, create_graph=True)
print(g, torch.autograd.grad(g, x)[0], torch.autograd.functional.jacobian(lambda v: v**2, torch.tensor([1.0, 2.0])))
out = torch.zeros(2, 3)
w = torch.ones(3, requires_grad=True)
for k in range(2):
    out[k] = w * (k + 1)
out.sum().backward()
print(w.grad, out.detach())
for row in t:
    print(row.sum().item(), list(row), int(row[0]), row[0] + 1)
