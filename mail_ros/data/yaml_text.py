"""YAML that people write: read whole, and what is wrong with it said in one line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mail_ros.core.errors import ConfigError

SHORT = 60  # letters of a value in a message


def read_text(path: Path, wanted: str) -> str:
    """The text of a file.

    Raises:
        ConfigError: nothing there, or no text; `wanted` says what should be there.
    """
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        found = "other bytes" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise ConfigError(path, wanted=wanted, found=found, fix="correct the path") from None


def parse(text: str, source: object, wanted: str) -> Any:
    """What JSON or YAML says; JSON is a part of YAML but for tabs.

    Raises:
        ConfigError: neither.
    """
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return YAML(typ="safe").load(text)
    except (YAMLError, ValueError) as error:  # a ValueError of a date that is none
        found = " ".join(str(error).partition("\n\n")[0].split())
        raise ConfigError(source, wanted=wanted, found=found, fix="correct the file") from None


def plain(text: str) -> str:
    """A text as the value of a key in YAML, in quotes only where it would be something else without."""
    try:
        same = YAML(typ="safe").load(f"key: {text}    # a comment") == {"key": text}
    except (YAMLError, ValueError):
        same = False
    return text if same else json.dumps(text, ensure_ascii=False)


def is_number(value: object) -> bool:
    """A finite number, and neither yes nor no."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def are_numbers(value: object, count: int) -> bool:
    """A list of so many numbers."""
    return isinstance(value, list) and len(value) == count and all(map(is_number, value))


def is_whole(value: object) -> bool:
    """A whole number, and neither yes nor no."""
    return isinstance(value, int) and not isinstance(value, bool)


def short(value: object) -> str:
    """A value for a message."""
    text = repr(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."
