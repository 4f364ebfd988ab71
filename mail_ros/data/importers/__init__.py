"""Importers of public surveys: one walk becomes one bag.

An importer is a function from a file to an `ImportedWalk`; `IMPORTERS` lists all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.importers.magpie import read_magpie
from mail_ros.data.importers.microsoft import read_trace
from mail_ros.data.importers.plain_csv import read_plain_csv
from mail_ros.data.importers.uji import UJI_ORIGIN, read_uji
from mail_ros.data.importers.walk_bag import write_imported
from mail_ros.data.origin import Origin
from mail_ros.data.route import Route
from mail_ros.data.site_file import SiteFile, site_notes

# Readers of one file, and for files with latitudes and longitudes, which a reader then gets, the data set's own origin.
IMPORTERS: dict[str, tuple[Callable[..., ImportedWalk], Origin | None]] = {
    "ipin": (read_ipin_log, IPIN_2023_ORIGIN),
    "uji": (read_uji, UJI_ORIGIN),
    "magpie": (read_magpie, None),
    "microsoft": (read_trace, None),
    "csv": (read_plain_csv, None),
}


def import_file(
    kind: str, source: Path, out: Path, site: SiteFile | None = None, route: Route | None = None
) -> Path:
    """Write one walk as the bag OUT/NAME, and return its path.

    Args:
        kind: a key of `IMPORTERS`.
        source: the file.
        out: folder of the bags.
        site: site of the walk: provides its name, map frame and origin.
        route: planned route of the walk's marks, for logs with marks without positions.

    Raises:
        BagError: the file has another format or an unknown floor, or the bag exists.
        ConfigError: unknown kind.
    """
    if kind not in IMPORTERS:
        raise ConfigError("importer", wanted=" or ".join(IMPORTERS), found=kind, fix="name one of them")
    read, origin = IMPORTERS[kind]
    if origin is not None and site is not None and site.origin is not None:
        origin = Origin(*site.origin)
    walk = read(source, origin) if origin else read(source)
    bag, frame = out / walk.name, SiteFile.map_frame
    notes = {"source": source.name, "importer": kind, **walk.notes}
    if origin is not None:
        notes["origin"] = f"{origin.latitude_deg},{origin.longitude_deg}"
    if site is not None:
        if mismatch := site.mismatch({}, {landmark.floor for landmark in walk.landmarks}):
            raise BagError(source, wanted=f"a walk at {site.name}", found=mismatch.found, fix=mismatch.fix)
        notes, frame = {**notes, **site_notes(site)}, site.map_frame
    write_imported(walk, bag, notes, frame, source, route)
    return bag
