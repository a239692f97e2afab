"""A table larger than memory gives the weights that it was made with, on this machine and on a cluster."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("matplotlib").use("Agg")
distributed = pytest.importorskip("distributed")

from demos import big  # noqa: E402
from demos.pictures import Pictures  # noqa: E402


def test_a_tenth_of_it_is_learned_in_less_than_a_gigabyte(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "demos", "big", "--gigabytes", "0.3", "--out", str(tmp_path), "--no-show"],
        env={**os.environ, "MPLBACKEND": "Agg"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "0.30 GB in 15 blocks" in done.stdout
    distance, error = map(
        float, re.search(r"true one: ([\d.]+) \(their standard error is ([\d.]+)\)", done.stdout).groups()
    )
    assert distance < 4 * error < 0.01
    assert float(re.search(r"Peak memory of this process: ([\d.]+) GB", done.stdout).group(1)) < 1


def test_a_cluster_of_two_processes_takes_the_same_steps(tmp_path, capsys):
    here = big.run(Pictures(tmp_path), gigabytes=0.04)
    any_port = {"dashboard_address": "127.0.0.1:0"}  # other tests may have a cluster of theirs at the same time
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=any_port
    ) as cluster:
        there = big.run(Pictures(tmp_path), gigabytes=0.04, scheduler=cluster.scheduler_address)
    assert "2 workers" in capsys.readouterr().out
    np.testing.assert_allclose(there["path"], here["path"], rtol=0, atol=1e-9)
    assert np.abs(here["path"][-1] - here["truth"]).max() < 4 * here["error"]
