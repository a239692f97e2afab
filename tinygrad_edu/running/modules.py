"""Which module of this library answers to which of PyTorch's. Paths that end in ``.*`` stand for all below."""

from __future__ import annotations

__all__ = ["MODULES", "counterpart"]

MODULES = {
    "torch": "tinygrad_edu",
    "torch.accelerator": "tinygrad_edu.accelerator",
    "torch.amp": "tinygrad_edu.amp",
    "torch.amp.*": "tinygrad_edu.amp",
    "torch.autograd": "tinygrad_edu.autograd",
    "torch.autograd.anomaly_mode": "tinygrad_edu.autograd.anomaly",
    "torch.autograd.function": "tinygrad_edu.autograd.function",
    "torch.autograd.functional": "tinygrad_edu.autograd.functional",
    "torch.autograd.grad_mode": "tinygrad_edu.autograd.grad_mode",
    "torch.autograd.gradcheck": "tinygrad_edu.autograd",
    "torch.autograd.variable": "tinygrad_edu.autograd.variable",
    "torch.backends": "tinygrad_edu.backends",
    "torch.backends.cuda": "tinygrad_edu.backends.cuda",
    "torch.backends.cudnn": "tinygrad_edu.backends.cudnn",
    "torch.backends.mkl": "tinygrad_edu.backends.mkl",
    "torch.backends.mkldnn": "tinygrad_edu.backends.mkldnn",
    "torch.backends.mps": "tinygrad_edu.backends.mps",
    "torch.backends.openmp": "tinygrad_edu.backends.openmp",
    "torch.cuda": "tinygrad_edu.cuda",
    "torch.cuda.amp": "tinygrad_edu.amp",
    "torch.distributions": "tinygrad_edu.distributions",
    "torch.distributions.*": "tinygrad_edu.distributions",
    "torch.func": "tinygrad_edu.func",
    "torch.functional": "tinygrad_edu",
    "torch.jit": "tinygrad_edu.jit",
    "torch.linalg": "tinygrad_edu.linalg",
    "torch.mps": "tinygrad_edu.mps",
    "torch.multiprocessing": "multiprocessing",
    "torch.nn": "tinygrad_edu.nn",
    "torch.nn.functional": "tinygrad_edu.nn.functional",
    "torch.nn.init": "tinygrad_edu.nn.init",
    "torch.nn.modules": "tinygrad_edu.nn",
    "torch.nn.modules.*": "tinygrad_edu.nn",
    "torch.nn.parameter": "tinygrad_edu.nn",
    "torch.nn.utils": "tinygrad_edu.nn.utils",
    "torch.nn.utils.rnn": "tinygrad_edu.nn.utils.rnn",
    "torch.nn.utils.*": "tinygrad_edu.nn.utils",
    "torch.optim": "tinygrad_edu.optim",
    "torch.optim.lr_scheduler": "tinygrad_edu.optim.lr_scheduler",
    "torch.optim.*": "tinygrad_edu.optim",
    "torch.random": "tinygrad_edu",
    "torch.special": "tinygrad_edu.special",
    "torch.testing": "tinygrad_edu.testing",
    "torch.utils": "tinygrad_edu.utils",
    "torch.utils.data": "tinygrad_edu.utils.data",
    "torch.utils.data.*": "tinygrad_edu.utils.data",
    "torch.version": "tinygrad_edu.running.version",
    "torch.xpu": "tinygrad_edu.xpu",
    "torchvision": "tinygrad_edu.running.vision",
    "torchvision.datasets": "tinygrad_edu.datasets",
    "torchvision.datasets.mnist": "tinygrad_edu.datasets",
    "torchvision.transforms": "tinygrad_edu.transforms",
    "torchvision.transforms.functional": "tinygrad_edu.transforms.functional",
    "torchvision.transforms.transforms": "tinygrad_edu.transforms",
    "torchvision.transforms.v2": "tinygrad_edu.transforms",
    "torchvision.utils": "tinygrad_edu.running.images",
}


def counterpart(name: str) -> str | None:
    """The module that answers to `name`, one of PyTorch's module paths."""
    return MODULES.get(name) or MODULES.get(name.rpartition(".")[0] + ".*")
