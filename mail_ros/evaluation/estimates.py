"""Walks through the seam: every estimate beside the position that the survey gives for its stamp."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import BoolArray, Estimate, FloatArray, SampleLocalizer, Status
from mail_ros.data.track import Track
from mail_ros.evaluation.metrics import Metrics, summarize

TRACKED_FROM_S = 20.0  # a tracker needs to see more than one window
COLUMNS = (
    "bag",
    "stamp_ns",
    "x_m",
    "y_m",
    "floor",
    "covariance_xx_m2",
    "covariance_xy_m2",
    "covariance_yy_m2",
    "status",
    "reference_x_m",
    "reference_y_m",
    "reference_floor",
    "paused",
    "attention",  # weights per scale with ; between, empty for methods without scales
    "map_fit",  # log likelihood ratio, nan where the method has none
)


@dataclass(frozen=True)
class Scored:
    """An estimate, and where the walk was at its stamp."""

    bag: str
    estimate: Estimate
    reference_m: FloatArray  # (2,)
    reference_floor: int
    paused: bool

    @property
    def error_m(self) -> float:
        """Horizontal distance; of positions on two floors as if they lay on one."""
        return float(np.linalg.norm(self.estimate.position_m - self.reference_m))


def follow(localizer: SampleLocalizer, track: Track) -> Iterator[Scored]:
    """Drive a fresh localizer over the labelled part of a walk, as a robot that is switched on at its start."""
    localizer.reset()
    walk = track.labelled_span()
    for index, sample in enumerate(walk.samples()):
        estimate = localizer.push(sample)
        if estimate is not None and walk.valid[index]:
            yield Scored(
                track.source, estimate, walk.position_m[index], int(walk.floor[index]), bool(walk.paused[index])
            )


def refuse_without_odometry(track: Track, tracker: TrackerChoice, config: ModelConfig) -> None:
    """Refuse a walk that a tracker cannot follow.

    Raises:
        TrackError: tracker odometry, and the bag has none; a model that itself needs odometry says so when it is used.
    """
    if tracker == "odometry" and track.moved_m is None and not config.needs_odometry:
        raise TrackError(
            track.source,
            wanted="odometry for tracker odometry: /odom, or /imu/data with an attitude",
            found="neither",
            fix="use --tracker walking",
        )


def table(scored: Sequence[Scored]) -> dict[str, Metrics]:
    """Moving and paused apart, per floor where there are several; only rows that have estimates."""
    error_m = np.array([one.error_m for one in scored])
    floor = np.array([one.reference_floor for one in scored])
    wrong = np.array([one.estimate.floor != one.reference_floor for one in scored], dtype=np.bool_)
    paused = np.array([one.paused for one in scored], dtype=np.bool_)
    everywhere: BoolArray = np.ones(len(scored), dtype=np.bool_)
    places: dict[str, BoolArray] = {"all": everywhere}
    if len(np.unique(floor)) > 1:
        places = {f"floor {number}": floor == number for number in np.unique(floor)} | places
    rows = {}
    for place, here in places.items():
        for name, chosen in ((f"{place}, moving", here & ~paused), (f"{place}, paused", here & paused)):
            if chosen.any():
                rows[name] = summarize(error_m[chosen], wrong[chosen])
    return rows


def read_csv(path: Path) -> list[Scored]:
    """The inverse of `write_csv`."""
    with path.open(newline="") as file:
        return [_scored(row) for row in csv.DictReader(file)]


def _scored(row: Mapping[str, str]) -> Scored:
    xx, xy, yy = (float(row[f"covariance_{name}_m2"]) for name in ("xx", "xy", "yy"))
    estimate = Estimate(
        int(row["stamp_ns"]),
        np.array([float(row["x_m"]), float(row["y_m"])]),
        np.array([[xx, xy], [xy, yy]]),
        int(row["floor"]),
        Status(row["status"]),
        tuple(float(weight) for weight in (row.get("attention") or "").split(";") if weight),  # older files have none
        float(row.get("map_fit") or row.get("support") or "nan"),  # older files: support,
    )
    reference_m = np.array([float(row["reference_x_m"]), float(row["reference_y_m"])])
    return Scored(row["bag"], estimate, reference_m, int(row["reference_floor"]), row["paused"] == "1")


def write_csv(path: Path, scored: Iterable[Scored]) -> None:
    """Every estimate, one line each, numbers in full precision, so that anyone can recompute the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in scored:
            estimate = one.estimate
            (xx, xy), (_, yy) = estimate.covariance_m2.tolist()
            writer.writerow(
                (
                    one.bag,
                    estimate.stamp_ns,
                    *estimate.position_m.tolist(),
                    estimate.floor,
                    xx,
                    xy,
                    yy,
                    estimate.status.value,
                    *one.reference_m.tolist(),
                    one.reference_floor,
                    int(one.paused),
                    ";".join(map(str, estimate.attention)),
                    estimate.map_fit,
                )
            )
