"""A table of numbers from a CSV file, and what is wrong with one that cannot be learned from."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "-", "."}  # ways to write that a value is not there


@dataclass
class Table:
    """Features (N, d) with the names of their columns, and the target (N,) that is to be predicted from them."""

    source: str
    names: list[str]
    features: Any
    target_name: str
    target: Any


def read_table(path: str | os.PathLike[str], target: str, without: Sequence[str] = ()) -> Table:
    """The table in a CSV file: a line of names, then lines of numbers, separated by commas, semicolons or tabs.

    `target` is the column to predict, and from all others it is predicted, except for those in `without`.

    Raises ValueError, with file, line, column and what to do, for all that is not a table of numbers.
    """
    names, rows = _cells(path)
    for name in (target, *without):
        if name not in names:
            raise ValueError(f"{path} has no column {name!r}; its columns are {', '.join(names)}")
    if target in without:
        raise ValueError(f"the column {target!r} cannot be both predicted and left out: remove --without {target}")
    kept = [k for k, name in enumerate(names) if name not in without]
    if len(kept) < 2:
        raise ValueError(f"{path}: besides {target!r} there is no column left to predict it from")
    _refuse_text(path, names, rows, kept)
    values: Any = np.array([[_number(path, line, names[k], row[k]) for k in kept] for line, row in rows])
    values = values.reshape(len(rows), len(kept))  # also where there are no rows
    used = [names[k] for k in kept]
    at = used.index(target)
    return Table(str(path), used[:at] + used[at + 1 :], np.delete(values, at, axis=1), target, values[:, at])


def _cells(path: Any) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The names, and each row with the number of its line in the file; empty lines are left out."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count))
            lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}: --csv takes the path of a table, from {Path.cwd()}") from None
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8 ({error}): save the table as CSV, encoded in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except csv.Error as error:
        raise ValueError(f"{path} is not a CSV file: {error}") from None
    if not lines:
        raise ValueError(f"{path} is empty: it must have a line of names, and lines of numbers below it")
    (first_line, names), *rows = lines
    if all(_is_number(name) for name in names):
        raise ValueError(f"{path}, line {first_line}: these are numbers; the first line must name the columns: x1,x2,y")
    for k, name in enumerate(names):
        if names.index(name) < k:
            raise ValueError(f"{path}, line {first_line}: two columns are called {name!r}; rename one of them")
    for line, row in rows:
        if len(row) != len(names):
            raise ValueError(
                f"{path}, line {line}: {len(row)} values, but there are {len(names)} columns. A text with a "
                f"comma in it must stand in quotes, and a value that is missing still needs its comma."
            )
    return names, rows


def _refuse_text(path: Any, names: list[str], rows: list[tuple[int, list[str]]], kept: list[int]) -> None:
    """Columns without a single number are answered all at once."""
    text = []
    for k in kept:
        written = [(line, row[k]) for line, row in rows if row[k].lower() not in MISSING]
        if written and not any(_is_number(cell) for _, cell in written):
            text.append((names[k], *written[0]))
    if text:
        found = "; ".join(f"column {name!r} holds text ({cell!r} in line {line})" for name, line, cell in text)
        options = " ".join(f"--without {_quoted(name)}" for name, _, _ in text)
        raise ValueError(
            f"{path}: {found}. Only numbers can be scaled and multiplied: leave it out ({options}), or give each "
            f"of its values a column of its own with 0 and 1 in it."
        )


def _number(path: Any, line: int, name: str, cell: str) -> float:
    """A cell as a number."""
    where = f"{path}, line {line}, column {name!r}"
    if cell.lower() in MISSING:
        raise ValueError(
            f"{where}: the value is missing ({cell!r}). Remove the row, write a number there (the column's median, "
            f"say), or leave the column out: --without {_quoted(name)}"
        )
    if not _is_number(cell):
        raise ValueError(f"{where}: {cell!r} is not a number. Numbers are written like -1234.5 and 6e-3.")
    value = float(cell)
    if not abs(value) < 1e100:
        raise ValueError(
            f"{where}: {cell} is infinite, or too large for its square, which the loss needs. Remove the row."
        )
    return value


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _quoted(name: str) -> str:
    return name if name.replace("_", "a").isalnum() else f'"{name}"'


def check(table: Table, train: Any) -> None:
    """Whether there are enough rows to learn from, and something to learn in each column of the training part.

    Raises ValueError that says which column, and what to do.
    """
    rows, columns = table.features.shape
    if len(train) < columns + 2:
        raise ValueError(
            f"{table.source} has {rows} row{'s' * (rows != 1)} of numbers, of which {len(train)} would be learned "
            f"from: too few for {columns} weights and a bias, which could fit any target. At least {columns + 2} must "
            f"be learned from: add rows, or leave out columns (--without COLUMN)."
        )
    for name, column in zip(table.names, table.features[train].T, strict=True):
        if np.ptp(column) == 0:
            raise ValueError(
                f"{table.source}: column {name!r} is {column[0]:g} in every row that is learned from. What is always "
                f"the same tells nothing, and cannot be scaled: leave it out: --without {_quoted(name)}"
            )
    if np.ptp(table.target[train]) == 0:
        raise ValueError(
            f"{table.source}: the target {table.target_name!r} is {table.target[train][0]:g} in every row that is "
            f"learned from, so there is nothing to predict: choose another --target"
        )
