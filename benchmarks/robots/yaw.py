"""Recorded walks whose device is rotated relative to the survey, by a random angle per session.

    reading --> attitude --> gravity axes --> rotated about the vertical --> attitude back --> reading

Such a device reads what the recorded one would have read at the same tilt, but mounted at another yaw.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.robots.followed import Followed, follow_all
from benchmarks.robots.world import BEFORE, STRIDE_S
from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import about_vertical, inverse, product, rotate, unit
from mail_ros.core.signal.axes import AxesKind
from mail_ros.data.bag import read_track
from mail_ros.data.track import Track
from mail_ros.evaluation.identity import identities
from mail_ros.evaluation.methods import Fit, fit_our_matching
from mail_ros.evaluation.protocol import Split
from mail_ros.training.run_config import RunConfig

CONFIGS: Mapping[AxesKind, RunConfig] = {"device": BEFORE, "gravity": dataclasses.replace(BEFORE, axes="gravity")}
AS_WALKED = -1  # no draw: the sessions as they are


@dataclass(frozen=True)
class Session:
    """The evaluated walks of one floor, under one draw of angles."""

    floor: int
    axes: AxesKind
    draw: int
    train: tuple[Path, ...]
    test: tuple[Path, ...]

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.axes}_{'as_walked' if self.draw == AS_WALKED else f'rotated_{self.draw}'}"

    def inputs(self) -> dict[str, Any]:
        """All inputs of its estimates."""
        return {
            "config": dataclasses.asdict(CONFIGS[self.axes]),
            "draw": self.draw,
            "train": identities(self.train),
            "test": identities(self.test),
        }

    def followed(self) -> Followed:
        """Fit a model to the floor, and follow its walks."""
        fit = Fit([read_track(bag) for bag in self.train], CONFIGS[self.axes], STRIDE_S, Path())
        angles_rad = np.random.default_rng([self.floor % 1000, self.draw + 1]).uniform(
            -math.pi, math.pi, len(self.test)
        )
        if self.draw == AS_WALKED:
            angles_rad[:] = 0.0
        tracks = (
            rotated_track(read_track(bag), angle) for bag, angle in zip(self.test, angles_rad.tolist(), strict=True)
        )
        return follow_all(fit_our_matching(fit).localizer("odometry", STRIDE_S), tracks)


def sessions(parts: Split | None, draws: int) -> list[Session]:
    """Every floor by both models, as it was walked and under each draw of angles; none without walks."""
    floors = {} if parts is None else parts.by_floor()
    return [
        Session(floor, axes, draw, tuple(w.bag for w in part.train), tuple(w.bag for w in part.test))
        for floor, part in floors.items()
        for axes in CONFIGS
        for draw in (AS_WALKED, *range(draws))
    ]


def rotated_track(track: Track, angle_rad: float) -> Track:
    """The walk as if the field had been rotated about the vertical; readings without an attitude become NaN.

    Raises:
        TrackError: the walk has no attitudes.
    """
    if track.attitude_xyzw is None:
        raise TrackError(
            track.source,
            wanted="an attitude for every reading",
            found="none",
            fix="record /imu/data or /odom",
        )
    field_ut = np.full_like(track.field_ut, math.nan)
    rotation = about_vertical(angle_rad)
    for row, (reading_ut, xyzw) in enumerate(zip(track.field_ut, track.attitude_xyzw, strict=True)):
        attitude = unit(xyzw)
        if attitude is not None:
            field_ut[row] = rotate(product(inverse(attitude), product(rotation, attitude)), reading_ut)
    return dataclasses.replace(track, field_ut=field_ut)
