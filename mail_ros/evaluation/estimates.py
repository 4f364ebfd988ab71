"""Scored estimates: tables of their errors, and files that keep them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import NEAR_M, Estimate, Status
from mail_ros.data.scored import Scored
from mail_ros.data.track import Track
from mail_ros.evaluation.metrics import Metrics, summarize

TRACKED_FROM_S = 20.0  # a tracker needs to see more than one window
COLUMNS = (
    *("bag", "stamp_ns", "x_m", "y_m", "floor", "covariance_xx_m2", "covariance_xy_m2", "covariance_yy_m2", "status"),
    *("reference_x_m", "reference_y_m", "reference_floor", "paused"),
    "attention",  # weights per scale with ; between, empty for methods without scales
    "map_fit",  # log-likelihood ratio, nan for methods without one
    "near_m",  # a LOCALIZED position is at most this far off
)


def refuse_without_odometry(track: Track, tracker: TrackerChoice, config: ModelConfig) -> None:
    """Refuse a walk that a tracker cannot follow.

    Raises:
        TrackError: tracker odometry, and the bag has none; a model that itself needs odometry raises when it is used.
    """
    if tracker == "odometry" and track.moved_m is None and not config.needs_odometry:
        raise TrackError(
            track.source,
            wanted="odometry for tracker odometry: /odom, or /imu/data with an attitude",
            found="neither",
            fix="use --tracker walking",
        )


def groups(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """Moving and paused apart, per floor where there are several; only groups that have estimates."""
    floors = sorted({one.reference_floor for one in scored})
    parts = {f"floor {floor}": [one for one in scored if one.reference_floor == floor] for floor in floors}
    parts = (parts if len(floors) > 1 else {}) | {"all": list(scored)}
    found = {
        f"{name}, {'paused' if paused else 'moving'}": [one for one in part if one.paused == paused]
        for name, part in parts.items()
        for paused in (False, True)
    }
    return {name: part for name, part in found.items() if part}


def table(scored: Sequence[Scored]) -> dict[str, Metrics]:
    """Errors of each of the `groups`."""
    return {name: errors(part) for name, part in groups(scored).items()}


def errors(scored: Sequence[Scored]) -> Metrics:
    """Metrics of some estimates."""
    wrong = np.array([one.estimate.floor != one.reference_floor for one in scored], dtype=np.bool_)
    return summarize(np.array([one.error_m for one in scored]), wrong)


def write_csv(path: Path, scored: Iterable[Scored]) -> None:
    """Every estimate, one line each, numbers in full precision, so that the table can be recomputed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *map(_row, scored)])


def read_csv(path: Path) -> list[Scored]:
    """The inverse of `write_csv`."""
    with path.open(newline="") as file:
        return [_scored(row) for row in csv.DictReader(file)]


def _row(one: Scored) -> tuple[object, ...]:
    estimate = one.estimate
    (xx, xy), (_, yy) = estimate.covariance_m2.tolist()
    return (
        *(one.bag, estimate.stamp_ns, *estimate.position_m.tolist(), estimate.floor, xx, xy, yy, estimate.status.value),
        *(*one.reference_m.tolist(), one.reference_floor, int(one.paused)),
        ";".join(map(str, estimate.attention)),
        estimate.map_fit,
        estimate.near_m,
    )


def _scored(row: Mapping[str, str]) -> Scored:
    xx, xy, yy = (float(row[f"covariance_{name}_m2"]) for name in ("xx", "xy", "yy"))
    estimate = Estimate(
        int(row["stamp_ns"]),
        np.array([float(row["x_m"]), float(row["y_m"])]),
        np.array([[xx, xy], [xy, yy]]),
        int(row["floor"]),
        Status(row["status"]),
        tuple(float(weight) for weight in (row.get("attention") or "").split(";") if weight),  # older files have none
        float(row.get("map_fit") or row.get("support") or "nan"),  # older files: support
        near_m=float(row.get("near_m") or NEAR_M),  # older files have none
    )
    reference_m = np.array([float(row["reference_x_m"]), float(row["reference_y_m"])])
    return Scored(row["bag"], estimate, reference_m, int(row["reference_floor"]), row["paused"] == "1")
