"""What the lessons advise to change next, made as a learner would: in the text of the lesson."""

from __future__ import annotations

import inspect
import re
from types import ModuleType


def edited(lesson, *changes):
    """A copy of a lesson's module with some of its text changed. Each change is (old, new), and old is there once."""
    text = inspect.getsource(lesson)
    for old, new in changes:
        assert text.count(old) == 1, f"{lesson.__name__} has {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    copy = ModuleType(lesson.__name__)
    copy.__file__ = lesson.__file__
    exec(compile(text, lesson.__file__, "exec"), copy.__dict__)
    return copy


def shown(lesson):
    """The pieces of code in a lesson's notes."""
    return re.findall(r"`([^`]+)`", lesson.NOTES)
