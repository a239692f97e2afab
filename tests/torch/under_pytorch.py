"""Runs programs under PyTorch, each in a copy of this process, and writes down how they end."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path


def run(program: str) -> None:
    """Run it as ``python PROGRAM`` would, in the working directory."""
    sys.argv[:] = [program]
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    for program in sys.argv[1:]:
        stem = Path(program).stem
        with open(f"{stem}.stdout", "w") as out, open(f"{stem}.stderr", "w") as err:
            if hasattr(os, "fork"):
                import sklearn.metrics  # noqa: F401 - once, not in every copy
                import torch

                w = torch.zeros(1, requires_grad=True)
                w.sum().backward()
                torch.optim.Adam([w]).step()  # imports for seconds the first time
                child = os.fork()
                if not child:
                    os.dup2(out.fileno(), 1)
                    os.dup2(err.fileno(), 2)
                    ending = 0
                    try:
                        run(program)
                    except Exception:
                        traceback.print_exc()
                        ending = 1
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(ending)  # at once: to take PyTorch down takes longer than a program
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            else:
                code = subprocess.run([sys.executable, program], stdout=out, stderr=err).returncode
        Path(f"{stem}.code").write_text(str(code))
