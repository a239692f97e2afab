"""Notebooks: their cells run in order, without what only Jupyter understands, and show what Jupyter shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.running.conftest import Run


def _notebook(*cells: str) -> str:
    found = [{"cell_type": "code", "source": text.splitlines(keepends=True), "metadata": {}} for text in cells]
    prose = {"cell_type": "markdown", "source": ["# Not code"], "metadata": {}}
    return json.dumps({"cells": [prose, *found], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_cells_share_a_namespace_and_show_their_last_value(run: Run) -> None:
    done = run(
        _notebook(
            "import torch\nx = torch.ones(2)\nx",
            "x + 1\nx * 2",
            "x;",
            "None",
            "'text'\n# a comment",
            "print(_, __name__)",
            "for k in range(2):\n    k",
            "display(x, 3)",
        ),
        name="n.ipynb",
    )
    shown = ["tensor([1., 1.])", "tensor([2., 2.])", "'text'", "text __main__", "tensor([1., 1.])", "3"]
    assert (done.stdout.splitlines(), done.returncode, done.stderr) == (shown, 0, "")


def test_magics_and_shell_lines_are_skipped_with_a_note(run: Run) -> None:
    done = run(
        _notebook(
            "%matplotlib inline\n!pip install torch\nimport torch\nfiles = !ls\nprint(1)",
            "%%time\nprint(2)",
            "%%bash\nls",
            "%%capture out\n%load_ext autoreload\nprint(3)",
            "if True:\n    !mkdir data\n    %cd data\nprint(4,\n  10\n  % 7)",
            "torch.ones?",
            "%time print(5)",
            "!wget \\\n  file\nprint(6)",
            "s = '''\n!not a command\n'''\nprint(s)",
            "get_ipython().run_line_magic('matplotlib', 'inline')",
        ),
        name="n.ipynb",
    )
    assert done.stdout.splitlines() == ["1", "2", "3", "4 3", "5", "6", "", "!not a command", ""], done.stderr
    notes = done.stderr.splitlines()
    assert notes[0] == "tinygrad_edu run: skipped in n.ipynb cell 1, line 1: %matplotlib inline"
    assert "tinygrad_edu run: skipped in n.ipynb cell 7, line 1: %time" in notes  # and not what it times
    assert len(notes) == 13 and all(n.startswith("tinygrad_edu run: skipped") for n in notes)


def test_a_traceback_names_the_cell_and_its_line(run: Run) -> None:
    done = run(_notebook("def f(x):\n    return x.nope", "\nf(1)", "print('never')"), name="n.ipynb")
    assert (done.returncode, done.stdout) == (1, "")
    assert 'File "n.ipynb cell 2", line 2, in <module>' in done.stderr
    assert 'File "n.ipynb cell 1", line 2, in f\n    return x.nope' in done.stderr


def test_a_cell_that_is_no_python_fails_when_its_turn_comes(run: Run) -> None:
    done = run(_notebook("print(1)", "1 +"), name="n.ipynb")
    assert (done.returncode, done.stdout) == (1, "1\n")
    assert "SyntaxError" in done.stderr and "n.ipynb cell 2" in done.stderr


def test_what_is_no_notebook_is_refused(run: Run) -> None:
    for text in ("", "{}", '{"cells": 3}', '{"worksheets": []}'):
        done = run(text, name="n.ipynb")
        assert done.returncode == 2 and "n.ipynb is not a Jupyter notebook" in done.stderr


def test_its_directory_is_where_it_works(run: Run, tmp_path: Path) -> None:
    done = run(_notebook("import os\nos.getcwd()", "'__file__' in globals()"), name="n.ipynb")
    assert done.stdout.splitlines() == [repr(str(tmp_path.resolve())), "False"]


def test_what_notebooks_import_of_ipython_is_there(run: Run) -> None:
    done = run(
        _notebook(
            "from IPython.display import HTML, Image, clear_output\nfrom IPython import get_ipython\nimport IPython",
            "from matplotlib_inline import backend_inline\nbackend_inline.set_matplotlib_formats('svg')",
            "clear_output(wait=True)\npicture = HTML('<b>x</b>')\nIPython.display.display(3)\npicture.data",
        ),
        name="n.ipynb",
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if "\x1b" not in line] == ["3", "'<b>x</b>'"]


def test_pictures_and_progress_bars_need_no_jupyter(run: Run) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("tqdm")
    done = run(
        _notebook(
            "%matplotlib inline\nimport matplotlib.pyplot as plt\nfrom IPython import display\nimport torch",
            "from tqdm.notebook import tqdm, trange\nfrom tqdm.auto import tqdm as either",
            "plt.figure()\nplt.plot(torch.arange(3))\nplt.show()\ndisplay.clear_output(wait=True)",
            "[k for k in tqdm(range(2))] + [k for k in trange(2)] + [k for k in either([3])]",
        ),
        name="n.ipynb",
    )
    assert (done.returncode, done.stdout) == (0, "[0, 1, 0, 1, 3]\n"), done.stderr


def test_files_that_cells_write_are_written(run: Run, tmp_path: Path) -> None:
    done = run(
        _notebook(
            "%%writefile part.py\nimport torch\n\ndef f(x):\n    return x + 1\n",
            "%%writefile -a part.py\nTWO = 2",
            "import part, torch\npart.f(torch.ones(1)), part.TWO",
        ),
        name="n.ipynb",
    )
    assert done.stdout.splitlines() == ["Writing part.py", "Appending to part.py", "(tensor([2.]), 2)"], done.stderr
    assert done.stderr == "" and (tmp_path / "part.py").read_text().endswith("TWO = 2\n")
