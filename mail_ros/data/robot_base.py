"""The base of the robot that carries the sensor, among several robots in one /tf.

transforms robot1/base_link, robot2/base_link     field's frame robot2/imu, or topic /robot2/imu/mag --> robot2
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import last_part
from mail_ros.data.frame_tree import Transform

BASE_FRAMES = ("base_link", "base_footprint")  # last part of the frame's name, in order of precedence
USUAL_TOPIC = "/imu/mag"  # without a namespace


class SensorNames(NamedTuple):
    """Names of the magnetometer in a bag."""

    topic: str = ""
    frames: tuple[str, ...] = ()  # frame_ids of its messages


def base_frames(transforms: Sequence[Transform], sensor: SensorNames, source: object) -> list[str]:
    """Frames of the base of the sensor's robot, in order of precedence; empty without any base.

    Args:
        transforms: of a bag.
        sensor: the magnetometer, whose mount, frame prefix or namespace determines the robot.
        source: name of the bag, for errors.

    Raises:
        BagError: the sensor names none of several robots, several of them, or another robot than the only one.
    """
    parents = {each.child: each.parent for each in transforms}
    candidates = _robots(parents)
    if not candidates:
        return []
    mounted = [_mounted_on(frame.lstrip("/"), parents) for frame in sensor.frames]
    named = {prefix for prefix in mounted if prefix is not None} or _named(sensor, list(candidates))
    chosen = named if named or len(candidates) > 1 else set(candidates)
    if len(chosen) != 1 or not chosen <= set(candidates):
        bases = [frame for frames in candidates.values() for frame in frames]
        raise BagError(
            source,
            wanted=f"the base of the robot whose field is on {sensor.topic} in frame "
            f"{' and '.join(map(repr, sensor.frames)) or 'none'}",
            found=", ".join(sorted(bases)),
            fix="record /tf_static with the mount of the sensor, or set its frame_id with the robot's prefix",
        )
    return candidates[chosen.pop()]


def _robots(parents: Mapping[str, str]) -> dict[str, list[str]]:
    """Base frames by the prefix of their robot; not those below another robot's base, as of an arm."""
    found: dict[str, list[str]] = {}
    for name in BASE_FRAMES:
        for frame in parents:
            if last_part(frame) == name and _mounted_on(parents[frame], parents) in (None, _prefix(frame)):
                found.setdefault(_prefix(frame), []).append(frame)
    return found


def _mounted_on(frame: str, parents: Mapping[str, str]) -> str | None:
    """Prefix of the topmost base at or above a frame; None where there is none."""
    found = None
    for _ in range(len(parents) + 1):
        if last_part(frame) in BASE_FRAMES:
            found = _prefix(frame)
        if frame not in parents:
            break
        frame = parents[frame]
    return found


def _named(sensor: SensorNames, prefixes: Sequence[str]) -> set[str]:
    """Prefixes of robots that the names of the sensor contain; of a robot without transforms, too."""
    namespace = sensor.topic.removesuffix(USUAL_TOPIC) if sensor.topic.endswith(USUAL_TOPIC) else ""
    names = [*(frame.lstrip("/") for frame in sensor.frames), sensor.topic.lstrip("/")]
    known = [[prefix for prefix in prefixes if prefix and name.startswith(f"{prefix}/")] for name in names]
    named = {max(each, key=len) for each in known if each}
    others = {*map(_prefix, names[:-1]), namespace.strip("/")}
    if named:
        return named
    return {""} if "" in prefixes and (len(prefixes) == 1 or others == {""}) else others - {""}


def _prefix(frame: str) -> str:
    return frame.rpartition("/")[0]
