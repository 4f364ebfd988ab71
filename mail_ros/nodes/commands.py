"""Commands to a running localizer: an initial pose, reinitialization, a saved pose and another model.

initialpose ----------------------> PositionFilter.set_initial_pose <-- restore -- state_file <--+
reinitialize_global_localization -> PositionFilter.reinitialize                                  |
~/save_state ---------------------> the last pose into state_file, as every few seconds and at the end
~/reload_model -------------------> a thread loads and prepares the new model --> exchanged between two samples
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.task import Future
from std_srvs.srv import Empty, Trigger

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.localizer.runtime import Runtime
from mail_ros.core.localizer.saved_pose import read_pose, save_pose
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import from_initial_pose
from mail_ros.nodes.parameters import optional_path
from mail_ros.nodes.runtime_node import RuntimeNode, load_runtime
from mail_ros.nodes.spin import one_line

SAVE_REPORT_S = 60.0  # between two log lines about a file that cannot be written
SWITCH_S = 1e-4  # maximum wait for Python's lock: a callback takes it back from the thread many times


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
        if runtime.last is None or not runtime.last.status.is_trusted:
            found = runtime.localizer.status.name
            raise MailError("the pose", wanted="LOCALIZED or STATIONARY", found=found, fix="try again later")
        save_pose(path, runtime.last, runtime.map_frame)
        return f"saved in {path}"

    def save_if_trusted(self) -> None:
        """Save where there is a file and a trusted pose."""
        last = self.node.runtime.last
        if self._path is None or last is None or not last.status.is_trusted:
            return
        try:
            self.save()
        except MailError as error:
            self.node.get_logger().error(f"the pose is not saved: {error}", throttle_duration_sec=SAVE_REPORT_S)


class Commands:
    """One subscription and three services of a localizer."""

    def __init__(self, node: RuntimeNode, pose_file: PoseFile) -> None:
        """Create them; they are destroyed when the node cleans up."""
        self.node, self.pose_file = node, pose_file
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reload_model")
        self._reloading = False
        node.configured.callback(self._worker.shutdown, wait=False)
        pose = node.create_subscription(PoseWithCovarianceStamped, "initialpose", self.on_initial_pose, qos.poses())
        node.configured.callback(node.destroy_subscription, pose)
        reentrant = ReentrantCallbackGroup()  # in the node's own group, samples would wait until the model is loaded
        for kind, name, callback, group in (
            (Empty, "reinitialize_global_localization", self.on_reinitialize, None),
            (Trigger, "~/save_state", self.on_save_state, None),
            (Trigger, "~/reload_model", self.on_reload_model, reentrant),
        ):
            service = node.create_service(kind, name, callback, callback_group=group)
            node.configured.callback(node.destroy_service, service)

    def on_initial_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Set the tracker's pose; a tracker is needed to carry it on."""
        if not self._is_active("an initial pose"):
            return
        try:
            position_m, covariance_m2, floor = from_initial_pose(msg, self.node.runtime.map_frame)
            self.node.runtime.localizer.filter.set_initial_pose(position_m, covariance_m2, floor)
        except MailError as error:
            self.node.get_logger().warning(f"initial pose not used: {error}")

    def on_reinitialize(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        """Drop the pose; the window stays."""
        if self._is_active("reinitialize_global_localization"):
            self.node.runtime.localizer.filter.reinitialize()
            self.node.get_logger().info("reinitialize_global_localization: the pose is dropped")
        return response

    def on_save_state(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Save the last trusted pose for the next start."""
        try:
            response.success, response.message = True, self.pose_file.save()
        except MailError as error:
            response.success, response.message = False, str(error)
        return response

    async def on_reload_model(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Continue with the model file as it is now, in the middle of a window; with the old model if it fails."""
        if self._reloading:
            response.success, response.message = False, "the old model stays: another reload is under way"
            return response
        self._reloading = True
        try:
            await self._reload()
        except Exception as error:  # whatever fails: a robot that drives must not lose its localizer
            reason = str(error) if isinstance(error, MailError) else one_line(repr(error))
            response.success, response.message = False, f"the old model stays: {reason}"
            self.node.get_logger().error(response.message)
        else:
            response.success, response.message = True, f"localizing with {self.node.parameters.model}"
        finally:
            self._reloading = False
        return response

    async def _reload(self) -> None:
        """Load and prepare in a thread, exchange here."""
        old, parameters = self.node.runtime, self.node.read_parameters()

        def prepared() -> Runtime:
            new = load_runtime(parameters, self.node.now_ns)
            old.prepare(new)
            return new

        usual_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            new = await self._in_thread(prepared)
        finally:
            sys.setswitchinterval(usual_s)
        if getattr(self.node, "runtime", None) is not old:
            raise MailError("the node", wanted="it unchanged", found="it was cleaned up meanwhile", fix="try again")
        old.hand_over(new)
        self.node.set_runtime(parameters, new)

    def _in_thread(self, work: Callable[[], Any]) -> Future:
        """The result of work in the thread; the executor continues meanwhile."""
        future = Future(executor=self.node.executor)

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._worker.submit(run)
        return future

    def _is_active(self, command: str) -> bool:
        if not self.node.active:
            self.node.get_logger().warning(f"{command} came while the node was not active: not used")
        return self.node.active
