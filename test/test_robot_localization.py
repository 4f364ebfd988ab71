"""config/robot_localization.yaml finds the demo's robot: with a stand-in for `ekf_node`, see planar_ekf.py."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from planar_ekf import VX, VYAW, YAW, PlanarEkf
from ros import ROOT
from ruamel.yaml import YAML

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from mail_ros.cli.demo import shipped_model
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import survey_route
from mail_ros.data.simulator.demo import CALM, demo_building
from mail_ros.data.simulator.drive import drive
from mail_ros.nodes.conversions import to_odometry_pose, to_pose_with_covariance
from mail_ros.nodes.demo_robot import VARIANCE, to_odometry
from mail_ros.nodes.parameters import LocalizerParameters
from mail_ros.nodes.runtime_node import load_runtime

DRIVE_S = 45.0
FOUND_S, NEAR_M = 15.0, 1.0  # from then on, and once the localizer has found the robot, at most this far off
SETTLED_S, MEAN_M = 30.0, 0.5


class Run(NamedTuple):
    """Errors of the filter at each sample of a drive."""

    at_s: FloatArray  # (n,)
    error_m: FloatArray  # (n,)
    localized_s: float  # when the first pose to rely on came


@pytest.fixture(scope="module")
def building() -> Building:
    return demo_building()


def sections() -> dict[str, Any]:
    loaded = YAML(typ="safe").load((ROOT / "config" / "robot_localization.yaml").read_text())
    return {pattern.removeprefix("/**/"): content["ros__parameters"] for pattern, content in loaded.items()}


def run(building: Building, seed: int, parameters: dict[str, Any]) -> Run:
    """A fresh start of localizer and filter on a drive of `mail_demo_robot`."""
    lap = drive(building, CALM, seed, route=survey_route(building.plan, seed), closed=True)
    assert lap.wheels is not None
    localizer = LocalizerParameters(**{**sections()["mail_localizer"], "model": str(shipped_model())})
    runtime, ekf = load_runtime(localizer, lambda: 0), PlanarEkf(parameters)
    assert runtime.odometry is not None
    errors, localized_s = [], np.inf
    for sample in range(round(DRIVE_S * CALM.rate_hz)):
        stamp_ns, twist = int(lap.stamp_ns[sample]), lap.wheels.twist[sample]
        at_s = (stamp_ns - int(lap.stamp_ns[0])) / NS_PER_S
        values = np.zeros(8)
        values[[VX, VYAW]] = twist
        ekf.update("odom0", at_s, values, VARIANCE * np.eye(8))
        runtime.odometry.add(
            to_odometry_pose(to_odometry(stamp_ns, lap.wheels.odometry[sample].tolist(), *twist.tolist()))
        )
        if (pose := runtime.push(stamp_ns, lap.field_ut[sample])) is not None:
            covariance = np.array(to_pose_with_covariance(pose.estimate, "map", pose.heading).pose.covariance)
            values, among = np.zeros(8), np.zeros((8, 8))
            values[:2], values[YAW] = pose.estimate.position_m, pose.heading.angle_rad if pose.heading else 0.0
            among[:3, :3] = covariance.reshape(6, 6)[np.ix_([0, 1, 5], [0, 1, 5])]
            ekf.update("pose0", at_s, values, among)
            localized_s = min(localized_s, at_s if pose.estimate.status.is_trusted else np.inf)
        errors.append((at_s, float(np.linalg.norm(ekf.position_m - lap.position_m[sample]))))
    at_s, error_m = np.array(errors).T
    return Run(at_s, error_m, localized_s)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_the_filter_is_with_the_robot_once_the_localizer_is_and_stays(building: Building, seed: int) -> None:
    """Whatever the heading: at the start odometry's is 0, and the robot's any."""
    at_s, error_m, localized_s = run(building, seed, sections()["ekf_filter_node_map"])
    assert localized_s < SETTLED_S
    assert error_m[at_s >= max(FOUND_S, localized_s + 1.0)].max() < NEAR_M
    assert error_m[at_s >= SETTLED_S].mean() < MEAN_M


@pytest.mark.slow
def test_without_yaw_the_filter_loses_the_robot(building: Building) -> None:
    """So that the test above can fail: the file without it, as it once was."""
    ekf = sections()["ekf_filter_node_map"]
    without = [used and field != 5 for field, used in enumerate(ekf["pose0_config"])]
    variances = [0.3 if field == 5 else value for field, value in enumerate(ekf["initial_estimate_covariance"])]
    at_s, error_m, _ = run(building, 0, {**ekf, "pose0_config": without, "initial_estimate_covariance": variances})
    assert error_m[at_s >= SETTLED_S].mean() > 10 * MEAN_M


def test_the_stand_in_moves_along_its_heading_and_rejects_what_lies_far_beyond() -> None:
    """Closed form: 2 m/s for 3 s at a heading of a quarter turn, from a known pose."""
    config = {
        "odom0_config": [field in (6, 11) for field in range(15)],
        "pose0_config": [field < 2 for field in range(15)],
    }
    ekf = PlanarEkf({"initial_estimate_covariance": [1e-4] * 15, "pose0_rejection_threshold": 5.0, **config})
    ekf.state[[YAW, VX]] = np.pi / 2, 2.0
    values = np.array([0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0])
    for at_s in np.arange(0.0, 3.01, 0.1):
        ekf.update("odom0", float(at_s), values, 1e-4 * np.eye(8))
    np.testing.assert_allclose(ekf.position_m, [0.0, 6.0], atol=1e-6)
    far, near = np.full(8, 100.0), np.array([0.0, 6.1, *[0.0] * 6])
    assert not ekf.update("pose0", 3.0, far, 0.01 * np.eye(8))
    np.testing.assert_allclose(ekf.position_m, [0.0, 6.0], atol=1e-6)
    assert ekf.update("pose0", 3.0, near, 0.01 * np.eye(8))
    assert 6.0 < ekf.position_m[1] < 6.1
