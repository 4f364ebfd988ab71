"""The last line of a command on the way from a building to a model: which one comes next, ready to be run."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection
from os.path import commonprefix
from pathlib import Path

from mail_ros.cli.console import console

SETTINGS = ("--set", "sampling.rate_hz=10", "--set", "kind=matching")  # best on every real walk, and quickest


def say_next(*commands: str) -> None:
    """Print the command to run next; of several, whichever fits."""
    for word, command in zip(("next", *["  or"] * len(commands)), commands, strict=False):
        console.print(f"{word}: {command}", markup=False)


def words(*parts: object) -> str:
    """A command line, each part quoted where a shell needs it."""
    return " ".join(shlex.quote(str(part)) for part in parts)


def told(topic: str, truth: str, robot: Path | None) -> tuple[str, ...]:
    """The options that say how some bags are read, where it is not the usual way."""
    options = {"--topic": topic if topic != "/imu/mag" else "", "--truth": truth, "--robot": str(robot or "")}
    return tuple(word for name, value in options.items() if value for word in (name, value))


def gathered(paths: Collection[Path]) -> str:
    """Bags as a shell is given them: as a pattern, or one for each ending of their names, else one by one."""
    if one := pattern(paths):
        return one
    endings: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        endings[path.name.rpartition("_")[2]].append(path)
    patterns = [pattern(alike) for alike in endings.values()]
    return " ".join(patterns) if all(patterns) else words(*paths)


def pattern(paths: Collection[Path]) -> str:
    """FOLDER/*, FOLDER/START* or FOLDER/*END that matches these paths and no others; empty where none does."""
    folders = {path.parent for path in paths}
    if len(paths) < 2 or len(folders) > 1:
        return ""
    folder, names = folders.pop(), [path.name for path in paths]
    start = commonprefix(names)  # noqa: RUF071 - of letters
    end = commonprefix([name[::-1] for name in names])[::-1]  # noqa: RUF071
    for one in ("*", f"{start}*", f"*{end}"):
        plain = one.replace("*", "", 1)
        if shlex.quote(f"{folder}/{plain}x") == f"{folder}/{plain}x" and {*folder.glob(one)} == {*paths}:
            return f"{folder}/{one}"
    return ""
