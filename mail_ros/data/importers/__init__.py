"""Importers of surveys of other software: one walk becomes one bag.

An importer reads a file or a folder into an `ImportedWalk`; `IMPORTERS` lists all of them. Archives are unpacked
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.importers.archive import Unpacked, unpacked
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.importers.magpie import read_magpie
from mail_ros.data.importers.microsoft import read_trace
from mail_ros.data.importers.plain_csv import read_plain_csv
from mail_ros.data.importers.uji import UJI_ORIGIN, read_uji
from mail_ros.data.importers.ulog import read_ulog
from mail_ros.data.importers.walk_files import Importer
from mail_ros.data.origin import Origin
from mail_ros.data.site_file import SiteFile, site_notes
from mail_ros.data.walk_writer import odometry_messages, write_walk

IMPORTERS: dict[str, Importer] = {
    "ipin": Importer(read_ipin_log, files=("*.txt",), origin=IPIN_2023_ORIGIN),
    "uji": Importer(read_uji, files=("*.txt",), origin=UJI_ORIGIN),
    "magpie": Importer(read_magpie, folders=("*.csv",)),
    "microsoft": Importer(read_trace, files=("*.txt",)),
    "csv": Importer(read_plain_csv, files=("*.csv",), may_have_degrees=True),
    "ulog": Importer(read_ulog, files=("*.ulg", "*.ulog")),
}


def import_walks(kind: str, source: Path, out: Path, site: SiteFile | None = None) -> Iterator[Path | BagError]:
    """Write each walk of a source as the bag OUT/NAME, and yield its path, or the reason why there is none.

    Args:
        kind: a key of `IMPORTERS`.
        source: a file, a folder, or an archive of them (see `archive.py`).
        out: folder of the bags.
        site: site of the walks: provides its name, map frame and origin.

    Raises:
        ConfigError: unknown kind.
    """
    if kind not in IMPORTERS:
        raise ConfigError("importer", wanted=" or ".join(IMPORTERS), found=kind, fix="name one of them")
    importer = IMPORTERS[kind]
    with unpacked(source) as files:
        yield from files.failed
        walks = importer.walks(files.path)
        if not walks and not files.failed:
            yield files.rename(importer.nothing_in(files.path))
        for path in walks:
            try:
                yield _write(kind, path, files, out, site)
            except BagError as error:
                yield files.rename(error)


def import_file(kind: str, source: Path, out: Path, site: SiteFile | None = None) -> Path:
    """Write the first walk of a source as a bag, and return its path; see `import_walks`.

    Raises:
        BagError: the file has another format or an unknown floor, or the bag exists.
        ConfigError: unknown kind.
    """
    found = next(import_walks(kind, source, out, site))
    if isinstance(found, BagError):
        raise found
    return found


def _write(kind: str, path: Path, files: Unpacked, out: Path, site: SiteFile | None) -> Path:
    """Write one walk as a bag."""
    importer = IMPORTERS[kind]
    origin = importer.origin
    if site is not None and site.origin is not None:
        origin = Origin(*site.origin)
    has_degrees = importer.origin is not None or importer.may_have_degrees
    walk = importer.read(path, origin) if has_degrees else importer.read(path)
    walk = finished(replace(walk, remarks=(*files.remarks(path), *walk.remarks)), path)
    bag, frame = out / walk.name, SiteFile.map_frame
    notes = {"source": files.shown(path).name, "importer": kind, **walk.notes}
    if has_degrees and origin is not None:
        notes["origin"] = f"{origin.latitude_deg},{origin.longitude_deg}"
    if site is not None:
        if mismatch := site.mismatch({}, {landmark.floor for landmark in walk.landmarks}):
            raise BagError(path, wanted=f"a walk at {site.name}", found=mismatch.found, fix=mismatch.fix)
        notes, frame = {**notes, **site_notes(site)}, site.map_frame
    before = [] if walk.odometry is None else list(odometry_messages(walk.odometry))
    write_walk(
        bag, walk.stamp_ns, walk.field_ut, walk.landmarks, imu=walk.imu, before=before, map_frame=frame, custom=notes
    )
    return bag
