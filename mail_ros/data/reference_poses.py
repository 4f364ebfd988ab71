"""Poses of another localizer, from pose messages or transforms, which label a walk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import split_frame
from mail_ros.core.types import NS_PER_S
from mail_ros.data.frame_tree import MAP_FRAME, FramedPosition, MapFrames, Transform, is_map
from mail_ros.data.labels import MAX_POSE_GAP_S
from mail_ros.data.messages import Message, decode_position
from mail_ros.data.robot_base import BASE_FRAMES, SensorNames, base_frames
from mail_ros.data.track import PoseSeries

ANY_SENSOR = SensorNames()  # for a bag with one robot
JUMP_M, MAX_SPEED_M_S = 0.5, 5.0  # a step beyond JUMP_M + MAX_SPEED_M_S * time is an error of the localizer


def poses_from_messages(messages: Sequence[Message], frames: MapFrames) -> PoseSeries:
    """Poses from messages of odometry or poses; non-finite positions and repeated stamps are dropped.

    Raises:
        BagError: a pose has no known position in the map, or the poses are in different maps, or jump.
    """
    positions = (FramedPosition(*decode_position(message.cdr, message.msgtype)) for message in messages)
    located = [frames.located(position, messages[0].topic) for position in positions]
    return _pose_series(located, frames.bag)


def poses_from_transforms(
    transforms: Sequence[Transform], source: object, map_frame: str = MAP_FRAME, sensor: SensorNames = ANY_SENSOR
) -> PoseSeries:
    """Poses of the robot's base in the map, one per transform of the lowest moving link.

    A link above, such as map -> odom, is valid until its next transform, and for `MAX_POSE_GAP_S` at most: a
    localizer that stops publishing is lost.

    Args:
        transforms: transforms in log order.
        source: name of the bag, for errors.
        map_frame: frame of floor 0; a robot may prefix it.
        sensor: the magnetometer, which determines the robot where there are several.

    Raises:
        BagError: no chain of transforms leads from a map to a base, the robot is unknown, or the poses jump.
    """
    for base in base_frames(transforms, sensor, source):
        latest: dict[str, Transform] = {each.child: each for each in transforms if each.static}
        positions: list[FramedPosition] = []
        for transform in transforms:
            latest[transform.child] = transform
            chain = _chain(latest, base, map_frame)
            moving = next((link for link in chain if not link.static), None)
            if moving is transform and all(
                link.static or transform.stamp_ns - link.stamp_ns <= MAX_POSE_GAP_S * NS_PER_S for link in chain
            ):
                position_m = np.zeros(3)
                for link in chain:
                    position_m = link.to_parent(position_m)
                positions.append(FramedPosition(transform.stamp_ns, position_m, chain[-1].parent))
        if positions:
            return _pose_series(positions, source)
    links = sorted({f"{each.parent} -> {each.child}" for each in transforms})
    raise BagError(
        source,
        wanted=f"transforms from {map_frame} to {' or '.join(BASE_FRAMES)}",
        found=", ".join(links) or "none",
        fix="record /tf and /tf_static of a localizer, or name a topic of poses with --truth",
    )


def _chain(latest: dict[str, Transform], base: str, map_frame: str) -> list[Transform]:
    """The links from a base up to a map; empty if the map is not reachable."""
    frame, chain = base, list[Transform]()
    while frame in latest and len(chain) < len(latest):
        chain.append(latest[frame])
        frame = chain[-1].parent
        if is_map(frame, map_frame):
            return chain
    return []


def _pose_series(positions: Sequence[FramedPosition], source: object) -> PoseSeries:
    maps = sorted({split_frame(frame)[0] for _, _, frame in positions})
    if len(maps) > 1:
        raise BagError(
            source,
            wanted="poses in one map frame",
            found=" and ".join(repr(name) for name in maps),
            fix="name another topic with --truth",
        )
    finite = {ns: (at_m[:2], frame) for ns, at_m, frame in reversed(positions) if np.isfinite(at_m[:2]).all()}
    stamp_ns = np.array(sorted(finite), np.int64)
    position_m = np.array([finite[at][0] for at in stamp_ns.tolist()]).reshape(-1, 2)
    floor = np.array([split_frame(finite[at][1])[1] for at in stamp_ns.tolist()], np.int64)
    poses = PoseSeries(stamp_ns, position_m, floor)
    _check_jumps(poses, source)
    return poses


def _check_jumps(poses: PoseSeries, source: object) -> None:
    """Refuse poses that jump: before a jump, they were wrong for an unknown time.

    Raises:
        BagError: the distance to the previous pose on the same floor is too large.
    """
    step_s = np.diff(poses.stamp_ns) / NS_PER_S
    step_m = np.linalg.norm(np.diff(poses.position_m, axis=0), axis=1)
    jump = (step_m > JUMP_M + MAX_SPEED_M_S * step_s) & (np.diff(poses.floor) == 0)
    if not jump.any():
        return
    first, more = int(np.argmax(jump)), int(jump.sum()) - 1
    at_s = (poses.stamp_ns[first + 1] - poses.stamp_ns[0]) / NS_PER_S
    raise BagError(
        source,
        wanted=f"a reference that moves at {MAX_SPEED_M_S:g} m/s at most",
        found=f"a jump of {step_m[first]:.1f} m in {step_s[first]:.2f} s, {at_s:.1f} s after its first pose"
        + (f", and {more} more" if more else ""),
        fix="start recording once the other localizer is localized, and walk it again",
    )
