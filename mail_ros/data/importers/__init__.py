"""Other people's surveys, turned into bags: one file of one walk becomes one bag.

An importer is a function from a file to a `Walk`; the registry below is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mail_ros.data.bag import write_walk
from mail_ros.data.importers.ipin import read_ipin_log
from mail_ros.data.importers.walk import Origin, Walk

IMPORTERS: dict[str, Callable[[Path, Origin], Walk]] = {"ipin": read_ipin_log}


def import_file(kind: str, source: Path, out: Path, origin: Origin) -> Path:
    """Turn one file into the bag OUT/NAME and return its path.

    Raises:
        BagError: the file is not of this kind, or the bag exists.
    """
    walk = IMPORTERS[kind](source, origin)
    bag = out / walk.name
    write_walk(bag, walk.stamp_ns, walk.field_ut, walk.landmarks, imu=walk.imu, custom=walk.notes)
    return bag
