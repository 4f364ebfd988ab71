"""Importers of surveys of other software: one walk becomes one bag.

An importer reads a file or a folder into an `ImportedWalk`; `IMPORTERS` lists all of them. Archives are unpacked
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.importers.androsensor import read_androsensor
from mail_ros.data.importers.archive import Unpacked, unpacked
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.importers.magpie import read_magpie
from mail_ros.data.importers.marks import Labelling, LandmarkFile, label
from mail_ros.data.importers.matlab_mobile import read_matlab_mobile
from mail_ros.data.importers.microsoft import read_trace
from mail_ros.data.importers.phyphox import read_phyphox
from mail_ros.data.importers.plain_csv import read_plain_csv
from mail_ros.data.importers.sensor_logger import read_sensor_logger
from mail_ros.data.importers.sensorlog import read_sensorlog
from mail_ros.data.importers.uji import UJI_ORIGIN, read_uji
from mail_ros.data.importers.ulog import read_ulog
from mail_ros.data.importers.walk_files import Importer
from mail_ros.data.origin import Origin
from mail_ros.data.remark import Remark
from mail_ros.data.site_file import SiteFile, site_notes
from mail_ros.data.walk_writer import odometry_messages, write_walk

IMPORTERS: dict[str, Importer] = {
    "ipin": Importer(read_ipin_log, files=("*.txt",), origin=IPIN_2023_ORIGIN),
    "uji": Importer(read_uji, files=("*.txt",), origin=UJI_ORIGIN),
    "magpie": Importer(read_magpie, folders=("*.csv",)),
    "microsoft": Importer(read_trace, files=("*.txt",)),
    "csv": Importer(read_plain_csv, files=("*.csv",), may_have_degrees=True),
    "ulog": Importer(read_ulog, files=("*.ulg", "*.ulog")),
    "sensor-logger": Importer(read_sensor_logger, folders=("Magnetometer.csv", "MagnetometerUncalibrated.csv")),
    "phyphox": Importer(read_phyphox, files=("*.csv",), folders=("meta/*.csv", "Magnet*.csv", "Raw Data.csv")),
    "sensorlog": Importer(read_sensorlog, files=("*.csv", "*.txt")),
    "androsensor": Importer(read_androsensor, files=("*.csv",)),
    "matlab": Importer(read_matlab_mobile, files=("*.mat",), folders=("*Mag*.csv",)),
}


class ImportedBag(NamedTuple):
    """A bag with one walk."""

    path: Path
    remarks: tuple[Remark, ...]  # what the log lacks


def import_walks(
    kind: str,
    source: Path,
    out: Path,
    site: SiteFile | None = None,
    landmarks: LandmarkFile | None = None,
    route: str = "",
) -> Iterator[ImportedBag | BagError]:
    """Write each walk of a source as the bag OUT/NAME, and yield it, or the reason why there is none.

    Args:
        kind: a key of `IMPORTERS`.
        source: a file, a folder, or an archive of them (see `archive.py`).
        out: folder of the bags.
        site: site of the walks: provides its name, map frame and origin, and landmarks and routes for marks.
        landmarks: landmarks or marks of the walks.
        route: name of the planned route of the marks.

    Raises:
        ConfigError: unknown kind or route.
    """
    if route and site is None:
        raise ConfigError("--route", wanted="a site file with the route", found="none", fix="name it with --site-file")
    planned = None if site is None else site.route(route)
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
                walk = _read(importer, path, files, site)
                marks = walk.marks if landmarks is None else landmarks.marks(walk)
                labels = label(path, walk, marks, site, planned)
                notes = {"source": files.shown(path).name, "importer": kind, **walk.notes, **labels.notes}
                yield _write(walk, labels, notes, out, site)
            except BagError as error:
                yield files.rename(error)


def _read(importer: Importer, path: Path, files: Unpacked, site: SiteFile | None) -> ImportedWalk:
    origin = importer.origin if site is None or site.origin is None else Origin(*site.origin)
    has_degrees = importer.origin is not None or importer.may_have_degrees
    walk = importer.read(path, origin) if has_degrees else importer.read(path)
    if has_degrees and origin is not None:
        walk = replace(walk, notes={**walk.notes, "origin": f"{origin.latitude_deg},{origin.longitude_deg}"})
    walk = finished(replace(walk, remarks=(*files.remarks(path), *walk.remarks)), path)
    return replace(walk, remarks=tuple(each._replace(found=files.renamed(each.found)) for each in walk.remarks))


def _write(
    walk: ImportedWalk, labels: Labelling, notes: dict[str, str], out: Path, site: SiteFile | None
) -> ImportedBag:
    """Write one walk as a bag."""
    bag, frame = out / walk.name, SiteFile.map_frame
    remarks = walk.remarks + labels.remarks
    if remarks:
        notes = {**notes, "remarks": "; ".join(remark.found for remark in remarks)}
    if site is not None:
        notes, frame = {**notes, **site_notes(site)}, site.map_frame
    before = [*labels.events, *(odometry_messages(walk.odometry) if walk.odometry else ())]
    write_walk(
        bag, walk.stamp_ns, walk.field_ut, labels.landmarks, imu=walk.imu, before=before, map_frame=frame, custom=notes
    )
    return ImportedBag(bag, remarks)
