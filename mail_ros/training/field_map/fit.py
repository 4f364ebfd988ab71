"""From a survey to the arrays of a field map.

rows --> rotation of the field against displacements --> covariance --> tiles --> mean, variance of every cell
                                                           +--> walks left out --> noise about the map
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from mail_ros.core.belief import survey_cells
from mail_ros.core.models.field_map.path_evidence import FieldStatistics
from mail_ros.core.models.field_map_config import FieldMapConfig
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import BoolArray, Cells, Float32Array, FloatArray, IntArray
from mail_ros.training.field_map.process import Covariance, Region, fit_covariance, negative_log_likelihood, predict
from mail_ros.training.field_map.survey import SurveyRows, turned_walks

REGIONS, REGION_M, REGION_ROWS, REGION_STEP = (
    24,
    2.5,
    60,
    3,
)  # the covariance is fitted to regions: number, radius, rows, every which row
YAWS_DEG = tuple(range(-85, 95, 5))  # rotations that are tried; the opposite field is a gradient as well
MIN_GAIN = 10.0  # log likelihood by which another rotation than none must be better
TILE_LENGTHS, MARGIN_LENGTHS = 1.2, 1.0  # side and margin of a tile, in correlation lengths
MAX_ROWS = 300  # of one tile
CELL_UT = 1.5  # by which the field differs between neighbouring cells, where its gradient is the usual one
CELL_M = (0.15, 0.35)  # smallest and largest
UNCHECKED = 0.1  # noise of a map whose walks do not pass each other, in the field's variance
WELL_KNOWN = 0.05  # fraction of the field's variance below which a map knows a position
PATH_ROWS = 6  # rows that are compared at a time
LANES_M = 1.3  # half the distance of lanes between which the map is continued


class FittedMap(NamedTuple):
    """A field map as a model file has it."""

    config: ModelConfig
    state: State
    golden: Float32Array  # (L, 7) a path of the survey
    record: dict[str, Any]  # entries of the model card


def fit_field_map(config: ModelConfig, rows: SurveyRows, seed: int = 0) -> FittedMap:
    """Fit a map.

    Args:
        config: of the model; cell size and rows of the path follow from the survey.
        rows: of the survey.
        seed: of the choice of regions and rows.
    """
    rng = np.random.default_rng([seed, 31])
    rows = rows._replace(field_ut=_rotated(rows.field_ut, -turned_walks(rows)[rows.walk]))
    yaw_rad = _field_yaw_rad(rows, rng)
    rows = rows._replace(field_ut=_rotated(rows.field_ut, yaw_rad))
    covariance = fit_covariance(_regions(rows, rng))
    noise_ut2 = _noise_ut2(rows, covariance, rng)
    rms_ut = float(np.sqrt((2.0 * covariance.horizontal_ut**2 + covariance.vertical_ut**2) / 3.0))
    cell_m = round(20.0 * float(np.clip(CELL_UT * covariance.length_m / rms_ut, *CELL_M))) / 20.0
    cells = _cells(rows, config.field_map, cell_m)
    mean_ut, variance_ut2 = map_at(rows, cells, covariance, rng)
    sampling = DistanceSampling(per_m=1.0 / cell_m, length_m=PATH_ROWS * cell_m, max_gap_m=max(0.5, cell_m))
    # The usual slope of a field of Matérn's covariance of 3/2 turns errors of the field into those of positions.
    label_sigma_m = float(np.sqrt(noise_ut2 / 3.0) * covariance.length_m / rms_ut)
    level_ut = float(np.sqrt(np.square(rows.field_ut).mean()))
    statistics = FieldStatistics(
        yaw_rad, covariance.length_m, covariance.horizontal_ut, covariance.vertical_ut, level_ut, noise_ut2
    )
    state = {
        **SiteMap(cells, label_sigma_m, config.field_map.radius_m).arrays(),
        "mean_ut": mean_ut.astype(np.float32),
        "variance_ut2": variance_ut2.astype(np.float32),
        "statistics": np.array(dataclasses.astuple(statistics)),
    }
    record = {"field": dataclasses.asdict(statistics)}
    return FittedMap(dataclasses.replace(config, sampling=sampling), state, _golden(rows, cell_m), record)


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
        near = _some(np.flatnonzero(away_m <= reach_m), MAX_ROWS, rng)
        region = Region(rows.position_m[near], rows.field_ut[near])
        mean_ut[inside], variance_ut2[inside] = predict(region, cells.position_m[inside], covariance)
    return mean_ut, variance_ut2


def _field_yaw_rad(rows: SurveyRows, rng: np.random.Generator) -> float:
    """Rotation from the field's axes to those of the labels: where the field is most nearly a gradient.

    A phone's attitude may give the direction of any of its edges, not that of the walk; a robot's sensor may be turned.
    """
    regions = _regions(rows, rng)
    covariance = fit_covariance([Region(each.position_m, each.field_ut[:, [2, 2, 2]]) for each in regions])
    covariance = covariance._replace(
        horizontal_ut=float(rows.field_ut[:, :2].std()), vertical_ut=covariance.vertical_ut
    )
    cost = {
        degrees: negative_log_likelihood(
            [Region(each.position_m, _rotated(each.field_ut, np.radians(degrees))) for each in regions], covariance
        )
        for degrees in YAWS_DEG
    }
    best = min(cost, key=cost.__getitem__)
    return float(np.radians(best)) if cost[best] < cost[0] - MIN_GAIN else 0.0


def _regions(rows: SurveyRows, rng: np.random.Generator) -> list[Region]:
    rows = SurveyRows(*(column[::REGION_STEP] for column in rows))
    found = []
    for centre in _some(np.arange(len(rows.walk)), REGIONS, rng):
        away_m = np.linalg.norm(rows.position_m - rows.position_m[centre], axis=1)
        near = _some(np.flatnonzero((away_m <= REGION_M) & (rows.floor == rows.floor[centre])), REGION_ROWS, rng)
        found.append(Region(rows.position_m[near], rows.field_ut[near] - rows.field_ut[near].mean(axis=0)))
    return found


def _noise_ut2(rows: SurveyRows, covariance: Covariance, rng: np.random.Generator) -> float:
    """Variance of rows about a map of the other walks, beyond the map's own; errors of labels are most of it."""
    walks = np.unique(rows.walk)
    held = np.isin(rows.walk, walks[::2]) if len(walks) > 1 else np.arange(len(rows.walk)) % 2 == 0
    at = _some(np.flatnonzero(held), 40 * REGIONS, rng)
    others = SurveyRows(*(column[~held] for column in rows))
    cells = Cells(rows.position_m[at], rows.floor[at])
    mean_ut, variance_ut2 = map_at(others, cells, covariance, rng)
    variance_ut2 = variance_ut2.mean(axis=1)
    known = variance_ut2 < WELL_KNOWN * (2.0 * covariance.horizontal_ut**2 + covariance.vertical_ut**2) / 3.0
    if known.sum() < REGIONS:  # the walks cannot check each other
        return max(covariance.noise_ut**2, UNCHECKED * covariance.horizontal_ut**2)
    squared_ut2 = np.square(rows.field_ut[at] - mean_ut)[known]
    # From the ninth decile: labels make few, large errors. That of a squared normal is 2.71 times its variance.
    found = float(np.quantile(squared_ut2, 0.9) / 2.71 - variance_ut2[known].mean())
    return max(found, covariance.noise_ut**2)


def _cells(rows: SurveyRows, config: FieldMapConfig, cell_m: float) -> Cells:
    """Cells along the walks, and between lanes."""
    parts = []
    for floor in np.unique(rows.floor):
        surveyed = survey_cells(rows.position_m[rows.floor == floor], rows.floor[rows.floor == floor], cell_m)
        key = np.round(surveyed.position_m / cell_m).astype(np.int64)
        margin = int(np.ceil(2.0 * LANES_M / cell_m))
        low, high = key.min(axis=0) - margin, key.max(axis=0) + margin
        grid = np.stack(np.meshgrid(*map(np.arange, low, high + 1), indexing="ij"), axis=-1).reshape(-1, 2) * cell_m
        from_survey_m = cKDTree(surveyed.position_m).query(grid)[0]
        closed = _between_lanes(grid, from_survey_m)
        chosen = grid[(from_survey_m <= config.reach_m) | closed]
        parts.append(survey_cells(chosen, np.full(len(chosen), floor), cell_m))
    return Cells(*(np.concatenate(column) for column in ([p.position_m for p in parts], [p.floor for p in parts])))


def _between_lanes(grid: FloatArray, from_survey_m: FloatArray) -> BoolArray:
    """Positions of a grid that no disc of `LANES_M` without a surveyed position reaches."""
    free = from_survey_m > LANES_M
    closed: BoolArray = cKDTree(grid[free]).query(grid)[0] > LANES_M
    return closed


def _golden(rows: SurveyRows, cell_m: float) -> Float32Array:
    """A path of the first walk, as the robot would have it."""
    step = max(1, round(cell_m * 10.0))
    path = rows.path[rows.walk == rows.walk[0]][::step][:PATH_ROWS]
    return np.resize(path, (PATH_ROWS, path.shape[1])).astype(np.float32)


def _rotated(field_ut: FloatArray, yaw_rad: float | FloatArray) -> FloatArray:
    turned = (field_ut[:, 0] + 1j * field_ut[:, 1]) * np.exp(1j * yaw_rad)
    return np.column_stack([turned.real, turned.imag, field_ut[:, 2]])


def _some(index: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """At most `count` of them, at random."""
    return index if len(index) <= count else np.sort(rng.choice(index, count, replace=False))
