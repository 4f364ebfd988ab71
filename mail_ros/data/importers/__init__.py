"""Other people's surveys, turned into bags: one walk becomes one bag.

An importer is a function from a file to a `Walk`; the registry below is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mail_ros.core.errors import ConfigError
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.importers.magpie import read_magpie
from mail_ros.data.importers.microsoft import read_trace
from mail_ros.data.importers.plain_csv import read_plain_csv
from mail_ros.data.importers.uji import UJI_ORIGIN, read_uji
from mail_ros.data.importers.walk import Origin, Walk
from mail_ros.data.walk_writer import write_walk


@dataclass(frozen=True)
class InDegrees:
    """Files whose places are latitudes and longitudes."""

    read: Callable[[Path, Origin], Walk]
    origin: Origin  # of the data set's own site


@dataclass(frozen=True)
class InMetres:
    """Files whose places are on a map already."""

    read: Callable[[Path], Walk]


IMPORTERS: dict[str, InDegrees | InMetres] = {
    "ipin": InDegrees(read_ipin_log, IPIN_2023_ORIGIN),
    "uji": InDegrees(read_uji, UJI_ORIGIN),
    "magpie": InMetres(read_magpie),
    "microsoft": InMetres(read_trace),
    "csv": InMetres(read_plain_csv),
}


def import_file(kind: str, source: Path, out: Path, origin: Origin | None = None) -> Path:
    """Turn one walk into the bag OUT/NAME and return its path.

    Args:
        kind: a key of `IMPORTERS`.
        source: the file.
        out: folder of the bags.
        origin: where x = y = 0 lies, instead of where the data set has it.

    Raises:
        BagError: the file is not of this kind, or the bag exists.
        ConfigError: an unknown kind, or an origin for files that are in metres.
    """
    if kind not in IMPORTERS:
        raise ConfigError("importer", wanted=" or ".join(IMPORTERS), found=kind, fix="name one of them")
    importer = IMPORTERS[kind]
    if isinstance(importer, InDegrees):
        walk = importer.read(source, origin or importer.origin)
    elif origin is None:
        walk = importer.read(source)
    else:
        raise ConfigError("--origin", wanted=f"none: places of {kind} are in metres", found="one", fix="leave it out")
    bag = out / walk.name
    write_walk(bag, walk.stamp_ns, walk.field_ut, walk.landmarks, imu=walk.imu, custom=walk.notes)
    return bag
