"""How a sensor is mounted: what somebody says, or what TF has."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.robot_file import quaternion
from mail_ros.data.reference_poses import BASE_FRAMES, Transform


def mount_from_transforms(frame_id: str, links: Sequence[Transform]) -> tuple[float, ...] | None:
    """The rotation from a sensor's frame to its robot's base, along static transforms; None where they do not lead.

    Args:
        frame_id: of the sensor.
        links: of the bag.
    """
    parents = {link.child: link for link in links}
    turn, frame = np.eye(3), frame_id
    for _ in range(len(parents) + 1):
        if frame.rpartition("/")[2] in BASE_FRAMES:
            return quaternion(turn)
        if frame not in parents:
            return None
        turn, frame = parents[frame].turn @ turn, parents[frame].parent
    return None  # transforms in a circle


def parse_mount(words: str) -> tuple[float, ...]:
    """A rotation as one writes it: `x,y,z,w`, or `roll,pitch,yaw` in degrees.

    Raises:
        ConfigError: neither.
    """
    try:
        numbers = [float(word) for word in words.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 4 and 0.0 < math.hypot(*numbers) < math.inf:
        return tuple(number / math.hypot(*numbers) for number in numbers)
    if len(numbers) == 3 and all(map(math.isfinite, numbers)):
        roll, pitch, yaw = np.radians(numbers)
        return quaternion(_about(2, yaw) @ _about(1, pitch) @ _about(0, roll))
    raise ConfigError(
        "--mount", wanted="x,y,z,w or roll,pitch,yaw in degrees", found=repr(words), fix="correct it, as in 180,0,90"
    )


def _about(axis: int, angle_rad: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The rotation (3, 3) about an axis."""
    turn = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    turn[first, first] = turn[second, second] = cos
    turn[first, second], turn[second, first] = -sin, sin
    return turn
