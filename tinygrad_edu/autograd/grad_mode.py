"""Whether calls are recorded: a context variable, so that threads and async tasks do not leak into each other."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from tinygrad_edu.memory import observing, recording

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled"]

F = TypeVar("F", bound=Callable[..., Any])


def is_grad_enabled() -> bool:
    """Whether calls on tensors that require grad are being recorded."""
    return recording.get() is not False


class _Mode:
    """A context manager and decorator that sets grad mode, and restores what it was before. Re-entrant."""

    def __init__(self, mode: bool) -> None:
        self._mode = mode
        self._before: list[Any] = []

    def __enter__(self) -> None:
        self._before.append(recording.get())
        recording.set(self._mode and observing.get())

    def __exit__(self, *exc: object) -> None:
        recording.set(self._before.pop())

    def _again(self) -> _Mode:
        return _Mode(self._mode)

    def __call__(self, f: F) -> F:
        if inspect.isgeneratorfunction(f):
            return _wrap_generator(f, self._again)  # type: ignore[return-value]

        if inspect.iscoroutinefunction(f):

            @functools.wraps(f)
            async def later(*args: Any, **kwargs: Any) -> Any:
                with self._again():
                    return await f(*args, **kwargs)

            return later  # type: ignore[return-value]

        @functools.wraps(f)
        def inner(*args: Any, **kwargs: Any) -> Any:
            with self._again():
                return f(*args, **kwargs)

        return inner  # type: ignore[return-value]


def _wrap_generator(f: Callable[..., Any], mode: Callable[[], _Mode]) -> Callable[..., Any]:
    """The mode holds while the generator runs, not while it is suspended."""

    @functools.wraps(f)
    def inner(*args: Any, **kwargs: Any) -> Any:
        gen = f(*args, **kwargs)
        send: Callable[[], Any] = functools.partial(next, gen)
        while True:
            try:
                with mode():
                    item = send()
            except StopIteration as stop:
                return stop.value
            try:
                sent = yield item
            except GeneratorExit:
                with mode():
                    gen.close()
                raise
            except BaseException as error:
                send = functools.partial(gen.throw, error)
            else:
                send = functools.partial(gen.send, sent)

    return inner


class no_grad(_Mode):
    """Nothing is recorded inside: for evaluation and for parameter updates.

    As a context manager or as a decorator (``@no_grad()`` or ``@no_grad``).

    >>> from tinygrad_edu import no_grad, tensor
    >>> w = tensor(1.0, requires_grad=True)
    >>> with no_grad():
    ...     w -= 0.1
    >>> w
    tensor(0.9000, requires_grad=True)
    """

    def __new__(cls, f: Any = None) -> Any:
        made = super().__new__(cls)
        if f is None:
            return made
        _Mode.__init__(made, False)
        return made(f)

    def __init__(self) -> None:
        super().__init__(False)


inference_mode = no_grad


class enable_grad(_Mode):
    """Calls are recorded inside, also within `no_grad`."""

    def __new__(cls, f: Any = None) -> Any:
        made = super().__new__(cls)
        if f is None:
            return made
        _Mode.__init__(made, True)
        return made(f)

    def __init__(self) -> None:
        super().__init__(True)


class set_grad_enabled(_Mode):
    """Set grad mode from now on, or inside a ``with`` block or a decorated function only."""

    def __init__(self, mode: bool) -> None:
        super().__init__(bool(mode))
        self._before.append(recording.get())
        recording.set(self._mode and observing.get())

    def __enter__(self) -> None:
        recording.set(self._mode and observing.get())

    def __call__(self, f: F) -> F:
        recording.set(self._before.pop())  # it was meant for the function only
        return super().__call__(f)
