"""Semivariance of the field by distance travelled, for simulated and recorded walks.

    Track --> straight stretches, 5 cm apart --> half the mean squared difference at each distance, all axes, µT²

Only pairs on one straight stretch count, where the heading is constant: readings need no rotation to the map, and the
device offset cancels. Ends of stretches, where the device still rotates, are left out.

Source: the estimator is Matheron's (1963).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.drive import survey
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

APART_M = 0.05
DISTANCES_M = np.array([0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0])
END_M = 0.7  # both ends of a stretch, left out
BEND_RAD = 0.15  # change of direction between two samples that ends a stretch
FAR_M = 3.0  # distance at which the semivariance equals the variance
# Fraction of the variance reported of a wheeled robot indoors: from and to (m), minimum and maximum.
MEASURED = ((0.1, 0.2, 0.08, 0.08), (0.3, 0.5, 0.35, 0.40), (1.0, 1.0, 1.0, 1.0))


def semivariance_ut2(tracks: Sequence[Track], distances_m: FloatArray = DISTANCES_M) -> FloatArray:
    """(d,) semivariance of all tracks' stretches together, NaN where none is long enough."""
    squares, pairs = np.zeros(len(distances_m)), np.zeros(len(distances_m))
    lags = np.round(distances_m / APART_M).astype(np.int64)
    for field_ut in (stretch for track in tracks for stretch in stretches(track)):
        for number, lag in enumerate(lags.tolist()):
            if lag < len(field_ut):
                squares[number] += np.square(field_ut[lag:] - field_ut[:-lag]).sum()
                pairs[number] += len(field_ut) - lag
    found: FloatArray = np.divide(squares, 2.0 * pairs, out=np.full(len(lags), np.nan), where=pairs > 0)
    return found


def variance_fractions(semivariance: FloatArray, distances_m: FloatArray = DISTANCES_M) -> FloatArray:
    """(d,) semivariance as a fraction of the variance, which is the semivariance far away."""
    found: FloatArray = semivariance / np.nanmean(semivariance[distances_m >= FAR_M])
    return found


def simulated(buildings: Sequence[Building], config: DriveConfig, walks: int) -> list[FloatArray]:
    """The semivariance (d,) in each building, of surveys by one robot or person."""
    return [
        semivariance_ut2([walk.track("walk") for walk in survey(building, walks, 0, config)]) for building in buildings
    ]


def stretches(track: Track) -> Iterator[FloatArray]:
    """The field (n, 3) along each straight stretch of a walk, `APART_M` apart."""
    step_m = np.diff(track.position_m, axis=0)
    length_m = np.linalg.norm(step_m, axis=1)
    walking = track.valid[1:] & track.valid[:-1] & ~track.paused[1:] & (length_m > 0.0)
    walking &= np.isfinite(track.field_ut[1:]).all(axis=1)
    heading_rad = np.arctan2(step_m[:, 1], step_m[:, 0])
    bend_rad = np.abs((np.diff(heading_rad) + np.pi) % (2 * np.pi) - np.pi)
    breaks = 1 + np.flatnonzero(~walking[1:] | ~walking[:-1] | ~(bend_rad < BEND_RAD))
    for part in np.split(np.arange(len(step_m)), breaks):
        travelled_m = np.cumsum(length_m[part])
        if walking[part].all() and travelled_m[-1] > 2 * END_M + APART_M:
            at_m = np.arange(END_M, travelled_m[-1] - END_M, APART_M)
            yield np.column_stack([np.interp(at_m, travelled_m, axis) for axis in track.field_ut[part + 1].T])
