"""`mail_recorder`: topics into rosbag2 MCAP bags, as serialized messages, and whether they are fit for training.

    RawTopics --> ActiveRecording ----------> OUT/PREFIX_DATE-TIME/    every message at the time of its receipt
        |         ~/start, ~/stop
        |         ~/mark, ~/unmark --> the topic `mark` of the bag
        +-------> QualityMonitor -------> /diagnostics, ~/status

A topic is recorded from when its first publisher appears. The bag is whole after SIGINT and SIGTERM alike; the bag of a
killed recorder is repaired at the next start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_srvs.srv import Trigger

from mail_ros.core.errors import BagError, MailError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.bag_repair import repair, unfinished
from mail_ros.data.messages import definition
from mail_ros.data.recording import FLUSH_S, MB, ActiveRecording, free_mb
from mail_ros.data.recording_quality import Fault, QualityMonitor
from mail_ros.nodes import qos
from mail_ros.nodes.outputs import DiagnosticsOutput
from mail_ros.nodes.parameters import declare_only, read
from mail_ros.nodes.raw_topics import RawTopics, TopicSubscription
from mail_ros.nodes.recorder_parameters import SETTABLE, RecorderParameters
from mail_ros.nodes.spin import run

NAME = "mail_recorder"
POLL_S = 0.2  # between two searches for new publishers
ASSESS_S = 1.0
SILENT_CLOCK = "use_sim_time is set and /clock is silent"
SETTLE_S = 3.0  # after the start: a topic without publisher by then is reported


class RecorderNode(Node):
    """Recordings, one after the other; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter is not valid, or the first bag cannot be written.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        declare_only(self, RecorderParameters, settable=SETTABLE)
        self.parameters = read(self, RecorderParameters)
        self.options = self.parameters.recording_options()
        self.mark_topic = self.resolve_topic_name("mark")
        self.recording: ActiveRecording | None = None
        self.failure: Fault | None = None  # the end of the last recording, if it failed
        self.quality = QualityMonitor()
        self._reported: set[str] = set()  # faults in the log
        self.topics = RawTopics(self, self.parameters.topics, self._on_topic, self._on_message)
        self._repair_unfinished()
        self.diagnostics = DiagnosticsOutput(self, "recording")
        self.status = self.create_publisher(DiagnosticStatus, "~/status", qos.last_pose())
        for name, callback in (
            ("start", self.on_start),
            ("stop", self.on_stop),
            ("mark", self.on_waypoint),
            ("unmark", self.on_cancel_waypoint),
        ):
            self.create_service(Trigger, f"~/{name}", callback)
        if self.parameters.autostart:
            self.start()
        else:
            self.get_logger().info(f"waiting for ~/start to record {', '.join(self.topics.missing)}")
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, act in ((POLL_S, self.topics.poll), (FLUSH_S, self.flush), (ASSESS_S, self.assess)):
            self.create_timer(period_s, act, clock=steady)

    def start(self) -> None:
        """Start a recording, with the labels as they are now.

        Raises:
            MailError: the disk has no room, the folder cannot be written, or a label is not valid.
        """
        self.parameters = read(self, RecorderParameters)
        self.options = self.parameters.recording_options()
        self.recording, self.failure = ActiveRecording(self.options, self.mark_topic), None
        self.quality.start_recording()
        for topic, subscribed in self.topics.subscribed.items():
            self._add_topic(self.recording, topic, subscribed)
        names = [*self.topics.subscribed, *self.topics.missing]
        self.get_logger().info(f"recording {', '.join(names)} into {self.recording.path}")
        self.topics.renew_latched()

    def stop(self) -> str:
        """Finish the recording; returns a summary.

        Raises:
            BagError: the end of the bag cannot be written.
        """
        recording, self.recording = self.recording, None
        assert recording is not None
        summary = recording.close()
        silent = {*self.topics.missing, *self.topics.refused}
        silent.update(topic for topic, count in recording.writer.counts.items() if not count)
        lines = [
            summary + (f"; nothing on {', '.join(sorted(silent))}" if silent else ""),
            f"bag: {recording.path}",
            f"next: {self.parameters.next_command}",
        ]
        for line in lines:
            self.get_logger().info(line)
        return "; ".join(lines)

    def flush(self) -> None:
        """Write all messages so far to the disk."""
        if self.recording is not None:
            try:
                self.recording.flush()
            except BagError as error:
                self._abort(error)

    def assess(self) -> None:
        """Publish the state, and log new faults."""
        state = "recording" if self.recording else "stopped" if self.failure else "waiting for ~/start"
        about = {"bag": str(self.recording.path), **self.recording.progress} if self.recording else {}
        size_mb = self.recording.writer.size / MB if self.recording else 0.0
        about |= {"size, MB": f"{size_mb:.3f}", "free on the disk, MB": self._free()}
        faults = [self.failure] if self.failure else []
        if self.recording and (surplus := self.recording.surplus):
            faults.append(Fault(Level.WARN, surplus, "surplus"))
        for name, topic in self.quality.topics.items():
            topic.publishers = self.count_publishers(name)
        assessment = self.quality.assess(state, about, faults, planned=self.options.route is not None)
        self.status.publish(self.diagnostics.publish(assessment))
        if self.quality.monitored_s < SETTLE_S:
            return
        for fault in self.quality.faults:
            if fault.key not in self._reported and fault is not self.failure:
                self.get_logger().warning(fault.what)
        self._reported = {fault.key for fault in self.quality.faults}

    def on_start(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """`~/start`: start a recording, and report faults."""
        if self.recording is not None:
            return _filled(response, False, f"already recording into {self.recording.path}")
        try:
            self.start()
        except MailError as error:
            return _filled(response, False, str(error))
        assert self.recording is not None
        warnings = "".join(f"; {fault.what}" for fault in self.quality.faults if fault.level > Level.OK)
        return _filled(response, True, f"recording into {self.recording.path}{warnings}")

    def on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """`~/stop`: finish the recording."""
        if self.recording is None:
            return _filled(response, False, "not recording")
        try:
            return _filled(response, True, self.stop())
        except BagError as error:
            self._fail(error)
            return _filled(response, False, str(error))

    def on_waypoint(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """`~/mark`: a waypoint event; on a route, its next landmark is passed now."""
        return self._add_event(ActiveRecording.add_waypoint_event, response)

    def on_cancel_waypoint(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """`~/unmark`: cancel the last waypoint event."""
        if self.recording is not None and not self.recording.waypoint_events:
            return _filled(response, False, "no mark to take back")
        return self._add_event(ActiveRecording.cancel_waypoint_event, response)

    def _add_event(self, act: Callable[[ActiveRecording, int], str], response: Trigger.Response) -> Trigger.Response:
        if self.recording is None:
            return _filled(response, False, "not recording: call ~/start first")
        if (now_ns := self.get_clock().now().nanoseconds) == 0:
            return _filled(response, False, SILENT_CLOCK)
        try:
            message = act(self.recording, now_ns)
        except BagError as error:
            self._abort(error)
            return _filled(response, False, str(error))
        self.get_logger().info(message)
        return _filled(response, True, message)

    def close(self) -> None:
        """Finish the recording.

        Raises:
            BagError: the end of the bag cannot be written.
        """
        if self.recording is not None:
            self.stop()

    def _repair_unfinished(self) -> None:
        """Repair bags that a kill or a power loss has left, before anything is added to the disk."""
        for bag in unfinished(self.options.out):
            self.get_logger().warning(f"{bag} was cut off: repairing it")
            try:
                self.get_logger().info(f"repaired: {repair(bag)}")
            except Exception as error:  # this recording starts, whatever became of others
                self.get_logger().error(str(error))

    def _on_topic(self, topic: str, subscribed: TopicSubscription) -> None:
        definition(subscribed.msgtype)  # raises for an unknown type
        if self.recording is not None:
            self._add_topic(self.recording, topic, subscribed)
        self.quality.add_topic(topic, subscribed.msgtype)

    def _add_topic(self, recording: ActiveRecording, topic: str, subscribed: TopicSubscription) -> None:
        recording.writer.add_topic(topic, subscribed.msgtype, [qos.rosbag2_terms(offer) for offer in subscribed.offers])

    def _on_message(self, topic: str, cdr: bytes, sent_ns: int) -> None:
        now_ns = self.get_clock().now().nanoseconds
        if now_ns == 0:  # simulated time has not begun
            self.get_logger().warning(SILENT_CLOCK, throttle_duration_sec=10.0)
            return
        if self.recording is not None:
            try:
                self.recording.write(topic, now_ns, cdr, sent_ns or None)
            except BagError as error:
                self._abort(error)
        self.quality.on_message(topic, cdr, now_ns, written=self.recording is not None)

    def _abort(self, error: BagError) -> None:
        """End a failed recording, as whole as possible."""
        self._fail(error)
        try:
            self.stop()
        except BagError as worse:
            self._fail(worse)

    def _fail(self, error: BagError) -> None:
        self.failure = Fault(Level.ERROR, str(error))
        self.get_logger().error(f"stopped recording: {error}")

    def _free(self) -> str:
        try:
            return f"{free_mb(self.options.out):.0f}"
        except OSError as error:
            return error.strerror or str(error)


def _filled(response: Trigger.Response, success: bool, message: str) -> Trigger.Response:
    response.success, response.message = success, message
    return response


def main() -> int:
    """The executable."""
    return run(NAME, RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
