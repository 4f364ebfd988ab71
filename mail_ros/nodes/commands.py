"""Commands to a running localizer: an initial pose, reinitialization, a saved pose and another model.

initialpose ----------------------> PositionFilter.set_initial_pose
reinitialize_global_localization -> PositionFilter.reinitialize
~/save_state ---------------------> the last pose into state_file
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

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.runtime import Runtime
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import from_initial_pose
from mail_ros.nodes.pose_file import PoseFile
from mail_ros.nodes.runtime_node import RuntimeNode, load_runtime
from mail_ros.nodes.spin import one_line

SWITCH_S = 1e-4  # maximum wait for Python's lock: a callback takes it back from the thread many times


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
