"""Names and hashes of walks: names for people, hashes for results."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mail_ros.data.bag import Bag


def walk_names(paths: Sequence[Path]) -> list[str]:
    """Names of folders or files, with as many parent folders as make them different.

    >>> walk_names([Path("monday/walk"), Path("tuesday/walk")])
    ['monday/walk', 'tuesday/walk']
    """
    whole = [path.resolve() for path in paths]
    parts = [(*path.parts[1:-1], path.stem if path.is_file() else path.name) for path in whole]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len(set(names)) == len(set(whole)):
            return names
    return [str(path) for path in whole]


def identities(bags: Sequence[Path]) -> list[dict[str, str]]:
    """Name, hash and device of bags, as rows keep them; the device is empty where the bag names none."""
    return [{**_identity(bag, changed_ns(bag)), "bag": name} for bag, name in zip(bags, walk_names(bags), strict=True)]


def changed_ns(bag: Path) -> tuple[int, ...]:
    """Modification times of a bag's files: the key of caches of its content."""
    return tuple(file.stat().st_mtime_ns for file in Bag(bag).files)


@functools.lru_cache(maxsize=4096)
def _identity(bag: Path, _changed_ns: tuple[int, ...]) -> dict[str, str]:
    """Cached, since every cell of a run needs it and hashing is slow."""
    return {**Bag(bag).identity(), "device": Bag(bag).notes().get("device", "")}


def hashed(inputs: dict[str, Any]) -> str:
    """The key of some inputs."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
