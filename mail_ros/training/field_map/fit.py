"""From a survey to the arrays of a field map.

rows --> rotation of the field against displacements --> covariance --> tiles --> mean, variance of every cell
                                                           +--> walks left out --> noise about the map
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.config import OdometrySource
from mail_ros.core.models.field_map.field_map import LAGS
from mail_ros.core.models.field_map.path_likelihood import FieldStatistics
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import Cells, Float32Array, FloatArray, IntArray
from mail_ros.training.field_map.map_cells import map_cells
from mail_ros.training.field_map.process import Covariance, Region, fit_covariance, negative_log_likelihoods, predict
from mail_ros.training.field_map.survey import SurveyRows, rotated_field

REGIONS, REGION_M = 24, 2.5  # the covariance is fitted to regions: number, radius
REGION_ROWS, REGION_STEP = 60, 3  # rows of a region, at most, out of every third
# Rotations that are tried, the usual first; the opposite field is a gradient as well. A phone's attitude is that of one
# of its edges, mostly of a short one; a robot's sensor may be rotated by any angle.
YAWS_DEG: Mapping[OdometrySource, Sequence[int]] = {"steps": (90, 0), "wheels": (0, *range(-85, 95, 5))}
DEVIATIONS = (0.1, 0.25, 0.5, 1.0)  # the field's deviation within a region is one of these fractions of the floor's
MIN_GAIN = 10.0  # log likelihood by which another rotation than the usual must be better
TILE_LENGTHS, MARGIN_LENGTHS = 1.2, 1.0  # side and margin of a tile, in correlation lengths
MAX_ROWS = 300  # most rows of one tile
CELL_UT = 2.6  # usual difference of the field between neighbouring cells
CELL_M = (0.15, 0.35)  # smallest and largest
UNCHECKED = 0.1  # noise of a map whose walks do not pass each other, in the field's variance
GAIN_BELOW = 0.15  # unexplained fraction of the field's variance below which rows count for more at a start
WELL_KNOWN = 0.05  # fraction of the field's variance below which a map knows a position
HELD_ROWS = 1000  # compared with a map of the other walks
MAX_GAP_M = 0.5  # a longer displacement without a reading restarts the rows
PATH_ROWS = int(LAGS[-1]) + 1  # rows of a path: the newest and those before it


class FittedMap(NamedTuple):
    """A field map as a model file has it."""

    config: ModelConfig
    state: State
    golden: Float32Array  # (L, 7) a path of the survey
    record: dict[str, Any]  # entries of the model card


def fit_field_map(config: ModelConfig, rows: SurveyRows, odometry: OdometrySource, seed: int = 0) -> FittedMap:
    """Fit a map.

    Args:
        config: of the model; cell size and rows of the path follow from the survey, and a map that explains too little
            of the field has no `start_gain`: its errors are alike over metres.
        rows: of the survey, see `survey_walks`.
        odometry: source of the survey's displacements.
        seed: of the choice of regions and rows.
    """
    rng = np.random.default_rng([seed, 31])
    yaw_rad = _field_yaw_rad(rows, YAWS_DEG[odometry], rng)
    rows = rows._replace(field_ut=rotated_field(rows.field_ut, yaw_rad))
    covariance = fit_covariance(_regions(rows, rng))
    covariance = covariance._replace(noise_ut=_noise_ut(rows, covariance, rng))
    cell_m = round(20.0 * float(np.clip(CELL_UT / covariance.slope_ut_m, *CELL_M))) / 20.0
    cells = map_cells(rows.position_m, rows.floor, config.field_map.reach_m, cell_m)
    mean_ut, variance_ut2 = map_at(rows, cells, covariance, rng)
    statistics = FieldStatistics(
        yaw_rad,
        covariance.length_m,
        covariance.horizontal_ut,
        covariance.vertical_ut,
        level_ut=float(np.sqrt(np.square(rows.field_ut).mean())),
        noise_ut2=covariance.noise_ut**2,
    )
    noise_m = {"wheels": config.field_map.wheels_noise_m, "steps": config.field_map.steps_noise_m}
    state = {
        # The usual slope turns errors of the field into those of positions.
        **SiteMap(cells, covariance.noise_ut / covariance.slope_ut_m, config.field_map.radius_m).arrays(),
        "mean_ut": mean_ut.astype(np.float32),
        "variance_ut2": variance_ut2.astype(np.float32),
        "position_noise_m": np.array(noise_m[odometry]),
        "statistics": np.array(dataclasses.astuple(statistics)),
    }
    sampling = DistanceSampling(per_m=1.0 / cell_m, length_m=PATH_ROWS * cell_m, max_gap_m=MAX_GAP_M)
    unexplained = float(variance_ut2.mean() / (mean_ut.var(axis=0).mean() + variance_ut2.mean()))
    fitted = config.field_map if unexplained < GAIN_BELOW else dataclasses.replace(config.field_map, start_gain=1.0)
    record = {"field": dataclasses.asdict(statistics)}
    config = dataclasses.replace(config, sampling=sampling, field_map=fitted)
    return FittedMap(config, state, _golden(rows, cell_m), record)


def map_at(
    rows: SurveyRows, cells: Cells, covariance: Covariance, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (m, 3) of the field in every cell; each tile has a process of the rows in and around it."""
    mean_ut, variance_ut2 = np.empty((2, len(cells), 3))
    side_m, margin_m = TILE_LENGTHS * covariance.length_m, MARGIN_LENGTHS * covariance.length_m
    tile = np.column_stack([cells.floor, np.floor(cells.position_m / side_m).astype(np.int64)])
    for floor, *corner in np.unique(tile, axis=0):
        inside = np.flatnonzero((tile == (floor, *corner)).all(axis=1))
        away_m = np.abs(rows.position_m - (np.array(corner) + 0.5) * side_m).max(axis=1)
        away_m = np.where(rows.floor == floor, away_m, np.inf)
        reach_m = max(0.5 * side_m + margin_m, float(away_m.min()) + margin_m)  # never empty
        near = random_subset(np.flatnonzero(away_m <= reach_m), MAX_ROWS, rng)
        region = Region(rows.position_m[near], rows.field_ut[near])
        mean_ut[inside], variance_ut2[inside] = predict(region, cells.position_m[inside], covariance)
    return mean_ut, variance_ut2


def _field_yaw_rad(rows: SurveyRows, yaws_deg: Sequence[int], rng: np.random.Generator) -> float:
    """Rotation from the field's axes to those of the labels: where the field is most nearly a gradient.

    The first of the tried ones, unless another is better by `MIN_GAIN`.
    """
    regions = _regions(rows, rng)
    covariance = fit_covariance([_rotated_region(each, yaws_deg[0]) for each in regions])
    deviation_ut = float(rows.field_ut[:, :2].std())
    deviations = [covariance._replace(horizontal_ut=fraction * deviation_ut) for fraction in DEVIATIONS]
    candidates = [
        Region(each.position_m, np.stack([_rotated_region(each, degrees).field_ut for degrees in yaws_deg]))
        for each in regions
    ]
    costs = np.min([negative_log_likelihoods(candidates, each) for each in deviations], axis=0)
    best = int(costs.argmin()) if costs.min() < costs[0] - MIN_GAIN else 0
    return float(np.radians(yaws_deg[best]))


def _rotated_region(region: Region, yaw_deg: int) -> Region:
    return Region(region.position_m, rotated_field(region.field_ut, np.radians(yaw_deg)))


def _regions(rows: SurveyRows, rng: np.random.Generator) -> list[Region]:
    rows = rows.at(slice(None, None, REGION_STEP))
    found = []
    for centre in random_subset(np.arange(len(rows.walk)), REGIONS, rng):
        away_m = np.linalg.norm(rows.position_m - rows.position_m[centre], axis=1)
        near = random_subset(
            np.flatnonzero((away_m <= REGION_M) & (rows.floor == rows.floor[centre])), REGION_ROWS, rng
        )
        found.append(Region(rows.position_m[near], rows.field_ut[near] - rows.field_ut[near].mean(axis=0)))
    return found


def _noise_ut(rows: SurveyRows, covariance: Covariance, rng: np.random.Generator) -> float:
    """Deviation of rows about a map of the other walks, beyond the map's own; errors of labels are most of it."""
    walks = np.unique(rows.walk)
    held = np.isin(rows.walk, walks[::2]) if len(walks) > 1 else np.arange(len(rows.walk)) % 2 == 0
    at = random_subset(np.flatnonzero(held), HELD_ROWS, rng)
    others = rows.at(~held)
    mean_ut, variance_ut2 = map_at(others, Cells(rows.position_m[at], rows.floor[at]), covariance, rng)
    known = variance_ut2.mean(axis=1) < WELL_KNOWN * covariance.variance_ut2
    if known.sum() < REGIONS:  # the walks cannot check each other
        return max(covariance.noise_ut, float(np.sqrt(UNCHECKED * covariance.variance_ut2)))
    squared_ut2 = np.square(rows.field_ut[at] - mean_ut)[known]
    # From the ninth decile: labels make few, large errors. That of a squared normal is 2.71 times its variance.
    found = float(np.quantile(squared_ut2, 0.9) / 2.71 - variance_ut2[known].mean())
    return float(np.sqrt(max(found, covariance.noise_ut**2)))


def _golden(rows: SurveyRows, cell_m: float) -> Float32Array:
    """A path of the first walk, as the robot would have it."""
    step = max(1, round(cell_m * 10.0))
    path = rows.path[rows.walk == rows.walk[0]][::step][:PATH_ROWS]
    return np.resize(path, (PATH_ROWS, path.shape[1])).astype(np.float32)


def random_subset(index: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """At most `count` of them, at random."""
    return index if len(index) <= count else np.sort(rng.choice(index, count, replace=False))
