"""Whether incoming messages are good enough for training: before and during a recording. Without ROS."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mail_ros.core.localizer.diagnostics import Assessment, Level, clock_fault
from mail_ros.core.localizer.sensor_watch import several_sensors
from mail_ros.core.signal.field_units import field_fault
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, ODOMETRY_TYPE, POSE_TYPES, WAYPOINT_EVENT_TYPE
from mail_ros.data.topic_statistics import STREAM_TYPES, TIMED_TYPES, TopicStatistics

REFERENCE_TYPES = (LANDMARK_TYPE, *POSE_TYPES)
MIN_FIELD_HZ = 10.0  # at walking speed, a sample every 15 cm
SILENT_S = 2.0
MAX_CLOCK_OFFSET_S = 0.5  # between header stamp and receipt: half a metre at walking speed


@dataclass(frozen=True)
class Fault:
    """A problem that makes a recording worse or useless."""

    level: Level
    what: str
    kind: str = ""  # constant while only numbers in `what` change

    @property
    def key(self) -> str:
        """Identifies the fault, so that it is logged once."""
        return self.kind or self.what


class QualityMonitor:
    """Monitors all topics of a recorder."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        """Start monitoring; `steady_s` is a monotonic clock."""
        self.steady_s = steady_s
        self.topics: dict[str, TopicStatistics] = {}
        self.faults: list[Fault] = []  # faults of the last assessment, worst first
        self._assessed_s = self._recording_since_s = self._monitoring_since_s = steady_s()

    def add_topic(self, topic: str, msgtype: str) -> None:
        """Monitor a topic that has a publisher."""
        self.topics.setdefault(topic, TopicStatistics(topic, msgtype, self.steady_s()))

    def start_recording(self) -> None:
        """Reset all counts at the start of a recording."""
        for topic in self.topics.values():
            topic.reset_counts()
        self._recording_since_s = self.steady_s()

    def on_message(self, topic: str, cdr: bytes, now_ns: int, *, written: bool) -> None:
        """Process a message received at `now_ns`, by the clock of the header stamps; `written`: it is recorded."""
        self.topics[topic].on_message(cdr, now_ns, self.steady_s(), written=written)

    @property
    def monitored_s(self) -> float:
        """Time since monitoring started."""
        return self.steady_s() - self._monitoring_since_s

    @property
    def duration_s(self) -> float:
        """Time since the recording started."""
        return self.steady_s() - self._recording_since_s

    @property
    def distance_m(self) -> float:
        """Distance travelled in this recording: by odometry, or else by the reference."""
        for kinds in ((ODOMETRY_TYPE,), POSE_TYPES, (LANDMARK_TYPE,)):
            distances = [topic.distance_m for topic in self.topics.values() if topic.msgtype in kinds]
            if any(distances):
                return max(distances)
        return 0.0

    def assess(
        self, state: str, about: Mapping[str, str], faults: Iterable[Fault] = (), *, planned: bool = False
    ) -> Assessment:
        """Assess the messages since the last call; state, values and faults of the recorder itself are added.

        `planned`: the recording follows a planned route, whose waypoint events are the reference.
        """
        now_s = self.steady_s()
        topics = self.topics.values()
        for topic in topics:
            topic.end_period(max(now_s - self._assessed_s, 1e-9))
        self._assessed_s = now_s
        self.faults = sorted([*faults, *self._faults(now_s, planned)], key=lambda fault: -fault.level)
        field_ut = next((topic.magnitude.median_ut for topic in topics if topic.msgtype == FIELD_TYPE), math.nan)
        values = {
            "state": state,
            "duration, s": f"{self.duration_s:.1f}",
            "received": str(sum(topic.received for topic in topics)),
            "written": str(sum(topic.written for topic in topics)),
            "gaps": str(sum(topic.gaps for topic in topics)),
            "missing by header stamp": str(sum(topic.missing for topic in topics)),
            "distance, m": f"{self.distance_m:.1f}",
            "|B| median, µT": f"{field_ut:.4g}",
            **about,
            **{topic.name: topic.summary() for topic in topics},
        }
        level = max((fault.level for fault in self.faults), default=Level.OK)
        return Assessment(level, "; ".join([state, *(fault.what for fault in self.faults)]), values)

    def _faults(self, now_s: float, planned: bool) -> Iterable[Fault]:
        topics = list(self.topics.values())
        if not any(topic.msgtype == FIELD_TYPE for topic in topics):
            yield Fault(Level.ERROR, f"no magnetometer: no publisher of {FIELD_TYPE}")
        for topic in topics:
            if topic.msgtype in STREAM_TYPES and (silent_s := now_s - topic.last_message_s) > SILENT_S:
                level = Level.ERROR if topic.msgtype == FIELD_TYPE else Level.WARN
                yield Fault(level, f"{topic.name} is silent since {silent_s:.0f} s", f"{topic.name} silent")
            yield from _topic_faults(topic)
        odometries = sum(topic.msgtype == ODOMETRY_TYPE for topic in topics)  # the second one is another localizer's
        if not planned and odometries < 2 and not any(topic.msgtype in REFERENCE_TYPES for topic in topics):
            yield Fault(
                Level.WARN, "no reference: no publisher of landmarks or poses, and no route of a site_file is marked"
            )


def _topic_faults(topic: TopicStatistics) -> Iterable[Fault]:
    """Faults in the messages of one topic since the last assessment."""
    if topic.msgtype == FIELD_TYPE:
        if fault := field_fault(topic.magnitude):
            yield Fault(Level.ERROR, str(fault), "unit")
        if 0.0 < topic.rate_hz < MIN_FIELD_HZ:
            slow = f"{topic.name} comes at {topic.rate_hz:.1f} Hz: wanted {MIN_FIELD_HZ:g} Hz or more"
            yield Fault(Level.WARN, slow, f"{topic.name} slow")
        if several := several_sensors(topic.name, topic.frames, topic.publishers):
            yield Fault(Level.WARN, several, f"{topic.name} sensors")
    if topic.frame_id == "" and topic.msgtype != WAYPOINT_EVENT_TYPE:
        yield Fault(Level.WARN, f"{topic.name} has no frame_id: the mount of the sensor is unknown")
    if topic.msgtype in TIMED_TYPES and math.isfinite(topic.offset_s):
        stamps = f"stamps of {topic.name}"
        if clocks := clock_fault(topic.offset_s, topic.last_message_ns, stamps, MAX_CLOCK_OFFSET_S):
            yield Fault(Level.WARN, clocks, f"{topic.name} clock")
    if topic.missing:
        lost = f"{topic.missing} messages of {topic.name} are missing by their stamps"
        yield Fault(Level.WARN, lost, f"{topic.name} missing")
