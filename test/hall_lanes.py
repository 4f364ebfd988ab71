"""A survey of the small hall by lanes, each a walk of its own, as tracks and as bags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from small_halls import SIZE_M, Hall, drive

from mail_ros.core.signal.attitude import heading_rad
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import ODOMETRY_TOPIC
from mail_ros.data.messages import ODOMETRY_TYPE, Message, encode_odometry
from mail_ros.data.track import Landmark, Track
from mail_ros.data.walk_writer import write_walk

LENGTH_M = 4.0  # eight seconds: no window of matching fits


def lane(hall: Hall, y_m: float, seed: int, *, back: bool = False, length_m: float = LENGTH_M) -> Track:
    """One lane towards +x, or back, in the middle of the hall."""
    ends = np.array([-0.5, 0.5]) * length_m + SIZE_M[0] / 2.0
    corners_m = np.column_stack([ends[::-1] if back else ends, [y_m, y_m]])
    return drive(hall, corners_m, seed, name=f"lane_{seed:02d}")


def lanes(hall: Hall, y_m: FloatArray, length_m: float = LENGTH_M) -> list[Track]:
    """Lanes in alternating directions."""
    rows = enumerate(y_m.tolist())
    return [lane(hall, each_m, number, back=number % 2 == 1, length_m=length_m) for number, each_m in rows]


def write_lane(folder: Path, track: Track, *, odometry: bool = True) -> Path:
    """A bag with wheel odometry, and a landmark at both ends of the lane; its path."""
    assert track.moved_m is not None and track.attitude_xyzw is not None
    poses = zip(track.stamp_ns.tolist(), np.cumsum(track.moved_m, axis=0), track.attitude_xyzw, strict=True)
    messages = [
        Message(
            ODOMETRY_TOPIC,
            ODOMETRY_TYPE,
            stamp_ns,
            encode_odometry(stamp_ns, np.append(at_m, heading_rad(attitude)), 0.0, 0.0, "odom", "base_link"),
        )
        for stamp_ns, at_m, attitude in poses
    ]
    marks = [Landmark(int(track.stamp_ns[at]), tuple(track.position_m[at].tolist()), 0) for at in (0, -1)]
    folder.mkdir(parents=True, exist_ok=True)
    write_walk(folder / track.source, track.stamp_ns, track.field_ut, marks, before=messages if odometry else ())
    return folder / track.source
