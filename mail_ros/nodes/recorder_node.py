"""`mail_recorder`: topics into rosbag2 MCAP bags, as the bytes that came in, and whether they will do to train on.

    RawTopics --> ActiveRecording ----------> OUT/PREFIX_DATE-TIME/    every message at the time of its receipt
        |         ~/start, ~/stop
        |         ~/mark, ~/unmark --> the topic `mark` of the bag
        +-------> QualityMonitor -------> /diagnostics, ~/status

A topic is recorded from when its first publisher appears. The bag is whole after SIGINT and SIGTERM alike; one that was
killed is repaired at the next start.
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
from mail_ros.nodes.outputs import Diagnostics
from mail_ros.nodes.parameters import declare_only, read
from mail_ros.nodes.raw_topics import Heard, RawTopics
from mail_ros.nodes.recorder_parameters import SETTABLE, RecorderParameters
from mail_ros.nodes.spin import run

NAME = "mail_recorder"
POLL_S = 0.2  # between two looks for topics that have no publisher yet
ASSESS_S = 1.0
SILENT_CLOCK = "use_sim_time is set and /clock is silent"
SETTLE_S = 3.0  # after the start: what is not there by then is missed


class RecorderNode(Node):
    """Takes, one after the other; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter is not what it must be, or the first bag cannot be written.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        declare_only(self, RecorderParameters, settable=SETTABLE)
        self.parameters = read(self, RecorderParameters)
        self.options = self.parameters.recording_options()
        self.mark_topic = self.resolve_topic_name("mark")
        self.take: ActiveRecording | None = None
        self.trouble: Fault | None = None  # that ended the last take
        self.quality = QualityMonitor()
        self._said: set[str] = set()
        self.topics = RawTopics(self, self.parameters.topics, self._declare, self._hear)
        self._mend()
        self.diagnostics = Diagnostics(self, "recording")
        self.status = self.create_publisher(DiagnosticStatus, "~/status", qos.last_pose())
        for serve in (self.on_start, self.on_stop, self.on_mark, self.on_unmark):
            self.create_service(Trigger, f"~/{serve.__name__.removeprefix('on_')}", serve)
        if self.parameters.autostart:
            self.start()
        else:
            self.get_logger().info(f"waiting for ~/start to record {', '.join(self.topics.missing)}")
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, act in ((POLL_S, self.topics.look), (FLUSH_S, self.flush), (ASSESS_S, self.assess)):
            self.create_timer(period_s, act, clock=steady)

    def start(self) -> None:
        """Begin a take, with the labels as they are now.

        Raises:
            MailError: there is no room or no place for it, or a label is not one.
        """
        self.parameters = read(self, RecorderParameters)
        self.options = self.parameters.recording_options()
        self.take, self.trouble = ActiveRecording(self.options, self.mark_topic), None
        self.quality.start_recording()
        for topic, heard in self.topics.heard.items():
            self._add_topic(self.take, topic, heard)
        names = [*self.topics.heard, *self.topics.missing]
        self.get_logger().info(f"recording {', '.join(names)} into {self.take.path}")
        self.topics.hear_latched_again()

    def stop(self) -> str:
        """Finish the take; what it holds.

        Raises:
            BagError: its end cannot be written.
        """
        take, self.take = self.take, None
        assert take is not None
        said = take.close()
        silent = {*self.topics.missing, *self.topics.refused}
        silent.update(topic for topic, count in take.writer.counts.items() if not count)
        said += f"; nothing on {', '.join(sorted(silent))}" if silent else ""
        self.get_logger().info(said)
        self.get_logger().info(f"bag: {take.path}")
        self.get_logger().info(f"next: {self.parameters.next_command}")
        return f"{said}; bag: {take.path}; next: {self.parameters.next_command}"

    def flush(self) -> None:
        """Make what came so far safe."""
        if self.take is not None:
            try:
                self.take.flush()
            except BagError as error:
                self._give_up(error)

    def assess(self) -> None:
        """Say how it goes, and in the log what has changed for the worse."""
        state = "recording" if self.take else "stopped" if self.trouble else "waiting for ~/start"
        about = {"bag": str(self.take.path), **self.take.progress} if self.take else {}
        size_mb = self.take.writer.size / MB if self.take else 0.0
        about |= {"size, MB": f"{size_mb:.3f}", "free on the disk, MB": self._free()}
        faults = [self.trouble] if self.trouble else []
        if self.take and (surplus := self.take.surplus):
            faults.append(Fault(Level.WARN, surplus, "surplus"))
        assessment = self.quality.assess(state, about, faults, planned=self.options.route is not None)
        self.status.publish(self.diagnostics.publish(assessment))
        if self.quality.monitored_s < SETTLE_S:
            return
        now = {fault.key for fault in self.quality.faults}
        for fault in self.quality.faults:
            if fault.key not in self._said and fault is not self.trouble:
                self.get_logger().warning(fault.what)
        self._said = now

    def on_start(self, _: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        """`~/start`: begin a take, and say what is not as it should be."""
        if self.take is not None:
            return _answered(answer, False, f"already recording into {self.take.path}")
        try:
            self.start()
        except MailError as error:
            return _answered(answer, False, str(error))
        assert self.take is not None
        beware = "".join(f"; {fault.what}" for fault in self.quality.faults if fault.level > Level.OK)
        return _answered(answer, True, f"recording into {self.take.path}{beware}")

    def on_stop(self, _: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        """`~/stop`: finish the take."""
        if self.take is None:
            return _answered(answer, False, "not recording")
        try:
            return _answered(answer, True, self.stop())
        except BagError as error:
            self._say_trouble(error)
            return _answered(answer, False, str(error))

    def on_mark(self, _: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        """`~/mark`: something is passed now; with a route, its next landmark."""
        return self._mark(ActiveRecording.add_waypoint_event, answer)

    def on_unmark(self, _: Trigger.Request, answer: Trigger.Response) -> Trigger.Response:
        """`~/unmark`: the last mark was a mistake."""
        if self.take is not None and not self.take.waypoint_events:
            return _answered(answer, False, "no mark to take back")
        return self._mark(ActiveRecording.cancel_waypoint_event, answer)

    def _mark(self, act: Callable[[ActiveRecording, int], str], answer: Trigger.Response) -> Trigger.Response:
        if self.take is None:
            return _answered(answer, False, "not recording: call ~/start first")
        if (now_ns := self.get_clock().now().nanoseconds) == 0:
            return _answered(answer, False, SILENT_CLOCK)
        try:
            said = act(self.take, now_ns)
        except BagError as error:
            self._give_up(error)
            return _answered(answer, False, str(error))
        self.get_logger().info(said)
        return _answered(answer, True, said)

    def close(self) -> None:
        """Finish the take and say what it holds.

        Raises:
            BagError: its end cannot be written.
        """
        if self.take is not None:
            self.stop()

    def _mend(self) -> None:
        """Bags that a kill or a power loss has left, before anything is added to the disk."""
        for bag in unfinished(self.options.out):
            self.get_logger().warning(f"{bag} was cut off: repairing it")
            try:
                self.get_logger().info(f"repaired: {repair(bag)}")
            except MailError as error:
                self.get_logger().error(str(error))

    def _declare(self, topic: str, heard: Heard) -> None:
        definition(heard.msgtype)  # or it is refused
        if self.take is not None:
            self._add_topic(self.take, topic, heard)
        self.quality.add_topic(topic, heard.msgtype)

    def _add_topic(self, take: ActiveRecording, topic: str, heard: Heard) -> None:
        take.add_topic(topic, heard.msgtype, [qos.rosbag2_terms(offer) for offer in heard.offers])

    def _hear(self, topic: str, cdr: bytes, sent_ns: int) -> None:
        now_ns = self.get_clock().now().nanoseconds
        if now_ns == 0:  # simulated time that has not begun
            self.get_logger().warning(SILENT_CLOCK, throttle_duration_sec=10.0)
            return
        if self.take is not None:
            try:
                self.take.write(topic, now_ns, cdr, sent_ns or None)
            except BagError as error:
                self._give_up(error)
        self.quality.on_message(topic, cdr, now_ns, written=self.take is not None)

    def _give_up(self, error: BagError) -> None:
        """End a take that cannot go on, as whole as it can be."""
        self._say_trouble(error)
        try:
            self.stop()
        except BagError as worse:
            self._say_trouble(worse)

    def _say_trouble(self, error: BagError) -> None:
        self.trouble = Fault(Level.ERROR, str(error))
        self.get_logger().error(f"stopped recording: {error}")

    def _free(self) -> str:
        try:
            return f"{free_mb(self.options.out):.0f}"
        except OSError as error:
            return error.strerror or str(error)


def _answered(answer: Trigger.Response, success: bool, message: str) -> Trigger.Response:
    answer.success, answer.message = success, message
    return answer


def main() -> int:
    """The executable."""
    return run(NAME, RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
