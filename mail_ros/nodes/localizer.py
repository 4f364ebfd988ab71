"""`mail_localizer`: MagneticField in, PoseStamped out.

    imu/mag --> to_sample --> WindowLocalizer.push --> to_pose --> ~/pose
    sensor data QoS, best effort                        |           reliable, volatile
                                                        +--------> ~/pose_with_covariance
                                                                    reliable, latched
                                                        ~/hypotheses, ~/attention, for who listens
                                                        /diagnostics, once a second

Every pose carries the stamp of the newest sample that it used. Nothing is published while the window
fills, and for samples that cannot be used; why not is counted and logged. The node is a lifecycle node
(see `lifecycle`), which by default activates itself: while it is not active, it hears and says nothing.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.qos_overriding_options import InvalidQosOverridesError
from sensor_msgs.msg import MagneticField
from std_srvs.srv import Empty, Trigger

from mail_ros.core.checkpoint import ModelCard, check_golden
from mail_ros.core.engine import load
from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.health import Health, Heard, unused
from mail_ros.core.tracked import localizer_of
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_place, to_sample
from mail_ros.nodes.lifecycle import ManagedNode
from mail_ros.nodes.outputs import Details, Diagnostics, Poses
from mail_ros.nodes.parameters import LocalizerParameters, declare_only, read
from mail_ros.nodes.spin import one_line, run

NAME = "mail_localizer"
FIELD_TOPIC = "imu/mag"
DIAGNOSE_S = 1.0  # between two messages on /diagnostics
REPORT_S = 10.0  # between two lines about samples that were not used


class LocalizerNode(ManagedNode):
    """MAIL as a node; options as of `rclpy.node.Node`.

    Raises:
        MailError: with autostart, a parameter or the model file is not what it must be.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        declare_only(self, LocalizerParameters, settable=("model",))
        if self.get_parameter("autostart").value is not False:  # what is no truth value is refused by `configure`
            self.start()

    def configure(self) -> None:
        """Load and check the model, offer topics and services."""
        self._load()
        for name in ("loaded", "localizer", "heard", "health"):  # the model goes with them
            self.configured.callback(delattr, self, name)
        self.poses = Poses(self, "~")
        self.details = Details(self)
        self.diagnostics = Diagnostics(self)
        for output in (self.poses, self.details, self.diagnostics):
            self.configured.callback(output.destroy)
        self._subscribe()
        self._serve()
        self._watch_clock()

    def activate(self) -> None:
        """Localize from now on, if the model still answers its golden window as it did after training.

        What was not heard meanwhile is a gap in the samples, as any other.
        """
        check_golden(self.parameters.model_path, *self.loaded)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, act in ((REPORT_S, self.report), (DIAGNOSE_S, self.diagnose)):
            self.activated.callback(self.destroy_timer, self.create_timer(period_s, act, clock=steady))
        self.health.begin()
        self.get_logger().info(
            f"tracker {self.parameters.tracker}, a pose every {self.parameters.stride_s:g} s on "
            f"{self.poses.plain.topic_name} from {self.field_subscription.topic_name}"
        )

    def on_field(self, msg: MagneticField) -> None:
        """Answer a sample with a pose, where one is due."""
        if not self.active:
            return
        try:
            sample = to_sample(msg)
        except MailError as error:
            self.heard.malformed += 1
            self.health.heard.malformed += 1
            self.get_logger().warning(f"sample not used: {error}", throttle_duration_sec=REPORT_S)
            return
        estimate = self.health.push(sample)
        if estimate is not None:
            self.poses.publish(estimate, self.map_frame)
            self.details.publish(self.localizer, estimate, self.map_frame)

    def on_initial_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Begin with what somebody says of the place, where a tracker can carry it on."""
        if not self._is_active("an initial pose"):
            return
        try:
            self.localizer.believe(*to_place(msg, self.map_frame))
        except MailError as error:
            self.get_logger().warning(f"initial pose not used: {error}")

    def on_reinitialize(self, request: Empty.Request, response: Empty.Response) -> Empty.Response:
        """Begin anywhere; the window that was heard stays."""
        if self._is_active("reinitialize_global_localization"):
            self.localizer.forget()
            self.get_logger().info("it may be anywhere: told so by reinitialize_global_localization")
        return response

    def on_reload_model(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Go on with the model file as it is now, with an empty window; with the old one if it cannot be used.

        Samples that come meanwhile wait: there is room for a second of them.
        """
        try:
            self._load()
        except Exception as error:  # whatever it is: a robot that drives must not lose its localizer by this
            reason = str(error) if isinstance(error, MailError) else one_line(repr(error))
            response.success, response.message = False, f"the old model stays: {reason}"
            self.get_logger().error(response.message)
        else:
            response.success, response.message = True, f"localizing with {self.parameters.model}"
        return response

    def on_clock_jump(self, jump: TimeJump) -> None:
        """Start anew when time is set back: a bag was started again, or a simulation reset.

        Jumps as small as late samples are none.
        """
        if -jump.delta.nanoseconds < self.localizer.intake.resampler.max_gap_ns:
            return
        self.get_logger().warning("the clock was set back: starting anew")
        self.localizer.reset()

    def report(self) -> None:
        """Say what became of the samples since the last report, where some were of no use."""
        new = self.heard.new()
        if not new:
            topic, publishers = self.field_subscription.topic_name, self.field_subscription.get_publisher_count()
            self.get_logger().warning(f"no sample for {REPORT_S:g} s on {topic} from {publishers} publishers")
        elif words := unused(new):
            self.get_logger().warning(f"samples in {REPORT_S:g} s: {words}")

    def diagnose(self) -> None:
        """Say how it went since the last time."""
        self.diagnostics.publish(self.health.assess())

    def _load(self) -> None:
        """Load and check what the parameters name, then localize with it; where that fails, all is as before."""
        parameters = read(self, LocalizerParameters)
        loaded = load(parameters.model_path, parameters.engine)
        localizer = localizer_of(loaded.model, parameters.stride_s, parameters.tracker)
        map_frame = parameters.global_frame_id or loaded.card.map_frame
        about = {
            "model": parameters.model,
            "model sha256": sha256(parameters.model_path.read_bytes()).hexdigest(),
            "map frame": map_frame,
            "engine": parameters.engine,
            "tracker": parameters.tracker,
        }
        self.parameters, self.loaded, self.localizer, self.map_frame = parameters, loaded, localizer, map_frame
        self.heard, self.health = Heard(localizer), Health(localizer, self._now_ns, about)
        self._introduce(loaded.card)

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _is_active(self, what: str) -> bool:
        if not self.active:
            self.get_logger().warning(f"{what} came while the node was not active: not used")
        return self.active

    def _subscribe(self) -> None:
        try:
            self.field_subscription = self.create_subscription(
                MagneticField, FIELD_TOPIC, self.on_field, qos.sensor_data(), qos_overriding_options=qos.overriding()
            )
        except (InvalidQosOverridesError, ParameterException, RuntimeError) as error:
            raise ConfigError(
                f"parameter qos_overrides.{self.resolve_topic_name(FIELD_TOPIC)}.subscription",
                wanted="reliability (best_effort, reliable), history (keep_last, keep_all) and depth",
                found=one_line(error),
                fix="correct it",
            ) from None
        self.configured.callback(self.destroy_subscription, self.field_subscription)

    def _serve(self) -> None:
        place = self.create_subscription(PoseWithCovarianceStamped, "initialpose", self.on_initial_pose, qos.poses())
        self.configured.callback(self.destroy_subscription, place)
        for kind, name, answer in (
            (Empty, "reinitialize_global_localization", self.on_reinitialize),
            (Trigger, "~/reload_model", self.on_reload_model),
        ):
            self.configured.callback(self.destroy_service, self.create_service(kind, name, answer))

    def _watch_clock(self) -> None:
        back = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=False)
        handle = self.get_clock().create_jump_callback(back, post_callback=self.on_clock_jump)
        self.configured.callback(handle.unregister)  # which also keeps the handle: the callback would end with it

    def _introduce(self, card: ModelCard) -> None:
        config, floors = card.config, ", ".join(map(str, card.floors))
        kind = "matching" if config.network.kind == "matching" else f"{config.network.head} head"
        self.get_logger().info(
            f"model {self.parameters.model}: {kind}, map frame {self.map_frame}, floors {floors}, "
            f"{config.features.rate_hz:g} Hz, window {config.window.length_s:g} s"
        )


def main() -> int:
    """The executable."""
    return run(NAME, LocalizerNode)


if __name__ == "__main__":
    sys.exit(main())
