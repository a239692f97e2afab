"""Functions of functions under the names of `torch.func`.

>>> from tinygrad_edu import func
>>> func.grad(func.grad(lambda x: x * x * x))(2.0)
tensor(12.)
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_edu.autograd.grad_mode import no_grad
from tinygrad_edu.autograd.transforms import grad, hessian, jacobian, jvp, value_and_grad, vjp
from tinygrad_edu.functions.indexing import select
from tinygrad_edu.functions.joining import stack
from tinygrad_edu.nn.module import Module
from tinygrad_edu.nn.utils.stateless import functional_call
from tinygrad_edu.primitive import TensorBase

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacobian", "jacrev", "jvp", "stack_module_state",
    "value_and_grad", "vjp", "vmap",
]  # fmt: skip

jacrev = jacfwd = jacobian


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """As `value_and_grad`, with the gradient first.

    >>> from tinygrad_edu.func import grad_and_value
    >>> grad_and_value(lambda x: x * x)(3.0)
    (tensor(6.), tensor(9.))
    """
    both = value_and_grad(func, argnums, has_aux)

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        value, gradient = both(*args, **kwargs)
        return gradient, value

    return call


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of models that are alike, by name, stacked: an ensemble for `vmap`.

    Raises RuntimeError for no model, and for models of several classes or of which some are training.

    >>> import tinygrad_edu as tg
    >>> layers = [tg.nn.Linear(2, 3) for _ in range(5)]
    >>> params, buffers = tg.func.stack_module_state(layers)
    >>> params["weight"].shape
    Size([5, 3, 2])
    >>> call = lambda p, x: tg.func.functional_call(layers[0], p, (x,))
    >>> tg.vmap(call, in_dims=(0, None))(params, tg.ones(4, 2)).shape
    Size([5, 4, 3])
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({type(m) for m in models}) > 1 or len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to be of the same class, and to be in the same training/eval mode."
        )
    with no_grad():
        kinds: Any = [[dict(m.named_parameters()) for m in models], [dict(m.named_buffers()) for m in models]]
        params, buffers = ({name: stack([of[name] for of in each]) for name in each[0]} for each in kinds)
    for name, t in params.items():
        t.requires_grad_(kinds[0][0][name].requires_grad)
    return params, buffers


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, **options: Any) -> Callable[..., Any]:
    """The function that maps `func` over a dimension of its arguments, and stacks the results.

    It calls `func` once for each element of that dimension (PyTorch calls it once in all, which is faster); what it
    gives is the same, and its gradients are.

    Args:
        in_dims: the dimension of each positional argument: a number for all of them, or one (or None: the argument
            is handed on as it is) for each. Arguments may be tensors, or tuples, lists and dicts of them, with a
            dimension for all that is in them, or a tuple, list or dict of dimensions.
        out_dims: the dimension of the results along which they are stacked, or one for each result; None for a
            result that is the same for all elements: the first is given.
        options: `randomness` and `chunk_size` change nothing.

    Raises ValueError for sizes that differ, for dimensions that do not fit what they stand for, and where nothing is
    to be mapped over.

    >>> import tinygrad_edu as tg
    >>> tg.func.vmap(tg.dot)(tg.tensor([[1.0, 2.0], [3.0, 4.0]]), tg.ones(2, 2))
    tensor([3., 7.])
    >>> tg.vmap(tg.func.grad(lambda w, x: (w * x) ** 2), in_dims=(None, 0))(tg.tensor(1.0), tg.tensor([1.0, 2.0]))
    tensor([2., 8.])
    """

    @functools.wraps(func)
    def call(*args: Any, **kwargs: Any) -> Any:
        dims = in_dims if isinstance(in_dims, (tuple, list)) else (in_dims,) * len(args)
        if len(dims) != len(args):
            raise ValueError(f"vmap: in_dims is {in_dims}, {len(dims)} entries, but there are {len(args)} arguments")
        sizes = {n for x, dim in zip(args, dims, strict=True) for n in _sizes(x, dim)}
        sizes |= {n for x in kwargs.values() for n in _sizes(x, 0)}
        if len(sizes) != 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                f"{sorted(sizes)} for the mapped dimension"
                if sizes
                else f"vmap: in_dims is {in_dims}, so that nothing is mapped over: give a tensor and its dimension"
            )
        results = [
            func(*(_element(x, dim, k) for x, dim in zip(args, dims, strict=True)), **_element(kwargs, 0, k))
            for k in range(sizes.pop())
        ]
        if not results:
            raise ValueError("vmap: the mapped dimension has size 0, so that the shape of the result is not known")
        return _stacked(results, out_dims)

    return call


def _parts(x: Any, dim: Any, name: str) -> list[tuple[Any, Any]]:
    """What a tuple, list or dict holds (of anything else: nothing), each part with its dimension."""
    parts = list(x.values()) if isinstance(x, dict) else list(x) if isinstance(x, (tuple, list)) else []
    if dim is None or isinstance(dim, int):
        return [(part, dim) for part in parts]
    if isinstance(x, dict) and isinstance(dim, dict) and x.keys() == dim.keys():
        return [(part, dim[key]) for key, part in x.items()]
    if isinstance(x, (tuple, list)) and isinstance(dim, (tuple, list)) and len(x) == len(dim):
        return list(zip(parts, dim, strict=True))
    what = f"a tensor of shape {tuple(x._array.shape)}" if isinstance(x, TensorBase) else f"a {type(x).__name__}"
    number = f" of {len(parts)}" if parts else ""
    raise ValueError(
        f"vmap: {name} has {dim!r} where there is {what}{number}: give one dimension, or one for each part"
    )


def _rebuilt(like: Any, parts: list[Any]) -> Any:
    """A tuple (also a named one, as `max` returns), list or dict like the given one, of other parts."""
    if isinstance(like, dict):
        return dict(zip(like, parts, strict=True))
    return type(like)(*parts) if hasattr(like, "_fields") else type(like)(parts)


def _sizes(x: Any, dim: Any) -> list[int]:
    """The sizes of `dim` of the tensors in `x`."""
    if dim is None:
        return []
    if isinstance(x, TensorBase) and isinstance(dim, int):
        shape = x._array.shape
        if not -len(shape) <= dim < len(shape):
            raise ValueError(f"vmap: dimension {dim} is to be mapped over, but a tensor has shape {tuple(shape)}")
        return [shape[dim]]
    return [n for part, d in _parts(x, dim, "in_dims") for n in _sizes(part, d)]


def _element(x: Any, dim: Any, k: int) -> Any:
    """The k-th element along `dim` of the tensors in `x`."""
    if dim is None:
        return x
    if isinstance(x, TensorBase):
        return select(x, dim, k)
    if isinstance(x, (tuple, list, dict)):
        return _rebuilt(x, [_element(part, d, k) for part, d in _parts(x, dim, "in_dims")])
    return x


def _stacked(results: list[Any], dim: Any) -> Any:
    """Results that are alike, as one: each tensor in them stacked along `dim`."""
    first = results[0]
    if isinstance(first, (tuple, list, dict)):
        columns = zip(*([part for part, _ in _parts(r, dim, "out_dims")] for r in results), strict=True)
        dims = [d for _, d in _parts(first, dim, "out_dims")]
        return _rebuilt(first, [_stacked(list(parts), d) for parts, d in zip(columns, dims, strict=True)])
    if not isinstance(first, TensorBase):
        raise ValueError(f"vmap: `func` must only return Tensors, got type {type(first).__name__}")
    if dim is None:
        return first
    if not isinstance(dim, int):
        _parts(first, dim, "out_dims")  # raises
    return stack(results, dim)
