"""A model in use: the heading of the device, and how the next model takes over while the robot drives."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk, tiny_config, tiny_model

from mail_ros.core.config import STRIDE_S
from mail_ros.core.localizer.runtime import MAX_KEPT, PoseEstimate, Runtime, map_from_odometry
from mail_ros.core.models.model_file import ModelCard, load_model, save_model
from mail_ros.core.platform.odometry_buffer import OdometryPose, WheelBuffer
from mail_ros.core.types import Estimate, Status, YawEstimate
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching


def runtime(model: Path, **changed: Any) -> Runtime:
    settings = {"map_frame": "map", "stride_s": STRIDE_S, "tracker": "none", "odometry": "wheels", **changed}
    return Runtime(load_model(model), now_ns=lambda: 0, about={}, model_name="site", **settings)


@pytest.fixture(params=["regression", "heatmap"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors", tiny_config(request.param))


def stamps(poses: list[PoseEstimate | None]) -> list[int]:
    return [pose.estimate.stamp_ns for pose in poses if pose is not None]


@pytest.mark.parametrize("late", [0, 7, 300])
def test_a_model_takes_over_without_an_estimate_lost_or_made_twice(model: Path, late: int) -> None:
    """Prepared at one sample, exchanged some samples later: the same stamps, and positions of the new model."""
    walk = synthetic_walk(8.0)
    other = tiny_model(model.parent / "other.safetensors", tiny_config("heatmap"), seed=1)
    always, old, new = runtime(model), runtime(model), runtime(other)
    whole = runtime(other)
    poses: list[PoseEstimate | None] = []
    samples = list(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True))
    for number, (stamp_ns, field_ut) in enumerate(samples):
        if number == 400:
            old.prepare(new)
        if number == 400 + late:
            old.hand_over(new)
            old = new
        poses.append(old.push(stamp_ns, field_ut))
    assert stamps(poses) == stamps([always.push(*sample) for sample in samples])
    expected = {p.estimate.stamp_ns: p.estimate.position_m for s in samples if (p := whole.push(*s)) is not None}
    for pose in filter(None, poses[400 + late :]):
        assert pose.estimate.position_m == pytest.approx(expected[pose.estimate.stamp_ns], abs=1e-4)


def test_the_next_model_may_be_prepared_in_another_thread_while_the_old_one_works(model: Path) -> None:
    walk = synthetic_walk(8.0)
    old, new, always = runtime(model), runtime(model), runtime(model)
    samples = list(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True))
    poses = [old.push(*sample) for sample in samples[:400]]
    thread = threading.Thread(target=old.prepare, args=(new,))
    thread.start()
    poses += [old.push(*sample) for sample in samples[400:600]]
    thread.join()
    old.hand_over(new)
    poses += [new.push(*sample) for sample in samples[600:]]
    expected = [always.push(*sample) for sample in samples]
    assert stamps(poses) == stamps(expected)
    for here, there in zip(filter(None, poses), filter(None, expected), strict=True):
        assert here.estimate.position_m == pytest.approx(there.estimate.position_m, abs=1e-4)


def test_the_next_model_starts_from_the_last_pose(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))
    old, new = runtime(model, tracker="walking"), runtime(model, tracker="walking")
    old.last = Estimate(START_NS, np.array([2.0, 1.0]), 0.1 * np.eye(2), 0, Status.LOCALIZED, ())
    old.prepare(new)
    old.hand_over(new)
    assert new.localizer.filter.posterior().position_m == pytest.approx([2.0, 1.0], abs=0.2)


@pytest.mark.slow
def test_a_model_by_distance_takes_over_on_a_stationary_robot(tmp_path: Path) -> None:
    """The window was filled long before; the next model has it as well."""
    settings = ["kind=matching", "sampling.per_m=10", "sampling.length_m=2", "matching.speeds=[1]"]
    config, robot = run_config(settings), tmp_path / "robot.safetensors"
    windows = WindowSet([synthetic_walk(20.0).track()], config.model, config.stride)
    save_model(robot, fit_matching(config, windows), ModelCard(config.model), windows.fields(windows.ends[:1])[0])
    old, new = (runtime(robot, tracker="odometry") for _ in range(2))
    walk = synthetic_walk(30.0)
    for number, (stamp_ns, field_ut) in enumerate(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True)):
        path_m = min(number * 0.02, 4.0)  # a metre a second, for four seconds
        assert isinstance(old.odometry, WheelBuffer)
        old.odometry.add(OdometryPose(stamp_ns, np.array([path_m, 0.0]), 0.0))
        old.push(stamp_ns, field_ut)
    old.prepare(new)
    assert new.localizer.window.fill == 1.0


def test_the_kept_samples_do_not_grow_with_any_stamps(model: Path) -> None:
    running = runtime(model)
    for number in range(2 * MAX_KEPT):
        running.push(START_NS - number, np.array([20.0, 5.0, -43.0]))
    assert len(running._kept) == MAX_KEPT
    running.push(START_NS + 10**12, np.array([20.0, 5.0, -43.0]))
    assert len(running._kept) == 1


def pose_of(status: Status, odom_yaw: YawEstimate | None, odometry: OdometryPose | None) -> PoseEstimate:
    estimate = Estimate(START_NS, np.array([10.0, 5.0]), np.eye(2), 0, status, (), odom_yaw=odom_yaw)
    return PoseEstimate(estimate, None, odometry)


def test_the_pose_of_odometry_s_frame_leads_to_the_estimate() -> None:
    """Odometry's frame has a yaw of 90°: 2 m ahead in it are 2 m to the left in the map."""
    odometry = OdometryPose(START_NS, np.array([2.0, 1.0]), 0.3)
    found = map_from_odometry(pose_of(Status.LOCALIZED, YawEstimate(math.pi / 2, 0.01), odometry))
    assert found is not None
    assert found.position_m == pytest.approx([10.0 + 1.0, 5.0 - 2.0])
    assert found.yaw_rad == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(
    "unsure",
    [
        pose_of(Status.UNCERTAIN, YawEstimate(0.0, 0.01), OdometryPose(START_NS, np.zeros(2), 0.0)),
        pose_of(Status.LOCALIZED, YawEstimate(0.0, 1.0), OdometryPose(START_NS, np.zeros(2), 0.0)),
        pose_of(Status.LOCALIZED, None, OdometryPose(START_NS, np.zeros(2), 0.0)),
        pose_of(Status.LOCALIZED, YawEstimate(0.0, 0.01), None),
    ],
)
def test_without_position_and_yaw_the_frame_of_odometry_has_no_pose(unsure: PoseEstimate) -> None:
    assert map_from_odometry(unsure) is None


def test_silent_odometry_gives_no_estimates_and_a_fault(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))
    running, walk = runtime(model, tracker="odometry"), synthetic_walk(8.0)
    assert isinstance(running.odometry, WheelBuffer)
    poses: list[PoseEstimate | None] = []
    for number, (stamp_ns, field_ut) in enumerate(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True)):
        if number < 400:
            running.odometry.add(OdometryPose(stamp_ns, np.array([0.01 * number, 0.0]), 0.25))
        poses.append(running.push(stamp_ns, field_ut))
        if number in (399, 799):
            assert (running.localizer.status is Status.SENSOR_FAULT) == (number == 799)
    assert stamps(poses)[-1] <= walk.stamp_ns[399] + 1_000_000_000
    assert running.diagnostics.counts.counts["no_odometry"] == pytest.approx(300, abs=2)
    last = next(pose for pose in reversed(poses) if pose is not None)
    assert last.estimate.odom_yaw is not None
    assert last.heading is not None
    assert last.heading.angle_rad == pytest.approx(last.estimate.odom_yaw.angle_rad + 0.25)
