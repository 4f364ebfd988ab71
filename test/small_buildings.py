"""Small simulated buildings that several tests share: their field is worked out once for each height."""

from functools import cache

from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.simulation_config import BuildingConfig

SMALL = BuildingConfig(floors=2, aisles=2, length_m=14.0, spacing_m=6.0, crossings=3)
SMALL_HALL = BuildingConfig(
    aisles=2, length_m=6.0, spacing_m=5.0, crossings=2, hall_length_m=11.0, hall_width_m=9.0, hall_machines=2.0
)


@cache
def small_building(seed: int = 0) -> Building:
    """Two floors of 14 by 6 metres."""
    return make_building(seed, SMALL)


@cache
def small_hall() -> Building:
    """A hall of 11 by 9 metres beside four short corridors."""
    return make_building(0, SMALL_HALL)
