"""Whether what comes in will do to train on: before a take, and live while it is made. Decided without ROS.

messages --> QualityMonitor.hear --> TopicStatistics    counts, header stamps, |B|, frame, clock, way
                     +--> assess(), once a second --> Assessment, faults in words
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mail_ros.core.localizer.diagnostics import Assessment, Level, unit_fault
from mail_ros.data.cdr import HEADER_TYPE
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, ODOMETRY_TYPE, POSE_TYPES
from mail_ros.data.topic_statistics import STREAM_TYPES, TIMED_TYPES, TopicStatistics

REFERENCE_TYPES = (LANDMARK_TYPE, *POSE_TYPES)
SLOWEST_HZ = 10.0  # of the field: at a walk, a sample every 15 cm
SILENT_S = 2.0
CLOCK_S = 0.5  # between header stamp and receipt: half a metre at a walk


@dataclass(frozen=True)
class Fault:
    """Something that makes a take worse or useless."""

    level: Level
    what: str
    kind: str = ""  # the same as long as only its numbers change

    @property
    def key(self) -> str:
        """What it is about, so that it is said once."""
        return self.kind or self.what


class QualityMonitor:
    """Watches all topics of a recorder."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        """Watch from now on."""
        self.steady_s = steady_s
        self.topics: dict[str, TopicStatistics] = {}
        self.faults: list[Fault] = []  # at the last assessment, the worst first
        self._since_s = self._began_s = self._watching_s = steady_s()

    def declare(self, topic: str, msgtype: str) -> None:
        """A topic has a publisher."""
        self.topics.setdefault(topic, TopicStatistics(topic, msgtype, self.steady_s()))

    def begin(self) -> None:
        """A take begins: count from here."""
        for watch in self.topics.values():
            watch.begin()
        self._began_s = self.steady_s()

    def hear(self, topic: str, cdr: bytes, now_ns: int, *, written: bool) -> None:
        """Look at a message of a declared topic.

        Args:
            topic: whose it is.
            cdr: the message.
            now_ns: the clock that header stamps are compared with.
            written: a take has it.
        """
        self.topics[topic].hear(cdr, now_ns, self.steady_s(), written=written)

    @property
    def watched_s(self) -> float:
        """Since the first look."""
        return self.steady_s() - self._watching_s

    @property
    def duration_s(self) -> float:
        """Since the take began."""
        return self.steady_s() - self._began_s

    @property
    def distance_m(self) -> float:
        """The way covered in this take: by odometry, else by the reference."""
        for kinds in ((ODOMETRY_TYPE,), POSE_TYPES, (LANDMARK_TYPE,)):
            ways = [watch.distance_m for watch in self.topics.values() if watch.msgtype in kinds]
            if any(ways):
                return max(ways)
        return 0.0

    def assess(
        self, state: str, about: Mapping[str, str], faults: Iterable[Fault] = (), *, planned: bool = False
    ) -> Assessment:
        """What came in since the last call, and what is wrong with it.

        Args:
            state: what the recorder does, in a word or two.
            about: what the assessment says besides.
            faults: that others have found.
            planned: marks say where this is: they are those of a planned route.
        """
        now_s = self.steady_s()
        for watch in self.topics.values():
            watch.end_second(max(now_s - self._since_s, 1e-9))
        self._since_s = now_s
        self.faults = sorted([*faults, *self._found(now_s, planned)], key=lambda fault: -fault.level)
        watches = self.topics.values()
        values = {
            "state": state,
            "duration, s": f"{self.duration_s:.1f}",
            "received": str(sum(watch.received for watch in watches)),
            "written": str(sum(watch.written for watch in watches)),
            "gaps": str(sum(watch.gaps for watch in watches)),
            "missing by header stamp": str(sum(watch.missing for watch in watches)),
            "distance, m": f"{self.distance_m:.1f}",
            "|B| median, µT": f"{self._field_ut():.4g}",
            **about,
            **{watch.name: watch.line() for watch in watches},
        }
        level = max((fault.level for fault in self.faults), default=Level.OK)
        return Assessment(level, "; ".join([state, *(fault.what for fault in self.faults)]), values)

    def _field_ut(self) -> float:
        return next((watch.field_ut for watch in self.topics.values() if watch.msgtype == FIELD_TYPE), math.nan)

    def _found(self, now_s: float, planned: bool) -> Iterable[Fault]:
        watches = list(self.topics.values())
        if not any(watch.msgtype == FIELD_TYPE for watch in watches):
            yield Fault(Level.ERROR, f"no magnetometer: nobody publishes {FIELD_TYPE}")
        for watch in watches:
            if watch.msgtype in STREAM_TYPES and (silent_s := now_s - watch.heard_s) > SILENT_S:
                level = Level.ERROR if watch.msgtype == FIELD_TYPE else Level.WARN
                yield Fault(level, f"{watch.name} is silent since {silent_s:.0f} s", f"{watch.name} silent")
            yield from _faults_of(watch)
        if not planned and not any(
            watch.msgtype in REFERENCE_TYPES or _is_reference(watch, watches) for watch in watches
        ):
            yield Fault(
                Level.WARN,
                "no reference: nobody publishes landmarks or poses, and no route of a site_file is marked",
            )


def _is_reference(watch: TopicStatistics, watches: list[TopicStatistics]) -> bool:
    """A second odometry, beside that of the wheels, is another localizer's."""
    return watch.msgtype == ODOMETRY_TYPE and sum(other.msgtype == ODOMETRY_TYPE for other in watches) > 1


def _faults_of(watch: TopicStatistics) -> Iterable[Fault]:
    """Of the messages of one topic, as they were in the last second."""
    if watch.msgtype == FIELD_TYPE:
        if unit := unit_fault(watch.field_ut):
            yield Fault(Level.ERROR, unit, "unit")
        if 0.0 < watch.rate_hz < SLOWEST_HZ:
            slow = f"{watch.name} comes at {watch.rate_hz:.1f} Hz: wanted {SLOWEST_HZ:g} Hz or more"
            yield Fault(Level.WARN, slow, f"{watch.name} slow")
    if watch.frame_id == "" and watch.msgtype != HEADER_TYPE:
        yield Fault(Level.WARN, f"{watch.name} has no frame_id: where the sensor sits cannot be told")
    if watch.msgtype in TIMED_TYPES and abs(watch.offset_s) > CLOCK_S:
        side = "behind" if watch.offset_s > 0 else "ahead of"
        late = f"stamps of {watch.name} are {abs(watch.offset_s):.3g} s {side} this clock: set the clocks"
        yield Fault(Level.WARN, late, f"{watch.name} clock")
    if watch.missing:
        lost = f"{watch.missing} messages of {watch.name} are missing by their stamps"
        yield Fault(Level.WARN, lost, f"{watch.name} missing")
