"""What all imported walks have in common before they become bags: an attitude, and a field in µT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.field_units import UNITS_PER_UT, field_fault, likely_unit, magnitude
from mail_ros.core.types import NS_PER_S
from mail_ros.data.importers.estimated_attitude import ATTITUDE, ESTIMATED, inertial_series
from mail_ros.data.importers.imported_walk import MAX_TIME_S, ImportedWalk
from mail_ros.data.remark import Remark


def finished(walk: ImportedWalk, source: object) -> ImportedWalk:
    """A walk with its inertial readings, and with remarks and notes about these and the field.

    Args:
        walk: as an importer has read it.
        source: the file, for errors.

    Raises:
        BagError: a stamp is no time of ROS, the field has another unit, or a package for an attitude is missing.
    """
    _check_stamps(walk, source)
    remarks = (*walk.remarks, *_unit_remarks(walk, source))
    if walk.imu is not None or walk.inertial is None:
        return replace(walk, remarks=remarks)
    imu, more = inertial_series(walk.inertial, source)
    estimated = {ATTITUDE: ESTIMATED} if any(remark.name == ATTITUDE for remark in more) else {}
    return replace(walk, imu=imu, remarks=(*remarks, *more), notes={**walk.notes, **estimated})


def _check_stamps(walk: ImportedWalk, source: object) -> None:
    marks = [*(each.stamp_ns for each in walk.landmarks), *(each.stamp_ns for each in walk.marks)]
    stamps = [walk.stamp_ns, np.array(marks, np.int64)]
    stamps += [series.stamp_ns for series in (walk.imu, walk.odometry, *(walk.inertial or ())) if series is not None]
    every_s = np.concatenate(stamps) / NS_PER_S
    if every_s.min() < 0 or every_s.max() >= MAX_TIME_S:
        raise BagError(
            source,
            wanted=f"times of 0 to {MAX_TIME_S} s",
            found=f"{every_s.min():g} to {every_s.max():g} s",
            fix="correct the times, or leave the file out",
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
