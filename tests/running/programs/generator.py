import numpy as np
import torch
import torch.nn as nn
from torch.autograd import Variable

latent, features, batch_size = 8, 10, 32
data = torch.utils.data.DataLoader(torch.from_numpy(np.random.normal(0, 1, (128, features)).astype(np.float32)), batch_size)
D = nn.Sequential(nn.Linear(features, 16), nn.LeakyReLU(0.2, inplace=True), nn.Linear(16, 1), nn.Sigmoid())
G = nn.Sequential(nn.Linear(latent, 16), nn.BatchNorm1d(16, 0.8), nn.ReLU(True), nn.Linear(16, features), nn.Tanh())
print(D, G)


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Linear") != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


D.apply(weights_init)
G.apply(weights_init)
criterion = nn.BCELoss()
optimizer_d = torch.optim.Adam(D.parameters(), lr=0.0002, betas=(0.5, 0.999))
optimizer_g = torch.optim.Adam(G.parameters(), lr=0.0002, betas=(0.5, 0.999))
Tensor = torch.cuda.FloatTensor if torch.cuda.is_available() else torch.FloatTensor
for epoch in range(2):
    for i, real in enumerate(data):
        valid = Variable(Tensor(real.size(0), 1).fill_(1.0), requires_grad=False)
        fake = Variable(Tensor(real.size(0), 1).fill_(0.0), requires_grad=False)
        z = Variable(Tensor(np.random.normal(0, 1, (real.shape[0], latent))))
        made = G(z)
        optimizer_g.zero_grad()
        g_loss = criterion(D(made), valid)
        g_loss.backward()
        optimizer_g.step()
        optimizer_d.zero_grad()
        d_loss = (criterion(D(real), valid) + criterion(D(made.detach()), fake)) / 2
        d_loss.backward()
        optimizer_d.step()
        print("[Epoch %d/%d] [Batch %d/%d] [D loss: %f] [G loss: %f]" % (epoch, 2, i, len(data), d_loss.item(), g_loss.item()))

mix = torch.rand(batch_size, 1).expand(batch_size, features)
between = (mix * real + (1 - mix) * made.detach()).requires_grad_(True)
slopes = torch.autograd.grad(outputs=D(between), inputs=between, grad_outputs=torch.ones(batch_size, 1), create_graph=True)[0]
penalty = ((slopes.norm(2, dim=1) - 1) ** 2).mean()
penalty.backward()
for p in D.parameters():
    p.data.clamp_(-0.01, 0.01)
print(penalty.dim(), max(p.abs().max() for p in D.parameters()) <= 0.0101, made.clamp(0, 1).min() >= 0)
