"""Topics as the bytes that are sent on them, from when their first publisher appears.

graph --> subscription, raw --> hear(topic, bytes, source stamp)
polled    QoS as offered        all that waits at once: an executor's own round trip costs more than a message
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import message_class
from mail_ros.nodes.spin import one_line

AT_ONCE = 20  # messages of a topic before others have their turn, so that the log keeps the order of topics nearly

Hear = Callable[[str, bytes, int], None]


@dataclass
class Heard:
    """A topic that is subscribed to."""

    msgtype: str
    offers: list[QoSProfile]
    request: QoSProfile
    subscription: Subscription

    @property
    def latched(self) -> bool:
        """Whether who subscribes hears what was said before."""
        return bool(self.request.durability == DurabilityPolicy.TRANSIENT_LOCAL)

    def suits(self, offers: Sequence[QoSProfile]) -> bool:
        """Whether messages of all these publishers come through."""
        request = qos.match_offers(offers)
        return not offers or (
            request.reliability in (self.request.reliability, ReliabilityPolicy.RELIABLE)
            and request.durability in (self.request.durability, DurabilityPolicy.TRANSIENT_LOCAL)
        )


class RawTopics:
    """The topics of a recorder."""

    def __init__(self, node: Node, names: Sequence[str], declare: Callable[[str, Heard], None], hear: Hear) -> None:
        """Hear nothing yet: see `look`.

        Args:
            node: whose subscriptions they are.
            names: of the topics; relative ones follow the node's namespace and remappings.
            declare: called with a topic that is about to be heard; one that it refuses is given up.
            hear: called with each message, and when it was sent, ns; 0 where that is not known.

        Raises:
            ConfigError: a name that cannot be one.
        """
        self.node, self._declare, self._hear = node, declare, hear
        self.missing = self._resolve(names)
        self.heard: dict[str, Heard] = {}
        self.refused: list[str] = []

    def look(self) -> None:
        """Subscribe to what has a publisher by now, and anew to what has one that offers less than the others."""
        for topic, heard in list(self.heard.items()):
            if not heard.suits(self._offers(topic)):
                self._leave(topic)
        for topic in list(self.missing):
            try:
                if self._subscribe(topic):
                    self.missing.remove(topic)
            except MailError as error:
                self.node.get_logger().error(f"{topic} is not recorded: {error}")
                self.missing.remove(topic)
                self.refused.append(topic)

    def hear_latched_again(self) -> None:
        """Have what was latched sent once more: every bag is to hold it."""
        for topic in [topic for topic, heard in self.heard.items() if heard.latched]:
            self._leave(topic)
        self.look()

    def _leave(self, topic: str) -> None:
        self.node.destroy_subscription(self.heard.pop(topic).subscription)
        self.missing.append(topic)

    def _resolve(self, names: Sequence[str]) -> list[str]:
        """Absolute names, each once."""
        try:
            return list(dict.fromkeys(self.node.resolve_topic_name(name) for name in names))
        except RuntimeError as error:  # of rcl, on a name that cannot be one
            raise ConfigError(
                "parameter topics",
                wanted="names of topics",
                found=f"{list(names)} ({one_line(error)})",
                fix="correct them",
            ) from None

    def _offers(self, topic: str) -> list[QoSProfile]:
        return [publisher.qos_profile for publisher in self.node.get_publishers_info_by_topic(topic)]

    def _subscribe(self, topic: str) -> bool:
        """Whether somebody publishes the topic, and it is heard from now on."""
        publishers = self.node.get_publishers_info_by_topic(topic)
        if not publishers:
            return False
        types = sorted({publisher.topic_type for publisher in publishers})
        if len(types) > 1:
            raise MailError(
                topic, wanted="one message type", found=" and ".join(types), fix="stop one of its publishers"
            )
        offers = [publisher.qos_profile for publisher in publishers]
        kind, request = message_class(types[0]), qos.match_offers(offers)
        subscription = self.node.create_subscription(kind, topic, self._take_all(topic, kind), request, raw=True)
        heard = Heard(types[0], offers, request, subscription)
        try:
            self._declare(topic, heard)
        except MailError:
            self.node.destroy_subscription(subscription)
            raise
        self.heard[topic] = heard
        self.node.get_logger().info(f"{topic}: {types[0]}")
        return True

    def _take_all(self, topic: str, kind: Any) -> Callable[[bytes, Mapping[str, int]], None]:
        def take(cdr: bytes, info: Mapping[str, int]) -> None:
            self._hear(topic, cdr, info["source_timestamp"])
            handle = self.heard[topic].subscription.handle
            for _ in range(AT_ONCE - 1):
                with handle:
                    taken = handle.take_message(kind, True)
                if taken is None:
                    return
                self._hear(topic, taken[0], taken[1]["source_timestamp"])

        return take
