"""The settings of walks that are drawn from a map of the field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mail_ros.core.config import Range, Settings
from mail_ros.core.errors import ConfigError


@dataclass(frozen=True)
class FieldMapConfig(Settings, prefix="field_map."):
    """How many walks, and where they go; what they help, and what not, is in docs/field_map.md."""

    walks: Annotated[int, Range(0, 10_000)] = 0  # on each floor, beside the survey's own; 0: the survey alone
    length_m: Annotated[float, Range(1.0, 100_000.0)] = 100.0  # length of each walk, before its corners are rounded
    beside_m: Annotated[float, Range(0.0, 0.3)] = 0.2  # standard deviation of a walk's lateral offset, all along
    wander_m: Annotated[float, Range(0.0, 0.3)] = 0.1  # standard deviation of its wandering there
    speed_m_s: tuple[float, float] = (0.5, 1.2)  # slowest and fastest; each walk has its own
    doubt: Annotated[float, Range(0.0, 3.0)] = 0.0  # weight of the map's uncertainty; 0: the likeliest field
    seed: Annotated[int, Range(0, 2**31)] = 0  # random seed of the walks

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.speed_m_s) != 2 or not 0.05 <= self.speed_m_s[0] <= self.speed_m_s[1] <= 10.0:
            raise ConfigError(
                "field_map.speed_m_s",
                wanted="slowest and fastest, 0.05 to 10",
                found=str(list(self.speed_m_s)),
                fix="correct it",
            )
