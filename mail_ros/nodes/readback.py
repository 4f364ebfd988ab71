"""A localizer's messages back to the core's nouns, for a view."""

from __future__ import annotations

import math

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseArray, PoseWithCovarianceStamped
from nav_msgs.msg import OccupancyGrid

from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.map_frames import split_frame
from mail_ros.core.types import BeliefImage, Estimate, Hypothesis, Status
from mail_ros.nodes.conversions import to_stamp_ns


def from_pose(msg: PoseWithCovarianceStamped, status: Status) -> Estimate:
    """A pose as an estimate, without what the message lacks.

    Args:
        msg: from ~/pose_with_covariance.
        status: the last one on /diagnostics.

    Raises:
        MailError: an impossible stamp.
    """
    position, (_, floor) = msg.pose.pose.position, split_frame(msg.header.frame_id)
    covariance_m2 = np.array(msg.pose.covariance).reshape(6, 6)[:2, :2]
    return Estimate(
        to_stamp_ns(msg.header.stamp), np.array([position.x, position.y]), covariance_m2, floor, status, attention=()
    )


def from_pose_array(msg: PoseArray) -> list[Hypothesis]:
    """Hypotheses, most probable first; the message has no weights."""
    _, floor = split_frame(msg.header.frame_id)
    return [Hypothesis(np.array([pose.position.x, pose.position.y]), floor, math.nan) for pose in msg.poses]


def from_occupancy_grid(msg: OccupancyGrid) -> BeliefImage:
    """A belief as an image."""
    corner, shape = msg.info.origin.position, (msg.info.height, msg.info.width)
    percent = np.array(msg.data, np.int8).reshape(shape)
    return BeliefImage(np.array([corner.x, corner.y]), float(msg.info.resolution), percent)


def from_diagnostic_status(msg: DiagnosticStatus) -> Assessment:
    """An assessment; STALE becomes an error."""
    level = int.from_bytes(msg.level, "little")
    values = {value.key: value.value for value in msg.values}
    return Assessment(Level(min(level, Level.ERROR)), msg.message, values)
