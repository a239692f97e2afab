"""``python -m tinygrad_edu COMMAND``: what the library does from the command line.

A command is a module with `SUMMARY`, `arguments(parser)` and `main(options)`, which returns the exit code.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from tinygrad_edu.running import command as run
from tinygrad_edu.viz import command as graph

COMMANDS: dict[str, Any] = {"run": run, "graph": graph}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tinygrad_edu", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        about = (module.__doc__ or "").partition("\n")[0]
        module.arguments(commands.add_parser(name, help=module.SUMMARY, description=about))
    options = parser.parse_args(arguments)
    code: int = COMMANDS[options.command].main(options)
    return code


if __name__ == "__main__":
    sys.exit(main())
