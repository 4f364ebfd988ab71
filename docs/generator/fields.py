"""The fields of a dataclass: type, default, choices or range, and the comment behind each."""

from __future__ import annotations

import dataclasses
import inspect
import io
import tokenize
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mail_ros.core.config import Range, field_hints, union_of


@dataclass(frozen=True)
class Field:
    """One field of a dataclass."""

    name: str
    kind: str
    default: object
    allowed: str  # choices or a range; empty: any of its type
    comment: str


def fields(kind: Any) -> list[Field]:
    """Fields of a dataclass; those of its bases come first."""
    hints, allowed = typing.get_type_hints(kind), field_hints(kind)
    comments = {name: text for base in reversed(kind.__mro__) for name, text in _comments(base)}
    return [
        Field(
            field.name,
            type_name(hints[field.name]),
            _default(field),
            choices(hints[field.name]) or _range(allowed[field.name]),
            field.metadata.get("description", "") or comments.get(field.name, ""),
        )
        for field in dataclasses.fields(kind)
    ]


def type_name(hint: Any) -> str:
    """A type as users call it: `number` for a float, `choice` for words to choose from."""
    if typing.get_origin(hint) is typing.Literal:
        return "choice"
    if typing.get_origin(hint) in (tuple, list):
        return f"list of {type_name(typing.get_args(hint)[0])}"
    if kinds := union_of(hint):
        return " or ".join(type_name(one) for one in kinds if one is not type(None))
    names = {
        "float": "number",
        "int": "whole number",
        "str": "text",
        "bool": "true or false",
        "object": "text or number",
        "dict": "table",
    }
    return names.get(getattr(hint, "__name__", ""), getattr(hint, "__name__", str(hint)).lower())


def choices(hint: Any) -> str:
    """Words to choose from, where a type has some."""
    if typing.get_origin(hint) is not typing.Literal:
        return ""
    return ", ".join(f"`{word}`" for word in typing.get_args(hint))


def _range(hint: Any) -> str:
    """The range that an annotation gives, to a number or to the items of a list."""
    found = [part for part in (hint, *typing.get_args(hint)) if typing.get_origin(part) is typing.Annotated]
    return next((str(note) for part in found for note in part.__metadata__ if isinstance(note, Range)), "")


def _default(field: Any) -> object:
    if field.default is not dataclasses.MISSING:
        return field.default
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else None
    return None if dataclasses.is_dataclass(made) else made


def _comments(kind: type) -> Iterator[tuple[str, str]]:
    """Names of the fields that a class declares itself, and the comments behind them."""
    if not dataclasses.is_dataclass(kind):
        return
    declared, name = set(vars(kind).get("__annotations__", ())), ""
    for token in tokenize.generate_tokens(io.StringIO(inspect.getsource(kind)).readline):
        if token.type == tokenize.NAME and token.start[1] == 4 and token.string in declared:
            name = token.string
        elif token.type == tokenize.NEWLINE or token.string.startswith("def "):
            name = ""
        elif token.type == tokenize.COMMENT and name and not token.string.startswith("# noqa"):
            yield name, token.string.removeprefix("# ")
