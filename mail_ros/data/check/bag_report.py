"""Report on one bag: checks of samples, landmarks and labels. What a model needs besides is in `model_needs`."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.data.bag import Recording, read_recording
from mail_ros.data.bag_topics import ANY_TOPICS, BagTopics
from mail_ros.data.check.landmarks import check_labels, check_landmarks
from mail_ros.data.check.limits import CheckLimits, Finding
from mail_ros.data.check.samples import check_field, check_stamps, samples_per_reading
from mail_ros.data.clock_jumps import recorded_s
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.data.truth import TruthSource

READER = logging.getLogger(read_recording.__module__)


@dataclass(frozen=True)
class BagReport:
    """Numbers and findings of one bag."""

    bag: str  # name of the bag
    numbers: Mapping[str, float]
    findings: tuple[Finding, ...]
    notes: Mapping[str, str] = field(default_factory=dict)  # notes of the recording: device, site, route
    track: Track | None = None  # None if the bag is not readable
    truth_source: TruthSource = TruthSource.NONE
    path: Path = Path()  # where the bag is
    windows: WindowSet | None = field(default=None, repr=False)  # for the model of the site, if it has windows

    @property
    def usable(self) -> bool:
        """Whether the bag is usable for training."""
        return all(finding.level < Level.ERROR for finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "bag": self.bag,
            "usable": self.usable,
            "truth": self.truth_source.value,
            "findings": [
                {"level": finding.level.name, "name": finding.name, "message": finding.message}
                for finding in self.findings
            ],
            **{name: round(value, 4) if math.isfinite(value) else None for name, value in self.numbers.items()},
            "notes": dict(self.notes),
        }


def check_bag(
    path: Path,
    topics: BagTopics = ANY_TOPICS,
    robot: Robot | None = None,
    limits: CheckLimits | None = None,
    map_frame: str = "",
) -> BagReport:
    """Check one bag, also a truncated one; an unreadable bag gets a report with the reason."""
    try:
        with _findings_instead_of_warnings():
            recording = read_recording(path, topics, robot, map_frame)
    except MailError as error:
        found, _, fix = str(error).rpartition("; ")
        return BagReport(path.name, {}, (Finding(Level.ERROR, "unreadable", found, fix),), path=path)
    return dataclasses.replace(check(recording, limits or CheckLimits()), path=path)


@contextmanager
def _findings_instead_of_warnings() -> Iterator[None]:
    """What the reader of bags remarks is a finding of its bag here, and no line in the log as well."""
    level = READER.level
    READER.setLevel(logging.ERROR)
    try:
        yield
    finally:
        READER.setLevel(level)


def check(recording: Recording, limits: CheckLimits) -> BagReport:
    """Check a recording for training."""
    track = recording.track
    numbers: dict[str, float] = {
        "samples": float(len(track)),
        "duration_s": recorded_s(track.stamp_ns),
        "landmarks": float(len(recording.truth.landmarks)),
    }
    findings: list[Finding] = []
    if recording.cut_off:
        found = "cut off while it was recorded: judged up to its end"
        findings.append(Finding(Level.WARN, "cut_off", found, "`ros2 bag play` needs it repaired"))
    if recording.damaged_bytes:
        found = f"{recording.damaged_bytes:,} bytes are damaged and left out"
        findings.append(Finding(Level.WARN, "damaged", found, "`mail_ros repair` keeps the rest"))
    findings += [Finding(Level.WARN, *remark) for remark in recording.remarks]
    if len(track) < 2:
        findings.append(Finding(Level.ERROR, "samples", f"found {len(track)} sample", "record a whole walk"))
    else:
        for more, problems in (
            check_stamps(track.stamp_ns, TimeSampling.max_gap_s, limits, samples_per_reading(track.field_ut)),
            check_field(track.stamp_ns, track.field_ut, limits),
            ({}, check_landmarks(track, recording.truth, recording.clock_offset_s, limits)),
            check_labels(track, limits, by_poses=recording.truth.poses is not None),
        ):
            numbers.update(more)
            findings += problems
    findings.sort(key=lambda finding: -finding.level)
    return BagReport(track.source, numbers, tuple(findings), recording.notes, track, recording.truth.source)
