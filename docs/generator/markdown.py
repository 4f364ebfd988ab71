"""Markdown elements of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence


def page(title: str, about: str, sections: Iterable[str]) -> str:
    """A whole page."""
    head = f"# {title}\n\n<!-- Written by `make reference` from the code: change it there. -->\n\n{about}"
    return "\n\n".join([head, *sections]) + "\n"


def section(title: str, *parts: str) -> str:
    """A heading and its content."""
    return "\n\n".join([f"## {title}", *(part for part in parts if part)])


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty without rows."""
    lines = ["| " + " | ".join(_cell(cell) for cell in row) + " |" for row in rows]
    return "\n".join([f"| {' | '.join(heads)} |", "|" + "---|" * len(heads), *lines]) if lines else ""


def code(text: object) -> str:
    """Inline code; empty for an empty text."""
    return f"`{text}`" if str(text) else ""


def value(default: object) -> str:
    """A default as JSON, as `--set` and YAML accept it; empty for an empty value."""
    if default is None or default == "" or default == ():
        return ""
    return code(json.dumps(list(default) if isinstance(default, tuple) else default, ensure_ascii=False))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
