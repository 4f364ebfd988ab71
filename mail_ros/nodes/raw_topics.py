"""Topics as their serialized messages, recorded from when their first publisher appears."""

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

MAX_AT_ONCE = 20  # messages of one topic before the others, so that the log nearly keeps the order between topics

OnMessage = Callable[[str, bytes, int], None]


@dataclass
class TopicSubscription:
    """A topic with a subscription."""

    msgtype: str
    offers: list[QoSProfile]
    request: QoSProfile
    subscription: Subscription

    @property
    def latched(self) -> bool:
        """Whether a new subscription receives older messages."""
        return bool(self.request.durability == DurabilityPolicy.TRANSIENT_LOCAL)

    def serves(self, offers: Sequence[QoSProfile]) -> bool:
        """Whether it receives the messages of all these publishers."""
        request = qos.match_offers(offers)
        return not offers or (
            request.reliability in (self.request.reliability, ReliabilityPolicy.RELIABLE)
            and request.durability in (self.request.durability, DurabilityPolicy.TRANSIENT_LOCAL)
        )


class RawTopics:
    """The topics of a recorder."""

    def __init__(
        self,
        node: Node,
        names: Sequence[str],
        on_topic: Callable[[str, TopicSubscription], None],
        on_message: OnMessage,
    ) -> None:
        """Start without subscriptions: see `poll`.

        Args:
            node: of the subscriptions.
            names: of the topics; relative ones follow the node's namespace and remappings.
            on_topic: called with a new topic; a topic for which it raises a `MailError` is given up.
            on_message: called with each message, and when it was sent, ns; 0 if unknown.

        Raises:
            ConfigError: an invalid name.
        """
        self.node, self._on_topic, self._on_message = node, on_topic, on_message
        self._given = self._resolve(names)
        self.missing = list(self._given)
        self.subscribed: dict[str, TopicSubscription] = {}
        self.refused: list[str] = []

    def poll(self) -> None:
        """Subscribe to topics with new publishers, again where one of them offers less than the others."""
        for topic, subscribed in list(self.subscribed.items()):
            if not subscribed.serves(
                [each.qos_profile for each in self.node.get_publishers_info_by_topic(self._given[topic])]
            ):
                self._unsubscribe(topic)
        for topic in list(self.missing):
            try:
                if self._subscribe(topic):
                    self.missing.remove(topic)
            except MailError as error:
                self.node.get_logger().error(f"{topic} is not recorded: {error}")
                self.missing.remove(topic)
                self.refused.append(topic)

    def renew_latched(self) -> None:
        """Receive latched messages once more: every bag has to hold them."""
        for topic in [topic for topic, subscribed in self.subscribed.items() if subscribed.latched]:
            self._unsubscribe(topic)
        self.poll()

    def _unsubscribe(self, topic: str) -> None:
        self.node.destroy_subscription(self.subscribed.pop(topic).subscription)
        self.missing.append(topic)

    def _resolve(self, names: Sequence[str]) -> dict[str, str]:
        """Absolute names, each once, and the given ones: rclpy would remap an absolute one again."""
        try:
            return {self.node.resolve_topic_name(name): name for name in names}
        except RuntimeError as error:  # an invalid name in rcl
            raise ConfigError(
                "parameter topics",
                wanted="names of topics",
                found=f"{list(names)} ({one_line(error)})",
                fix="correct them",
            ) from None

    def _subscribe(self, topic: str) -> bool:
        """Whether the topic has a publisher, and a subscription from now on."""
        publishers = self.node.get_publishers_info_by_topic(self._given[topic])
        if not publishers:
            return False
        types = sorted({publisher.topic_type for publisher in publishers})
        if len(types) > 1:
            raise MailError(
                topic, wanted="one message type", found=" and ".join(types), fix="stop one of its publishers"
            )
        offers = [publisher.qos_profile for publisher in publishers]
        kind, request = message_class(types[0]), qos.match_offers(offers)
        subscription = self.node.create_subscription(
            kind, self._given[topic], self._reader(topic, kind), request, raw=True
        )
        subscribed = TopicSubscription(types[0], offers, request, subscription)
        try:
            self._on_topic(topic, subscribed)
        except MailError:
            self.node.destroy_subscription(subscription)
            raise
        self.subscribed[topic] = subscribed
        self.node.get_logger().info(f"{topic}: {types[0]}")
        return True

    def _reader(self, topic: str, kind: Any) -> Callable[[bytes, Mapping[str, int]], None]:
        """A callback that reads all waiting messages: an executor's round trip costs more than a message."""

        def read(cdr: bytes, info: Mapping[str, int]) -> None:
            self._on_message(topic, cdr, info["source_timestamp"])
            handle = self.subscribed[topic].subscription.handle
            for _ in range(MAX_AT_ONCE - 1):
                with handle:
                    message = handle.take_message(kind, True)
                if message is None:
                    return
                self._on_message(topic, message[0], message[1]["source_timestamp"])

        return read
