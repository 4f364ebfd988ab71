"""YAML text: read with one-line errors, and written."""

from __future__ import annotations

import json
import re
import sys
import warnings
from io import StringIO
from itertools import accumulate
from pathlib import Path
from reprlib import Repr
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import ReusedAnchorWarning, YAMLError

from mail_ros.core.errors import ConfigError

MAX_DEPTH = 200  # nested lists and tables: the time of the parser grows with the square
_BRACKETS = re.compile(r"[][{}]")
SHORT = 60  # maximum length of a value in an error message
_REPR = Repr()  # bounded: YAML's aliases make 300 bytes ten billion values
_REPR.maxlevel, _REPR.maxlist, _REPR.maxdict, _REPR.maxstring, _REPR.maxlong = 4, 9, 6, SHORT + 2, SHORT


def read_text(path: Path, wanted: str) -> str:
    """The text of a file.

    Raises:
        ConfigError: the file does not exist or is not text; `wanted` describes the expected file.
    """
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        found = "other bytes" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise ConfigError(path, wanted=wanted, found=found, fix="correct the path") from None


def parse(text: str, source: object, wanted: str) -> Any:
    """Parse JSON or YAML. JSON is tried first, since YAML forbids its tabs.

    Raises:
        ConfigError: the text is neither.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if _depth(text) > MAX_DEPTH:
        raise ConfigError(source, wanted=wanted, found=f"more than {MAX_DEPTH} nested lists", fix="correct the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # YAML allows it
            return YAML(typ="safe").load(text)
    except Exception as error:  # ruamel raises exceptions of any type, as ValueError for an invalid date
        found = " ".join(str(error).partition("\n\n")[0].split()) or type(error).__name__
        raise ConfigError(source, wanted=wanted, found=found, fix="correct the file") from None


def _depth(text: str) -> int:
    """How deep brackets are nested at most; those in quotes count too."""
    steps = (1 if bracket in "[{" else -1 for bracket in _BRACKETS.findall(text))
    return max(accumulate(steps), default=0)


def dump_yaml(value: Any) -> str:
    """A value as YAML in block style."""
    yaml, text = YAML(typ="safe"), StringIO()
    yaml.default_flow_style = False
    yaml.dump(value, text)
    return text.getvalue()


def plain(text: str) -> str:
    """A text as the value of a YAML key, quoted only where YAML would read it as something else."""
    try:
        same = YAML(typ="safe").load(f"key: {text}    # a comment") == {"key": text}
    except (YAMLError, ValueError):
        same = False
    return text if same else json.dumps(text, ensure_ascii=False)


def is_number(value: object) -> bool:
    """Whether a value is a finite number that fits into a float, and not a boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def are_numbers(value: object, count: int) -> bool:
    """Whether a value is a list of `count` numbers."""
    return isinstance(value, list) and len(value) == count and all(map(is_number, value))


def is_whole(value: object) -> bool:
    """Whether a value is an integer, and not a boolean."""
    return isinstance(value, int) and not isinstance(value, bool)


def short(value: object) -> str:
    """A value, shortened for an error message."""
    text = _REPR.repr(value)
    return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."
