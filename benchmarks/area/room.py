"""Drives of a small robot through a room, tracked by cameras: the data set of Solin et al., T-RO 34(4), 2018.

`N-time.csv` (s), `N-loc.csv` (x, y in m) and `N-mag.csv` (µT, in the room's axes) for each run N. The set has no
odometry: it is derived from the tracked positions, with an error of scale, noise in every displacement, a yaw that
drifts, and an unknown yaw at the start.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import about_vertical
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.track import Track

SCALE, NOISE, DRIFT_RAD = 0.02, 0.05, 0.002  # deviations: of scale, of each displacement, of yaw after a second
START_NS = 10**18


def read_run(folder: Path, number: int, seed: int) -> Track:
    """One run with odometry, whose errors follow from a seed.

    Raises:
        TrackError: a file is missing or not a table of numbers.
    """
    time_s, position_m, field_ut = (_table(folder / f"{number}-{part}.csv") for part in ("time", "loc", "mag"))
    time_s = time_s.ravel()
    rng = np.random.default_rng([seed, number])
    moved = np.diff(position_m[:, 0] + 1j * position_m[:, 1], prepend=complex(*position_m[0]))
    noise = rng.normal(size=(2, len(moved)))
    moved = moved * (1.0 + SCALE * rng.normal()) + np.abs(moved) * NOISE * (noise[0] + 1j * noise[1])
    drift = DRIFT_RAD * np.sqrt(np.diff(time_s, prepend=time_s[0])) * rng.normal(size=len(moved))
    yaw_rad = rng.uniform(-np.pi, np.pi) + np.cumsum(drift)
    moved = moved * np.exp(1j * yaw_rad)
    count = len(time_s)
    return Track(
        source=f"run {number}",
        stamp_ns=START_NS + np.round(time_s * NS_PER_S).astype(np.int64),
        field_ut=field_ut,
        position_m=position_m,
        floor=np.zeros(count, np.int64),
        valid=np.ones(count, np.bool_),
        paused=np.zeros(count, np.bool_),
        moved_m=np.column_stack([moved.real, moved.imag]),
        attitude_xyzw=np.array([about_vertical(yaw) for yaw in yaw_rad]),
        odometry="wheels",
    )


def _table(path: Path) -> FloatArray:
    try:
        return np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, ValueError) as error:
        raise TrackError(
            path, wanted="a table of numbers", found=str(error), fix="name the folder of the data set"
        ) from None
