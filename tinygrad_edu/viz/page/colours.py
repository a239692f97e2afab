"""The palette of all pictures as CSS: one class for each kind of node, and what each colour is on dark paper."""

from __future__ import annotations

from collections.abc import Callable

from tinygrad_edu.viz.palette import CLUSTER, DARK, LOOKS

__all__ = ["theme"]


def theme() -> str:
    """Variables for each kind of node and cluster, in light and dark.

    >>> ".k-leaf{" in theme()
    True
    """
    dark = _rules(lambda colour: DARK.get(colour, colour))
    return _rules(lambda colour: colour) + "@media screen and (prefers-color-scheme: dark){" + dark + "}"


def _rules(on_paper: Callable[[str], str]) -> str:
    rules = [
        f".k-{kind.replace(' ', '-')}{{--fill:{on_paper(look.fill)};--line:{on_paper(look.line)};"
        f"--ink:{on_paper(look.text)};--faint:{on_paper(look.faint)};--width:{look.width}}}"
        for kind, look in LOOKS.items()
    ]
    rules += [f".c-{kind}{{--fill:{on_paper(fill)};--line:{on_paper(line)}}}" for kind, (fill, line) in CLUSTER.items()]
    return "".join(rules)
