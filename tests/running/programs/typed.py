# deterministic
from __future__ import annotations
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union
import abc
import math
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function, gradcheck
from torch.autograd.function import once_differentiable, FunctionCtx
from torch.nn.modules.loss import _Loss, _WeightedLoss
from torch.nn.parameter import Parameter
from torch.optim.optimizer import Optimizer
from torch.optim.lr_scheduler import _LRScheduler, LRScheduler
from torch.utils.data import Dataset, DataLoader


class Exp(Function):
    @staticmethod
    def forward(ctx: Any, i: Tensor) -> Tensor:
        result = i.exp()
        ctx.save_for_backward(result)
        return result
    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> Tensor:
        result, = ctx.saved_tensors
        return grad_output * result


class LinearFunction(Function):
    @staticmethod
    def forward(input, weight, bias):
        output = input.mm(weight.t())
        if bias is not None:
            output += bias.unsqueeze(0).expand_as(output)
        return output
    @staticmethod
    def setup_context(ctx, inputs, output):
        input, weight, bias = inputs
        ctx.save_for_backward(input, weight, bias)
    @staticmethod
    def backward(ctx, grad_output):
        input, weight, bias = ctx.saved_tensors
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            grad_input = grad_output.mm(weight)
        if ctx.needs_input_grad[1]:
            grad_weight = grad_output.t().mm(input)
        if bias is not None and ctx.needs_input_grad[2]:
            grad_bias = grad_output.sum(0)
        return grad_input, grad_weight, grad_bias


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, alpha):
        ctx.alpha = alpha
        ctx.mark_non_differentiable()
        return (x > 0).float()
    @staticmethod
    @once_differentiable
    def backward(ctx, g):
        return g.clone() * ctx.alpha, None


class GradReverse(Function):
    @staticmethod
    def forward(ctx, x, lambd):
        ctx.lambd = lambd
        return x.view_as(x)
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.neg() * ctx.lambd, None


rs = np.random.RandomState(0)
x = torch.tensor(rs.randn(4, 3), dtype=torch.double, requires_grad=True)
w = torch.tensor(rs.randn(2, 3), dtype=torch.double, requires_grad=True)
b = torch.tensor(rs.randn(2), dtype=torch.double, requires_grad=True)
print(gradcheck(LinearFunction.apply, (x, w, b), eps=1e-6, atol=1e-4))
print(gradcheck(Exp.apply, (x,)))
StraightThrough.apply(x, 0.5).sum().backward()
GradReverse.apply(x, 2.0).sum().backward()
print(x.grad)


class FocalLoss(_WeightedLoss):
    def __init__(self, gamma: float = 2.0, weight: Optional[torch.Tensor] = None, reduction: str = "mean") -> None:
        super().__init__(weight=weight, reduction=reduction)
        self.gamma = gamma
    def forward(self, input: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        logp = F.cross_entropy(input, target, weight=self.weight, reduction="none")
        p = torch.exp(-logp)
        loss = (1 - p) ** self.gamma * logp
        return loss.mean() if self.reduction == "mean" else loss.sum()


class RMSELoss(_Loss):
    def __init__(self, size_average=None, reduce=None, reduction: str = 'mean') -> None:
        super(RMSELoss, self).__init__(size_average, reduce, reduction)
    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return torch.sqrt(F.mse_loss(input, target, reduction=self.reduction))


logits = torch.tensor(rs.randn(5, 3)).float()
t = torch.tensor([0, 1, 2, 1, 0])
print(FocalLoss(weight=torch.tensor([1., 2., 3.]))(logits, t), FocalLoss(), RMSELoss()(logits, torch.zeros(5, 3)), RMSELoss())


class MySGD(Optimizer):
    def __init__(self, params: Iterable[Tensor], lr: float = 1e-2, momentum: float = 0.9) -> None:
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        defaults: Dict[str, Any] = dict(lr=lr, momentum=momentum)
        super().__init__(params, defaults)
    @torch.no_grad()
    def step(self, closure: Optional[Callable[[], float]] = None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if len(state) == 0:
                    state["step"] = 0
                    state["velocity"] = torch.zeros_like(p, memory_format=torch.preserve_format)
                state["step"] += 1
                v = state["velocity"]
                v.mul_(group["momentum"]).add_(p.grad, alpha=1)
                p.add_(v, alpha=-group["lr"])
        return loss


class MyAdam(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super(MyAdam, self).__init__(params, dict(lr=lr, betas=betas, eps=eps))
    def __setstate__(self, state):
        super(MyAdam, self).__setstate__(state)
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group['params']:
                grad = p.grad.data
                state = self.state[p]
                if len(state) == 0:
                    state['step'] = 0
                    state['exp_avg'] = torch.zeros_like(p.data)
                    state['exp_avg_sq'] = torch.zeros_like(p.data)
                exp_avg, exp_avg_sq = state['exp_avg'], state['exp_avg_sq']
                beta1, beta2 = group['betas']
                state['step'] += 1
                exp_avg.mul_(beta1).add_(grad, alpha=1 - beta1)
                exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
                denom = exp_avg_sq.sqrt().add_(group['eps'])
                bias_correction1 = 1 - beta1 ** state['step']
                bias_correction2 = 1 - beta2 ** state['step']
                step_size = group['lr'] * math.sqrt(bias_correction2) / bias_correction1
                p.data.addcdiv_(exp_avg, denom, value=-step_size)


class WarmupLR(_LRScheduler):
    def __init__(self, optimizer: Optimizer, warmup: int, last_epoch: int = -1):
        self.warmup = warmup
        super().__init__(optimizer, last_epoch)
    def get_lr(self) -> List[float]:
        return [base_lr * min(1.0, (self.last_epoch + 1) / self.warmup) for base_lr in self.base_lrs]


@dataclass
class Config:
    lr: float = 0.1
    hidden: Tuple[int, ...] = (8, 4)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float32
    act: Callable[[Tensor], Tensor] = F.relu


class Batch(NamedTuple):
    x: torch.Tensor
    y: torch.LongTensor


class Squares(Dataset[Tuple[torch.Tensor, torch.Tensor]]):
    def __init__(self, xs: torch.FloatTensor) -> None:
        self.xs = xs
    def __len__(self) -> int:
        return self.xs.shape[0]
    def __getitem__(self, i: Union[int, slice]) -> Tuple[torch.Tensor, torch.Tensor]:
        return self.xs[i], self.xs[i] ** 2


class Net(nn.Module, abc.ABC):
    layers: nn.ModuleList
    __constants__ = ["hidden"]
    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.cfg = cfg
        sizes = [1, *cfg.hidden, 1]
        self.layers = nn.ModuleList(nn.Linear(i, o, device=cfg.device, dtype=cfg.dtype) for i, o in zip(sizes[:-1], sizes[1:]))
        self.scale: nn.Parameter = Parameter(torch.ones(1), requires_grad=True)
        self.register_parameter("none", None)
    def forward(self, x: torch.Tensor, mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        for layer in self.layers[:-1]:
            x = self.cfg.act(layer(x))
        return self.layers[-1](x) * self.scale
    def extra_repr(self) -> str:
        return f"hidden={self.cfg.hidden}"


cfg = Config()
net = Net(cfg)
with torch.no_grad():
    for k, p in enumerate(net.parameters()):
        p.copy_(torch.sin(torch.arange(p.numel()) + k).view_as(p))
print(net, cfg.lr)
loader: DataLoader[Tuple[Tensor, Tensor]] = DataLoader(Squares(torch.linspace(-1, 1, 12).unsqueeze(1)), batch_size=4)
for Opt in (MySGD, MyAdam):
    opt: torch.optim.Optimizer = Opt(net.parameters(), lr=0.01)
    sched: LRScheduler = WarmupLR(opt, 3)
    for e in range(3):
        for x, y in loader:
            opt.zero_grad()
            loss: torch.Tensor = F.mse_loss(net(x), y)
            loss.backward()
            opt.step()
        sched.step()
        print(f"{loss.item():.5f}", sched.get_last_lr())
    print(opt)
    print(list(opt.state_dict()["state"][0]))
batch = Batch(x=torch.zeros(2), y=torch.tensor([1, 2]))
print(batch, isinstance(batch.y, torch.LongTensor), isinstance(net.scale, torch.Tensor), isinstance(cfg.dtype, torch.dtype))
print(isinstance(batch.x, torch.FloatTensor), type(batch.x), torch.device("cpu") == cfg.device, cfg.device.type)
