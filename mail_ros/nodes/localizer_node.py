"""`mail_localizer`: MagneticField in, poses and their status out.

    imu/mag ---------> to_reading -----> Runtime.push --> to_pose --> ~/pose, ~/pose_with_covariance, /tf
    joint_states ----> JointInput ---------^       |
    odom, imu/data --> OdometryInput ------^       +--> ~/hypotheses, ~/belief, ~/attention, where subscribed
                                                   +--> ~/status, where it changed; with /diagnostics, once a second

Every pose carries the stamp of the newest sample that it used; its status is published before it. No pose is published
while the window fills, nor for rejected samples; these are counted and reported. The node is a lifecycle node (see
`lifecycle`), which by default activates itself; while it is not active, it ignores messages and publishes nothing.
"""

from __future__ import annotations

import sys
from typing import Any

from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.localizer.runtime import PoseEstimate
from mail_ros.core.models.model_file import check_golden
from mail_ros.nodes import qos
from mail_ros.nodes.commands import Commands, PoseFile
from mail_ros.nodes.conversions import to_reading
from mail_ros.nodes.inputs import JointInput, OdometryInput
from mail_ros.nodes.outputs import DetailOutput, DiagnosticsOutput, MapToOdom, PoseOutput, StatusOutput
from mail_ros.nodes.parameters import LocalizerParameters, declare_only
from mail_ros.nodes.runtime_node import RuntimeNode, load_runtime
from mail_ros.nodes.spin import run

NAME = "mail_localizer"
FIELD_TOPIC, FIELD_TYPE = "imu/mag", "sensor_msgs/msg/MagneticField"
DIAGNOSE_S = 1.0  # between two messages on /diagnostics
REPORT_S = 10.0  # between two log lines about one problem
SAVE_S = 10.0  # between two writes of the last pose


class LocalizerNode(RuntimeNode):
    """MAIL as a node; options as of `rclpy.node.Node`.

    Raises:
        MailError: with autostart, a parameter or the model file is not valid.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        declare_only(self, LocalizerParameters, settable=("model",))
        if self.get_parameter("autostart").value is not False:  # `configure` rejects other types
            self.start()

    def configure(self) -> None:
        """Load and check the model, create topics and services."""
        parameters = self.read_parameters()
        self.set_runtime(parameters, load_runtime(parameters, self.now_ns))
        for name in ("runtime", "parameters"):  # frees the model
            self.configured.callback(delattr, self, name)
        self.status, self.poses = StatusOutput(self, "~"), PoseOutput(self, "~", parameters.publish_uncertain_pose)
        self.details, self.diagnostics = DetailOutput(self), DiagnosticsOutput(self)
        for output in (self.status, self.poses, self.details, self.diagnostics):
            self.configured.callback(output.destroy)
        self.map_to_odom = MapToOdom.create_if_enabled(self)
        self.odometry, self.joints = OdometryInput.create_if_enabled(self), JointInput(self)
        self.pose_file = PoseFile(self)
        self.field_subscription = qos.subscribe(self, MagneticField, FIELD_TOPIC, self.on_field)
        self.configured.callback(self.destroy_subscription, self.field_subscription)
        self.commands = Commands(self, self.pose_file)
        self._watch_clock()

    def activate(self) -> None:
        """Localize from now on, if the model predicts its golden window as it did after training.

        Samples from before are a gap, as any other.
        """
        check_golden(self.parameters.model_path, *self.runtime.loaded)
        self.pose_file.restore()
        self.activated.callback(self.pose_file.save_if_trusted)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, callback in ((DIAGNOSE_S, self.diagnose), (SAVE_S, self.pose_file.save_if_trusted)):
            self.activated.callback(self.destroy_timer, self.create_timer(period_s, callback, clock=steady))
        self.runtime.diagnostics.begin()
        self._restart_status()
        self.activated.callback(self._restart_status)  # an inactive node has no estimate
        self.get_logger().info(
            f"tracker {self.runtime.tracking.tracker}, a pose every {self.parameters.stride_s:g} s on "
            f"{self.poses.with_covariance.topic_name} from {self.field_subscription.topic_name}"
        )

    def on_field(self, msg: MagneticField) -> None:
        """Process a sample, and publish the status where it changed and the pose where one is due."""
        if not self.active:
            return
        try:
            stamp_ns, field_ut = to_reading(msg, self.parameters.field_scale)
        except MailError as error:
            self.runtime.diagnostics.counts.malformed += 1
            self.get_logger().warning(f"sample not used: {error}", throttle_duration_sec=REPORT_S)
            return
        self.runtime.diagnostics.sensors.add(msg.header.frame_id)
        pose = self.runtime.push(stamp_ns, field_ut)
        self.status.publish(self.runtime.monitor.report)
        if pose is not None:
            self.publish(pose)

    def publish(self, pose: PoseEstimate) -> None:
        """Publish an estimate on all topics."""
        self.poses.publish(pose.estimate, self.runtime.map_frame, pose.heading)
        if self.map_to_odom is not None and self.odometry is not None:
            self.map_to_odom.publish(pose, self.runtime.map_frame, self.odometry.frame_id)
        self.details.publish(self.runtime.localizer, pose.estimate, self.runtime.map_frame)

    def diagnose(self) -> None:
        """Publish the status, and an assessment of the time since the last one; log problems too."""
        self.runtime.monitor.refresh()
        self.status.publish(self.runtime.monitor.report, repeat=True)
        field = self.field_subscription
        assessed = self.runtime.diagnostics.assess(lambda: qos.why_silent(self, field, FIELD_TOPIC, FIELD_TYPE))
        topic = field.topic_name
        several = self.runtime.diagnostics.sensors.warning(topic, self.count_publishers(topic))
        assessment = self.joints.explain(assessed).warned(several)
        self.diagnostics.publish(assessment)
        if assessment.level == Level.ERROR:
            self.get_logger().error(assessment.message, throttle_duration_sec=REPORT_S)
        elif assessment.level == Level.WARN:
            self.get_logger().warning(assessment.message, throttle_duration_sec=REPORT_S)

    def on_clock_jump(self, jump: TimeJump) -> None:
        """Restart when time is set back: a bag was started again, or a simulation reset.

        Jumps shorter than the maximum gap are ignored, as late samples are.
        """
        if -jump.delta.nanoseconds < self.runtime.localizer.preprocessor.resampler.max_gap_ns:
            return
        self.get_logger().warning("the clock was set back: restarting")
        self.runtime.reset()
        self.status.publish(self.runtime.monitor.report)

    def close(self) -> None:
        """Save the pose, and free everything."""
        self.free()

    def _restart_status(self) -> None:
        self.runtime.monitor.restart()
        self.status.publish(self.runtime.monitor.report)

    def _watch_clock(self) -> None:
        back = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-1), on_clock_change=False)
        handle = self.get_clock().create_jump_callback(back, post_callback=self.on_clock_jump)
        self.configured.callback(handle.unregister)  # keeps the handle, too, without which the callback would end


def main() -> int:
    """The executable."""
    return run(NAME, LocalizerNode)


if __name__ == "__main__":
    sys.exit(main())
