"""``python -m demos``: runs the lessons, all or those that are named, and writes a page of what they did."""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
import time
from pathlib import Path
from typing import Any

from demos.pictures import Pictures

LESSONS = ["line", "plane", "overfitting", "diabetes", "optimizers", "logistic", "softmax", "xor", "digits", "writing",
           "big"]  # fmt: skip
PAGES: list[str] = ["gallery"]  # no lessons: run only if named


def parser() -> argparse.ArgumentParser:
    out = argparse.ArgumentParser("python -m demos", description="Train the lessons and draw what happened.")
    out.add_argument("lessons", nargs="*", metavar="LESSON", help=f"of {', '.join(LESSONS + PAGES)} (default: all)")
    out.add_argument("--list", action="store_true", help="say what the lessons are, and run none")
    out.add_argument("--out", default="pictures", metavar="FOLDER", help="where pictures go (default: ./pictures)")
    out.add_argument("--no-show", action="store_true", help="open no windows, even where there is a display")
    table = out.add_argument_group("diabetes, with a table of your own")
    table.add_argument("--csv", metavar="FILE", help="a table of numbers with a line of names above it")
    table.add_argument("--target", metavar="COLUMN", help="the column to predict from the others")
    table.add_argument(
        "--without", metavar="COLUMN", action="append", default=[], help="leave this column out (may be repeated)"
    )
    softmax = out.add_argument_group("softmax, on Fashion-MNIST")
    softmax.add_argument("--data", metavar="FOLDER", help="the folder with the data set's files")
    big = out.add_argument_group("big, on a table larger than memory")
    big.add_argument(
        "--gigabytes", type=float, metavar="G", help="the size of the table (default: 3, or 0.3 among all)"
    )
    big.add_argument("--scheduler", metavar="ADDRESS", help="of a Dask cluster (default: the cores of this machine)")
    return out


def arguments_of(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """What a lesson is given besides the pictures."""
    if name == "diabetes" and options.csv:
        return {"csv": options.csv, "target": options.target, "without": options.without}
    if name == "softmax" and options.data:
        return {"data": options.data}
    if name == "big":
        size = options.gigabytes or (3.0 if "big" in options.lessons else 0.3)
        return {"gigabytes": size, "scheduler": options.scheduler}
    return {}


def title_of(name: str) -> str:
    """The first line of a lesson's text, without importing what the lesson needs."""
    text = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or name).splitlines()[0]


def main(arguments: list[str] | None = None) -> None:
    parse = parser()
    options = parse.parse_args(arguments)
    unknown = [name for name in options.lessons if name not in LESSONS + PAGES]
    if unknown:
        parse.error(f"there is no lesson {unknown[0]!r}; the lessons are {', '.join(LESSONS + PAGES)}")
    if options.list:
        for name in LESSONS + PAGES:
            print(f"{name:12} {title_of(name)}")
        return
    if bool(options.csv) != bool(options.target):
        parse.error("--csv FILE and --target COLUMN belong together: the file, and which of its columns to predict")
    if options.csv and options.lessons and "diabetes" not in options.lessons:
        parse.error("--csv FILE is a table for the lesson diabetes, which is not among those that are named")
    if options.without and not options.csv:
        parse.error("--without COLUMN leaves out a column of --csv FILE, which is not given")
    if options.gigabytes is not None and not options.gigabytes > 0:
        parse.error("--gigabytes G is the size of a table, a number above 0")
    names = options.lessons or (["diabetes"] if options.csv else LESSONS)
    pictures = Pictures(options.out, show=not options.no_show)
    for name in names:
        lesson: Any = importlib.import_module(f"demos.{name}")
        title = lesson.__doc__.splitlines()[0]
        print(f"\n{title}\n{'=' * len(title)}")
        start = time.perf_counter()
        with pictures.report.lesson(name, lesson.__doc__):
            lesson.run(pictures, **arguments_of(name, options))
        print(f"({time.perf_counter() - start:.1f} s)")
    page = pictures.report.write(pictures.folder / "report.html")
    print(f"\nThe pictures are in {pictures.folder.resolve()}\nand all in one page: {page.resolve()}")
    pictures.show()


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:  # a table that cannot be used, for instance: the message says it all
        sys.exit(f"error: {error}")
