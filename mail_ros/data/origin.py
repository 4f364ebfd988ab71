"""The origin of a map on the Earth: latitudes and longitudes to metres of the map frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mail_ros.core.errors import BagError

M_PER_DEGREE_LATITUDE = 111_200.0
M_PER_DEGREE_LONGITUDE = 111_320.0  # at the equator
MAX_DISTANCE_M = 20_000.0  # from the origin


@dataclass(frozen=True)
class Origin:
    """Latitude and longitude of x = y = 0; x points east, y north, on the tangent plane of the Earth."""

    latitude_deg: float
    longitude_deg: float

    def offset_m(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Metres east and north of the origin, at any distance."""
        x_m = (longitude_deg - self.longitude_deg) * M_PER_DEGREE_LONGITUDE * math.cos(math.radians(self.latitude_deg))
        return x_m, (latitude_deg - self.latitude_deg) * M_PER_DEGREE_LATITUDE

    def to_local(self, latitude_deg: float, longitude_deg: float, source: object = "") -> tuple[float, float]:
        """Metres east and north of the origin; `source` is the file, for errors.

        Raises:
            BagError: so far away that the origin must be another site's.
        """
        offset_m = self.offset_m(latitude_deg, longitude_deg)
        if math.hypot(*offset_m) > MAX_DISTANCE_M:
            origin = f"{self.latitude_deg}, {self.longitude_deg}"
            raise BagError(
                f"{source}{': ' if source else ''}landmark at {latitude_deg:.6f}, {longitude_deg:.6f}",
                wanted=f"one within {MAX_DISTANCE_M / 1000:.0f} km of the origin {origin}",
                found=f"{math.hypot(*offset_m) / 1000:.0f} km",
                fix="write this site's into its file, as origin: [LATITUDE, LONGITUDE], and import with --site-file",
            )
        return offset_m
