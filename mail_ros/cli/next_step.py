"""The next command on the path from a building to a model, printed ready to run."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Collection
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING

from mail_ros.cli.console import console

if TYPE_CHECKING:  # imports numpy
    from mail_ros.data.bag_topics import BagTopics


def print_next(*commands: str) -> None:
    """Print the command to run next, or alternatives."""
    for label, command in zip(("next", *["  or"] * len(commands)), commands, strict=False):
        console.print(f"{label}: {command}", markup=False)


def quoted(*parts: object) -> str:
    """A command line, with quotes where a shell needs them."""
    return " ".join(shlex.quote(str(part)) for part in parts)


def reading_options(topics: BagTopics, robot: Path | None) -> tuple[str, ...]:
    """Options for reading bags that differ from their defaults."""
    options = {
        "--topic": topics.field if topics.field != "/imu/mag" else "",
        "--truth": topics.truth,
        "--odom": topics.odometry,
        "--imu": topics.imu,
        "--joints": topics.joints,
        "--namespace": topics.namespace,
        "--robot": str(robot or ""),
    }
    return tuple(word for name, value in options.items() if value for word in (name, value))


def bag_arguments(paths: Collection[Path]) -> str:
    """Bags as arguments: one pattern, or one for each ending of their names, else one by one."""
    return " ".join(_patterns(paths)) or quoted(*paths)


def bag_options(name: str, paths: Collection[Path]) -> str:
    """Bags as an option that is repeated for each of the same patterns, else for each bag."""
    return " ".join(quoted(name, one) for one in _patterns(paths) or paths)


def _patterns(paths: Collection[Path]) -> list[str]:
    """See `bag_arguments`; empty where patterns match other bags too."""
    if one := bag_pattern(paths):
        return [one]
    endings: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        endings[path.name.rpartition("_")[2]].append(path)
    patterns = [bag_pattern(alike) for alike in endings.values()]
    return patterns if all(patterns) else []


def bag_pattern(paths: Collection[Path]) -> str:
    """FOLDER/*, with a start or an end of the names, that matches these paths and no others; empty if there is none."""
    folders = {path.parent for path in paths}
    if len(paths) < 2 or len(folders) > 1:
        return ""
    folder, names = folders.pop(), [path.name for path in paths]
    start = commonprefix(names)  # noqa: RUF071 - a prefix of letters
    end = commonprefix([name[::-1] for name in names])[::-1]  # noqa: RUF071
    for one in ("*", f"{start}*", f"*{end}", f"{start}*{end}"):
        plain = one.replace("*", "", 1)
        if shlex.quote(f"{folder}/{plain}x") == f"{folder}/{plain}x" and {*folder.glob(one)} == {*paths}:
            return f"{folder}/{one}"
    return ""
