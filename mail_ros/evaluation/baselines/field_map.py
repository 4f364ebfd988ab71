"""The map that the particle filters read: |B| where a survey went, and which ways it went there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import resample
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.particles import Cloud

RATE_HZ = 10.0  # of the survey samples that make the map
PLACE_M, TURN_RAD, SCALE = 0.3, 0.2, 0.08  # deviations of new particles about a surveyed place and its direction


@dataclass(frozen=True)
class FieldMap:
    """A raster of |B|, NaN where no survey went near, and the surveyed places with their directions."""

    origin_m: FloatArray  # (2,) centre of pixel 0, 0
    pixel_m: float
    mean_ut: FloatArray  # (w, h)
    deviation_ut: FloatArray  # (w, h) of the survey samples about the mean
    place_m: FloatArray  # (s, 2) surveyed places
    direction_rad: FloatArray  # (s,) which way the survey went there
    floor: int

    def at(self, position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and deviation (...,) at places (..., 2), NaN off the map."""
        pixel = np.round((position_m - self.origin_m) / self.pixel_m).astype(np.int64)
        x, y = pixel[..., 0], pixel[..., 1]
        inside = (x >= 0) & (y >= 0) & (x < self.mean_ut.shape[0]) & (y < self.mean_ut.shape[1])
        x, y = np.where(inside, x, 0), np.where(inside, y, 0)
        return np.where(inside, self.mean_ut[x, y], np.nan), np.where(inside, self.deviation_ut[x, y], np.nan)

    def scatter(self, n: int, bearing_rad: float, offset_ut: float, rng: np.random.Generator) -> Cloud:
        """Particles on surveyed places that go one of the ways the survey went.

        Args:
            n: particles.
            bearing_rad: which way odometry says one goes now, in its own frame.
            offset_ut: deviation of what another device may read more.
            rng: the only source of chance.
        """
        pick = rng.integers(len(self.place_m), size=n)
        return Cloud(
            self.place_m[pick] + rng.normal(0.0, PLACE_M, (n, 2)),
            self.direction_rad[pick] - bearing_rad + rng.normal(0.0, TURN_RAD, n),
            np.exp(rng.normal(0.0, SCALE, n)),
            rng.normal(0.0, offset_ut, n),
            np.full(n, 1.0 / n),
        )


def field_map(tracks: Sequence[Track], pixel_m: float, reach_m: float) -> FieldMap:
    """The map of training walks: each pixel the Gaussian-weighted mean of the samples around it.

    Args:
        tracks: walks of one floor; their labelled, moving samples count.
        pixel_m: side of a pixel.
        reach_m: deviation of the weights; beyond two and a half of it no survey was near.

    Raises:
        TrackError: no labelled, moving sample, or several floors.
    """
    names = ", ".join(track.source for track in tracks)
    walks = [resample(track, TimeSampling(rate_hz=RATE_HZ)).labelled_span() for track in tracks]
    usable = [walk.valid & ~walk.paused for walk in walks]
    if not any(moving.any() for moving in usable):
        raise TrackError(names, wanted="labelled walks", found="no labelled, moving sample", fix="add landmarks")
    floors = np.unique(np.concatenate([walk.floor[moving] for walk, moving in zip(walks, usable, strict=True)]))
    if len(floors) > 1:
        raise TrackError(names, wanted="walks on one floor", found=f"floors {floors.tolist()}", fix="fit one by one")
    place_m = np.concatenate([walk.position_m[moving] for walk, moving in zip(walks, usable, strict=True)])
    norm_ut = np.linalg.norm(
        np.concatenate([walk.field_ut[moving] for walk, moving in zip(walks, usable, strict=True)]), axis=1
    )
    direction = [_direction_rad(walk.position_m)[moving] for walk, moving in zip(walks, usable, strict=True)]
    origin_m, mean_ut, deviation_ut = _raster(place_m, norm_ut, pixel_m, reach_m)
    return FieldMap(origin_m, pixel_m, mean_ut, deviation_ut, place_m, np.concatenate(direction), int(floors[0]))


def _direction_rad(position_m: FloatArray) -> FloatArray:
    """(n,) which way a walk (n, 2) goes at each sample; 0 where its neighbours are unknown."""
    if len(position_m) < 2:
        return np.zeros(len(position_m))
    step_m = np.nan_to_num(np.gradient(position_m, axis=0))
    direction: FloatArray = np.arctan2(step_m[:, 1], step_m[:, 0])
    return direction


def _raster(
    place_m: FloatArray, value: FloatArray, pixel_m: float, reach_m: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Origin (2,), weighted mean and deviation (w, h) of values (s,) at places (s, 2)."""
    span = int(np.ceil(2.5 * reach_m / pixel_m))
    corner = np.floor(place_m.min(axis=0) / pixel_m).astype(np.int64) - span
    shape = np.ceil(place_m.max(axis=0) / pixel_m).astype(np.int64) + span + 1 - corner
    nearest = np.round(place_m / pixel_m).astype(np.int64)
    total, first, second = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for dx in range(-span, span + 1):
        for dy in range(-span, span + 1):
            pixel = nearest + np.array([dx, dy])
            squared = np.square(pixel * pixel_m - place_m).sum(axis=1)
            weight = np.where(squared <= (2.5 * reach_m) ** 2, np.exp(-squared / (2 * reach_m**2)), 0.0)
            at = tuple((pixel - corner).T)
            np.add.at(total, at, weight)
            np.add.at(first, at, weight * value)
            np.add.at(second, at, weight * value**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0.0, first / total, np.nan)
        deviation = np.sqrt(np.maximum(second / total - mean**2, 0.0))
    return corner * pixel_m, mean, deviation
