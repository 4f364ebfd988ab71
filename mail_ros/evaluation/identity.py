"""What tells walks apart: for people their names, for results the hashes of their bags."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mail_ros.data.bag import Bag


def walk_names(paths: Sequence[Path]) -> list[str]:
    """The names of some folders or files, with as many folders before them as tell them apart.

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
    """Name, hash and device of bags, as rows keep them; the device is empty where none was noted."""
    return [{**_identity(bag, changed_ns(bag)), "bag": name} for bag, name in zip(bags, walk_names(bags), strict=True)]


def changed_ns(bag: Path) -> tuple[int, ...]:
    """When each of a bag's files was written to, for who keeps what was in them."""
    return tuple(file.stat().st_mtime_ns for file in Bag(bag).files)


@functools.lru_cache(maxsize=4096)
def _identity(bag: Path, _changed_ns: tuple[int, ...]) -> dict[str, str]:
    """Hashing is slow, and every cell of a run wants it."""
    return {**Bag(bag).identity(), "device": Bag(bag).notes().get("device", "")}


def hashed(inputs: dict[str, Any]) -> str:
    """A key."""
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
