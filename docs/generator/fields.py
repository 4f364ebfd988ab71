"""What a dataclass says of its fields: type, default, choices, range, and the comment that stands behind."""

from __future__ import annotations

import dataclasses
import inspect
import io
import sys
import tokenize
import types
import typing
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from mail_ros.core import config


@dataclass(frozen=True)
class Field:
    """One field of a dataclass."""

    name: str
    kind: str
    default: object
    allowed: str  # choices or a range; empty: any of its type
    comment: str


def fields(kind: Any, **given: object) -> list[Field]:
    """Those of a dataclass, with what its bases declare first; `given` is what one cannot be made without."""
    hints, ranges = typing.get_type_hints(kind), _ranges(kind, given)
    comments = {name: text for base in reversed(kind.__mro__) for name, text in _comments(base)}
    return [
        Field(
            field.name,
            type_name(hints[field.name]),
            _default(field),
            choices(hints[field.name]) or ranges.get(field.name, ""),
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
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(type_name(one) for one in typing.get_args(hint) if one is not type(None))
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


def _has_default(field: Any) -> bool:
    return not field.default is field.default_factory is dataclasses.MISSING


def _default(field: Any) -> object:
    if field.default is not dataclasses.MISSING:
        return field.default
    made = field.default_factory() if field.default_factory is not dataclasses.MISSING else None
    return None if dataclasses.is_dataclass(made) else made


def _ranges(kind: Any, given: Mapping[str, object]) -> dict[str, str]:
    """What the defaults are held against when one is made: `check_range` is listened to."""
    found: dict[str, str] = {}

    def listen(name: str, _: float, low: float, high: float) -> None:
        found[name.split()[-1].rpartition(".")[2]] = f"{low:g} to {high:g}"

    listened_to = config.check_range
    with ExitStack() as stack:
        for name, module in list(sys.modules.items()):
            if name.startswith("mail_ros.") and vars(module).get("check_range") is listened_to:
                stack.enter_context(patch.object(module, "check_range", listen))
        if all(field.name in given or _has_default(field) for field in dataclasses.fields(kind)):
            kind(**given)
    return found


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
