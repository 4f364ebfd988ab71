"""A small simulated building that several tests share: its field is worked out once for each height."""

from functools import cache

from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.simulation_config import BuildingConfig

SMALL = BuildingConfig(floors=2, aisles=2, length_m=14.0, spacing_m=6.0, crossings=3)


@cache
def small_building(seed: int = 0) -> Building:
    """Two floors of 14 by 6 metres."""
    return make_building(seed, SMALL)
