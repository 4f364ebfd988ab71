"""PoseSeries of another localizer, as messages of poses or as transforms, to the poses that label a walk.

PoseStamped, PoseWithCovarianceStamped, Odometry --> poses_from_messages() -------------+--> PoseSeries, or refused: a jump
TFMessage: map -> odom -> base_link ---------------> poses_from_transforms() --+     floors from the frames' names
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import split_frame
from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.labels import MAX_POSE_GAP_S
from mail_ros.data.messages import TF_TYPE, decode, decode_pose, stamp_of
from mail_ros.data.track import FloatArray, PoseSeries

MAP_FRAME = "map"  # the last part of its name: robots put theirs before, as in robot_1/map
BASE_FRAMES = ("base_link", "base_footprint")  # likewise; the first that moves is taken
JUMP_M, MOST_M_S = 0.5, 5.0  # farther than the first and what the second covers, nothing moves but an error

Seen = tuple[int, FloatArray, str]  # stamp, ns; position, (2,) m; frame


def poses_from_messages(messages: Sequence[tuple[str, bytes]], source: object) -> PoseSeries:
    """PoseSeries from messages' types and bytes; what is no number, or not later than another, is left out.

    Raises:
        BagError: poses in different maps, or one that jumps.
    """
    return _believed([decode_pose(cdr, msgtype) for msgtype, cdr in messages], source)


@dataclass(frozen=True)
class Transform:
    """Where a frame lies in its parent."""

    stamp_ns: int
    parent: str
    child: str
    shift_m: FloatArray  # (3,)
    turn: FloatArray  # (3, 3)
    static: bool


def decode_transforms(cdr: bytes, *, static: bool) -> list[Transform]:
    """The transforms of a TFMessage."""
    found = []
    for one in decode(cdr, TF_TYPE).transforms:
        shift, turn = one.transform.translation, one.transform.rotation
        found.append(
            Transform(
                stamp_of(one),
                one.header.frame_id.lstrip("/"),
                one.child_frame_id.lstrip("/"),
                np.array([shift.x, shift.y, shift.z]),
                rotation((turn.x, turn.y, turn.z, turn.w)),
                static,
            )
        )
    return found


def poses_from_transforms(transforms: Sequence[Transform], source: object) -> PoseSeries:
    """Where the base lay in the map, whenever it was said where it lies in the frame that it moves in.

    The last link above, such as map -> odom, holds until the next one, and for `labels.MAX_POSE_GAP_S` at most: who says
    it no more has lost its place.

    Args:
        transforms: in the order of the log.
        source: named in errors.

    Raises:
        BagError: no way from a map to a base, or one that jumps.
    """
    for base in BASE_FRAMES:
        latest: dict[str, Transform] = {one.child: one for one in transforms if one.static}
        seen: list[Seen] = []
        for transform in transforms:
            latest[transform.child] = transform
            chain = _chain(latest, base)
            moving = next((link for link in chain if not link.static), None)
            if moving is transform and all(
                link.static or transform.stamp_ns - link.stamp_ns <= MAX_POSE_GAP_S * NS_PER_S for link in chain
            ):
                place_m = np.zeros(3)
                for link in chain:
                    place_m = link.turn @ place_m + link.shift_m
                seen.append((transform.stamp_ns, place_m[:2], chain[-1].parent))
        if seen:
            return _believed(seen, source)
    links = sorted({f"{one.parent} -> {one.child}" for one in transforms})
    raise BagError(
        source,
        wanted=f"transforms from {MAP_FRAME} to {' or '.join(BASE_FRAMES)}",
        found=", ".join(links) or "none",
        fix="record /tf and /tf_static of a localizer, or name a topic of poses with --truth",
    )


def _chain(latest: dict[str, Transform], base: str) -> list[Transform]:
    """The links from a base up to a map; empty where that cannot be reached."""
    frame = next((child for child in latest if _last(child) == base), "")
    chain: list[Transform] = []
    while frame in latest and len(chain) < len(latest):
        chain.append(latest[frame])
        frame = chain[-1].parent
        if _last(split_frame(frame)[0]) == MAP_FRAME:
            return chain
    return []


def _believed(seen: Sequence[Seen], source: object) -> PoseSeries:
    maps = sorted({split_frame(frame)[0] for _, _, frame in seen})
    if len(maps) > 1:
        raise BagError(
            source,
            wanted="poses in one map frame",
            found=" and ".join(repr(name) for name in maps),
            fix="name another topic with --truth",
        )
    known = {stamp_ns: (place_m, frame) for stamp_ns, place_m, frame in reversed(seen) if np.isfinite(place_m).all()}
    stamp_ns = np.array(sorted(known), np.int64)
    position_m = np.array([known[at][0] for at in stamp_ns.tolist()]).reshape(-1, 2)
    floor = np.array([split_frame(known[at][1])[1] for at in stamp_ns.tolist()], np.int64)
    poses = PoseSeries(stamp_ns, position_m, floor)
    _refuse_jumps(poses, source)
    return poses


def _refuse_jumps(poses: PoseSeries, source: object) -> None:
    """Who jumps was wrong for an unlabelled time before.

    Raises:
        BagError: a pose that is too far from the one before, on the same floor.
    """
    step_s = np.diff(poses.stamp_ns) / NS_PER_S
    step_m = np.linalg.norm(np.diff(poses.position_m, axis=0), axis=1)
    jump = (step_m > JUMP_M + MOST_M_S * step_s) & (np.diff(poses.floor) == 0)
    if not jump.any():
        return
    first, more = int(np.argmax(jump)), int(jump.sum()) - 1
    at_s = (poses.stamp_ns[first + 1] - poses.stamp_ns[0]) / NS_PER_S
    raise BagError(
        source,
        wanted=f"a reference that moves at {MOST_M_S:g} m/s at most",
        found=f"a jump of {step_m[first]:.1f} m in {step_s[first]:.2f} s, {at_s:.1f} s after its first pose"
        + (f", and {more} more" if more else ""),
        fix="let the other localizer find its place before the take, or walk it again",
    )


def _last(frame: str) -> str:
    return frame.rpartition("/")[2]
