"""What every importer makes of a file, and the frame it makes it in."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mail_ros.core.errors import BagError
from mail_ros.data.track import FloatArray, ImuSeries, IntArray, Landmark

M_PER_DEGREE_LATITUDE = 111_200.0
M_PER_DEGREE_LONGITUDE = 111_320.0  # at the equator
FARTHEST_M = 20_000.0
END_OF_TIME_S = 2**31  # the seconds of a ROS stamp have 32 bits


@dataclass(frozen=True)
class ImportedWalk:
    """One recorded walk, before it is a bag."""

    name: str
    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    landmarks: tuple[Landmark, ...]
    imu: ImuSeries | None = None
    notes: dict[str, str] = field(default_factory=dict)  # device, source; kept in the bag's metadata


@dataclass(frozen=True)
class Origin:
    """Where x = y = 0 lies: x east, y north, on a plane that touches the Earth there."""

    latitude_deg: float
    longitude_deg: float

    def to_local(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Metres east and north of the origin.

        Raises:
            BagError: so far away that the origin must be another site's.
        """
        x_m = (longitude_deg - self.longitude_deg) * M_PER_DEGREE_LONGITUDE * math.cos(math.radians(self.latitude_deg))
        y_m = (latitude_deg - self.latitude_deg) * M_PER_DEGREE_LATITUDE
        if math.hypot(x_m, y_m) > FARTHEST_M:
            raise BagError(
                f"landmark at {latitude_deg:.6f}, {longitude_deg:.6f}",
                wanted=f"one within {FARTHEST_M / 1000:.0f} km of the origin {self.latitude_deg}, {self.longitude_deg}",
                found=f"{math.hypot(x_m, y_m) / 1000:.0f} km",
                fix="write this site's into its file, as origin: [LATITUDE, LONGITUDE], and import with --site-file",
            )
        return x_m, y_m
