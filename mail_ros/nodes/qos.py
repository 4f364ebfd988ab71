"""Quality of service: what the nodes ask for, what they offer, and how a bag describes it."""

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

DEEPEST = 100_000
UNKNOWN = "_NODE_NAME_UNKNOWN_"  # of rmw


def sensor_data() -> QoSProfile:
    """As sensors publish, with more history: a process that pauses for a second loses nothing at 100 Hz."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=100, reliability=ReliabilityPolicy.BEST_EFFORT)


def poses() -> QoSProfile:
    """Reliable and volatile: an old pose is of no use to one who comes late."""
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE)


def lossless() -> QoSProfile:
    """Both sides of a topic on which nothing may be lost: the publisher waits for the slowest reliable subscriber."""
    return QoSProfile(history=HistoryPolicy.KEEP_ALL, reliability=ReliabilityPolicy.RELIABLE)


def last_pose() -> QoSProfile:
    """Reliable and latched, as AMCL's: whoever comes late hears the last one."""
    return QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def overriding() -> QoSOverridingOptions:
    """Lets parameters `qos_overrides.TOPIC.subscription.{reliability,history,depth}` change a profile."""
    return QoSOverridingOptions.with_default_policies(callback=_check_depth)


def subscribe(node: Node, kind: type, topic: str, callback: Callable[[Any], None]) -> Subscription:
    """Hear a sensor, as it publishes, or as parameters `qos_overrides` say.

    Raises:
        ConfigError: such a parameter is not what it must be.
    """
    try:
        return node.create_subscription(kind, topic, callback, sensor_data(), qos_overriding_options=overriding())
    except (InvalidQosOverridesError, ParameterException, RuntimeError) as error:
        raise ConfigError(
            f"parameter qos_overrides.{node.resolve_topic_name(topic)}.subscription",
            wanted="reliability (best_effort, reliable), history (keep_last, keep_all) and depth",
            found=one_line(error),
            fix="correct it",
        ) from None


def match_offers(offers: Sequence[QoSProfile]) -> QoSProfile:
    """The strictest request that every publisher can serve, as rosbag2 matches them, keeping all that comes.

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
    """A profile as rosbag2's metadata has it, format version 9."""
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


def why_silent(node: Node, subscription: Subscription, msgtype: str) -> str:
    """Why nothing may come on a topic, with the publisher's name where it is to blame.

    Args:
        node: that listens.
        subscription: on which nothing comes.
        msgtype: as in sensor_msgs/msg/MagneticField.
    """
    topic = subscription.topic_name
    publishers = node.get_publishers_info_by_topic(topic)
    if not publishers:
        return f"nobody publishes {topic}"
    reasons = []
    for publisher in publishers:
        name = f"{publisher.node_namespace.rstrip('/')}/{publisher.node_name}"
        name = "a node of unknown name" if UNKNOWN in name else name  # until discovery is through
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
    valid = 1 <= profile.depth <= DEEPEST or profile.history == HistoryPolicy.KEEP_ALL
    return SetParametersResult(successful=valid, reason=f"depth {profile.depth} is not 1 to {DEEPEST}")
