"""What a localizer can be told while it runs: where it is, that it may be anywhere, and that its model is a new one.

initialpose ----------------------> Localizer.believe
reinitialize_global_localization -> Localizer.forget
~/save_state ---------------------> the last place into state_file
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
from mail_ros.nodes.conversions import to_place
from mail_ros.nodes.pose_file import PlaceFile
from mail_ros.nodes.runtime_node import WorkingNode, put_to_work
from mail_ros.nodes.spin import one_line

SWITCH_S = 1e-4  # a callback takes back Python's lock from the thread many times, and each time waits so long at most


class Commands:
    """A topic and three services of a localizer."""

    def __init__(self, node: WorkingNode, place_file: PlaceFile) -> None:
        """Offer them."""
        self.node, self.place_file = node, place_file
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reload_model")
        self._reloading = False
        node.configured.callback(self._worker.shutdown, wait=False)
        pose = node.create_subscription(PoseWithCovarianceStamped, "initialpose", self.on_initial_pose, qos.poses())
        node.configured.callback(node.destroy_subscription, pose)
        aside = ReentrantCallbackGroup()  # in the node's own group, samples would wait until the model is loaded
        for kind, name, answer, group in (
            (Empty, "reinitialize_global_localization", self.on_reinitialize, None),
            (Trigger, "~/save_state", self.on_save_state, None),
            (Trigger, "~/reload_model", self.on_reload_model, aside),
        ):
            service = node.create_service(kind, name, answer, callback_group=group)
            node.configured.callback(node.destroy_service, service)

    def on_initial_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Begin with what somebody says of the place, where a tracker can carry it on."""
        if not self._is_active("an initial pose"):
            return
        try:
            self.node.runtime.localizer.filter.set_initial_pose(*to_place(msg, self.node.runtime.map_frame))
        except MailError as error:
            self.node.get_logger().warning(f"initial pose not used: {error}")

    def on_reinitialize(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        """Begin anywhere; the window that was heard stays."""
        if self._is_active("reinitialize_global_localization"):
            self.node.runtime.localizer.filter.reinitialize()
            self.node.get_logger().info("it may be anywhere: told so by reinitialize_global_localization")
        return response

    def on_save_state(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Keep the last sure place for the next start."""
        try:
            response.success, response.message = True, self.place_file.save()
        except MailError as error:
            response.success, response.message = False, str(error)
        return response

    async def on_reload_model(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Go on with the model file as it is now, in the middle of a window; with the old one if it cannot be used."""
        if self._reloading:
            response.success, response.message = False, "the old model stays: another reload is under way"
            return response
        self._reloading = True
        try:
            await self._reload()
        except Exception as error:  # whatever it is: a robot that drives must not lose its localizer by this
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
            new = put_to_work(parameters, self.node.now_ns)
            old.prepare(new)
            return new

        usual_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            new = await self._aside(prepared)
        finally:
            sys.setswitchinterval(usual_s)
        if getattr(self.node, "runtime", None) is not old:
            raise MailError("the node", wanted="it as it was", found="it cleaned up meanwhile", fix="try again")
        old.hand_over(new)
        self.node.work_with(parameters, new)

    def _aside(self, work: Callable[[], Any]) -> Future:
        """The result of work in the thread; the executor goes on meanwhile."""
        future = Future(executor=self.node.executor)

        def run() -> None:
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)

        self._worker.submit(run)
        return future

    def _is_active(self, what: str) -> bool:
        if not self.node.active:
            self.node.get_logger().warning(f"{what} came while the node was not active: not used")
        return self.node.active
