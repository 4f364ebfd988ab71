"""The localizer's last pose, kept over a restart in a file: written every few seconds, on ~/save_state and at the end.

PositionFilter.set_initial_pose <-- restore -- state_file <-- save -- Runtime.last, where it is trusted
"""

from __future__ import annotations

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.localizer.runtime import TRUSTED
from mail_ros.core.localizer.saved_pose import read_pose, save_pose
from mail_ros.nodes.parameters import optional_path
from mail_ros.nodes.runtime_node import RuntimeNode

REPORT_S = 60.0  # between two log lines about a file that cannot be written


class PoseFile:
    """The file of the parameter `state_file`; without one, nothing is saved."""

    def __init__(self, node: RuntimeNode) -> None:
        self.node = node
        self._path = optional_path(node.parameters.state_file)

    def restore(self) -> None:
        """Set the saved pose as the initial one, if there is one on this map."""
        path, runtime = self._path, self.node.runtime
        if path is None or not path.exists():
            return
        try:
            pose = read_pose(path, runtime.map_frame)
            runtime.localizer.filter.set_initial_pose(pose.mean_m, pose.prior_covariance_m2, pose.floor)
        except MailError as error:
            self.node.get_logger().warning(f"saved pose not used: {error}")
        else:
            x_m, y_m = pose.position_m
            self.node.get_logger().info(
                f"starting from the saved pose: x {x_m:.2f} m, y {y_m:.2f} m, floor {pose.floor}"
            )

    def save(self) -> str:
        """Save the last trusted pose; returns a report.

        Raises:
            MailError: there is no file, no trusted pose, or the file cannot be written.
        """
        path, runtime = self._path, self.node.runtime
        if path is None:
            raise ConfigError("parameter state_file", wanted="a file", found="none", fix="start with one")
        if runtime.last is None or runtime.last.status not in TRUSTED:
            found = runtime.localizer.status.name
            raise MailError("the pose", wanted="LOCALIZED or STATIONARY", found=found, fix="try again later")
        save_pose(path, runtime.last, runtime.map_frame)
        return f"saved in {path}"

    def save_if_trusted(self) -> None:
        """Save where there is a file and a trusted pose."""
        last = self.node.runtime.last
        if self._path is None or last is None or last.status not in TRUSTED:
            return
        try:
            self.save()
        except MailError as error:
            self.node.get_logger().error(f"the pose is not saved: {error}", throttle_duration_sec=REPORT_S)
