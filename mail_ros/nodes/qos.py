"""Quality of service: what the nodes request and offer, and how a bag describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSCompatibility,
    QoSProfile,
    ReliabilityPolicy,
    qos_check_compatible,
)
from rclpy.qos_overriding_options import InvalidQosOverridesError, QoSOverridingOptions
from rclpy.subscription import Subscription

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import NS_PER_S
from mail_ros.nodes.spin import one_line

MAX_DEPTH = 100_000
UNKNOWN = "_NODE_NAME_UNKNOWN_"  # rmw's name before discovery has finished


def sensor_data() -> QoSProfile:
    """Best effort as sensors publish, with more history: a pause of one second loses nothing at 100 Hz."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)


def poses() -> QoSProfile:
    """Reliable and volatile: a late subscriber has no use for an old pose."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE)


def lossless() -> QoSProfile:
    """No loss, if both sides use it: the publisher waits for the slowest reliable subscriber."""
    return QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)


def last_pose() -> QoSProfile:
    """Reliable and latched, as AMCL's: a late subscriber receives the last pose."""
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def subscribe(node: Node, kind: type, topic: str, callback: Callable[[Any], None]) -> Subscription:
    """Subscribe to a sensor; `qos_overrides.TOPIC.subscription.{reliability,history,depth}` change its quality.

    Raises:
        ConfigError: such a parameter is not valid.
    """
    try:
        overriding = QoSOverridingOptions.with_default_policies(callback=_check_depth)
        return node.create_subscription(kind, topic, callback, sensor_data(), qos_overriding_options=overriding)
    except (InvalidQosOverridesError, ParameterException, RuntimeError) as error:
        raise ConfigError(
            f"parameter qos_overrides.{node.resolve_topic_name(topic)}.subscription",
            wanted="reliability (best_effort, reliable), history (keep_last, keep_all) and depth",
            found=one_line(error),
            fix="correct it",
        ) from None


def match_offers(offers: Sequence[QoSProfile]) -> QoSProfile:
    """The strictest request that every publisher can serve, as rosbag2 matches them; keeps all messages.

    Args:
        offers: one profile per publisher.
    """
    reliable = all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
    latched = all(offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers)
    return QoSProfile(
        history=HistoryPolicy.KEEP_ALL,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def rosbag2_terms(offer: QoSProfile) -> dict[str, Any]:
    """A profile in rosbag2's metadata, format version 9."""
    return {
        "history": offer.history.short_key,
        "depth": offer.depth,
        "reliability": offer.reliability.short_key,
        "durability": offer.durability.short_key,
        "deadline": _duration(offer.deadline),
        "lifespan": _duration(offer.lifespan),
        "liveliness": offer.liveliness.short_key,
        "liveliness_lease_duration": _duration(offer.liveliness_lease_duration),
        "avoid_ros_namespace_conventions": offer.avoid_ros_namespace_conventions,
    }


def why_silent(node: Node, subscription: Subscription, name: str, msgtype: str) -> str:
    """Why a topic is silent, with the name of the publisher that causes it.

    Args:
        node: of the subscription.
        subscription: the silent one.
        name: of its topic before remapping; rclpy applies the remapping to it.
        msgtype: as in sensor_msgs/msg/MagneticField.
    """
    topic = subscription.topic_name
    publishers = node.get_publishers_info_by_topic(name)
    if not publishers:
        return f"no publisher of {topic}"
    reasons = []
    for publisher in publishers:
        name = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
        name = "a node of unknown name" if UNKNOWN in name else name
        compatible, why = qos_check_compatible(publisher.qos_profile, subscription.qos_profile)
        if publisher.topic_type != msgtype:
            reasons.append(f"{name} publishes {publisher.topic_type} on {topic}, not {msgtype}")
        elif compatible == QoSCompatibility.ERROR:
            reasons.append(f"the QoS that {name} offers on {topic} does not serve ours: {' '.join(why.split())}")
        else:
            reasons.append(f"{name} publishes {topic}, and is silent or cannot be reached")
    return "; ".join(reasons)


def _duration(duration: Duration) -> dict[str, int]:
    sec, nsec = divmod(duration.nanoseconds, NS_PER_S)
    return {"sec": sec, "nsec": nsec}


def _check_depth(profile: QoSProfile) -> SetParametersResult:
    valid = 1 <= profile.depth <= MAX_DEPTH or profile.history == HistoryPolicy.KEEP_ALL
    return SetParametersResult(successful=valid, reason=f"depth {profile.depth} is not 1 to {MAX_DEPTH}")
