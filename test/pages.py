"""The blocks of code of a page, by their language."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A piece of a page between two fences."""

    mark: str
    text: str

    def lines(self) -> Iterator[str]:
        """Each command as it is written; lines that go on are one."""
        for line in self.text.replace("\\\n", " ").splitlines():
            if shlex.split(line, comments=True):
                yield line

    def commands(self) -> Iterator[list[str]]:
        """The words of each command."""
        for line in self.lines():
            yield shlex.split(line, comments=True)


def blocks(page: Path) -> list[Block]:
    """All blocks of a page, in order."""
    return [Block(*found) for found in BLOCK.findall(page.read_text())]
