"""Messages of the node convert back to what they were made from."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.neighbourhood import belief_image
from mail_ros.core.types import Cells, Estimate, Hypothesis, Status
from mail_ros.nodes.conversions import (
    from_diagnostic_status,
    from_occupancy_grid,
    from_pose,
    from_pose_array,
    to_occupancy_grid,
    to_pose_array,
    to_pose_with_covariance,
)

ESTIMATE = Estimate(
    1_700_000_000_123_456_789,
    np.array([1.5, -2.5]),
    np.array([[4.0, 1.0], [1.0, 2.0]]),
    -2,
    Status.UNCERTAIN,
    (),
)


def test_an_estimate_comes_back_with_its_floor_and_the_status_that_is_known() -> None:
    back = from_pose(to_pose_with_covariance(ESTIMATE, "site"), Status.UNCERTAIN)
    assert (back.stamp_ns, back.floor, back.status) == (ESTIMATE.stamp_ns, -2, Status.UNCERTAIN)
    np.testing.assert_array_equal(back.position_m, ESTIMATE.position_m)
    np.testing.assert_array_equal(back.covariance_m2, ESTIMATE.covariance_m2)


def test_candidatescome_back_in_their_order() -> None:
    candidates = [Hypothesis(np.array([x, 1.0]), -2, weight) for x, weight in ((3.0, 0.75), (1.0, 0.25))]
    back = from_pose_array(to_pose_array(candidates, ESTIMATE, "site"))
    assert [hypothesis.position_m.tolist() for hypothesis in back] == [[3.0, 1.0], [1.0, 1.0]]
    assert {hypothesis.floor for hypothesis in back} == {-2}


def test_a_belief_comes_back_cell_by_cell() -> None:
    cells = Cells(np.array([[1.0, 0.0], [1.5, 0.0], [1.5, 0.5]]), np.full(3, -2))
    grid = belief_image(cells, np.array([0.2, 0.8, 0.0]), -2)
    assert grid is not None
    back = from_occupancy_grid(to_occupancy_grid(grid, ESTIMATE, "site"))
    np.testing.assert_array_equal(back.percent, grid.percent)
    np.testing.assert_array_equal(back.corner_m, grid.corner_m)
    assert back.size_m == pytest.approx(grid.size_m)


@pytest.mark.parametrize(("sent", "level"), [(b"\x00", Level.OK), (b"\x01", Level.WARN), (b"\x03", Level.ERROR)])
def test_an_assessment_comes_back_and_stale_is_an_error(sent: bytes, level: Level) -> None:
    msg = DiagnosticStatus(level=sent, message="m", values=[KeyValue(key="status", value="FILLING")])
    assert from_diagnostic_status(msg) == Assessment(level, "m", {"status": "FILLING"})
