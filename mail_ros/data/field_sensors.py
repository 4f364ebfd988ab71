"""How many magnetometers a bag's field is of: by the frames of its messages, and by its publishers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.sensor_watch import several_sensors
from mail_ros.data.remark import Remark
from mail_ros.data.yaml_text import parse


def sensor_remarks(
    topic: str, frames: Iterable[str], metadata: Mapping[str, Any], in_files: int = 0
) -> tuple[Remark, ...]:
    """A remark where several sensors were recorded on one topic.

    Args:
        topic: of the field.
        frames: frame_ids of its messages.
        metadata: of the bag; may be empty.
        in_files: publishers of the topic by the bag's files.
    """
    several = several_sensors(topic, frames, max(offered_profiles(metadata, topic), in_files))
    return (Remark("sensors", several, "record each sensor on a topic of its own"),) if several else ()


def offered_profiles(metadata: Mapping[str, Any], topic: str) -> int:
    """Number of QoS profiles that publishers of a topic offered, one each; 0 if unknown.

    Before version 9 of the metadata they are YAML in a text.
    """
    for each in metadata.get("topics_with_message_count") or ():
        about = each.get("topic_metadata") if isinstance(each, dict) else None
        if isinstance(about, dict) and about.get("name") == topic:
            return profile_count(about.get("offered_qos_profiles"), topic)
    return 0


def profile_count(written: Any, topic: str) -> int:
    """Number of QoS profiles in a list, or in YAML of one; 0 for anything else."""
    try:
        profiles = parse(written, topic, "QoS profiles") if isinstance(written, str) and written else written
    except ConfigError:
        return 0
    return len(profiles) if isinstance(profiles, list) else 0
