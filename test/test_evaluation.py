"""Evaluation: every estimate beside its reference, and a table that anyone can recompute."""

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_mail

from mail_ros.core.localizer.compose import compose
from mail_ros.core.types import Estimate, Sample, Status
from mail_ros.data.bag import read_track
from mail_ros.data.scored import follow
from mail_ros.evaluation.estimates import read_csv, table, write_csv
from mail_ros.evaluation.metrics import summarize


class Northward:
    """Answers every tenth sample with a place two metres north of the origin."""

    def reset(self) -> None:
        self.heard = 0

    def push(self, sample: Sample) -> Estimate | None:
        self.heard += 1
        if self.heard % 10:
            return None
        return Estimate(sample.stamp_ns, np.array([0.0, 2.0]), np.eye(2), 0, Status.LOCALIZED, (1.0,))


def test_metrics_are_the_ones_of_the_definition() -> None:
    error_m = np.array([0.0, 1.0, 2.0, 3.0, 14.0])
    metrics = summarize(error_m, np.array([True, False, False, False, False]))
    assert (metrics.mean_m, metrics.median_m, metrics.p75_m) == (4.0, 2.0, 3.0)
    assert metrics.p90_m == pytest.approx(9.6)
    assert (metrics.over_5m, metrics.wrong_floor) == (0.2, 0.2)


def test_estimates_are_scored_at_their_stamps(tmp_path: Path) -> None:
    track = read_track(synthetic_walk(10.0).write(tmp_path / "walk"))
    for one in follow(Northward(), track):
        index = int(np.flatnonzero(track.stamp_ns == one.estimate.stamp_ns)[0])
        assert one.error_m == pytest.approx(float(np.linalg.norm(track.position_m[index] - [0.0, 2.0])))


def test_a_walk_begins_at_its_first_landmark(tmp_path: Path) -> None:
    walk = synthetic_walk(10.0)
    track = read_track(walk._replace(landmarks=walk.landmarks[2:4]).write(tmp_path / "walk"))
    scored = list(follow(Northward(), track))
    assert len(scored) == 20  # 2 s at 100 Hz, every tenth
    assert (scored[0].estimate.stamp_ns - walk.stamp_ns[0]) / 1e9 == pytest.approx(4.1, abs=0.02)


def test_pauses_and_floors_have_rows_of_their_own(tmp_path: Path) -> None:
    walk = synthetic_walk(10.0)
    still = dataclasses.replace(walk.landmarks[3], stamp_ns=walk.landmarks[4].stamp_ns)  # stands from 6 s to 8 s
    ground = read_track(walk._replace(landmarks=(*walk.landmarks[:4], still)).write(tmp_path / "ground"))
    upstairs = read_track(synthetic_walk(10.0, floor=1).write(tmp_path / "upstairs"))
    rows = table([*follow(Northward(), ground), *follow(Northward(), upstairs)])
    assert set(rows) == {"floor 0, moving", "floor 0, paused", "floor 1, moving", "all, moving", "all, paused"}
    assert rows["floor 0, paused"].estimates == 20
    assert rows["floor 1, moving"].wrong_floor == 1.0
    assert rows["floor 0, moving"].wrong_floor == 0.0


def test_the_csv_gives_the_table_back(tmp_path: Path) -> None:
    bag = synthetic_walk(20.0).write(tmp_path / "walk")
    scored = list(follow(compose(tiny_mail(), "none"), read_track(bag)))
    write_csv(tmp_path / "out" / "estimates.csv", scored)
    with (tmp_path / "out" / "estimates.csv").open() as file:
        rows = list(csv.DictReader(file))
    error_m = [
        np.hypot(float(r["x_m"]) - float(r["reference_x_m"]), float(r["y_m"]) - float(r["reference_y_m"])) for r in rows
    ]
    metrics = table(scored)["all, moving"]
    assert len(rows) == metrics.estimates > 100
    assert np.mean(error_m) == pytest.approx(metrics.mean_m, abs=1e-12)
    assert np.percentile(error_m, 90) == pytest.approx(metrics.p90_m, abs=1e-12)
    assert [int(r["stamp_ns"]) for r in rows] == [one.estimate.stamp_ns for one in scored]
    assert {(r["bag"], r["status"], r["floor"]) for r in rows} == {("walk", "UNCERTAIN", "0")}
    back = read_csv(tmp_path / "out" / "estimates.csv")
    assert [one.estimate.attention for one in back] == [one.estimate.attention for one in scored]
    assert len(back[0].estimate.attention) == 3
