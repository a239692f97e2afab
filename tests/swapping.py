"""Tests of mutants without starting Python for each: the tests are collected once, then for every mutant the process
forks, the child swaps the code of the functions that the mutant changes, and runs its tests up to the first failure.

That takes a tenth of a second, where importing everything again takes seconds. A failure counts as one. What passes
is not yet a survivor: results of the unchanged code may have been kept from the import (`mutation.py` tests it anew).
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import _lru_cache_wrapper
from types import CodeType, FunctionType
from typing import Any

import pytest

SECONDS, MEMORY = 120, 16 << 30  # of the processor; who needs more has been noticed
UNFIT = 3  # the exit status of a mutant that cannot be swapped in
Job = tuple[str, str, str, Sequence[str]]  # filename, its source, the mutated source, tests


class Swapping:
    """A plugin that, in place of running the collected tests, calls `passed` with each job whose tests all pass."""

    def __init__(self, jobs: Sequence[Job], workers: int, passed: Callable[[int], None]) -> None:
        self.jobs, self.workers, self.passed = jobs, workers, passed
        self.sound = False  # whether all tests pass without any mutation

    def pytest_runtestloop(self, session: Any) -> bool:
        if session.testsfailed:  # in collecting
            return True
        ours = {filename for filename, *_ in self.jobs}
        functions: dict[tuple[str, CodeType], list[FunctionType]] = {}
        caches = []
        for x in gc.get_objects():  # by type: to ask some for their __class__ has effects
            if type(x) is FunctionType and x.__code__.co_filename in ours:
                functions.setdefault((x.__code__.co_filename, x.__code__), []).append(x)
            elif type(x) is _lru_cache_wrapper:
                caches.append(x)
        needed = chosen(session.items, list(dict.fromkeys(t for *_, tests in self.jobs for t in tests)))
        running = {child(lambda: run(session, needed), quiet=False): -1}
        queue = iter(enumerate(self.jobs))
        while running:
            pid, status = os.wait()
            if (k := running.pop(pid, None)) is None:
                continue
            if k < 0:
                self.sound = status == 0
            elif status == 0 or os.waitstatus_to_exitcode(status) == UNFIT:
                self.passed(k)
            while self.sound and len(running) < self.workers and (job := next(queue, None)):
                k, (filename, old, new, tests) = job
                swaps = swapped(filename, old, new)
                if swaps is None:
                    self.passed(k)  # not to be tested in this way
                    continue

                def work(swaps: Any = swaps, filename: str = filename, tests: Sequence[str] = tests) -> int:
                    try:
                        for before, after in swaps:
                            for f in functions.get((filename, before), ()):
                                f.__code__ = after
                    except ValueError:  # the number of variables from outside differs
                        return UNFIT
                    for c in caches:
                        c.cache_clear()
                    return run(session, chosen(session.items, tests))

                running[child(work)] = k
        return True


def child(work: Any, quiet: bool = True) -> int:
    """Fork a process that does the work, with a limit, and exits with what it returns."""
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        signal.alarm(4 * SECONDS)  # should it wait for something that never comes
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        if quiet:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        status = work()
        sys.stdout.flush()
        os._exit(status)
    except BaseException:
        os._exit(1)


def run(session: Any, items: Sequence[Any]) -> int:
    """Run tests up to the first failure: 1 if there is one."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            return 1
    return 0


def chosen(items: Sequence[Any], tests: Sequence[str]) -> list[Any]:
    """The collected tests that were named (a folder, file or test; "path -k word": those that have the word in their
    names), in the order of the naming."""
    found = {}
    for path, _, word in (t.partition(" -k ") for t in tests):
        parts = (path + "/", path + "::", path + "[")
        for i in items:
            if (i.nodeid == path or i.nodeid.startswith(parts)) and word in i.nodeid.lower():
                found[i.nodeid] = i
    return list(found.values())


def swapped(filename: str, old: str, new: str) -> list[tuple[CodeType, CodeType]] | None:
    """The code of functions as it is and as it becomes; None if what runs on import changes."""
    try:
        pairs = list(_pairs(compile(old, filename, "exec"), compile(new, filename, "exec")))
    except SyntaxError:  # which it has on import
        return None
    if any(a.co_flags & 2 == 0 and _bare(a) != _bare(b) for a, b in pairs):  # a module or a class
        return None
    return [(a, b) for a, b in pairs if a != b and a.co_flags & 2]


def _pairs(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    yield old, new
    inner = [[c for c in code.co_consts if isinstance(c, CodeType)] for code in (old, new)]
    if len(inner[0]) == len(inner[1]):
        for a, b in zip(*inner, strict=True):
            yield from _pairs(a, b)


def _bare(code: CodeType) -> tuple[Any, ...]:
    return code.co_code, code.co_names, [c for c in code.co_consts if not isinstance(c, CodeType)]


def passing(jobs: Sequence[Job], tests: Sequence[str], workers: int, passed: Callable[[int], None]) -> bool:
    """Call `passed` with (the position of) each job whose tests all pass. False if some fail without any mutation."""
    plugin = Swapping(jobs, workers, passed)
    options = ["-q", "-s", "--tb=no", "-p", "no:cacheprovider", "--hypothesis-profile", "mutation"]
    pytest.main([*options, *sorted({t.partition("::")[0].partition(" -k ")[0] for t in tests})], plugins=[plugin])
    return plugin.sound
