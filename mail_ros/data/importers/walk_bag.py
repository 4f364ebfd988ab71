"""From an imported walk to its bag: attitude, places of the app's own marks, and remarks about both."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.core.signal.field_units import UNITS_PER_UT, field_fault, likely_unit, magnitude
from mail_ros.data.importers.attitude import ESTIMATED
from mail_ros.data.importers.attitude import NOTE as ATTITUDE_NOTE
from mail_ros.data.importers.attitude import inertial_series
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.origin import Origin
from mail_ros.data.remark import Remark
from mail_ros.data.route import NOTE, Route, read_geojson, route_to_note
from mail_ros.data.site_file import GEOJSON, SiteFile
from mail_ros.data.walk_writer import mark_messages, odometry_messages, write_walk

logger = logging.getLogger(__name__)


def planned_route(written: str, site: SiteFile | None) -> Route:
    """A route by its name in the site file, or from a GeoJSON file.

    Raises:
        ConfigError: neither, or the file is not a route.
    """
    if site is not None and written in site.routes:
        return site.routes[written]
    if (path := Path(written)).suffix in GEOJSON:
        return read_geojson(path, path.stem, None if site is None or site.origin is None else Origin(*site.origin))
    names = ", ".join(site.routes) if site is not None else ""
    raise ConfigError(
        "--route",
        wanted=f"a GeoJSON file, or a route of the site file{f': {names}' if names else ''}",
        found=written,
        fix="correct it, or name the site file with --site-file",
    )


def write_imported(
    walk: ImportedWalk, bag: Path, notes: Mapping[str, str], map_frame: str, source: object, route: Route | None = None
) -> None:
    """Write a walk as a bag, and log what is left out or assumed.

    Args:
        walk: the walk.
        bag: path of the bag.
        notes: for the bag's metadata.
        map_frame: frame of floor 0.
        source: the file, for messages.
        route: planned route of the walk's marks.

    Raises:
        BagError: the bag exists, the field has another unit, the route has fewer landmarks than the walk has marks, or
            a package for an attitude is missing.
    """
    imu, remarks = (walk.imu, ()) if walk.imu is not None else inertial_series(walk.inertial, source)
    added = {ATTITUDE_NOTE: ESTIMATED} if any(remark.name == ATTITUDE_NOTE for remark in remarks) else {}
    messages = [] if walk.odometry is None else list(odometry_messages(walk.odometry))
    if walk.marks:
        messages += mark_messages([mark.stamp_ns for mark in walk.marks])
        remarks = (*remarks, *_mark_remarks(walk, route, source))
        added |= {} if route is None else {"route": route.name, NOTE: route_to_note(route)}
    for remark in (*walk.remarks, *_unit_remarks(walk, source), *remarks):
        logger.warning("%s: %s", source, remark)
    custom = {**notes, **added}
    write_walk(
        bag, walk.stamp_ns, walk.field_ut, walk.landmarks, imu=imu, before=messages, map_frame=map_frame, custom=custom
    )


def _unit_remarks(walk: ImportedWalk, source: object) -> tuple[Remark, ...]:
    """A remark about a field that no building has.

    Raises:
        BagError: the field is in another unit than µT.
    """
    field = magnitude(np.linalg.norm(walk.field_ut, axis=1))
    if (fault := field_fault(field)) is None:
        return ()
    unit = likely_unit(field.median_ut, UNITS_PER_UT)
    if unit and unit != "milligauss" and not field.is_normalised:  # a phone without calibration reads as much in µT
        raise BagError(
            source,
            wanted="a field of a building in µT",
            found=f"{field.median_ut:.3g} in the median, as in {unit}",
            fix="write plain CSV, whose columns name their unit (`mail_ros import csv`)",
        )
    return (Remark("units", fault.found, fault.cause),)


def _mark_remarks(walk: ImportedWalk, route: Route | None, source: object) -> Sequence[Remark]:
    count = len(walk.marks)
    if route is None:
        found = f"{count} marks without positions"
        return [Remark("marks", found, "name the route that was walked with --route")]
    landmarks = len(route.landmarks)
    if count > landmarks:
        raise BagError(
            source,
            wanted=f"at most {landmarks} marks, as route {route.name} has landmarks",
            found=f"{count}",
            fix="delete the wrong marks from the log, or name the route that was walked",
        )
    if walk.landmarks:
        return [Remark("marks", f"{count} marks beside {len(walk.landmarks)} landmarks", "the landmarks are used")]
    if count < landmarks:
        return [Remark("marks", f"{count} marks for {landmarks} landmarks of route {route.name}", "the rest has none")]
    return []
