"""A process that has imported the library, and runs each command that it reads in a copy of itself."""

from __future__ import annotations

import json
import os
import sys
import warnings

from tinygrad_edu.__main__ import main


def run(directory: str, arguments: list[str]) -> int:
    """``python -m tinygrad_edu ARGUMENTS`` there; its output goes to the files .stdout and .stderr."""
    os.chdir(directory)
    for number, name in ((1, ".stdout"), (2, ".stderr")):
        file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    return main(arguments)


if __name__ == "__main__":
    warnings.simplefilter("default")
    sys.path[0] = ""
    for line in sys.stdin:
        child = os.fork()
        if not child:
            sys.exit(run(*json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
