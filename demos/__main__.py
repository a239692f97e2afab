"""``python -m demos``: runs the lessons, all or those that are named."""

from __future__ import annotations

import argparse
import sys

from demos import diabetes, line, plane
from demos.pictures import Pictures

LESSONS = {"line": line, "plane": plane, "diabetes": diabetes}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("python -m demos", description="Train the first lessons and draw what happened.")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help=f"one of {', '.join(LESSONS)} (default: all)")
    parser.add_argument("--list", action="store_true", help="say what the lessons are, and run none")
    parser.add_argument("--out", default="pictures", metavar="FOLDER", help="where pictures go (default: ./pictures)")
    parser.add_argument("--no-show", action="store_true", help="open no windows, even where there is a display")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.lessons if name not in LESSONS]
    if unknown:
        parser.error(f"there is no lesson {unknown[0]!r}; the lessons are {', '.join(LESSONS)}")
    if options.list:
        for name, lesson in LESSONS.items():
            print(f"{name:9} {lesson.__doc__.splitlines()[0]}")
        return
    pictures = Pictures(options.out, show=not options.no_show)
    for name in options.lessons or LESSONS:
        title = LESSONS[name].__doc__.splitlines()[0]
        print(f"\n{title}\n{'=' * len(title)}")
        LESSONS[name].run(pictures)
    print(f"\nThe pictures are in {pictures.folder.resolve()}")
    pictures.show()


if __name__ == "__main__":
    sys.exit(main())
