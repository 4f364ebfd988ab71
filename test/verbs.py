"""Every verb of the command line, with its options and the examples of its help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from mail_ros.cli.main import app

EXAMPLE = re.compile(r"Example(?:, (?P<takes>[^:]+))?: `(?P<command>mail_ros [^`]+)`")


class Example(NamedTuple):
    """A command of a verb's help."""

    command: str
    takes: str  # how long; empty: no time worth telling


def verbs() -> dict[str, Any]:
    """What typer made of each verb, by its words, as in `benchmark speed`."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if not (inner := getattr(command, "commands", {})):
            yield " ".join(words), command
        for name, one in inner.items():
            yield from below(one, (*words, name))

    return dict(below(typer.main.get_command(app), ()))


def examples(verb: Any) -> list[Example]:
    """Those in the help of a verb, each on one line."""
    found = EXAMPLE.finditer(str(verb.help))
    return [Example(" ".join(match["command"].split()), match["takes"] or "") for match in found]
