"""The settings of walks that are drawn from a map of the field."""

from __future__ import annotations

from dataclasses import dataclass

from mail_ros.core.config import check_range
from mail_ros.core.errors import ConfigError


@dataclass(frozen=True)
class FieldMapConfig:
    """How many walks, and where they go; what they help, and what not, is in docs/field_map.md."""

    walks: int = 0  # on each floor, in addition to the survey's own; 0: training sees the survey alone
    length_m: float = 100.0  # of each, before its corners are rounded
    beside_m: float = 0.2  # standard deviation of how far beside the surveyed way each walk goes, all along
    wander_m: float = 0.1  # standard deviation of its wandering there
    speed_m_s: tuple[float, float] = (0.5, 1.2)  # slowest and fastest; each walk has its own
    doubt: float = 0.0  # how much of the map's uncertainty goes into each walk, as a share; 0: the likeliest field
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("walks", 0, 10_000),
            ("length_m", 1.0, 100_000.0),
            ("beside_m", 0.0, 0.3),
            ("wander_m", 0.0, 0.3),
            ("doubt", 0.0, 3.0),
            ("seed", 0, 2**31),
        ):
            check_range(f"field_map.{name}", getattr(self, name), low, high)
        if len(self.speed_m_s) != 2 or not 0.05 <= self.speed_m_s[0] <= self.speed_m_s[1] <= 10.0:
            raise ConfigError(
                "field_map.speed_m_s",
                wanted="slowest and fastest, 0.05 to 10",
                found=str(list(self.speed_m_s)),
                fix="correct it",
            )
