"""Synthetic walks: drawn from the map of a survey's field, along its paths, with a lateral offset.

    survey --> gravity-aligned rows --> FieldMap ----------------------------------+
                       +--------------> SurveyedPaths --> route --> smooth path ---+--> Track
                                                                 speed, lateral offset

The result is a walk of a device that never rotates, with true odometry: training reads it as any other walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.gaussian_process.kernels import Matern

from benchmarks.field_map.fit import Covariance, FieldMap, fit_field_map
from benchmarks.field_map.paths import SurveyedPaths
from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import UPRIGHT
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray
from mail_ros.data.dataset import resample
from mail_ros.data.simulator.path import smooth_path
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

READ = DistanceSampling(per_m=10.0, max_gap_m=0.5)  # how the survey is sampled
MAX_LATERAL_M = 0.5
EVERY = 5  # steps of a path between two predictions of the map: the field between them is interpolated


@dataclass(frozen=True)
class DrawnWalksConfig:
    """How many walks are drawn on each floor, and where they go."""

    walks: int = 20
    length_m: float = 100.0  # length of each walk, before its corners are rounded
    lateral_offset_m: float = 0.2  # standard deviation of the constant offset of each walk from the surveyed path
    wander_m: float = 0.1  # standard deviation of its variation along the walk
    speed_m_s: tuple[float, float] = (0.5, 1.2)  # slowest and fastest; each walk has its own
    uncertainty: float = 0.0  # fraction of the map's uncertainty in each walk; 0: the mean field
    seed: int = 0


@dataclass(frozen=True)
class FloorMap:
    """Field and paths of one floor, from which walks are drawn."""

    floor: int
    field: FieldMap
    paths: SurveyedPaths

    @property
    def covariance(self) -> Covariance:
        """Fitted covariance of its field."""
        return self.field.covariance

    def walk(self, number: int, config: DrawnWalksConfig) -> Track:
        """One walk, determined by `number` and the seed."""
        rng = np.random.default_rng([config.seed, self.floor % 2**31, number, 32])
        offset_m = float(np.clip(rng.normal(scale=config.lateral_offset_m), -MAX_LATERAL_M, MAX_LATERAL_M))
        speed_m_s = rng.uniform(*config.speed_m_s)
        drive = DriveConfig(
            wander_m=config.wander_m, lateral_offset_m=offset_m, speed_m_s=speed_m_s, speed_variation=0.0
        )
        position_m = smooth_path(self.paths.route(config.length_m, rng), drive, rng).position_m
        travelled_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(position_m, axis=0), axis=1))])
        field_ut = self._drawn_ut(position_m, travelled_m, config.uncertainty, rng)
        return _track(
            f"map, floor {self.floor}, walk {number}", travelled_m / speed_m_s, position_m, field_ut, self.floor
        )

    def _drawn_ut(
        self, position_m: FloatArray, travelled_m: FloatArray, uncertainty: float, rng: np.random.Generator
    ) -> FloatArray:
        """(n, 3) the map's mean plus its deviation times noise with the correlation length of the field."""
        knots = np.unique(np.append(np.arange(0, len(travelled_m), EVERY), len(travelled_m) - 1))
        mean_ut, deviation_ut = self.field.at(position_m[knots])
        correlation = Matern(self.covariance.length_m, nu=1.5)(travelled_m[knots, None]) + 1e-6 * np.eye(len(knots))
        drawn_ut = mean_ut + uncertainty * deviation_ut * (
            np.linalg.cholesky(correlation) @ rng.normal(size=mean_ut.shape)
        )
        return np.column_stack([np.interp(travelled_m, travelled_m[knots], axis) for axis in drawn_ut.T])


def floor_maps(tracks: Sequence[Track], seed: int = 0) -> list[FloorMap]:
    """The map of each floor that a survey walked.

    Raises:
        TrackError: see `resample`; or no walk has a labelled sample.
    """
    walks = [resample(track, READ, "gravity") for track in tracks]
    usable = [walk.valid & ~walk.paused & np.isfinite(walk.field_ut).all(axis=1) for walk in walks]
    found = []
    for floor in np.unique(np.concatenate([walk.floor[good] for walk, good in zip(walks, usable, strict=True)])):
        here = [good & (walk.floor == floor) for walk, good in zip(walks, usable, strict=True)]
        position_m = np.concatenate([walk.position_m[good] for walk, good in zip(walks, here, strict=True)])
        field_ut = np.concatenate([walk.field_ut[good, :3] for walk, good in zip(walks, here, strict=True)])
        stretches = [each for walk, good in zip(walks, here, strict=True) for each in _stretches(walk.position_m, good)]
        found.append(FloorMap(int(floor), fit_field_map(position_m, field_ut, seed), SurveyedPaths(stretches)))
    if not found:
        raise TrackError(
            ", ".join(track.source for track in tracks),
            wanted="labelled walks, to fit a map of the field to",
            found="no labelled, moving sample",
            fix="add landmarks",
        )
    return found


def map_walks(maps: Sequence[FloorMap], config: DrawnWalksConfig) -> list[Track]:
    """`config.walks` walks of each floor."""
    return [each.walk(number, config) for each in maps for number in range(config.walks)]


def _stretches(position_m: FloatArray, usable: BoolArray) -> Iterator[FloatArray]:
    """Positions (n, 2) of each unbroken piece of a walk."""
    index = np.flatnonzero(usable)
    for part in np.split(index, 1 + np.flatnonzero(np.diff(index) > 1)):
        if len(part) > 1:
            yield position_m[part]


def _track(source: str, time_s: FloatArray, position_m: FloatArray, field_ut: FloatArray, floor: int) -> Track:
    n = len(time_s)
    return Track(
        source=source,
        stamp_ns=np.round(time_s * NS_PER_S).astype(np.int64),
        field_ut=field_ut,
        position_m=position_m,
        floor=np.full(n, floor),
        valid=np.ones(n, np.bool_),
        paused=np.zeros(n, np.bool_),
        moved_m=np.diff(position_m, axis=0, prepend=position_m[:1]),
        attitude_xyzw=np.tile(UPRIGHT, (n, 1)),
    )
