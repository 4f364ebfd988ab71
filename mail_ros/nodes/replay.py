"""A bag's topics, published as serialized messages, and /clock.

A reliable subscriber that keeps all loses nothing, at any rate: the replay waits for it. A best-effort subscriber, as
usual for sensor data, may lose messages when it falls behind.

There is one clock: the recorded /clock of a bag that has one, since its stamps follow it, else the bag's log times.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rclpy.duration import Duration
from rclpy.exceptions import NameValidationException
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock

from mail_ros.core.errors import BagError, ConfigError, MailError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import Bag
from mail_ros.data.clock_jumps import HOLE_S
from mail_ros.data.messages import Message
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import message_class, to_time
from mail_ros.nodes.spin import one_line, private_node

CLOCK_PERIOD_S = 0.025  # wall time, as in rosbag2
CDR_HEADER = 4  # bytes; Fast DDS never delivers less, and withholds all that follows
STALLED_S = 60.0  # without progress of a reliable subscriber until the replay gives up
CLOCK_TOPIC = "/clock"
ACK_S = 0.1  # rclpy holds Python's lock while it waits for acknowledgments
SETTLE_S = 0.2  # DDS matches both sides on their own: a subscription that is seen may not see its publisher yet


@dataclass(frozen=True)
class ReplayOptions:
    """How a bag is replayed."""

    rate: float = 1.0  # times the recorded speed; 0: as fast as reliable subscribers allow
    topics: tuple[str, ...] = ()  # empty: all of the bag
    namespace: str = ""  # put before the topics
    clock: bool = True  # publish /clock
    subscriptions: int = 1  # wait for this number before the first message, over all topics
    wait_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.rate < float("inf"):
            raise ConfigError("rate", wanted="0 or more", found=f"{self.rate:g}", fix="1 is the recorded speed")

    def wants(self, topic: str) -> bool:
        """Whether a topic of the bag is published."""
        return self.clock if topic == CLOCK_TOPIC else not self.topics or topic in self.topics


@dataclass
class ReplayContents:
    """The replayed topics of a bag."""

    types: dict[str, str] = field(default_factory=dict)
    count: int = 0
    first_ns: int = 0
    unplayable: dict[str, MailError] = field(default_factory=dict)  # topics of a type that is not installed

    def is_playable(self, topic: str, msgtype: str) -> bool:
        """Whether a topic's type is installed; the first time, the topic becomes one of `types` or `unplayable`."""
        if topic not in self.types and topic not in self.unplayable:
            try:
                message_class(msgtype)
                self.types[topic] = msgtype
            except MailError as error:
                self.unplayable[topic] = error
        return topic in self.types


@dataclass
class Replayed:
    """A summary of what was published."""

    counts: Counter[str] = field(default_factory=Counter)
    lossy: tuple[str, ...] = ()  # topics with a best-effort subscriber at rate 0
    cut_off: bool = False  # the bag was cut off; all before was replayed
    unplayable: dict[str, MailError] = field(default_factory=dict)  # see `ReplayContents`
    recorded_clock: bool = False  # whether /clock was the bag's own
    skipped_s: float = 0.0  # without a message in the log: not waited for


def replay(
    path: Path, options: ReplayOptions | None = None, progress: Callable[[int, int], None] | None = None
) -> Replayed:
    """Publish a bag in a context of its own; returns when reliable subscribers have received all of it.

    Args:
        path: a rosbag2 folder or file.
        options: see `ReplayOptions`.
        progress: called with messages published and in all.

    Raises:
        BagError: an unreadable or empty bag, or one that lacks a requested topic.
        MailError: no message type of the bag is installed, there is no subscriber, or one is stuck.
    """
    options = options or ReplayOptions()
    bag = Bag(path)
    contents = read_contents(bag, options)
    with private_node("mail_replay") as (node, _):
        return _Player(node, contents, options).play(bag, progress or (lambda done, count: None))


def read_contents(bag: Bag, options: ReplayOptions) -> ReplayContents:
    """Read the bag once, so that nothing is published from a damaged bag or one that lacks a topic.

    Raises:
        BagError: the bag is empty, damaged, or lacks a topic.
        MailError: no message type of its topics is installed.
    """
    contents, seen = ReplayContents(), set[str]()
    for message in bag.messages():
        seen.add(message.topic)
        if len(message.cdr) < CDR_HEADER:
            raise BagError(
                bag.path, wanted=f"CDR on {message.topic}", found=f"{len(message.cdr)} bytes", fix="record it again"
            )
        if options.wants(message.topic) and contents.is_playable(message.topic, message.msgtype):
            contents.first_ns = min(contents.first_ns, message.log_time_ns) if contents.count else message.log_time_ns
            contents.count += 1
    lacking = [topic for topic in options.topics if topic not in seen]
    if lacking or not seen:
        raise BagError(
            bag.path,
            wanted=f"messages on {', '.join(lacking)}" if lacking else "messages",
            found=", ".join(sorted(seen)) or "none at all",
            fix="choose among these" if seen else "record it again",
        )
    if contents.unplayable and not contents.types:
        raise next(iter(contents.unplayable.values()))
    return contents


class _Player:
    """One replay: its publishers and its clock."""

    def __init__(self, node: Node, contents: ReplayContents, options: ReplayOptions) -> None:
        self.node, self.contents, self.options = node, contents, options
        self.publishers = {topic: self._publisher(topic, msgtype) for topic, msgtype in contents.types.items()}
        self.data = {topic: publisher for topic, publisher in self.publishers.items() if topic != CLOCK_TOPIC}
        recorded = CLOCK_TOPIC in contents.types
        own_clock = options.clock and not recorded
        self.clock = node.create_publisher(Clock, CLOCK_TOPIC, QoSProfile(depth=10)) if own_clock else None
        self.clock_ns = contents.first_ns
        self.next_clock_s = 0.0
        self.replayed = Replayed(unplayable=contents.unplayable, recorded_clock=recorded)

    def play(self, bag: Bag, progress: Callable[[int, int], None]) -> Replayed:
        self._wait_for_subscriptions()
        self.replayed.cut_off = bag.cut_off
        self.replayed.lossy = self._lossy() if self.options.rate == 0.0 else ()
        played = (message for message in bag.messages(list(self.publishers)) if message.topic in self.publishers)
        for done, message in enumerate(self._paced(played)):
            self._publish(message)
            progress(done + 1, self.contents.count)
        for topic, publisher in self.publishers.items():
            deadline_s = time.monotonic() + STALLED_S
            while not publisher.wait_for_all_acked(Duration(seconds=ACK_S)):
                if time.monotonic() > deadline_s:
                    raise _stuck(topic)
        return self.replayed

    def _publisher(self, topic: str, msgtype: str) -> Publisher:
        namespace = "" if topic == CLOCK_TOPIC else self.options.namespace.strip("/")
        try:
            return self.node.create_publisher(
                message_class(msgtype), f"/{namespace}{topic}" if namespace else topic, qos.lossless()
            )
        except NameValidationException as error:
            raise ConfigError(
                "namespace", wanted="a ROS name", found=f"{namespace} ({one_line(error)})", fix="correct it"
            ) from None

    def _wait_for_subscriptions(self) -> None:
        deadline_s = time.monotonic() + self.options.wait_s
        while (found := sum(p.get_subscription_count() for p in self.data.values())) < self.options.subscriptions:
            if time.monotonic() > deadline_s:
                raise MailError(
                    ", ".join(publisher.topic_name for publisher in self.data.values()),
                    wanted=f"{self.options.subscriptions} subscriptions within {self.options.wait_s:g} s",
                    found=str(found),
                    fix="start the subscribers, or do not wait for them",
                )
            time.sleep(0.01)
        if self.options.subscriptions:
            time.sleep(SETTLE_S)

    def _lossy(self) -> tuple[str, ...]:
        return tuple(
            publisher.topic_name
            for publisher in self.data.values()
            if any(
                subscription.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
                for subscription in self.node.get_subscriptions_info_by_topic(publisher.topic_name)
            )
        )

    def _paced(self, messages: Iterator[Message]) -> Iterator[Message]:
        """Each message at its time, without waiting through holes of the log; publishes /clock meanwhile."""
        started_s, rate = time.monotonic(), self.options.rate
        due_ns, before_ns = 0, self.contents.first_ns
        for message in messages:
            step_ns, before_ns = message.log_time_ns - before_ns, message.log_time_ns
            if abs(step_ns) <= HOLE_S * NS_PER_S:
                due_ns += step_ns
            else:
                self.replayed.skipped_s += max(step_ns, 0) / NS_PER_S
                self.clock_ns = message.log_time_ns
            due_s = started_s + due_ns / NS_PER_S / rate if rate else started_s
            while (now_s := time.monotonic()) < due_s:
                self._advance_clock(message.log_time_ns - int((due_s - now_s) * rate * NS_PER_S))
                time.sleep(min(due_s - now_s, CLOCK_PERIOD_S))
            self._advance_clock(message.log_time_ns)
            yield message
        self.next_clock_s = 0.0
        self._advance_clock(self.clock_ns)

    def _advance_clock(self, clock_ns: int) -> None:
        """Advance time; publish it at most once a period."""
        self.clock_ns, now_s = max(self.clock_ns, clock_ns), time.monotonic()
        if self.clock is not None and now_s >= self.next_clock_s:
            self.clock.publish(Clock(clock=to_time(self.clock_ns)))
            self.next_clock_s = now_s + CLOCK_PERIOD_S

    def _publish(self, message: Message) -> None:
        """Send one message; while a reliable subscriber's queue is full, the middleware refuses it."""
        deadline_s = time.monotonic() + STALLED_S
        while True:
            try:
                self.publishers[message.topic].publish(message.cdr)
            except RuntimeError:  # the middleware waited 0.1 s for room
                if time.monotonic() > deadline_s:
                    raise _stuck(message.topic) from None
            else:
                self.replayed.counts[message.topic] += 1
                return


def _stuck(topic: str) -> MailError:
    return MailError(
        topic,
        wanted="its reliable subscribers to receive messages",
        found=f"none received for {STALLED_S:g} s",
        fix="stop the one that hangs",
    )
