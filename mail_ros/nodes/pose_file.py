"""Where the localizer was last, over a restart: a file, kept every few seconds, on ~/save_state, and at the end."""

from __future__ import annotations

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.localizer.runtime import TRUSTED
from mail_ros.core.localizer.saved_pose import read_pose, save_pose
from mail_ros.nodes.runtime_node import WorkingNode

REPORT_S = 60.0  # between two lines about a file that cannot be written


class PlaceFile:
    """The file that the parameter `state_file` names; without one, nothing is kept."""

    def __init__(self, node: WorkingNode) -> None:
        self.node = node

    def begin(self) -> None:
        """Let the tracker begin where it was, if that is known and still on the map."""
        path, runtime = self.node.parameters.state_path, self.node.runtime
        if path is None or not path.exists():
            return
        try:
            pose = read_pose(path, runtime.map_frame)
            runtime.localizer.filter.set_initial_pose(pose.mean_m, pose.prior_covariance_m2, pose.floor)
        except MailError as error:
            self.node.get_logger().warning(f"not begun where it was: {error}")
        else:
            x_m, y_m = pose.position_m
            self.node.get_logger().info(f"begun where it was: x {x_m:.2f} m, y {y_m:.2f} m, floor {pose.floor}")

    def save(self) -> str:
        """Keep the last sure place; what was done.

        Raises:
            MailError: there is no file for it, no such place, or no room.
        """
        path, runtime = self.node.parameters.state_path, self.node.runtime
        if path is None:
            raise ConfigError("parameter state_file", wanted="a file", found="none", fix="start with one")
        if runtime.last is None or runtime.last.status not in TRUSTED:
            found = runtime.localizer.status.name
            raise MailError("the place", wanted="one that is sure", found=found, fix="try again later")
        save_pose(path, runtime.last, runtime.map_frame)
        return f"kept in {path}"

    def keep(self) -> None:
        """Save where that is wanted, and the place is sure."""
        last = self.node.runtime.last
        if self.node.parameters.state_path is None or last is None or last.status not in TRUSTED:
            return
        try:
            self.save()
        except MailError as error:
            self.node.get_logger().error(f"the place is not kept: {error}", throttle_duration_sec=REPORT_S)
