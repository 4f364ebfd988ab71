"""Where a walk was: found in its bag in one of four ways, all of which end as labels of its samples.

    /landmark        PointStamped -----------------> landmarks --+
    /mark            Header, and the bag's route --> landmarks --+--> labels.labels_from_landmarks --+
    /clicked_point   PointStamped, of RViz --------> landmarks --+                         +--> Labels
    /reference_pose  poses, odometry --------------> poses ---------> labels.labels_from_poses -------+

The first of these that a bag has is taken. Another topic can be named: its messages' type tells which way it is.
TF is only taken where it is named, since the localizer that is to be trained may have a part in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mail_ros.core.errors import BagError
from mail_ros.data.labels import labels_from_landmarks, labels_from_poses, unlabelled
from mail_ros.data.messages import (
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    POSE_TYPES,
    TF_TYPE,
    WAYPOINT_EVENT_TYPE,
    decode_landmark,
    decode_waypoint_event,
)
from mail_ros.data.reference_poses import decode_transforms, poses_from_messages, poses_from_transforms
from mail_ros.data.route_file import NOTE, route_from_note
from mail_ros.data.track import IntArray, Labels, Landmark, PoseSeries

LANDMARK_TOPIC = "/landmark"
WAYPOINT_EVENT_TOPIC = "/mark"
CLICK_TOPIC = "/clicked_point"
REFERENCE_TOPIC = "/reference_pose"
STATIC = "_static"  # behind the name of a topic with transforms, of those that never change
TRUTH_TOPICS = (
    f"landmarks on {LANDMARK_TOPIC}, marks of a planned route, points clicked in RViz or poses on {REFERENCE_TOPIC}"
)


class TruthSource(Enum):
    """How the truth of a walk was told."""

    NONE = "none"
    LANDMARKS = "landmarks"
    ROUTE = "route"
    CLICKS = "clicks"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Truth:
    """What a bag says of where its walk was."""

    way: TruthSource = TruthSource.NONE
    landmarks: tuple[Landmark, ...] = ()  # as marked
    path: tuple[Landmark, ...] = ()  # with the corners of a planned route between them
    late_ns: tuple[int, ...] = ()  # how much later each landmark was logged than its stamp
    poses: PoseSeries | None = None  # of a reference

    def labels(self, stamp_ns: IntArray) -> Labels:
        """Where the walk was at some stamps, (n,)."""
        if self.poses is not None:
            return labels_from_poses(stamp_ns, self.poses)
        return labels_from_landmarks(stamp_ns, self.path) if self.path else unlabelled(len(stamp_ns))


@dataclass(frozen=True)
class _Said:
    """One message that may tell the truth."""

    msgtype: str
    log_time_ns: int
    cdr: bytes


class BagTruth:
    """Hears a bag's messages, and finds the truth among them."""

    def __init__(self, bag: object, notes: Mapping[str, str], topic: str = "") -> None:
        """Listen.

        Args:
            bag: named in errors.
            notes: of the bag: a planned route is one of them.
            topic: that tells the truth; empty: the first of those that the bag has.
        """
        self.bag, self.topic = bag, topic
        self._note = notes.get(NOTE, "")
        self._said: dict[str, list[_Said]] = {}

    def hear(self, topic: str, msgtype: str, log_time_ns: int, cdr: bytes) -> None:
        """Take a message of any topic."""
        named = bool(self.topic) and topic in (self.topic, self.topic + STATIC)
        if named or (not self.topic and msgtype in TRUTH_TYPES.get(topic, ())):
            self._said.setdefault(topic, []).append(_Said(msgtype, log_time_ns, cdr))

    def found(self, seen: Sequence[str]) -> Truth:
        """What was heard.

        Args:
            seen: the bag's topics in words, for errors.

        Raises:
            BagError: the topic that was named is not there or tells no truth, or what it tells cannot be true.
            ConfigError: the bag's route is none.
        """
        topics = [self.topic] if self.topic else [name for name in TRUTH_TYPES if self._is_usable(name)]
        if not topics:
            return Truth()
        said = self._said.get(topics[0], [])
        kinds = sorted({one.msgtype for one in said})
        if len(kinds) == 1:
            if kinds[0] == LANDMARK_TYPE:
                return _landmarks(
                    said, TruthSource.CLICKS if topics[0].endswith(CLICK_TOPIC) else TruthSource.LANDMARKS
                )
            if kinds[0] == WAYPOINT_EVENT_TYPE and self._note:
                return self._route(said)
            if kinds[0] in (*POSE_TYPES, ODOMETRY_TYPE):
                poses = poses_from_messages([(one.msgtype, one.cdr) for one in said], self.bag)
                return Truth(TruthSource.REFERENCE, poses=poses)
            if kinds[0] == TF_TYPE:
                return self._transforms(topics[0])
        raise self._no_truth(topics[0], kinds, seen)

    def _is_usable(self, topic: str) -> bool:
        return topic in self._said and (topic != WAYPOINT_EVENT_TOPIC or bool(self._note))

    def _route(self, said: Sequence[_Said]) -> Truth:
        route = route_from_note(self._note, self.bag)
        marks: dict[int, tuple[int, int]] = {}  # stamp and log time by number
        for one in said:
            stamp_ns, number = decode_waypoint_event(one.cdr)
            if number < 0:
                marks.pop(-number, None)
            else:
                marks[number] = (stamp_ns, one.log_time_ns)
        if (extra := len(marks) - len(route.landmarks)) > 0:
            raise BagError(
                self.bag,
                wanted=f"a mark for each of the {len(route.landmarks)} landmarks of route {route.name}",
                found=f"{extra} more",
                fix="nobody can tell which: walk it again and use ~/unmark, or name another topic with --truth",
            )
        kept = [marks[number] for number in sorted(marks)]
        landmarks, path = route.walked([stamp_ns for stamp_ns, _ in kept])
        return Truth(
            TruthSource.ROUTE, landmarks, path, tuple(log_time_ns - stamp_ns for stamp_ns, log_time_ns in kept)
        )

    def _transforms(self, topic: str) -> Truth:
        transforms = [
            transform
            for name, static in ((topic + STATIC, True), (topic, False))
            for one in self._said.get(name, ())
            for transform in decode_transforms(one.cdr, static=static)
        ]
        return Truth(TruthSource.REFERENCE, poses=poses_from_transforms(transforms, self.bag))

    def _no_truth(self, topic: str, kinds: Sequence[str], seen: Sequence[str]) -> BagError:
        if kinds == [WAYPOINT_EVENT_TYPE]:
            return BagError(
                self.bag,
                wanted=f"the route whose landmarks are marked on {topic}",
                found="none in the bag",
                fix="record with a site_file and one of its routes, or name another topic with --truth",
            )
        return BagError(
            self.bag,
            wanted=f"points, marks, poses, odometry or transforms on {topic}",
            found=" and ".join(kinds) or ", ".join(seen),
            fix="name the topic that has them with --truth, or leave it out",
        )


def _landmarks(said: Sequence[_Said], way: TruthSource) -> Truth:
    landmarks = tuple(decode_landmark(one.cdr)[0] for one in said)
    late_ns = tuple(one.log_time_ns - mark.stamp_ns for one, mark in zip(said, landmarks, strict=True))
    return Truth(way, landmarks, landmarks, late_ns)


# Topics that tell the truth unless another is named, in the order in which they are believed, and their types.
TRUTH_TYPES: Mapping[str, tuple[str, ...]] = {
    LANDMARK_TOPIC: (LANDMARK_TYPE,),
    WAYPOINT_EVENT_TOPIC: (WAYPOINT_EVENT_TYPE,),
    CLICK_TOPIC: (LANDMARK_TYPE,),
    REFERENCE_TOPIC: (*POSE_TYPES, ODOMETRY_TYPE),
}
