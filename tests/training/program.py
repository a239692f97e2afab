"""A program that sweeps on the default processes and prints what came, for test_sweep.py.

It is one of its own since pytest's process has threads, which a fork does not copy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from tests.training.test_sweep import GRID, train
from tinygrad_edu.training import sweep


def may_fail(how):
    if how == "raises":
        raise ValueError("on purpose")
    if how == "exits":
        sys.exit(3)
    if how == "dies":
        os._exit(4)
    return 1


def may_wait(number):
    """Ends at once, or never."""
    if number > 1:
        threading.Event().wait()
    return number


def main(what):
    if what == "training":
        out = sweep(train, GRID)
    elif what == "failures":
        out = sweep(may_fail, {"how": ["raises", "dies", "exits", "ends"]})
    else:  # one ends; of the others some are under way and some wait for a process
        out = sweep(may_wait, {"number": range(1, 20)}, on_result=lambda run: print("came", run.result, flush=True))
    rows = [[run.config, run.seed, run.values, run.error] for run in out]
    print(json.dumps({"interrupted": out.interrupted, "rows": rows}))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell turns off for what it runs beside
    main(sys.argv[1])
