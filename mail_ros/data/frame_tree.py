"""Frames of a bag: transforms, and positions of any frame in the map.

frame of a message --> map, map_floor_2, robot_1/map   as they are
--> another frame                   by the bag's transforms at the stamp, else an error
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import last_part, map_frames_text, split_frame
from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.signal.attitude import unit
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.labels import MAX_POSE_GAP_S
from mail_ros.data.messages import TF_TYPE, decode, stamp_of

MAP_FRAME = "map"  # without a site file that names another


@dataclass(frozen=True)
class Transform:
    """Pose of a child frame in its parent frame."""

    stamp_ns: int
    parent: str
    child: str
    translation_m: FloatArray  # (3,)
    rotation: FloatArray  # (3, 3)
    static: bool

    def to_parent(self, position_m: FloatArray) -> FloatArray:
        """A position (3,) of the child frame, in the parent frame."""
        moved_m: FloatArray = self.rotation @ position_m + self.translation_m
        return moved_m


def decode_transforms(cdr: bytes, *, static: bool) -> list[Transform]:
    """The transforms of a TFMessage; as tf2, without those whose quaternion is not a rotation, as one of zeros."""
    found = []
    for stamped in decode(cdr, TF_TYPE).transforms:
        translation, attitude = stamped.transform.translation, stamped.transform.rotation
        xyzw = unit(np.array([attitude.x, attitude.y, attitude.z, attitude.w]))
        if xyzw is None:
            continue
        found.append(
            Transform(
                stamp_of(stamped),
                stamped.header.frame_id.lstrip("/"),
                stamped.child_frame_id.lstrip("/"),
                np.array([translation.x, translation.y, translation.z]),
                rotation(xyzw),
                static,
            )
        )
    return found


def is_map(frame: str, map_frame: str) -> bool:
    """Whether a frame is the map or one of its floors; a robot may prefix it, as in `robot_1/map`."""
    base, _ = split_frame(frame)
    return base == map_frame or last_part(base) == map_frame


class FramedPosition(NamedTuple):
    """A position in a frame."""

    stamp_ns: int
    position_m: FloatArray  # (3,)
    frame: str


@dataclass
class FrameTree:
    """Transforms of a bag by child frame, at their stamps."""

    links: dict[str, list[Transform]] = field(default_factory=dict)  # moving ones, by stamp
    mounts: dict[str, Transform] = field(default_factory=dict)  # static ones

    @classmethod
    def of(cls, transforms: Iterable[Transform]) -> FrameTree:
        """A tree of transforms in any order."""
        tree = cls()
        for each in transforms:
            if each.static:
                tree.mounts[each.child] = each
            else:
                tree.links.setdefault(each.child, []).append(each)
        for moving in tree.links.values():
            moving.sort(key=lambda link: link.stamp_ns)
        return tree

    def in_map(self, position: FramedPosition, map_frame: str) -> FramedPosition | None:
        """A position in the map above its frame, by the transforms next to its stamp; None without a chain."""
        frame, position_m = position.frame.lstrip("/"), position.position_m
        for _ in range(len(self.links) + len(self.mounts) + 1):
            if is_map(frame, map_frame):
                return FramedPosition(position.stamp_ns, position_m, frame)
            if (link := self._link(frame, position.stamp_ns)) is None:
                return None
            frame, position_m = link.parent, link.to_parent(position_m)
        return None

    def _link(self, child: str, stamp_ns: int) -> Transform | None:
        moving = self.links.get(child, [])
        at = bisect_left(moving, stamp_ns, key=lambda link: link.stamp_ns)
        near = min(moving[max(at - 1, 0) : at + 1], key=lambda link: abs(link.stamp_ns - stamp_ns), default=None)
        if near is not None and abs(near.stamp_ns - stamp_ns) <= MAX_POSE_GAP_S * NS_PER_S:
            return near
        return self.mounts.get(child)


class MapFrames:
    """Positions of messages in the map of a bag."""

    def __init__(self, bag: object, map_frame: str, read_transforms: Callable[[], Iterable[Transform]]) -> None:
        """Start without transforms.

        Args:
            bag: name of the bag, for errors.
            map_frame: frame of floor 0, as in the site file.
            read_transforms: reads the bag's transforms; called for the first position of another frame.
        """
        self.bag, self.map_frame = bag, map_frame
        self._read_transforms = read_transforms
        self._tree: FrameTree | None = None

    def located(self, position: FramedPosition, topic: str) -> FramedPosition:
        """A position of a message on a topic, in the map.

        Raises:
            BagError: its frame is not the map's, and no transforms of the bag lead from it to the map.
        """
        if is_map(position.frame, self.map_frame):
            return position._replace(frame=position.frame.lstrip("/"))
        if self._tree is None:
            self._tree = FrameTree.of(self._read_transforms())
        if (found := self._tree.in_map(position, self.map_frame)) is not None:
            return found
        frame = repr(position.frame) if position.frame else "no frame"
        lack = "transforms that do not lead to it then" if self._tree.links or self._tree.mounts else "no transforms"
        raise BagError(
            self.bag,
            wanted=f"positions of {topic} in {map_frames_text(self.map_frame)}",
            found=f"{frame} and {lack}",
            fix="send or click them in the map's frame, record /tf and /tf_static, or name the map's frame in a site "
            "file and give it with --site-file",
        )
