"""Markdown, as far as a reference needs it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence


def page(title: str, about: str, sections: Iterable[str]) -> str:
    """A whole page."""
    head = f"# {title}\n\n<!-- Written by `make reference` from the code: change it there. -->\n\n{about}"
    return "\n\n".join([head, *sections]) + "\n"


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; nothing where it would have no rows."""
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *lines]) if lines else ""


def code(text: object) -> str:
    """As it is typed; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def value(default: object) -> str:
    """A default as JSON has it, which is also how `--set` and YAML take it; nothing for one that is empty."""
    if default is None or default == "" or default == ():
        return ""
    return code(json.dumps(list(default) if isinstance(default, tuple) else default, ensure_ascii=False))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
