"""Running a program in a process of its own, as the command line does, but without starting Python each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

collect_ignore = ["programs"]  # they run when they are asked to

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture(scope="session")
def forks() -> Iterator[Callable[[Path, list[str]], Done]]:
    """``forks(directory, arguments)`` is ``python -m tinygrad_edu ARGUMENTS`` there, in a copy of a waiting process."""
    waiting = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("waiting.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert waiting.stdin is not None and waiting.stdout is not None

    def fork(directory: Path, arguments: list[str]) -> Done:
        assert waiting.stdin is not None and waiting.stdout is not None
        print(json.dumps([str(directory), arguments]), file=waiting.stdin, flush=True)
        code = int(waiting.stdout.readline())
        said = [directory / name for name in (".stdout", ".stderr")]
        out, err = (path.read_bytes().decode() for path in said)
        for path in said:
            path.unlink()
        return subprocess.CompletedProcess(arguments, code, out, err)

    yield fork
    waiting.stdin.close()
    waiting.stdout.close()
    waiting.wait()


@pytest.fixture
def run(tmp_path: Path, request: pytest.FixtureRequest) -> Run:
    """``run(source, *arguments)`` writes a script and runs it by ``python -m tinygrad_edu run``, in its directory."""

    def run_it(source: str, *arguments: str, name: str = "program.py") -> Done:
        (tmp_path / name).write_text(dedent(source), encoding="utf-8")
        command = ["run", name, *arguments]
        if hasattr(os, "fork"):
            done: Done = request.getfixturevalue("forks")(tmp_path, command)
            return done
        command = [sys.executable, "-m", "tinygrad_edu", *command]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run_it
