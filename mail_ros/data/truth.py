"""Ground truth of a walk: one of four sources in its bag, each of which labels the samples.

    /landmark        PointStamped ------------------> landmarks --+
    /mark            Header, and the planned route -> landmarks --+--> labels_from_landmarks --+
    /clicked_point   PointStamped of RViz ----------> landmarks --+                            +--> Labels
    /reference_pose  poses or odometry -------------> poses ---------> labels_from_poses ------+

The first of these topics in the bag is used. Another topic can be named; the type of its messages determines the
source. Positions are in the map's frame, or the bag's transforms lead there; other frames are refused. TF is a source
only when it is named, since the localizer under training may contribute to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import split_frame
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.frame_tree import MAP_FRAME, FramedPosition, MapFrames, Transform, decode_transforms
from mail_ros.data.labels import labels_from_landmarks, labels_from_poses, unlabelled
from mail_ros.data.messages import (
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    POSE_TYPES,
    TF_TYPE,
    WAYPOINT_EVENT_TYPE,
    Message,
    decode_position,
    decode_waypoint_event,
)
from mail_ros.data.reference_poses import ANY_SENSOR, poses_from_messages, poses_from_transforms
from mail_ros.data.robot_base import SensorNames
from mail_ros.data.route import NOTE, route_from_note
from mail_ros.data.site_file import MAP_NOTE
from mail_ros.data.track import Labels, Landmark, PoseSeries

LANDMARK_TOPIC = "/landmark"
WAYPOINT_EVENT_TOPIC = "/mark"
CLICK_TOPIC = "/clicked_point"
REFERENCE_TOPIC = "/reference_pose"
TF_TOPIC = "/tf"
STATIC = "_static"  # suffix of the topic with static transforms

# Topics with a ground truth, in order of precedence, and their message types.
TRUTH_TYPES: Mapping[str, tuple[str, ...]] = {
    LANDMARK_TOPIC: (LANDMARK_TYPE,),
    WAYPOINT_EVENT_TOPIC: (WAYPOINT_EVENT_TYPE,),
    CLICK_TOPIC: (LANDMARK_TYPE,),
    REFERENCE_TOPIC: (*POSE_TYPES, ODOMETRY_TYPE),
}
TRUTH_TOPICS = (
    f"landmarks on {LANDMARK_TOPIC}, marks of a planned route, points clicked in RViz or poses on {REFERENCE_TOPIC}"
)


class TruthSource(Enum):
    """Source of a ground truth."""

    NONE = "none"
    LANDMARKS = "landmarks"
    ROUTE = "route"
    CLICKS = "clicks"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Truth:
    """Ground truth of a walk."""

    source: TruthSource = TruthSource.NONE
    landmarks: tuple[Landmark, ...] = ()
    path: tuple[Landmark, ...] = ()  # the landmarks, with the corners of a planned route between them
    log_delay_ns: tuple[int, ...] = ()  # log time minus stamp of each landmark
    poses: PoseSeries | None = None  # poses of a reference

    def labels(self, stamp_ns: IntArray, moved_m: FloatArray | None = None) -> Labels:
        """Positions of the walk at stamps (n,), with odometry (n, 2) since the previous one if there is any."""
        if self.poses is not None:
            return labels_from_poses(stamp_ns, self.poses, moved_m)
        return labels_from_landmarks(stamp_ns, self.path) if self.path else unlabelled(len(stamp_ns))


class BagTruth:
    """Collects a bag's messages, and finds the ground truth among them."""

    def __init__(
        self,
        bag: object,
        notes: Mapping[str, str],
        topics: BagTopics | None = None,
        map_frame: str = "",
        read_messages: Callable[[Sequence[str]], Iterable[Message]] = lambda _: (),
    ) -> None:
        """Start without messages.

        Args:
            bag: name of the bag, for errors.
            notes: the bag's notes, which may include a planned route and the map's frame.
            topics: topics of the robot; without a truth: the first of `TRUTH_TYPES` that the bag has.
            map_frame: frame of floor 0; empty: as in the notes, or `map`.
            read_messages: reads the bag's messages of some topics, for positions in another frame.
        """
        self.bag, self.topics = bag, topics or BagTopics()
        self.topic = self.topics.truth
        self._usual = {  # with their message types, in order of precedence
            space + name: kinds for name, kinds in TRUTH_TYPES.items() for space in self.topics.namespaces
        }
        self.map_frame = map_frame or notes.get(MAP_NOTE) or MAP_FRAME
        self._read_messages = read_messages
        self._note = notes.get(NOTE, "")
        self._messages: dict[str, list[Message]] = {}

    def on_message(self, message: Message) -> None:
        """Store a message if it may be part of the ground truth."""
        topic = message.topic
        named = bool(self.topic) and topic in (self.topic, self.topic + STATIC)
        if named or (not self.topic and message.msgtype in self._usual.get(topic, ())):
            self._messages.setdefault(topic, []).append(message)

    def result(self, bag_topics: Sequence[tuple[str, str]], sensor: SensorNames = ANY_SENSOR) -> Truth:
        """The ground truth of the messages so far.

        Args:
            bag_topics: names and types of all topics of the bag.
            sensor: the magnetometer, which determines the robot where transforms have several.

        Raises:
            BagError: the named topic is missing or has no ground truth, or the truth is inconsistent.
            ConfigError: the bag's planned route is invalid.
        """
        usable = [
            name
            for name, kinds in self._usual.items()
            if name in self._messages and (self._note or WAYPOINT_EVENT_TYPE not in kinds)
        ]
        topics = [self.topic] if self.topic else usable
        if not topics:
            return Truth()
        messages = self._messages.get(topics[0], [])
        kinds = sorted({message.msgtype for message in messages})
        if len(kinds) == 1:
            if kinds[0] == LANDMARK_TYPE:
                return self._landmarks(messages, bag_topics)
            if kinds[0] == WAYPOINT_EVENT_TYPE and self._note:
                return self._route(messages)
            if kinds[0] in (*POSE_TYPES, ODOMETRY_TYPE):
                return Truth(TruthSource.REFERENCE, poses=poses_from_messages(messages, self._frames(bag_topics)))
            if kinds[0] == TF_TYPE:
                return self._transforms(topics[0], sensor)
        raise self._no_truth(topics[0], kinds, bag_topics)

    def _route(self, messages: Sequence[Message]) -> Truth:
        route = route_from_note(self._note, self.bag)
        events: dict[int, tuple[int, int]] = {}  # stamp and log time by number
        for message in messages:
            stamp_ns, number = decode_waypoint_event(message.cdr)
            if number < 0:
                events.pop(-number, None)
            else:
                events[number] = (stamp_ns, message.log_time_ns)
        if (extra := len(events) - len(route.landmarks)) > 0:
            raise BagError(
                self.bag,
                wanted=f"a mark for each of the {len(route.landmarks)} landmarks of route {route.name}",
                found=f"{extra} more",
                fix="the wrong mark is unknown: walk it again and use ~/unmark, or name another topic with --truth",
            )
        kept = [events[number] for number in sorted(events)]
        landmarks, path = route.stamped([stamp_ns for stamp_ns, _ in kept])
        return Truth(TruthSource.ROUTE, landmarks, path, tuple(log_ns - stamp_ns for stamp_ns, log_ns in kept))

    def _transforms(self, topic: str, sensor: SensorNames) -> Truth:
        messages = [*self._messages.get(topic + STATIC, ()), *self._messages.get(topic, ())]
        poses = poses_from_transforms(_decoded(messages), self.bag, self.map_frame, sensor)
        return Truth(TruthSource.REFERENCE, poses=poses)

    def _landmarks(self, messages: Sequence[Message], bag_topics: Sequence[tuple[str, str]]) -> Truth:
        topic, frames = messages[0].topic, self._frames(bag_topics)
        located = [
            frames.located(FramedPosition(*decode_position(message.cdr, message.msgtype)), topic)
            for message in messages
        ]
        if len(maps := sorted({split_frame(each.frame)[0] for each in located})) > 1:
            raise BagError(
                self.bag,
                wanted=f"positions of {topic} in one map frame",
                found=" and ".join(map(repr, maps)),
                fix="name another topic with --truth",
            )
        landmarks = tuple(
            Landmark(each.stamp_ns, (float(each.position_m[0]), float(each.position_m[1])), split_frame(each.frame)[1])
            for each in located
        )
        delay_ns = tuple(m.log_time_ns - landmark.stamp_ns for m, landmark in zip(messages, landmarks, strict=True))
        source = TruthSource.CLICKS if topic.endswith(CLICK_TOPIC) else TruthSource.LANDMARKS
        return Truth(source, landmarks, landmarks, delay_ns)

    def _frames(self, bag_topics: Sequence[tuple[str, str]]) -> MapFrames:
        """The map of the bag; its transforms are those of the robot, of /tf, or of the only namespace with some."""
        names = {topic.removesuffix(STATIC) for topic, msgtype in bag_topics if msgtype == TF_TYPE}
        chosen = self.topics.nearest(TF_TOPIC, names)
        read = [chosen + STATIC, chosen] if chosen else []
        return MapFrames(self.bag, self.map_frame, lambda: _decoded(self._read_messages(read)) if read else ())

    def _no_truth(self, topic: str, kinds: Sequence[str], bag_topics: Sequence[tuple[str, str]]) -> BagError:
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
            found=" and ".join(kinds) or ", ".join(topic_list(bag_topics)),
            fix="name the topic that has them with --truth, or leave it out",
        )


def topic_list(bag_topics: Iterable[tuple[str, str]]) -> list[str]:
    """Topics with their types, for an error."""
    return sorted(f"{topic} ({msgtype})" for topic, msgtype in bag_topics)


def _decoded(messages: Iterable[Message]) -> list[Transform]:
    """The transforms of messages of TF."""
    return [
        transform
        for message in messages
        for transform in decode_transforms(message.cdr, static=message.topic.endswith(STATIC))
    ]
