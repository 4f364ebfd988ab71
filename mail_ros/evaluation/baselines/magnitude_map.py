"""The map of the particle filters: |B| along the surveyed paths, and the directions of the survey there."""

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

RATE_HZ = 10.0  # the survey is resampled to it
POSITION_M, HEADING_RAD, SCALE = 0.3, 0.2, 0.08  # deviations of new particles about a surveyed position and direction


@dataclass(frozen=True)
class MagnitudeMap:
    """A raster of |B|, NaN away from the survey, and the surveyed positions with their directions."""

    origin_m: FloatArray  # (2,) centre of pixel 0, 0
    pixel_m: float
    mean_ut: FloatArray  # (w, h)
    deviation_ut: FloatArray  # (w, h) of the survey samples about the mean
    position_m: FloatArray  # (s, 2) surveyed positions
    direction_rad: FloatArray  # (s,) direction of the survey there
    floor: int

    def at(self, position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and deviation (...,) at positions (..., 2), NaN off the map."""
        pixel = np.round((position_m - self.origin_m) / self.pixel_m).astype(np.int64)
        inside = ((pixel >= 0) & (pixel < self.mean_ut.shape)).all(axis=-1)
        x, y = np.where(inside, pixel[..., 0], 0), np.where(inside, pixel[..., 1], 0)
        return np.where(inside, self.mean_ut[x, y], np.nan), np.where(inside, self.deviation_ut[x, y], np.nan)

    def scatter(self, n: int, bearing_rad: float, offset_ut: float, rng: np.random.Generator) -> Cloud:
        """Particles at surveyed positions, each in the direction of the survey there.

        Args:
            n: particles.
            bearing_rad: direction of travel in odometry's frame.
            offset_ut: deviation of the offset between two devices.
            rng: the only source of chance.
        """
        pick = rng.integers(len(self.position_m), size=n)
        return Cloud(
            self.position_m[pick] + rng.normal(0.0, POSITION_M, (n, 2)),
            self.direction_rad[pick] - bearing_rad + rng.normal(0.0, HEADING_RAD, n),
            np.exp(rng.normal(0.0, SCALE, n)),
            rng.normal(0.0, offset_ut, n),
            np.full(n, 1.0 / n),
        )


def magnitude_map(tracks: Sequence[Track], pixel_m: float, reach_m: float) -> MagnitudeMap:
    """The map of training walks: each pixel is the Gaussian-weighted mean of the samples around it.

    Args:
        tracks: walks of one floor; their labelled, moving samples count.
        pixel_m: side of a pixel.
        reach_m: deviation of the weights; the map ends two and a half deviations from the survey.

    Raises:
        TrackError: no labelled, moving sample, or several floors.
    """
    names = ", ".join(track.source for track in tracks)
    walks = [resample(track, TimeSampling(rate_hz=RATE_HZ)).labelled_span() for track in tracks]
    moving = np.concatenate([walk.valid & ~walk.paused for walk in walks])
    if not moving.any():
        raise TrackError(names, wanted="labelled walks", found="no labelled, moving sample", fix="add landmarks")
    floors = np.unique(np.concatenate([walk.floor for walk in walks])[moving])
    if len(floors) > 1:
        raise TrackError(names, wanted="walks on one floor", found=f"floors {floors.tolist()}", fix="fit one by one")
    position_m = np.concatenate([walk.position_m for walk in walks])[moving]
    norm_ut = np.linalg.norm(np.concatenate([walk.field_ut for walk in walks])[moving], axis=1)
    direction_rad = np.concatenate([_direction_rad(walk.position_m) for walk in walks])[moving]
    origin_m, mean_ut, deviation_ut = _raster(position_m, norm_ut, pixel_m, reach_m)
    return MagnitudeMap(origin_m, pixel_m, mean_ut, deviation_ut, position_m, direction_rad, int(floors[0]))


def _direction_rad(position_m: FloatArray) -> FloatArray:
    """(n,) direction of a walk (n, 2) at each sample; 0 where its neighbours are unknown."""
    if len(position_m) < 2:
        return np.zeros(len(position_m))
    step_m = np.nan_to_num(np.gradient(position_m, axis=0))
    direction: FloatArray = np.arctan2(step_m[:, 1], step_m[:, 0])
    return direction


def _raster(
    position_m: FloatArray, value: FloatArray, pixel_m: float, reach_m: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Origin (2,), weighted mean and deviation (w, h) of values (s,) at positions (s, 2)."""
    span = int(np.ceil(2.5 * reach_m / pixel_m))
    corner = np.floor(position_m.min(axis=0) / pixel_m).astype(np.int64) - span
    shape = np.ceil(position_m.max(axis=0) / pixel_m).astype(np.int64) + span + 1 - corner
    nearest = np.round(position_m / pixel_m).astype(np.int64)
    total, first, second = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for dx in range(-span, span + 1):
        for dy in range(-span, span + 1):
            pixel = nearest + np.array([dx, dy])
            squared = np.square(pixel * pixel_m - position_m).sum(axis=1)
            weight = np.where(squared <= (2.5 * reach_m) ** 2, np.exp(-squared / (2 * reach_m**2)), 0.0)
            at = tuple((pixel - corner).T)
            np.add.at(total, at, weight)
            np.add.at(first, at, weight * value)
            np.add.at(second, at, weight * value**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(total > 0.0, first / total, np.nan)
        deviation = np.sqrt(np.maximum(second / total - mean**2, 0.0))
    return corner * pixel_m, mean, deviation
