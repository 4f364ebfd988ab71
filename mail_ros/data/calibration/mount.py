"""Rotation of a sensor in its robot's base frame: from TF, or from text."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.robot_file import quaternion
from mail_ros.core.signal.resampling import FloatArray
from mail_ros.data.reference_poses import BASE_FRAMES, Transform


def mount_from_transforms(frame_id: str, links: Sequence[Transform]) -> tuple[float, ...] | None:
    """Rotation x, y, z, w from a sensor's frame to its robot's base; None if static transforms do not connect them."""
    parents = {link.child: link for link in links}
    rotation, frame = np.eye(3), frame_id
    for _ in range(len(parents) + 1):
        if frame.rpartition("/")[2] in BASE_FRAMES:
            return quaternion(rotation)
        if frame not in parents:
            return None
        rotation, frame = parents[frame].rotation @ rotation, parents[frame].parent
    return None  # a cycle of transforms


def parse_mount(text: str) -> tuple[float, ...]:
    """Rotation x, y, z, w from `x,y,z,w`, or from `roll,pitch,yaw` in degrees.

    Raises:
        ConfigError: the text is neither.
    """
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 4 and 0.0 < math.hypot(*numbers) < math.inf:
        return tuple(number / math.hypot(*numbers) for number in numbers)
    if len(numbers) == 3 and all(map(math.isfinite, numbers)):
        roll, pitch, yaw = np.radians(numbers)
        return quaternion(_about(2, yaw) @ _about(1, pitch) @ _about(0, roll))
    raise ConfigError(
        "--mount", wanted="x,y,z,w or roll,pitch,yaw in degrees", found=repr(text), fix="correct it, as in 180,0,90"
    )


def _about(axis: int, angle_rad: float) -> FloatArray:
    """The rotation (3, 3) about an axis."""
    rotation = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    rotation[first, first] = rotation[second, second] = cos
    rotation[first, second], rotation[second, first] = -sin, sin
    return rotation
