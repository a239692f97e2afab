import os
import time
import copy
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.cuda.amp import GradScaler, autocast
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from torch.nn.utils import clip_grad_norm_, weight_norm, remove_weight_norm

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"
use_amp = False
net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4)).to(device)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scaler = torch.amp.GradScaler(device, enabled=use_amp)
data = [(torch.randn(16, 8), torch.randint(0, 4, (16,))) for _ in range(4)]
loss_fn = nn.CrossEntropyLoss().to(device)
for epoch in range(2):
    for input, target in data:
        with torch.autocast(device_type=device, dtype=torch.float16, enabled=use_amp):
            output = net(input)
            loss = loss_fn(output, target)
        scaler.scale(loss).backward()
        scaler.unscale_(opt)
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm=0.1)
        scaler.step(opt)
        scaler.update()
        opt.zero_grad()
checkpoint_d = {"model": net.state_dict(), "optimizer": opt.state_dict(), "scaler": scaler.state_dict(), "epoch": epoch, "loss": loss.item()}
torch.save(checkpoint_d, "ckpt.tar")
ck = torch.load("ckpt.tar", map_location=torch.device(device), weights_only=True)
net.load_state_dict(ck["model"]); opt.load_state_dict(ck["optimizer"]); scaler.load_state_dict(ck["scaler"])
print(sorted(ck), ck["epoch"])
# gradient accumulation
accum = 2
for i, (x, y) in enumerate(data):
    loss = loss_fn(net(x), y) / accum
    loss.backward()
    if (i + 1) % accum == 0:
        n = clip_grad_norm_(net.parameters(), 1.0)
        opt.step(); opt.zero_grad()
print(n.ndim)
swa_model = AveragedModel(net)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
swa_start = 2
swa_scheduler = SWALR(opt, swa_lr=0.05, anneal_epochs=2)
for epoch in range(5):
    for input, target in data:
        opt.zero_grad()
        loss_fn(net(input), target).backward()
        opt.step()
    if epoch > swa_start:
        swa_model.update_parameters(net)
        swa_scheduler.step()
    else:
        scheduler.step()
update_bn(data, swa_model)
print(swa_model(data[0][0]).shape, swa_model.n_averaged, [n for n, _ in swa_model.named_parameters()])
ema = AveragedModel(net, avg_fn=lambda avg, p, n: 0.9 * avg + 0.1 * p)
ema.update_parameters(net)
ema2 = AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.99))
ema2.update_parameters(net)
print(opt.param_groups[0]["lr"])
x = torch.randn(4, 8, requires_grad=True)
y = checkpoint(net, x, use_reentrant=False)
y.sum().backward()
print(x.grad.shape)
y2 = checkpoint_sequential(nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)), 2, x, use_reentrant=False)
print(y2.requires_grad)
wn = weight_norm(nn.Linear(3, 2), name="weight")
print([n for n, _ in wn.named_parameters()])
wn(torch.ones(1, 3)).sum().backward()
print(wn.weight_g.grad.shape, wn.weight_v.grad.shape)
wn = remove_weight_norm(wn)
print([n for n, _ in wn.named_parameters()])
wp = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
print([n for n, _ in wp.named_parameters()], wp(torch.ones(1, 3)).shape)
sn = nn.utils.spectral_norm(nn.Linear(3, 2))
for _ in range(3): sn(torch.ones(1, 3))
print([n for n, _ in sn.named_parameters()], [n for n, _ in sn.named_buffers()])
sp = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
sp(torch.rand(2, 4)).sum().backward()
print(type(sp).__name__, sp.parametrizations.weight.original.grad.shape)
ema3 = copy.deepcopy(net)
for p in ema3.parameters():
    p.requires_grad_(False)
with torch.no_grad():
    for a, b in zip(ema3.parameters(), net.parameters()):
        a.mul_(0.9).add_(b, alpha=0.1)
        a.lerp_(b, 0.1)
print(sum(p.numel() for p in ema3.parameters() if p.requires_grad))
print(torch.backends.cudnn.is_available() in (True, False), torch.cuda.device_count())
if torch.cuda.is_available():
    torch.cuda.synchronize()
start = time.perf_counter()
with torch.autocast("cpu", dtype=torch.bfloat16, enabled=False):
    z = net(data[0][0])
print(z.dtype)
print(torch.get_num_threads() > 0, torch.initial_seed() == 0, torch.random.get_rng_state().ndim)
state = torch.get_rng_state(); a = torch.rand(2); torch.set_rng_state(state); print(torch.equal(a, torch.rand(2)))
with torch.random.fork_rng():
    torch.manual_seed(3); torch.rand(2)
print(torch.seed() > 0)
