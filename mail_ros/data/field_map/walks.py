"""Walks that nobody walked: drawn from the map of a survey's field, on its ways, beside their middle.

    survey --> level rows in the map's axes --> FieldMap --------------------------+
                       +----------------------> SurveyedWays --> route --> way ----+--> Track
                                                                 speed, place beside

They come out as walks of a device that never turns, with true odometry: training takes them in as any other walk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.gaussian_process.kernels import Matern

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import UPRIGHT
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray
from mail_ros.data.dataset import resample
from mail_ros.data.field_map.field_map_config import FieldMapConfig
from mail_ros.data.field_map.fit import Covariance, FieldMap, fit_field_map
from mail_ros.data.field_map.paths import SurveyedWays
from mail_ros.data.simulator.path import smooth
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

READ = DistanceSampling(per_m=10.0, max_gap_m=0.5)  # how the survey is sampled
MOST_BESIDE_M = 0.5
EVERY = 5  # step of a way at which the map is asked: the field between is straight


@dataclass(frozen=True)
class FloorMap:
    """All that walks on one floor are drawn from."""

    floor: int
    field: FieldMap
    ways: SurveyedWays

    @property
    def covariance(self) -> Covariance:
        """What was learned of its field."""
        return self.field.covariance

    def walk(self, number: int, config: FieldMapConfig) -> Track:
        """One walk; `number` and the seed alone decide it."""
        rng = np.random.default_rng([config.seed, self.floor % 2**31, number, 32])
        beside_m = float(np.clip(rng.normal(scale=config.beside_m), -MOST_BESIDE_M, MOST_BESIDE_M))
        speed_m_s = rng.uniform(*config.speed_m_s)
        drive = DriveConfig(wander_m=config.wander_m, beside_m=beside_m, speed_m_s=speed_m_s, speed_spread=0.0)
        place_m = smooth(self.ways.route(config.length_m, rng), drive, rng).place_m
        way_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(place_m, axis=0), axis=1))])
        field_ut = self._drawn_ut(place_m, way_m, config.doubt, rng)
        return _track(f"map, floor {self.floor}, walk {number}", way_m / speed_m_s, place_m, field_ut, self.floor)

    def _drawn_ut(self, place_m: FloatArray, way_m: FloatArray, doubt: float, rng: np.random.Generator) -> FloatArray:
        """(n, 3) the map's mean, and its deviation times a noise that is as long along the way as the field is."""
        asked = np.unique(np.append(np.arange(0, len(way_m), EVERY), len(way_m) - 1))
        mean_ut, deviation_ut = self.field.at(place_m[asked])
        alike = Matern(self.covariance.length_m, nu=1.5)(way_m[asked, None]) + 1e-6 * np.eye(len(asked))
        drawn_ut = mean_ut + doubt * deviation_ut * (np.linalg.cholesky(alike) @ rng.normal(size=mean_ut.shape))
        return np.column_stack([np.interp(way_m, way_m[asked], axis) for axis in drawn_ut.T])


def floor_maps(tracks: Sequence[Track], seed: int = 0) -> list[FloorMap]:
    """The map of each floor that a survey walked.

    Raises:
        TrackError: as of `resample`; no walk has a labelled sample.
    """
    walks = [resample(track, READ, "gravity") for track in tracks]
    usable = [walk.valid & ~walk.paused & np.isfinite(walk.field_ut).all(axis=1) for walk in walks]
    found = []
    for floor in np.unique(np.concatenate([walk.floor[good] for walk, good in zip(walks, usable, strict=True)])):
        here = [good & (walk.floor == floor) for walk, good in zip(walks, usable, strict=True)]
        place_m = np.concatenate([walk.position_m[good] for walk, good in zip(walks, here, strict=True)])
        field_ut = np.concatenate([walk.field_ut[good, :3] for walk, good in zip(walks, here, strict=True)])
        stretches = [each for walk, good in zip(walks, here, strict=True) for each in _stretches(walk.position_m, good)]
        found.append(FloorMap(int(floor), fit_field_map(place_m, field_ut, seed), SurveyedWays(stretches)))
    if not found:
        raise TrackError(
            ", ".join(track.source for track in tracks),
            wanted="labelled walks, to fit a map of the field to",
            found="no labelled, moving sample",
            fix="add landmarks, or leave out field_map.walks",
        )
    return found


def map_walks(maps: Sequence[FloorMap], config: FieldMapConfig) -> list[Track]:
    """`config.walks` of each floor."""
    return [each.walk(number, config) for each in maps for number in range(config.walks)]


def _stretches(position_m: FloatArray, usable: BoolArray) -> Iterator[FloatArray]:
    """Places (n, 2) that follow one another, nothing being between."""
    index = np.flatnonzero(usable)
    for part in np.split(index, 1 + np.flatnonzero(np.diff(index) > 1)):
        if len(part) > 1:
            yield position_m[part]


def _track(source: str, time_s: FloatArray, place_m: FloatArray, field_ut: FloatArray, floor: int) -> Track:
    n = len(time_s)
    return Track(
        source=source,
        stamp_ns=np.round(time_s * NS_PER_S).astype(np.int64),
        field_ut=field_ut,
        position_m=place_m,
        floor=np.full(n, floor),
        valid=np.ones(n, np.bool_),
        paused=np.zeros(n, np.bool_),
        moved_m=np.diff(place_m, axis=0, prepend=place_m[:1]),
        attitude_xyzw=np.tile(UPRIGHT, (n, 1)),
    )
