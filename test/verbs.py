"""Every verb of the command lines, with its options and the examples of its help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import typer

from benchmarks.__main__ import app as benchmarks_app
from mail_ros.cli.main import app

PROGRAMS = {"mail_ros": app, "python -m benchmarks": benchmarks_app}
EXAMPLE = re.compile(rf"Example(?:, (?P<takes>[^:]+))?: `(?P<command>(?:{'|'.join(PROGRAMS)}) [^`]+)`")


class Example(NamedTuple):
    """A command of a verb's help."""

    command: str
    takes: str  # how long; empty: no time worth telling


def verbs() -> dict[str, Any]:
    """What typer made of each verb that is not hidden, by its words, as in `mail_ros benchmark accuracy`."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if not (inner := getattr(command, "commands", {})):
            yield " ".join(words), command
        for name, one in inner.items():
            if not one.hidden:
                yield from below(one, (*words, name))

    return dict(verb for name, of in PROGRAMS.items() for verb in below(typer.main.get_command(of), (name,)))


def verb_of(words: list[str]) -> tuple[str, list[str]]:
    """The verb that a command line names, and its arguments.

    Raises:
        StopIteration: no such verb.
    """
    name = next(name for name in verbs() if words[: len(name.split())] == name.split())
    return name, words[len(name.split()) :]


def examples(verb: Any) -> list[Example]:
    """Those in the help of a verb, each on one line."""
    found = EXAMPLE.finditer(str(verb.help))
    return [Example(" ".join(match["command"].split()), match["takes"] or "") for match in found]
