"""`mail_recorder`: topics into a rosbag2 MCAP bag, as the bytes that came in.

    graph --> subscription, raw --> BagWriter --> OUT/PREFIX_DATE-TIME/
    polled    QoS as offered        every message at the time of its receipt

A topic is recorded from when its first publisher appears. The bag is whole after SIGINT and SIGTERM alike.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from mail_ros.core.errors import BagError, ConfigError, MailError
from mail_ros.data.bag_writer import BagWriter
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import message_class
from mail_ros.nodes.parameters import RecorderParameters, declare
from mail_ros.nodes.spin import one_line, run

NAME = "mail_recorder"
POLL_S = 0.2  # between two looks for topics that have no publisher yet


class RecorderNode(Node):
    """A bag in the making; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter is not what it must be, or the bag cannot be written.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        self.parameters = declare(self, RecorderParameters)
        self.missing = self._resolve(self.parameters.topics)
        self.refused: list[str] = []
        name = f"{self.parameters.prefix}_{datetime.now():%Y_%m_%d-%H_%M_%S}"
        self.path = self.parameters.out_path / name
        self.writer = _writer(self.path)
        self._timer = self.create_timer(POLL_S, self.look_for_topics, clock=Clock(clock_type=ClockType.STEADY_TIME))
        self.get_logger().info(f"recording {', '.join(self.missing)} into {self.path}")

    def look_for_topics(self) -> None:
        """Subscribe to what has a publisher by now."""
        for topic in list(self.missing):
            try:
                if self._subscribe(topic):
                    self.missing.remove(topic)
            except MailError as error:
                self.get_logger().error(f"{topic} is not recorded: {error}")
                self.missing.remove(topic)
                self.refused.append(topic)
        if not self.missing:
            self._timer.cancel()

    def close(self) -> None:
        """Finish the bag and say what it holds.

        Raises:
            BagError: its end cannot be written.
        """
        try:
            self.writer.close()
        except OSError as error:
            raise _cannot_write(self.path, error) from None
        counts = ", ".join(f"{topic} {count}" for topic, count in sorted(self.writer.counts.items()) if count)
        silent = self.missing + self.refused + [topic for topic, count in self.writer.counts.items() if not count]
        never = f"; nothing on {', '.join(sorted(silent))}" if silent else ""
        self.get_logger().info(f"recorded {counts or 'nothing'}{never}")
        self.get_logger().info(f"bag: {self.path}")

    def _resolve(self, topics: Sequence[str]) -> list[str]:
        """Absolute names, each once."""
        try:
            return list(dict.fromkeys(self.resolve_topic_name(topic) for topic in topics))
        except RuntimeError as error:  # of rcl, on a name that cannot be one
            raise ConfigError(
                "parameter topics",
                wanted="names of topics",
                found=f"{list(topics)} ({one_line(error)})",
                fix="correct them",
            ) from None

    def _subscribe(self, topic: str) -> bool:
        """Whether somebody publishes the topic, and it is recorded from now on."""
        publishers = self.get_publishers_info_by_topic(topic)
        if not publishers:
            return False
        types = sorted({publisher.topic_type for publisher in publishers})
        if len(types) > 1:
            raise MailError(
                topic, wanted="one message type", found=" and ".join(types), fix="stop one of its publishers"
            )
        offers = [publisher.qos_profile for publisher in publishers]
        kind = message_class(types[0])
        self.writer.add_topic(topic, types[0], [qos.rosbag2_terms(offer) for offer in offers])
        self.create_subscription(kind, topic, self._write_to(topic), qos.match_offers(offers), raw=True)
        self.get_logger().info(f"{topic}: {types[0]}")
        return True

    def _write_to(self, topic: str) -> Callable[[bytes, Mapping[str, int]], None]:
        def write(cdr: bytes, info: Mapping[str, int]) -> None:
            now_ns = self.get_clock().now().nanoseconds
            if now_ns == 0:  # simulated time that has not begun
                self.get_logger().warning("use_sim_time is set and /clock is silent", throttle_duration_sec=10.0)
                return
            try:
                self.writer.write(topic, now_ns, cdr, info["source_timestamp"] or None)
            except OSError as error:
                raise _cannot_write(self.path, error) from None

        return write


def _writer(path: Path) -> BagWriter:
    try:
        return BagWriter(path)
    except OSError as error:
        raise _cannot_write(path, error) from None


def _cannot_write(path: Path, error: OSError) -> BagError:
    return BagError(
        path, wanted="a place to write", found=error.strerror or str(error), fix="make room, or choose another with out"
    )


def main() -> int:
    """The executable."""
    return run(NAME, RecorderNode)


if __name__ == "__main__":
    sys.exit(main())
